//! DNS over UDP: each question is judged by itself, and refused by an answer of our own; so is each answer that leads to
//! a listed name.

use alloc::vec::Vec;

use super::grace::Graces;
use super::{Engine, Meta, Outcome, Skipped, Verdict, destination, report, source};
use crate::endpoint::{Endpoint, Protocol};
use crate::inspect::flow::Link;
use crate::inspect::{Answered, Asked, answer, question};
use crate::limits::QUESTIONS_NOTED;
use crate::now::Now;
use crate::policy::{DnsAnswer, Judgement, Policy};
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
        let judgement = self.graces.judge(&self.settings.policy, &asked.finding, host.ip, now);
        self.noted.note(host, packet.payload, judgement.severity());
        let verdict = match &judgement {
            Judgement::Block => {
                refuse(self.settings.policy.dns, packet.payload, host, server).map_or(Verdict::Drop, Verdict::Answer)
            }
            Judgement::Grace(_) | Judgement::Ignore | Judgement::Observe(_) => Verdict::Watch,
        };
        let seen = report::Sighting { finding: asked.finding, protocol: Some("dns"), question: Some(asked.question) };
        let place = place(host, server, Link { mac: meta.source_mac, interface: meta.ingress, vlan: packet.vlan });
        let record = report::record(&mut self.counters, &self.settings, self.run, now, place, seen, &judgement);
        Outcome { record, ..verdict.into() }
    }

    /// Judges an answer: whether the question leads to a listed name, and the question itself where it was not seen.
    pub(super) fn on_answer(&mut self, now: Now, meta: Meta, packet: &Packet<'_>) -> Outcome {
        self.counters.answers += 1;
        if !self.settings.policy.reads_answers {
            return Verdict::Look.into();
        }
        let (host, server) = (destination(packet), source(packet));
        let Ok(answered) = answer(&self.ear.lists, packet.payload) else {
            self.counters.skip(Skipped::UnreadableDns);
            return Verdict::Look.into();
        };
        let passes = Outcome { is_answer: true, ..Verdict::Look.into() };
        if answered.question.is_none() && answered.hidden.is_none() {
            return passes;
        }
        let passes = Outcome { teaches: true, ..passes };
        let before = self.noted.severity(host, packet.payload);
        let Some((asked, judgement)) =
            weightier((&self.settings.policy, &mut self.graces), now, host, answered, before)
        else {
            return passes;
        };
        self.counters.find(asked.finding.layer);
        let verdict = match &judgement {
            Judgement::Block => dns::answer::asked(packet.payload)
                .and_then(|question| refuse(self.settings.policy.dns, &question, host, server))
                .map_or(Verdict::Drop, Verdict::Replace),
            Judgement::Grace(_) | Judgement::Ignore | Judgement::Observe(_) => Verdict::Watch,
        };
        let seen = report::Sighting { finding: asked.finding, protocol: Some("dns"), question: Some(asked.question) };
        // The packet comes from the other side: only its way out tells where the host stands.
        let place = place(host, server, Link { mac: None, interface: meta.egress, vlan: packet.vlan });
        let record = report::record(&mut self.counters, &self.settings, self.run, now, place, seen, &judgement);
        let is_answer = verdict == Verdict::Watch;
        Outcome { is_answer, teaches: is_answer, record, ..verdict.into() }
    }
}

/// Where a message over UDP was seen.
const fn place(host: Endpoint, server: Endpoint, link: Link) -> report::Place {
    report::Place { host, far: server, far_name: None, server_name: None, transport: Protocol::Udp, link }
}

/// Of the findings about an answer, the one that is judged more severely; none where the question had been judged as
/// severely `before`, when it was asked.
fn weightier<'a>(
    (policy, graces): (&'a Policy, &mut Graces),
    now: Now,
    host: Endpoint,
    answered: Answered,
    before: Option<u8>,
) -> Option<(Asked, Judgement<'a>)> {
    let mut judge = |asked: Asked| {
        let judgement = graces.judge(policy, &asked.finding, host.ip, now);
        (asked, judgement)
    };
    let question = answered.question.filter(|_| before.is_none()).map(&mut judge);
    let hidden = answered.hidden.map(judge);
    let severity = |found: &Option<(Asked, Judgement<'_>)>| found.as_ref().map(|(_, how)| how.severity());
    let chosen = if severity(&hidden) > severity(&question) { hidden } else { question };
    chosen.filter(|(_, judgement)| before.is_none_or(|before| judgement.severity() > before))
}

/// The listed questions judged last.
#[derive(Debug)]
pub(super) struct Noted {
    places: [Option<Asker>; QUESTIONS_NOTED],
    next: usize,
}

#[derive(Clone, Copy, Debug)]
struct Asker {
    host: Endpoint,
    id: [u8; 2],
    severity: u8,
}

impl Default for Noted {
    fn default() -> Self {
        Self { places: [None; QUESTIONS_NOTED], next: 0 }
    }
}

impl Noted {
    fn note(&mut self, host: Endpoint, message: &[u8], severity: u8) {
        let Some(id) = message.first_chunk().copied() else { return };
        if let Some(place) = self.places.get_mut(self.next) {
            *place = Some(Asker { host, id, severity });
        }
        self.next = (self.next + 1) % QUESTIONS_NOTED;
    }

    /// How severely the question was judged that this message answers.
    fn severity(&self, host: Endpoint, message: &[u8]) -> Option<u8> {
        let id = message.first_chunk()?;
        self.places.iter().flatten().find(|asker| asker.host == host && asker.id == *id).map(|asker| asker.severity)
    }
}

/// The answer to a refused question, as a packet from the server that was asked; none if it cannot be made.
fn refuse(answer: DnsAnswer, question: &[u8], host: Endpoint, server: Endpoint) -> Option<Vec<u8>> {
    let message = match answer {
        DnsAnswer::Drop => None,
        DnsAnswer::Nxdomain => dns::answer::nxdomain(question, SAID),
        DnsAnswer::Sinkhole(v4, v6) => dns::answer::sinkhole(question, v4, v6, SINKHOLE_TTL, SAID),
    };
    udp::packet((server.ip, server.port).into(), (host.ip, host.port).into(), &message?)
}
