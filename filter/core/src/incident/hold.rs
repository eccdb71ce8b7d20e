//! How many records of one host and pool go to the sinks: a bucket of tokens, and what was held back.

use super::Settings;

/// Whether a record goes to the sinks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passed {
    /// It is held back from them: they had enough of its kind. The journal keeps all.
    Held,
    /// It does.
    Send,
}

/// A bucket of tokens.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    /// Records that were sent and whose place is not free again.
    used: u32,
    /// When the last place became free.
    since_ms: u64,
    /// Held back since that was last told.
    pub(super) held: u64,
    told_ms: u64,
}

impl Bucket {
    pub(super) const fn new(now_ms: u64) -> Self {
        Self { used: 0, since_ms: now_ms, held: 0, told_ms: now_ms }
    }

    /// Takes a place for a record.
    pub(super) fn take(&mut self, now_ms: u64, settings: &Settings) -> Passed {
        self.refill(now_ms, settings);
        if self.used < settings.burst {
            self.used += 1;
            return Passed::Send;
        }
        if self.held == 0 {
            self.told_ms = now_ms;
        }
        self.held = self.held.saturating_add(1);
        Passed::Held
    }

    /// What was held back, if it is time to tell: when all places are free again, and once a report.
    pub(super) fn due(&mut self, now_ms: u64, settings: &Settings) -> Option<u64> {
        self.refill(now_ms, settings);
        let is_late = now_ms.saturating_sub(self.told_ms) >= u64::from(settings.report_s) * 1_000;
        (self.used == 0 || is_late).then(|| self.tell(now_ms)).flatten()
    }

    /// What was held back and not told.
    pub(super) fn tell(&mut self, now_ms: u64) -> Option<u64> {
        self.told_ms = now_ms;
        let held = core::mem::take(&mut self.held);
        (held > 0).then_some(held)
    }

    /// Whether it is as new.
    pub(super) const fn is_idle(&self) -> bool {
        self.used == 0 && self.held == 0
    }

    fn refill(&mut self, now_ms: u64, settings: &Settings) {
        let each = u64::from(settings.refill_s).max(1) * 1_000;
        let free = now_ms.saturating_sub(self.since_ms) / each;
        if self.used == 0 || free >= u64::from(self.used) {
            (self.used, self.since_ms) = (0, now_ms);
            return;
        }
        self.used -= u32::try_from(free).unwrap_or(self.used);
        self.since_ms += free * each;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_goes_then_one_now_and_then_and_what_was_held_is_told_once() {
        let settings = Settings { burst: 3, refill_s: 10, report_s: 600, ..Settings::default() };
        let mut bucket = Bucket::new(0);
        let sent = |bucket: &mut Bucket, ms| bucket.take(ms, &settings) == Passed::Send;
        assert_eq!(
            (0..5).map(|ms| sent(&mut bucket, ms)).collect::<alloc::vec::Vec<_>>(),
            [true, true, true, false, false]
        );
        assert!(sent(&mut bucket, 10_000));
        assert!(!sent(&mut bucket, 10_001));
        assert_eq!(bucket.due(30_000, &settings), None, "not while places are taken");
        assert_eq!(bucket.due(40_000, &settings), Some(3));
        assert_eq!(bucket.due(41_000, &settings), None);
        assert!(bucket.is_idle());
        // A flood without end is told of once a report.
        let mut told = 0;
        for second in 0..3_600 {
            bucket.take(100_000 + second * 1_000, &settings);
            told += u32::from(bucket.due(100_000 + second * 1_000, &settings).is_some());
        }
        assert_eq!(told, 5);
    }
}
