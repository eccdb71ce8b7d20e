//! The kernel's neighbour table, for hosts of which no packet of their own was seen, and its routes: whether a host is on
//! a link of this gateway, or behind another router.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use minewall_core::limits::HOSTS;
use netlink_packet_core::NLM_F_DUMP;
use netlink_packet_route::AddressFamily;
use netlink_packet_route::neighbour::{NeighbourAddress, NeighbourAttribute, NeighbourMessage, NeighbourState};
use netlink_packet_route::route::{RouteAddress, RouteAttribute, RouteHeader, RouteMessage, RouteVia};
use netlink_sys::protocols::NETLINK_ROUTE;

use super::netlink::Netlink;
use super::rtnetlink::Message;

/// How long what was read of the table holds: a host that comes back under another address is known anew within this time.
const HOLDS: Duration = Duration::from_secs(30);

/// How long it holds when a host is not in it: it may have come just now. Reading 1,000 neighbours takes the kernel a
/// millisecond.
const MISSING: Duration = Duration::from_secs(1);

/// Neighbours kept: what a large bridged campus has on its links, 3 MiB.
const NEIGHBOURS: usize = 65_536;

/// The table, and routes asked for lately.
#[derive(Debug, Default)]
pub(super) struct Neighbours {
    netlink: Option<Netlink>,
    known: HashMap<IpAddr, [u8; 6]>,
    /// Addresses of the link may stand for another neighbour on each.
    on_links: HashSet<(IpAddr, [u8; 6])>,
    read: Option<Instant>,
    /// The router on the way to a host.
    routed: HashMap<IpAddr, (Instant, Option<IpAddr>)>,
    is_told: bool,
    /// Whether nothing is asked: of a capture, which was made elsewhere.
    is_off: bool,
}

impl Neighbours {
    /// One that knows nobody.
    pub(super) fn off() -> Self {
        Self { is_off: true, ..Self::default() }
    }

    /// The hardware address of a neighbour; none if it is not on a link of this gateway.
    pub(super) fn hardware_address(&mut self, host: IpAddr, now: Instant) -> Option<[u8; 6]> {
        self.look(now, HOLDS);
        if !self.known.contains_key(&host) {
            self.look(now, MISSING);
        }
        self.known.get(&host).copied()
    }

    /// The addresses of a hardware address.
    pub(super) fn addresses(&mut self, mac: [u8; 6], now: Instant) -> impl Iterator<Item = IpAddr> {
        self.look(now, HOLDS);
        self.known.iter().filter(move |(_, of)| **of == mac).map(|(ip, _)| *ip)
    }

    /// Whether packets to the host go by the neighbour with this hardware address, which is then a router's. (Elsewhere,
    /// as on a bridge that has an address of its own, routes say nothing of where packets come from.)
    pub(super) fn is_by(&mut self, mac: [u8; 6], host: IpAddr, now: Instant) -> bool {
        let Some(router) = self.router(host, now) else { return false };
        self.hardware_address(router, now) == Some(mac) || self.on_links.contains(&(router, mac))
    }

    /// The next router on the way to the host.
    fn router(&mut self, host: IpAddr, now: Instant) -> Option<IpAddr> {
        if let Some((since, router)) = self.routed.get(&host)
            && now.duration_since(*since) < HOLDS
        {
            return *router;
        }
        if self.routed.len() >= HOSTS {
            self.routed.retain(|_, (since, _)| now.duration_since(*since) < HOLDS);
        }
        if self.routed.len() >= HOSTS {
            return None;
        }
        let mut router = None;
        self.ask(Message::Route(route_to(host)), 0, |message| {
            if let Message::Route(route) = message {
                router = route.attributes.iter().find_map(by);
            }
        });
        self.routed.insert(host, (now, router));
        router
    }

    /// Reads the table, unless what was read is not so old.
    fn look(&mut self, now: Instant, holds: Duration) {
        if self.read.is_some_and(|read| now.duration_since(read) < holds) {
            return;
        }
        self.read = Some(now);
        let (mut known, mut on_links) = (HashMap::new(), HashSet::new());
        let all = Message::Neighbour(NeighbourMessage::default());
        let is_read = self.ask(all, NLM_F_DUMP, |message| {
            if let Message::Neighbour(neighbour) = message
                && known.len() < NEIGHBOURS
                && let Some((ip, mac)) = read(&neighbour)
            {
                known.insert(ip, mac);
                if matches!(ip, IpAddr::V6(v6) if v6.is_unicast_link_local()) {
                    on_links.insert((ip, mac));
                }
            }
        });
        if is_read {
            (self.known, self.on_links) = (known, on_links);
        }
    }

    /// Asks; whether it was answered.
    fn ask(&mut self, question: Message, flags: u16, take: impl FnMut(Message)) -> bool {
        if self.is_off {
            return false;
        }
        let opened = self.netlink.take().map_or_else(|| Netlink::open(NETLINK_ROUTE), Ok);
        let answered = opened.and_then(|mut netlink| {
            let answered = netlink.ask(question, flags, take);
            self.netlink = Some(netlink);
            answered
        });
        match answered {
            Ok(()) => true,
            // That there is no route is an answer.
            Err(error) => {
                if flags == NLM_F_DUMP && !std::mem::replace(&mut self.is_told, true) {
                    tracing::warn!(%error, "the kernel's neighbour table cannot be read");
                }
                false
            }
        }
    }
}

/// A neighbour that is one: others are asked for in vain, or are groups.
fn read(neighbour: &NeighbourMessage) -> Option<(IpAddr, [u8; 6])> {
    let state = neighbour.header.state;
    if matches!(
        state,
        NeighbourState::Incomplete | NeighbourState::Failed | NeighbourState::Noarp | NeighbourState::None
    ) {
        return None;
    }
    let ip = neighbour.attributes.iter().find_map(|attribute| match attribute {
        NeighbourAttribute::Destination(NeighbourAddress::Inet(v4)) => Some(IpAddr::V4(*v4)),
        NeighbourAttribute::Destination(NeighbourAddress::Inet6(v6)) => Some(IpAddr::V6(*v6)),
        _ => None,
    })?;
    let mac = neighbour.attributes.iter().find_map(|attribute| match attribute {
        NeighbourAttribute::LinkLayerAddress(bytes) => bytes.as_slice().try_into().ok(),
        _ => None,
    })?;
    Some((ip, mac))
}

/// The router a route goes by.
fn by(attribute: &RouteAttribute) -> Option<IpAddr> {
    match attribute {
        RouteAttribute::Gateway(RouteAddress::Inet(v4)) | RouteAttribute::Via(RouteVia::Inet(v4)) => Some((*v4).into()),
        RouteAttribute::Gateway(RouteAddress::Inet6(v6)) | RouteAttribute::Via(RouteVia::Inet6(v6)) => {
            Some((*v6).into())
        }
        _ => None,
    }
}

/// The question for the route to a host.
fn route_to(host: IpAddr) -> RouteMessage {
    let mut header = RouteHeader::default();
    (header.address_family, header.destination_prefix_length) = match host {
        IpAddr::V4(_) => (AddressFamily::Inet, 32),
        IpAddr::V6(_) => (AddressFamily::Inet6, 128),
    };
    let mut message = RouteMessage::default();
    message.header = header;
    message.attributes = vec![RouteAttribute::Destination(RouteAddress::from(host))];
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    fn neighbour(state: NeighbourState, attributes: Vec<NeighbourAttribute>) -> NeighbourMessage {
        let mut message = NeighbourMessage::default();
        message.header.state = state;
        message.attributes = attributes;
        message
    }

    #[test]
    fn only_neighbours_that_answered_are_taken() {
        let all = || {
            vec![
                NeighbourAttribute::Destination(NeighbourAddress::Inet([10, 0, 0, 2].into())),
                NeighbourAttribute::LinkLayerAddress(vec![2, 0, 0, 10, 0, 255]),
            ]
        };
        let one = Some((IpAddr::from([10, 0, 0, 2]), [2, 0, 0, 10, 0, 255]));
        for state in [NeighbourState::Reachable, NeighbourState::Stale, NeighbourState::Permanent] {
            assert_eq!(read(&neighbour(state, all())), one);
        }
        for state in [NeighbourState::Failed, NeighbourState::Incomplete, NeighbourState::Noarp] {
            assert_eq!(read(&neighbour(state, all())), None);
        }
        assert_eq!(read(&neighbour(NeighbourState::Reachable, all().split_off(1))), None);
        let tunnel = NeighbourAttribute::LinkLayerAddress(vec![10, 0, 0, 1]);
        assert_eq!(read(&neighbour(NeighbourState::Reachable, vec![all().swap_remove(0), tunnel])), None);
    }

    #[test]
    fn the_kernel_answers_and_what_it_said_holds_for_a_while() {
        let mut neighbours = Neighbours::default();
        let start = Instant::now();
        let nobody: IpAddr = "192.0.2.77".parse().unwrap();
        assert_eq!(neighbours.hardware_address(nobody, start), None);
        assert!(!neighbours.is_told, "the table was read");
        let read = |neighbours: &Neighbours| neighbours.read.unwrap();
        neighbours.hardware_address(nobody, start + MISSING / 2);
        assert_eq!(read(&neighbours), start);
        neighbours.hardware_address(nobody, start + MISSING);
        assert_eq!(read(&neighbours), start + MISSING);
        assert!(!neighbours.is_by([2; 6], "127.0.0.1".parse().unwrap(), start));
        assert!(!neighbours.is_by([2; 6], "::1".parse().unwrap(), start));
        for n in 0..10_000_u32 {
            neighbours.routed.insert(IpAddr::from(n.to_be_bytes()), (start, None));
        }
        neighbours.router(nobody, start + 2 * HOLDS);
        assert!(neighbours.routed.len() <= HOSTS, "old answers are forgotten");
    }
}
