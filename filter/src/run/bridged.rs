//! Connections cut between two ports of a bridge. The kernel's own reset needs a route to whom it tells, which a bridge
//! may lack, and ours to the far end would leave by the routes, not by the bridge. So the segment itself becomes the
//! reset that goes on, and the one that goes back leaves by the port the segment came in by.

use std::collections::HashMap;
use std::net::IpAddr;

use minewall_core::engine::{Outcome, Verdict};
use minewall_core::evidence::Record;
use minewall_core::limits::HOSTS;
use minewall_core::wire::icmp::port_unreachable;
use minewall_core::wire::packet::Packet;
use minewall_core::wire::tcp::resets;

/// Puts resets in the place of the kernel's cut; the farewell becomes what goes back, if it does. A datagram is cut by the
/// kernel, and its sender told by us as well. The engine remembers that the connection is cut, and says so of every later segment.
pub(super) fn tell(outcome: &mut Outcome, segment: &[u8], tells_host: bool) {
    if outcome.verdict != Verdict::Cut {
        return;
    }
    let Ok(packet) = Packet::from_ip(segment) else { return };
    let Some(resets) = resets(&packet) else {
        outcome.farewell = port_unreachable(&packet, segment).filter(|_| tells_host);
        return;
    };
    outcome.verdict = match outcome.farewell.take() {
        // It opens a connection: nobody but its sender knows of it.
        None => {
            outcome.farewell = tells_host.then_some(resets.back);
            Verdict::Drop
        }
        Some(_) if tells_host => Verdict::Reset(resets),
        Some(farewell) if farewell == resets.onward => Verdict::Replace(farewell),
        Some(farewell) => {
            outcome.farewell = Some(farewell);
            Verdict::Drop
        }
    };
}

/// The hardware addresses of hosts that asked for names by a bridge: its machine need not have them among its neighbours,
/// and an answer to a host does not bear its own. Question and answer meet the same queue.
#[derive(Debug, Default)]
pub(super) struct Askers {
    known: HashMap<IpAddr, [u8; 6]>,
}

impl Askers {
    /// Remembers the sender of a packet; when there are too many, none of the former.
    pub(super) fn note(&mut self, packet: &[u8], mac: [u8; 6]) {
        let Ok(packet) = Packet::from_ip(packet) else { return };
        if self.known.len() >= HOSTS {
            self.known.clear();
        }
        self.known.insert(packet.source, mac);
    }

    /// Adds the hardware address of the host where the packet did not tell it.
    pub(super) fn complete(&self, record: &mut Record) {
        if record.source_mac.is_none() {
            record.source_mac = self.known.get(&record.source.ip).copied();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A segment from 10.0.0.5 to 192.0.2.1 without payload.
    const SEGMENT: [u8; 40] = [
        0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 5, 192, 0, 2, 1, // IPv4
        0x0f, 0xa0, 0x0d, 0x05, 0, 0, 0, 7, 0, 0, 0, 9, 0x50, 0x10, 1, 0, 0, 0, 0, 0, // TCP
    ];

    fn cut(farewell: Option<Vec<u8>>, tells_host: bool) -> Outcome {
        let mut outcome = Outcome { farewell, ..Verdict::Cut.into() };
        tell(&mut outcome, &SEGMENT, tells_host);
        outcome
    }

    #[test]
    fn the_far_end_is_told_always_and_the_host_where_it_is_to_be() {
        let both = resets(&Packet::from_ip(&SEGMENT).unwrap()).unwrap();
        let (back, onward) = (both.back.clone(), both.onward.clone());
        for farewell in [&back, &onward] {
            let told = cut(Some(farewell.clone()), true);
            assert_eq!((told.verdict, told.farewell), (Verdict::Reset(both.clone()), None));
        }
        let from_host = cut(Some(onward.clone()), false);
        assert_eq!((from_host.verdict, from_host.farewell), (Verdict::Replace(onward), None));
        let from_far_end = cut(Some(back.clone()), false);
        assert_eq!((from_far_end.verdict, from_far_end.farewell), (Verdict::Drop, Some(back.clone())));
        let opening = cut(None, true);
        assert_eq!((opening.verdict, opening.farewell), (Verdict::Drop, Some(back)));
        assert_eq!(cut(None, false).farewell, None);
    }

    #[test]
    fn few_askers_are_remembered_of_many() {
        let mut askers = Askers::default();
        let mut packet = SEGMENT;
        for host in 0..3 * HOSTS as u32 {
            packet[12..16].copy_from_slice(&host.to_be_bytes());
            askers.note(&packet, [host as u8; 6]);
            assert!(askers.known.len() <= HOSTS);
            assert_eq!(askers.known.get(&IpAddr::from(host.to_be_bytes())), Some(&[host as u8; 6]));
        }
        askers.note(b"no packet", [9; 6]);
    }

    #[test]
    fn what_is_not_cut_stays_as_it_is() {
        let mut outcome = Outcome::from(Verdict::Look);
        tell(&mut outcome, &SEGMENT, true);
        assert_eq!((outcome.verdict, outcome.farewell), (Verdict::Look, None));
    }

    #[test]
    fn a_datagram_is_left_to_the_kernel_and_its_sender_told() {
        let mut datagram = SEGMENT;
        datagram[9] = 17;
        datagram[25] = 20;
        for tells_host in [false, true] {
            let mut outcome = Outcome::from(Verdict::Cut);
            tell(&mut outcome, &datagram, tells_host);
            assert_eq!(outcome.verdict, Verdict::Cut);
            assert_eq!(outcome.farewell.is_some(), tells_host);
        }
    }
}
