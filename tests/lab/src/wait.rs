//! Bounded waiting.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Between two questions.
const GLANCE: Duration = Duration::from_millis(10);

/// A time, longer on a machine that is slow by nature: by the factor in the environment as `MINEWALL_LAB_PATIENCE`.
#[must_use]
pub fn patient(time: Duration) -> Duration {
    time * factor()
}

/// A number of things to be worked on, smaller on such a machine by the same factor.
#[must_use]
pub fn fewer(count: u32) -> u32 {
    count / factor()
}

fn factor() -> u32 {
    static FACTOR: OnceLock<u32> = OnceLock::new();
    let said = || std::env::var("MINEWALL_LAB_PATIENCE").ok()?.parse().ok();
    *FACTOR.get_or_init(|| said().unwrap_or(1).max(1))
}

/// Asks until there is an answer or `timeout`, made [`patient`], has passed; asks at least once.
pub fn until<T>(timeout: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + patient(timeout);
    loop {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        if Instant::now() >= end {
            return None;
        }
        // On a slow machine asking takes from those who are asked.
        std::thread::sleep(patient(GLANCE));
    }
}
