//! DNS questions over UDP: each is judged by itself, and refused by an answer of our own.

use super::{Engine, Meta, Outcome, Skipped, Verdict, destination, report, source};
use crate::endpoint::{Endpoint, Protocol};
use crate::inspect::flow::Link;
use crate::inspect::question;
use crate::now::Now;
use crate::policy::{DnsAnswer, Judgement};
use crate::wire::packet::Packet;
use crate::wire::{dns, udp};

/// Seconds a sinkhole address may be cached.
const SINKHOLE_TTL: u32 = 60;

/// What tools show of the reason (RFC 8914 section 2).
const SAID: &str = "listed for cryptocurrency mining";

impl Engine {
    pub(super) fn on_question(&mut self, now: Now, meta: Meta, packet: &Packet<'_>) -> Outcome {
        self.counters.questions += 1;
        let asked = match question(&self.ear.lists, packet.payload) {
            Ok(Some(asked)) => asked,
            Ok(None) => return Verdict::Look.into(),
            Err(_) => {
                self.counters.skip(Skipped::UnreadableDns);
                return Verdict::Look.into();
            }
        };
        self.counters.find(asked.finding.layer);
        let (host, server) = (source(packet), destination(packet));
        let judgement = self.settings.policy.judge(&asked.finding, host.ip, now);
        let verdict = match &judgement {
            Judgement::Block => refuse(self.settings.policy.dns, packet.payload, host, server),
            Judgement::Ignore | Judgement::Observe(_) => Verdict::Watch,
        };
        let seen = report::Sighting { finding: asked.finding, protocol: Some("dns"), question: Some(asked.question) };
        let place = report::Place {
            host,
            far: server,
            far_name: None,
            server_name: None,
            transport: Protocol::Udp,
            link: Link { mac: meta.source_mac, interface: meta.ingress, vlan: packet.vlan },
        };
        let record = report::record(&mut self.counters, &self.settings, self.run, now, place, seen, &judgement);
        Outcome { verdict, record }
    }
}

/// The answer to a refused question, as a packet from the server that was asked; none if it cannot be made.
fn refuse(answer: DnsAnswer, question: &[u8], host: Endpoint, server: Endpoint) -> Verdict {
    let message = match answer {
        DnsAnswer::Drop => None,
        DnsAnswer::Nxdomain => dns::answer::nxdomain(question, SAID),
        DnsAnswer::Sinkhole(v4, v6) => dns::answer::sinkhole(question, v4, v6, SINKHOLE_TTL, SAID),
    };
    let packet = message.and_then(|message| {
        let (from, to) = ((server.ip, server.port).into(), (host.ip, host.port).into());
        udp::packet(from, to, &message)
    });
    packet.map_or(Verdict::Drop, Verdict::Answer)
}
