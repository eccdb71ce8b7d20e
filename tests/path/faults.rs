//! Faults under load: minewall killed, stopped, overrun; the kernel's table full; an interface gone and back.
//! A second instance stands in `refusals`, rules taken away in `rules`, what follows a crash in `crash`.

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use minewall_lab::addresses::Family;
use minewall_lab::load::{self, Measured};
use minewall_lab::login::{Manner, login_of};
use minewall_lab::pool::{Options, Pool};
use minewall_lab::service::{PAGE, WebServer};
use minewall_lab::{Lab, Minewall, kernel, patient, ready, until};

use super::{LIMIT, curl, must, must_be_cut, start, url};

/// A queue that is soon full.
const SHORT: &str = "[queue]\ncount = 1\nlength = 64\n";

/// Mining is cut and pages come: all is as it was.
pub(super) fn all_is_well(lab: &Lab, family: Family) -> Result<()> {
    must_be_cut(lab, family, login_of("xmrig").context("xmrig")?, Manner::Lines);
    assert_eq!(curl(&lab.host, &[&url(family.internet(), "")])?, PAGE, "{family:?}");
    Ok(())
}

#[test]
fn no_connection_is_lost_when_minewall_is_killed_under_load() -> Result<()> {
    if !ready("no_connection_is_lost_when_minewall_is_killed_under_load") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let mut minewall = start(&lab, "block", "")?;
    let measured = thread::scope(|scope| -> Result<Measured> {
        let load = scope.spawn(|| load::connections(&lab, Family::V4, 16, patient(Duration::from_secs(5))));
        thread::sleep(patient(Duration::from_secs(2)));
        minewall.kill()?;
        load.join().map_err(|_| anyhow::anyhow!("the load panicked"))?
    })?;
    println!("killed under load: {measured}");
    assert!(measured.count > 1000, "{measured}");
    assert_eq!(measured.errors, 0, "{measured}");
    Ok(())
}

#[test]
fn a_stop_of_ten_seconds_is_passed_through_and_recovered_from() -> Result<()> {
    if !ready("a_stop_of_ten_seconds_is_passed_through_and_recovered_from") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let _web = WebServer::start(&lab)?;
    let _pool = Pool::start(&lab, Options::default())?;
    let minewall = start(&lab, "block", SHORT)?;
    minewall.pause()?;
    // The first ones fill the queue; from then on all pass.
    let filling = load::connections(&lab, Family::V4, 64, Duration::from_secs(4))?;
    let passing = load::connections(&lab, Family::V4, 16, Duration::from_secs(4))?;
    println!("stopped: while the queue fills {filling}; then {passing}");
    assert!(passing.count > 1000 && passing.errors == 0, "{passing}");
    thread::sleep(Duration::from_secs(2));
    minewall.resume()?;
    let recovered = until(LIMIT, || all_is_well_again(&lab).then_some(()));
    assert!(recovered.is_some(), "{}", minewall.log());
    all_is_well(&lab, Family::V4)
}

/// Whether a login is cut; the first ones may meet a queue that is still full.
pub(super) fn all_is_well_again(lab: &Lab) -> bool {
    let Some(login) = login_of("xmrig") else { return false };
    let heard = login.talk(&lab.host, super::pool_at(Family::V4, login.dialect), Manner::Lines, super::QUIET);
    heard.ending == minewall_lab::login::Ending::Reset
}

#[test]
fn a_burst_that_overflows_the_queue_passes() -> Result<()> {
    if !ready("a_burst_that_overflows_the_queue_passes") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let _web = WebServer::start(&lab)?;
    let _pool = Pool::start(&lab, Options::default())?;
    let minewall = start(&lab, "block", SHORT)?;
    let (passed, waited) = burst(&lab, &minewall)?;
    assert!(waited > 0 && passed > 0, "{passed} passed, {waited} waited");
    assert_eq!(passed + waited, BURST, "none is lost");
    all_is_well(&lab, Family::V4)
}

/// More than the queue holds, fewer than the receiver's buffer does.
pub(super) const BURST: usize = 200;

/// Questions while minewall stands still: how many pass, and how many come once it goes on.
pub(super) fn burst(lab: &Lab, minewall: &Minewall) -> Result<(usize, usize)> {
    let server = lab.internet.run(|| UdpSocket::bind((Family::V4.internet(), 53)))?;
    server.set_read_timeout(Some(Duration::from_millis(300)))?;
    let host = lab.host.run(|| UdpSocket::bind((Family::V4.host(), 0)))?;
    let receive = || {
        let mut buffer = [0; 512];
        std::iter::from_fn(|| server.recv(&mut buffer).ok()).count()
    };
    minewall.pause()?;
    for id in 0..BURST as u16 {
        let mut question = id.to_be_bytes().to_vec();
        question.extend(b"\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x07example\x03org\x00\x00\x01\x00\x01");
        host.send_to(&question, (Family::V4.internet(), 53))?;
    }
    let passed = receive();
    let queue = must(&lab.gateway, "cat", &["/proc/net/netfilter/nfnetlink_queue"])?;
    minewall.resume()?;
    // It may be a while until it gets a processor.
    server.set_read_timeout(Some(Duration::from_secs(5)))?;
    let waited = receive();
    println!("a burst of {BURST}: {passed} passed the full queue, {waited} waited in it; {}", queue.trim());
    Ok((passed, waited))
}

/// Sends a datagram from each of `sources` ports to each of 60,000 ports: as many connections to the kernel.
fn flood(lab: &Lab, sources: usize) -> Result<usize> {
    let sockets = lab.host.run(|| -> std::io::Result<Vec<UdpSocket>> {
        (0..sources).map(|_| UdpSocket::bind((Family::V4.host(), 0))).collect()
    })?;
    let mut sent = 0;
    for socket in sockets {
        for port in 1000..61_000 {
            // Refusals by ICMP come back as errors of the next call.
            sent += usize::from(socket.send_to(b"x", SocketAddr::new(Family::V4.internet(), port)).is_ok());
        }
    }
    Ok(sent)
}

#[test]
fn a_full_connection_table_of_the_kernel_stops_nothing_for_good() -> Result<()> {
    if !ready("a_full_connection_table_of_the_kernel_stops_nothing_for_good") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let _web = WebServer::start(&lab)?;
    let _pool = Pool::start(&lab, Options::default())?;
    let minewall = start(&lab, "block", "")?;
    let number = |file: &str| -> Result<usize> { Ok(must(&lab.gateway, "cat", &[file])?.trim().parse()?) };
    let most = number("/proc/sys/net/netfilter/nf_conntrack_max")?;
    // The first are not to be forgotten before the last are there.
    lab.gateway.sysctl("net/netfilter/nf_conntrack_udp_timeout", "300")?;
    let sent = flood(&lab, (most / 60_000 + 2).min(12))?;
    let held = number("/proc/sys/net/netfilter/nf_conntrack_count")?;
    println!("{sent} connections of one datagram: the kernel holds {held} of {most}");
    assert!(held * 20 > most * 19, "the table did not get full: {held} of {most}");
    // What is new takes the place of what never had an answer, now or at the next try.
    let served = until(LIMIT, || (curl(&lab.host, &[&url(Family::V4.internet(), "")]).ok()? == PAGE).then_some(()));
    assert!(served.is_some(), "{}", minewall.log());
    kernel::forget_connections(&lab.gateway)?;
    Family::BOTH.into_iter().try_for_each(|family| all_is_well(&lab, family))
}

#[test]
fn an_interface_that_goes_and_comes_back_is_watched_again() -> Result<()> {
    if !ready("an_interface_that_goes_and_comes_back_is_watched_again") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let _web = WebServer::start(&lab)?;
    let _pool = Pool::start(&lab, Options::default())?;
    lab.gateway.sysctl("net/ipv6/conf/all/keep_addr_on_down", "1")?;
    let minewall = start(&lab, "block", "")?;
    let stop = AtomicBool::new(false);
    let tried = AtomicUsize::new(0);
    thread::scope(|scope| -> Result<()> {
        // Somebody keeps asking all the while.
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                let _ = lab.host.output("curl", &["-sS", "--max-time", "1", &url(Family::V4.internet(), "")], LIMIT);
                tried.fetch_add(1, Ordering::Relaxed);
            }
        });
        let outcome = (0..3).try_for_each(|_| {
            for state in ["down", "up"] {
                must(&lab.gateway, "ip", &["link", "set", "lan0", state])?;
                thread::sleep(Duration::from_millis(700));
            }
            Ok(())
        });
        stop.store(true, Ordering::Relaxed);
        outcome
    })?;
    assert!(tried.load(Ordering::Relaxed) > 0);
    for family in Family::BOTH {
        let back = until(LIMIT, || {
            lab.host.output("curl", &["-sS", &url(family.internet(), "")], LIMIT).ok()?.status.success().then_some(())
        });
        assert!(back.is_some(), "{family:?}: {}", minewall.log());
        all_is_well(&lab, family)?;
    }
    assert!(!minewall.log().contains("ERROR"), "{}", minewall.log());
    Ok(())
}
