//! The bounded table of flows: sets of a few places, the work of one look-up is one set.
//!
//! A place is a fingerprint of the key and a word on the flow, 16 bytes; those of a set stand side by side, so that a
//! packet of a settled flow touches two neighbouring lines of the processor's cache however many flows there are. An undecided flow
//! has, besides, an [`Open`] from a pool of its own. A full set forgets its oldest settled flow, or else its oldest
//! undecided one; both are counted. A forgotten flow is no error: its next packet makes it a new one.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use super::key::{FlowKey, Secret, Side};
use super::word::{State, Word};
use crate::limits::FLOW_WAYS;

/// What was decided about a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It stays in the kernel.
    Cleared,
    /// The kernel cuts it.
    Cut,
}

/// What the table knows of the packet's flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meeting {
    /// It is undecided; its state is at this handle. New ones have seen no packet.
    Open(Handle),
    /// It is decided.
    Settled(Settled),
}

/// Where an undecided flow stands. Valid until the next `meet`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handle {
    place: usize,
    open: u32,
}

/// What the table had to forget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Settled flows whose place was needed.
    pub settled: u64,
    /// Undecided flows whose place was needed: they were not looked at to the end.
    pub undecided: u64,
}

/// The table; `T` is what is kept of an undecided flow.
#[derive(Debug)]
pub struct Table<T> {
    sets: Vec<Set>,
    secret: Secret,
    open: Vec<Open<T>>,
    free: Vec<u32>,
    open_max: usize,
    hand: usize,
    met: u64,
    forgotten: Forgotten,
}

/// The places a flow may stand in. Aligned so that both lines lie in one page, and are fetched together.
#[derive(Clone, Debug)]
#[repr(align(128))]
struct Set {
    /// The fingerprint of each place's key, never 0; 0: the place is empty. Two keys share one by a chance of 1 in 2^63,
    /// which nobody can steer who does not know the secret.
    prints: [u64; FLOW_WAYS],
    words: [Word; FLOW_WAYS],
}

impl Set {
    const EMPTY: Self = Self { prints: [0; FLOW_WAYS], words: [Word::EMPTY; FLOW_WAYS] };

    fn way_of(&self, print: u64) -> Option<usize> {
        self.prints.iter().position(|own| *own == print)
    }
}

#[derive(Debug)]
struct Open<T> {
    place: usize,
    /// The sequence number each side sent last; none yet.
    last: [Option<u32>; 2],
    value: Box<T>,
}

/// What is kept of an undecided flow can be made fresh again without giving its memory back.
pub trait Renew: Default {
    /// Forgets the old flow; `key` is the new one, `from` the side whose packet came first.
    fn renew(&mut self, key: FlowKey, from: Side);
}

impl<T: Renew> Table<T> {
    /// A table for about `flows` flows (rounded up to a power of two), `open_max` of them undecided.
    #[must_use]
    pub fn new(flows: usize, open_max: usize, seed: u64) -> Self {
        let places = flows.max(FLOW_WAYS).next_power_of_two();
        Self {
            sets: vec![Set::EMPTY; places / FLOW_WAYS],
            secret: Secret::new(seed),
            open: Vec::new(),
            free: Vec::new(),
            open_max: open_max.max(1),
            hand: 0,
            met: 0,
            forgotten: Forgotten::default(),
        }
    }

    /// The flow of a segment that came at `mono_ms` with this sequence number, made new if it is not known. A settled
    /// one is made new where the number shows another connection: the kernel asks again, for it has let go of the
    /// former. What is sent again on a connection that was cut stays cut.
    pub fn meet(&mut self, mono_ms: u64, key: FlowKey, from: Side, seq: u32) -> Meeting {
        let (set, print) = self.set_of(&key);
        if let Some(at) = self.find(set, print) {
            if let Some(meeting) = self.meet_known(at, mono_ms, from, seq) {
                return meeting;
            }
            self.vacate(at);
        }
        let at = self.make_room(set, mono_ms);
        let open = self.take_open(at);
        self.met += 1;
        if let Some(open) = self.open.get_mut(open as usize) {
            open.place = at;
            open.last = [None; 2];
            open.note(from, seq);
            open.value.renew(key, from);
        }
        self.put(at, print, Word::open(open, mono_ms));
        Meeting::Open(Handle { place: at, open })
    }

    /// The state of an undecided flow.
    pub fn open_mut(&mut self, handle: Handle) -> Option<&mut T> {
        self.open.get_mut(handle.open as usize).map(|open| &mut *open.value)
    }

    /// What `from` acknowledges tells where its far end stands, which may not have been heard yet: the kernel may keep to
    /// itself what it says once the flow is settled. Without it, whatever comes next from there on the same ports, in
    /// another connection too, would count as of this flow.
    pub fn acknowledge(&mut self, handle: Handle, from: Side, ack: u32) {
        let open = self.open.get_mut(handle.open as usize).filter(|open| open.place == handle.place);
        if let Some(last) = open.and_then(|open| open.last.get_mut(from.other().index())) {
            last.get_or_insert(ack);
        }
    }

    /// Decides about a flow; its state is given back.
    pub fn settle(&mut self, handle: Handle, how: Settled) {
        let Some(last) = self.open.get(handle.open as usize).map(|open| open.last) else { return };
        if let Some(word) = self.word_mut(handle.place)
            && word.state() == State::Open(handle.open)
        {
            *word = word.settled(how, last);
            self.free.push(handle.open);
        }
    }

    /// Forgets a flow, for a connection begun anew on the same ports.
    pub fn forget(&mut self, key: &FlowKey) {
        let (set, print) = self.set_of(key);
        if let Some(at) = self.find(set, print) {
            self.vacate(at);
        }
    }

    /// Flows first met so far.
    #[must_use]
    pub const fn met(&self) -> u64 {
        self.met
    }

    /// What had to be forgotten so far.
    #[must_use]
    pub const fn forgotten(&self) -> Forgotten {
        self.forgotten
    }

    /// Undecided flows held now.
    #[must_use]
    pub fn open_count(&self) -> usize {
        self.open.len() - self.free.len()
    }

    /// The set a key belongs to, and the key's fingerprint.
    fn set_of(&self, key: &FlowKey) -> (usize, u64) {
        let hash = key.hash(self.secret);
        ((hash >> 1) as usize & (self.sets.len() - 1), hash | 1)
    }

    fn find(&self, set: usize, print: u64) -> Option<usize> {
        Some(set * FLOW_WAYS + self.sets.get(set)?.way_of(print)?)
    }

    fn word_mut(&mut self, at: usize) -> Option<&mut Word> {
        self.sets.get_mut(at / FLOW_WAYS)?.words.get_mut(at % FLOW_WAYS)
    }

    fn put(&mut self, at: usize, print: u64, word: Word) {
        let Some(set) = self.sets.get_mut(at / FLOW_WAYS) else { return };
        let way = at % FLOW_WAYS;
        if let (Some(own), Some(place)) = (set.prints.get_mut(way), set.words.get_mut(way)) {
            (*own, *place) = (print, word);
        }
    }

    /// None where the flow at this place is over, and this is another.
    fn meet_known(&mut self, at: usize, mono_ms: u64, from: Side, seq: u32) -> Option<Meeting> {
        let word = self.word_mut(at)?;
        if word.is_idle(mono_ms) {
            return None;
        }
        match word.state() {
            State::Empty => None,
            State::Open(open) => {
                *word = word.seen(mono_ms);
                self.open.get_mut(open as usize)?.note(from, seq);
                Some(Meeting::Open(Handle { place: at, open }))
            }
            State::Settled(how) => {
                *word = word.sent(from, seq)?.seen(mono_ms);
                Some(Meeting::Settled(how))
            }
        }
    }

    /// An empty place of the set, emptied if need be: idle flows first, then the oldest settled, then the oldest open.
    fn make_room(&mut self, set: usize, mono_ms: u64) -> usize {
        let first = set * FLOW_WAYS;
        let Some(set) = self.sets.get(set) else { return first };
        if let Some(way) = set.way_of(0) {
            return first + way;
        }
        let rank = |word: &Word| match word.state() {
            State::Empty => 0,
            _ if word.is_idle(mono_ms) => 1,
            State::Settled(_) => 2,
            State::Open(_) => 3,
        };
        let ranked = set.words.iter().enumerate().map(|(way, word)| ((rank(word), u32::MAX - word.age(mono_ms)), way));
        let Some(((rank, _), way)) = ranked.min() else { return first };
        match rank {
            2 => self.forgotten.settled += 1,
            3 => self.forgotten.undecided += 1,
            _ => {}
        }
        self.vacate(first + way);
        first + way
    }

    fn vacate(&mut self, at: usize) {
        if let Some(&mut word) = self.word_mut(at) {
            if let State::Open(open) = word.state() {
                self.free.push(open);
            }
            self.put(at, 0, Word::EMPTY);
        }
    }

    /// A free place of the pool; where it is full, the next one round it is taken from its flow.
    fn take_open(&mut self, place: usize) -> u32 {
        if self.free.is_empty() && self.open.len() >= self.open_max {
            self.hand = (self.hand + 1) % self.open.len();
            if let Some(old) = self.open.get(self.hand).map(|open| open.place) {
                self.vacate(old);
                self.forgotten.undecided += 1;
            }
        }
        self.free.pop().unwrap_or_else(|| {
            self.open.push(Open { place, last: [None; 2], value: Box::default() });
            u32::try_from(self.open.len() - 1).unwrap_or(u32::MAX)
        })
    }
}

impl<T> Open<T> {
    fn note(&mut self, from: Side, seq: u32) {
        if let Some(last) = self.last.get_mut(from.index()) {
            *last = Some(seq);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;
    use crate::endpoint::{Endpoint, Protocol};
    use crate::limits::FLOW_IDLE_MS;

    #[derive(Debug, Default)]
    struct Count {
        key: Option<FlowKey>,
        packets: u32,
    }

    impl Renew for Count {
        fn renew(&mut self, key: FlowKey, _: Side) {
            *self = Self { key: Some(key), packets: 0 };
        }
    }

    fn key(n: u16) -> FlowKey {
        let end = |last, port| Endpoint { ip: core::net::IpAddr::from([10, 0, 0, last]), port };
        FlowKey::of(end(1, n), end(2, 3333), Protocol::Tcp).0
    }

    fn count(table: &mut Table<Count>, now: u64, n: u16) -> Option<u32> {
        match table.meet(now, key(n), Side::Low, 1) {
            Meeting::Open(handle) => {
                let open = table.open_mut(handle).unwrap();
                assert_eq!(open.key, Some(key(n)), "a handle leads to its own flow");
                open.packets += 1;
                Some(open.packets)
            }
            Meeting::Settled(_) => None,
        }
    }

    #[test]
    fn a_settled_flow_stays_settled_until_it_is_idle() {
        let mut table = Table::<Count>::new(64, 8, 1);
        let Meeting::Open(handle) = table.meet(0, key(1), Side::Low, 1) else { panic!() };
        table.settle(handle, Settled::Cut);
        assert_eq!(table.meet(1000, key(1), Side::Low, 14_600), Meeting::Settled(Settled::Cut));
        assert_eq!(table.open_count(), 0);
        assert_eq!(count(&mut table, 1000 + FLOW_IDLE_MS + 3000, 1), Some(1));
    }

    #[test]
    fn another_connection_on_the_ports_of_a_settled_one_is_new() {
        for how in [Settled::Cut, Settled::Cleared] {
            let mut table = Table::<Count>::new(64, 8, 1);
            let Meeting::Open(handle) = table.meet(0, key(1), Side::Low, 1) else { panic!() };
            table.settle(handle, how);
            assert_eq!(table.meet(0, key(1), Side::Low, 1), Meeting::Settled(how), "sent again");
            assert_eq!(count(&mut table, 1000, 1), None);
            assert!(matches!(table.meet(1000, key(1), Side::Low, 9_000_000), Meeting::Open(_)));
        }
    }

    #[test]
    fn a_side_that_was_only_acknowledged_tells_another_connection_too() {
        for how in [Settled::Cut, Settled::Cleared] {
            let mut table = Table::<Count>::new(64, 8, 1);
            let Meeting::Open(handle) = table.meet(0, key(1), Side::High, 1) else { panic!() };
            table.acknowledge(handle, Side::High, 7_000_000);
            table.settle(handle, how);
            assert_eq!(table.meet(0, key(1), Side::Low, 7_000_500), Meeting::Settled(how), "it answers");
            assert!(matches!(table.meet(1000, key(1), Side::Low, 16_000_000), Meeting::Open(_)));
        }
    }

    #[test]
    fn a_full_pool_gives_way_and_counts() {
        let mut table = Table::<Count>::new(64, 4, 1);
        for n in 0..20 {
            assert_eq!(count(&mut table, 0, n), Some(1));
        }
        assert_eq!(table.open_count(), 4);
        assert_eq!(table.forgotten().undecided, 16);
    }

    proptest! {
        /// Model: a map without bounds. What the table still knows is what the map knows; it never mixes flows up.
        #[test]
        fn it_knows_what_a_map_knows_or_counts_the_loss(
            packets in prop::collection::vec((0u16..60, 0u64..500), 1..400), seed in any::<u64>(),
        ) {
            let mut table = Table::<Count>::new(32, 16, seed);
            let mut model = HashMap::<u16, u32>::new();
            let mut now = 0;
            let mut fresh = 0;
            for (n, later) in packets {
                now += later;
                let counted = count(&mut table, now, n).unwrap();
                let known = model.entry(n).or_default();
                if counted == *known + 1 {
                    *known += 1;
                } else {
                    prop_assert_eq!(counted, 1, "a forgotten flow begins anew");
                    fresh += 1;
                    *known = 1;
                }
                prop_assert!(table.open_count() <= 16);
            }
            let idle = now / FLOW_IDLE_MS * 60;
            prop_assert!(fresh <= table.forgotten().undecided + idle);
        }
    }
}
