//! The journal: where it is kept, how often it is signed, how long it stays.

use alloc::format;
use alloc::string::{String, ToString};

use serde::Deserialize;

use super::OutOfBounds;

/// The journal that shows tampering.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct Journal {
    /// Its directory; empty: none is kept.
    pub directory: String,
    /// Whether records that are held back from the sinks, as too many of a kind, are kept too.
    pub held: bool,
    /// A segment is closed and the next begun at so many bytes, 64 KiB to 1 GiB, and with each day.
    pub segment: u64,
    /// It is signed after so many lines, 1 to 1,000,000,
    pub checkpoint: u32,
    /// and at the latest so many minutes after a line, 1 to 1,440.
    pub minutes: u32,
    /// Seconds until what was written is on the disk, 0 to 3,600; 0: with each line.
    pub sync: u32,
    /// Days that records are kept, 1 to 3,650.
    pub records_days: u32,
    /// Days that incidents are kept, 1 to 3,650.
    pub incidents_days: u32,
    /// Bytes of records kept, 1 MiB to 1 TiB.
    pub records_bytes: u64,
    /// Bytes of incidents kept, 1 MiB to 1 TiB.
    pub incidents_bytes: u64,
}

impl Default for Journal {
    fn default() -> Self {
        Self {
            directory: String::new(),
            held: false,
            segment: 16 << 20,
            checkpoint: 1000,
            minutes: 15,
            sync: 5,
            records_days: 190,
            incidents_days: 730,
            records_bytes: 1 << 30,
            incidents_bytes: 256 << 20,
        }
    }
}

impl Journal {
    pub(super) fn check(&self) -> Result<(), OutOfBounds> {
        if !self.directory.is_empty() && !self.directory.starts_with('/') {
            let problem = "the path must be absolute, such as \"/var/lib/minewall/journal\"".to_string();
            return Err(OutOfBounds { setting: "journal.directory", problem });
        }
        for (setting, value, min, max) in [
            ("journal.segment", self.segment, 64 << 10, 1 << 30),
            ("journal.checkpoint", self.checkpoint.into(), 1, 1_000_000),
            ("journal.minutes", self.minutes.into(), 1, 1440),
            ("journal.sync", self.sync.into(), 0, 3600),
            ("journal.records_days", self.records_days.into(), 1, 3650),
            ("journal.incidents_days", self.incidents_days.into(), 1, 3650),
            ("journal.records_bytes", self.records_bytes, 1 << 20, 1 << 40),
            ("journal.incidents_bytes", self.incidents_bytes, 1 << 20, 1 << 40),
        ] {
            if !(min..=max).contains(&value) {
                return Err(OutOfBounds { setting, problem: format!("{value} is outside {min} to {max}") });
            }
        }
        for (setting, bytes) in
            [("journal.records_bytes", self.records_bytes), ("journal.incidents_bytes", self.incidents_bytes)]
        {
            if bytes < self.segment {
                let problem = format!("{bytes} is less than one segment; make it {} or more", self.segment);
                return Err(OutOfBounds { setting, problem });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_held() {
        let wrong = |change: fn(&mut Journal)| {
            let mut journal = Journal::default();
            change(&mut journal);
            journal.check().unwrap_err().setting
        };
        assert_eq!(Journal::default().check(), Ok(()));
        assert_eq!(wrong(|journal| journal.directory = "journal".into()), "journal.directory");
        assert_eq!(wrong(|journal| journal.segment = 1), "journal.segment");
        assert_eq!(wrong(|journal| journal.checkpoint = 0), "journal.checkpoint");
        assert_eq!(wrong(|journal| journal.minutes = 1441), "journal.minutes");
        assert_eq!(wrong(|journal| journal.sync = 3601), "journal.sync");
        assert_eq!(wrong(|journal| journal.records_days = 0), "journal.records_days");
        assert_eq!(wrong(|journal| journal.incidents_days = 0), "journal.incidents_days");
        assert_eq!(wrong(|journal| journal.records_bytes = 0), "journal.records_bytes");
        assert_eq!(wrong(|journal| journal.incidents_bytes = 2 << 20), "journal.incidents_bytes");
    }
}
