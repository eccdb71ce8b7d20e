//! Sinks that do not take records delay nothing.

use std::net::{TcpListener, UdpSocket};
use std::time::Duration;

use anyhow::{Context as _, Result};
use minewall_lab::addresses::Family;
use minewall_lab::login::{Manner, login_of};
use minewall_lab::pool::{Options, Pool};
use minewall_lab::service::{PAGE, WebServer};
use minewall_lab::{Lab, ready};

use super::{LIMIT, curl, must_be_cut, start, text_at, url};

/// More refused questions than records may wait for one sink (4,096).
const QUESTIONS: u16 = 5_000;

#[test]
fn a_sink_that_takes_nothing_delays_nothing() -> Result<()> {
    if !ready("a_sink_that_takes_nothing_delays_nothing") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let _web = WebServer::start(&lab)?;
    let pool = Pool::start(&lab, Options::default())?;
    // It never accepts, so nobody ever reads; and the kernel takes only a little in its stead.
    for key in ["net/ipv4/tcp_rmem", "net/ipv4/tcp_wmem"] {
        lab.gateway.sysctl(key, "4096 4096 4096")?;
    }
    let silent = lab.gateway.run(|| TcpListener::bind("127.0.0.1:0"))?;
    let dead = lab.gateway.run(|| TcpListener::bind("127.0.0.1:0"))?.local_addr()?;
    let more = format!(
        "[[sink]]\ntype = \"syslog\"\naddress = \"tcp://{}\"\nheld = true\n[[sink]]\ntype = \"syslog\"\naddress = \"tcp://{dead}\"\nheld = true\n\
         [[sink]]\ntype = \"syslog\"\naddress = \"unix:{}\"\nheld = true\n",
        silent.local_addr()?,
        lab.directory().join("no-such-socket").display(),
    );
    let minewall = start(&lab, "block", &more)?;
    let answered = ask_for_a_pool(&lab, QUESTIONS)?;
    assert!(answered > QUESTIONS / 2, "{answered} of {QUESTIONS} refusals came");
    for client in ["cgminer", "xmrig", "ethminer"] {
        let login = login_of(client).context(client)?;
        for family in Family::BOTH {
            must_be_cut(&lab, family, login, Manner::Lines);
            assert_eq!(curl(&lab.host, &[&url(family.internet(), "")])?, PAGE);
            minewall.wait_record(
                |record| {
                    text_at(record, "/source/ip") == family.host().to_string()
                        && text_at(record, "/minewall/layer") == "payload"
                        && record["destination"]["port"] == login.dialect.port()
                },
                LIMIT,
            )?;
        }
    }
    assert!(pool.sessions().iter().all(|session| session.lines().is_empty()));
    assert!(minewall.wait_log("records were lost", LIMIT), "losses are told: {}", minewall.log());
    Ok(())
}

/// Asks so often for a listed name, each question when the one before was answered or given up; how many answers came.
fn ask_for_a_pool(lab: &Lab, count: u16) -> Result<u16> {
    let socket = lab.host.run(|| UdpSocket::bind((Family::V4.host(), 0)))?;
    socket.connect((Family::V4.internet(), 53))?;
    socket.set_read_timeout(Some(Duration::from_secs(1)))?;
    let mut answered = 0;
    for id in 0..count {
        let mut question = id.to_be_bytes().to_vec();
        question.extend_from_slice(
            b"\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03xmr\x072miners\x03com\x00\x00\x01\x00\x01",
        );
        socket.send(&question)?;
        let mut answer = [0; 512];
        if socket.recv(&mut answer).is_ok() {
            assert_eq!(answer[3] & 0x0f, 3, "NXDOMAIN");
            answered += 1;
        }
    }
    Ok(answered)
}
