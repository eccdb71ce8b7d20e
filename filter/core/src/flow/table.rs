//! The bounded table of flows: sets of a few places, the work of one look-up is one set.
//!
//! A settled flow is one place of 60 bytes. An undecided flow has, besides, an [`OpenFlow`] from a pool of its own.
//! A full set forgets its oldest settled flow, or else its oldest undecided one; both are counted. A forgotten flow
//! is no error: its next packet makes it a new one.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use super::key::{FlowKey, Side};
use crate::limits::{FLOW_IDLE_MS, FLOW_WAYS};

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
    slot: usize,
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Empty,
    Open(u32),
    Settled(Settled),
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    key: Option<FlowKey>,
    state: State,
    /// Of the table's clock, in steps of 64 ms; wraps after 8.7 years.
    seen: u32,
    /// The sequence number each side sent last; 0: none yet.
    last: [u32; 2],
}

const EMPTY: Slot = Slot { key: None, state: State::Empty, seen: 0, last: [0; 2] };

/// A sequence number farther than this from its side's last one belongs to another connection on the same ports. The
/// initial one is chosen anew over the whole range or, for the same ports, moves on with time (RFC 6528 section 3; Linux: by
/// 16 KiB in a millisecond).
const fn far(how: Settled) -> u32 {
    match how {
        // What the kernel asks about again may be anywhere in a long transfer.
        Settled::Cleared => 1 << 20,
        // Nothing of a cut connection is acknowledged, so that its sender goes no farther than the first window (RFC 6928:
        // 14,600 bytes).
        Settled::Cut => 1 << 14,
    }
}

/// The table; `T` is what is kept of an undecided flow.
#[derive(Debug)]
pub struct Table<T> {
    slots: Vec<Slot>,
    /// A part of each key's hash, never 0; 0: the slot is empty. The tags of a set stand side by side, so that a look-up
    /// touches the slot it means and no other.
    tags: Vec<u16>,
    seed: u64,
    open: Vec<Place<T>>,
    free: Vec<u32>,
    open_max: usize,
    hand: usize,
    met: u64,
    forgotten: Forgotten,
}

#[derive(Debug)]
struct Place<T> {
    slot: usize,
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
        let slots = flows.max(FLOW_WAYS).next_power_of_two();
        Self {
            slots: vec![EMPTY; slots],
            tags: vec![0; slots],
            seed,
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
        let tick = (mono_ms >> 6) as u32;
        let (first, tag) = self.place(&key);
        if let Some(at) = self.find(first, tag, &key) {
            let over = self.slots.get(at).is_some_and(|slot| is_idle(slot, tick) || is_another(slot, from, seq));
            if !over {
                return self.meet_known(at, tick, from, seq);
            }
            self.vacate(at);
        }
        let at = self.make_room(first, tick);
        let open = self.take_open(at);
        self.met += 1;
        if let Some(place) = self.open.get_mut(open as usize) {
            place.slot = at;
            place.value.renew(key, from);
        }
        if let (Some(slot), Some(own)) = (self.slots.get_mut(at), self.tags.get_mut(at)) {
            *slot = Slot { key: Some(key), state: State::Open(open), seen: tick, ..EMPTY };
            slot.note(from, seq);
            *own = tag;
        }
        Meeting::Open(Handle { slot: at, open })
    }

    /// The state of an undecided flow.
    pub fn open_mut(&mut self, handle: Handle) -> Option<&mut T> {
        self.open.get_mut(handle.open as usize).map(|place| &mut *place.value)
    }

    /// Decides about a flow; its state is given back.
    pub fn settle(&mut self, handle: Handle, how: Settled) {
        if let Some(slot) = self.slots.get_mut(handle.slot)
            && slot.state == State::Open(handle.open)
        {
            slot.state = State::Settled(how);
            self.free.push(handle.open);
        }
    }

    /// Forgets a flow, for a connection begun anew on the same ports.
    pub fn forget(&mut self, key: &FlowKey) {
        let (first, tag) = self.place(key);
        if let Some(at) = self.find(first, tag, key) {
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

    /// The set a key belongs to, by its first slot, and the key's tag. Both come from other bits of the hash.
    fn place(&self, key: &FlowKey) -> (usize, u16) {
        let hash = key.hash(self.seed);
        let first = (hash as usize & (self.slots.len() / FLOW_WAYS - 1)) * FLOW_WAYS;
        (first, (hash >> 48) as u16 | 1)
    }

    fn find(&self, first: usize, tag: u16, key: &FlowKey) -> Option<usize> {
        let tags = self.tags.get(first..first + FLOW_WAYS)?;
        let mut ways = tags.iter().enumerate().filter(|(_, own)| **own == tag).map(|(way, _)| first + way);
        ways.find(|at| self.slots.get(*at).is_some_and(|slot| slot.key.as_ref() == Some(key)))
    }

    fn meet_known(&mut self, at: usize, tick: u32, from: Side, seq: u32) -> Meeting {
        let Some(slot) = self.slots.get_mut(at) else { return Meeting::Settled(Settled::Cleared) };
        slot.seen = tick;
        slot.note(from, seq);
        match slot.state {
            State::Open(open) => Meeting::Open(Handle { slot: at, open }),
            State::Settled(how) => Meeting::Settled(how),
            State::Empty => Meeting::Settled(Settled::Cleared),
        }
    }

    /// An empty place of the set, emptied if need be: idle flows first, then the oldest settled, then the oldest open.
    fn make_room(&mut self, first: usize, tick: u32) -> usize {
        let tags = self.tags.get(first..first + FLOW_WAYS).unwrap_or_default();
        if let Some(way) = tags.iter().position(|tag| *tag == 0) {
            return first + way;
        }
        let rank = |slot: &Slot| match slot.state {
            State::Empty => 0,
            _ if is_idle(slot, tick) => 1,
            State::Settled(_) => 2,
            State::Open(_) => 3,
        };
        let set = self.slots.get(first..first + FLOW_WAYS).unwrap_or_default();
        let oldest = set.iter().enumerate();
        let oldest = oldest.min_by_key(|(_, slot)| (rank(slot), u32::MAX - age(slot, tick)));
        let Some((way, slot)) = oldest else { return first };
        match rank(slot) {
            2 => self.forgotten.settled += 1,
            3 => self.forgotten.undecided += 1,
            _ => {}
        }
        self.vacate(first + way);
        first + way
    }

    fn vacate(&mut self, at: usize) {
        if let Some(slot) = self.slots.get_mut(at) {
            if let State::Open(open) = slot.state {
                self.free.push(open);
            }
            *slot = EMPTY;
        }
        if let Some(tag) = self.tags.get_mut(at) {
            *tag = 0;
        }
    }

    /// A free place of the pool; where it is full, the next one round it is taken from its flow.
    fn take_open(&mut self, slot: usize) -> u32 {
        if self.free.is_empty() && self.open.len() >= self.open_max {
            self.hand = (self.hand + 1) % self.open.len();
            if let Some(old) = self.open.get(self.hand).map(|place| place.slot) {
                self.vacate(old);
                self.forgotten.undecided += 1;
            }
        }
        self.free.pop().unwrap_or_else(|| {
            self.open.push(Place { slot, value: Box::default() });
            u32::try_from(self.open.len() - 1).unwrap_or(u32::MAX)
        })
    }
}

impl Slot {
    fn note(&mut self, from: Side, seq: u32) {
        if let Some(last) = self.last.get_mut(from.index()) {
            *last = seq.max(1);
        }
    }
}

/// Ticks since it was seen; none where the packets of a capture come in another order than their time stamps.
const fn age(slot: &Slot, tick: u32) -> u32 {
    let age = tick.wrapping_sub(slot.seen);
    if age > u32::MAX / 2 { 0 } else { age }
}

fn is_idle(slot: &Slot, tick: u32) -> bool {
    slot.state != State::Empty && u64::from(age(slot, tick)) << 6 > FLOW_IDLE_MS
}

fn is_another(slot: &Slot, from: Side, seq: u32) -> bool {
    let last = slot.last.get(from.index()).copied().unwrap_or_default();
    let distance = (seq.wrapping_sub(last) as i32).unsigned_abs();
    matches!(slot.state, State::Settled(how) if last != 0 && distance > far(how))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;
    use crate::endpoint::{Endpoint, Protocol};

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
    fn a_place_is_small() {
        assert!(size_of::<Slot>() <= 64, "{}", size_of::<Slot>());
    }

    #[test]
    fn a_settled_flow_stays_settled_until_it_is_idle() {
        let mut table = Table::<Count>::new(64, 8, 1);
        let Meeting::Open(handle) = table.meet(0, key(1), Side::Low, 1) else { panic!() };
        table.settle(handle, Settled::Cut);
        assert_eq!(table.meet(1000, key(1), Side::Low, 14_600), Meeting::Settled(Settled::Cut));
        assert_eq!(table.open_count(), 0);
        assert_eq!(count(&mut table, 1000 + FLOW_IDLE_MS + 200, 1), Some(1));
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
