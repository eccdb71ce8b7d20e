//! Real servers from Debian packages, each a guard that stops its server when dropped.

mod names;
mod proxies;
mod resolver;
mod web;

pub use names::{CLOAKED, NameServer};
pub use proxies::{HTTP_PORT, Proxies, SOCKS_LOGIN, SOCKS_LOGIN_PORT, SOCKS_PORT};
pub use resolver::Resolver;
pub use web::{BIG_BYTES, PAGE, WebServer};

use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use crate::addresses::Family;
use crate::dns;
use crate::lab::unspecified;
use crate::namespace::Namespace;

/// How long a server may take to serve.
const START: Duration = Duration::from_secs(20);

/// A name every server of the lab must answer once it is up.
const PROBE_NAME: &str = "ready.example.org";

/// Whether `address` accepts a connection made in `namespace`.
fn accepts(namespace: &Namespace, address: IpAddr, port: u16) -> bool {
    let address = SocketAddr::new(address, port);
    namespace.run(|| TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_ok())
}

/// Whether `server` answers a question over UDP asked from `namespace`.
fn resolves(namespace: &Namespace, server: IpAddr) -> bool {
    let family = if server.is_ipv4() { Family::V4 } else { Family::V6 };
    let ask = || -> std::io::Result<bool> {
        let socket = namespace.run(|| UdpSocket::bind((unspecified(family), 0)))?;
        socket.set_read_timeout(Some(Duration::from_millis(200)))?;
        socket.connect((server, 53))?;
        socket.send(&dns::question(0x1ab0, PROBE_NAME, 1))?;
        let mut answer = [0; 512];
        let length = socket.recv(&mut answer)?;
        Ok(dns::answers(&answer[..length], 0x1ab0))
    };
    ask().unwrap_or(false)
}
