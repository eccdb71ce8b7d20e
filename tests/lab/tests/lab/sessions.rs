//! Both ends of mining sessions, and what a gateway between them can do.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result};
use minewall_lab::addresses::{Family, HOST_V4, INTERNET_V4};
use minewall_lab::login::{Ending, LOGINS, Manner, Session, login_of};
use minewall_lab::pool::{Options, Pool, State};
use minewall_lab::{Dialect, Lab, kernel, ready};

use crate::{LIMIT, pool_at, text};

#[test]
fn every_login_completes_and_the_pool_sees_the_nat_address() -> Result<()> {
    if !ready("every_login_completes_and_the_pool_sees_the_nat_address") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let pool = Pool::start(&lab, Options { push_every: Duration::from_millis(100), ..Options::default() })?;
    for (index, login) in LOGINS.iter().enumerate() {
        for manner in [Manner::Lines, Manner::Together, Manner::Bytes, Manner::Split(20)] {
            let family = Family::BOTH[index % 2];
            let before = pool.sessions().len();
            let session = login.until_a_job(&lab.host, pool_at(family, login.dialect), manner, LIMIT)?;
            let heard = session.heard();
            session.finish(LIMIT);
            let case = format!("{} {manner:?} {family:?}: {heard:?}", login.client);
            assert_eq!(heard.ending, Ending::Open, "{case}");
            assert!(heard.lines.len() > login.lines().len(), "answers and a push: {case}");
            let session = pool
                .wait_session(LIMIT, |session| session.state == State::Finished && session.lines() == login.lines())
                .context(case.clone())?;
            assert_eq!(session.peer.ip(), family.gateway_outside(), "{case}");
            assert_eq!(pool.sessions().len(), before + 1, "{case}");
        }
    }
    Ok(())
}

#[test]
fn byte_by_byte_is_one_segment_a_byte() -> Result<()> {
    if !ready("byte_by_byte_is_one_segment_a_byte") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let _pool = Pool::start(&lab, Options::default())?;
    let login = login_of("xmrig-old").context("xmrig-old")?;
    let rule = ["-A", "FORWARD", "-i", "lan0", "-p", "tcp", "--tcp-flags", "PSH", "PSH", "-m", "length"];
    // 20 IPv4 + 32 TCP with timestamps + 1.
    let rule = [&rule[..], &["--length", "53", "-j", "ACCEPT"]].concat();
    text(&lab.gateway.output("iptables", &rule, LIMIT)?);
    let heard = login.talk(&lab.host, pool_at(Family::V4, Dialect::CryptoNote), Manner::Bytes, Duration::ZERO);
    assert_eq!(heard.ending, Ending::Open);
    let counters = text(&lab.gateway.output("iptables", &["-nvxL", "FORWARD"], LIMIT)?);
    let seen: usize = counters
        .lines()
        .find(|line| line.contains("length 53"))
        .and_then(|line| line.split_whitespace().next())
        .and_then(|count| count.parse().ok())
        .context(counters.clone())?;
    assert_eq!(seen, heard.sent, "{counters}");
    Ok(())
}

#[test]
fn a_reset_by_the_gateway_is_told_from_silence_and_from_a_refusal() -> Result<()> {
    if !ready("a_reset_by_the_gateway_is_told_from_silence_and_from_a_refusal") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let pool = Pool::start(&lab, Options::default())?;
    let at = pool_at(Family::V4, Dialect::CryptoNote);
    let login = login_of("xmrig-old").context("xmrig-old")?;
    let before = kernel::rules(&lab.gateway)?;
    let cut = |verb: &str, target: &[&str]| -> Result<()> {
        let rule = ["-i", "lan0", "-p", "tcp", "-m", "string", "--algo", "bm", "--string", "XMRig"];
        let rule = [&[verb, "FORWARD"], &rule[..], target].concat();
        text(&lab.gateway.output("iptables", &rule, LIMIT)?);
        Ok(())
    };
    let reset = ["-j", "REJECT", "--reject-with", "tcp-reset"];
    cut("-A", &reset)?;
    assert_ne!(kernel::rules(&lab.gateway)?, before);
    assert_eq!(login.talk(&lab.host, at, Manner::Lines, LIMIT).ending, Ending::Reset);
    cut("-D", &reset)?;
    assert_eq!(kernel::rules(&lab.gateway)?, before);
    cut("-A", &["-j", "DROP"])?;
    let silent = login.talk(&lab.host, at, Manner::Lines, Duration::ZERO);
    assert_eq!((silent.ending, silent.lines.len()), (Ending::Open, 0));
    assert!(pool.sessions().iter().all(|session| session.received.is_empty()));
    let nobody = SocketAddr::new(INTERNET_V4.into(), 9999);
    assert_eq!(login.talk(&lab.host, nobody, Manner::Lines, LIMIT).ending, Ending::Refused);
    let tracked = kernel::connections_to(&lab.gateway, INTERNET_V4.into(), at.port())?;
    assert!(tracked.iter().any(|line| line.contains(&format!("src={HOST_V4}"))), "{tracked:?}");
    kernel::forget_connections(&lab.gateway)?;
    assert!(kernel::connections_to(&lab.gateway, INTERNET_V4.into(), at.port())?.is_empty());
    Ok(())
}

#[test]
fn the_pool_can_speak_first_and_a_session_lasts() -> Result<()> {
    if !ready("the_pool_can_speak_first_and_a_session_lasts") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let quick = Options { push_every: Duration::from_millis(50), push_unasked: true, ..Options::default() };
    let pool = Pool::start(&lab, quick)?;
    for dialect in Dialect::ALL {
        let connected = Session::connect(&lab.host, pool_at(Family::V6, dialect), LIMIT);
        let mut session = connected.map_err(|(ending, _)| anyhow::anyhow!("{dialect}: {ending:?}"))?;
        assert!(session.wait_lines(4, LIMIT), "{dialect}");
        let login = LOGINS.iter().find(|login| login.dialect == dialect).context("a login")?;
        session.send_share(login);
        let share = login.share();
        assert!(pool.wait_session(LIMIT, |seen| seen.lines().contains(&share)).is_some(), "{dialect}");
        assert_eq!(session.heard().ending, Ending::Open);
    }
    drop(pool);
    Ok(())
}
