//! What of the work in a session a message tells: jobs, how hard their shares are, shares and what became of them.
//! Each dialect tells it in its own file; here stands what they have in common.

use super::{list, member, method, string};
use crate::wire::json::{Str, Value};

/// One thing told of the work. What the pool tells and what the miner tells are apart, so that no side speaks for the
/// other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Act {
    /// The pool hands out a job.
    Job {
        /// Its id.
        id: Option<Key>,
        /// How hard its shares are, where the job itself says so.
        share: Option<Measure>,
    },
    /// The pool tells how hard shares are of the jobs that follow.
    Target(Measure),
    /// The miner hands in a share.
    Offer {
        /// The id of the request, which the reply bears too.
        request: Option<Key>,
        /// The job it was found for; none where the dialect names none.
        job: Option<Key>,
    },
    /// The pool answers a request, perhaps a share's.
    Reply {
        /// The id of the request; none: the oldest one.
        request: Option<Key>,
        /// Whether the share counts.
        is_accepted: bool,
    },
}

/// How hard a share is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Measure {
    /// As a difficulty, whose unit depends on dialect and algorithm (`units`).
    Difficulty(f64),
    /// As the hashes it takes on average.
    Hashes(f64),
}

/// An id as it was sent, string or number, by a hash of its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(u64);

/// How a dialect tells of the work.
#[derive(Clone, Copy, Debug)]
pub struct Work {
    /// Reads one object.
    pub tell: fn(Value<'_, '_>, &mut dyn FnMut(Act)),
    /// What is counted, for the documentation.
    pub form: &'static str,
}

/// 2^256.
const ALL: f64 = f64::from_bits((1023 + 256) << 52);

impl Key {
    /// The key of an id; null is none.
    pub(super) fn of(id: Option<Value<'_, '_>>) -> Option<Self> {
        let id = id?;
        let text = id.as_number().map(str::as_bytes).or_else(|| id.as_str().map(|text| text.raw()))?;
        // FNV-1a: nobody gains by two ids that share a key but a miner who is counted wrong.
        let hash = |sum: u64, byte: &u8| (sum ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        Some(Self(text.iter().fold(0xcbf2_9ce4_8422_2325, hash)))
    }
}

/// What a difficulty says: a number, or a string of one.
pub(super) fn difficulty(value: Option<Value<'_, '_>>) -> Option<Measure> {
    let value = value?;
    let number = value.as_f64().or_else(|| value.as_str()?.to_string_bounded(40).parse().ok())?;
    // Beyond these, sums and their squares would be no numbers any more.
    (1e-12..=1e30).contains(&number).then_some(Measure::Difficulty(number))
}

/// What a target in hexadecimal digits says, highest first: of all hashes those below it are shares.
pub(super) fn target(text: Option<Str<'_>>) -> Option<Measure> {
    let text = text?.to_string_bounded(66);
    let digits = text.strip_prefix("0x").unwrap_or(&text);
    number(digits, 16).map(|target| Measure::Hashes(ALL / target))
}

/// The same of a target in decimal digits.
pub(super) fn decimal_target(text: Option<Str<'_>>) -> Option<Measure> {
    number(&text?.to_string_bounded(80), 10).map(|target| Measure::Hashes(ALL / target))
}

/// A positive number as its digits say.
fn number(digits: &str, base: u32) -> Option<f64> {
    let value = |sum: f64, digit: char| Some(sum * f64::from(base) + f64::from(digit.to_digit(base)?));
    let number = digits.chars().try_fold(0.0, value)?;
    (number > 0.0).then_some(number)
}

impl Measure {
    /// The same, so many times as hard.
    pub(super) fn times(self, factor: f64) -> Self {
        match self {
            Self::Difficulty(difficulty) => Self::Difficulty(difficulty * factor),
            Self::Hashes(hashes) => Self::Hashes(hashes * factor),
        }
    }
}

/// The methods of stratum, which most dialects share: `mining.notify` with the job's id first, and `share` in it where
/// the dialect's jobs tell that.
pub(super) fn stratum(
    object: Value<'_, '_>,
    share: impl FnOnce(Value<'_, '_>) -> Option<Measure>,
    act: &mut dyn FnMut(Act),
) {
    if method(object).is_none() {
        return reply(object, act);
    }
    if let Some(job) = list(object, "mining.notify") {
        act(Act::Job { id: Key::of(job.index(0)), share: share(job) });
    } else if let Some(told) = list(object, "mining.set_difficulty") {
        difficulty(told.index(0)).into_iter().for_each(|share| act(Act::Target(share)));
    } else if let Some(told) = list(object, "mining.set_target") {
        target(super::string_at(told, 0)).into_iter().for_each(|share| act(Act::Target(share)));
    } else if let Some(share) = list(object, "mining.submit") {
        act(Act::Offer { request: Key::of(member(object, "id")), job: Key::of(share.index(1)) });
    }
}

/// The same, where it is not known what a target or difficulty of the dialect means.
pub(super) fn stratum_unmeasured(object: Value<'_, '_>, act: &mut dyn FnMut(Act)) {
    stratum(object, |_| None, &mut |told| {
        if !matches!(told, Act::Target(_)) {
            act(told);
        }
    });
}

/// The reply to a request, if the object is one.
pub(super) fn reply(object: Value<'_, '_>, act: &mut dyn FnMut(Act)) {
    let (result, error) = (member(object, "result"), member(object, "error"));
    if result.is_none() && error.is_none() {
        return;
    }
    if let Some(request) = Key::of(member(object, "id")) {
        let is_error = error.is_some_and(|error| !error.is_null());
        let is_accepted = !is_error && result.is_some_and(is_accepting);
        act(Act::Reply { request: Some(request), is_accepted });
    }
}

/// Whether a result says yes: `true`, `[true]`, `"ok"`, `{"status": "OK"}`, `{"code": 1}`.
fn is_accepting(result: Value<'_, '_>) -> bool {
    let is_ok = |text: Str<'_>| text.eq_ignore_ascii_case("ok");
    let first = if result.is_array() { result.index(0) } else { Some(result) };
    first.and_then(|first| first.as_bool()).unwrap_or_default()
        || result.as_str().is_some_and(is_ok)
        || result.is_object() && string(result, "status").is_some_and(is_ok)
        || result.is_object() && member(result, "code").and_then(|code| code.as_u64()) == Some(1)
}

#[cfg(test)]
mod tests;
