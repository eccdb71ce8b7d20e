//! A listed name hidden behind one that nobody lists: the answer is refused, the connection is cut.

use anyhow::{Context as _, Result};
use minewall_lab::addresses::{Family, INTERNET_V4};
use minewall_lab::login::{Manner, login_of};
use minewall_lab::pool::{self, Pool};
use minewall_lab::service::CLOAKED;
use minewall_lab::{kernel, ready};
use serde_json::Value;

use super::names::{Scene, must_refuse};
use super::{LIMIT, dig, foreign_rules, mac_in_records, must_be_cut, records_after, text_at};

/// What every record of a cloaked name says.
fn check_record(record: &Value, transport: &str, action: &str) {
    let family = if text_at(record, "/network/type") == "ipv4" { Family::V4 } else { Family::V6 };
    assert_eq!(record["event"]["action"], action, "{record}");
    assert_eq!(record["source"]["ip"], family.host().to_string(), "{record}");
    assert_eq!(record["source"]["mac"], mac_in_records(minewall_lab::addresses::HOST_MAC), "{record}");
    assert_eq!(record["destination"]["port"], 53, "{record}");
    assert_eq!(record["network"]["transport"], transport, "{record}");
    assert_eq!(record["observer"]["ingress"]["interface"]["name"], minewall_lab::addresses::LAN, "{record}");
    assert!(CLOAKED.contains(&text_at(record, "/dns/question/name")), "{record}");
    assert_eq!(record["minewall"]["layer"], "dns", "{record}");
    assert_eq!(record["rule"]["name"], "2miners.com", "{record}");
    assert!(text_at(record, "/event/reason").contains("eu.xmr.2miners.com, hidden behind"), "{record}");
}

#[test]
fn a_cloaked_name_is_refused_over_udp_whoever_is_asked() -> Result<()> {
    if !ready("a_cloaked_name_is_refused_over_udp_whoever_is_asked") {
        return Ok(());
    }
    let scene = Scene::new("block", "")?;
    for server in Scene::servers() {
        for name in CLOAKED {
            for kind in ["A", "AAAA"] {
                let said = dig(&scene.lab.host, server, &["+notcp", name, kind])?;
                must_refuse(&said);
            }
        }
        scene.must_resolve(server, &["+notcp"])?;
    }
    let count = Scene::servers().len() * CLOAKED.len() * 2;
    let records = records_after(&scene.minewall, 0, count)?;
    assert_eq!(records.len(), count, "one record an answer");
    records.iter().for_each(|record| check_record(record, "udp", "blocked"));
    Ok(())
}

#[test]
fn a_cloaked_name_is_cut_over_tcp_whoever_is_asked() -> Result<()> {
    if !ready("a_cloaked_name_is_cut_over_tcp_whoever_is_asked") {
        return Ok(());
    }
    let scene = Scene::new("block", "")?;
    for server in Scene::servers() {
        // More than the 20 connections dnsmasq serves at a time: its end must be told too.
        for round in 0..6 {
            for (name, kind) in CLOAKED.into_iter().zip(["A", "AAAA"]) {
                let said = dig(&scene.lab.host, server, &["+tcp", name, kind])?;
                assert!(!said.contains("status:") && said.contains("reset"), "{server} {name} {round}: {said}");
            }
        }
        scene.must_resolve(server, &["+tcp"])?;
    }
    let records = records_after(&scene.minewall, 0, Scene::servers().len() * CLOAKED.len() * 6)?;
    records.iter().for_each(|record| check_record(record, "tcp", "blocked"));
    Ok(())
}

/// The host asks an address that no machine has; the gateway sends it elsewhere, and translates the answer back.
#[test]
fn a_cloaked_name_is_refused_where_questions_are_redirected() -> Result<()> {
    if !ready("a_cloaked_name_is_refused_where_questions_are_redirected") {
        return Ok(());
    }
    let scene = Scene::new("block", "")?;
    for (program, asked, target) in [
        ("iptables", "198.51.100.53", INTERNET_V4.to_string()),
        ("iptables", "198.51.100.54", Family::V4.gateway_inside().to_string()),
        ("ip6tables", "2001:db8:53::1", Family::V6.internet().to_string()),
    ] {
        let rule =
            format!("{program} -t nat -A PREROUTING -d {asked} -p udp --dport 53 -j DNAT --to-destination {target}");
        foreign_rules(&scene.lab, &[&rule])?;
        let asked = asked.parse()?;
        must_refuse(&dig(&scene.lab.host, asked, &["+notcp", CLOAKED[0], "A"])?);
        scene.must_resolve(asked, &["+notcp"])?;
    }
    Ok(())
}

#[test]
fn observed_answers_pass_and_are_written_down() -> Result<()> {
    if !ready("observed_answers_pass_and_are_written_down") {
        return Ok(());
    }
    let scene = Scene::new("observe", "")?;
    for server in Scene::servers() {
        for (transport, word) in [("+notcp", "udp"), ("+tcp", "tcp")] {
            let before = scene.minewall.records()?.len();
            let said = dig(&scene.lab.host, server, &[transport, "+short", CLOAKED[0], "A"])?;
            assert!(said.trim().ends_with(&INTERNET_V4.to_string()), "{server} {transport}: {said}");
            check_record(&records_after(&scene.minewall, before, 1)?[0], word, "observed");
        }
    }
    Ok(())
}

#[test]
fn unwanted_answers_stay_in_the_kernel() -> Result<()> {
    if !ready("unwanted_answers_stay_in_the_kernel") {
        return Ok(());
    }
    let scene = Scene::new("block", "[dns]\nanswers = \"none\"\n")?;
    for server in Scene::servers() {
        for transport in ["+notcp", "+tcp"] {
            let said = dig(&scene.lab.host, server, &[transport, "+short", CLOAKED[0], "A"])?;
            assert!(said.trim().ends_with(&INTERNET_V4.to_string()), "{server} {transport}: {said}");
        }
    }
    assert!(!format!("{:?}", kernel::rules(&scene.lab.gateway)?).to_ascii_lowercase().contains("dns_answers"));
    assert!(scene.minewall.wait_record(|_| true, LIMIT / 30).is_err());
    Ok(())
}

#[test]
fn a_pool_met_by_its_address_is_named_by_the_name_that_led_there() -> Result<()> {
    if !ready("a_pool_met_by_its_address_is_named_by_the_name_that_led_there") {
        return Ok(());
    }
    let scene = Scene::new("block", "[dns]\nanswers = \"all\"\n")?;
    let _pool = Pool::start(&scene.lab, pool::Options::default())?;
    let login = login_of("xmrig").context("a login")?;
    for (server, family) in Scene::servers().into_iter().zip([Family::V4, Family::V4, Family::V6, Family::V6]) {
        let name = format!("hall-{}.example.org", server.to_string().replace([':', '.'], "-"));
        let kind = if family == Family::V4 { "A" } else { "AAAA" };
        let said = dig(&scene.lab.host, server, &["+notcp", "+short", &name, kind])?;
        assert_eq!(said.trim(), family.internet().to_string());
        let before = scene.minewall.records()?.len();
        must_be_cut(&scene.lab, family, login, Manner::Together);
        let record = &records_after(&scene.minewall, before, 1)?[0];
        assert_eq!(text_at(record, "/destination/ip"), family.internet().to_string(), "{record}");
        assert_eq!(text_at(record, "/destination/domain"), name, "{record}");
    }
    Ok(())
}
