//! What minewall tells of itself, as a line among the records.

use alloc::string::String;
use alloc::vec::Vec;

/// A line about minewall itself: a checkpoint of the journal, an exemption about to end, records held back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// When, in microseconds since 1970-01-01T00:00:00Z.
    pub time_us: i64,
    /// The gateway's name.
    pub observer: String,
    /// The word used in records (`event.action`), also the MSGID of syslog: `journal-checkpoint`.
    pub action: &'static str,
    /// The severity of RFC 5424 section 6.2.1: 3 error, 4 warning, 5 notice, 6 informational.
    pub severity: u8,
    /// One sentence for people.
    pub reason: String,
    /// What programs read: fields below `minewall.`, each with its text.
    pub fields: Vec<(&'static str, String)>,
}
