//! The lab tested by itself, without minewall: what later tests take for granted. Root needed.
//! A test that cannot run says so on the terminal.

use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::Output;
use std::time::Duration;

use anyhow::{Context as _, Result};
use minewall_lab::addresses::{Family, HOST_V4, INTERNET_V4, INTERNET_V6};
use minewall_lab::login::{Ending, LOGINS, Manner, Session, login_of};
use minewall_lab::pool::{Options, Pool, State};
use minewall_lab::service::{BIG_BYTES, NameServer, PAGE, Resolver, WebServer};
use minewall_lab::{Dialect, Lab, Namespace, kernel, load, ready};

const LIMIT: Duration = Duration::from_secs(20);
const SECOND: Duration = Duration::from_secs(1);

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn dig(namespace: &Namespace, server: &str, arguments: &[&str]) -> Result<String> {
    let server = format!("@{server}");
    let all: Vec<_> = [server.as_str(), "+tries=1", "+time=3"]
        .iter()
        .chain(arguments)
        .copied()
        .collect();
    Ok(text(&namespace.output("dig", &all, LIMIT)?))
}

fn curl(namespace: &Namespace, arguments: &[&str]) -> Result<String> {
    let all: Vec<_> = ["-sS", "--max-time", "10"]
        .iter()
        .chain(arguments)
        .copied()
        .collect();
    Ok(text(&namespace.output("curl", &all, LIMIT)?))
}

fn pool_at(family: Family, dialect: Dialect) -> SocketAddr {
    SocketAddr::new(family.internet(), dialect.port())
}

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
        let child = lab
            .host
            .command("sleep")
            .arg("1000")
            .spawn()
            .expect("sleep");
        let kept = (lab.name().to_owned(), lab.directory().to_owned(), child);
        made.lock().expect("the mutex").replace(kept);
        panic!("on purpose, as a failing test would");
    });
    assert!(panicked.is_err());
    let (name, directory, mut child) = made
        .into_inner()
        .ok()
        .flatten()
        .context("the lab was not made")?;
    let status = minewall_lab::until(LIMIT, || child.try_wait().ok().flatten())
        .context("sleep still runs")?;
    assert_eq!(status.signal(), Some(9));
    for role in ["host", "gw", "net"] {
        assert!(
            !Path::new("/run/netns")
                .join(format!("{name}-{role}"))
                .exists(),
            "{role}"
        );
        assert!(
            !Path::new("/etc/netns")
                .join(format!("{name}-{role}"))
                .exists(),
            "{role}"
        );
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
        assert_eq!(
            (heard.ending, heard.lines.is_empty()),
            (Ending::Open, false),
            "{heard:?}"
        );
        let other = Session::connect(&two.host, at, SECOND).map(drop);
        assert_eq!(
            other.map_err(|(ending, _)| ending),
            Err(Ending::Refused),
            "labs must not mix"
        );
    }
    let link = text(
        &host
            .namespace
            .output("ip", &["link", "show", "eth0"], LIMIT)?,
    );
    assert!(link.contains(&host.mac), "{link}");
    assert!(pool.sessions().iter().all(|session| {
        Family::BOTH
            .iter()
            .any(|f| f.gateway_outside() == session.peer.ip())
    }));
    Ok(())
}

#[test]
fn the_web_works_by_name_and_address_over_both_families() -> Result<()> {
    if !ready("the_web_works_by_name_and_address_over_both_families") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let _names = NameServer::start(&lab)?;
    let _resolver = Resolver::start(&lab)?;
    let web = WebServer::start(&lab)?;
    assert_eq!(curl(&lab.host, &[&format!("http://{INTERNET_V4}/")])?, PAGE);
    assert_eq!(
        curl(&lab.host, &[&format!("http://[{INTERNET_V6}]/")])?,
        PAGE
    );
    for family in ["-4", "-6"] {
        assert_eq!(curl(&lab.host, &[family, "http://www.example.org/"])?, PAGE);
        assert_eq!(
            curl(&lab.host, &[family, "-k", "https://www.example.org/"])?,
            PAGE
        );
        let size = ["-o", "/dev/null", "-w", "%{size_download}"];
        let big = curl(
            &lab.host,
            &[&[family, "http://www.example.org/big"], &size[..]].concat(),
        )?;
        assert_eq!(big, BIG_BYTES.to_string());
    }
    let log = web.log();
    for family in Family::BOTH {
        assert!(
            log.contains(&format!("{} - - ", family.gateway_outside())),
            "no NAT address in {log}"
        );
        assert!(
            !log.contains(&format!("{} - - ", family.host())),
            "the inside address shows in {log}"
        );
    }
    Ok(())
}

#[test]
fn names_resolve_directly_and_through_the_gateway() -> Result<()> {
    if !ready("names_resolve_directly_and_through_the_gateway") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let _names = NameServer::start(&lab)?;
    let resolver = Resolver::start(&lab)?;
    for family in Family::BOTH {
        for server in [family.internet(), family.gateway_inside()] {
            for transport in ["+notcp", "+tcp"] {
                for name in [
                    "pool.supportxmr.com",
                    "xmr.2miners.com",
                    "www.example.org",
                    "www.test",
                ] {
                    let ask = |kind| {
                        dig(
                            &lab.host,
                            &server.to_string(),
                            &["+short", transport, name, kind],
                        )
                    };
                    assert_eq!(
                        ask("A")?.trim(),
                        INTERNET_V4.to_string(),
                        "{server} {transport} {name}"
                    );
                    assert_eq!(
                        ask("AAAA")?.trim(),
                        INTERNET_V6.to_string(),
                        "{server} {transport} {name}"
                    );
                }
                let absent = dig(
                    &lab.host,
                    &server.to_string(),
                    &[transport, "absent.test", "A"],
                )?;
                assert!(absent.contains("status: NXDOMAIN"), "{absent}");
            }
        }
    }
    let https = dig(
        &lab.host,
        &INTERNET_V4.to_string(),
        &["+short", "pool.supportxmr.com", "TYPE65"],
    )?;
    assert!(https.starts_with('1') || https.contains("\\#"), "{https}");
    let log = resolver.log();
    assert!(
        log.contains(&format!("query[A] pool.supportxmr.com from {HOST_V4}")),
        "{log}"
    );
    Ok(())
}

#[test]
fn every_login_completes_and_the_pool_sees_the_nat_address() -> Result<()> {
    if !ready("every_login_completes_and_the_pool_sees_the_nat_address") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let pool = Pool::start(
        &lab,
        Options {
            push_every: Duration::from_millis(100),
            ..Options::default()
        },
    )?;
    for (index, login) in LOGINS.iter().enumerate() {
        for manner in [
            Manner::Lines,
            Manner::Together,
            Manner::Bytes,
            Manner::Split(20),
        ] {
            let family = Family::BOTH[index % 2];
            let before = pool.sessions().len();
            let heard = login.talk(
                &lab.host,
                pool_at(family, login.dialect),
                manner,
                Duration::from_millis(150),
            );
            let case = format!("{} {manner:?} {family:?}: {heard:?}", login.client);
            assert_eq!(heard.ending, Ending::Open, "{case}");
            assert!(
                heard.lines.len() > login.lines().len(),
                "answers and a push: {case}"
            );
            let session = pool
                .wait_session(SECOND, |session| {
                    session.state == State::Finished && session.lines() == login.lines()
                })
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
    let rule = [
        "-A",
        "FORWARD",
        "-i",
        "lan0",
        "-p",
        "tcp",
        "--tcp-flags",
        "PSH",
        "PSH",
        "-m",
        "length",
    ];
    // 20 IPv4 + 32 TCP with timestamps + 1.
    let rule = [&rule[..], &["--length", "53", "-j", "ACCEPT"]].concat();
    text(&lab.gateway.output("iptables", &rule, LIMIT)?);
    let heard = login.talk(
        &lab.host,
        pool_at(Family::V4, Dialect::CryptoNote),
        Manner::Bytes,
        Duration::ZERO,
    );
    assert_eq!(heard.ending, Ending::Open);
    let counters = text(
        &lab.gateway
            .output("iptables", &["-nvxL", "FORWARD"], LIMIT)?,
    );
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
        let rule = [
            "-i", "lan0", "-p", "tcp", "-m", "string", "--algo", "bm", "--string", "XMRig",
        ];
        let rule = [&[verb, "FORWARD"], &rule[..], target].concat();
        text(&lab.gateway.output("iptables", &rule, LIMIT)?);
        Ok(())
    };
    let reset = ["-j", "REJECT", "--reject-with", "tcp-reset"];
    cut("-A", &reset)?;
    assert_ne!(kernel::rules(&lab.gateway)?, before);
    assert_eq!(
        login.talk(&lab.host, at, Manner::Lines, SECOND).ending,
        Ending::Reset
    );
    cut("-D", &reset)?;
    assert_eq!(kernel::rules(&lab.gateway)?, before);
    cut("-A", &["-j", "DROP"])?;
    let silent = login.talk(&lab.host, at, Manner::Lines, Duration::ZERO);
    assert_eq!((silent.ending, silent.lines.len()), (Ending::Open, 0));
    assert!(
        pool.sessions()
            .iter()
            .all(|session| session.received.is_empty())
    );
    let nobody = SocketAddr::new(INTERNET_V4.into(), 9999);
    assert_eq!(
        login.talk(&lab.host, nobody, Manner::Lines, SECOND).ending,
        Ending::Refused
    );
    let tracked = kernel::connections_to(&lab.gateway, INTERNET_V4.into(), at.port())?;
    assert!(
        tracked
            .iter()
            .any(|line| line.contains(&format!("src={HOST_V4}"))),
        "{tracked:?}"
    );
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
    let quick = Options {
        push_every: Duration::from_millis(50),
        push_unasked: true,
        ..Options::default()
    };
    let pool = Pool::start(&lab, quick)?;
    for dialect in Dialect::ALL {
        let connected = Session::connect(&lab.host, pool_at(Family::V6, dialect), SECOND);
        let mut session =
            connected.map_err(|(ending, _)| anyhow::anyhow!("{dialect}: {ending:?}"))?;
        assert!(session.wait_lines(4, LIMIT), "{dialect}");
        let login = LOGINS
            .iter()
            .find(|login| login.dialect == dialect)
            .context("a login")?;
        session.send_share(login);
        let share = login.share();
        assert!(
            pool.wait_session(SECOND, |seen| seen.lines().contains(&share))
                .is_some(),
            "{dialect}"
        );
        assert_eq!(session.heard().ending, Ending::Open);
    }
    drop(pool);
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
        let heard = login_of("cgminer").context("cgminer")?.talk(
            &lab.host,
            at,
            Manner::Lines,
            Duration::ZERO,
        );
        assert_eq!(heard.ending, Ending::Open, "{at}");
    }
    Ok(())
}

#[test]
fn the_load_tools_measure() -> Result<()> {
    if !ready("the_load_tools_measure") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let time = Duration::from_millis(300);
    for family in Family::BOTH {
        let down = load::bulk(&lab, family, load::Direction::Down, 1, time)?;
        let up = load::bulk(&lab, family, load::Direction::Up, 2, time)?;
        let connections = load::connections(&lab, family, 2, time)?;
        let questions = load::questions(&lab, family, 2, time)?;
        for (what, measured) in [
            ("down", down),
            ("up", up),
            ("connections", connections),
            ("questions", questions),
        ] {
            assert!(
                measured.count > 0 && measured.errors == 0,
                "{family:?} {what}: {measured}"
            );
        }
    }
    // They also see what is broken.
    let rule = ["-A", "FORWARD", "-p", "udp", "--dport", "53", "-j", "DROP"];
    text(&lab.gateway.output("iptables", &rule, LIMIT)?);
    let questions = load::questions(&lab, Family::V4, 1, time)?;
    assert!(questions.count == 0 && questions.errors > 0, "{questions}");
    Ok(())
}
