//! From a finding to a record: which end is the host inside, what is known of it, what was done.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};

use super::{Counters, Outcome, Settings, Verdict, observer};
use crate::endpoint::{Endpoint, Protocol};
use crate::evidence::{Action, Exemption, Question, Record};
use crate::finding::{Finding, Layer, PoolSource, Said, Subject, Word};
use crate::flow::key::{FlowKey, Side};
use crate::inspect::flow::{Link, OpenFlow};
use crate::inspect::{Heard, Listed, settle};
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

/// Of what was heard and the lists' words on the flow, the one that is judged most severely, and the host inside; what
/// was heard where it is among them. A list's word that is not chosen comes up again.
pub(super) fn choose(
    counters: &mut Counters,
    policy: &Policy,
    now: Now,
    flow: &mut OpenFlow,
    side: Side,
    heard: Heard,
) -> Option<(Sighting, Side)> {
    let Heard { finding, miner, protocol, question, .. } = heard;
    let severity = |finding: &Finding, host: Side| {
        let end = flow.key().map(|key| key.end(host).ip);
        end.map_or(0, |ip| policy.judge(finding, ip, now).severity())
    };
    let spoken = finding.map(|finding| (finding, host(policy, flow, miner, side)));
    let weight = spoken.as_ref().map(|(finding, host)| severity(finding, *host));
    let words = flow.listed.iter().enumerate().filter(|(_, listed)| !listed.is_told);
    let words = words.filter(|(_, listed)| !is_from_outside(policy, flow, listed));
    let words = words.map(|(place, listed)| {
        let host = host(policy, flow, Some(listed.miner), side);
        (severity(&listed.finding, host), core::cmp::Reverse(place), host)
    });
    // Of equal ones the first that came up.
    let word =
        words.max_by_key(|(severity, place, _)| (*severity, *place)).filter(|word| weight.is_none_or(|of| word.0 > of));
    let chosen = match word {
        Some((_, core::cmp::Reverse(place), host)) => {
            let listed = flow.listed.get_mut(place)?;
            listed.is_told = true;
            (Sighting { finding: listed.finding.clone(), protocol: listed.protocol, question: None }, host)
        }
        None => {
            let (finding, host) = spoken?;
            let question = question.map(|asked| asked.question);
            (Sighting { finding, protocol, question }, host)
        }
    };
    counters.find(chosen.0.finding.layer);
    Some(chosen)
}

/// Whether somebody outside named a listed host to a server inside: a scan for open proxies, which says nothing of that
/// server.
fn is_from_outside(policy: &Policy, flow: &OpenFlow, listed: &Listed) -> bool {
    let inside = |side| flow.key().is_some_and(|key| policy.inside.contains(key.end(side).ip));
    listed.finding.layer != Layer::Address && inside(listed.miner.other()) && !inside(listed.miner)
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
        Judgement::Grace(_) | Judgement::Ignore | Judgement::Observe(_) => Verdict::Watch,
    };
    let Some(key) = flow.key() else { return verdict.into() };
    if flow.reported >= RECORDS_PER_FLOW {
        counters.suppressed += 1;
        return verdict.into();
    }
    flow.reported += 1;
    let mut seen = seen;
    if seen.finding.subject == Subject::Protocol {
        name_pool(flow, &mut seen.finding.said);
    }
    let place = Place {
        host: key.end(host),
        far: key.end(host.other()),
        far_name: flow
            .target
            .as_ref()
            .and_then(|target| target.name.clone())
            .or_else(|| flow.server_name().map(String::from)),
        server_name: flow.server_name().filter(|_| flow.is_greeted).map(String::from),
        transport: key.protocol(),
        link: flow.link(host),
    };
    Outcome { record: record(counters, settings, run, now, place, seen, judgement), ..verdict.into() }
}

/// Names the pool by what the flow asked for, and adds the coins lists give for it.
fn name_pool(flow: &OpenFlow, said: &mut Said) {
    if let Some(name) = flow.target.as_ref().and_then(|target| target.name.as_deref()) {
        said.name_pool(name, PoolSource::Proxy);
    } else if let Some(name) = flow.server_name() {
        said.name_pool(name, if flow.is_greeted { PoolSource::Sni } else { PoolSource::Http });
    }
    let coins = flow.listed.iter().find_map(|listed| listed.finding.said.get(Word::ListedCoins));
    if let Some(coins) = coins.filter(|_| said.get(Word::ListedCoins).is_none()) {
        said.put(Word::ListedCoins, coins);
    }
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
    let (action, exempt, grace_until_us) = match judgement {
        Judgement::Block => (Action::Blocked, None, None),
        Judgement::Grace(until_us) => (Action::Observed, None, Some(*until_us)),
        Judgement::Ignore => return None,
        Judgement::Observe(exempt) => (Action::Observed, *exempt, None),
    };
    counters.records += 1;
    counters.tests += u64::from(seen.finding.is_test());
    let mut record = Box::new(Record {
        time_us: now.wall_us,
        id: format!("{run:016x}-{:x}", counters.records),
        action,
        source: place.host,
        source_mac: place.link.mac,
        who: None,
        nat: None,
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
        grace_until_us,
    });
    settle(&mut record);
    Some(record)
}

fn exemption(exempt: &Exempt) -> Exemption {
    Exemption {
        owner: exempt.owner.clone(),
        reason: exempt.reason.clone(),
        expires: exempt.expires.map(|date| date.to_string()),
    }
}
