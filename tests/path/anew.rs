//! What comes after a cut: the far end is told, and the next connection on the same ports is judged by itself.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use minewall_lab::addresses::Family;
use minewall_lab::login::{LOGINS, Manner, login_of};
use minewall_lab::pool::{Options, Pool, State};
use minewall_lab::{Dialect, Lab, Namespace, kernel, ready, until};
use socket2::{Domain, Socket, Type};

use super::{LIMIT, QUIET, must_be_cut, pool_at, start};

/// A port below those the kernel gives out.
const PORT: u16 = 23_001;

const HARMLESS: &[u8] = b"GET /index.html HTTP/1.1\r\nHost: www.example.org\r\n\r\n";

#[test]
fn a_pool_is_told_of_the_cut() -> Result<()> {
    if !ready("a_pool_is_told_of_the_cut") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let pool = Pool::start(&lab, Options::default())?;
    for action in ["reset", "drop"] {
        let mut minewall = start(&lab, "block", &format!("[tcp]\naction = \"{action}\"\n"))?;
        for family in Family::BOTH {
            let before = pool.sessions().len();
            for login in LOGINS.iter().take(4) {
                let heard =
                    login.talk(&lab.host, pool_at(family, login.dialect), Manner::Lines, Duration::from_secs(1));
                assert!(heard.lines.is_empty(), "{action} {}: {heard:?}", login.client);
            }
            let told = || {
                let sessions = pool.sessions();
                let of = sessions.get(before..)?;
                (of.len() == 4 && of.iter().all(|session| session.state == State::Reset)).then_some(())
            };
            assert!(until(LIMIT, told).is_some(), "{action} {family:?}: {:?}", pool.sessions());
        }
        minewall.stop()?;
    }
    Ok(())
}

#[test]
fn the_ports_of_a_cut_connection_serve_another_at_once() -> Result<()> {
    if !ready("the_ports_of_a_cut_connection_serve_another_at_once") {
        return Ok(());
    }
    for speaks_first in [false, true] {
        serve_another(&Lab::new()?, speaks_first)?;
    }
    Ok(())
}

#[test]
fn on_a_bridge_the_ports_of_a_cut_connection_serve_another_too() -> Result<()> {
    if !ready("on_a_bridge_the_ports_of_a_cut_connection_serve_another_too") {
        return Ok(());
    }
    // The kernel is not told of the end: where the pool speaks first there is nothing to be seen in its table.
    serve_another(&Lab::bridged()?, false)
}

fn serve_another(lab: &Lab, speaks_first: bool) -> Result<()> {
    let pool = Pool::start(lab, Options { push_unasked: speaks_first, ..Options::default() })?;
    let quiet = if speaks_first { None } else { Some(&pool) };
    let minewall = start(lab, "block", "")?;
    let login = login_of("xmrig").context("xmrig")?.lines()[0].clone() + "\n";
    let mut served = 0;
    for family in Family::BOTH {
        let address = pool_at(family, Dialect::CryptoNote);
        for round in 0..3 {
            let case = format!("{speaks_first} {family:?} {round}: {}", minewall.log());
            match connect(&lab.host, address, PORT) {
                // Where the pool speaks first, the reset may come before connect(2) has returned.
                Err(error) if speaks_first && is_reset(&error) => {}
                miner => {
                    let mut miner = miner.with_context(|| case.clone())?;
                    // Or this may meet it.
                    let _ = miner.write_all(login.as_bytes());
                    must_be_reset(&mut miner).with_context(|| case.clone())?;
                }
            }
            // Within a millisecond the new sequence numbers would still be those of the old connection.
            thread::sleep(Duration::from_millis(20));
            let Some(pool) = quiet else {
                // Its pool speaks: another connection would be cut as well. What the kernel keeps is looked at.
                must_be_closed(lab, address, &case)?;
                continue;
            };
            let mut other = connect(&lab.host, address, PORT).with_context(|| case.clone())?;
            other.write_all(HARMLESS).with_context(|| case.clone())?;
            served += 1;
            let all =
                || pool.sessions().iter().filter(|session| session.received.ends_with(HARMLESS)).count() == served;
            let came = until(LIMIT, || all().then_some(()));
            let entries = kernel::connections_to(&lab.gateway, address.ip(), address.port())?;
            assert!(came.is_some(), "{case}: {:?}, {entries:?}", pool.sessions());
            other.set_read_timeout(Some(QUIET))?;
            let kind = other.read(&mut [0; 64]).map_err(|error| error.kind());
            assert!(matches!(kind, Ok(0..) | Err(ErrorKind::WouldBlock)), "{case}: {kind:?}");
            close_hard(other)?;
        }
    }
    // A record is written after the verdict.
    let _ = until(LIMIT, || minewall.records().is_ok_and(|records| records.len() >= 6).then_some(()));
    let records = minewall.records()?.len();
    assert_eq!(records, 6, "one a login: {:?}", minewall.records()?);
    must_be_cut(lab, Family::V4, login_of("xmrig").context("xmrig")?, Manner::Lines);
    Ok(())
}

fn is_reset(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::ConnectionReset)
}

/// The kernel counts the connection as ended.
fn must_be_closed(lab: &Lab, address: SocketAddr, case: &str) -> Result<()> {
    let entries = kernel::connections_to(&lab.gateway, address.ip(), address.port())?;
    let of = entries.iter().find(|entry| entry.contains(&format!("sport={PORT}")));
    assert!(of.is_none_or(|entry| entry.contains(" CLOSE ")), "{case}: {entries:?}");
    Ok(())
}

fn must_be_reset(stream: &mut TcpStream) -> Result<()> {
    stream.set_read_timeout(Some(LIMIT))?;
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => anyhow::bail!("the far end closed"),
            Ok(length) => anyhow::bail!("the pool said {}", String::from_utf8_lossy(&buffer[..length])),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}

/// A connection from a port of our choice. It may be taken for a moment yet: what another test starts holds our former
/// socket until it has become the other program.
fn connect(host: &Namespace, to: SocketAddr, from: u16) -> Result<TcpStream> {
    let connected = until(LIMIT, || match connect_once(host, to, from) {
        Err(error) if error.kind() == ErrorKind::AddrNotAvailable => None,
        other => Some(other),
    });
    Ok(connected.context("the port stays taken")??)
}

fn connect_once(host: &Namespace, to: SocketAddr, from: u16) -> std::io::Result<TcpStream> {
    host.run(|| {
        let socket = Socket::new(Domain::for_address(to), Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        let any = if to.is_ipv4() { IpAddr::from([0; 4]) } else { IpAddr::from([0; 16]) };
        socket.bind(&SocketAddr::new(any, from).into())?;
        socket.connect_timeout(&to.into(), LIMIT)?;
        Ok(socket.into())
    })
}

/// Ends it with a reset, so that its port is free at once on both sides.
fn close_hard(stream: TcpStream) -> Result<()> {
    let socket = Socket::from(stream);
    socket.set_linger(Some(Duration::ZERO))?;
    Ok(())
}
