//! Whom a client means: a host and a port, as requests to proxies and HTTP name them.

use core::{fmt, net::IpAddr};

use super::{limits::HOST_TEXT_MAX, name::Name};

/// A name or an address.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "lives on the stack for the time of one question")]
pub enum Host {
    /// An address; IPv6 forms of IPv4 addresses (RFC 4291 section 2.5.5.2) as IPv4.
    Address(IpAddr),
    /// A name. Not checked to be a host name: see [`Name::is_hostname`].
    Name(Name),
}

/// `host`, `host:port`, `[address]:port` (RFC 3986 section 3.2), without user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// Who.
    pub host: Host,
    /// The port, if it was said.
    pub port: Option<u16>,
}

impl Host {
    /// Reads a name, an IPv4 address or a bare IPv6 address of at most 255 octets; `None` if it is empty
    /// or longer.
    pub fn read(text: &[u8]) -> Option<Self> {
        if text.is_empty() || text.len() > HOST_TEXT_MAX {
            return None;
        }
        let address = core::str::from_utf8(text).ok().and_then(|text| text.parse::<IpAddr>().ok());
        if let Some(address) = address {
            return Some(address.into());
        }
        let mut name = Name::new();
        name.push_text(text);
        Some(Self::Name(name))
    }

    /// The name, if it is one.
    pub fn name(&self) -> Option<&Name> {
        match self {
            Self::Name(name) => Some(name),
            Self::Address(_) => None,
        }
    }

    /// The address, if it is one.
    pub fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Address(address) => Some(*address),
            Self::Name(_) => None,
        }
    }
}

impl From<IpAddr> for Host {
    fn from(address: IpAddr) -> Self {
        Self::Address(address.to_canonical())
    }
}

impl Authority {
    /// Reads the text; what stands before an `@` (user and password) is left out. `None` if it is no
    /// authority.
    pub fn read(text: &[u8]) -> Option<Self> {
        let start = text.iter().rposition(|octet| *octet == b'@').map_or(0, |at| at + 1);
        let text = text.get(start..)?;
        let (host, port) = match text.strip_prefix(b"[") {
            Some(inner) => {
                let end = inner.iter().position(|octet| *octet == b']')?;
                (inner.get(..end)?, inner.get(end + 1..)?)
            }
            None => text.split_at(text.iter().position(|octet| *octet == b':').unwrap_or(text.len())),
        };
        let port = match port {
            [] | [b':'] => None,
            [b':', digits @ ..] if digits.iter().all(u8::is_ascii_digit) => {
                Some(core::str::from_utf8(digits).ok()?.parse().ok()?)
            }
            _ => return None,
        };
        Some(Self { host: Host::read(host)?, port })
    }

    /// Reads the authority of a URI such as `http://user@host:port/path?query`; `None` if it has none.
    pub fn of_uri(uri: &[u8]) -> Option<Self> {
        let colon = uri.iter().position(|octet| *octet == b':')?;
        let (scheme, rest) = uri.split_at_checked(colon)?;
        let scheme_fits = |octet: &u8| octet.is_ascii_alphanumeric() || b"+-.".contains(octet);
        if scheme.is_empty() || !scheme.iter().all(scheme_fits) {
            return None;
        }
        let rest = rest.strip_prefix(b"://")?;
        let end = rest.iter().position(|octet| b"/?#".contains(octet)).unwrap_or(rest.len());
        Self::read(rest.get(..end)?)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use alloc::{
        string::{String, ToString},
        vec,
    };

    use super::*;

    fn read(text: &[u8]) -> Option<(String, bool, Option<u16>)> {
        let authority = Authority::read(text)?;
        Some((authority.host.to_string(), authority.host.address().is_some(), authority.port))
    }

    #[test]
    fn authorities() {
        for (text, host, is_address, port) in [
            (&b"Pool.Example.COM:3333"[..], "pool.example.com", false, Some(3333)),
            (b"pool.example.com.", "pool.example.com", false, None),
            (b"pool.example.com:", "pool.example.com", false, None),
            (b"192.0.2.1:80", "192.0.2.1", true, Some(80)),
            (b"[2001:DB8::1]:443", "2001:db8::1", true, Some(443)),
            (b"[::ffff:192.0.2.1]", "192.0.2.1", true, None),
            (b"wallet:x@p@pool.example:65535", "pool.example", false, Some(65535)),
            (b"0x7f.1", "0x7f.1", false, None),
        ] {
            assert_eq!(read(text), Some((host.into(), is_address, port)), "{text:?}");
        }
        for text in [&b""[..], b":80", b"user@", b"a:b", b"a:65536", b"a:80:80", b"[::1", b"[::1]80", b"[]:1", b"a:+1"]
        {
            assert_eq!(read(text), None, "{text:?}");
        }
        assert_eq!(read(&vec![b'a'; 256]), None);
        assert!(read(&vec![b'a'; 255]).is_some());
    }

    #[test]
    fn uris() {
        let host = |uri| Authority::of_uri(uri).map(|authority| authority.host.to_string());
        for uri in [&b"http://a.example/x"[..], b"https://u:p@a.example:1?x@y", b"ws+x.y-1://A.example#:9/"] {
            assert_eq!(host(uri).unwrap(), "a.example");
        }
        for uri in [&b"/path"[..], b"null", b"http:/a", b"http//a", b"://a", b"a b://c", b"http://", b"http:///x"] {
            assert_eq!(host(uri), None);
        }
    }
}
