//! Every client's login, in every manner, over both families: cut before the pool has a complete line, and the record
//! names who it was.

use std::net::IpAddr;
use std::thread;

use anyhow::{Context as _, Result};
use minewall_lab::addresses::{Family, HOST_MAC};
use minewall_lab::login::{Ending, LOGINS, Login, Manner, Session, WORKER, login_of};
use minewall_lab::pool::{Options, Pool};
use minewall_lab::{Dialect, Lab, Minewall, ready};
use serde_json::Value;

use super::{LIMIT, LISTEN, dialect_id, mac_in_records, must_be_cut, pool_at, records_after, sessions, start, text_at};

const MANNERS: [Manner; 4] = [Manner::Lines, Manner::Together, Manner::Bytes, Manner::Split(20)];

#[test]
fn every_login_is_cut_over_ipv4() -> Result<()> {
    every_login_is_cut("every_login_is_cut_over_ipv4", Family::V4)
}

#[test]
fn every_login_is_cut_over_ipv6() -> Result<()> {
    every_login_is_cut("every_login_is_cut_over_ipv6", Family::V6)
}

fn every_login_is_cut(test: &str, family: Family) -> Result<()> {
    if !ready(test) {
        return Ok(());
    }
    let lab = Lab::new()?;
    let pool = Pool::start(&lab, Options::default())?;
    let minewall = start(&lab, "block", "")?;
    let mut count = 0;
    for login in LOGINS {
        for manner in MANNERS {
            let heard = must_be_cut(&lab, family, login, manner);
            assert!(heard.lines.is_empty(), "{} {manner:?}: the pool answered {heard:?}", login.client);
            let records = records_after(&minewall, count, 1)?;
            count += 1;
            assert_eq!(records.len(), 1, "{} {manner:?}: one record a login: {records:?}", login.client);
            check_record(&records[0], family, login, manner);
        }
    }
    for session in sessions(&pool, count) {
        assert!(session.lines().is_empty(), "the pool received {:?}", session.lines());
        assert_eq!(session.peer.ip(), family.gateway_outside(), "NAT was in force");
    }
    assert_eq!(minewall.records()?.len(), count);
    Ok(())
}

fn check_record(record: &Value, family: Family, login: &Login, manner: Manner) {
    let case = format!("{} {manner:?}: {record}", login.client);
    assert_eq!(record["event"]["action"], "blocked", "{case}");
    assert_eq!(record["event"]["kind"], "alert", "{case}");
    assert_eq!(text_at(record, "/source/ip"), family.host().to_string(), "{case}");
    assert_eq!(text_at(record, "/source/mac"), mac_in_records(HOST_MAC), "{case}");
    assert_eq!(text_at(record, "/destination/ip"), family.internet().to_string(), "{case}");
    assert_eq!(record["destination"]["port"], login.dialect.port(), "{case}");
    assert_eq!(record["network"]["transport"], "tcp", "{case}");
    assert_eq!(record["minewall"]["layer"], "payload", "{case}");
    let dialect = dialect_id(login);
    assert_eq!(record["minewall"]["dialect"], dialect, "{case}");
    assert_eq!(record["observer"]["ingress"]["interface"]["name"], "lan0", "{case}");
    let mut inside = record.clone();
    let nat = inside["source"].as_object_mut().and_then(|source| source.remove("nat"));
    let outside = family.gateway_outside().to_string();
    assert!(nat.is_none_or(|nat| nat["ip"] == *outside), "another address behind NAT: {case}");
    assert!(!inside.to_string().contains(&outside), "the NAT address: {case}");
    // The lines that had come when it was cut; all where they came together.
    let lines: Vec<Value> = login.lines().iter().map(|line| serde_json::from_str(line).expect("a line")).collect();
    let seen = if manner == Manner::Together { &lines[..] } else { &lines[..1] };
    for line in seen {
        check_words(record, line, login, &case);
    }
}

/// What a line of a login states stands in the record, but for its password.
fn check_words(record: &Value, line: &Value, login: &Login, case: &str) {
    let said = |word: &str| record["minewall"][word].as_str().map(str::to_owned);
    let method = line["method"].as_str().unwrap_or_default();
    let (user, password, agent) = match method {
        "mining.subscribe" => (None, None, line["params"][0].as_str()),
        "mining.authorize" | "eth_submitLogin" => (line["params"][0].as_str(), line["params"][1].as_str(), None),
        "login" => {
            let parameters = &line["params"];
            (parameters["login"].as_str(), parameters["pass"].as_str(), parameters["agent"].as_str())
        }
        _ => return,
    };
    if let Some(user) = user {
        assert_eq!(said("wallet").as_deref(), Some(login.dialect.wallet()), "{case}");
        let stated = user.contains(WORKER) || line["params"]["rigid"] == WORKER || line["worker"] == WORKER;
        if stated {
            assert_eq!(said("worker").as_deref(), Some(WORKER), "{case}");
        }
    }
    if let Some(agent) = agent {
        assert_eq!(said("agent").as_deref(), Some(agent), "{case}");
    }
    if let Some(password) = password.filter(|password| !password.is_empty()) {
        assert!(!text_at(record, "/minewall/excerpt").contains(&format!("\"{password}\"")), "the password: {case}");
    }
}

/// A password that is nothing else.
const SECRET: &str = "correct-horse-battery";

#[test]
fn a_password_is_written_down_nowhere() -> Result<()> {
    if !ready("a_password_is_written_down_nowhere") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let pool = Pool::start(&lab, Options::default())?;
    let minewall = start(&lab, "block", "")?;
    let escaped = SECRET.replace('-', "\\u002d");
    for (dialect, text) in [
        (Dialect::Stratum, r#"{"id": 2, "method": "mining.authorize", "params": ["<W>.a", "<P>"]}"#),
        (Dialect::Stratum, r#"{"params":["<W>.a","<P>"],"method":"mining.authorize","id":2}"#),
        (Dialect::CryptoNote, r#"{"id":1,"method":"login","params":{"pass":"<P>","login":"<W>","agent":"XMRig/6"}}"#),
        (Dialect::CryptoNote, r#"{"method":"login","params":{"login":"<W>","pass":"<P>","rigid":"r"},"id":1}"#),
        (Dialect::EthProxy, r#"{"id":1,"method":"eth_submitLogin","params":["<W>","<P>"],"worker":"r"}"#),
    ] {
        for password in [SECRET, &escaped] {
            for family in Family::BOTH {
                let before = minewall.records()?.len();
                let line = text.replace("<W>", dialect.wallet()).replace("<P>", password);
                let session = Session::connect(&lab.host, pool_at(family, dialect), LIMIT);
                let mut session = session.map_err(|how| anyhow::anyhow!("{how:?}"))?;
                session.send(&(line + "\n"), Manner::Lines);
                assert_eq!(session.listen(LISTEN), Ending::Reset, "{text}");
                let record = records_after(&minewall, before, 1)?.remove(0);
                assert_eq!(text_at(&record, "/minewall/wallet"), dialect.wallet(), "{record}");
            }
        }
    }
    let written = std::fs::read_to_string(Minewall::records_file(&lab))? + &minewall.log();
    assert!(!written.contains("horse"), "{written}");
    assert!(pool.sessions().iter().all(|session| session.lines().is_empty()));
    Ok(())
}

#[test]
fn two_hosts_at_once_each_get_a_record_of_their_own() -> Result<()> {
    if !ready("two_hosts_at_once_each_get_a_record_of_their_own") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let second = lab.add_host()?;
    let pool = Pool::start(&lab, Options::default())?;
    let minewall = start(&lab, "block", "")?;
    let hosts: [(&_, [IpAddr; 2], &str, &str); 2] = [
        (&lab.host, Family::BOTH.map(Family::host), HOST_MAC, "lan0"),
        (&second.namespace, [second.v4.into(), second.v6.into()], &second.mac, &second.lan),
    ];
    let clients = ["cgminer", "xmrig", "ethminer"];
    thread::scope(|scope| {
        for (namespace, ..) in &hosts {
            for family in Family::BOTH {
                scope.spawn(move || {
                    for client in clients {
                        let login = login_of(client).expect("a known client");
                        let heard = login.talk(namespace, pool_at(family, login.dialect), Manner::Lines, LISTEN);
                        assert_eq!(heard.ending, Ending::Reset, "{client} {family:?}: {heard:?}");
                    }
                });
            }
        }
    });
    let records = records_after(&minewall, 0, 2 * 2 * clients.len())?;
    assert_eq!(records.len(), 2 * 2 * clients.len());
    for (_, addresses, mac, lan) in hosts {
        for address in addresses {
            for client in clients {
                let dialect = dialect_id(login_of(client).context(client)?);
                let own = |record: &&Value| {
                    text_at(record, "/source/ip") == address.to_string()
                        && text_at(record, "/minewall/dialect") == dialect
                };
                let own: Vec<_> = records.iter().filter(own).collect();
                assert_eq!(own.len(), 1, "{address} {client}: {records:?}");
                assert_eq!(text_at(own[0], "/source/mac"), mac_in_records(mac), "{}", own[0]);
                assert_eq!(text_at(own[0], "/observer/ingress/interface/name"), lan, "{}", own[0]);
            }
        }
    }
    assert!(pool.sessions().iter().all(|session| session.lines().is_empty()));
    Ok(())
}
