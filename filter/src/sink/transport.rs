//! The ways of a syslog message: local socket, UDP (RFC 5426), TCP (RFC 6587).

use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs, UdpSocket};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, bail};
use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};
use socket2::{SockRef, TcpKeepalive};

/// A way of messages. After an error it is opened anew before the next message.
pub(super) trait Transport: Send {
    fn open(&mut self) -> io::Result<()>;

    /// Sends one message: ASCII without control characters.
    fn send(&mut self, message: &str) -> io::Result<()>;
}

/// One way: how its addresses begin, how they look, and how it is made of the rest of the address.
struct Way {
    prefix: &'static str,
    example: &'static str,
    make: fn(&str, Duration) -> Option<Box<dyn Transport>>,
}

const WAYS: &[Way] = &[
    Way { prefix: "unix:", example: "unix:/dev/log", make: Unix::make },
    Way { prefix: "udp://", example: "udp://192.0.2.1:514", make: Udp::make },
    Way { prefix: "tcp://", example: "tcp://[2001:db8::1]:601", make: Tcp::make },
];

/// Addresses tried of a peer with several.
const ADDRESSES: usize = 4;
/// A peer that acknowledges nothing for so long is taken for dead.
const DEAD_AFTER: Duration = Duration::from_secs(30);

/// The transport of an address; nothing is sent or resolved yet. `patience` bounds each call that may block.
///
/// # Errors
/// A malformed address, with examples.
pub(super) fn new(address: &str, patience: Duration) -> Result<Box<dyn Transport>> {
    let make = |way: &Way| (way.make)(address.strip_prefix(way.prefix)?, patience);
    let Some(transport) = WAYS.iter().find_map(make) else {
        let examples: Vec<_> = WAYS.iter().map(|way| way.example).collect();
        bail!("address {address:?} is no way to a syslog server; write it like {}", examples.join(", "));
    };
    Ok(transport)
}

/// `HOST:PORT` with a port other than 0; an IPv6 address in brackets.
fn is_peer(peer: &str) -> bool {
    let Some((host, port)) = peer.rsplit_once(':') else { return false };
    let is_name =
        |host: &str| !host.is_empty() && host.bytes().all(|c| c.is_ascii_alphanumeric() || b".-_".contains(&c));
    port.parse::<u16>().is_ok_and(|port| port != 0) && (is_name(host) || peer.parse::<SocketAddr>().is_ok())
}

/// Does `connect` with each address of the peer until one works; the last error if none does.
fn first<T>(peer: &str, connect: impl Fn(SocketAddr) -> io::Result<T>) -> io::Result<T> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, format!("{peer} has no address"));
    for address in peer.to_socket_addrs()?.take(ADDRESSES) {
        match connect(address) {
            Ok(connected) => return Ok(connected),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::NotConnected, "the connection is closed")
}

/// A local socket of either kind.
struct Unix {
    path: PathBuf,
    patience: Duration,
    socket: Option<UnixSocket>,
}

enum UnixSocket {
    Datagram(UnixDatagram),
    Stream(UnixStream),
}

impl Unix {
    fn make(path: &str, patience: Duration) -> Option<Box<dyn Transport>> {
        path.starts_with('/')
            .then(|| Box::new(Self { path: path.into(), patience, socket: None }) as Box<dyn Transport>)
    }
}

impl Transport for Unix {
    fn open(&mut self) -> io::Result<()> {
        self.socket = None;
        let datagram = UnixDatagram::unbound()?;
        let socket = match datagram.connect(&self.path) {
            Ok(()) => {
                datagram.set_write_timeout(Some(self.patience))?;
                UnixSocket::Datagram(datagram)
            }
            Err(error) if Errno::from_io_error(&error) == Some(Errno::PROTOTYPE) => {
                let stream = UnixStream::connect(&self.path)?;
                stream.set_write_timeout(Some(self.patience))?;
                UnixSocket::Stream(stream)
            }
            Err(error) => return Err(error),
        };
        self.socket = Some(socket);
        Ok(())
    }

    fn send(&mut self, message: &str) -> io::Result<()> {
        match self.socket.as_mut().ok_or_else(closed)? {
            UnixSocket::Datagram(socket) => socket.send(message.as_bytes()).map(drop),
            // RFC 6587 section 3.4.2: what syslog-ng and imptcp both read on a local stream.
            UnixSocket::Stream(stream) => {
                hear(&*stream)?;
                stream.write_all(format!("{message}\n").as_bytes())
            }
        }
    }
}

/// UDP. A peer whose port is closed says so only after the datagram is gone: that datagram is sent again.
struct Udp {
    peer: String,
    patience: Duration,
    socket: Option<UdpSocket>,
    last: String,
    was_refused: bool,
}

impl Udp {
    fn make(peer: &str, patience: Duration) -> Option<Box<dyn Transport>> {
        let peer = is_peer(peer).then(|| peer.to_owned())?;
        Some(Box::new(Self { peer, patience, socket: None, last: String::new(), was_refused: false }))
    }
}

impl Transport for Udp {
    fn open(&mut self) -> io::Result<()> {
        self.socket = None;
        let socket = first(&self.peer, |address| {
            let local = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
            let socket = UdpSocket::bind(local)?;
            socket.connect(address)?;
            Ok(socket)
        })?;
        socket.set_write_timeout(Some(self.patience))?;
        self.socket = Some(socket);
        Ok(())
    }

    fn send(&mut self, message: &str) -> io::Result<()> {
        let socket = self.socket.as_ref().ok_or_else(closed)?;
        if self.was_refused {
            socket.send(self.last.as_bytes())?;
            self.was_refused = false;
        }
        if let Err(error) = socket.send(message.as_bytes()) {
            self.was_refused = error.kind() == io::ErrorKind::ConnectionRefused;
            return Err(error);
        }
        message.clone_into(&mut self.last);
        Ok(())
    }
}

/// TCP, octet-counted (RFC 6587 section 3.4.1).
struct Tcp {
    peer: String,
    patience: Duration,
    stream: Option<TcpStream>,
}

impl Tcp {
    fn make(peer: &str, patience: Duration) -> Option<Box<dyn Transport>> {
        let peer = is_peer(peer).then(|| peer.to_owned())?;
        Some(Box::new(Self { peer, patience, stream: None }))
    }
}

impl Transport for Tcp {
    fn open(&mut self) -> io::Result<()> {
        self.stream = None;
        let stream = first(&self.peer, |address| TcpStream::connect_timeout(&address, self.patience))?;
        stream.set_write_timeout(Some(self.patience))?;
        stream.set_nodelay(true)?;
        let socket = SockRef::from(&stream);
        socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(DEAD_AFTER).with_interval(DEAD_AFTER / 3))?;
        socket.set_tcp_user_timeout(Some(DEAD_AFTER))?;
        self.stream = Some(stream);
        Ok(())
    }

    fn send(&mut self, message: &str) -> io::Result<()> {
        let stream = self.stream.as_mut().ok_or_else(closed)?;
        hear(&*stream)?;
        stream.write_all(frame(message).as_bytes())
    }
}

/// `MSG-LEN SP SYSLOG-MSG`; the length counts octets.
pub(super) fn frame(message: &str) -> String {
    format!("{} {message}", message.len())
}

/// Fails when the peer has closed: the kernel would still take a message, and lose it. A syslog peer says nothing;
/// should it, a little of it is thrown away.
fn hear(stream: &impl std::os::fd::AsFd) -> io::Result<()> {
    let mut waste = [0_u8; 256];
    match recv(stream, &mut waste[..], RecvFlags::DONTWAIT) {
        Ok((_, 0)) => Err(closed()),
        Ok(_) | Err(Errno::AGAIN | Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
