//! Sends IP packets as Ethernet frames by a given port of a bridge.

use std::collections::HashMap;
use std::io::{Error, ErrorKind, Result};
use std::os::fd::AsRawFd;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use nix::ifaddrs::getifaddrs;
use nix::sys::socket::{LinkAddr, MsgFlags, sendto};
use socket2::{Domain, Socket, Type};

use super::Neighbour;

/// How often it is asked which interfaces there are, at most: a flood of questions by an unknown one must not ask more.
const ASKED: Duration = Duration::from_secs(1);

/// A packet socket (packet(7)) that receives nothing.
#[derive(Debug)]
pub(super) struct Frames {
    socket: Socket,
    ports: Mutex<Ports>,
}

/// The link addresses of the interfaces, by index, and when they were asked for.
#[derive(Debug, Default)]
struct Ports {
    known: HashMap<usize, LinkAddr>,
    asked: Option<Instant>,
}

impl Frames {
    /// Opens the socket, for no protocol: so the kernel copies no packet to it.
    pub(super) fn open() -> Result<Self> {
        let socket = Socket::new(Domain::PACKET, Type::RAW, None)?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket, ports: Mutex::default() })
    }

    /// Sends an IP packet to a neighbour, from the port's own hardware address.
    pub(super) fn send(&self, packet: &[u8], to: Neighbour) -> Result<()> {
        let port = self.port(to.port as usize).ok_or(ErrorKind::NotFound)?;
        let own = port.addr().ok_or(ErrorKind::AddrNotAvailable)?;
        let frame = frame(to.mac, own, packet).ok_or(ErrorKind::InvalidData)?;
        sendto(self.socket.as_raw_fd(), &frame, &port, MsgFlags::empty()).map(drop).map_err(Error::from)
    }

    fn port(&self, index: usize) -> Option<LinkAddr> {
        let mut ports = self.ports.lock().unwrap_or_else(PoisonError::into_inner);
        if !ports.known.contains_key(&index) && ports.asked.is_none_or(|asked| asked.elapsed() >= ASKED) {
            ports.asked = Some(Instant::now());
            let addresses = getifaddrs().ok()?;
            let links = addresses.filter_map(|interface| interface.address?.as_link_addr().copied());
            ports.known = links.map(|link| (link.ifindex(), link)).collect();
        }
        ports.known.get(&index).copied()
    }
}

/// An Ethernet frame of what is IPv4 or IPv6 (RFC 894, RFC 2464).
fn frame(to: [u8; 6], from: [u8; 6], packet: &[u8]) -> Option<Vec<u8>> {
    let kind: [u8; 2] = match packet.first()? >> 4 {
        4 => [0x08, 0x00],
        6 => [0x86, 0xdd],
        _ => return None,
    };
    Some([&to[..], &from, &kind, packet].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_says_what_it_carries() {
        let frame = |packet: &[u8]| frame([1; 6], [2; 6], packet);
        assert_eq!(frame(&[0x45, 7]).unwrap(), [&[1; 6][..], &[2; 6], &[8, 0], &[0x45, 7]].concat());
        assert_eq!(frame(&[0x60]).unwrap()[12..], [0x86, 0xdd, 0x60]);
        assert_eq!(frame(&[0x10]), None);
        assert_eq!(frame(&[]), None);
    }

    #[test]
    fn an_unknown_port_is_asked_for_once_in_a_while() {
        let Ok(frames) = Frames::open() else { return }; // needs CAP_NET_RAW
        let asked = || frames.ports.lock().unwrap().asked;
        assert!(frames.port(1).is_some(), "lo");
        let first = asked();
        assert!(frames.port(usize::MAX).is_none() && frames.port(1).is_some());
        assert_eq!(asked(), first);
        let error = frames.send(&[0x45], Neighbour { port: u32::MAX, mac: [2; 6] }).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
}
