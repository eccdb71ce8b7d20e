//! How the addresses of listed servers are learned.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};

use minewall_lists::Confidence;
use serde::Deserialize;

use super::OutOfBounds;
use crate::limits;

/// How the addresses of listed servers are learned.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct Resolve {
    /// Whether name servers are asked for the addresses of listed names, again and again.
    pub refresh: Refresh,
    /// Whom to ask; empty: the system's name servers. See [`Server`].
    pub servers: Vec<String>,
    /// Which names: those listed at least as surely.
    pub confidence: Sure,
    /// Seconds an address is held at the least, 1 to 86,400.
    pub ttl_min: u32,
    /// Seconds an address is held at the most, up to 604,800.
    pub ttl_max: u32,
    /// Names asked for at the most, 1 to 16,384.
    pub names: usize,
    /// Pairs of address and port held at the most, 16 to 65,536.
    pub addresses: usize,
    /// Names under way at once, 1 to 64.
    pub concurrency: usize,
    /// Names begun in a second at the most, 1 to 1,000.
    pub rate: u32,
}

/// Whether name servers are asked for the addresses of listed names.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Refresh {
    /// They are not. Whoever watches the gateway's own questions would take it for a miner; the operator should know.
    #[default]
    Off,
    /// They are, whenever the time of what is known is over.
    On,
}

/// How surely a name is to be listed.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Sure {
    /// By the pool's own word, or three sources.
    #[default]
    High,
    /// By a maintained list, or two sources.
    Medium,
}

impl From<Sure> for Confidence {
    fn from(sure: Sure) -> Self {
        match sure {
            Sure::High => Self::High,
            Sure::Medium => Self::Medium,
        }
    }
}

impl Default for Resolve {
    fn default() -> Self {
        Self {
            refresh: Refresh::Off,
            servers: Vec::new(),
            confidence: Sure::High,
            ttl_min: 300,
            ttl_max: 86_400,
            names: 4_096,
            addresses: limits::LEARNED,
            concurrency: 8,
            rate: 10,
        }
    }
}

/// A name server that is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Where it listens.
    pub at: SocketAddr,
    /// How it is spoken to.
    pub by: Transport,
}

/// How a name server is spoken to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Over UDP, and TCP where the answer is too long.
    Plain,
    /// DNS over TLS (RFC 7858): the name in its certificate.
    Tls(String),
    /// DNS over HTTPS (RFC 8484): the name in its certificate, and the path.
    Https(String, String),
}

impl Server {
    /// Reads `ADDRESS`, `ADDRESS:PORT`, `tls://ADDRESS[:PORT]#NAME` or `https://ADDRESS[:PORT]/PATH#NAME`; an IPv6
    /// address with a port stands in brackets.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &str) -> Result<Self, String> {
        let wrong = |what: &str| format!("{text:?}: {what}");
        let Some((scheme, rest)) = text.split_once("://") else {
            return Ok(Self { at: socket(text, 53).ok_or_else(|| wrong(FORMS))?, by: Transport::Plain });
        };
        let no_name =
            || wrong("the name in its certificate is missing; write it behind #, as tls://9.9.9.9#dns.quad9.net");
        let (place, name) = rest.split_once('#').filter(|(_, name)| is_name(name)).ok_or_else(no_name)?;
        match scheme {
            "tls" => {
                let at = socket(place, 853).ok_or_else(|| wrong(FORMS))?;
                Ok(Self { at, by: Transport::Tls(name.to_string()) })
            }
            "https" => {
                let (host, path) = place.split_once('/').unwrap_or((place, "dns-query"));
                let at = socket(host, 443).ok_or_else(|| wrong(FORMS))?;
                Ok(Self { at, by: Transport::Https(name.to_string(), format!("/{path}")) })
            }
            _ => Err(wrong(FORMS)),
        }
    }
}

const FORMS: &str = "not one of ADDRESS, ADDRESS:PORT, tls://ADDRESS#NAME, https://ADDRESS/dns-query#NAME; an IPv6 address \
                     with a port stands in brackets";

fn is_name(name: &str) -> bool {
    name.contains('.') && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte))
}

fn socket(text: &str, port: u16) -> Option<SocketAddr> {
    if let Ok(both) = text.parse::<SocketAddr>() {
        return Some(both).filter(|both| both.port() > 0);
    }
    let bare = text.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(text);
    bare.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, port))
}

impl Resolve {
    pub(super) fn check(&self) -> Result<(), OutOfBounds> {
        let range = |setting, value: u64, min: u64, max: u64| {
            let problem = || format!("{value} is outside {min} to {max}");
            if (min..=max).contains(&value) { Ok(()) } else { Err(OutOfBounds { setting, problem: problem() }) }
        };
        range("resolve.ttl_min", self.ttl_min.into(), 1, 86_400)?;
        range("resolve.ttl_max", self.ttl_max.into(), self.ttl_min.into(), 604_800)?;
        range("resolve.names", self.names as u64, 1, 16_384)?;
        range("resolve.addresses", self.addresses as u64, 16, 65_536)?;
        range("resolve.concurrency", self.concurrency as u64, 1, 64)?;
        range("resolve.rate", self.rate.into(), 1, 1_000)?;
        for server in &self.servers {
            Server::read(server).map_err(|problem| OutOfBounds { setting: "resolve.servers", problem })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_read_in_every_form() {
        let at = |text: &str| text.parse::<SocketAddr>().unwrap();
        let (tls, https) = (
            |name: &str| Transport::Tls(name.into()),
            |name: &str, path: &str| Transport::Https(name.into(), path.into()),
        );
        for (text, place, by) in [
            ("192.0.2.53", "192.0.2.53:53", Transport::Plain),
            ("192.0.2.53:5353", "192.0.2.53:5353", Transport::Plain),
            ("2001:db8::53", "[2001:db8::53]:53", Transport::Plain),
            ("[2001:db8::53]:5353", "[2001:db8::53]:5353", Transport::Plain),
            ("tls://9.9.9.9#dns.quad9.net", "9.9.9.9:853", tls("dns.quad9.net")),
            ("tls://[2620:fe::fe]:8853#dns.quad9.net", "[2620:fe::fe]:8853", tls("dns.quad9.net")),
            ("https://9.9.9.9/dns-query#dns.quad9.net", "9.9.9.9:443", https("dns.quad9.net", "/dns-query")),
            ("https://9.9.9.9#dns.quad9.net", "9.9.9.9:443", https("dns.quad9.net", "/dns-query")),
        ] {
            assert_eq!(Server::read(text), Ok(Server { at: at(place), by }), "{text}");
        }
        for (text, word) in [
            ("dns.quad9.net", "ADDRESS:PORT"),
            ("192.0.2.53:0", "ADDRESS:PORT"),
            ("tls://9.9.9.9", "behind #"),
            ("tls://dns.quad9.net#dns.quad9.net", "ADDRESS"),
            ("quic://9.9.9.9#dns.quad9.net", "ADDRESS"),
        ] {
            assert!(Server::read(text).unwrap_err().contains(word), "{text}");
        }
    }

    #[test]
    fn bounds_are_held() {
        let wrong = |change: fn(&mut Resolve)| {
            let mut resolve = Resolve::default();
            change(&mut resolve);
            resolve.check().unwrap_err().setting
        };
        assert_eq!(Resolve::default().check(), Ok(()));
        assert_eq!(wrong(|resolve| resolve.ttl_min = 0), "resolve.ttl_min");
        assert_eq!(wrong(|resolve| resolve.ttl_max = 299), "resolve.ttl_max");
        assert_eq!(wrong(|resolve| resolve.names = 0), "resolve.names");
        assert_eq!(wrong(|resolve| resolve.addresses = 65_537), "resolve.addresses");
        assert_eq!(wrong(|resolve| resolve.concurrency = 65), "resolve.concurrency");
        assert_eq!(wrong(|resolve| resolve.rate = 0), "resolve.rate");
        assert_eq!(wrong(|resolve| resolve.servers = alloc::vec!["dns".into()]), "resolve.servers");
    }
}
