//! How dialects stand to each other: a greeting many share is heard first, a job that tells more comes later.

use super::{Dialect, Heard, PROOF, TABLE};
use crate::wire::json::Value;

/// How a dialect heard in a flow stands to the one the flow is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kin {
    /// It is the same.
    Same,
    /// A kind of the known one: it takes the flow over, and what was heard before counts on.
    Narrower,
    /// The known one is a kind of it: what it hears counts for the known one.
    Wider,
    /// Both are kinds of a third: it takes over if this token weighs more than each that was heard before.
    Sibling,
    /// They have nothing in common: it takes over only if it weighs more than all that was heard before.
    Stranger,
}

/// How the dialect at `heard` of [`TABLE`] stands to the one at `known`.
#[must_use]
pub fn kin(known: usize, heard: usize) -> Kin {
    if known == heard {
        return Kin::Same;
    }
    let (above_known, above_heard) = (wider(known), wider(heard));
    if above_heard & bit(known) != 0 {
        Kin::Narrower
    } else if above_known & bit(heard) != 0 {
        Kin::Wider
    } else if above_known & above_heard != 0 {
        Kin::Sibling
    } else {
        Kin::Stranger
    }
}

/// What the dialects hear in one object, narrower ones first, each with its place in [`TABLE`]. Where a narrower one
/// has proof, the ones it narrows are not asked again.
pub fn hear<'a>(object: Value<'a, '_>) -> impl Iterator<Item = (usize, Heard<'a>)> {
    let mut answered = 0;
    TABLE.iter().enumerate().filter_map(move |(place, dialect)| {
        if answered & bit(place) != 0 {
            return None;
        }
        let heard = (dialect.hear)(object)?;
        if heard.weight >= PROOF {
            answered |= wider(place);
        }
        Some((place, heard))
    })
}

/// The places of all dialects the one at `place` is a kind of, a bit each. Rows narrow only later rows, so this ends.
fn wider(place: usize) -> u64 {
    let mut places = 0;
    let mut at = place;
    while let Some(above) = TABLE.get(at).and_then(above).filter(|above| *above > at) {
        places |= bit(above);
        at = above;
    }
    places
}

fn above(dialect: &Dialect) -> Option<usize> {
    TABLE.iter().position(|other| Some(other.id) == dialect.narrows)
}

const fn bit(place: usize) -> u64 {
    // The table has fewer than 64 rows.
    1 << (place & 63)
}
