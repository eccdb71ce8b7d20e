//! Connections that mine and are let pass: what they do is counted for as long as they speak the protocol.

mod ledger;
mod lines;

use alloc::boxed::Box;

use super::flow::OpenFlow;
use super::{Ear, Form, Spoken, settle};
use crate::activity::Activity;
use crate::dialect::{self, Speaker, TABLE, row, unit};
use crate::evidence::Record;
use crate::finding::Subject;
use crate::flow::key::Side;
use crate::limits::{ACTIVITY_MS, FOLLOWED_OCTETS, FOLLOWED_SILENCE};
use crate::now::Now;
use crate::wire::json::{self, Scratch, Status, Value};
use ledger::Ledger;
pub use ledger::Tally;
use lines::{Carrier, Lines, Taken};

/// A connection that is followed.
#[derive(Debug)]
pub struct Followed {
    /// The record it was first written down with, with all that was said since.
    pub record: Box<Record>,
    /// The side of the host inside.
    pub host: Side,
    /// When the last packet came, by the clock that never goes back.
    pub seen_ms: u64,
    /// Whether an end said that it is over, or another began in its place.
    pub is_over: bool,
    /// What is read; none where it is only watched: what it says is encrypted.
    session: Option<Box<Session>>,
    stretch: Stretch,
    told_ms: u64,
}

/// What is read of one connection.
#[derive(Debug)]
struct Session {
    lines: [Lines; 2],
    spoken: Spoken,
    /// The side that mines, once it is known.
    miner: Option<Side>,
    ledger: Ledger,
    /// Packets and bytes since the last message of the protocol.
    silence: (u32, usize),
    is_lost: bool,
}

/// What was seen since it was told.
#[derive(Clone, Copy, Debug, Default)]
struct Stretch {
    /// The first and the last message of the protocol.
    time_us: Option<(i64, i64)>,
    sent: u64,
    received: u64,
}

/// What one packet brought.
#[derive(Clone, Copy, Debug, Default)]
pub struct Brought {
    /// What was counted.
    pub tally: Tally,
    /// Holes that were given up.
    pub gaps: u64,
    /// Whether nothing of the protocol came for so long that it is followed no longer.
    pub is_silent: bool,
}

impl Followed {
    /// A connection that was written down with this record.
    #[must_use]
    pub fn new(now: Now, record: Box<Record>, host: Side) -> Self {
        Self {
            record,
            host,
            seen_ms: now.mono_ms,
            is_over: false,
            session: None,
            stretch: Stretch::default(),
            told_ms: now.mono_ms,
        }
    }

    /// Whether what it says is read.
    #[must_use]
    pub const fn is_read(&self) -> bool {
        self.session.is_some()
    }

    /// Reads no more of it: it is only watched from now on.
    pub fn stop_reading(&mut self) {
        self.session = None;
    }

    /// Takes what a later record says; it is known by the first one's id. What would be cut stays the reason: a weaker word,
    /// as of a list that is only believed so far, does not take its place.
    pub fn learn(&mut self, record: &Record) {
        let known = &mut self.record.finding;
        let is_spoken = |subject| subject == Subject::Protocol;
        let is_weaker = is_spoken(known.subject) && !is_spoken(record.finding.subject)
            || self.record.grace_until_us.is_some() && record.grace_until_us.is_none();
        if is_weaker {
            known.said.learn(record.finding.said.clone());
        } else {
            *known = record.finding.clone();
        }
        self.record.destination_domain = record.destination_domain.clone();
        self.record.server_name = record.server_name.clone();
    }

    /// What it did since it was told, if anything.
    pub fn tell(&mut self, now: Now) -> Option<Box<Activity>> {
        self.told_ms = now.mono_ms;
        let session = self.session.as_deref_mut()?;
        let (since_us, until_us) = self.stretch.time_us?;
        let finding = &mut self.record.finding;
        finding.said.learn(session.spoken.said.clone());
        finding.dialect = session.spoken.dialect.and_then(row).map(|(id, _)| id).or(finding.dialect);
        settle(&mut self.record);
        let record = &*self.record;
        let dialect = record.finding.dialect?;
        let (stretch, tally) = (core::mem::take(&mut self.stretch), core::mem::take(&mut session.ledger.tally));
        let (measured, hashes) = tally.measured(unit(dialect, &record.finding.said));
        Some(Box::new(Activity {
            record: record.id.clone(),
            since_us,
            until_us,
            source: record.source,
            source_mac: record.source_mac,
            who: None,
            destination: record.destination,
            destination_domain: record.destination_domain.clone(),
            dialect,
            said: record.finding.said.clone(),
            sent_bytes: stretch.sent,
            received_bytes: stretch.received,
            jobs: tally.jobs,
            offered: tally.offered,
            accepted: tally.accepted,
            rejected: tally.rejected,
            measured,
            hashes,
            is_over: self.is_over,
        }))
    }

    /// The same, if enough time went by.
    pub fn tell_in_time(&mut self, now: Now) -> Option<Box<Activity>> {
        let is_time = now.mono_ms.saturating_sub(self.told_ms) >= ACTIVITY_MS;
        if is_time { self.tell(now) } else { None }
    }
}

impl Session {
    /// Reads what came in one direction.
    fn read(
        &mut self,
        scratch: &mut Scratch,
        side: Side,
        take: impl FnOnce(&mut Lines, &mut dyn FnMut(&[u8])) -> Taken,
    ) -> (Taken, bool) {
        let Self { lines: [low, high], spoken, miner, ledger, .. } = self;
        let lines = match side {
            Side::High => high,
            Side::Low => low,
        };
        let mut is_heard = false;
        let taken = take(lines, &mut |line| is_heard |= hear(line, side, scratch, spoken, miner, ledger));
        self.is_lost |= taken.is_lost;
        self.silence = if is_heard { (0, 0) } else { (self.silence.0.saturating_add(1), self.silence.1) };
        self.silence.1 = self.silence.1.saturating_add(taken.octets as usize);
        (taken, is_heard)
    }
}

/// Hears the objects of a line; tells whether any was of the protocol.
fn hear(
    line: &[u8],
    side: Side,
    scratch: &mut Scratch,
    spoken: &mut Spoken,
    miner: &mut Option<Side>,
    ledger: &mut Ledger,
) -> bool {
    let mut is_heard = false;
    let mut objects = json::objects(line);
    while let Some((start, document)) = objects.next(scratch) {
        match document.status() {
            Status::Complete { .. } => {
                is_heard |= document.root().is_some_and(|root| hear_object(root, side, spoken, miner, ledger));
            }
            Status::TooBig { .. } => {
                let end = if objects.settled() > start { objects.settled() } else { line.len() };
                let object = line.get(start..end).unwrap_or_default();
                if let Some(folded) = json::folded(object, dialect::asked) {
                    let document = json::parse(&folded, scratch);
                    is_heard |= document.root().is_some_and(|root| hear_object(root, side, spoken, miner, ledger));
                }
            }
            Status::Incomplete | Status::Invalid { .. } => {}
        }
    }
    is_heard
}

fn hear_object(
    root: Value<'_, '_>,
    side: Side,
    spoken: &mut Spoken,
    miner: &mut Option<Side>,
    ledger: &mut Ledger,
) -> bool {
    let mut is_heard = false;
    for (place, heard) in dialect::hear(root) {
        spoken.add(place, heard.token, heard.weight);
        if spoken.is_of(place) {
            is_heard = true;
            spoken.said.learn(heard.said);
            miner.get_or_insert(if heard.speaker == Speaker::Miner { side } else { side.other() });
        }
    }
    let work = spoken.dialect.and_then(|place| TABLE.get(place)).and_then(|dialect| dialect.work);
    if let (Some(work), Some(miner)) = (work, *miner) {
        (work.tell)(root, &mut |act| is_heard |= ledger.enter(act, side == miner));
    }
    is_heard
}

impl Ear {
    /// Begins to read a connection that is followed, with all that is held of it, if its dialect can be followed.
    pub fn read_on(&mut self, now: Now, flow: &OpenFlow, followed: &mut Followed) -> Brought {
        let forms = [Side::Low, Side::High].map(|side| flow.form(side));
        let is_text = |form| matches!(form, Form::Text | Form::Unknown | Form::WebSocket);
        let work = flow.speech.dialect.and_then(|place| TABLE.get(place)).and_then(|dialect| dialect.work);
        if work.is_none() || !forms.into_iter().all(is_text) {
            return Brought::default();
        }
        let mut session = Session {
            lines: <[Lines; 2]>::default(),
            spoken: flow.speech.clone(),
            miner: None,
            ledger: Ledger::default(),
            silence: (0, 0),
            is_lost: false,
        };
        let mut progress = Brought::default();
        let host = followed.host;
        // What the miner said first: replies are to what was asked.
        for side in [host, host.other()] {
            let carrier = if flow.form(side) == Form::WebSocket { Carrier::WebSocket } else { Carrier::Lines };
            let (taken, is_heard) = session.read(&mut self.scratch, side, |lines, each| {
                let (begun, taken) =
                    Lines::begin(carrier, flow.stream(side), flow.reader(side).inner, now.mono_ms, each);
                *lines = begun;
                taken
            });
            progress.gaps += taken.gaps;
            followed.stretch.add(now, side == host, taken, is_heard);
        }
        progress.tally = session.ledger.tally;
        followed.session = Some(Box::new(session));
        progress
    }

    /// Reads a segment of a connection that is followed.
    pub fn follow(&mut self, now: Now, followed: &mut Followed, side: Side, seq: u32, payload: &[u8]) -> Brought {
        followed.seen_ms = now.mono_ms;
        let Some(session) = &mut followed.session else { return Brought::default() };
        let before = session.ledger.tally;
        let (taken, is_heard) =
            session.read(&mut self.scratch, side, |lines, each| lines.take(now.mono_ms, seq, payload, each));
        let is_silent =
            session.is_lost || session.silence.0 >= FOLLOWED_SILENCE.0 || session.silence.1 >= FOLLOWED_SILENCE.1;
        let tally = session.ledger.tally.since(before);
        followed.stretch.add(now, side == followed.host, taken, is_heard);
        let is_silent = is_silent || followed.stretch.octets() > FOLLOWED_OCTETS;
        Brought { tally, gaps: taken.gaps, is_silent }
    }
}

impl Stretch {
    const fn octets(&self) -> u64 {
        self.sent.saturating_add(self.received)
    }

    fn add(&mut self, now: Now, is_host: bool, taken: Taken, is_heard: bool) {
        let octets = if is_host { &mut self.sent } else { &mut self.received };
        *octets = octets.saturating_add(taken.octets);
        if is_heard {
            let (since, _) = self.time_us.unwrap_or((now.wall_us, now.wall_us));
            self.time_us = Some((since, now.wall_us));
        }
    }
}
