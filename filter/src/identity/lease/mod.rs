//! Files in which other programs keep who has which address. One file a format, one row of a provider's table.

pub(super) mod dnsmasq;
pub(super) mod isc;
pub(super) mod kea;
pub(super) mod odhcpd;
pub(super) mod radius;
#[cfg(test)]
mod tests;

use super::book::Lease;

/// A format of such files.
#[derive(Debug)]
pub(super) struct Format {
    /// The word in records.
    pub(super) name: &'static str,
    /// Where such files usually are.
    pub(super) usual: &'static [&'static str],
    /// The endings of files that hold what was said before, in this order.
    pub(super) before: &'static [&'static str],
    /// Whether it is written on and on; else it always holds what is, and is read whole.
    pub(super) grows: bool,
    /// Reads text from the beginning of an entry; says how many bytes of it are whole entries.
    pub(super) read: fn(&[u8], &mut Page),
}

/// What was read of a file.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// When the file was written, in microseconds since 1970.
    pub(super) written_us: i64,
    pub(super) leases: Vec<Lease>,
    /// Bytes of whole entries; those behind are read once more when there is more.
    pub(super) whole: usize,
    /// Entries that could not be read, and what was wrong with the first.
    pub(super) bad: usize,
    pub(super) first_bad: Option<String>,
}

impl Page {
    /// Notes an entry that cannot be read.
    fn refuse(&mut self, what: &str) {
        self.bad += 1;
        self.first_bad.get_or_insert_with(|| what.chars().take(80).collect());
    }
}

/// Hands every whole line to `take`, without its end; `whole` says how far that is.
fn lines(text: &[u8], page: &mut Page, mut take: impl FnMut(&str, &mut Page)) {
    let mut rest = text;
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let (line, behind) = rest.split_at(end);
        rest = behind.get(1..).unwrap_or_default();
        page.whole = text.len() - rest.len();
        take(String::from_utf8_lossy(line).trim_end_matches('\r'), page);
    }
}

/// A name, unless it is one of the words that stand for none.
fn name(text: &str) -> Option<String> {
    let text = text.trim().trim_end_matches('.');
    (!text.is_empty() && text != "*" && text != "-").then(|| text.to_owned())
}

/// Seconds since 1970 as microseconds.
fn seconds(text: &str) -> Option<i64> {
    text.trim().parse::<i64>().ok()?.checked_mul(1_000_000)
}
