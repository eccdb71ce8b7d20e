//! When minewall is killed or stands still, traffic goes on; when it is back, mining is found where it is.

use std::net::UdpSocket;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use minewall_lab::addresses::{Family, HOST_MAC};
use minewall_lab::login::{Ending, Login, Manner, Session, login_of};
use minewall_lab::pool::{Options, Pool, State};
use minewall_lab::service::{NameServer, PAGE, WebServer};
use minewall_lab::{Lab, Minewall, Namespace, kernel, ready, until};

use super::{
    LIMIT, LISTEN, POOLS, binary, configuration, curl, dialect_id, dig, mac_in_records, must_be_cut, pool_at, start,
    text_at, url, words,
};

const CLIENTS: [&str; 3] = ["cgminer", "xmrig", "ethminer"];

/// Logs in, and the pool answers.
fn log_in(host: &Namespace, family: Family, login: &Login) -> Result<Session> {
    let connected = Session::connect(host, pool_at(family, login.dialect), LIMIT);
    let mut session = connected.map_err(|how| anyhow!("{} {family:?}: {how:?}", login.client))?;
    session.log_in(login, Manner::Lines);
    assert!(session.wait_lines(login.lines().len(), LIMIT), "{} {family:?}: {:?}", login.client, session.heard());
    assert_eq!(session.heard().ending, Ending::Open);
    Ok(session)
}

/// The record of a session that was picked up: it names the host inside, whoever spoke the telling bytes.
fn must_be_recorded(minewall: &Minewall, family: Family, login: &Login) -> Result<()> {
    let dialect = dialect_id(login);
    let own = |record: &serde_json::Value| {
        text_at(record, "/source/ip") == family.host().to_string() && text_at(record, "/minewall/dialect") == dialect
    };
    let record = minewall.wait_record(own, LIMIT)?;
    assert_eq!(record["event"]["action"], "blocked", "{record}");
    assert_eq!(text_at(&record, "/source/mac"), mac_in_records(HOST_MAC), "{record}");
    assert_eq!(text_at(&record, "/destination/ip"), family.internet().to_string(), "{record}");
    assert_eq!(record["destination"]["port"], login.dialect.port(), "{record}");
    Ok(())
}

#[test]
fn a_killed_minewall_stops_nothing_and_its_successor_cuts_again() -> Result<()> {
    if !ready("a_killed_minewall_stops_nothing_and_its_successor_cuts_again") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let _names = NameServer::start(&lab)?;
    let _web = WebServer::start(&lab)?;
    let _pool = Pool::start(&lab, Options::default())?;
    let before = kernel::rules(&lab.gateway)?;
    let mut first = start(&lab, "block", "")?;
    let loaded = kernel::rules(&lab.gateway)?;
    let login = login_of("xmrig").context("xmrig")?;
    must_be_cut(&lab, Family::V4, login, Manner::Lines);
    first.kill()?;
    assert_eq!(kernel::rules(&lab.gateway)?, loaded, "nobody took the rules out");
    for family in Family::BOTH {
        assert_eq!(curl(&lab.host, &[&url(family.internet(), "")])?, PAGE, "{family:?}");
        let said = dig(&lab.host, family.internet(), &["+short", POOLS[0], "A"])?;
        assert_eq!(said.trim(), Family::V4.internet().to_string(), "names resolve: {family:?}");
        log_in(&lab.host, family, login)?;
    }
    let mut second = start(&lab, "block", "")?;
    assert_eq!(kernel::rules(&lab.gateway)?, loaded, "the rules are in once");
    for family in Family::BOTH {
        must_be_cut(&lab, family, login, Manner::Lines);
        assert_eq!(curl(&lab.host, &[&url(family.internet(), "")])?, PAGE, "{family:?}");
    }
    assert!(second.stop()?.success());
    assert_eq!(kernel::rules(&lab.gateway)?, before, "what the first left behind is gone as well");
    Ok(())
}

#[test]
fn a_running_session_is_picked_up_by_the_pools_job() -> Result<()> {
    if !ready("a_running_session_is_picked_up_by_the_pools_job") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let pool = Pool::start(&lab, Options::default())?;
    start(&lab, "block", "")?.kill()?;
    let mut sessions = Vec::new();
    for client in CLIENTS {
        let login = login_of(client).context(client)?;
        for family in Family::BOTH {
            sessions.push((family, login, log_in(&lab.host, family, login)?));
        }
    }
    let minewall = start(&lab, "block", "")?;
    for (family, login, session) in &mut sessions {
        must_be_recorded(&minewall, *family, login)?;
        // The pool is told when it pushes, the client when it next speaks; it says nothing mining does here.
        let cut = pool.wait_session(LIMIT, |seen| {
            seen.dialect == login.dialect && seen.peer.ip() == family.gateway_outside() && seen.state == State::Reset
        });
        assert!(cut.is_some(), "{} {family:?}: {:?}", login.client, pool.sessions());
        session.send("\n", Manner::Lines);
        assert_eq!(session.listen(LISTEN), Ending::Reset, "{} {family:?}", login.client);
    }
    Ok(())
}

#[test]
fn a_running_session_is_picked_up_by_the_clients_share() -> Result<()> {
    if !ready("a_running_session_is_picked_up_by_the_clients_share") {
        return Ok(());
    }
    let lab = Lab::new()?;
    // No job is pushed within this test.
    let pool = Pool::start(&lab, Options { push_every: Duration::from_secs(3600), ..Options::default() })?;
    start(&lab, "block", "")?.kill()?;
    let mut sessions = Vec::new();
    for client in CLIENTS {
        let login = login_of(client).context(client)?;
        for family in Family::BOTH {
            let mut session = log_in(&lab.host, family, login)?;
            // The one job behind the login is on its way before minewall is back.
            session.wait_lines(login.lines().len() + 1, LIMIT);
            sessions.push((family, login, session));
        }
    }
    let minewall = start(&lab, "block", "")?;
    let received: usize = pool.sessions().iter().map(|session| session.lines().len()).sum();
    let mut passed = 0;
    for (family, login, session) in &mut sessions {
        session.send(&(login.share() + login.end), Manner::Lines);
        if login.client == "ethminer" {
            // A share of this dialect alone is no proof, its next words are.
            assert!(session.wait_lines(session.line_count() + 1, LIMIT), "{:?}", session.heard());
            session.send(&(login.lines()[1].clone() + login.end), Manner::Lines);
            passed += 1;
        }
        assert_eq!(session.listen(LISTEN), Ending::Reset, "{} {family:?}: {:?}", login.client, session.heard());
        must_be_recorded(&minewall, *family, login)?;
    }
    let now: usize = pool.sessions().iter().map(|session| session.lines().len()).sum();
    assert_eq!(now, received + passed, "a share that proves mining reached the pool");
    Ok(())
}

#[test]
fn a_minewall_that_stands_still_stops_no_traffic_for_good() -> Result<()> {
    if !ready("a_minewall_that_stands_still_stops_no_traffic_for_good") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let _names = NameServer::start(&lab)?;
    let _web = WebServer::start(&lab)?;
    let pool = Pool::start(&lab, Options::default())?;
    let minewall = start(&lab, "block", "[queue]\ncount = 1\nlength = 64\n")?;
    minewall.pause()?;
    for family in Family::BOTH {
        // The first ones wait in the queue; once it is full they pass.
        assert!(ask_until_answered(&lab, family)?, "{family:?}: no question was answered");
        assert_eq!(curl(&lab.host, &[&url(family.internet(), "")])?, PAGE, "{family:?}");
    }
    minewall.resume()?;
    let login = login_of("cgminer").context("cgminer")?;
    for family in Family::BOTH {
        // While the queue is still full, questions pass; one that is refused had those before it judged.
        let drained = until(LIMIT, || {
            let said = dig(&lab.host, family.internet(), &["+time=1", POOLS[0], "A"]).ok()?;
            said.contains("status: NXDOMAIN").then_some(())
        });
        assert!(drained.is_some(), "{family:?}: {}", minewall.log());
        must_be_cut(&lab, family, login, Manner::Lines);
        assert_eq!(curl(&lab.host, &[&url(family.internet(), "")])?, PAGE, "{family:?}");
    }
    assert!(pool.sessions().iter().all(|session| session.lines().is_empty()));
    Ok(())
}

/// Asks for an allowed name again and again; whether any of it was answered. Every question is another.
fn ask_until_answered(lab: &Lab, family: Family) -> Result<bool> {
    let socket = lab.host.run(|| UdpSocket::bind((family.host(), 0)))?;
    socket.connect((family.internet(), 53))?;
    socket.set_read_timeout(Some(Duration::from_millis(20)))?;
    for id in 0..1000_u16 {
        let mut question = id.to_be_bytes().to_vec();
        question.extend_from_slice(
            b"\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x07example\x03org\x00\x00\x01\x00\x01",
        );
        socket.send(&question)?;
        if socket.recv(&mut [0; 512]).is_ok() {
            return Ok(true);
        }
    }
    Ok(false)
}

#[test]
fn what_a_killed_minewall_left_is_taken_out() -> Result<()> {
    if !ready("what_a_killed_minewall_left_is_taken_out") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let before = kernel::rules(&lab.gateway)?;
    let configuration = configuration(&lab, "block", "");
    let file = lab.directory().join("remove.toml");
    std::fs::write(&file, &configuration)?;
    let binary = binary().to_str().context("a path in UTF-8")?;
    let file = file.to_str().context("a path in UTF-8")?;
    let remove = || lab.gateway.output(binary, &["rules", "remove", "-c", file], LIMIT);
    let mut minewall = Minewall::start(&lab, binary.as_ref(), &configuration)?;
    let loaded = kernel::rules(&lab.gateway)?;
    let refused = remove()?;
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    assert!(words(&refused).contains(&minewall.pid().to_string()), "whose they are: {refused:?}");
    assert_eq!(kernel::rules(&lab.gateway)?, loaded, "rules in use stay");
    minewall.kill()?;
    let removed = remove()?;
    assert!(removed.status.success() && words(&removed).contains("taken out: "), "{removed:?}");
    assert_eq!(kernel::rules(&lab.gateway)?, before);
    let again = remove()?;
    assert!(again.status.success() && words(&again).contains("no rules of minewall"), "{again:?}");
    Ok(())
}

#[test]
fn what_cannot_be_taken_out_keeps_nothing_else_in_and_is_told() -> Result<()> {
    if !ready("what_cannot_be_taken_out_keeps_nothing_else_in_and_is_told") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let before = kernel::rules(&lab.gateway)?;
    let configuration = configuration(&lab, "block", "kernel.backend = \"iptables\"\n");
    let file = lab.directory().join("remove.toml");
    std::fs::write(&file, &configuration)?;
    let (binary, file) = (binary().to_str().context("a path")?, file.to_str().context("a path")?);
    // A program `nft` that says what the real one does where the kernel knows no tables of its kind, or denies them.
    let programs = lab.directory().join("programs");
    std::fs::create_dir(&programs)?;
    let path = format!("PATH={}:{}", programs.display(), std::env::var("PATH").unwrap_or_default());
    for (said, code, told) in [
        ("netlink: Error: cache initialization failed: Protocol not supported", 0, &["taken out: iptables"][..]),
        (
            "netlink: Error: cache initialization failed: Operation not permitted",
            2,
            &["taken out: iptables", "not taken out: nft: ", "Operation not permitted", "CAP_NET_ADMIN"],
        ),
        ("nft: Segmentation fault", 2, &["taken out: iptables", "not taken out: nft: ", "Segmentation fault"]),
    ] {
        Minewall::start(&lab, binary.as_ref(), &configuration)?.kill()?;
        assert_ne!(kernel::rules(&lab.gateway)?, before);
        let nft = programs.join("nft");
        std::fs::write(&nft, format!("#!/bin/sh\necho '{said}' >&2\nexit 1\n"))?;
        std::fs::set_permissions(&nft, std::fs::Permissions::from_mode(0o755))?;
        let removed = lab.gateway.output("env", &[&path, binary, "rules", "remove", "-c", file], LIMIT)?;
        assert_eq!(removed.status.code(), Some(code), "{said}: {removed:?}");
        assert!(told.iter().all(|word| words(&removed).contains(word)), "{said}: {removed:?}");
        assert_eq!(kernel::rules(&lab.gateway)?, before, "{said}");
    }
    Ok(())
}
