//! Bulk TCP.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use super::Measured;
use crate::addresses::Family;
use crate::lab::Lab;

/// Which way the bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Internet to host.
    Down,
    /// Host to internet.
    Up,
}

/// Bytes a write.
const PIECE: usize = 64 * 1024;

/// A stream without a byte for so long is stalled.
const STALL: Duration = Duration::from_secs(2);

/// Sends for `time` over `streams` connections at once and counts the bytes that arrive, from the first on.
///
/// # Errors
/// When a connection cannot be made.
pub fn bulk(lab: &Lab, family: Family, direction: Direction, streams: usize, time: Duration) -> Result<Measured> {
    let listener = lab.internet.run(|| TcpListener::bind((family.internet(), 0)))?;
    let address = listener.local_addr()?;
    let mut pairs = Vec::new();
    for _ in 0..streams {
        let host = lab
            .host
            .run(|| TcpStream::connect_timeout(&address, STALL))
            .with_context(|| format!("connecting from the host to {address}"))?;
        let (internet, _) = listener.accept()?;
        pairs.push(match direction {
            Direction::Down => (internet, host),
            Direction::Up => (host, internet),
        });
    }
    let measured = thread::scope(|scope| {
        let receivers: Vec<_> = pairs
            .iter()
            .map(|(sender, receiver)| {
                scope.spawn(move || send(sender));
                scope.spawn(move || receive(receiver, sender, time))
            })
            .collect();
        receivers.into_iter().filter_map(|receiver| receiver.join().ok()).collect::<Vec<_>>()
    });
    Ok(Measured::join(measured))
}

/// Sends until the receiver has closed.
fn send(mut stream: &TcpStream) {
    let piece = vec![0x5a; PIECE];
    while stream.write_all(&piece).is_ok() {}
}

fn receive(mut stream: &TcpStream, sender: &TcpStream, time: Duration) -> Measured {
    let mut buffer = vec![0; 4 * PIECE];
    let mut measured = Measured { count: 0, errors: 0, elapsed: Duration::ZERO };
    let _ = stream.set_read_timeout(Some(STALL));
    let mut start = None;
    while measured.elapsed < time {
        match stream.read(&mut buffer) {
            Ok(length) if length > 0 => measured.count += length as u64,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            _ => {
                measured.errors += 1;
                break;
            }
        }
        measured.elapsed = start.get_or_insert_with(Instant::now).elapsed();
    }
    let _ = stream.shutdown(Shutdown::Both);
    let _ = sender.shutdown(Shutdown::Both);
    measured
}
