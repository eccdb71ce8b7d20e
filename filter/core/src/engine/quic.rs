//! QUIC: the client's datagrams are looked at until its hello is whole.

use super::{Engine, Meta, Outcome, Skipped, Verdict, destination, report, source};
use crate::endpoint::Protocol;
use crate::flow::key::FlowKey;
use crate::flow::table::{Meeting, Settled};
use crate::inspect::Greeting;
use crate::inspect::flow::Link;
use crate::now::Now;
use crate::policy::Judgement;
use crate::wire::packet::Packet;

/// The ports whose datagrams are looked at: of HTTP (RFC 9114 section 3.1.2) and of DNS (RFC 9250 section 4.1).
pub(super) const PORTS: [u16; 2] = [443, 853];

impl Engine {
    /// Judges a datagram of a client's.
    pub(super) fn on_quic(&mut self, now: Now, meta: Meta, packet: &Packet<'_>) -> Outcome {
        let (key, side) = FlowKey::of(source(packet), destination(packet), Protocol::Udp);
        // Datagrams have no sequence numbers.
        let handle = match self.flows.meet(now.mono_ms, key, side, 0) {
            Meeting::Open(handle) => handle,
            Meeting::Settled(Settled::Cleared) => return Verdict::Clear.into(),
            Meeting::Settled(Settled::Cut) => return Verdict::Cut.into(),
        };
        let Some(flow) = self.flows.open_mut(handle) else { return Verdict::Look.into() };
        flow.set_link(side, Link { mac: meta.source_mac, interface: meta.ingress, vlan: packet.vlan });
        flow.initiator = Some(side);
        let (heard, greeting) = self.ear.hear_datagram(flow, side, packet.payload);
        let heard = report::resolver(&mut self.counters, &self.settings.policy, key, heard);
        let mut outcome = Outcome::from(Verdict::Look);
        if let Some((seen, host)) = report::choose(&mut self.counters, &self.settings.policy, now, flow, side, heard) {
            let judgement = self.graces.judge(&self.settings.policy, &seen.finding, key.end(host).ip, now);
            outcome = report::on_flow(&mut self.counters, &self.settings, self.run, now, flow, host, seen, &judgement);
            if matches!(judgement, Judgement::Block) {
                flow.quic = None;
                self.flows.settle(handle, Settled::Cut);
                return outcome;
            }
        }
        match greeting {
            Greeting::UnderWay => return outcome,
            Greeting::Other => self.counters.skip(Skipped::OtherUdp),
            Greeting::Unreadable => self.counters.skip(Skipped::UnreadableQuic),
            Greeting::Whole => {}
        }
        flow.quic = None;
        self.flows.settle(handle, Settled::Cleared);
        self.counters.cleared += 1;
        outcome.verdict = Verdict::Clear;
        outcome
    }
}
