//! The kernel's connection table: how a host's end of a connection looks behind NAT.

use std::io::{Error, ErrorKind};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use minewall_core::endpoint::{Endpoint, Protocol};
use netlink_sys::protocols::NETLINK_NETFILTER;
use rustix::io::Errno;

use crate::netlink::{Message, NESTED, Netlink, array, attribute, find};

/// IPCTNL_MSG_CT_NEW and IPCTNL_MSG_CT_GET of the subsystem NFNL_SUBSYS_CTNETLINK (linux/netfilter/nfnetlink_conntrack.h).
const NEW: u16 = 1 << 8;
const GET: u16 = 1 << 8 | 1;

/// struct nfgenmsg: family, version, and what is the protocol's own.
const FAMILY: usize = 4;

/// CTA_TUPLE_ORIG and CTA_TUPLE_REPLY: the two directions, each of CTA_TUPLE_IP and CTA_TUPLE_PROTO.
const ORIGINAL: u16 = 1;
const REPLY: u16 = 2;
const ADDRESSES: u16 = 1;
const PORTS: u16 = 2;

/// CTA_IP_V4_SRC and CTA_IP_V6_SRC; the destination stands behind each.
const V4: u16 = 1;
const V6: u16 = 3;

/// CTA_PROTO_NUM, CTA_PROTO_SRC_PORT, CTA_PROTO_DST_PORT.
const NUMBER: u16 = 1;
const SOURCE: u16 = 2;
const DESTINATION: u16 = 3;

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
        let asked = netlink.ask(GET, 0, &question(ends, protocol), &mut |answer| found = read(&answer));
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

/// The question for a connection by one of its directions.
fn question(ends: Ends, protocol: Protocol) -> Vec<u8> {
    let family = match ends.source.ip {
        IpAddr::V4(_) => 2,
        IpAddr::V6(_) => 10,
    };
    let mut message = vec![family, 0, 0, 0];
    attribute(&mut message, ORIGINAL | NESTED, &[&tuple(ends, protocol)]);
    message
}

/// The attributes of one direction.
fn tuple(ends: Ends, protocol: Protocol) -> Vec<u8> {
    let (mut addresses, mut ports, mut tuple) = (Vec::new(), Vec::new(), Vec::new());
    for (end, behind) in [(ends.source.ip, 0), (ends.destination.ip, 1)] {
        match end {
            IpAddr::V4(v4) => attribute(&mut addresses, V4 + behind, &[&v4.octets()]),
            IpAddr::V6(v6) => attribute(&mut addresses, V6 + behind, &[&v6.octets()]),
        }
    }
    let number = match protocol {
        Protocol::Tcp => 6,
        Protocol::Udp => 17,
    };
    attribute(&mut ports, NUMBER, &[&[number]]);
    attribute(&mut ports, SOURCE, &[&ends.source.port.to_be_bytes()]);
    attribute(&mut ports, DESTINATION, &[&ends.destination.port.to_be_bytes()]);
    attribute(&mut tuple, ADDRESSES | NESTED, &[&addresses]);
    attribute(&mut tuple, PORTS | NESTED, &[&ports]);
    tuple
}

fn read(message: &Message<'_>) -> Option<(Ends, Ends)> {
    let attributes = message.body.get(FAMILY..).filter(|_| message.kind == NEW)?;
    Some((ends(find(attributes, ORIGINAL)?)?, ends(find(attributes, REPLY)?)?))
}

fn ends(tuple: &[u8]) -> Option<Ends> {
    let (addresses, ports) = (find(tuple, ADDRESSES)?, find(tuple, PORTS)?);
    let ip = |behind: u16| {
        let v4 = || find(addresses, V4 + behind).and_then(|bytes| array::<4>(bytes, 0)).map(IpAddr::from);
        let v6 = || find(addresses, V6 + behind).and_then(|bytes| array::<16>(bytes, 0)).map(IpAddr::from);
        v4().or_else(v6)
    };
    let port = |kind| find(ports, kind).and_then(|bytes| array(bytes, 0)).map(u16::from_be_bytes);
    let source = Endpoint { ip: ip(0)?, port: port(SOURCE)? };
    Some(Ends { source, destination: Endpoint { ip: ip(1)?, port: port(DESTINATION)? } })
}

#[cfg(test)]
mod tests {
    use netlink_packet_core::{NetlinkHeader, NetlinkMessage, NetlinkPayload};
    use netlink_packet_netfilter::conntrack::{
        ConntrackAttribute, ConntrackMessage, IPTuple, ProtoTuple, Protocol as Number, Tuple,
    };
    use netlink_packet_netfilter::{NetfilterHeader, NetfilterMessage, NetfilterProtoFamily};

    use super::*;

    fn end(ip: &str, port: u16) -> Endpoint {
        Endpoint { ip: ip.parse().unwrap(), port }
    }

    fn tuples(ends: Ends) -> Vec<Tuple> {
        let ip = vec![IPTuple::SourceAddress(ends.source.ip), IPTuple::DestinationAddress(ends.destination.ip)];
        let ports = vec![
            ProtoTuple::Protocol(Number::Tcp),
            ProtoTuple::SourcePort(ends.source.port),
            ProtoTuple::DestinationPort(ends.destination.port),
        ];
        vec![Tuple::Ip(ip), Tuple::Proto(ports)]
    }

    /// A message as a library writes it.
    fn written(ends: Ends, message: ConntrackMessage) -> Vec<u8> {
        let family = if ends.source.ip.is_ipv4() { NetfilterProtoFamily::IPv4 } else { NetfilterProtoFamily::IPv6 };
        let answer = NetfilterMessage::new(NetfilterHeader::new(family, 0, 0), message);
        let mut message = NetlinkMessage::new(NetlinkHeader::default(), NetlinkPayload::from(answer));
        message.finalize();
        let mut bytes = vec![0; message.buffer_len()];
        message.serialize(&mut bytes);
        bytes
    }

    /// The kernel's answer, as its bytes.
    fn entry(original: Ends, reply: Ends) -> Vec<u8> {
        let attributes =
            vec![ConntrackAttribute::CtaTupleOrig(tuples(original)), ConntrackAttribute::CtaTupleReply(tuples(reply))];
        written(original, ConntrackMessage::New(attributes))
    }

    fn parse(bytes: &[u8]) -> Option<(Ends, Ends)> {
        read(&Message::first(bytes)?.0)
    }

    #[test]
    fn the_question_is_the_one_a_library_asks() {
        for ends in [
            Ends { source: end("10.0.0.5", 40000), destination: end("203.0.113.7", 3333) },
            Ends { source: end("fd00::5", 40000), destination: end("2001:db8::7", 3333) },
        ] {
            let tuple = ConntrackAttribute::CtaTupleOrig(tuples(ends));
            let theirs = written(ends, ConntrackMessage::Get(vec![tuple]));
            let (message, _) = Message::first(&theirs).unwrap();
            assert_eq!((message.kind, message.body), (GET, &question(ends, Protocol::Tcp)[..]));
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
