//! What is tried: a harmless page, a question for the test's name, a login of the test. Each once, within seconds.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use minewall_core::finding::{TEST_LOGIN, TEST_NAME};

/// How long a connection may take.
pub(super) const CONNECT: Duration = Duration::from_secs(5);

/// How long what comes of a login or a question is waited for.
pub(super) const WAIT: Duration = Duration::from_secs(5);

/// A name nobody lists.
pub(super) const HARMLESS_NAME: &str = "harmless.minewall.invalid";

/// The number of the question.
const ID: u16 = 0x4d57;

/// What came of a connection on which something was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// Nobody took the connection.
    Unreachable(ErrorKind),
    /// It was reset.
    Reset,
    /// The far end closed it, without a word.
    Closed,
    /// The far end answered.
    Answered,
    /// Nothing came.
    Silent,
}

/// What came of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// Nobody can be asked.
    Unreachable(ErrorKind),
    /// Refused as minewall does: "Blocked" (RFC 8914), or an answer of the sinkhole.
    Refused,
    /// The name does not exist, without a word of why.
    NoSuchName,
    /// Something else.
    Answered,
    /// No answer.
    Silent,
}

/// The line of a login, as XMRig writes it.
pub(super) fn login() -> String {
    format!(
        "{{\"id\":1,\"jsonrpc\":\"2.0\",\"method\":\"login\",\"params\":{{\"login\":\"{TEST_LOGIN}\",\"pass\":\"x\",\
         \"agent\":\"{TEST_LOGIN}/{}\",\"algo\":[\"rx/0\"]}}}}\n",
        env!("CARGO_PKG_VERSION")
    )
}

/// Logs in, and waits for what comes of it.
pub(super) fn log_in(to: SocketAddr) -> Ended {
    say(to, login().as_bytes())
}

/// Asks for a page.
pub(super) fn get(to: SocketAddr) -> Ended {
    say(to, format!("GET /minewall-self-test HTTP/1.0\r\nHost: {HARMLESS_NAME}\r\n\r\n").as_bytes())
}

fn say(to: SocketAddr, what: &[u8]) -> Ended {
    let mut stream = match TcpStream::connect_timeout(&to, CONNECT) {
        Ok(stream) => stream,
        Err(error) => return Ended::Unreachable(error.kind()),
    };
    if stream.set_read_timeout(Some(WAIT)).is_err() || stream.write_all(what).is_err() {
        return Ended::Reset;
    }
    match stream.read(&mut [0; 64]) {
        Ok(0) => Ended::Closed,
        Ok(_) => Ended::Answered,
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ended::Silent,
        Err(_) => Ended::Reset,
    }
}

/// Asks a name server for the test's name.
pub(super) fn ask(server: IpAddr) -> Told {
    ask_for(TEST_NAME, SocketAddr::new(server, 53))
}

/// Asks once for an address of a name.
pub(super) fn ask_for(name: &str, server: SocketAddr) -> Told {
    let local: IpAddr = if server.is_ipv4() { [0; 4].into() } else { [0_u16; 8].into() };
    let asked = UdpSocket::bind((local, 0)).and_then(|socket| {
        socket.connect(server)?;
        socket.set_read_timeout(Some(WAIT))?;
        socket.send(&question(name))?;
        Ok(socket)
    });
    let socket = match asked {
        Ok(socket) => socket,
        Err(error) => return Told::Unreachable(error.kind()),
    };
    let until = Instant::now() + WAIT;
    let mut answer = [0; 1500];
    while Instant::now() < until {
        match socket.recv(&mut answer) {
            Ok(length) => {
                if let Some(told) = read(answer.get(..length).unwrap_or_default()) {
                    return told;
                }
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => break,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Told::Unreachable(error.kind()),
        }
    }
    Told::Silent
}

/// A question for an A record (RFC 1035) that takes extended errors (RFC 6891, RFC 8914).
pub(super) fn question(name: &str) -> Vec<u8> {
    let mut message = Vec::new();
    // Recursion desired; one question, one additional record.
    for word in [ID, 0x0100, 1, 0, 0, 1] {
        message.extend(word.to_be_bytes());
    }
    message.extend(labels(name));
    message.extend([0, 0, 1, 0, 1]);
    // OPT: root, type 41, 1232 octets, no flags, no options.
    message.extend([0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0]);
    message
}

/// The labels of a name as they stand in a message, without the empty one at their end.
pub(super) fn labels(name: &str) -> Vec<u8> {
    let label = |label: &str| [&[u8::try_from(label.len()).unwrap_or_default()], label.as_bytes()].concat();
    name.split('.').flat_map(label).collect()
}

/// What an answer to our question tells; none: it is of something else.
pub(super) fn read(answer: &[u8]) -> Option<Told> {
    let (id, flags) = (answer.first_chunk::<2>()?, answer.get(2..4)?);
    if u16::from_be_bytes(*id) != ID || flags.first()? & 0x80 == 0 {
        return None;
    }
    // The option 15, of at least two octets, the first of which say 15: Blocked.
    let is_blocked = answer.windows(6).any(|six| matches!(six, [0, 15, 0, length, 0, 15] if *length >= 2));
    Some(match flags.get(1)? & 0x0f {
        _ if is_blocked => Told::Refused,
        3 => Told::NoSuchName,
        _ => Told::Answered,
    })
}
