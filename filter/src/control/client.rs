//! One connection of the control socket. Nothing here waits: what cannot be read or written now is left for later.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use minewall_core::incident::Incident;
use rustix::event::PollFlags;
use rustix::net::UCred;
use serde_json::json;

use super::LINE_BYTES;
use super::ask::{Refusal, Request};
use super::board::Board;
use super::by::By;
use super::order::{Awaited, Door, Order, Ordered};
use super::table::{self, Answer, Ask, Needs};
use crate::incidents::Filter;

/// A client that takes nothing for so long is let go of.
const SLOW: Duration = Duration::from_secs(10);

/// A client that asks nothing for so long is let go of.
const IDLE: Duration = Duration::from_secs(60);

/// How long the daemon's threads may take to publish what is asked for.
const PUBLISHED: Duration = Duration::from_secs(5);

/// How often `top` is told.
const EVERY: Duration = Duration::from_secs(1);

/// Steps in one go: then it is another client's turn.
const STEPS: usize = 64;

/// Where clients get what they ask for.
pub(super) struct Office {
    pub(super) board: Arc<Board>,
    /// By which orders leave.
    pub(super) door: Door,
}

/// One connection.
pub(super) struct Client {
    stream: UnixStream,
    /// Whose it is.
    peer: UCred,
    /// What was read of the lines to come: one line at the most, and its end.
    input: Vec<u8>,
    /// What is to be written yet.
    output: Vec<u8>,
    turn: Turn,
    /// When something was last read or written.
    moved: Instant,
    /// Nothing more will come.
    is_deaf: bool,
    /// It is let go of once all is written.
    ends: bool,
}

/// What is done for the client.
enum Turn {
    /// Nothing: it may ask.
    Idle,
    /// What it asked for is waited for.
    Waits(&'static Ask, Request, Instant),
    /// It is told incidents, from the one of this number on; and how many were told.
    Tells { incidents: Arc<Vec<Incident>>, filter: Filter, at: usize, told: usize },
    /// What it ordered is waited for.
    Awaits(Awaited),
    /// It is told something again and again, the next time then.
    Follows(Instant),
}

/// What a step led to.
enum Step {
    /// There may be more to do.
    On,
    /// Nothing, for now.
    Rest,
    /// The client is gone, or let go of.
    Gone,
}

impl Client {
    /// A new one; its socket never blocks.
    pub(super) fn new(stream: UnixStream, peer: UCred) -> std::io::Result<Self> {
        stream.set_nonblocking(true)?;
        let (input, output) = (Vec::new(), Vec::new());
        let (turn, moved) = (Turn::Idle, Instant::now());
        Ok(Self { stream, peer, input, output, turn, moved, is_deaf: false, ends: false })
    }

    /// The socket.
    pub(super) const fn stream(&self) -> &UnixStream {
        &self.stream
    }

    /// What its socket is asked for.
    pub(super) fn interest(&self) -> PollFlags {
        let mut flags = PollFlags::empty();
        if !self.is_deaf && !self.ends && self.input.len() < LINE_BYTES && !matches!(self.turn, Turn::Follows(_)) {
            flags |= PollFlags::IN;
        }
        if !self.output.is_empty() {
            flags |= PollFlags::OUT;
        }
        flags
    }

    /// In how long it wants to be looked at though its socket says nothing.
    pub(super) fn patience(&self, now: Instant) -> Duration {
        match self.turn {
            Turn::Awaits(_) | Turn::Waits(..) => Duration::from_millis(50),
            Turn::Follows(next) => next.saturating_duration_since(now).max(Duration::from_millis(50)),
            Turn::Tells { .. } if self.output.is_empty() => Duration::ZERO,
            Turn::Idle | Turn::Tells { .. } => EVERY,
        }
    }

    /// Since when it has been silent, if nothing is done for it.
    pub(super) fn silent_since(&self) -> Option<Instant> {
        (matches!(self.turn, Turn::Idle) && self.output.is_empty()).then_some(self.moved)
    }

    /// Takes what came.
    pub(super) fn hear(&mut self) {
        let mut bytes = [0; 4096];
        let room = LINE_BYTES.saturating_sub(self.input.len()).min(bytes.len());
        let Some(into) = bytes.get_mut(..room).filter(|into| !into.is_empty()) else { return };
        match self.stream.read(into) {
            Ok(0) => self.is_deaf = true,
            Ok(read) => {
                self.input.extend_from_slice(bytes.get(..read).unwrap_or_default());
                self.moved = Instant::now();
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(_) => (self.is_deaf, self.ends) = (true, true),
        }
    }

    /// Does what can be done; whether the client stays.
    pub(super) fn go(&mut self, office: &Office, now: Instant) -> bool {
        for _ in 0..STEPS {
            match self.step(office, now) {
                Step::On => {}
                Step::Rest => return true,
                Step::Gone => return false,
            }
        }
        true
    }

    fn step(&mut self, office: &Office, now: Instant) -> Step {
        if !self.output.is_empty() {
            return self.say(now);
        }
        if self.ends {
            return Step::Gone;
        }
        match std::mem::replace(&mut self.turn, Turn::Idle) {
            Turn::Idle => self.take_line(&office.board, now),
            Turn::Waits(ask, request, asked) => self.wait(office, (ask, request, asked), now),
            Turn::Awaits(awaited) => self.await_outcome(awaited),
            Turn::Tells { incidents, filter, at, told } => {
                self.tell(incidents, filter, at, told);
                Step::On
            }
            Turn::Follows(next) if now < next => {
                self.turn = Turn::Follows(next);
                Step::Rest
            }
            Turn::Follows(_) => {
                office.board.want(Needs::All);
                self.answer(&table::line(&json!({ "top": office.board.top() })));
                self.turn = Turn::Follows(now + EVERY);
                Step::On
            }
        }
    }

    fn answer(&mut self, line: &str) {
        self.output.extend_from_slice(line.as_bytes());
    }

    fn refuse(&mut self, refusal: &Refusal) {
        self.answer(&refusal.line());
    }

    /// Writes what is to be written.
    fn say(&mut self, now: Instant) -> Step {
        match self.stream.write(&self.output) {
            Ok(written) if written > 0 => {
                self.output.drain(..written.min(self.output.len()));
                self.moved = now;
                if self.output.is_empty() {
                    self.output.shrink_to(LINE_BYTES);
                }
                Step::On
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
                if now.saturating_duration_since(self.moved) > SLOW { Step::Gone } else { Step::Rest }
            }
            Ok(_) | Err(_) => Step::Gone,
        }
    }

    fn take_line(&mut self, board: &Board, now: Instant) -> Step {
        let Some(end) = self.input.iter().position(|byte| *byte == b'\n') else {
            if self.input.len() >= LINE_BYTES {
                let error = format!("a line of more than {LINE_BYTES} octets");
                self.refuse(&Refusal::new(error, "ask in shorter lines, each with its end"));
                self.ends = true;
                return Step::On;
            }
            let is_over = self.is_deaf || now.saturating_duration_since(self.moved) > IDLE;
            return if is_over { Step::Gone } else { Step::Rest };
        };
        let line: Vec<u8> = self.input.drain(..=end).collect();
        if line.trim_ascii().is_empty() {
            return Step::On;
        }
        match Request::read(&line).and_then(|request| Ok((table::find(&request.ask)?, request))) {
            Ok((ask, request)) => {
                board.want(ask.needs);
                self.turn = Turn::Waits(ask, request, now);
            }
            Err(refusal) => self.refuse(&refusal),
        }
        Step::On
    }

    fn wait(&mut self, office: &Office, (ask, request, asked): (&'static Ask, Request, Instant), now: Instant) -> Step {
        if !office.board.has(ask.needs, asked) {
            if now.saturating_duration_since(asked) <= PUBLISHED {
                self.turn = Turn::Waits(ask, request, asked);
                return Step::Rest;
            }
            let remedy = "its log says what it is at; ask again";
            self.refuse(&Refusal::new("the daemon is too busy to tell", remedy));
            return Step::On;
        }
        match (ask.answer)(&office.board, &request) {
            Ok(Answer::Once(value)) => self.answer(&table::line(&value)),
            Ok(Answer::Incidents(incidents, filter)) => {
                self.turn = Turn::Tells { incidents, filter, at: 0, told: 0 };
            }
            Ok(Answer::Follow) => self.turn = Turn::Follows(now),
            Ok(Answer::Order(order)) => self.order(office, order),
            Err(refusal) => self.refuse(&refusal),
        }
        Step::On
    }

    /// Has something done, if the main thread takes it.
    fn order(&mut self, office: &Office, order: Order) {
        let (ordered, awaited) = Ordered::new(order, By::of(&self.peer));
        if (office.door)(ordered) {
            self.turn = Turn::Awaits(awaited);
        } else {
            self.refuse(&Refusal::new("the daemon has too much to do, or ends", "ask again in a second"));
        }
    }

    /// However long it takes: the client may go, and the order is carried out all the same.
    fn await_outcome(&mut self, awaited: Awaited) -> Step {
        match awaited.look() {
            None => {
                self.turn = Turn::Awaits(awaited);
                return Step::Rest;
            }
            Some(Ok(value)) => self.answer(&table::line(&value)),
            Some(Err(refusal)) => self.refuse(&refusal),
        }
        Step::On
    }

    /// Tells the next incident, or how many were told.
    fn tell(&mut self, incidents: Arc<Vec<Incident>>, filter: Filter, at: usize, told: usize) {
        let rest = incidents.iter().enumerate().skip(at);
        match rest.into_iter().find(|(_, incident)| filter.takes(incident)) {
            Some((found, incident)) => {
                self.answer(&table::line(&json!({ "incident": incident })));
                self.turn = Turn::Tells { incidents, filter, at: found + 1, told: told + 1 };
            }
            None => self.answer(&table::line(&json!({ "told": told }))),
        }
    }
}
