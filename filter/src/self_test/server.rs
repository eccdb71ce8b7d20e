//! What stands in the other namespace: a name server, a pool that says nothing, a page. It notes what reaches it.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use minewall_core::finding::{TEST_LOGIN, TEST_NAME};
use socket2::SockRef;

use super::client::labels;

/// Where pools listen.
pub(super) const POOL: u16 = 3333;

/// Where pages are.
pub(super) const PAGE: u16 = 80;

/// Connections held at the most: there is one client.
const HELD: usize = 8;

/// How often it is looked whether something came.
const LOOK: Duration = Duration::from_millis(5);

/// What reached it.
#[derive(Debug, Default)]
pub(super) struct Reached {
    /// The question for the test's name.
    pub(super) test_name: AtomicBool,
    /// The question for the harmless one.
    pub(super) harmless_name: AtomicBool,
    /// The login.
    pub(super) login: AtomicBool,
}

/// Its sockets.
pub(super) struct Server {
    names: UdpSocket,
    pool: TcpListener,
    page: TcpListener,
}

impl Server {
    /// Listens, in the namespace of this thread.
    pub(super) fn listen(at: Ipv4Addr) -> Result<Self> {
        let server = Self {
            names: UdpSocket::bind((at, 53)).context("cannot be a name server in the test's namespace")?,
            pool: TcpListener::bind((at, POOL)).context("cannot be a pool in the test's namespace")?,
            page: TcpListener::bind((at, PAGE)).context("cannot be a web server in the test's namespace")?,
        };
        server.names.set_nonblocking(true)?;
        server.pool.set_nonblocking(true)?;
        server.page.set_nonblocking(true)?;
        Ok(server)
    }

    /// Serves until it is told to end.
    pub(super) fn serve(&self, reached: &Reached, over: &AtomicBool) {
        let (mut miners, mut readers) = (Vec::new(), Vec::new());
        let mut bytes = [0; 2048];
        while !over.load(Ordering::Acquire) {
            if let Ok((length, from)) = self.names.recv_from(&mut bytes)
                && let Some(message) = bytes.get(..length)
            {
                let is_test = has(message, &labels(TEST_NAME));
                if is_test { &reached.test_name } else { &reached.harmless_name }.store(true, Ordering::Release);
                let _ = self.names.send_to(&answer(message), from);
            }
            admit(&self.pool, &mut miners);
            admit(&self.page, &mut readers);
            // A pool waits for the login, and says nothing: what is cut is cut by minewall.
            for (stream, heard) in &mut miners {
                hear(stream, heard);
                if has(heard, TEST_LOGIN.as_bytes()) {
                    reached.login.store(true, Ordering::Release);
                }
            }
            for (stream, heard) in &mut readers {
                hear(stream, heard);
                if has(heard, b"\r\n\r\n") {
                    heard.clear();
                    let _ = stream.write_all(b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhere\n");
                }
            }
            std::thread::sleep(LOOK);
        }
    }
}

fn admit(listener: &TcpListener, streams: &mut Vec<(TcpStream, Vec<u8>)>) {
    if let Ok((stream, _)) = listener.accept()
        && streams.len() < HELD
        && stream.set_nonblocking(true).is_ok()
        // Closed, it is gone at once: what waits for its far end would keep the namespace.
        && SockRef::from(&stream).set_linger(Some(Duration::ZERO)).is_ok()
    {
        streams.push((stream, Vec::new()));
    }
}

fn hear(stream: &mut TcpStream, heard: &mut Vec<u8>) {
    let mut bytes = [0; 1024];
    if let Ok(length) = stream.read(&mut bytes)
        && heard.len() < 4096
    {
        heard.extend_from_slice(bytes.get(..length).unwrap_or_default());
    }
}

fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len().max(1)).any(|window| window == part)
}

/// The question with an answer of 192.0.2.1, without what stood behind the question.
fn answer(question: &[u8]) -> Vec<u8> {
    let name = question.get(12..).unwrap_or_default();
    let end = name.iter().position(|byte| *byte == 0).map_or(question.len(), |end| 12 + end + 5);
    let mut answer = question.get(..end).unwrap_or(question).to_vec();
    if let Some(head) = answer.get_mut(2..12) {
        head.copy_from_slice(&[0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
    }
    answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 192, 0, 2, 1]);
    answer
}
