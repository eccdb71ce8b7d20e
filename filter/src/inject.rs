//! Sends whole IP packets in the names of others: answers to refused DNS questions, past connection tracking, and
//! resets, through it. On a bridge there may be no route to a host: there they go by the port it is on.

mod frame;

use std::net::{IpAddr, SocketAddr, SocketAddrV6};

use anyhow::{Context, Result};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use frame::Frames;

/// IPPROTO_RAW: the header is part of what is sent (raw(7), RFC 3542 section 3).
const IPPROTO_RAW: i32 = 255;

/// Raw sockets of both families; a machine without IPv6 has only the first.
#[derive(Debug)]
pub(crate) struct Injector {
    v4: Socket,
    v6: Option<Socket>,
    frames: Option<Frames>,
}

/// Who sent a packet: a machine beyond a port of a bridge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Neighbour {
    /// The index of the port.
    pub(crate) port: u32,
    /// The hardware address.
    pub(crate) mac: [u8; 6],
}

impl Injector {
    /// Opens the sockets; what they send bears `mark`, by which the rules know it.
    ///
    /// # Errors
    /// Without CAP_NET_RAW.
    pub(crate) fn open(mark: u32) -> Result<Self> {
        let open = |domain| -> std::io::Result<Socket> {
            let socket = Socket::new(domain, Type::RAW, Some(Protocol::from(IPPROTO_RAW)))?;
            socket.set_mark(mark)?;
            socket.set_nonblocking(true)?;
            Ok(socket)
        };
        let v4 = open(Domain::IPV4).context("cannot open a raw socket for DNS answers and resets")?;
        Ok(Self { v4, v6: open(Domain::IPV6).ok(), frames: Frames::open().ok() })
    }

    /// Sends an IP packet to a neighbour, past routes and rules, or without one as the routes say; then a link-local
    /// host is reached by the interface its question came in by.
    ///
    /// # Errors
    /// No route to the host, an unknown port, or the socket's buffer is full.
    pub(crate) fn send(&self, packet: &[u8], interface: u32, neighbour: Option<Neighbour>) -> std::io::Result<()> {
        let unreadable = || std::io::Error::from(std::io::ErrorKind::InvalidData);
        if let (Some(neighbour), Some(frames)) = (neighbour, &self.frames) {
            return frames.send(packet, neighbour);
        }
        let to = destination(packet).ok_or_else(unreadable)?;
        let (socket, address): (&Socket, SockAddr) = match to {
            IpAddr::V4(_) => (&self.v4, SocketAddr::new(to, 0).into()),
            IpAddr::V6(ip) => {
                let scope = if ip.is_unicast_link_local() { interface } else { 0 };
                let socket = self.v6.as_ref().ok_or_else(unreadable)?;
                (socket, SocketAddr::V6(SocketAddrV6::new(ip, 0, 0, scope)).into())
            }
        };
        socket.send_to(packet, &address).map(|_| ())
    }
}

/// The destination in an IPv4 (RFC 791) or IPv6 (RFC 8200) header.
fn destination(packet: &[u8]) -> Option<IpAddr> {
    match packet.first()? >> 4 {
        4 => <[u8; 4]>::try_from(packet.get(16..20)?).ok().map(IpAddr::from),
        6 => <[u8; 16]>::try_from(packet.get(24..40)?).ok().map(IpAddr::from),
        _ => None,
    }
}
