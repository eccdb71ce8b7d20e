//! Both clocks as a value: the core never asks the system for the time.

/// The moment a packet was seen: one clock to count with, one to write down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Now {
    /// Milliseconds of a clock that never goes back (since the start of the process, or of the capture).
    pub mono_ms: u64,
    /// Microseconds since 1970-01-01T00:00:00Z, as the wall clock tells it.
    pub wall_us: i64,
}

impl Now {
    /// A moment of a capture: both clocks follow the capture's time stamps.
    #[must_use]
    pub const fn from_wall_us(wall_us: i64) -> Self {
        let mono_ms = if wall_us < 0 { 0 } else { wall_us.unsigned_abs() / 1000 };
        Self { mono_ms, wall_us }
    }
}
