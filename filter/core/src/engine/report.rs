//! From a finding to a record: which end is the host inside, what is known of it, what was done.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};

use super::{Counters, Outcome, Settings, Verdict, observer};
use crate::endpoint::{Endpoint, Protocol};
use crate::evidence::{Action, Exemption, Question, Record};
use crate::finding::Finding;
use crate::flow::key::{FlowKey, Side};
use crate::inspect::Heard;
use crate::inspect::flow::{Link, OpenFlow};
use crate::limits::RECORDS_PER_FLOW;
use crate::now::Now;
use crate::policy::{CategoryAction, Exempt, Judgement, Policy};

/// The port of DNS over TLS (RFC 7858 section 3.1).
const DNS_OVER_TLS: u16 = 853;

/// What was seen.
pub(super) struct Sighting {
    pub(super) finding: Finding,
    pub(super) protocol: Option<&'static str>,
    pub(super) question: Option<Question>,
}

/// Where it was seen.
pub(super) struct Place {
    pub(super) host: Endpoint,
    pub(super) far: Endpoint,
    pub(super) far_name: Option<String>,
    pub(super) server_name: Option<String>,
    pub(super) transport: Protocol,
    pub(super) link: Link,
}

/// The side of the host inside: the one with an inside address; where both or none has one, the side that mines, or
/// else the one that opened the connection, or else the one that spoke.
pub(super) fn host(policy: &Policy, flow: &OpenFlow, miner: Option<Side>, speaker: Side) -> Side {
    let inside = |side| flow.key().is_some_and(|key| policy.inside.contains(key.end(side).ip));
    match (inside(Side::Low), inside(Side::High)) {
        (true, false) => Side::Low,
        (false, true) => Side::High,
        _ => miner.or(flow.initiator).unwrap_or(speaker),
    }
}

/// Counts a resolver for encrypted DNS, and takes it for what was heard where policy wants to know of it and nothing
/// else was heard.
pub(super) fn resolver(counters: &mut Counters, policy: &Policy, key: FlowKey, heard: Heard) -> Heard {
    let Heard { finding, resolver, miner, .. } = heard;
    let is_tls = [Side::Low, Side::High].into_iter().any(|side| key.end(side).port == DNS_OVER_TLS);
    let count = match key.protocol() {
        Protocol::Udp => &mut counters.dns_over_quic,
        Protocol::Tcp if is_tls => &mut counters.dns_over_tls,
        Protocol::Tcp => &mut counters.dns_over_https,
    };
    *count += u64::from(resolver.is_some());
    let resolver = resolver.filter(|_| policy.categories.resolver != CategoryAction::Ignore);
    Heard { finding: finding.or_else(|| resolver.map(|finding| *finding)), resolver: None, miner, ..heard }
}

/// Of what was heard and the list's word on the far address, the one that is judged more severely, and the host inside;
/// what was heard where both are judged alike. A list's word that is not chosen comes up again.
pub(super) fn choose(
    counters: &mut Counters,
    policy: &Policy,
    now: Now,
    flow: &mut OpenFlow,
    side: Side,
    heard: Heard,
) -> Option<(Sighting, Side)> {
    if heard.finding.is_none() && heard.listed.is_none() {
        return None;
    }
    let Heard { finding, listed, miner, protocol, question, .. } = heard;
    let question = question.map(|asked| asked.question);
    let speech = finding.map(|finding| (Sighting { finding, protocol, question }, host(policy, flow, miner, side)));
    let address = listed.map(|listed| {
        let (finding, miner) = *listed;
        (Sighting { finding, protocol: None, question: None }, host(policy, flow, Some(miner), side))
    });
    let severity = |seen: &Option<(Sighting, Side)>| {
        let key = flow.key()?;
        let (seen, host) = seen.as_ref()?;
        Some(policy.judge(&seen.finding, key.end(*host).ip, now).severity())
    };
    let is_address = severity(&address) > severity(&speech);
    flow.address_known |= is_address;
    let chosen = if is_address { address } else { speech }?;
    counters.find(chosen.0.finding.layer);
    Some(chosen)
}

/// Judgement on a flow: the verdict, and the record if this flow has not given its share of them.
#[expect(clippy::too_many_arguments, reason = "the parts of the engine are borrowed one by one")]
pub(super) fn on_flow(
    counters: &mut Counters,
    settings: &Settings,
    run: u64,
    now: Now,
    flow: &mut OpenFlow,
    host: Side,
    seen: Sighting,
    judgement: &Judgement<'_>,
) -> Outcome {
    let verdict = match judgement {
        Judgement::Block => {
            counters.cut += 1;
            Verdict::Cut
        }
        Judgement::Ignore | Judgement::Observe(_) => Verdict::Watch,
    };
    let Some(key) = flow.key() else { return verdict.into() };
    if flow.reported >= RECORDS_PER_FLOW {
        counters.suppressed += 1;
        return verdict.into();
    }
    flow.reported += 1;
    let place = Place {
        host: key.end(host),
        far: key.end(host.other()),
        far_name: flow.server_name.clone(),
        server_name: flow.server_name.clone(),
        transport: key.protocol(),
        link: flow.link(host),
    };
    Outcome { record: record(counters, settings, run, now, place, seen, judgement), ..verdict.into() }
}

/// The record of a sighting; none if policy does not want one.
pub(super) fn record(
    counters: &mut Counters,
    settings: &Settings,
    run: u64,
    now: Now,
    place: Place,
    seen: Sighting,
    judgement: &Judgement<'_>,
) -> Option<Box<Record>> {
    let (action, exempt) = match judgement {
        Judgement::Block => (Action::Blocked, None),
        Judgement::Ignore => return None,
        Judgement::Observe(exempt) => (Action::Observed, *exempt),
    };
    counters.records += 1;
    Some(Box::new(Record {
        time_us: now.wall_us,
        id: format!("{run:016x}-{:x}", counters.records),
        action,
        source: place.host,
        source_mac: place.link.mac,
        destination: place.far,
        destination_domain: place.far_name,
        transport: place.transport,
        protocol: seen.protocol.unwrap_or_else(|| place.transport.as_str()),
        question: seen.question,
        server_name: place.server_name,
        vlan: place.link.vlan,
        observer: observer(settings),
        interface_index: place.link.interface,
        interface: None,
        finding: seen.finding,
        exemption: exempt.map(exemption),
    }))
}

fn exemption(exempt: &Exempt) -> Exemption {
    Exemption {
        owner: exempt.owner.clone(),
        reason: exempt.reason.clone(),
        expires: exempt.expires.map(|date| date.to_string()),
    }
}
