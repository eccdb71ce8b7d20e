//! Namespaces and wires: made apart, removed whole.

use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use minewall_lab::addresses::Family;
use minewall_lab::login::{Ending, Manner, Session, login_of};
use minewall_lab::pool::{Options, Pool};
use minewall_lab::service::NameServer;
use minewall_lab::{Dialect, Lab, ready};

use crate::{LIMIT, SECOND, pool_at, text};

#[test]
fn everything_is_removed_when_a_lab_is_dropped_and_when_a_test_panics() -> Result<()> {
    if !ready("everything_is_removed_when_a_lab_is_dropped_and_when_a_test_panics") {
        return Ok(());
    }
    let made = std::sync::Mutex::new(None);
    let panicked = std::panic::catch_unwind(|| {
        let lab = Lab::new().expect("a lab");
        let _names = NameServer::start(&lab).expect("knot");
        // A program without a guard: only the namespace's own clean-up can end it.
        let child = lab.host.command("sleep").arg("1000").spawn().expect("sleep");
        let kept = (lab.name().to_owned(), lab.directory().to_owned(), child);
        made.lock().expect("the mutex").replace(kept);
        panic!("on purpose, as a failing test would");
    });
    assert!(panicked.is_err());
    let (name, directory, mut child) = made.into_inner().ok().flatten().context("the lab was not made")?;
    let status = minewall_lab::until(LIMIT, || child.try_wait().ok().flatten()).context("sleep still runs")?;
    assert_eq!(status.signal(), Some(9));
    for role in ["host", "gw", "net"] {
        assert!(!Path::new("/run/netns").join(format!("{name}-{role}")).exists(), "{role}");
        assert!(!Path::new("/etc/netns").join(format!("{name}-{role}")).exists(), "{role}");
    }
    assert!(!directory.exists());
    Ok(())
}

#[test]
fn labs_live_side_by_side_and_hosts_can_be_added() -> Result<()> {
    if !ready("labs_live_side_by_side_and_hosts_can_be_added") {
        return Ok(());
    }
    let (one, two) = (Lab::new()?, Lab::new()?);
    assert_ne!(one.host.name(), two.host.name());
    let host = one.add_host()?;
    assert_eq!(host.v4.to_string(), "10.80.1.2");
    assert_eq!(host.v6.to_string(), "fd80:1::2");
    let pool = Pool::start(&one, Options::default())?;
    let login = login_of("xmrig").context("xmrig")?;
    for family in Family::BOTH {
        let at = pool_at(family, Dialect::CryptoNote);
        let heard = login.talk(&host.namespace, at, Manner::Lines, Duration::ZERO);
        assert_eq!((heard.ending, heard.lines.is_empty()), (Ending::Open, false), "{heard:?}");
        let other = Session::connect(&two.host, at, SECOND).map(drop);
        assert_eq!(other.map_err(|(ending, _)| ending), Err(Ending::Refused), "labs must not mix");
    }
    let link = text(&host.namespace.output("ip", &["link", "show", "eth0"], LIMIT)?);
    assert!(link.contains(&host.mac), "{link}");
    assert!(
        pool.sessions().iter().all(|session| { Family::BOTH.iter().any(|f| f.gateway_outside() == session.peer.ip()) })
    );
    Ok(())
}

#[test]
fn an_added_address_is_served_through_the_gateway() -> Result<()> {
    if !ready("an_added_address_is_served_through_the_gateway") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let _pool = Pool::start(&lab, Options::default())?;
    for address in ["198.51.100.7", "2001:db8:7::7"] {
        let address = address.parse()?;
        lab.add_internet_address(address)?;
        let at = SocketAddr::new(address, Dialect::Stratum.port());
        let heard = login_of("cgminer").context("cgminer")?.talk(&lab.host, at, Manner::Lines, Duration::ZERO);
        assert_eq!(heard.ending, Ending::Open, "{at}");
    }
    Ok(())
}

#[test]
fn pings_cross_and_what_dead_labs_left_is_swept() -> Result<()> {
    if !ready("pings_cross_and_what_dead_labs_left_is_swept") {
        return Ok(());
    }
    // A pid above the kernel's highest (2^22).
    let orphan = format!("mw99999999-{}-host", std::process::id());
    let made = std::process::Command::new("ip").args(["netns", "add", &orphan]).status()?;
    assert!(made.success());
    let lab = Lab::new()?;
    assert!(!Path::new("/run/netns").join(&orphan).exists());
    for family in Family::BOTH {
        let to = family.internet().to_string();
        let said = text(&lab.host.output("ping", &["-c", "3", "-i", "0.2", "-W", "2", &to], LIMIT)?);
        assert!(said.contains(" 0% packet loss"), "{said}");
    }
    Ok(())
}
