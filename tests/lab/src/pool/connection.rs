//! One connection of the pool: reads lines, answers them, pushes jobs in between.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::answers::Jobs;
use super::{Shared, State};
use crate::dialect::Dialect;

/// Most bytes kept of one session.
const KEPT: usize = 1 << 20;

/// How often a quiet connection looks whether the pool is stopping.
const GLANCE: Duration = Duration::from_millis(50);

/// Serves until the peer ends the connection or the pool stops.
pub(super) fn serve(stream: &TcpStream, dialect: Dialect, index: usize, shared: &Shared) {
    let state = converse(stream, dialect, index, shared);
    shared.sessions()[index].state = state;
}

fn converse(mut stream: &TcpStream, dialect: Dialect, index: usize, shared: &Shared) -> State {
    let _ = stream.set_nodelay(true);
    let _ = stream.set_read_timeout(Some(GLANCE.min(shared.options.push_every)));
    let mut jobs = Jobs::new(dialect, index);
    let mut line = Vec::new();
    let mut pushing = shared.options.push_unasked;
    let mut due = Instant::now();
    let mut buffer = [0; 4096];
    while !shared.stopping() {
        if pushing && Instant::now() >= due {
            due = Instant::now() + shared.options.push_every;
            if let Err(state) = write(stream, &jobs.push(), index, shared) {
                return state;
            }
        }
        let length = match stream.read(&mut buffer) {
            Ok(0) => return State::Finished,
            Ok(length) => length,
            Err(error) if is_quiet(error.kind()) => continue,
            Err(_) => return State::Reset,
        };
        keep(&buffer[..length], index, shared);
        for byte in &buffer[..length] {
            if *byte != b'\n' {
                line.push(*byte);
                continue;
            }
            let answer = jobs.answer(&line);
            line.clear();
            pushing |= answer.logged_in;
            if let Err(state) = write(stream, &answer.lines, index, shared) {
                return state;
            }
        }
        line.truncate(KEPT);
    }
    State::Open
}

fn write(mut stream: &TcpStream, lines: &[String], index: usize, shared: &Shared) -> Result<(), State> {
    for line in lines {
        // One write a line: pools do so, and a line is then a segment.
        stream.write_all(format!("{line}\n").as_bytes()).map_err(|_| State::Reset)?;
        shared.sessions()[index].sent += 1;
    }
    Ok(())
}

fn keep(bytes: &[u8], index: usize, shared: &Shared) {
    let mut sessions = shared.sessions();
    let received = &mut sessions[index].received;
    let room = KEPT.saturating_sub(received.len());
    received.extend_from_slice(&bytes[..bytes.len().min(room)]);
}

fn is_quiet(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}
