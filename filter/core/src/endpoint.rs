//! One end of a flow, and what it speaks.

use core::fmt;
use core::net::IpAddr;

/// The transport protocol of the packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protocol {
    /// TCP, RFC 9293.
    Tcp,
    /// UDP, RFC 768.
    Udp,
}

impl Protocol {
    /// The word used in records (`network.transport`).
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }
}

/// One end of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Endpoint {
    /// The address as seen on the inside of the gateway.
    pub ip: IpAddr,
    /// The port.
    pub port: u16,
}

impl fmt::Display for Endpoint {
    /// As a socket address: `10.0.0.5:40000`, `[fd00::5]:40000`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        core::net::SocketAddr::new(self.ip, self.port).fmt(f)
    }
}
