//! The kernel's connection table: how a host's end of a connection looks behind NAT.

use std::io::{Error, ErrorKind};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use minewall_core::endpoint::{Endpoint, Protocol};
use netlink_packet_netfilter::conntrack::{
    ConntrackAttribute, ConntrackMessage, IPTuple, ProtoTuple, Protocol as Number, Tuple,
};
use netlink_packet_netfilter::{NetfilterHeader, NetfilterMessage, NetfilterMessageInner, NetfilterProtoFamily};
use netlink_sys::protocols::NETLINK_NETFILTER;
use rustix::io::Errno;

use super::netlink::Netlink;

/// Connections asked for in one second: each takes some 10 us, and a flood of records must not keep the recorder busy.
const ASKED_A_SECOND: u32 = 2_000;

/// The two ends of one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ends {
    source: Endpoint,
    destination: Endpoint,
}

/// What the table says of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// It is not in it.
    Nothing,
    /// It is, and the host's end looks the same on both sides.
    Same,
    /// How the host's end looks from outside.
    Nat(Endpoint),
}

/// The table.
#[derive(Debug, Default)]
pub(super) struct Nat {
    netlink: Option<Netlink>,
    /// The second that is counted, and how many were asked for in it.
    asked: Option<(Instant, u32)>,
    is_told: bool,
    /// It cannot be asked, and will not be.
    is_closed: bool,
}

impl Nat {
    /// How the host's end of a connection looks behind NAT, whichever end began it.
    pub(super) fn ask(&mut self, host: Endpoint, far: Endpoint, protocol: Protocol, now: Instant) -> Found {
        let this_second = self.asked.filter(|(since, _)| now.duration_since(*since) < Duration::from_secs(1));
        let (since, count) = this_second.unwrap_or((now, 0));
        if self.is_closed {
            return Found::Nothing;
        }
        if count >= ASKED_A_SECOND {
            self.tell(
                "more records come than the connection table is asked for; some go without their address behind NAT",
            );
            return Found::Nothing;
        }
        self.asked = Some((since, count + 1));
        match self.question(Ends { source: host, destination: far }, protocol) {
            Ok(Some((original, reply))) => seen_outside(host, original, reply),
            Ok(None) => Found::Nothing,
            Err(error) => {
                self.is_closed = matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::InvalidInput)
                    || error.raw_os_error() == Some(Errno::PROTONOSUPPORT.raw_os_error());
                self.netlink = None;
                self.tell(&format!(
                    "the kernel's connection table cannot be asked ({error}); records go without addresses behind NAT. It \
                     needs CAP_NET_ADMIN and the module nf_conntrack_netlink"
                ));
                Found::Nothing
            }
        }
    }

    fn tell(&mut self, what: &str) {
        if !std::mem::replace(&mut self.is_told, true) {
            tracing::warn!("{what}");
        }
    }

    /// Both directions of the connection one of whose directions this is.
    fn question(&mut self, ends: Ends, protocol: Protocol) -> Result<Option<(Ends, Ends)>, Error> {
        let netlink = match &mut self.netlink {
            Some(netlink) => netlink,
            none => none.insert(Netlink::open(NETLINK_NETFILTER)?),
        };
        let mut found = None;
        let asked = netlink.ask(message(ends, protocol), 0, |answer| found = read(&answer));
        match asked {
            Err(error) if error.raw_os_error() == Some(Errno::NOENT.raw_os_error()) => Ok(None),
            asked => asked.map(|()| found),
        }
    }
}

/// The host's end as the far end has it.
fn seen_outside(host: Endpoint, original: Ends, reply: Ends) -> Found {
    let outside = if original.source == host {
        reply.destination
    } else if reply.source == host {
        // The far end began it, to an address that leads here.
        original.destination
    } else {
        return Found::Nothing;
    };
    if outside == host { Found::Same } else { Found::Nat(outside) }
}

fn message(ends: Ends, protocol: Protocol) -> NetfilterMessage {
    let family = match ends.source.ip {
        IpAddr::V4(_) => NetfilterProtoFamily::IPv4,
        IpAddr::V6(_) => NetfilterProtoFamily::IPv6,
    };
    let number = match protocol {
        Protocol::Tcp => Number::Tcp,
        Protocol::Udp => Number::Udp,
    };
    let ip = vec![IPTuple::SourceAddress(ends.source.ip), IPTuple::DestinationAddress(ends.destination.ip)];
    let ports = vec![
        ProtoTuple::Protocol(number),
        ProtoTuple::SourcePort(ends.source.port),
        ProtoTuple::DestinationPort(ends.destination.port),
    ];
    let tuple = ConntrackAttribute::CtaTupleOrig(vec![Tuple::Ip(ip), Tuple::Proto(ports)]);
    NetfilterMessage::new(NetfilterHeader::new(family, 0, 0), ConntrackMessage::Get(vec![tuple]))
}

fn read(message: &NetfilterMessage) -> Option<(Ends, Ends)> {
    let NetfilterMessageInner::Conntrack(ConntrackMessage::New(attributes)) = &message.inner else { return None };
    let find = |wanted: fn(&ConntrackAttribute) -> Option<&Vec<Tuple>>| ends(attributes.iter().find_map(wanted)?);
    let original = find(|attribute| match attribute {
        ConntrackAttribute::CtaTupleOrig(tuple) => Some(tuple),
        _ => None,
    });
    let reply = find(|attribute| match attribute {
        ConntrackAttribute::CtaTupleReply(tuple) => Some(tuple),
        _ => None,
    });
    original.zip(reply)
}

fn ends(tuple: &[Tuple]) -> Option<Ends> {
    let (mut ips, mut ports) = ((None, None), (None, None));
    for part in tuple {
        match part {
            Tuple::Ip(parts) => parts.iter().for_each(|part| match part {
                IPTuple::SourceAddress(ip) => ips.0 = Some(*ip),
                IPTuple::DestinationAddress(ip) => ips.1 = Some(*ip),
                _ => {}
            }),
            Tuple::Proto(parts) => parts.iter().for_each(|part| match part {
                ProtoTuple::SourcePort(port) => ports.0 = Some(*port),
                ProtoTuple::DestinationPort(port) => ports.1 = Some(*port),
                _ => {}
            }),
            _ => {}
        }
    }
    let source = Endpoint { ip: ips.0?, port: ports.0? };
    Some(Ends { source, destination: Endpoint { ip: ips.1?, port: ports.1? } })
}

#[cfg(test)]
mod tests {
    use netlink_packet_core::{NetlinkHeader, NetlinkMessage, NetlinkPayload};

    use super::*;

    fn end(ip: &str, port: u16) -> Endpoint {
        Endpoint { ip: ip.parse().unwrap(), port }
    }

    /// The kernel's answer, as its bytes.
    fn entry(original: Ends, reply: Ends) -> Vec<u8> {
        let tuple = |ends: Ends| match message(ends, Protocol::Tcp).inner {
            NetfilterMessageInner::Conntrack(ConntrackMessage::Get(mut attributes)) => match attributes.remove(0) {
                ConntrackAttribute::CtaTupleOrig(tuple) => tuple,
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        };
        let attributes =
            vec![ConntrackAttribute::CtaTupleOrig(tuple(original)), ConntrackAttribute::CtaTupleReply(tuple(reply))];
        let inner = ConntrackMessage::New(attributes);
        let answer = NetfilterMessage::new(NetfilterHeader::new(NetfilterProtoFamily::IPv4, 0, 0), inner);
        let mut message = NetlinkMessage::new(NetlinkHeader::default(), NetlinkPayload::from(answer));
        message.finalize();
        let mut bytes = vec![0; message.buffer_len()];
        message.serialize(&mut bytes);
        bytes
    }

    fn parse(bytes: &[u8]) -> Option<(Ends, Ends)> {
        match NetlinkMessage::<NetfilterMessage>::deserialize(bytes).ok()?.payload {
            NetlinkPayload::InnerMessage(inner) => read(&inner),
            _ => None,
        }
    }

    #[test]
    fn the_host_is_found_on_either_side() {
        for (host, far, outside) in [
            (end("10.0.0.5", 40000), end("203.0.113.7", 3333), end("198.51.100.1", 61000)),
            (end("fd00::5", 40000), end("2001:db8::7", 3333), end("2001:db8:1::1", 40000)),
        ] {
            let original = Ends { source: host, destination: far };
            let reply = Ends { source: far, destination: outside };
            assert_eq!(parse(&entry(original, reply)), Some((original, reply)));
            assert_eq!(seen_outside(host, original, reply), Found::Nat(outside));
            let plain = Ends { source: far, destination: host };
            assert_eq!(seen_outside(host, original, plain), Found::Same);
            // A port that is forwarded to the host inside: the far end began.
            let original = Ends { source: far, destination: outside };
            assert_eq!(seen_outside(host, original, Ends { source: host, destination: far }), Found::Nat(outside));
            assert_eq!(seen_outside(end("10.9.9.9", 1), original, reply), Found::Nothing);
        }
    }

    #[test]
    fn a_broken_answer_is_none_and_never_a_panic() {
        let one = Ends { source: end("10.0.0.5", 1), destination: end("203.0.113.7", 2) };
        let whole = entry(one, one);
        for at in 0..whole.len() {
            parse(&whole[..at]);
            for value in [0, 1, 0x7f, 0xff] {
                let mut broken = whole.clone();
                broken[at] = value;
                parse(&broken);
            }
        }
    }

    #[test]
    fn a_flood_of_records_asks_seldom() {
        let mut nat = Nat { is_closed: false, ..Nat::default() };
        let start = Instant::now();
        for _ in 0..2 * ASKED_A_SECOND {
            nat.ask(end("192.0.2.5", 1), end("192.0.2.6", 2), Protocol::Tcp, start);
        }
        assert!(nat.asked.unwrap().1 <= ASKED_A_SECOND && nat.is_told);
    }
}
