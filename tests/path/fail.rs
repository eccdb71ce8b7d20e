//! `queue.fail` by class: DNS fails closed and connections open, and the reverse.

use std::thread;
use std::time::Duration;

use anyhow::Result;
use minewall_lab::addresses::Family;
use minewall_lab::pool::{Options, Pool};
use minewall_lab::service::{NameServer, PAGE, WebServer};
use minewall_lab::{Lab, kernel, load, ready, until};

use super::faults::{BURST, all_is_well, all_is_well_again, burst};
use super::{LIMIT, POOLS, curl, dig, start, url};

const DNS_CLOSED: &str = "[queue]\nfail = { dns = \"closed\" }\n";
const TCP_CLOSED: &str = "[queue]\nfail = { tcp = \"closed\" }\n";

/// Queues that are soon full, one a class.
const SHORT: &str = "count = 1\nlength = 64\n";

/// Whether a question about an allowed name is answered, over UDP and over TCP.
fn is_answered(lab: &Lab, family: Family) -> Result<[bool; 2]> {
    let ask = |over: &str| -> Result<bool> {
        let said = dig(&lab.host, family.internet(), &["+time=3", over, "www.example.org", "A"])?;
        let answered = said.contains("status: NOERROR");
        assert!(answered || said.contains("timed out"), "{said}");
        Ok(answered)
    };
    Ok([ask("+notcp")?, ask("+tcp")?])
}

/// Whether a page comes.
fn is_served(lab: &Lab, family: Family) -> Result<bool> {
    let output = lab.host.output("curl", &["-sS", "--max-time", "4", &url(family.internet(), "")], LIMIT)?;
    Ok(output.status.success())
}

fn must_refuse_and_pass(lab: &Lab) -> Result<()> {
    for family in Family::BOTH {
        all_is_well(lab, family)?;
        let said = dig(&lab.host, family.internet(), &[POOLS[0], "A"])?;
        assert!(said.contains("status: NXDOMAIN"), "{said}");
        assert_eq!(is_answered(lab, family)?, [true; 2], "{family:?}");
    }
    Ok(())
}

#[test]
fn each_class_fails_as_it_is_told_when_minewall_is_killed() -> Result<()> {
    if !ready("each_class_fails_as_it_is_told_when_minewall_is_killed") {
        return Ok(());
    }
    for (more, dns_passes, tcp_passes) in [(DNS_CLOSED, false, true), (TCP_CLOSED, true, false)] {
        let lab = Lab::new()?;
        let _names = NameServer::start(&lab)?;
        let _web = WebServer::start(&lab)?;
        let _pool = Pool::start(&lab, Options::default())?;
        let before = kernel::rules(&lab.gateway)?;
        let mut first = start(&lab, "block", more)?;
        must_refuse_and_pass(&lab)?;
        let loaded = kernel::rules(&lab.gateway)?;
        first.kill()?;
        assert_eq!(kernel::rules(&lab.gateway)?, loaded, "nobody took the rules out");
        for family in Family::BOTH {
            assert_eq!(is_answered(&lab, family)?, [dns_passes; 2], "{more} {family:?}");
            assert_eq!(is_served(&lab, family)?, tcp_passes, "{more} {family:?}");
        }
        let mut second = start(&lab, "block", more)?;
        assert_eq!(kernel::rules(&lab.gateway)?, loaded, "the rules are in once");
        must_refuse_and_pass(&lab)?;
        // Who stops it wants it gone: no rule stays, and nothing is dropped.
        assert!(second.stop()?.success());
        assert_eq!(kernel::rules(&lab.gateway)?, before);
        for family in Family::BOTH {
            assert_eq!(is_answered(&lab, family)?, [true; 2], "{more} {family:?}");
            assert_eq!(curl(&lab.host, &[&url(family.internet(), "")])?, PAGE, "{more} {family:?}");
        }
    }
    Ok(())
}

#[test]
fn questions_beyond_the_queue_are_dropped_while_connections_pass() -> Result<()> {
    if !ready("questions_beyond_the_queue_are_dropped_while_connections_pass") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let _web = WebServer::start(&lab)?;
    let _pool = Pool::start(&lab, Options::default())?;
    let minewall = start(&lab, "block", &format!("{DNS_CLOSED}{SHORT}"))?;
    let (passed, waited) = burst(&lab, &minewall)?;
    assert_eq!(passed, 0, "beyond the queue each is dropped");
    assert!(waited > 0 && waited < BURST / 2, "the queue holds 64: {waited}");
    minewall.pause()?;
    // The first ones fill the queue; from then on all pass.
    let filling = load::connections(&lab, Family::V4, 64, Duration::from_secs(4))?;
    let passing = load::connections(&lab, Family::V4, 16, Duration::from_secs(2))?;
    println!("stopped: while the queue fills {filling}; then {passing}");
    assert!(passing.count > 100 && passing.errors == 0, "{passing}");
    minewall.resume()?;
    let recovered = until(LIMIT, || all_is_well_again(&lab).then_some(()));
    assert!(recovered.is_some(), "{}", minewall.log());
    all_is_well(&lab, Family::V4)
}

#[test]
fn segments_beyond_the_queue_are_dropped_while_questions_pass() -> Result<()> {
    if !ready("segments_beyond_the_queue_are_dropped_while_questions_pass") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let _web = WebServer::start(&lab)?;
    let _pool = Pool::start(&lab, Options::default())?;
    let minewall = start(&lab, "block", &format!("{TCP_CLOSED}{SHORT}"))?;
    let (passed, waited) = burst(&lab, &minewall)?;
    assert!(passed > 0, "a full queue lets questions pass");
    assert_eq!(passed + waited, BURST, "none is lost");
    minewall.pause()?;
    let dropped = thread::scope(|scope| -> Result<bool> {
        let load = scope.spawn(|| load::connections(&lab, Family::V4, 64, Duration::from_secs(5)));
        thread::sleep(Duration::from_secs(1));
        let dropped = !is_served(&lab, Family::V4)?;
        let measured = load.join().map_err(|_| anyhow::anyhow!("the load panicked"))??;
        println!("stopped: {measured}");
        Ok(dropped && measured.count == 0)
    })?;
    assert!(dropped, "no connection passes, however full the queue is");
    minewall.resume()?;
    let recovered = until(LIMIT, || all_is_well_again(&lab).then_some(()));
    assert!(recovered.is_some(), "{}", minewall.log());
    all_is_well(&lab, Family::V4)
}
