//! Load across the gateway, from the first host to the internet, each measured as a count in a time. The servers are
//! our own and minimal, so that they are not what is measured; [`pages`] and [`names`] are by programs people use.

mod bulk;
mod connections;
mod paced;
mod programs;
mod questions;

pub use bulk::{Direction, bulk};
pub use connections::connections;
pub use paced::{Delays, paced};
pub use programs::{names, pages};
pub use questions::questions;

use std::fmt;
use std::time::Duration;

/// What a load tool counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measured {
    /// What succeeded: bytes, connections or questions.
    pub count: u64,
    /// What did not: streams that stalled or broke, connections that failed, questions without an answer in time.
    pub errors: u64,
    /// How long it took.
    pub elapsed: Duration,
}

impl Measured {
    /// Successes a second.
    #[must_use]
    pub fn per_second(&self) -> f64 {
        self.count as f64 / self.elapsed.as_secs_f64().max(f64::MIN_POSITIVE)
    }

    /// Joins what parallel threads counted: counts add, the longest time holds.
    fn join(all: impl IntoIterator<Item = Self>) -> Self {
        let none = Self { count: 0, errors: 0, elapsed: Duration::ZERO };
        all.into_iter().fold(none, |sum, one| Self {
            count: sum.count + one.count,
            errors: sum.errors + one.errors,
            elapsed: sum.elapsed.max(one.elapsed),
        })
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.0}/s ({} in {:.2?}, {} errors)", self.per_second(), self.count, self.elapsed, self.errors)
    }
}
