//! Ports that a test has to itself.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, UdpSocket};
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, connect, getsockname, socket_with, sockopt};

use crate::until;

/// A port of 127.0.0.1 that the kernel gives to nobody else as long as this lives, also before and after somebody
/// listens there; what is sent there meanwhile is refused. Who sets `SO_REUSEADDR`, as servers do, may listen.
#[derive(Debug)]
pub struct Port {
    at: SocketAddr,
    _held: OwnedFd,
}

impl Port {
    /// # Errors
    /// There is no free one.
    pub fn tcp() -> io::Result<Self> {
        Self::new(SocketType::STREAM)
    }

    /// # Errors
    /// There is no free one.
    pub fn udp() -> io::Result<Self> {
        let port = Self::new(SocketType::DGRAM)?;
        // It hears only itself then.
        connect(&port._held, &port.at)?;
        Ok(port)
    }

    fn new(kind: SocketType) -> io::Result<Self> {
        let held = unbound(kind)?;
        bind(&held, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0))?;
        // Set before, the kernel would give the same port for datagrams to two.
        sockopt::set_socket_reuseaddr(&held, true)?;
        Ok(Self { at: getsockname(&held)?.try_into()?, _held: held })
    }

    /// Where it is.
    #[must_use]
    pub fn at(&self) -> SocketAddr {
        self.at
    }

    /// Its number.
    #[must_use]
    pub fn number(&self) -> u16 {
        self.at.port()
    }

    /// Listens there, once or again.
    ///
    /// # Errors
    /// Somebody listens there already.
    pub fn listen(&self) -> io::Result<TcpListener> {
        // A program that another test starts just now holds a listener dropped here until it is another program.
        let listener = until(Duration::from_secs(10), || TcpListener::bind(self.at).ok());
        listener.map_or_else(|| TcpListener::bind(self.at), Ok)
    }

    /// Takes datagrams there.
    ///
    /// # Errors
    /// The kernel says no.
    pub fn receive(&self) -> io::Result<UdpSocket> {
        let socket = unbound(SocketType::DGRAM)?;
        sockopt::set_socket_reuseaddr(&socket, true)?;
        bind(&socket, &self.at)?;
        Ok(socket.into())
    }
}

fn unbound(kind: SocketType) -> io::Result<OwnedFd> {
    Ok(socket_with(AddressFamily::INET, kind, SocketFlags::CLOEXEC, None)?)
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::net::TcpStream;

    use super::*;

    #[test]
    fn connections_are_refused_but_while_somebody_listens() {
        let port = Port::tcp().unwrap();
        for _ in 0..3 {
            assert_eq!(TcpStream::connect(port.at()).unwrap_err().kind(), ErrorKind::ConnectionRefused);
            let listener = port.listen().unwrap();
            let ours = TcpStream::connect(port.at()).unwrap();
            assert_eq!(listener.accept().unwrap().1, ours.local_addr().unwrap());
        }
    }

    #[test]
    fn datagrams_are_refused_until_somebody_takes_them() {
        let port = Port::udp().unwrap();
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        sender.connect(port.at()).unwrap();
        sender.send(b"lost").unwrap();
        assert_eq!(sender.send(b"refused").unwrap_err().kind(), ErrorKind::ConnectionRefused);
        let receiver = port.receive().unwrap();
        receiver.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        sender.send(b"taken").unwrap();
        let mut buffer = [0; 9];
        let length = receiver.recv(&mut buffer).unwrap();
        assert_eq!(&buffer[..length], b"taken");
    }

    #[test]
    fn nobody_else_is_given_it() {
        for give in [Port::tcp, Port::udp] {
            let ports: Vec<_> = (0..500).map(|_| give().unwrap()).collect();
            let numbers: std::collections::BTreeSet<_> = ports.iter().map(Port::number).collect();
            assert_eq!(numbers.len(), ports.len());
        }
    }
}
