//! Records that a sink could not take, as a line of its own: evidence that evidence is missing.

use alloc::string::String;

/// Records lost on their way to one sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// When it was noticed, microseconds since 1970-01-01T00:00:00Z.
    pub time_us: i64,
    /// The gateway's name.
    pub observer: String,
    /// The sink that lost them, as named in the configuration.
    pub sink: String,
    /// How many, since the last line that said so.
    pub lost: usize,
}
