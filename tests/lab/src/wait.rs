//! Bounded waiting.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// A time, longer on a machine that is slow by nature: by the factor in the environment as `MINEWALL_LAB_PATIENCE`.
#[must_use]
pub fn patient(time: Duration) -> Duration {
    static FACTOR: OnceLock<u32> = OnceLock::new();
    let factor = || std::env::var("MINEWALL_LAB_PATIENCE").ok()?.parse().ok();
    time * *FACTOR.get_or_init(|| factor().unwrap_or(1).max(1))
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
        std::thread::sleep(Duration::from_millis(10));
    }
}
