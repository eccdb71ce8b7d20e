//! What of a list text was taken, and why the rest was not.

use core::{error::Error, fmt};

/// Why a line, or a name on it, was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// The line is longer than 4,096 bytes, or a value of a table than 512.
    LongLine,
    /// Control characters.
    Unprintable,
    /// Not ASCII.
    NotAscii,
    /// Not a domain name (RFC 1035, 2.3.1, with underscores).
    NotAName,
    /// One label: it would block a whole top-level domain.
    OneLabel,
    /// An address or prefix without a port.
    BareAddress,
    /// An address that is no single host's.
    ReservedAddress,
    /// A port that is not 1 to 65535, or more than 256 of them.
    BadPort,
    /// A hosts line that maps a name to a real address.
    Mapping,
    /// A name of the local host, as hosts files begin with.
    LocalName,
    /// The never-block guard holds the name.
    Guarded,
    /// A line of our own format with a column that cannot be read.
    BadColumn,
    /// A URL with a path: it speaks of a page, not of its host.
    Path,
    /// It speaks of less than a host, or of something else.
    Unsupported,
    /// What is below a name, but not the name itself.
    BelowOnly,
    /// It says two things that cannot both be.
    Contradiction,
    /// A prefix wider than /8 (IPv4) or /19 (IPv6).
    WidePrefix,
    /// The list itself calls it retired.
    Retired,
    /// JSON, a record or a set that is broken off.
    Broken,
    /// The whole text is no list.
    Unreadable,
    /// No line shape that is known.
    UnknownShape,
    /// The index is full.
    Full,
}

const REASONS: [(Reason, &str); 22] = [
    (Reason::LongLine, "a line longer than 4096 bytes, or a value longer than 512"),
    (Reason::Unprintable, "control characters in the line"),
    (Reason::NotAscii, "not ascii; write the name in punycode (xn--)"),
    (Reason::NotAName, "not a domain name"),
    (Reason::OneLabel, "a single label would block a whole top-level domain; name at least two"),
    (Reason::BareAddress, "an address without a port; addresses are blocked only with a port"),
    (Reason::ReservedAddress, "an unspecified, loopback, multicast or broadcast address"),
    (Reason::BadPort, "not a port from 1 to 65535, or more than 256 ports"),
    (Reason::Mapping, "a hosts line that gives the name a real address; only 0.0.0.0, 127.x and :: block"),
    (Reason::LocalName, "a name of the local host"),
    (Reason::Guarded, "the never-block guard holds this name"),
    (Reason::BadColumn, "a column that cannot be read"),
    (Reason::Path, "a URL with a path; it speaks of a page, not of the whole host"),
    (Reason::Unsupported, "it speaks of less than a host (elements of pages, kinds of requests), or of no host"),
    (Reason::BelowOnly, "what is below a name without the name itself"),
    (Reason::Contradiction, "it says two things that cannot both be"),
    (Reason::WidePrefix, "a prefix wider than /8 (IPv4) or /19 (IPv6)"),
    (Reason::Retired, "the list itself says that it is retired or inactive"),
    (Reason::Broken, "JSON, a record or a set that is broken off"),
    (Reason::Unreadable, "HTML, binary, or longer than 64 MiB: nothing of the text is to be used"),
    (Reason::UnknownShape, "not a line of a known format"),
    (Reason::Full, "the index is full; load fewer or smaller lists"),
];

impl Reason {
    /// The reason in words, with the remedy where there is one.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        REASONS.iter().find(|row| row.0 == self).map_or("", |row| row.1)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Error for Reason {}

/// How often one reason was met in a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// Times.
    pub count: usize,
    /// The first line with it, counted from 1; 0 when there was none.
    pub first_line: usize,
}

/// What of one list text was taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Entries taken, without duplicates.
    pub accepted: usize,
    /// Entries this list has stated before; their ports are added up.
    pub duplicates: usize,
    /// Entries that say what is not to be blocked.
    pub exceptions: usize,
    refusals: [Refusal; REASONS.len()],
}

impl Tally {
    /// Entries not taken.
    #[must_use]
    pub fn rejected(&self) -> usize {
        self.refusals.iter().map(|refusal| refusal.count).sum()
    }

    /// The reasons met, with how often and where first.
    pub fn refusals(&self) -> impl Iterator<Item = (Reason, Refusal)> + '_ {
        let rows = REASONS.iter().zip(self.refusals);
        rows.filter(|(_, refusal)| refusal.count > 0).map(|(row, refusal)| (row.0, refusal))
    }

    pub(crate) fn refuse(&mut self, reason: Reason, line: usize) {
        let slot = REASONS.iter().zip(&mut self.refusals).find(|(row, _)| row.0 == reason);
        if let Some((_, refusal)) = slot {
            // What was left open is told last, with the line where it began.
            if refusal.count == 0 || line < refusal.first_line {
                refusal.first_line = line;
            }
            refusal.count += 1;
        }
    }
}
