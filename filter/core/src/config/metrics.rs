//! Where what is counted is written.

use alloc::string::{String, ToString};

use serde::Deserialize;

use super::OutOfBounds;

/// Where what is counted is written, for Prometheus.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    /// The file, replaced whole; empty: none.
    pub file: String,
    /// Every so many seconds, 1 to 3,600.
    pub interval: u32,
}

impl Default for Metrics {
    fn default() -> Self {
        Self { file: String::new(), interval: 15 }
    }
}

impl Metrics {
    pub(super) fn check(&self) -> Result<(), OutOfBounds> {
        if self.file.is_empty() || self.file.starts_with('/') {
            return Ok(());
        }
        let problem =
            "the path must be absolute, such as \"/var/lib/prometheus/node-exporter/minewall.prom\"".to_string();
        Err(OutOfBounds { setting: "metrics.file", problem })
    }
}
