//! What a record shows, out of the line it was written as.

use jiff::Timestamp;
use jiff::tz::Offset;
use serde_json::Value;

/// Characters of an excerpt.
const EXCERPT: usize = 400;

/// One sighting, for people: a line, and what was on the wire.
pub(super) struct Sighting {
    pub(super) time: String,
    pub(super) sentence: String,
    pub(super) excerpt: Option<String>,
}

impl Sighting {
    /// Reads a record.
    pub(super) fn of(record: &Value, offset: Offset) -> Self {
        let text = |pointer: &str| record.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let time = text("/@timestamp").parse::<Timestamp>();
        let time = time.map(|time| crate::stamp::in_year(offset.to_datetime(time)));
        let excerpt: String = text("/minewall/excerpt").chars().take(EXCERPT).collect();
        Self {
            time: time.unwrap_or_default(),
            sentence: text("/event/reason").to_owned(),
            excerpt: (!excerpt.is_empty()).then_some(excerpt),
        }
    }
}
