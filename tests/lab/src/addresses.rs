//! Who has which address. Inside is private space; outside is documentation space (RFC 5737, RFC 3849), so no
//! mistake can reach a real machine.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The host inside.
pub const HOST_V4: Ipv4Addr = Ipv4Addr::new(10, 80, 0, 2);
/// The host inside, unique local (RFC 4193).
pub const HOST_V6: Ipv6Addr = Ipv6Addr::new(0xfd80, 0, 0, 0, 0, 0, 0, 2);
/// The host's link address.
pub const HOST_MAC: &str = "02:80:00:00:00:02";

/// The gateway as the host sees it; its resolver listens here.
pub const GATEWAY_INSIDE_V4: Ipv4Addr = Ipv4Addr::new(10, 80, 0, 1);
/// The gateway as the host sees it.
pub const GATEWAY_INSIDE_V6: Ipv6Addr = Ipv6Addr::new(0xfd80, 0, 0, 0, 0, 0, 0, 1);
/// The address everything inside appears as after NAT.
pub const GATEWAY_OUTSIDE_V4: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 1);
/// The address everything inside appears as after NAT.
pub const GATEWAY_OUTSIDE_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);

/// Every server on the internet.
pub const INTERNET_V4: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 2);
/// Every server on the internet.
pub const INTERNET_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2);

/// The gateway's interface towards the first host.
pub const LAN: &str = "lan0";
/// The gateway's interface towards the internet.
pub const WAN: &str = "wan0";
/// The bridge of a bridged lab's gateway.
pub const BRIDGE: &str = "br0";
/// The only interface of a host and of the internet.
pub const ONLY: &str = "eth0";

/// A version of the internet protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::V4, Self::V6];

    /// The first host's address.
    #[must_use]
    pub const fn host(self) -> IpAddr {
        self.pick(HOST_V4, HOST_V6)
    }

    /// The gateway's inside address.
    #[must_use]
    pub const fn gateway_inside(self) -> IpAddr {
        self.pick(GATEWAY_INSIDE_V4, GATEWAY_INSIDE_V6)
    }

    /// The gateway's outside address, which is also the NAT address.
    #[must_use]
    pub const fn gateway_outside(self) -> IpAddr {
        self.pick(GATEWAY_OUTSIDE_V4, GATEWAY_OUTSIDE_V6)
    }

    /// The internet's address.
    #[must_use]
    pub const fn internet(self) -> IpAddr {
        self.pick(INTERNET_V4, INTERNET_V6)
    }

    const fn pick(self, v4: Ipv4Addr, v6: Ipv6Addr) -> IpAddr {
        match self {
            Self::V4 => IpAddr::V4(v4),
            Self::V6 => IpAddr::V6(v6),
        }
    }
}
