//! Who says what, before it becomes packets.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::random::Random;

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The host inside, which opened the connection.
    Client,
    /// The far end.
    Server,
}

impl Side {
    /// The word used in the catalogue.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }
}

/// What carries the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// TCP, seen from its SYN on.
    Tcp,
    /// TCP whose beginning was not seen.
    TcpUnderWay,
    /// One datagram a message.
    Udp,
}

/// Something said in one go.
#[derive(Clone, Debug)]
pub struct Message {
    /// Who says it.
    pub side: Side,
    /// As it goes over the wire.
    pub octets: Vec<u8>,
    /// Octets of a segment, if it is cut smaller than it has to be.
    pub cut: Option<usize>,
    /// Whether it goes in one segment with the message before.
    pub joined: bool,
}

/// A conversation of two ends.
#[derive(Clone, Debug)]
pub struct Conversation {
    /// The host inside.
    pub host: SocketAddr,
    /// The far end.
    pub server: SocketAddr,
    /// What carries it.
    pub transport: Transport,
    /// What is said, in order.
    pub messages: Vec<Message>,
}

/// Octets of a segment at the most.
const SEGMENT: usize = 1400;

impl Conversation {
    /// One between addresses for documentation (RFC 5737, RFC 3849) and private ones, chosen by the case's name.
    pub(crate) fn new(name: &str, transport: Transport, v6: bool, port: u16, messages: Vec<Message>) -> Self {
        let mut random = Random::from_text(name);
        let mut number = |from: u16, many: u64| from + (random.draw() % many) as u16;
        let (inside, outside) = (number(2, 250), number(2, 250));
        let (host, server): (IpAddr, IpAddr) = if v6 {
            (
                Ipv6Addr::new(0xfd00, 0x20, 0x30, 0, 0, 0, 0, inside).into(),
                Ipv6Addr::new(0x2001, 0xdb8, 0xffff, 0, 0, 0, 0, outside).into(),
            )
        } else {
            (Ipv4Addr::new(10, 20, 30, inside as u8).into(), Ipv4Addr::new(203, 0, 113, outside as u8).into())
        };
        let from = SocketAddr::new(host, number(32_768, 28_000));
        Self { host: from, server: SocketAddr::new(server, port), transport, messages }
    }

    /// The segments or datagrams, each with the number of the message it ends in.
    pub(crate) fn segments(&self) -> Vec<(Side, usize, Vec<u8>)> {
        let mut segments: Vec<(Side, usize, Vec<u8>)> = Vec::new();
        for (number, message) in self.messages.iter().enumerate() {
            let mut octets = message.octets.clone();
            if let Some((_, _, before)) = segments.pop_if(|_| message.joined) {
                octets = [before, octets].concat();
            }
            let size = message.cut.unwrap_or(SEGMENT).max(1);
            segments.extend(octets.chunks(size).map(|part| (message.side, number, part.to_vec())));
        }
        segments
    }
}
