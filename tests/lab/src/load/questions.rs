//! DNS questions over UDP.

use std::net::UdpSocket;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::Measured;
use crate::addresses::Family;
use crate::dns;
use crate::lab::{Lab, unspecified};

/// Questions one thread has under way at a time, each from a port of its own.
const WINDOW: usize = 128;

/// How long an answer may take.
const ANSWER: Duration = Duration::from_millis(500);

/// Asks the internet's port 53 on `threads` threads for `time`, each with 128 source ports and as many questions under
/// way, names differing, and counts the answers. No [`crate::service::NameServer`] may hold the port.
///
/// # Errors
/// When the port is taken or the sockets cannot be made.
pub fn questions(lab: &Lab, family: Family, threads: usize, time: Duration) -> Result<Measured> {
    let server = lab
        .internet
        .run(|| UdpSocket::bind((family.internet(), 53)))?;
    server.set_read_timeout(Some(Duration::from_millis(100)))?;
    let windows = lab.host.run(|| -> std::io::Result<Vec<Vec<UdpSocket>>> {
        (0..threads)
            .map(|_| (0..WINDOW).map(|_| asker(family)).collect())
            .collect()
    })?;
    let stopping = AtomicBool::new(false);
    let measured = thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| serve(&server, &stopping));
        }
        let askers: Vec<_> = windows
            .iter()
            .map(|window| scope.spawn(move || ask_for(time, window)))
            .collect();
        let measured: Vec<_> = askers
            .into_iter()
            .filter_map(|asker| asker.join().ok())
            .collect();
        stopping.store(true, Ordering::Relaxed);
        measured
    });
    Ok(Measured::join(measured))
}

fn asker(family: Family) -> std::io::Result<UdpSocket> {
    let socket = UdpSocket::bind((unspecified(family), 0))?;
    socket.connect((family.internet(), 53))?;
    socket.set_read_timeout(Some(ANSWER))?;
    Ok(socket)
}

/// Rounds: a question from each port, then the answer on each port. A late answer is an error and is not taken for
/// that of a later round, whose id differs.
fn ask_for(time: Duration, window: &[UdpSocket]) -> Measured {
    let start = Instant::now();
    let mut measured = Measured {
        count: 0,
        errors: 0,
        elapsed: Duration::ZERO,
    };
    let mut round = 0_u16;
    while measured.elapsed < time {
        round = round.wrapping_add(1);
        for (index, socket) in window.iter().enumerate() {
            let name = format!("host-{round}-{index}.example.org");
            let _ = socket.send(&dns::question(round, &name, 1));
        }
        for socket in window {
            match answered(socket, round) {
                true => measured.count += 1,
                false => measured.errors += 1,
            }
        }
        measured.elapsed = start.elapsed();
    }
    measured
}

fn answered(socket: &UdpSocket, id: u16) -> bool {
    let mut message = [0; 512];
    while let Ok(length) = socket.recv(&mut message) {
        if dns::answers(&message[..length], id) {
            return true;
        }
    }
    false
}

fn serve(server: &UdpSocket, stopping: &AtomicBool) {
    let mut buffer = [0; 512];
    let mut message = Vec::with_capacity(512);
    while !stopping.load(Ordering::Relaxed) {
        let Ok((length, from)) = server.recv_from(&mut buffer) else {
            continue;
        };
        message.clear();
        message.extend_from_slice(&buffer[..length]);
        if dns::answer(&mut message) {
            let _ = server.send_to(&message, from);
        }
    }
}
