//! What the operator may want instead of a reset.

use anyhow::{Context as _, Result};
use minewall_lab::addresses::Family;
use minewall_lab::login::{Ending, Heard, LOGINS, Login, Manner, WORKER, login_of};
use minewall_lab::pool::{Options, Pool};
use minewall_lab::{Lab, Minewall, Namespace, ready, until};
use serde_json::Value;

use super::{LIMIT, QUIET, dialect_id, must_be_cut, pool_at, sessions, start, text_at};

/// A client of each dialect that names wallet and worker.
const CLIENTS: [&str; 3] = ["cgminer", "xmrig", "ethminer"];

#[test]
fn with_drop_the_pool_hears_nothing_and_the_client_is_not_told() -> Result<()> {
    if !ready("with_drop_the_pool_hears_nothing_and_the_client_is_not_told") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let pool = Pool::start(&lab, Options::default())?;
    let minewall = start(&lab, "block", "[tcp]\naction = \"drop\"\n")?;
    for (index, client) in CLIENTS.into_iter().enumerate() {
        let login = login_of(client).context(client)?;
        for family in Family::BOTH {
            let manner = [Manner::Lines, Manner::Bytes, Manner::Split(20)][index];
            let heard = login.talk(&lab.host, pool_at(family, login.dialect), manner, QUIET);
            assert_eq!(heard.ending, Ending::Open, "{client} {family:?}: {heard:?}");
            assert!(heard.lines.is_empty(), "{client} {family:?}: {heard:?}");
            let record = wait_from(&minewall, family, dialect_id(login))?;
            assert_eq!(record["event"]["action"], "blocked", "{record}");
        }
    }
    let sessions = sessions(&pool, 2 * CLIENTS.len());
    assert!(sessions.iter().all(|session| session.lines().is_empty()), "{sessions:?}");
    Ok(())
}

/// Logs in and listens until the pool has sent a job besides its answers, or cut the connection.
fn until_a_job(host: &Namespace, login: &Login, family: Family) -> Result<Heard> {
    let mut session = login.until_a_job(host, pool_at(family, login.dialect), Manner::Lines, LIMIT)?;
    // A cut would follow.
    session.listen(QUIET);
    Ok(session.heard())
}

#[test]
fn observing_lets_every_login_through_and_learns_its_words() -> Result<()> {
    if !ready("observing_lets_every_login_through_and_learns_its_words") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let pool = Pool::start(&lab, Options::default())?;
    let minewall = start(&lab, "observe", "")?;
    for (index, login) in LOGINS.iter().enumerate() {
        let family = Family::BOTH[index % 2];
        let before = minewall.records()?.len();
        let heard = until_a_job(&lab.host, login, family)?;
        assert_eq!(heard.ending, Ending::Open, "{}: {heard:?}", login.client);
        assert!(heard.lines.len() > login.lines().len(), "answers and a job: {}: {heard:?}", login.client);
        let got = pool.wait_session(LIMIT, |session| session.lines() == login.lines());
        assert!(got.is_some(), "{}: the pool did not receive {:?}", login.client, login.lines());
        // The wallet may stand in a later line than the one that proved it.
        let states_worker =
            login.lines().iter().any(|line| line.contains(WORKER) && !line.contains("\"pass\":\"lab01\""));
        // The last words of the login before, from the other address, may be written yet.
        let is_own = |record: &&Value| text_at(record, "/source/ip") == family.host().to_string();
        let learnt = until(LIMIT, || {
            let records = minewall.records().ok()?;
            let mut own = records.get(before..)?.iter().filter(is_own);
            own.find(|record| {
                text_at(record, "/minewall/wallet") == login.dialect.wallet()
                    && (!states_worker || text_at(record, "/minewall/worker") == WORKER)
            })
            .cloned()
        });
        let learnt = learnt.with_context(|| format!("{}: {:?}", login.client, minewall.records()))?;
        assert_eq!(learnt["minewall"]["dialect"], dialect_id(login), "{learnt}");
        for record in minewall.records()?[before..].iter().filter(is_own) {
            assert_eq!(record["event"]["action"], "observed", "{record}");
            assert_eq!(record["minewall"]["dialect"], dialect_id(login), "{record}");
        }
    }
    Ok(())
}

#[test]
fn an_exemption_lets_its_hosts_mine_until_it_expires() -> Result<()> {
    if !ready("an_exemption_lets_its_hosts_mine_until_it_expires") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let second = lab.add_host()?;
    let pool = Pool::start(&lab, Options::default())?;
    let exempt = |prefix: &str, owner: &str, expires: &str| {
        format!(
            "[[exempt]]\nprefix = \"{prefix}\"\nowner = \"{owner}\"\nreason = \"study 7\"\nexpires = \"{expires}\"\n"
        )
    };
    let (second_v4, second_v6) = (second.v4.to_string(), second.v6.to_string());
    let more = [
        exempt("10.80.0.0/24", "Prof. Example", "2999-12-31"),
        exempt("fd80::/64", "Prof. Example", "2999-12-31"),
        exempt(&second_v4, "Dr. Gone", "2020-01-31"),
        exempt(&second_v6, "Dr. Gone", "2020-01-31"),
    ]
    .concat();
    let minewall = start(&lab, "block", &more)?;
    for client in CLIENTS {
        let login = login_of(client).context(client)?;
        for (family, former) in Family::BOTH.into_iter().zip([&second_v4, &second_v6]) {
            let at = pool_at(family, login.dialect);
            let heard = until_a_job(&lab.host, login, family)?;
            assert_eq!(heard.ending, Ending::Open, "{client} {family:?}: {heard:?}");
            assert!(heard.lines.len() > login.lines().len(), "{client} {family:?}: {heard:?}");
            let record = wait_from(&minewall, family, dialect_id(login))?;
            assert_eq!(record["event"]["action"], "observed", "{record}");
            let exemption = &record["minewall"]["exemption"];
            assert_eq!(exemption["owner"], "Prof. Example", "{record}");
            assert_eq!(exemption["reason"], "study 7", "{record}");
            assert_eq!(exemption["expires"], "2999-12-31", "{record}");

            let before = pool.sessions().len();
            let heard = login.talk(&second.namespace, at, Manner::Lines, LIMIT);
            assert_eq!(heard.ending, Ending::Reset, "expired: {client} {family:?}: {heard:?}");
            let record = minewall.wait_record(
                |record| {
                    text_at(record, "/source/ip") == *former
                        && text_at(record, "/minewall/dialect") == dialect_id(login)
                },
                LIMIT,
            )?;
            assert_eq!(record["event"]["action"], "blocked", "{record}");
            assert!(record["minewall"].get("exemption").is_none(), "{record}");
            assert!(pool.sessions()[before..].iter().all(|session| session.lines().is_empty()));
        }
    }
    Ok(())
}

#[test]
fn a_kind_of_list_may_be_ignored() -> Result<()> {
    if !ready("a_kind_of_list_may_be_ignored") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let _names = minewall_lab::service::NameServer::start(&lab)?;
    let minewall = start(&lab, "block", "[category]\npool = \"ignore\"\n")?;
    let pool = Pool::start(&lab, Options::default())?;
    for family in Family::BOTH {
        let said = super::dig(&lab.host, family.internet(), &["+short", super::POOLS[0], "A"])?;
        assert_eq!(said.trim(), minewall_lab::addresses::INTERNET_V4.to_string());
        assert!(minewall.records()?.iter().all(|record| record["minewall"]["layer"] != "dns"));
        // The protocol itself is of no list.
        must_be_cut(&lab, family, login_of("xmrig").context("xmrig")?, Manner::Lines);
    }
    assert!(pool.sessions().iter().all(|session| session.lines().is_empty()));
    Ok(())
}

/// The first record of the lab's first host about a dialect.
fn wait_from(minewall: &Minewall, family: Family, dialect: &str) -> Result<Value> {
    minewall.wait_record(
        |record| {
            text_at(record, "/source/ip") == family.host().to_string()
                && text_at(record, "/minewall/dialect") == dialect
        },
        LIMIT,
    )
}
