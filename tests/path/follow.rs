//! What mines and is let pass is followed: its shares are counted, and it is cut when the grace of its host is over.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use minewall_lab::addresses::Family;
use minewall_lab::login::{Ending, Manner, Session, login_of};
use minewall_lab::pool::{Options, Pool};
use minewall_lab::{Lab, ready};

use super::metrics::{figures, sum};
use super::{LIMIT, pool_at, start, text_at};

/// More shares than there are packets in a look.
const SHARES: u32 = 120;

#[test]
fn each_share_of_an_observed_session_is_counted() -> Result<()> {
    if !ready("each_share_of_an_observed_session_is_counted") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let pool = Pool::start(&lab, Options::default())?;
    let file = lab.directory().join("minewall.prom");
    let minewall = start(&lab, "observe", &format!("[metrics]\ninterval = 1\nfile = {file:?}\n"))?;
    let mut open = Vec::new();
    for (client, family) in [("xmrig", Family::V4), ("cgminer", Family::V6), ("ethminer", Family::V4)] {
        let login = login_of(client).context(client)?;
        let mut session = Session::connect(&lab.host, pool_at(family, login.dialect), LIMIT)
            .map_err(|ended| anyhow!("{client}: {ended:?}"))?;
        session.log_in(login, Manner::Lines);
        for _ in 0..SHARES {
            session.send_share(login);
        }
        assert_eq!(session.heard().ending, Ending::Open, "{client}");
        let got = pool.wait_session(LIMIT, |session| {
            let share = login.share();
            session.lines().iter().filter(|line| **line == share).count() == SHARES as usize
        });
        assert!(got.is_some(), "{client}: the pool has all shares");
        open.push(session);
    }
    let all = f64::from(3 * SHARES);
    let series = figures(&file, |series| sum(series, "shares_total", "accepted") >= all);
    let series = series.with_context(|| format!("{:?}; {}", std::fs::read_to_string(&file), minewall.log()))?;
    let count = |state: &str| sum(&series, "shares_total", state);
    assert_eq!((count("offered"), count("accepted"), count("rejected")), (all, all, 0.0));
    assert_eq!(sum(&series, "followed_connections", ""), 3.0);
    assert!(sum(&series, "jobs_total", "") >= 3.0);
    Ok(())
}

#[test]
fn a_session_in_its_grace_goes_on_until_that_is_over_and_is_cut_then() -> Result<()> {
    if !ready("a_session_in_its_grace_goes_on_until_that_is_over_and_is_cut_then") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let pool = Pool::start(&lab, Options::default())?;
    let file = lab.directory().join("minewall.prom");
    let more = format!("[queue]\ncount = 1\n[grace]\nminutes = 1\n[metrics]\ninterval = 1\nfile = {file:?}\n");
    let minewall = start(&lab, "block", &more)?;
    let login = login_of("xmrig").context("xmrig")?;
    let begun = Instant::now();
    let mut session =
        Session::connect(&lab.host, pool_at(Family::V4, login.dialect), LIMIT).map_err(|ended| anyhow!("{ended:?}"))?;
    session.log_in(login, Manner::Lines);
    while session.heard().ending == Ending::Open && begun.elapsed() < Duration::from_secs(60) + LIMIT {
        session.send_share(login);
        session.listen(Duration::from_millis(500));
    }
    let heard = session.heard();
    assert_eq!(heard.ending, Ending::Reset, "{:?}", heard.elapsed);
    assert!(heard.elapsed >= Duration::from_secs(59), "{:?}", heard.elapsed);
    let observed = minewall.wait_record(|record| text_at(record, "/event/action") == "observed", LIMIT)?;
    assert!(!text_at(&observed, "/minewall/grace_until").is_empty(), "{observed}");
    let blocked = minewall.wait_record(|record| text_at(record, "/event/action") == "blocked", LIMIT)?;
    assert!(text_at(&blocked, "/event/reason").contains("its grace is over"), "{blocked}");
    assert_eq!(text_at(&blocked, "/minewall/wallet"), login.dialect.wallet(), "{blocked}");
    // Answers that came are counted; the one under way at the end did not come.
    let series =
        figures(&file, |series| sum(series, "cut_verdicts_total", "") >= 1.0).with_context(|| minewall.log())?;
    let is_answer = |line: &&String| line.contains("\"status\":\"OK\"") && !line.contains("\"job\"");
    let answered = heard.lines.iter().filter(is_answer).count();
    assert_eq!(sum(&series, "shares_total", "accepted"), answered as f64);
    assert_eq!(sum(&series, "followed_connections", ""), 0.0);
    // The next connection is cut at its login, and the pool never sees it.
    let sessions = pool.sessions().len();
    let next = login.talk(&lab.host, pool_at(Family::V4, login.dialect), Manner::Lines, LIMIT);
    assert_eq!(next.ending, Ending::Reset, "{next:?}");
    assert!(pool.sessions()[sessions..].iter().all(|session| session.lines().is_empty()));
    Ok(())
}
