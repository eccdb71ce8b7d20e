//! Which name is asked for when: the one whose time comes first, no more at once and in a second than is set.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use minewall_core::config::Resolve;

/// The longest pause after names that cannot be resolved.
const LONGEST_PAUSE: Duration = Duration::from_secs(6 * 3600);

/// What an answer, and telling engines and kernel of it, may take on a busy machine; some 2 s are usual.
const MARGIN: Duration = Duration::from_secs(8);

/// How often in a row a failure doubles the pause.
const DOUBLINGS: u32 = 10;

/// Names with the time they are due.
#[derive(Debug)]
pub(crate) struct Schedule {
    due: BinaryHeap<Reverse<(Instant, Name)>>,
    known: BTreeSet<Arc<str>>,
    under_way: usize,
    /// Names that may be begun now: what is left of a second.
    budget: f64,
    filled: Instant,
    seed: u64,
}

/// A name, and how often in a row there was nothing to learn of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Name {
    pub(crate) name: Arc<str>,
    failures: u32,
}

impl Schedule {
    /// Nothing to do; `seed` spreads what is alike.
    pub(crate) fn new(seed: u64, now: Instant) -> Self {
        Self { due: BinaryHeap::new(), known: BTreeSet::new(), under_way: 0, budget: 0.0, filled: now, seed }
    }

    /// Takes these names in the place of the former. What is known of those that stay stays; a new one is due at once, or
    /// before what is held of it ends.
    pub(crate) fn renew<'a>(
        &mut self,
        now: Instant,
        names: impl Iterator<Item = &'a str>,
        ends: impl Fn(&str) -> Option<Instant>,
    ) {
        let former = std::mem::take(&mut self.known);
        for name in names {
            let known = former.get(name).cloned();
            if known.is_none() {
                let held = ends(name).map(|ends| ends.saturating_duration_since(now));
                let at = held.map_or(now, |held| now + self.before(held));
                self.due.push(Reverse((at, Name { name: name.into(), failures: 0 })));
            }
            self.known.insert(known.unwrap_or_else(|| name.into()));
        }
        let known = &self.known;
        self.due.retain(|Reverse((_, name))| known.contains(&name.name));
    }

    /// The next name to ask for now, if there is one.
    pub(crate) fn next(&mut self, now: Instant, settings: &Resolve) -> Option<Name> {
        let rate = f64::from(settings.rate);
        self.budget += now.saturating_duration_since(self.filled).as_secs_f64() * rate;
        // A pause is not made up for: a second's worth at the most.
        self.budget = self.budget.min(rate.max(1.0));
        self.filled = now;
        let is_due = self.due.peek().is_some_and(|Reverse((at, _))| *at <= now);
        if !is_due || self.under_way >= settings.concurrency || self.budget < 1.0 {
            return None;
        }
        self.budget -= 1.0;
        self.under_way += 1;
        self.due.pop().map(|Reverse((_, name))| name)
    }

    /// Puts a name back whose addresses are held for so long; none: there was nothing to learn.
    pub(crate) fn put_back(&mut self, now: Instant, mut name: Name, held: Option<Duration>, settings: &Resolve) {
        self.done();
        if !self.known.contains(&name.name) {
            return;
        }
        let pause = match held {
            Some(held) => {
                name.failures = 0;
                self.before(held)
            }
            None => {
                let doubled = 1_u32 << name.failures.min(DOUBLINGS);
                name.failures = name.failures.saturating_add(1);
                let pause = Duration::from_secs(settings.ttl_min.into()).saturating_mul(doubled).min(LONGEST_PAUSE);
                pause.mul_f64(0.9 + 0.2 * self.random())
            }
        };
        self.due.push(Reverse((now + pause, name)));
    }

    /// A name was asked for that is not put back.
    pub(crate) fn done(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
    }

    /// How many names are asked for.
    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }

    /// Somewhat before what is held ends, so that there is no gap, and not all at once.
    fn before(&mut self, held: Duration) -> Duration {
        let some = held.mul_f64(0.7 + 0.2 * self.random());
        some.min(held.saturating_sub(MARGIN)).max(held / 4)
    }

    /// Between 0 and 1 (SplitMix64).
    fn random(&mut self) -> f64 {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.seed;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        f64::from((mixed >> 32) as u32) / f64::from(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    fn all(schedule: &mut Schedule, now: Instant, settings: &Resolve) -> Vec<Name> {
        std::iter::from_fn(|| schedule.next(now, settings)).collect()
    }

    #[test]
    fn no_more_at_once_and_in_a_second_than_is_set() {
        let start = Instant::now();
        let settings = Resolve { rate: 5, concurrency: 64, ..Resolve::default() };
        let mut schedule = Schedule::new(1, start);
        let names: Vec<_> = (0..5_000).map(|number| format!("n{number}.test")).collect();
        schedule.renew(start, names.iter().map(String::as_str), |_| None);
        assert_eq!(all(&mut schedule, start, &settings).len(), 0);
        let mut asked = Vec::new();
        for tick in 1..=40 {
            asked.extend(all(&mut schedule, start + seconds(f64::from(tick) * 0.25), &settings));
        }
        assert!((49..=50).contains(&asked.len()), "{} in ten seconds", asked.len());
        let later = start + seconds(3_600.0);
        assert_eq!(all(&mut schedule, later, &settings).len(), 5, "an hour is not made up for");
        let few = Resolve { rate: 1_000, concurrency: 64, ..settings };
        assert_eq!(all(&mut schedule, later + seconds(1.0), &few).len(), 64 - asked.len() - 5, "64 at once");
    }

    #[test]
    fn names_come_again_before_their_end_and_later_and_later_where_they_fail() {
        let start = Instant::now();
        let settings = Resolve { ttl_min: 10, ..Resolve::default() };
        let mut schedule = Schedule::new(1, start);
        schedule.renew(start, ["a.test"].into_iter(), |_| None);
        let mut now = start + seconds(1.0);
        let name = schedule.next(now, &settings).unwrap();
        schedule.put_back(now, name, Some(seconds(100.0)), &settings);
        assert!(schedule.next(now + seconds(69.0), &settings).is_none());
        now += seconds(96.0);
        let mut name = schedule.next(now, &settings).unwrap();
        for expected in [10.0, 20.0, 40.0, 80.0] {
            schedule.put_back(now, name, None, &settings);
            assert!(schedule.next(now + seconds(expected * 0.89), &settings).is_none());
            now += seconds(expected * 1.11);
            name = schedule.next(now, &settings).unwrap();
        }
        for _ in 0..40 {
            schedule.put_back(now, name, None, &settings);
            now += LONGEST_PAUSE.mul_f64(1.11);
            name = schedule.next(now, &settings).unwrap();
        }
    }

    #[test]
    fn names_that_stay_keep_their_time_and_others_go() {
        let start = Instant::now();
        let settings = Resolve::default();
        let mut schedule = Schedule::new(1, start);
        schedule.renew(start, ["a.test", "b.test"].into_iter(), |_| None);
        let now = start + seconds(1.0);
        let taken: Vec<_> = all(&mut schedule, now, &settings);
        assert_eq!(taken.len(), 2);
        for name in taken {
            schedule.put_back(now, name, Some(seconds(100.0)), &settings);
        }
        let held = |name: &str| (name == "d.test").then_some(now + seconds(1_000.0));
        schedule.renew(now, ["b.test", "c.test", "d.test"].into_iter(), held);
        assert_eq!(schedule.len(), 3);
        let names = |schedule: &mut Schedule, at| {
            all(schedule, now + seconds(at), &settings)
                .into_iter()
                .map(|name| name.name.to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(names(&mut schedule, 1.0), ["c.test"]);
        assert_eq!(names(&mut schedule, 100.0), ["b.test"]);
        assert_eq!(names(&mut schedule, 1_000.0), ["d.test"]);
    }
}
