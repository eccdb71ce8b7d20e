//! What the table knows of a flow at its place, in 8 bytes.
//!
//! | bits | open | settled |
//! |---|---|---|
//! | 0-1 | state | state |
//! | 2-23 | when a packet was seen last, in steps of 1.024 s; wraps after 50 days | the same |
//! | 24-43 | place in the pool of undecided flows, to bit 55 | what the low side sent last: sequence number in steps of 4 KiB, 0: nothing yet |
//! | 44-63 | | the same of the high side |

use super::key::Side;
use super::table::Settled;
use crate::limits::FLOW_IDLE_MS;

/// A place's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word(u64);

/// How a flow stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// There is none.
    Empty,
    /// It is undecided; its place in the pool.
    Open(u32),
    /// It is decided.
    Settled(Settled),
}

const EMPTY: u64 = 0;
const OPEN: u64 = 1;
const CLEARED: u64 = 2;
const CUT: u64 = 3;

const STATE: u64 = 3;
const SEEN: u64 = (1 << 22) - 1;
const SEEN_AT: u32 = 2;
const REST_AT: u32 = 24;
const NUMBER: u64 = (1 << 20) - 1;

/// Steps of sequence numbers farther than this from its side's last one belong to another connection on the same ports.
/// The initial one is chosen anew over the whole range or, for the same ports, moves on with time (RFC 6528 section 3;
/// Linux: by 16 KiB in a millisecond).
const fn far(how: Settled) -> u64 {
    match how {
        // What the kernel asks about again may be anywhere in a long transfer: 1 MiB.
        Settled::Cleared => 256,
        // Nothing of a cut connection is acknowledged, so that its sender goes no farther than the first window (RFC 6928:
        // 14,600 bytes).
        Settled::Cut => 4,
    }
}

impl Word {
    /// Of an empty place.
    pub(super) const EMPTY: Self = Self(EMPTY);

    /// Of an undecided flow.
    pub(super) const fn open(place: u32, mono_ms: u64) -> Self {
        Self(OPEN | (place as u64) << REST_AT).seen(mono_ms)
    }

    /// The same flow, settled; what each side sent last.
    pub(super) fn settled(self, how: Settled, last: [Option<u32>; 2]) -> Self {
        let state = match how {
            Settled::Cleared => CLEARED,
            Settled::Cut => CUT,
        };
        let word = Self(self.0 & SEEN << SEEN_AT | state);
        [Side::Low, Side::High].into_iter().fold(word, |word, side| match last.get(side.index()) {
            Some(Some(seq)) => word.noted(side, step(*seq)),
            _ => word,
        })
    }

    /// How the flow stands.
    pub(super) const fn state(self) -> State {
        match self.0 & STATE {
            OPEN => State::Open((self.0 >> REST_AT) as u32),
            CLEARED => State::Settled(Settled::Cleared),
            CUT => State::Settled(Settled::Cut),
            _ => State::Empty,
        }
    }

    /// With a packet at this time.
    pub(super) const fn seen(self, mono_ms: u64) -> Self {
        Self(self.0 & !(SEEN << SEEN_AT) | (mono_ms >> 10 & SEEN) << SEEN_AT)
    }

    /// Of a settled flow, with this sequence number; none if it belongs to another connection.
    pub(super) fn sent(self, from: Side, seq: u32) -> Option<Self> {
        let State::Settled(how) = self.state() else { return Some(self) };
        let (last, now) = (self.0 >> shift(from) & NUMBER, step(seq));
        let ahead = now.wrapping_sub(last) & NUMBER;
        let distance = ahead.min(NUMBER + 1 - ahead);
        (last == 0 || distance <= far(how)).then(|| self.noted(from, now))
    }

    /// Steps of 1.024 s since it was seen; none where the packets of a capture come in another order than their time stamps.
    pub(super) const fn age(self, mono_ms: u64) -> u32 {
        let age = (mono_ms >> 10).wrapping_sub(self.0 >> SEEN_AT) & SEEN;
        if age > SEEN / 2 { 0 } else { age as u32 }
    }

    /// Whether nothing was seen of it for so long that it counts as over.
    pub(super) const fn is_idle(self, mono_ms: u64) -> bool {
        (self.age(mono_ms) as u64) << 10 > FLOW_IDLE_MS
    }

    const fn noted(self, side: Side, step: u64) -> Self {
        Self(self.0 & !(NUMBER << shift(side)) | step << shift(side))
    }
}

const fn shift(side: Side) -> u32 {
    match side {
        Side::Low => REST_AT,
        Side::High => REST_AT + 20,
    }
}

/// A sequence number in steps; never 0, which stands for none.
const fn step(seq: u32) -> u64 {
    let step = (seq >> 12) as u64;
    if step == 0 { 1 } else { step }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_put_in_comes_out(
            open: u32, low in any::<Option<u32>>(), high in any::<Option<u32>>(), time in 0u64..1 << 40, later in 0u64..1 << 30, cut: bool,
        ) {
            let how = if cut { Settled::Cut } else { Settled::Cleared };
            let word = Word::open(open, time);
            prop_assert_eq!(word.state(), State::Open(open));
            let settled = word.settled(how, [low, high]);
            prop_assert_eq!(settled.state(), State::Settled(how));
            for (side, last) in [(Side::Low, low), (Side::High, high)] {
                // The same number, and those of a first window, are of the same connection; half the range away is none.
                for near in [0, 1, 14_600] {
                    prop_assert!(settled.sent(side, last.unwrap_or(7).wrapping_add(near)).is_some());
                }
                prop_assert_eq!(settled.sent(side, last.unwrap_or(7) ^ 1 << 31).is_none(), last.is_some());
            }
            let age = settled.seen(time).age(time + later);
            prop_assert!((later >> 10..=(later >> 10) + 1).contains(&u64::from(age)));
            prop_assert_eq!(settled.seen(time + later).age(time), 0, "no time runs back");
            prop_assert_eq!(settled.seen(time + later).state(), settled.state());
        }
    }

    #[test]
    fn a_place_is_small() {
        assert_eq!(size_of::<Word>(), 8);
    }
}
