//! Words that most formats share: names, addresses, prefixes, ports.

use super::{MAX_PORTS, Out};
use crate::{
    entry::{Entry, Target},
    kind::Scope,
    name,
    tally::Reason,
};
use alloc::{borrow::Cow, vec::Vec};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use ipnet::{IpNet, Ipv4Net, Ipv4Subnets, Ipv6Net, Ipv6Subnets};

/// A checked name in ASCII: what is not is mapped to lower case and written in punycode (UTS 46).
pub(crate) fn name(word: &str) -> Result<Cow<'_, str>, Reason> {
    if word.is_ascii() {
        return name::check(word).map(Cow::Borrowed);
    }
    // A build without the tables of other scripts cannot tell whether it is one.
    let reason = if cfg!(feature = "idn") { Reason::NotAName } else { Reason::NotAscii };
    let ascii = ascii(word).ok_or(reason)?;
    name::check(&ascii).map(|name| Cow::Owned(name.into()))
}

/// A name as it stands in DNS questions: one in another script in punycode (UTS 46), any other as it is. `None` where it can be
/// none, and without the feature `idn`; nothing else about it is checked.
#[must_use]
pub fn ascii(name: &str) -> Option<Cow<'_, str>> {
    if name.is_ascii() {
        return Some(Cow::Borrowed(name));
    }
    #[cfg(feature = "idn")]
    return idna::domain_to_ascii_cow(name.as_bytes(), idna::AsciiDenyList::EMPTY).ok();
    #[cfg(not(feature = "idn"))]
    None
}

/// Gives out a name, or why it is none.
pub(crate) fn give_name(word: &str, scope: Scope, except: bool, out: Out<'_>) {
    match name(word) {
        Ok(name) => out(Ok(Entry { scope, except, ..Entry::of(Target::Name(&name)) })),
        Err(reason) => out(Err(reason)),
    }
}

/// A name without the `*.` or `.` that says "everything below".
pub(crate) fn below(name: &str) -> &str {
    name.strip_prefix("*.").or_else(|| name.strip_prefix('.')).unwrap_or(name)
}

/// Whether a word is meant as a name, well-formed or not.
pub(crate) fn has_name_shape(word: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.*".contains(&byte) || !byte.is_ascii();
    !word.is_empty() && word.bytes().all(fits)
}

/// Whether lists write this address in place of one that is blocked.
pub(crate) fn is_sink(address: IpAddr) -> bool {
    address.is_loopback() || address.is_unspecified()
}

/// The address of one host, an IPv4 one mapped into IPv6 as IPv4 (RFC 4291, 2.5.5.2).
pub(crate) fn host(address: IpAddr) -> Result<IpAddr, Reason> {
    let address = address.to_canonical();
    let broadcast = matches!(address, IpAddr::V4(v4) if v4.is_broadcast());
    if address.is_unspecified() || address.is_loopback() || address.is_multicast() || broadcast {
        return Err(Reason::ReservedAddress);
    }
    Ok(address)
}

/// An address, `[address]`, a prefix.
pub(crate) fn prefix(word: &str) -> Option<Result<Target<'static>, Reason>> {
    let bare = word.strip_prefix('[').and_then(|word| word.strip_suffix(']')).unwrap_or(word);
    if let Ok(address) = bare.parse::<IpAddr>() {
        return Some(host(address).map(Target::Address));
    }
    let (host, length) = bare.split_once('/')?;
    let (address, length) = (host.parse::<IpAddr>().ok()?, length.parse::<u8>().ok());
    let Some(net) = length.and_then(|length| IpNet::new(address, length).ok()) else {
        return Some(Err(Reason::Contradiction));
    };
    // Which of the two is meant, the host or its network, only the author knows.
    Some(if net.addr() == net.network() { unreserved(net) } else { Err(Reason::Contradiction) })
}

/// A prefix that a list may name: narrow enough, and none of it reserved.
fn unreserved(net: IpNet) -> Result<Target<'static>, Reason> {
    let widest = if net.addr().is_ipv4() { 8 } else { 19 };
    if net.prefix_len() < widest {
        return Err(Reason::WidePrefix);
    }
    if bogons().any(|bogon| bogon.contains(&net) || net.contains(&bogon)) {
        return Err(Reason::ReservedAddress);
    }
    Ok(if net.prefix_len() == net.max_prefix_len() { Target::Address(net.addr()) } else { Target::Prefix(net) })
}

/// The prefixes from the first to the last address. `None` where they are not in this order or of two families.
pub(crate) fn range(first: IpAddr, last: IpAddr, out: &mut dyn FnMut(Result<Target<'static>, Reason>)) -> Option<()> {
    match (first, last) {
        (IpAddr::V4(first), IpAddr::V4(last)) if first <= last => {
            Ipv4Subnets::new(first, last, 0).for_each(|net| out(unreserved(net.into())));
        }
        (IpAddr::V6(first), IpAddr::V6(last)) if first <= last => {
            Ipv6Subnets::new(first, last, 0).for_each(|net| out(unreserved(net.into())));
        }
        _ => return None,
    }
    Some(())
}

/// What the registries of special purpose addresses hold (RFC 6890), where no pool can be reached.
fn bogons() -> impl Iterator<Item = IpNet> {
    const FOUR: &[([u8; 4], u8)] = &[
        ([0, 0, 0, 0], 8),
        ([10, 0, 0, 0], 8),
        ([100, 64, 0, 0], 10),
        ([127, 0, 0, 0], 8),
        ([169, 254, 0, 0], 16),
        ([172, 16, 0, 0], 12),
        ([192, 0, 0, 0], 24),
        ([192, 0, 2, 0], 24),
        ([192, 168, 0, 0], 16),
        ([198, 18, 0, 0], 15),
        ([198, 51, 100, 0], 24),
        ([203, 0, 113, 0], 24),
        ([224, 0, 0, 0], 3),
    ];
    const SIX: &[([u16; 2], u8)] =
        &[([0, 0], 8), ([0x2001, 0], 23), ([0x2001, 0xdb8], 32), ([0xfc00, 0], 7), ([0xfe80, 0], 9), ([0xff00, 0], 8)];
    let four = FOUR.iter().map(|&(octets, length)| Ipv4Net::new(Ipv4Addr::from(octets), length).map(IpNet::from));
    let six = SIX
        .iter()
        .map(|&([a, b], length)| Ipv6Net::new(Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0), length).map(IpNet::from));
    four.chain(six).flatten()
}

/// Ports with commas, blanks or the like between them, in rising order, each once; none for an empty text.
pub(crate) fn ports(text: &str) -> Result<Vec<u16>, Reason> {
    let mut ports = Vec::new();
    if text.is_empty() {
        return Ok(ports);
    }
    for word in text.split([',', ' ', ';', '|']) {
        match word.parse::<u16>() {
            Ok(port) if port > 0 => ports.push(port),
            _ => return Err(Reason::BadPort),
        }
    }
    tidy(ports)
}

/// `3333`, `3333-3340`.
pub(crate) fn port_range(text: &str) -> Result<Vec<u16>, Reason> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (Ok(first), Ok(last)) = (first.trim().parse::<u16>(), last.trim().parse::<u16>()) else {
        return Err(Reason::BadPort);
    };
    if first == 0 || first > last { Err(Reason::BadPort) } else { tidy((first..=last).take(MAX_PORTS + 1).collect()) }
}

fn tidy(mut ports: Vec<u16>) -> Result<Vec<u16>, Reason> {
    ports.sort_unstable();
    ports.dedup();
    if ports.len() > MAX_PORTS { Err(Reason::BadPort) } else { Ok(ports) }
}
