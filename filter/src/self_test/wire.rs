//! Two network namespaces, each a thread's own, wired to this gateway. They have no names: when the threads end, however
//! the process ends, the kernel takes them away, with the interfaces at this gateway, their addresses and routes.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};

use anyhow::{Context, Result, bail};
use ipnet::Ipv4Net;
use netlink_packet_core::{NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL};
use netlink_packet_route::address::{AddressAttribute, AddressMessage};
use netlink_packet_route::link::{InfoData, InfoKind, InfoVeth, LinkAttribute, LinkFlags, LinkInfo, LinkMessage};
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteHeader, RouteMessage, RouteProtocol, RouteScope, RouteType,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use netlink_sys::protocols::NETLINK_ROUTE;
use nix::sched::{CloneFlags, unshare};
use rustix::io::Errno;
use rustix::net::{AddressFamily as Family, SocketType, socket};

use super::INTERFACES;
use crate::identity::{Netlink, Order};
use crate::routes;

/// The only interface of a namespace.
const ONLY: &str = "test0";

/// Networks for examples (RFC 5737), of which the test takes two of four addresses each: nobody routes them.
const EXAMPLES: [[u8; 3]; 3] = [[192, 0, 2], [198, 51, 100], [203, 0, 113]];

/// The last octets of the networks that are tried in each.
const PARTS: [u8; 3] = [248, 120, 64];

/// Addresses of one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Side {
    /// Of this gateway.
    pub(super) gateway: Ipv4Addr,
    /// Of the namespace.
    pub(super) end: Ipv4Addr,
}

const LENGTH: u8 = 30;

/// Two networks that no route of this gateway leads to.
///
/// # Errors
/// All are in use.
pub(super) fn free(routes: &str) -> Result<[Side; 2]> {
    // A default route leads everywhere, and nothing is there by it.
    let taken: Vec<_> = routes::of(routes).filter(|route| route.prefix_len() > 0).collect();
    let parts = EXAMPLES.iter().flat_map(|[a, b, c]| PARTS.map(|d| Ipv4Addr::new(*a, *b, *c, d)));
    let is_free = |network: &Ipv4Addr| {
        let network = Ipv4Net::new(*network, LENGTH).ok();
        network.is_some_and(|network| !taken.iter().any(|taken| taken.contains(&network) || network.contains(taken)))
    };
    let side = |network: Ipv4Addr| {
        let [a, b, c, d] = network.octets();
        Side { gateway: Ipv4Addr::new(a, b, c, d + 1), end: Ipv4Addr::new(a, b, c, d + 2) }
    };
    let mut free = parts.filter(is_free).map(side);
    match (free.next(), free.next()) {
        (Some(one), Some(other)) => Ok([one, other]),
        _ => bail!(
            "the networks for examples (192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24) are in use here: test from a \
             machine inside with --to ADDRESS:PORT"
        ),
    }
}

/// Moves this thread into a network namespace of its own; gives its number, by which others reach it.
///
/// # Errors
/// The kernel refuses.
pub(super) fn leave() -> Result<u32> {
    unshare(CloneFlags::CLONE_NEWNET).context(
        "cannot make a network namespace (CONFIG_NET_NS, CAP_SYS_ADMIN); test from a machine inside with --to ADDRESS:PORT",
    )?;
    u32::try_from(rustix::thread::gettid().as_raw_nonzero().get()).context("a thread without a number")
}

/// An interface at this gateway; taken away when it is dropped. The kernel does so too, but some time after the threads
/// have ended.
#[derive(Debug)]
pub(super) struct Link {
    name: String,
}

impl Drop for Link {
    fn drop(&mut self) {
        let mut link = LinkMessage::default();
        link.attributes = vec![LinkAttribute::IfName(self.name.clone())];
        let taken = open().and_then(|mut netlink| {
            match netlink.ask(Order::Of(RouteNetlinkMessage::DelLink(link)), NLM_F_ACK, |_| ()) {
                // The kernel was first.
                Err(error) if Errno::from_io_error(&error) == Some(Errno::NODEV) => Ok(()),
                other => Ok(other?),
            }
        });
        if let Err(error) = taken {
            eprintln!("minewall: the interface {} stays for a while ({error:#}): ip link del {0}", self.name);
        }
    }
}

/// Wires this gateway to the namespace of a thread.
///
/// # Errors
/// The kernel has no veth, or the name is taken.
pub(super) fn join(name: &str, side: Side, thread: u32) -> Result<Link> {
    let name = format!("{INTERFACES}{name}");
    let mut netlink = open()?;
    let mut peer = LinkMessage::default();
    peer.attributes = vec![LinkAttribute::IfName(ONLY.to_owned()), LinkAttribute::NetNsPid(thread)];
    let veth = InfoData::Veth(InfoVeth::Peer(peer));
    let mut link = LinkMessage::default();
    (link.header.flags, link.header.change_mask) = (LinkFlags::Up, LinkFlags::Up);
    link.attributes = vec![
        LinkAttribute::IfName(name.clone()),
        LinkAttribute::LinkInfo(vec![LinkInfo::Kind(InfoKind::Veth), LinkInfo::Data(veth)]),
    ];
    tell(&mut netlink, RouteNetlinkMessage::NewLink(link)).with_context(|| {
        format!(
            "cannot make the interface {name} (kernel module veth; OpenWrt: kmod-veth); if it is there, another self-test \
             runs or ended a moment ago: ip link del {name}"
        )
    })?;
    let link = Link { name };
    let name = &link.name;
    address(&mut netlink, name, side.gateway)?;
    // Of the test's own interface: others are left as they are.
    let path = format!("/proc/sys/net/ipv4/conf/{name}/forwarding");
    fs::write(&path, "1").with_context(|| format!("cannot let the test's packets be forwarded ({path})"))?;
    Ok(link)
}

/// Gives the end in this thread's namespace its address and its way out.
///
/// # Errors
/// The kernel refuses.
pub(super) fn settle(side: Side) -> Result<()> {
    let mut netlink = open()?;
    let mut link = LinkMessage::default();
    link.header.index = index(ONLY)?;
    (link.header.flags, link.header.change_mask) = (LinkFlags::Up, LinkFlags::Up);
    netlink
        .ask(Order::Of(RouteNetlinkMessage::SetLink(link)), NLM_F_ACK, |_| ())
        .context("cannot set an interface up")?;
    address(&mut netlink, ONLY, side.end)?;
    let mut route = RouteMessage::default();
    (route.header.address_family, route.header.table) = (AddressFamily::Inet, RouteHeader::RT_TABLE_MAIN);
    (route.header.protocol, route.header.scope) = (RouteProtocol::Static, RouteScope::Universe);
    route.header.kind = RouteType::Unicast;
    route.attributes = vec![RouteAttribute::Gateway(RouteAddress::Inet(side.gateway))];
    tell(&mut netlink, RouteNetlinkMessage::NewRoute(route)).context("cannot set a route in the test's namespace")
}

fn open() -> Result<Netlink> {
    Netlink::open(NETLINK_ROUTE).context("cannot ask the kernel for interfaces")
}

fn tell(netlink: &mut Netlink, what: RouteNetlinkMessage) -> std::io::Result<()> {
    netlink.ask(Order::Of(what), NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, |_| ())
}

fn index(name: &str) -> Result<u32> {
    let any = socket(Family::INET, SocketType::DGRAM, None).context("cannot open a socket")?;
    rustix::net::netdevice::name_to_index(&any, name).with_context(|| format!("the interface {name} is gone"))
}

fn address(netlink: &mut Netlink, name: &str, ip: Ipv4Addr) -> Result<()> {
    let mut message = AddressMessage::default();
    (message.header.family, message.header.prefix_len) = (AddressFamily::Inet, LENGTH);
    message.header.index = index(name)?;
    let ip = IpAddr::V4(ip);
    message.attributes = vec![AddressAttribute::Local(ip), AddressAttribute::Address(ip)];
    tell(netlink, RouteNetlinkMessage::NewAddress(message))
        .with_context(|| format!("cannot give {name} the address {ip}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_that_are_in_use_are_left_alone() {
        let head = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n";
        let line = |network: Ipv4Net| {
            let hex = |ip: Ipv4Addr| format!("{:08X}", u32::from_ne_bytes(ip.octets()));
            format!("wan0\t{}\t00000000\t0001\t0\t0\t0\t{}\t0\t0\t0\n", hex(network.network()), hex(network.netmask()))
        };
        let routes =
            |all: &[&str]| head.to_owned() + &all.iter().map(|net| line(net.parse().unwrap())).collect::<String>();
        let ends = |text: &str| free(text).unwrap().map(|side| side.end.to_string());
        assert_eq!(ends(&routes(&[])), ["192.0.2.250", "192.0.2.122"]);
        assert_eq!(ends(&routes(&["0.0.0.0/0", "203.0.113.0/24"])), ["192.0.2.250", "192.0.2.122"]);
        assert_eq!(ends(&routes(&["192.0.2.0/24"])), ["198.51.100.250", "198.51.100.122"]);
        assert_eq!(ends(&routes(&["192.0.2.250/32", "192.0.2.64/26"])), ["198.51.100.250", "198.51.100.122"]);
        let error = free(&routes(&["192.0.2.0/24", "198.51.100.0/24", "203.0.0.0/8"])).unwrap_err().to_string();
        assert!(error.contains("--to"), "{error}");
    }
}
