//! One direction of a connection that is followed: its lines, as long as it lasts.

use alloc::vec::Vec;

use memchr::memchr;

use crate::dialect;
use crate::flow::stream::{Stream, close_up};
use crate::limits::{FOLLOWED_AHEAD, FOLLOWED_HOLE_MS, FOLLOWED_LINE, LOOK_MESSAGE};
use crate::wire::json::{self, Skim};
use crate::wire::websocket::WebSocket;

/// Farther ahead than this, a segment is of another place in the stream altogether.
const FAR: i32 = 1 << 20;

/// What carries the lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Carrier {
    /// They end with a line feed.
    #[default]
    Lines,
    /// Each message of WebSocket is one.
    WebSocket,
}

/// The reader of one direction.
#[derive(Debug, Default)]
pub(super) struct Lines {
    carrier: Carrier,
    /// The sequence number that comes next; none before the first segment.
    next: Option<u32>,
    /// The line under way, without the inside of what is long.
    line: Vec<u8>,
    /// Bytes of it so far.
    octets: usize,
    /// Where its end stands in a container that is not kept.
    folded: Skim,
    /// The rest of the line is passed over.
    is_skipped: bool,
    /// What comes next stands behind bytes that are missing.
    is_anew: bool,
    /// Segments that came before others that are missing, and when the first of them did.
    ahead: Vec<(u32, Vec<u8>)>,
    ahead_since_ms: u64,
}

/// What a segment brought.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Taken {
    /// Bytes that were new.
    pub(super) octets: u64,
    /// Holes that were given up.
    pub(super) gaps: u64,
    /// It cannot be read any farther.
    pub(super) is_lost: bool,
}

impl Lines {
    /// Goes on where a stream was looked at, `inner` bytes of whose prefix belong to outer layers.
    pub(super) fn begin(
        carrier: Carrier,
        stream: &Stream,
        inner: usize,
        now_ms: u64,
        each: &mut dyn FnMut(&[u8]),
    ) -> (Self, Taken) {
        let (Some(next), prefix) = (stream.next_seq(), stream.prefix()) else {
            return (Self { carrier, is_anew: true, ..Self::default() }, Taken::default());
        };
        let mut lines = Self { carrier, next: Some(next.wrapping_sub(prefix.len() as u32)), ..Self::default() };
        lines.is_anew = !stream.is_synchronised();
        let outer = inner.min(prefix.len());
        lines.next = lines.next.map(|next| next.wrapping_add(outer as u32));
        let mut taken = Taken::default();
        for (place, (seq, bytes)) in stream.held().enumerate() {
            let skip = if place == 0 && !prefix.is_empty() { outer } else { 0 };
            let bytes = bytes.get(skip..).unwrap_or_default();
            taken.add(lines.take(now_ms, seq.wrapping_add(skip as u32), bytes, each));
        }
        (lines, taken)
    }

    /// Takes a segment; gives each line it completes.
    pub(super) fn take(&mut self, now_ms: u64, seq: u32, payload: &[u8], each: &mut dyn FnMut(&[u8])) -> Taken {
        let mut taken = Taken::default();
        if payload.is_empty() {
            return taken;
        }
        let next = *self.next.get_or_insert(seq);
        let offset = seq.wrapping_sub(next).cast_signed();
        if !(-FAR..=FAR).contains(&offset) {
            self.ahead.clear();
            self.jump(seq, &mut taken);
            self.advance(payload, &mut taken, each);
        } else if offset > 0 {
            self.hold(now_ms, seq, payload);
        } else if let Some(rest) = payload.get(offset.unsigned_abs() as usize..) {
            self.advance(rest, &mut taken, each);
        }
        loop {
            self.take_held(&mut taken, each);
            let held: usize = self.ahead.iter().map(|(_, bytes)| bytes.len()).sum();
            let is_full = self.ahead.len() > FOLLOWED_AHEAD.0 || held > FOLLOWED_AHEAD.1;
            let is_late = now_ms.saturating_sub(self.ahead_since_ms) >= FOLLOWED_HOLE_MS;
            match self.ahead.first() {
                Some((seq, _)) if is_full || is_late => self.jump(*seq, &mut taken),
                _ => return taken,
            }
        }
    }

    /// Keeps a segment for when it is its turn; those held are in order.
    fn hold(&mut self, now_ms: u64, seq: u32, payload: &[u8]) {
        if self.ahead.is_empty() {
            self.ahead_since_ms = now_ms;
        }
        let place = self.ahead.partition_point(|(other, _)| other.wrapping_sub(seq).cast_signed() < 0);
        let same = self.ahead.get(place).is_some_and(|(other, bytes)| *other == seq && bytes.len() >= payload.len());
        if !same {
            self.ahead.insert(place, (seq, payload.to_vec()));
        }
    }

    /// Takes those held whose turn has come.
    fn take_held(&mut self, taken: &mut Taken, each: &mut dyn FnMut(&[u8])) {
        while let (Some((seq, _)), Some(next)) = (self.ahead.first(), self.next) {
            let behind = next.wrapping_sub(*seq).cast_signed();
            if behind < 0 {
                return;
            }
            let (_, bytes) = self.ahead.remove(0);
            self.advance(bytes.get(behind as usize..).unwrap_or_default(), taken, each);
        }
    }

    /// Gives up what is missing before `seq`.
    fn jump(&mut self, seq: u32, taken: &mut Taken) {
        self.next = Some(seq);
        self.end_line();
        self.is_anew = true;
        taken.gaps += 1;
        taken.is_lost |= self.carrier == Carrier::WebSocket;
    }

    fn advance(&mut self, bytes: &[u8], taken: &mut Taken, each: &mut dyn FnMut(&[u8])) {
        let Some(first) = bytes.first() else { return };
        self.next = self.next.map(|next| next.wrapping_add(bytes.len() as u32));
        taken.octets += bytes.len() as u64;
        if core::mem::take(&mut self.is_anew) {
            // Most segments begin with a line; another beginning is the rest of one.
            self.is_skipped = !matches!(first, b'{' | b'[' | b'\n' | b'\r' | b' ');
        }
        match self.carrier {
            Carrier::Lines => self.lines(bytes, each),
            Carrier::WebSocket => taken.is_lost |= !self.messages(bytes, each),
        }
    }

    fn lines(&mut self, mut bytes: &[u8], each: &mut dyn FnMut(&[u8])) {
        while let Some(end) = memchr(b'\n', bytes) {
            self.append(bytes.get(..end).unwrap_or_default());
            if !self.is_skipped && !self.line.is_empty() {
                each(&self.line);
            }
            self.end_line();
            bytes = bytes.get(end + 1..).unwrap_or_default();
        }
        self.append(bytes);
    }

    /// Adds to the line under way. What is left of a long one depends on its bytes alone, not on how they came.
    fn append(&mut self, mut bytes: &[u8]) {
        self.octets = self.octets.saturating_add(bytes.len());
        self.is_skipped |= self.octets > LOOK_MESSAGE;
        if self.line.is_empty() {
            bytes = bytes.trim_ascii_start();
        }
        while !self.is_skipped {
            let inside = self.folded.pass(bytes);
            bytes = bytes.get(inside..).unwrap_or_default();
            let Some(room) = FOLLOWED_LINE.checked_sub(self.line.len()).filter(|_| !bytes.is_empty()) else { return };
            let (now, later) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
            self.line.extend_from_slice(now);
            bytes = later;
            if self.line.len() >= FOLLOWED_LINE {
                self.fold();
            }
        }
        self.line.clear();
    }

    /// Makes the line under way shorter, or passes the rest of it over.
    fn fold(&mut self) {
        let mut cuts = Vec::new();
        let is_object = self.line.first() == Some(&b'{');
        match json::fold(&self.line, dialect::asked, &mut cuts).filter(|_| is_object) {
            Some(folded) => {
                close_up(&mut self.line, &cuts);
                self.folded = folded;
            }
            None => self.is_skipped = true,
        }
    }

    fn end_line(&mut self) {
        self.line.clear();
        self.line.shrink_to(FOLLOWED_LINE / 2);
        (self.octets, self.folded, self.is_skipped) = (0, Skim::default(), false);
    }

    /// Gives each message that is whole; false if the stream cannot be read on.
    fn messages(&mut self, bytes: &[u8], each: &mut dyn FnMut(&[u8])) -> bool {
        self.line.extend_from_slice(bytes);
        let (mut joined, mut at) = (Vec::new(), 0);
        loop {
            match WebSocket::read(self.line.get(at..).unwrap_or_default(), &mut joined) {
                WebSocket::Message(message) if message.whole => {
                    if !message.compressed {
                        each(message.content);
                    }
                    at += message.consumed;
                }
                WebSocket::Message(_) => break,
                WebSocket::Incomplete { consumed } => {
                    at += consumed;
                    break;
                }
                WebSocket::NotWebSocket if at >= self.line.len() => break,
                WebSocket::NotWebSocket => return false,
            }
        }
        self.line.drain(..at.min(self.line.len()));
        self.line.len() <= 2 * FOLLOWED_LINE
    }
}

impl Taken {
    pub(super) const fn add(&mut self, other: Self) {
        self.octets += other.octets;
        self.gaps += other.gaps;
        self.is_lost |= other.is_lost;
    }
}
