//! DNS questions for listed names are refused by whom they were put to; all others are answered.

use std::net::IpAddr;

use anyhow::Result;
use minewall_lab::addresses::{Family, INTERNET_V4, INTERNET_V6};
use minewall_lab::service::{NameServer, Resolver};
use minewall_lab::{Lab, Minewall, kernel, ready};
use serde_json::Value;

use super::{LIMIT, POOLS, dig, foreign_rules, mac_in_records, records_after, start, text_at};

/// Types of questions; a pool's address may be learned from each.
const TYPES: [&str; 4] = ["A", "AAAA", "HTTPS", "TXT"];

/// A lab with both name servers and minewall. Dropped in this order.
pub(super) struct Scene {
    pub(super) minewall: Minewall,
    resolver: Resolver,
    _names: NameServer,
    pub(super) lab: Lab,
}

impl Scene {
    pub(super) fn new(mode: &str, more: &str) -> Result<Self> {
        let lab = Lab::new()?;
        let names = NameServer::start(&lab)?;
        let resolver = Resolver::start(&lab)?;
        let minewall = start(&lab, mode, more)?;
        Ok(Self { minewall, resolver, _names: names, lab })
    }

    /// Those who can be asked: the internet's server through the gateway, and the gateway itself.
    pub(super) fn servers() -> [IpAddr; 4] {
        let [four, six] = Family::BOTH;
        [four.internet(), four.gateway_inside(), six.internet(), six.gateway_inside()]
    }

    /// An allowed name resolves at `server`.
    pub(super) fn must_resolve(&self, server: IpAddr, arguments: &[&str]) -> Result<()> {
        for (kind, address) in [("A", INTERNET_V4.to_string()), ("AAAA", INTERNET_V6.to_string())] {
            let said = dig(&self.lab.host, server, &[arguments, &["+short", "www.example.org", kind]].concat())?;
            assert_eq!(said.trim(), address, "{server} {arguments:?} {kind}");
        }
        Ok(())
    }
}

/// The answer is a refusal, from the address that was asked, to the question that was asked.
pub(super) fn must_refuse(said: &str) {
    assert!(said.contains("status: NXDOMAIN"), "{said}");
    assert!(said.contains("EDE: 15 (Blocked)"), "{said}");
    for trouble in ["unexpected source", "mismatch", "malformed", "WARNING", "Warning"] {
        assert!(!said.contains(trouble), "{said}");
    }
}

#[test]
fn a_listed_name_is_refused_over_udp_whoever_is_asked() -> Result<()> {
    if !ready("a_listed_name_is_refused_over_udp_whoever_is_asked") {
        return Ok(());
    }
    let scene = Scene::new("block", "")?;
    for server in Scene::servers() {
        for name in POOLS {
            for kind in TYPES {
                must_refuse(&dig(&scene.lab.host, server, &["+notcp", name, kind])?);
            }
        }
        scene.must_resolve(server, &["+notcp"])?;
    }
    let log = scene.resolver.log().to_ascii_lowercase();
    assert!(POOLS.iter().all(|name| !log.contains(&name.to_ascii_lowercase())), "the resolver was asked: {log}");
    let count = Scene::servers().len() * POOLS.len() * TYPES.len();
    let records = records_after(&scene.minewall, 0, count)?;
    assert_eq!(records.len(), count, "one record a question");
    records.iter().for_each(|record| check_record(record, "udp"));
    Ok(())
}

#[test]
fn a_listed_name_is_cut_over_tcp_whoever_is_asked() -> Result<()> {
    if !ready("a_listed_name_is_cut_over_tcp_whoever_is_asked") {
        return Ok(());
    }
    let scene = Scene::new("block", "")?;
    for server in Scene::servers() {
        // Far more than the 20 connections dnsmasq serves at a time: each must be told that it is over.
        for name in POOLS {
            for kind in TYPES {
                let said = dig(&scene.lab.host, server, &["+tcp", name, kind])?;
                assert!(!said.contains("status:") && said.contains("reset"), "{server} {name} {kind}: {said}");
            }
        }
        scene.must_resolve(server, &["+tcp"])?;
    }
    let log = scene.resolver.log().to_ascii_lowercase();
    assert!(POOLS.iter().all(|name| !log.contains(&name.to_ascii_lowercase())), "the resolver was asked: {log}");
    let records = records_after(&scene.minewall, 0, Scene::servers().len() * POOLS.len() * TYPES.len())?;
    records.iter().for_each(|record| check_record(record, "tcp"));
    Ok(())
}

/// What every record of a refused question says.
fn check_record(record: &Value, transport: &str) {
    let family = if text_at(record, "/network/type") == "ipv4" { Family::V4 } else { Family::V6 };
    let name = text_at(record, "/dns/question/name");
    assert_eq!(record["event"]["action"], "blocked", "{record}");
    assert_eq!(record["event"]["kind"], "alert", "{record}");
    assert_eq!(record["source"]["ip"], family.host().to_string(), "{record}");
    assert_eq!(text_at(record, "/source/mac"), mac_in_records(minewall_lab::addresses::HOST_MAC), "{record}");
    let asked = text_at(record, "/destination/ip");
    assert!([family.internet(), family.gateway_inside()].iter().any(|ip| ip.to_string() == asked), "{record}");
    assert_eq!(record["destination"]["port"], 53, "{record}");
    assert_eq!(record["network"]["transport"], transport, "{record}");
    assert_eq!(record["network"]["protocol"], "dns", "{record}");
    assert_eq!(record["minewall"]["layer"], "dns", "{record}");
    assert!(POOLS.iter().any(|pool| pool.to_ascii_lowercase() == name), "{record}");
    assert!(TYPES.contains(&text_at(record, "/dns/question/type")), "{record}");
    assert_eq!(record["observer"]["ingress"]["interface"]["name"], "lan0", "{record}");
}

#[test]
fn a_port_that_was_refused_is_answered_next_time() -> Result<()> {
    if !ready("a_port_that_was_refused_is_answered_next_time") {
        return Ok(());
    }
    let scene = Scene::new("block", "")?;
    for (index, server) in Scene::servers().into_iter().enumerate() {
        let port = 40_001 + index;
        let family = if server.is_ipv4() { Family::V4 } else { Family::V6 };
        let from = format!("{}#{port}", family.host());
        for _ in 0..2 {
            must_refuse(&dig(&scene.lab.host, server, &["+notcp", "-b", &from, POOLS[0], "A"])?);
            let said = dig(&scene.lab.host, server, &["+notcp", "+short", "-b", &from, "www.example.org", "A"])?;
            assert_eq!(said.trim(), INTERNET_V4.to_string(), "{server} from {from}");
        }
        // An entry that our answer opened would begin with the server.
        let entries = kernel::connections(&scene.lab.gateway)?;
        let touched: Vec<_> = entries.iter().filter(|entry| entry.contains(&format!("port={port} "))).collect();
        assert!(!touched.is_empty(), "{entries:?}");
        let first = format!("src={}", family.host());
        for entry in touched {
            assert_eq!(entry.split_whitespace().find(|word| word.starts_with("src=")), Some(&*first), "{entry}");
        }
    }
    Ok(())
}

/// Forces port 53 to the gateway's own resolver, in the three ways that are common.
const FORCED: [(&str, [&str; 2]); 2] = [
    ("REDIRECT", ["-j REDIRECT --to-ports 53", "-j REDIRECT --to-ports 53"]),
    ("DNAT", ["-j DNAT --to-destination 10.80.0.1:53", "-j DNAT --to-destination [fd80::1]:53"]),
];

#[test]
fn a_question_forced_to_the_resolver_is_refused_by_the_address_that_was_asked() -> Result<()> {
    if !ready("a_question_forced_to_the_resolver_is_refused_by_the_address_that_was_asked") {
        return Ok(());
    }
    let scene = Scene::new("block", "")?;
    for (way, targets) in FORCED {
        for (program, target) in ["iptables", "ip6tables"].into_iter().zip(targets) {
            for transport in ["udp", "tcp"] {
                let rule = format!("{program} -t nat -A PREROUTING -i lan0 -p {transport} --dport 53 {target}");
                foreign_rules(&scene.lab, &[&rule])?;
            }
        }
        for family in Family::BOTH {
            let server = family.internet();
            for kind in TYPES {
                must_refuse(&dig(&scene.lab.host, server, &["+notcp", POOLS[1], kind])?);
            }
            let said = dig(&scene.lab.host, server, &["+tcp", POOLS[1], "A"])?;
            assert!(!said.contains("status:") && said.contains("reset"), "{way} {server}: {said}");
            for transport in ["+notcp", "+tcp"] {
                let own = format!("{way}-{family:?}{}.example.org", transport.replace('+', "-"));
                let said = dig(&scene.lab.host, server, &["+short", transport, &own, "A"])?;
                assert_eq!(said.trim(), INTERNET_V4.to_string(), "{way} {server} {transport}");
                assert!(scene.resolver.log().contains(&own), "the question was not forced to the resolver: {own}");
            }
        }
        foreign_rules(&scene.lab, &["iptables -t nat -F PREROUTING", "ip6tables -t nat -F PREROUTING"])?;
        // What was translated stays so while its entries live.
        kernel::forget_connections(&scene.lab.gateway)?;
    }
    // The one that was asked stands in the record, not the one it was forced to.
    let over_udp = |record: &Value| record["network"]["transport"] == "udp";
    let records = records_after(&scene.minewall, 0, 2 * 2 * TYPES.len())?;
    for record in records.iter().filter(|record| over_udp(record)) {
        let asked = text_at(record, "/destination/ip");
        assert!(Family::BOTH.iter().any(|family| family.internet().to_string() == asked), "{record}");
    }
    Ok(())
}

#[test]
fn a_sinkhole_answers_addresses_and_nothing_else() -> Result<()> {
    if !ready("a_sinkhole_answers_addresses_and_nothing_else") {
        return Ok(());
    }
    let more = "[dns]\naction = \"sinkhole\"\nsinkhole = [\"10.80.0.9\", \"fd80::9\"]\n";
    let scene = Scene::new("block", more)?;
    for server in Scene::servers() {
        for name in POOLS {
            for (kind, address) in [("A", "10.80.0.9"), ("AAAA", "fd80::9")] {
                let said = dig(&scene.lab.host, server, &["+notcp", "+short", name, kind])?;
                assert_eq!(said.trim(), address, "{server} {name} {kind}");
            }
            for kind in ["TXT", "HTTPS", "MX"] {
                let said = dig(&scene.lab.host, server, &["+notcp", name, kind])?;
                assert!(said.contains("status: NOERROR") && said.contains("ANSWER: 0,"), "{said}");
            }
        }
        let said = dig(&scene.lab.host, server, &["+tcp", POOLS[0], "A"])?;
        assert!(!said.contains("status:"), "{said}");
        scene.must_resolve(server, &["+notcp"])?;
    }
    assert!(!scene.resolver.log().contains(POOLS[0]));
    Ok(())
}

#[test]
fn with_drop_a_refused_question_is_met_with_silence() -> Result<()> {
    if !ready("with_drop_a_refused_question_is_met_with_silence") {
        return Ok(());
    }
    let scene = Scene::new("block", "[dns]\naction = \"drop\"\n")?;
    for server in Scene::servers() {
        let said = dig(&scene.lab.host, server, &["+notcp", "+time=1", POOLS[0], "A"])?;
        assert!(said.contains("timed out") && !said.contains("status:"), "{said}");
        scene.must_resolve(server, &["+notcp"])?;
        scene.minewall.wait_record(|record| text_at(record, "/destination/ip") == server.to_string(), LIMIT)?;
    }
    assert!(!scene.resolver.log().contains(POOLS[0]));
    Ok(())
}

#[test]
fn observed_questions_are_answered_and_written_down() -> Result<()> {
    if !ready("observed_questions_are_answered_and_written_down") {
        return Ok(());
    }
    let scene = Scene::new("observe", "")?;
    for server in Scene::servers() {
        for transport in ["+notcp", "+tcp"] {
            let before = scene.minewall.records()?.len();
            let said = dig(&scene.lab.host, server, &[transport, "+short", POOLS[1], "A"])?;
            assert_eq!(said.trim(), INTERNET_V4.to_string(), "{server} {transport}");
            let record = &records_after(&scene.minewall, before, 1)?[0];
            assert_eq!(record["event"]["action"], "observed", "{record}");
            assert_eq!(record["dns"]["question"]["name"], POOLS[1], "{record}");
            assert_eq!(record["destination"]["ip"], server.to_string(), "{record}");
        }
    }
    Ok(())
}
