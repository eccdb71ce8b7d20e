//! A conversation as packets in a capture (draft-ietf-opsawg-pcap).

use std::net::{IpAddr, SocketAddr};

use anyhow::{Result, bail};
use etherparse::{Ethernet2Header, IpHeaders, PacketBuilder, PacketBuilderStep};

use crate::conversation::{Conversation, Side, Transport};

/// Second of the first packet: 2026-01-01T00:00:00Z.
const BEGIN: u32 = 1_767_225_600;

/// Microseconds from one packet to the next.
const STEP: u32 = 10_000;

const HOST_MAC: [u8; 6] = [2, 0, 0, 0x20, 0x30, 1];
const GATEWAY_MAC: [u8; 6] = [2, 0, 0, 0x20, 0x30, 0xfe];

/// A capture, and which message each of its packets ends in.
pub(crate) struct Capture {
    pub(crate) octets: Vec<u8>,
    packets: Vec<Option<usize>>,
}

impl Capture {
    /// The message that ended in the packet of this time stamp, as records write it.
    pub(crate) fn message_at(&self, timestamp: &str) -> Option<usize> {
        let at = (0..self.packets.len()).find(|number| self::timestamp(*number) == timestamp)?;
        self.packets.get(at).copied().flatten()
    }
}

/// How records write the time of this packet.
fn timestamp(number: usize) -> String {
    let micros = number * STEP as usize;
    let (seconds, fraction) = (micros / 1_000_000, micros % 1_000_000);
    format!("2026-01-01T00:{:02}:{:02}.{fraction:06}Z", seconds / 60, seconds % 60)
}

/// The whole conversation; TCP with correct checksums, each segment acknowledging what came before it.
pub(crate) fn capture(conversation: &Conversation) -> Result<Capture> {
    let mut capture = Capture { octets: Vec::new(), packets: Vec::new() };
    for number in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 262_144, 1] {
        capture.octets.extend(number.to_le_bytes());
    }
    let mut ends = [0x1234_5678_u32, 0x8765_4321];
    if conversation.transport == Transport::Tcp {
        let [host, server] = ends;
        capture.push(None, &tcp(conversation, Side::Client, |tcp| tcp.syn(), host, None, &[])?);
        capture.push(None, &tcp(conversation, Side::Server, |tcp| tcp.syn(), server, Some(host + 1), &[])?);
        capture.push(None, &tcp(conversation, Side::Client, |tcp| tcp, host + 1, Some(server + 1), &[])?);
        ends = ends.map(|end| end + 1);
    }
    for (side, message, octets) in conversation.segments() {
        let (mine, other) = if side == Side::Client { (0, 1) } else { (1, 0) };
        let frame = if conversation.transport == Transport::Udp {
            udp(conversation, side, &octets)?
        } else {
            tcp(conversation, side, |tcp| tcp.psh(), ends[mine], Some(ends[other]), &octets)?
        };
        ends[mine] = ends[mine].wrapping_add(octets.len() as u32);
        capture.push(Some(message), &frame);
    }
    Ok(capture)
}

impl Capture {
    fn push(&mut self, message: Option<usize>, frame: &[u8]) {
        let micros = self.packets.len() as u32 * STEP;
        let length = frame.len() as u32;
        for number in [BEGIN + micros / 1_000_000, micros % 1_000_000, length, length] {
            self.octets.extend(number.to_le_bytes());
        }
        self.octets.extend(frame);
        self.packets.push(message);
    }
}

type Tcp = PacketBuilderStep<etherparse::TcpHeader>;

fn tcp(
    conversation: &Conversation,
    side: Side,
    flags: impl FnOnce(Tcp) -> Tcp,
    sequence: u32,
    acknowledged: Option<u32>,
    payload: &[u8],
) -> Result<Vec<u8>> {
    let (step, from, to) = ip(conversation, side)?;
    let mut tcp = flags(step.tcp(from.port(), to.port(), sequence, 0xffff));
    if let Some(acknowledged) = acknowledged {
        tcp = tcp.ack(acknowledged);
    }
    let mut frame = Vec::new();
    tcp.write(&mut frame, payload)?;
    Ok(frame)
}

fn udp(conversation: &Conversation, side: Side, payload: &[u8]) -> Result<Vec<u8>> {
    let (step, from, to) = ip(conversation, side)?;
    let mut frame = Vec::new();
    step.udp(from.port(), to.port()).write(&mut frame, payload)?;
    Ok(frame)
}

fn ip(conversation: &Conversation, side: Side) -> Result<(PacketBuilderStep<IpHeaders>, SocketAddr, SocketAddr)> {
    let Conversation { host, server, .. } = *conversation;
    let is_host = side == Side::Client;
    let (from, to) = if is_host { (host, server) } else { (server, host) };
    let (from_mac, to_mac) = if is_host { (HOST_MAC, GATEWAY_MAC) } else { (GATEWAY_MAC, HOST_MAC) };
    let ethernet: PacketBuilderStep<Ethernet2Header> = PacketBuilder::ethernet2(from_mac, to_mac);
    let step = match (from.ip(), to.ip()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => ethernet.ipv4(from.octets(), to.octets(), 64),
        (IpAddr::V6(from), IpAddr::V6(to)) => ethernet.ipv6(from.octets(), to.octets(), 64),
        _ => bail!("{from} and {to} are of two families"),
    };
    Ok((step, from, to))
}
