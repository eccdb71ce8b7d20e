//! Where what is counted is written and told.

use alloc::format;
use alloc::string::{String, ToString};
use core::net::SocketAddr;

use serde::Deserialize;

use super::OutOfBounds;

/// Where what is counted is written and told, for Prometheus.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    /// The file, replaced whole; empty: none.
    pub file: String,
    /// Every so many seconds, 1 to 3,600.
    pub interval: u32,
    /// Where `GET /metrics` is answered: a loopback address with its port, or `unix:` and a path; empty: nowhere.
    pub listen: String,
}

/// Where it is listened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listen<'a> {
    /// At a loopback address.
    Tcp(SocketAddr),
    /// At a unix stream socket of this absolute path.
    Unix(&'a str),
}

impl Default for Metrics {
    fn default() -> Self {
        Self { file: String::new(), interval: 15, listen: String::new() }
    }
}

impl Metrics {
    /// Where it is listened; none: nowhere.
    ///
    /// # Errors
    /// The setting is neither a loopback address with a port nor a unix socket.
    pub fn listening(&self) -> Result<Option<Listen<'_>>, OutOfBounds> {
        let wrong = |problem| OutOfBounds { setting: "metrics.listen", problem };
        if self.listen.is_empty() {
            return Ok(None);
        }
        if let Some(path) = self.listen.strip_prefix("unix:") {
            let is_whole = path.starts_with('/') && path.len() > 1;
            let problem = || "the path must be absolute, such as \"unix:/run/minewall/metrics\"".to_string();
            return if is_whole { Ok(Some(Listen::Unix(path))) } else { Err(wrong(problem())) };
        }
        match self.listen.parse::<SocketAddr>() {
            Ok(address) if address.ip().is_loopback() && address.port() != 0 => Ok(Some(Listen::Tcp(address))),
            Ok(address) => Err(wrong(format!(
                "{address} is no loopback address with a port; name one, such as \"127.0.0.1:9469\", and let a proxy \
                 with a password stand before it"
            ))),
            Err(_) => Err(wrong(format!(
                "{:?} is no address; it is written \"127.0.0.1:9469\", \"[::1]:9469\" or \"unix:/run/minewall/metrics\"",
                self.listen
            ))),
        }
    }

    pub(super) fn check(&self) -> Result<(), OutOfBounds> {
        self.listening()?;
        if self.file.is_empty() || self.file.starts_with('/') {
            return Ok(());
        }
        let problem =
            "the path must be absolute, such as \"/var/lib/prometheus/node-exporter/minewall.prom\"".to_string();
        Err(OutOfBounds { setting: "metrics.file", problem })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_told() {
        let listening = |listen: &str| {
            let metrics = Metrics { listen: listen.into(), ..Metrics::default() };
            metrics.listening().map(|listen| format!("{listen:?}")).map_err(|wrong| wrong.problem)
        };
        assert_eq!(listening(""), Ok("None".into()));
        for sound in ["127.0.0.1:9469", "127.9.9.9:1", "[::1]:9469", "unix:/run/minewall/metrics"] {
            assert!(listening(sound).is_ok(), "{sound}");
        }
        for (wrong, word) in [
            ("0.0.0.0:9469", "loopback"),
            ("192.0.2.1:9469", "loopback"),
            ("[::]:9469", "loopback"),
            ("127.0.0.1:0", "port"),
            ("127.0.0.1", "no address"),
            ("localhost:9469", "no address"),
            ("unix:metrics", "absolute"),
            ("unix:/", "absolute"),
        ] {
            assert!(listening(wrong).is_err_and(|problem| problem.contains(word)), "{wrong}");
        }
    }
}
