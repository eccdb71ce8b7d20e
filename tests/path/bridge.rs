//! Between two ports of a bridge: what passes is looked at as on a router, whether or not the bridge has an address.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context as _, Result};
use minewall_lab::addresses::{BRIDGE, Family, HOST_MAC, LAN};
use minewall_lab::login::{Ending, LOGINS, Manner, login_of};
use minewall_lab::pool::{Options, Pool, State};
use minewall_lab::service::{BIG_BYTES, CLOAKED, NameServer, PAGE, WebServer};
use minewall_lab::{Lab, Minewall, kernel, ready, until};
use serde_json::Value;

use super::listed::REFUSED;
use super::{
    LIMIT, POOLS, bracketed, curl, dig, mac_in_records, must, must_be_cut, pool_at, records_after, start, text_at, url,
    words,
};

const ON: &str = "[kernel]\nbridge = \"on\"\n";

/// Of real hosters; within the lab they belong to its own web server.
const ADDRESSES: [&str; 2] = ["94.23.23.52", "2a01:4f8:c0c::52"];

#[test]
fn a_bridge_without_address_is_guarded() -> Result<()> {
    if !ready("a_bridge_without_address_is_guarded") {
        return Ok(());
    }
    guarded(&Lab::bridged()?, ON)
}

#[test]
fn a_bridge_with_addresses_and_routes_is_guarded() -> Result<()> {
    if !ready("a_bridge_with_addresses_and_routes_is_guarded") {
        return Ok(());
    }
    let lab = Lab::bridged()?;
    for (flag, address, via) in [("-4", "10.80.0.9/24", "10.80.0.1"), ("-6", "fd80::9/64", "fd80::1")] {
        must(&lab.gateway, "ip", &[flag, "addr", "add", address, "dev", BRIDGE])?;
        must(&lab.gateway, "ip", &[flag, "route", "add", "default", "via", via])?;
    }
    guarded(&lab, "[queue]\nreader = \"burst\"\n[kernel]\nbridge = \"auto\"\n")
}

fn guarded(lab: &Lab, more: &str) -> Result<()> {
    let _names = NameServer::start(lab)?;
    let _web = WebServer::start(lab)?;
    let pool = Pool::start(lab, Options::default())?;
    let before = kernel::rules(&lab.gateway)?;
    let mut more = more.to_owned();
    for address in ADDRESSES {
        lab.add_internet_address(address.parse()?)?;
        let list = lab.directory().join(format!("own-{}.list", address.len()));
        std::fs::write(&list, format!("{}:80\n", bracketed(address.parse()?)))?;
        more += &format!("[[lists.file]]\nname = \"own\"\npath = {list:?}\n");
    }
    let mut minewall = start(lab, "block", &more)?;
    for family in Family::BOTH {
        pages_pass(lab, family)?;
        names_are_refused(lab, &minewall, family)?;
        addresses_are_refused(lab, &minewall, family)?;
        logins_are_cut(lab, &minewall, &pool, family)?;
    }
    assert!(minewall.stop()?.success(), "{}", minewall.log());
    assert_eq!(kernel::rules(&lab.gateway)?, before);
    assert!(!minewall.log().contains("ERROR"), "{}", minewall.log());
    Ok(())
}

fn pages_pass(lab: &Lab, family: Family) -> Result<()> {
    assert_eq!(curl(&lab.host, &[&url(family.internet(), "")])?, PAGE, "{family:?}");
    let big = ["-o", "/dev/null", "-w", "%{size_download}", &url(family.internet(), "big")];
    assert_eq!(curl(&lab.host, &big)?, BIG_BYTES.to_string(), "{family:?}");
    Ok(())
}

fn names_are_refused(lab: &Lab, minewall: &Minewall, family: Family) -> Result<()> {
    for way in ["+notcp", "+tcp"] {
        let fine = dig(&lab.host, family.internet(), &[way, "www.example.org", "A"])?;
        assert!(fine.contains("status: NOERROR"), "{family:?} {way}: {fine}");
        let before = minewall.records()?.len();
        let said = dig(&lab.host, family.internet(), &[way, POOLS[0], "A"])?;
        // Over TCP there is no answer to be had from a connection that is cut.
        let expected = if way == "+tcp" { "connection reset" } else { "status: NXDOMAIN" };
        assert!(said.contains(expected), "{family:?} {way}: {said}\n{}", minewall.log());
        let record = records_after(minewall, before, 1)?.remove(0);
        assert_eq!(text_at(&record, "/dns/question/name"), POOLS[0], "{record}");
        check_host(&record, family);
    }
    // A listed name behind another: the answer is replaced on its way.
    let before = minewall.records()?.len();
    let said = dig(&lab.host, family.internet(), &["+notcp", CLOAKED[0], "A"])?;
    assert!(said.contains("status: NXDOMAIN"), "{family:?}: {said}\n{}", minewall.log());
    check_host(&records_after(minewall, before, 1)?.remove(0), family);
    Ok(())
}

fn addresses_are_refused(lab: &Lab, minewall: &Minewall, family: Family) -> Result<()> {
    let address: IpAddr = ADDRESSES[usize::from(family == Family::V6)].parse()?;
    let output = lab.host.output("curl", &["-sS", "--max-time", "5", &url(address, "")], LIMIT)?;
    assert_eq!(output.status.code(), Some(REFUSED), "{}", words(&output));
    let record = minewall.wait_record(|record| text_at(record, "/destination/ip") == address.to_string(), LIMIT)?;
    assert_eq!(record["minewall"]["layer"], "address", "{record}");
    check_host(&record, family);
    Ok(())
}

fn logins_are_cut(lab: &Lab, minewall: &Minewall, pool: &Pool, family: Family) -> Result<()> {
    let sessions = pool.sessions().len();
    for login in LOGINS {
        let before = minewall.records()?.len();
        let heard = must_be_cut(lab, family, login, Manner::Lines);
        assert!(heard.lines.is_empty(), "{}: the pool answered {heard:?}", login.client);
        let records = records_after(minewall, before, 1)?;
        assert_eq!(records.len(), 1, "{records:?}");
        assert_eq!(records[0]["minewall"]["layer"], "payload", "{}", records[0]);
        check_host(&records[0], family);
    }
    let told = || {
        let all = pool.sessions();
        let of = all.get(sessions..)?;
        let is_told = of.iter().all(|session| session.state == State::Reset && session.lines().is_empty());
        (of.len() == LOGINS.len() && is_told).then_some(())
    };
    assert!(until(LIMIT, told).is_some(), "{family:?}: {:?}", pool.sessions());
    Ok(())
}

/// The record names the host as it is on its own link, and the port it is on.
fn check_host(record: &Value, family: Family) {
    assert_eq!(record["event"]["action"], "blocked", "{record}");
    assert_eq!(text_at(record, "/source/ip"), family.host().to_string(), "{record}");
    assert_eq!(text_at(record, "/source/mac"), mac_in_records(HOST_MAC), "{record}");
    assert_eq!(text_at(record, "/observer/ingress/interface/name"), LAN, "{record}");
}

#[test]
fn a_pool_that_speaks_first_and_a_host_that_is_not_to_be_told() -> Result<()> {
    if !ready("a_pool_that_speaks_first_and_a_host_that_is_not_to_be_told") {
        return Ok(());
    }
    for action in ["reset", "drop"] {
        let lab = Lab::bridged()?;
        let pool = Pool::start(&lab, Options { push_unasked: true, ..Options::default() })?;
        let _minewall = start(&lab, "block", &format!("[tcp]\naction = \"{action}\"\n{ON}"))?;
        let login = login_of("xmrig").context("xmrig")?;
        for family in Family::BOTH {
            let before = pool.sessions().len();
            let heard = login.talk(&lab.host, pool_at(family, login.dialect), Manner::Lines, Duration::from_secs(1));
            assert!(heard.lines.is_empty(), "{action}: {heard:?}");
            assert_eq!(heard.ending == Ending::Reset, action == "reset", "{action} {family:?}: {heard:?}");
            let told = || (pool.sessions().get(before)?.state == State::Reset).then_some(());
            assert!(until(LIMIT, told).is_some(), "{action} {family:?}: {:?}", pool.sessions());
        }
    }
    Ok(())
}

#[test]
fn what_hides_bridged_packets_is_told_or_put_right_and_left_as_it_was() -> Result<()> {
    if !ready("what_hides_bridged_packets_is_told_or_put_right_and_left_as_it_was") {
        return Ok(());
    }
    const SETTING: &str = "net/bridge/bridge-nf-call-ip6tables";
    let lab = Lab::bridged()?;
    let _pool = Pool::start(&lab, Options::default())?;
    let login = login_of("xmrig").context("xmrig")?;
    let is_shown =
        || Ok::<_, anyhow::Error>(must(&lab.gateway, "cat", &[&format!("/proc/sys/{SETTING}")])?.trim() == "1");
    lab.gateway.sysctl(SETTING, "0")?;

    let mut minewall = start(&lab, "block", "")?;
    assert!(minewall.log().contains("bridge-nf-call-ip6tables is 0"), "{}", minewall.log());
    let heard = login.talk(&lab.host, pool_at(Family::V6, login.dialect), Manner::Lines, super::QUIET);
    assert!(!heard.lines.is_empty() && !is_shown()?, "{heard:?}");
    minewall.stop()?;

    let mut minewall = start(&lab, "block", "[kernel]\nbridge = \"off\"\n")?;
    assert!(!minewall.log().contains("bridge"), "{}", minewall.log());
    minewall.stop()?;

    let mut minewall = start(&lab, "block", ON)?;
    assert!(is_shown()?);
    must_be_cut(&lab, Family::V6, login, Manner::Lines);
    // Another program sets it back.
    lab.gateway.sysctl(SETTING, "0")?;
    assert!(until(LIMIT, || is_shown().ok()?.then_some(())).is_some(), "{}", minewall.log());
    minewall.stop()?;
    assert!(!is_shown()?, "it is left as it was");
    Ok(())
}
