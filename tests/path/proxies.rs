//! Mining and listed names behind real proxies, and web miners over WebSocket.

use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::thread;

use anyhow::{Context as _, Result};
use minewall_lab::addresses::Family;
use minewall_lab::login::{Ending, Manner, Session, login_of};
use minewall_lab::pool::{Options, Pool};
use minewall_lab::service::{
    HTTP_PORT, NameServer, PAGE, Proxies, Resolver, SOCKS_LOGIN, SOCKS_LOGIN_PORT, SOCKS_PORT, WebServer,
};
use minewall_lab::{Dialect, Lab, ready};
use tungstenite::{Message, WebSocket};

use super::{LIMIT, LISTEN, POOLS, QUIET, bracketed, curl, pool_at, records_after, start, text_at, words};

/// A way through a proxy: its port, and what is said to it and heard from it.
struct Way {
    name: &'static str,
    port: u16,
    steps: Vec<Step>,
}

/// Octets for the proxy, and how to tell its answer.
type Step = (Vec<u8>, fn(&[u8]) -> bool);

fn socks5_request(to: SocketAddr) -> Step {
    let mut request = vec![5, 1, 0];
    match to.ip() {
        IpAddr::V4(v4) => {
            request.push(1);
            request.extend(v4.octets());
        }
        IpAddr::V6(v6) => {
            request.push(4);
            request.extend(v6.octets());
        }
    }
    request.extend(to.port().to_be_bytes());
    (request, |answer| answer.len() >= 10 && answer[1] == 0)
}

fn ways(to: SocketAddr) -> Vec<Way> {
    let (user, password) = SOCKS_LOGIN;
    let login = [&[1, user.len() as u8], user.as_bytes(), &[password.len() as u8], password.as_bytes()].concat();
    let connect = format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n\r\n").into_bytes();
    vec![
        Way { name: "SOCKS 5", port: SOCKS_PORT, steps: vec![(vec![5, 1, 0], |a| a == [5, 0]), socks5_request(to)] },
        Way {
            name: "SOCKS 5 with password",
            port: SOCKS_LOGIN_PORT,
            steps: vec![(vec![5, 1, 2], |a| a == [5, 2]), (login, |a| a == [1, 0]), socks5_request(to)],
        },
        Way {
            name: "HTTP CONNECT",
            port: HTTP_PORT,
            steps: vec![(connect, |a| a.starts_with(b"HTTP/1.") && a.ends_with(b"\r\n\r\n"))],
        },
    ]
}

/// A connection through a proxy, open to `to`.
fn through(lab: &Lab, way: &Way, proxy: IpAddr) -> Result<Session> {
    let session = Session::connect(&lab.host, SocketAddr::new(proxy, way.port), LIMIT);
    let mut session = session.map_err(|failed| anyhow::anyhow!("{}: {failed:?}", way.name))?;
    for (request, is_answer) in &way.steps {
        anyhow::ensure!(session.ask(request, is_answer), "{}: no answer to {request:?}", way.name);
    }
    Ok(session)
}

#[test]
fn a_login_through_a_proxy_is_cut() -> Result<()> {
    if !ready("a_login_through_a_proxy_is_cut") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let _proxies = Proxies::start(&lab)?;
    let pool = Pool::start(&lab, Options::default())?;
    let login = login_of("xmrig").context("the lab knows no XMRig login")?;
    for family in Family::BOTH {
        let way = &ways(pool_at(family, Dialect::CryptoNote))[0];
        let mut session = through(&lab, way, family.internet())?;
        session.log_in(login, Manner::Lines);
        assert!(session.line_count() > 0, "without minewall the proxy leads to the pool");
    }
    let before = pool.sessions().len();
    let minewall = start(&lab, "block", "")?;
    let mut count = 0;
    for family in Family::BOTH {
        for way in ways(pool_at(family, Dialect::CryptoNote)) {
            for manner in [Manner::Lines, Manner::Bytes] {
                let mut session = through(&lab, &way, family.internet())?;
                session.log_in(login, manner);
                let case = format!("{} {family:?} {manner:?}", way.name);
                assert_eq!(session.listen(LISTEN), Ending::Reset, "{case}");
                let records = records_after(&minewall, count, 1)?;
                count += 1;
                assert_eq!(text_at(&records[0], "/minewall/dialect"), "cryptonote", "{case}");
                assert_eq!(text_at(&records[0], "/source/ip"), family.host().to_string(), "{case}");
                assert_eq!(records[0]["destination"]["port"], way.port, "{case}");
            }
        }
    }
    for session in pool.sessions().iter().skip(before) {
        assert!(session.lines().is_empty(), "the pool received {:?}", session.lines());
    }
    assert_eq!(minewall.records()?.len(), count);
    Ok(())
}

#[test]
fn names_asked_of_a_proxy_are_refused_and_others_pass() -> Result<()> {
    if !ready("names_asked_of_a_proxy_are_refused_and_others_pass") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let _names = NameServer::start(&lab)?;
    let _resolver = Resolver::start(&lab)?;
    let _web = WebServer::start(&lab)?;
    let _proxies = Proxies::start(&lab)?;
    let minewall = start(&lab, "block", "")?;
    let at = bracketed(Family::V4.internet());
    let http = format!("http://{at}:{HTTP_PORT}");
    let socks = format!("socks5h://{at}:{SOCKS_PORT}");
    for proxy in [&http, &socks] {
        for page in ["http://www.example.org/", "https://www.example.org/"] {
            assert_eq!(curl(&lab.host, &["-k", "-x", proxy, page])?, PAGE, "{proxy} {page}");
        }
    }
    assert_eq!(minewall.records()?.len(), 0, "records of an innocent host");
    let pool = POOLS[0];
    let (page, secure) = (format!("http://{pool}/"), format!("https://{pool}/"));
    let resolved = format!("{pool}:443:{}", Family::V4.internet());
    let cases: [(&[&str], &str); 5] = [
        (&["-x", &http, &page], "proxy"),
        (&["-k", "-x", &http, &secure], "proxy"),
        (&["-x", &socks, &page], "proxy"),
        // The address is asked for, the name stands inside.
        (&["-k", "-x", "socks5://203.0.113.2:1080", "--resolve", &resolved, &secure], "sni"),
        (&["--resolve", &format!("{pool}:80:{}", Family::V4.internet()), &page], "http"),
    ];
    for (count, (arguments, layer)) in cases.into_iter().enumerate() {
        let all = [&["-sS", "--max-time", "20"], arguments].concat();
        let output = lab.host.output("curl", &all, LIMIT)?;
        assert!(!output.status.success(), "{arguments:?}: {}", words(&output));
        let records = records_after(&minewall, count, 1)?;
        assert_eq!(text_at(&records[0], "/minewall/layer"), layer, "{arguments:?}: {}", records[0]);
        assert_eq!(text_at(&records[0], "/destination/domain"), pool, "{arguments:?}");
    }
    Ok(())
}

const AUTH: &str = r#"{"type":"auth","params":{"site_key":"kR8sT0aBcDeFgHiJkLmNoPqRsTuVwXyZ","type":"anonymous","user":null,"goal":0}}"#;
const CHAT: &str =
    r#"{"msg":"method","method":"login","params":[{"user":{"username":"bob"},"password":"x"}],"id":"1"}"#;

/// A server of WebSocket that echoes; it ends with its listener.
fn serve_echo(lab: &Lab) -> Result<SocketAddr> {
    let listener = lab.internet.run(|| TcpListener::bind((Family::V4.internet(), 0)))?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            thread::spawn(move || {
                let Ok(mut socket) = tungstenite::accept(stream) else { return };
                while let Ok(message) = socket.read() {
                    if message.is_text() && socket.send(message).is_err() {
                        return;
                    }
                }
            });
        }
    });
    Ok(address)
}

fn open(lab: &Lab, to: SocketAddr) -> Result<WebSocket<TcpStream>> {
    let stream = lab.host.run(|| TcpStream::connect_timeout(&to, LIMIT))?;
    stream.set_read_timeout(Some(LISTEN))?;
    let (socket, _) = tungstenite::client(format!("ws://{to}/proxy"), stream)?;
    Ok(socket)
}

#[test]
fn a_web_miner_is_cut_and_a_chat_is_not() -> Result<()> {
    if !ready("a_web_miner_is_cut_and_a_chat_is_not") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let server = serve_echo(&lab)?;
    let minewall = start(&lab, "block", "")?;
    let mut chat = open(&lab, server)?;
    for _ in 0..3 {
        chat.send(Message::text(CHAT))?;
        assert_eq!(chat.read()?.into_text()?.as_str(), CHAT);
    }
    thread::sleep(QUIET);
    assert_eq!(minewall.records()?.len(), 0, "a chat that logs in is no miner");
    let mut miner = open(&lab, server)?;
    let sent = miner.send(Message::text(AUTH)).and_then(|()| miner.read());
    assert!(sent.is_err(), "the server heard {sent:?}");
    let records = records_after(&minewall, 0, 1)?;
    assert_eq!(text_at(&records[0], "/minewall/dialect"), "web-miner");
    assert_eq!(text_at(&records[0], "/network/protocol"), "websocket");
    chat.send(Message::text(CHAT))?;
    assert_eq!(chat.read()?.into_text()?.as_str(), CHAT, "the chat goes on");
    Ok(())
}
