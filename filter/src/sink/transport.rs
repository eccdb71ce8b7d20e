//! The ways of a syslog message: local socket, UDP (RFC 5426), TCP (RFC 6587), TLS (RFC 5425; in `tls`).

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs, UdpSocket};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, bail};
use minewall_core::config::Syslog;
use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};
use socket2::{SockRef, TcpKeepalive};

use super::tls;

/// A way of messages. After an error it is opened anew before the next message.
pub(super) trait Transport: Send {
    fn open(&mut self) -> io::Result<()>;

    /// Sends one message: text without control characters.
    fn send(&mut self, message: &str) -> io::Result<()>;

    /// What it means that it could be opened.
    fn reached(&self) -> &'static str {
        "takes connections"
    }

    /// Says that no more will come.
    ///
    /// # Errors
    /// The peer may not have read all of it, as far as can be told.
    fn close(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A transport; none where the address is malformed.
pub(super) type Made = Result<Option<Box<dyn Transport>>>;

/// One way: how its addresses begin, how they look, and how it is made of the rest of the address.
struct Way {
    prefix: &'static str,
    example: &'static str,
    make: fn(&str, &Syslog, Duration) -> Made,
}

const WAYS: &[Way] = &[
    Way { prefix: "unix:", example: "unix:/dev/log", make: Unix::make },
    Way { prefix: "udp://", example: "udp://192.0.2.1:514", make: Udp::make },
    Way { prefix: "tcp://", example: "tcp://[2001:db8::1]:601", make: Tcp::make },
    Way { prefix: "tls://", example: "tls://siem.example.org:6514", make: tls::make },
];

/// Datagrams sent at once, and in how long: what a server's socket holds, and it has the time to empty it. Nobody would
/// tell that more were lost.
const BURST: u32 = 32;
const BURST_TIME: Duration = Duration::from_millis(5);
/// Addresses tried of a peer with several.
const ADDRESSES: usize = 4;
/// So long a peer may take to read the rest of what it was sent, and to close.
const REST: Duration = Duration::from_millis(500);
/// A peer that acknowledges nothing for so long is taken for dead.
const DEAD_AFTER: Duration = Duration::from_secs(30);

/// The octets the kernel holds of what was sent and not acknowledged, so that these are not more than what is handed over
/// again after the peer has died.
const SENDING: usize = 256 << 10;

/// The transport of an address; nothing is sent or resolved yet. `patience` bounds each call that may block.
///
/// # Errors
/// A malformed address, with examples; a file of certificates that cannot be used.
pub(super) fn new(settings: &Syslog, patience: Duration) -> Result<Box<dyn Transport>> {
    let address = &settings.address;
    let malformed = || {
        let examples: Vec<_> = WAYS.iter().map(|way| way.example).collect();
        anyhow!("address {address:?} is no way to a syslog server; write it like {}", examples.join(", "))
    };
    let way = WAYS.iter().find_map(|way| Some((way, address.strip_prefix(way.prefix)?)));
    let (way, rest) = way.ok_or_else(malformed)?;
    let files = [("authorities", &settings.authorities), ("certificate", &settings.certificate)];
    if let Some((key, _)) = files.iter().find(|(_, file)| !file.is_empty() && way.prefix != "tls://") {
        bail!("{key} is for addresses such as tls://siem.example.org:6514 only, and this one is {address}");
    }
    (way.make)(rest, settings, patience)?.ok_or_else(malformed)
}

/// The local socket at a path.
pub(super) fn local(path: &str, patience: Duration) -> Option<Box<dyn Transport>> {
    path.starts_with('/').then(|| Box::new(Unix { path: path.into(), patience, socket: None }) as Box<dyn Transport>)
}

/// `HOST:PORT` with a port other than 0; an IPv6 address in brackets.
pub(super) fn is_peer(peer: &str) -> bool {
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

pub(super) fn closed() -> io::Error {
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
    #[expect(clippy::unnecessary_wraps, reason = "one row of a table")]
    fn make(path: &str, _: &Syslog, patience: Duration) -> Made {
        Ok(local(path, patience))
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

    fn close(&mut self) -> io::Result<()> {
        let Some(UnixSocket::Stream(mut stream)) = self.socket.take() else { return Ok(()) };
        stream.shutdown(Shutdown::Write)?;
        stream.set_read_timeout(Some(REST))?;
        read_to_end(&mut stream)
    }
}

/// UDP. A peer whose port is closed says so only after the datagram is gone: that datagram is sent again.
struct Udp {
    peer: String,
    patience: Duration,
    socket: Option<UdpSocket>,
    last: String,
    was_refused: bool,
    /// Since when so many were sent.
    burst: (Instant, u32),
}

impl Udp {
    #[expect(clippy::unnecessary_wraps, reason = "one row of a table")]
    fn make(peer: &str, _: &Syslog, patience: Duration) -> Made {
        let new = || Self {
            peer: peer.to_owned(),
            patience,
            socket: None,
            last: String::new(),
            was_refused: false,
            burst: (Instant::now(), 0),
        };
        Ok(is_peer(peer).then(|| Box::new(new()) as Box<dyn Transport>))
    }
}

impl Transport for Udp {
    fn reached(&self) -> &'static str {
        "has a route; UDP does not tell whether anybody listens: --send-test, then look there"
    }

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
        let (since, count) = self.burst;
        match BURST_TIME.saturating_sub(since.elapsed()) {
            Duration::ZERO => self.burst = (Instant::now(), 1),
            left if count >= BURST => {
                thread::sleep(left);
                self.burst = (Instant::now(), 1);
            }
            _ => self.burst.1 += 1,
        }
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

/// A connection that notices a dead peer.
pub(super) fn connect(peer: &str, patience: Duration) -> io::Result<TcpStream> {
    let stream = first(peer, |address| TcpStream::connect_timeout(&address, patience))?;
    stream.set_write_timeout(Some(patience))?;
    stream.set_nodelay(true)?;
    let socket = SockRef::from(&stream);
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(DEAD_AFTER).with_interval(DEAD_AFTER / 3))?;
    socket.set_tcp_user_timeout(Some(DEAD_AFTER))?;
    socket.set_send_buffer_size(SENDING)?;
    Ok(stream)
}

/// TCP, octet-counted (RFC 6587 section 3.4.1).
struct Tcp {
    peer: String,
    patience: Duration,
    stream: Option<TcpStream>,
}

impl Tcp {
    #[expect(clippy::unnecessary_wraps, reason = "one row of a table")]
    fn make(peer: &str, _: &Syslog, patience: Duration) -> Made {
        let new = || Self { peer: peer.to_owned(), patience, stream: None };
        Ok(is_peer(peer).then(|| Box::new(new()) as Box<dyn Transport>))
    }
}

impl Transport for Tcp {
    fn open(&mut self) -> io::Result<()> {
        self.stream = None;
        let stream = connect(&self.peer, self.patience)?;
        self.stream = Some(stream);
        Ok(())
    }

    fn send(&mut self, message: &str) -> io::Result<()> {
        let stream = self.stream.as_mut().ok_or_else(closed)?;
        hear(&*stream)?;
        stream.write_all(frame(message).as_bytes())
    }

    fn close(&mut self) -> io::Result<()> {
        self.stream.take().map_or(Ok(()), |stream| finish(&stream))
    }
}

/// Ends a connection, and waits for the peer to have done so: then it has read everything.
pub(super) fn finish(mut stream: &TcpStream) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    stream.set_read_timeout(Some(REST))?;
    read_to_end(&mut stream)
}

fn read_to_end(stream: &mut impl Read) -> io::Result<()> {
    // A peer that talks is not listened to for ever.
    let until = Instant::now() + REST;
    while Instant::now() < until {
        match stream.read(&mut [0; 256]) {
            Ok(0) => return Ok(()),
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
    }
    Err(io::ErrorKind::TimedOut.into())
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
