//! The PROXY protocol, versions 1 and 2 (haproxy.org, `doc/proxy-protocol.txt`, sections 2.1 and 2.2):
//! what a load balancer says about the connection it passes on, in front of the client's own octets.

use core::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
};

use super::{
    limits::{HOST_TEXT_MAX, PROXY_V1_MAX},
    name::Name,
};

/// What a stream's prefix is.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "lives on the stack for the time of one question")]
pub enum Proxy {
    /// A whole header.
    Header(ProxyHeader),
    /// A header as far as it goes, or nothing yet. More octets are needed.
    Incomplete,
    /// Something else, told at the first octet that cannot be.
    NotProxy,
}

/// A PROXY protocol header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyHeader {
    /// Version, 1 or 2.
    pub version: u8,
    /// Where the connection came from and where it was meant to go. `None` for connections of the
    /// balancer itself (LOCAL), unknown families and Unix sockets.
    pub addresses: Option<(SocketAddr, SocketAddr)>,
    /// The name the client asked for (PP2_TYPE_AUTHORITY, section 2.2.2), version 2 only.
    pub authority: Option<Name>,
    /// Octets of the header; the client's own begin here.
    pub consumed: usize,
}

/// Section 2.2.
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
const AUTHORITY: u8 = 2;

impl Proxy {
    /// Reads the start of a stream. Nothing is allocated; a version 2 header has at most 65 551 octets.
    pub fn read(bytes: &[u8]) -> Self {
        for (start, read) in [(&b"PROXY "[..], read_v1 as fn(&[u8]) -> Self), (SIGNATURE, read_v2)] {
            if let Some(rest) = bytes.strip_prefix(start) {
                return read(rest);
            }
            if start.starts_with(bytes) {
                return Self::Incomplete;
            }
        }
        Self::NotProxy
    }
}

/// The line behind `PROXY `.
fn read_v1(rest: &[u8]) -> Proxy {
    let room = PROXY_V1_MAX - 6;
    let Some(end) = memchr::memchr(b'\n', rest.get(..room).unwrap_or(rest)) else {
        let possible = rest.len() < room && rest.iter().all(|octet| matches!(octet, b' '..=b'~' | b'\r'));
        return if possible { Proxy::Incomplete } else { Proxy::NotProxy };
    };
    let line = rest.get(..end).and_then(|line| line.strip_suffix(b"\r"));
    match line.and_then(|line| core::str::from_utf8(line).ok()).and_then(read_line) {
        Some(addresses) => Proxy::Header(ProxyHeader { version: 1, addresses, authority: None, consumed: 6 + end + 1 }),
        None => Proxy::NotProxy,
    }
}

fn read_line(line: &str) -> Option<Addresses> {
    let mut words = line.split(' ');
    let addresses = match words.next()? {
        "TCP4" => read_words::<Ipv4Addr>(&mut words)?,
        "TCP6" => read_words::<Ipv6Addr>(&mut words)?,
        // What follows is to be ignored.
        "UNKNOWN" => return Some(None),
        _ => return None,
    };
    words.next().is_none().then_some(Some(addresses))
}

fn read_words<'a, A: FromStr + Into<IpAddr>>(
    words: &mut impl Iterator<Item = &'a str>,
) -> Option<(SocketAddr, SocketAddr)> {
    let [source, destination] = [words.next()?, words.next()?];
    let [source, destination]: [A; 2] = [source.parse().ok()?, destination.parse().ok()?];
    let [from, to] = [words.next()?, words.next()?];
    let [from, to]: [u16; 2] = [from.parse().ok()?, to.parse().ok()?];
    Some((SocketAddr::new(source.into(), from), SocketAddr::new(destination.into(), to)))
}

/// What stands behind the signature.
fn read_v2(rest: &[u8]) -> Proxy {
    let [command, family, a, b, body @ ..] = rest else {
        let possible = rest.first().is_none_or(|command| matches!(command, 0x20 | 0x21));
        return if possible { Proxy::Incomplete } else { Proxy::NotProxy };
    };
    let length = usize::from(u16::from_be_bytes([*a, *b]));
    if !matches!(command, 0x20 | 0x21) || family >> 4 > 3 || family & 15 > 2 {
        return Proxy::NotProxy;
    }
    let Some(body) = body.get(..length) else {
        return Proxy::Incomplete;
    };
    let Some((addresses, vectors)) = read_addresses(*family, body) else {
        return Proxy::NotProxy;
    };
    Proxy::Header(ProxyHeader {
        version: 2,
        addresses: addresses.filter(|_| *command == 0x21),
        authority: find_authority(vectors),
        consumed: SIGNATURE.len() + 4 + length,
    })
}

type Addresses = Option<(SocketAddr, SocketAddr)>;

/// The addresses and what is left behind them; `None` if they do not fit.
fn read_addresses(family: u8, body: &[u8]) -> Option<(Addresses, &[u8])> {
    match family >> 4 {
        1 => {
            let (octets, rest) = body.split_first_chunk::<12>()?;
            let [a, b, c, d, e, f, g, h, from @ .., i, j] = *octets;
            let source = SocketAddr::new(Ipv4Addr::new(a, b, c, d).into(), u16::from_be_bytes(from));
            let destination = SocketAddr::new(Ipv4Addr::new(e, f, g, h).into(), u16::from_be_bytes([i, j]));
            Some((Some((source, destination)), rest))
        }
        2 => {
            let (source, rest) = body.split_first_chunk::<16>()?;
            let (destination, rest) = rest.split_first_chunk::<16>()?;
            let ([a, b, c, d], rest) = rest.split_first_chunk::<4>()?;
            let end =
                |octets: &[u8; 16], port| SocketAddr::new(Ipv6Addr::from(*octets).into(), u16::from_be_bytes(port));
            Some((Some((end(source, [*a, *b]), end(destination, [*c, *d]))), rest))
        }
        3 => Some((None, body.get(216..)?)),
        _ => Some((None, body)),
    }
}

/// Type, length, value; section 2.2.
fn find_authority(mut vectors: &[u8]) -> Option<Name> {
    while let [kind, a, b, rest @ ..] = vectors {
        let (value, next) = rest.split_at_checked(u16::from_be_bytes([*a, *b]).into())?;
        if *kind == AUTHORITY && !value.is_empty() {
            let mut name = Name::new();
            name.push_text(value.get(..HOST_TEXT_MAX).unwrap_or(value));
            return Some(name);
        }
        vectors = next;
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::panic)]

    use alloc::{vec, vec::Vec};

    use proptest::prelude::*;

    use super::*;

    fn v2(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len()).unwrap().to_be_bytes();
        [&SIGNATURE[..], &[command, family], &length, body].concat()
    }

    fn header(bytes: &[u8]) -> ProxyHeader {
        match Proxy::read(bytes) {
            Proxy::Header(header) => header,
            other => panic!("no header: {other:?}"),
        }
    }

    fn both(source: &str, destination: &str) -> Option<(SocketAddr, SocketAddr)> {
        Some((source.parse().unwrap(), destination.parse().unwrap()))
    }

    fn is_not_proxy(bytes: &[u8]) -> bool {
        matches!(Proxy::read(bytes), Proxy::NotProxy)
    }

    const V4: &[u8] = &[192, 0, 2, 1, 198, 51, 100, 2, 0xdc, 0x04, 0x0d, 0x05];

    fn examples() -> Vec<(Vec<u8>, Addresses)> {
        let v6 = [&[0; 15][..], &[1], &[0x20, 1, 13, 184], &[0; 11], &[9], &[0, 80, 1, 187]].concat();
        let named = [V4, &[4, 0, 1, 0, 2, 0, 12], b"Pool.Example"].concat();
        let v4_pair = both("192.0.2.1:56324", "198.51.100.2:3333");
        vec![
            (b"PROXY TCP4 192.0.2.1 198.51.100.2 56324 3333\r\n".to_vec(), v4_pair),
            (b"PROXY TCP6 ::1 2001:db8::9 80 443\r\n".to_vec(), both("[::1]:80", "[2001:db8::9]:443")),
            (b"PROXY UNKNOWN\r\n".to_vec(), None),
            (b"PROXY UNKNOWN ffff::1 x 1 2\r\n".to_vec(), None),
            (v2(0x21, 0x11, V4), v4_pair),
            (v2(0x21, 0x12, &named), v4_pair),
            (v2(0x21, 0x21, &v6), both("[::1]:80", "[2001:db8::9]:443")),
            (v2(0x20, 0, b""), None),
            (v2(0x20, 0x11, V4), None),
            (v2(0x21, 0x31, &[b'/'; 216]), None),
        ]
    }

    #[test]
    fn headers_and_truncation_at_every_length() {
        for (bytes, addresses) in examples() {
            for length in 0..bytes.len() {
                assert!(matches!(Proxy::read(&bytes[..length]), Proxy::Incomplete), "{bytes:?} {length}");
            }
            let header = header(&[&bytes, &b"{\"id\":1"[..]].concat());
            assert_eq!((header.addresses, header.consumed), (addresses, bytes.len()));
        }
        let named = &examples()[5].0;
        assert_eq!(header(named).authority.unwrap().as_str(), "pool.example");
    }

    #[test]
    fn what_is_not_proxy() {
        for line in [
            "GET / HTTP/1.1\r\n",
            "{",
            "PROXY TCP4 192.0.2.1 198.51.100.2 56324 3333\n",
            "PROXY TCP4 ::1 ::2 1 2\r\n",
            "PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n",
            "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n",
            "PROXY TCP4 1.2.3.4\r\n",
            "PROXY tcp4 1.2.3.4 1.2.3.4 1 2\r\n",
            "PROXY \u{1}",
            "\r\n\r\nQ",
        ] {
            assert!(is_not_proxy(line.as_bytes()), "{line:?}");
        }
        assert!(is_not_proxy(&[&b"PROXY UNKNOWN "[..], &[b'x'; 100]].concat()));
        for bytes in
            [v2(0x11, 0x11, V4), v2(0x22, 0x11, V4), v2(0x21, 0x41, V4), v2(0x21, 0x13, V4), v2(0x21, 0x21, V4)]
        {
            assert!(is_not_proxy(&bytes), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300), signed in any::<bool>()) {
            let bytes = if signed { [&SIGNATURE[..], &[0x21], &bytes].concat() } else { [b"PROXY ", &bytes[..]].concat() };
            if let Proxy::Header(header) = Proxy::read(&bytes) {
                prop_assert!(header.consumed <= bytes.len());
            }
        }
    }
}
