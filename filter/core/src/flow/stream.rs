//! One direction of a TCP connection: its first bytes in order. Gaps and overlaps are values, not errors.

use alloc::vec::Vec;
use core::ops::Range;

use crate::limits::{LOOK_BYTES, LOOK_BYTES_MAX, STREAM_RUNS};

/// Farther than this from the beginning, a segment is of another connection, or a lie.
const FAR: u64 = 1 << 20;

/// Runs whose memory a stream keeps for the next flow: a few holes are everyday.
const RUNS_KEPT: usize = 64;

/// What one segment brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pushed {
    /// The prefix grew, or another reading of it came up.
    pub news: bool,
    /// Bytes came again with other content: evasion, or the octet of garbage a keep-alive may bear (RFC 9293 section
    /// 3.8.4).
    pub conflict: bool,
    /// Bytes before these are missing.
    pub gap: bool,
    /// The stream turned out to begin earlier than was thought: its prefix is another one now.
    pub rebased: bool,
    /// It lies wholly beyond what is kept, and bytes before it are missing.
    pub beyond: bool,
    /// It found no place, or stands behind a gap: it cannot be read in order, at least not yet.
    pub stray: bool,
}

/// The bytes of `start..end` are there. Invariant: `start < end <= LOOK_BYTES_MAX`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Run {
    start: u16,
    end: u16,
}

/// The first bytes of one direction, kept by sequence number (RFC 9293 section 3.4).
///
/// Segments may come in any order, twice, overlapping. The first copy of a byte is kept; where a later copy differs,
/// a second reading with the later copies is kept beside it, so that neither end's choice can hide anything.
/// A stream picked up without its SYN begins at the lowest sequence number seen.
#[derive(Debug, Default)]
pub struct Stream {
    /// The sequence number of `bytes[0]`.
    base: Option<u32>,
    /// Whether `base` is known from a SYN.
    synchronised: bool,
    bytes: Vec<u8>,
    /// The reading in which later copies win, once one differed.
    later: Option<Vec<u8>>,
    /// Sorted, disjoint, not touching; at most [`STREAM_RUNS`].
    runs: Vec<Run>,
    /// Segments with payload seen.
    packets: u32,
    /// Bytes consumed or removed.
    passed: usize,
    /// The sequence number behind the bytes some of which were removed: what comes again from before it has no place.
    floor: Option<u32>,
}

impl Stream {
    /// Notes the SYN: the stream begins behind it.
    pub fn synchronise(&mut self, seq: u32) {
        if self.base.is_none() {
            self.base = Some(seq.wrapping_add(1));
            self.synchronised = true;
        }
    }

    /// Takes a segment's payload; bytes at or beyond `limit` (at most [`LOOK_BYTES_MAX`]) are not kept.
    pub fn push(&mut self, seq: u32, payload: &[u8], limit: usize) -> Pushed {
        self.packets = self.packets.saturating_add(1);
        self.take(seq, payload, limit)
    }

    /// Takes a segment again, once there is more room: those of its bytes that found none are kept now.
    pub fn take(&mut self, seq: u32, payload: &[u8], limit: usize) -> Pushed {
        let limit = limit.min(LOOK_BYTES_MAX);
        if let Some(behind) = self.floor.map(|floor| floor.wrapping_sub(seq)).filter(|behind| (*behind as i32) > 0) {
            // Heard by itself too: nothing is left to compare it with.
            let rest = payload.get(behind as usize..).filter(|rest| !rest.is_empty());
            let pushed = rest.map(|rest| self.take(seq.wrapping_add(behind), rest, limit)).unwrap_or_default();
            return Pushed { stray: true, ..pushed };
        }
        let base = *self.base.get_or_insert(seq);
        let offset = i64::from(seq.wrapping_sub(base) as i32);
        let before_base = if offset < 0 { offset.unsigned_abs() } else { 0 };
        let rebased = before_base > 0 && !self.synchronised && self.rebase(before_base as usize, limit);
        if rebased {
            self.base = Some(seq);
        } else if before_base > 0 && (!self.synchronised || before_base > FAR) {
            return Pushed { stray: true, ..Pushed::default() };
        }
        // Bytes before the beginning: a retransmission of what was consumed.
        let known = if rebased { 0 } else { before_base as usize };
        let payload = payload.get(known..).unwrap_or_default();
        let start = offset.max(0) as usize;
        let before = self.prefix_len();
        let beyond = start >= limit && before < limit;
        let payload = payload.get(..limit.saturating_sub(start)).unwrap_or(payload);
        if payload.is_empty() {
            return Pushed { rebased, gap: beyond, beyond, stray: beyond, ..Pushed::default() };
        }
        let known = self.later.as_ref().is_some_and(|later| later.get(start..start + payload.len()) == Some(payload));
        let conflict = self.write(start, payload);
        let gap = start > before;
        // The same contradiction again is no news.
        let news = conflict && !known || self.prefix_len() > before;
        Pushed { news, conflict, gap, rebased, beyond: false, stray: gap }
    }

    /// The bytes in order from the beginning, first copies.
    #[must_use]
    pub fn prefix(&self) -> &[u8] {
        self.bytes.get(..self.prefix_len()).unwrap_or_default()
    }

    /// The same with later copies, where they differed.
    #[must_use]
    pub fn later_prefix(&self) -> Option<&[u8]> {
        self.later.as_ref().map(|later| later.get(..self.prefix_len()).unwrap_or_default())
    }

    /// All that is held, run by run: the sequence number of a run's first byte and its bytes, first copies.
    pub fn held(&self) -> impl Iterator<Item = (u32, &[u8])> {
        self.runs.iter().filter_map(|run| {
            let (start, end) = (usize::from(run.start), usize::from(run.end));
            Some((self.base?.wrapping_add(start as u32), self.bytes.get(start..end)?))
        })
    }

    /// The sequence number behind the bytes in order; none before the first packet.
    #[must_use]
    pub fn next_seq(&self) -> Option<u32> {
        self.base.map(|base| base.wrapping_add(self.prefix_len() as u32))
    }

    /// Segments with payload seen.
    #[must_use]
    pub const fn packets(&self) -> u32 {
        self.packets
    }

    /// Whether its first byte is the first of the connection.
    #[must_use]
    pub const fn is_synchronised(&self) -> bool {
        self.synchronised
    }

    /// Lets go of the first `count` bytes, those that have not come yet too: for streams read message by message.
    pub fn consume(&mut self, count: usize) {
        self.bytes.drain(..count.min(self.bytes.len()));
        if let Some(later) = &mut self.later {
            later.drain(..count.min(later.len()));
        }
        self.base = self.base.map(|base| base.wrapping_add(count as u32));
        self.synchronised = true;
        self.shift(-(count as i64));
        self.passed = self.passed.saturating_add(count);
    }

    /// Takes these parts out of the prefix; they are in order and apart. What comes later still finds its place; what
    /// comes again from before the prefix's present end does not.
    pub fn remove(&mut self, parts: &[Range<usize>]) {
        let before = self.prefix_len();
        let is_inside = |part: &Range<usize>| part.start <= part.end && part.end <= before;
        if parts.is_empty() || !parts.iter().all(is_inside) || !parts.is_sorted_by(|one, two| one.end <= two.start) {
            return;
        }
        let count: usize = parts.iter().map(ExactSizeIterator::len).sum();
        if count == 0 {
            return;
        }
        for bytes in [Some(&mut self.bytes), self.later.as_mut()].into_iter().flatten() {
            close_up(bytes, parts);
        }
        let floor = self.base.map(|base| base.wrapping_add(before as u32));
        self.base = self.base.map(|base| base.wrapping_add(count as u32));
        (self.floor, self.synchronised) = (floor, true);
        // The first run ends where the prefix does; it begins anew at 0, and the others move up behind it.
        if let Some(first) = self.runs.first_mut() {
            first.start = narrow(count.min(before));
        }
        self.shift(-(count as i64));
        self.passed = self.passed.saturating_add(count);
    }

    /// Bytes consumed or removed so far.
    #[must_use]
    pub const fn passed(&self) -> usize {
        self.passed
    }

    /// Begins anew at this sequence number: what is missing before it will not come any more.
    pub fn restart(&mut self, seq: u32) {
        let packets = self.packets;
        self.clear();
        (self.base, self.packets) = (Some(seq), packets);
    }

    /// Forgets everything but the memory.
    pub fn clear(&mut self) {
        let Self { base, synchronised, bytes, later, runs, packets, passed, floor } = self;
        bytes.clear();
        runs.clear();
        // What a hostile flow held is given back.
        bytes.shrink_to(LOOK_BYTES);
        runs.shrink_to(RUNS_KEPT);
        (*base, *synchronised, *later, *packets, *passed, *floor) = (None, false, None, 0, 0, None);
    }

    fn prefix_len(&self) -> usize {
        match self.runs.first() {
            Some(run) if run.start == 0 => run.end.into(),
            _ => 0,
        }
    }

    /// Makes room for `by` bytes in front; false if what is held would no longer fit.
    fn rebase(&mut self, by: usize, limit: usize) -> bool {
        if by.saturating_add(self.bytes.len()) > limit {
            return false;
        }
        self.bytes.splice(..0, core::iter::repeat_n(0, by));
        if let Some(later) = &mut self.later {
            later.splice(..0, core::iter::repeat_n(0, by));
        }
        self.shift(by as i64);
        true
    }

    fn shift(&mut self, by: i64) {
        let moved = |at: u16| (i64::from(at) + by).clamp(0, LOOK_BYTES_MAX as i64) as u16;
        self.runs.retain_mut(|run| {
            *run = Run { start: moved(run.start), end: moved(run.end) };
            run.start < run.end
        });
    }

    /// Writes the bytes at `start`; tells whether any differed from what was there.
    fn write(&mut self, start: usize, payload: &[u8]) -> bool {
        let end = start + payload.len();
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        let conflict = self
            .held_of(start, end)
            .any(|(from, to)| self.bytes.get(from..to) != payload.get(from - start..to - start));
        if conflict && self.later.is_none() {
            self.later = Some(self.bytes.clone());
        }
        if let Some(later) = &mut self.later {
            if later.len() < end {
                later.resize(end, 0);
            }
            if let Some(place) = later.get_mut(start..end) {
                place.copy_from_slice(payload);
            }
        }
        self.fill(start, payload);
        self.hold(start, end);
        conflict
    }

    /// The parts of `start..end` that are held already.
    fn held_of(&self, start: usize, end: usize) -> impl Iterator<Item = (usize, usize)> {
        let first = self.runs.partition_point(|run| usize::from(run.end) <= start);
        let runs = self.runs.get(first..).unwrap_or_default().iter();
        runs.map(move |run| (start.max(run.start.into()), end.min(run.end.into()))).take_while(|(from, to)| from < to)
    }

    /// Copies the parts of the payload that are not held yet.
    fn fill(&mut self, start: usize, payload: &[u8]) {
        let end = start + payload.len();
        let mut at = start;
        let mut run = self.runs.partition_point(|run| usize::from(run.end) <= start);
        while at < end {
            let next = self.runs.get(run).map_or((end, end), |run| (run.start.into(), run.end.into()));
            let stop = next.0.clamp(at, end);
            if let (Some(place), Some(new)) = (self.bytes.get_mut(at..stop), payload.get(at - start..stop - start)) {
                place.copy_from_slice(new);
            }
            at = next.1.max(stop);
            run += 1;
        }
    }

    /// Notes that `start..end` is held: joins what it touches, forgets the last run if there are too many.
    fn hold(&mut self, start: usize, end: usize) {
        let (start, end) = (narrow(start), narrow(end));
        let first = self.runs.partition_point(|run| run.end < start);
        let behind = self.runs.partition_point(|run| run.start <= end);
        let touched = self.runs.get(first..behind).unwrap_or_default();
        let new = Run {
            start: touched.first().map_or(start, |run| run.start.min(start)),
            end: touched.last().map_or(end, |run| run.end.max(end)),
        };
        self.runs.splice(first..behind.max(first), [new]);
        self.runs.truncate(STREAM_RUNS);
    }
}

/// Takes the parts out; they are in order and apart.
pub(crate) fn close_up(bytes: &mut Vec<u8>, parts: &[Range<usize>]) {
    let mut end = parts.first().map_or(0, |part| part.start);
    for (index, part) in parts.iter().enumerate() {
        let next = parts.get(index + 1).map_or(bytes.len(), |next| next.start);
        if part.end <= next && next <= bytes.len() {
            bytes.copy_within(part.end..next, end);
            end += next - part.end;
        }
    }
    bytes.truncate(end);
}

fn narrow(offset: usize) -> u16 {
    u16::try_from(offset).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use alloc::vec;
    use core::slice::from_ref;

    use proptest::prelude::*;

    use super::*;

    const LIMIT: usize = 64;

    #[test]
    fn a_hole_is_filled_by_what_comes_late() {
        let mut stream = Stream::default();
        stream.synchronise(99);
        assert!(stream.push(103, b"def", LIMIT).gap);
        assert_eq!(stream.prefix(), b"");
        assert!(stream.push(100, b"abc", LIMIT).news);
        assert_eq!(stream.prefix(), b"abcdef");
    }

    #[test]
    fn a_stream_picked_up_out_of_order_finds_its_beginning() {
        let mut stream = Stream::default();
        stream.push(u32::MAX.wrapping_add(4), b"def", LIMIT);
        stream.push(0, b"abc", LIMIT);
        assert_eq!(stream.prefix(), b"abcdef");
    }

    #[test]
    fn other_bytes_for_one_place_are_kept_beside_the_first() {
        let mut stream = Stream::default();
        stream.push(5, b"AAAA", LIMIT);
        let pushed = stream.push(7, b"BBBB", LIMIT);
        assert!(pushed.conflict && pushed.news);
        assert_eq!(stream.prefix(), b"AAAABB");
        assert_eq!(stream.later_prefix(), Some(&b"AABBBB"[..]));
    }

    #[test]
    fn consumed_bytes_do_not_come_back() {
        let mut stream = Stream::default();
        stream.push(0, b"onetwo", LIMIT);
        stream.push(8, b"end", LIMIT);
        stream.consume(3);
        assert_eq!(stream.prefix(), b"two");
        assert!(!stream.push(0, b"one", LIMIT).news);
        stream.push(6, b"--", LIMIT);
        assert_eq!(stream.prefix(), b"two--end");
    }

    #[test]
    fn parts_are_removed_and_what_follows_finds_its_place() {
        let mut stream = Stream::default();
        stream.push(u32::MAX - 2, b"aXXbYc", LIMIT);
        stream.push(6, b"f", LIMIT);
        stream.remove(&[1..3, 4..5]);
        assert_eq!((stream.prefix(), stream.passed()), (&b"abc"[..], 3));
        assert!(stream.push(3, b"de", LIMIT).news);
        assert_eq!(stream.prefix(), b"abcdef"[..5].as_ref());
        let again = stream.push(u32::MAX - 2, b"aZZbZcdeg", LIMIT);
        assert!(again.stray && again.news && !again.conflict);
        assert_eq!(stream.prefix(), b"abcdegf");
        stream.consume(3);
        stream.remove(from_ref(&(0..4)));
        assert_eq!((stream.prefix(), stream.passed()), (&b""[..], 10));
        assert!(stream.push(7, b"on", LIMIT).news);
        assert_eq!(stream.prefix(), b"on");
        stream.remove(from_ref(&(1..3)));
        stream.remove(&[1..2, 0..1]);
        assert_eq!(stream.prefix(), b"on", "what is not in the prefix or in order is not removed");
    }

    #[test]
    fn a_segment_is_taken_again_once_there_is_room() {
        let mut stream = Stream::default();
        let text: Vec<u8> = (0..200).collect();
        stream.push(9, &text, LIMIT);
        let mut seen = Vec::new();
        while !stream.prefix().is_empty() {
            seen.extend(stream.prefix());
            let all = 0..stream.prefix().len();
            stream.remove(from_ref(&all));
            stream.take(9, &text, LIMIT);
        }
        assert_eq!((seen, stream.packets(), stream.passed()), (text, 1, 200));
    }

    #[test]
    fn bytes_that_have_not_come_can_be_passed_over() {
        let mut stream = Stream::default();
        stream.push(0, b"head", LIMIT);
        stream.push(8, b"cdEF", LIMIT);
        stream.consume(10);
        assert_eq!(stream.prefix(), b"EF");
        assert_eq!(stream.push(4, b"wxyzcd", LIMIT), Pushed::default());
        assert!(stream.push(10, b"EFG", LIMIT).news);
        assert_eq!(stream.prefix(), b"EFG");
    }

    #[test]
    fn what_finds_no_place_is_a_stray() {
        let mut stream = Stream::default();
        stream.push(1_000, b"abc", LIMIT);
        let stray = |pushed: Pushed| (pushed.stray, pushed.news);
        assert_eq!(stray(stream.push(1_003, b"def", LIMIT)), (false, true));
        assert_eq!(stray(stream.push(1_010, b"hole before", LIMIT)), (true, false));
        assert_eq!(stray(stream.push(5_000, b"far behind", LIMIT)), (true, false));
        assert_eq!(stray(stream.push(10, b"far before", LIMIT)), (true, false));
        assert_eq!(stray(stream.push(1_000, b"abc", LIMIT)), (false, false), "a retransmission");
        assert_eq!(stream.prefix(), b"abcdef");
        stream.restart(5_000);
        assert_eq!(stray(stream.push(5_000, b"anew", LIMIT)), (false, true));
        assert_eq!(stream.prefix(), b"anew");
    }

    /// Model: one optional byte for each place, first copy wins.
    fn model(pieces: &[(usize, Vec<u8>)], limit: usize) -> Vec<u8> {
        let mut places = vec![None; limit];
        for (at, bytes) in pieces {
            for (place, byte) in places.iter_mut().skip(*at).zip(bytes) {
                place.get_or_insert(*byte);
            }
        }
        places.into_iter().map_while(|place| place).collect()
    }

    proptest! {
        #[test]
        fn any_order_gives_the_model_s_prefix(
            pieces in prop::collection::vec((0usize..80, prop::collection::vec(any::<u8>(), 1..30)), 1..40),
            base in any::<u32>(),
        ) {
            let mut stream = Stream::default();
            stream.synchronise(base.wrapping_sub(1));
            for (at, bytes) in &pieces {
                stream.push(base.wrapping_add(*at as u32), bytes, LIMIT);
            }
            let expected = model(&pieces, LIMIT);
            prop_assert_eq!(stream.prefix(), &expected[..]);
        }

        /// Model: all places ever, those that were removed or consumed marked; nothing finds a place before the floor.
        #[test]
        fn removing_gives_the_model_s_prefix(
            steps in prop::collection::vec(
                (0usize..120, prop::collection::vec(0u8..3, 1..30), 0usize..40, 0usize..40, any::<bool>()), 1..40),
            base in any::<u32>(),
        ) {
            let mut stream = Stream::default();
            stream.synchronise(base.wrapping_sub(1));
            let mut places: Vec<Option<u8>> = vec![None; 1_000];
            // What is left of the places, in order: those of the prefix and all behind.
            let mut left: Vec<usize> = (0..1_000).collect();
            let (mut floor, mut is_clean, mut passed) = (0, true, 0);
            for (at, bytes, from, to, is_consumed) in steps {
                // A later copy is the same here: conflicts have their own laws.
                let bytes: Vec<u8> = (at..at + bytes.len()).map(|at| at as u8).collect();
                stream.push(base.wrapping_add(at as u32), &bytes, LIMIT);
                for (place, byte) in (at..).zip(bytes).filter(|(place, _)| *place >= floor) {
                    if left.iter().position(|kept| *kept == place).is_some_and(|index| index < LIMIT) {
                        places[place] = Some(byte);
                    }
                }
                let prefix = |left: &[usize], places: &[Option<u8>]| -> Vec<u8> {
                    left.iter().map_while(|place| places[*place]).collect()
                };
                prop_assert_eq!(stream.prefix(), &prefix(&left, &places)[..]);
                let before = prefix(&left, &places).len();
                let (from, to) = (from.min(to).min(before), from.max(to).min(before));
                if is_consumed {
                    stream.consume(from);
                    left.drain(..from);
                    passed += from;
                } else if from < to {
                    floor = left[before];
                    stream.remove(from_ref(&(from..to)));
                    left.drain(from..to);
                    passed += to - from;
                }
                is_clean &= stream.later_prefix().is_none();
                prop_assert_eq!(stream.prefix(), &prefix(&left, &places)[..]);
                prop_assert_eq!(stream.passed(), passed);
            }
            prop_assert!(is_clean);
        }

        #[test]
        fn any_cut_and_shuffle_of_a_text_gives_the_text(
            text in prop::collection::vec(any::<u8>(), 1..LIMIT),
            cuts in prop::collection::vec(0usize..LIMIT, 0..4),
            order in any::<u64>(),
            known_start in any::<bool>(),
        ) {
            let mut cuts: Vec<_> = cuts.into_iter().filter(|cut| *cut < text.len()).chain([0, text.len()]).collect();
            cuts.sort_unstable();
            cuts.dedup();
            let mut pieces: Vec<_> = cuts.windows(2).map(|w| (w[0], &text[w[0]..w[1]])).collect();
            let turn = order as usize % pieces.len();
            pieces.rotate_left(turn);
            let mut stream = Stream::default();
            if known_start {
                stream.synchronise(u32::MAX - 20);
            }
            for (at, bytes) in pieces {
                stream.push((u32::MAX - 19).wrapping_add(at as u32), bytes, LIMIT);
            }
            prop_assert_eq!(stream.prefix(), &text[..]);
            prop_assert!(stream.later_prefix().is_none());
        }
    }
}
