//! Stretches of time, joined to sessions, and what is counted by day.

use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

use super::Tally;
use crate::limits;

/// Microseconds of a second, an hour, a day.
pub(super) const SECOND_US: i64 = 1_000_000;
const HOUR_US: i64 = 3_600 * SECOND_US;
const DAY_US: i64 = 24 * HOUR_US;

/// Stretches less than an hour apart are one session (PROTOCOLS.md section 3.4).
pub(super) const SESSION: i64 = HOUR_US - 1;

/// Stretches that touch or overlap are one.
pub(super) const TOUCHING: i64 = 0;

/// No stretch is longer: a clock that was set must not make a year of a minute.
const LONGEST_US: i64 = 40 * DAY_US;

/// The session under way: stretches are added about in the order of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Session {
    now: Option<(i64, i64)>,
    /// The end of the one before: a stretch that is told late may join both.
    before: Option<i64>,
}

/// What a stretch adds to a session.
pub(super) struct Added {
    /// How many sessions there are more: one that joins two takes one away.
    pub(super) sessions: i64,
    /// The times it adds, each from and to.
    pub(super) times: [(i64, i64); 2],
}

impl Session {
    /// One that ended then.
    pub(super) const fn ended(at: i64) -> Self {
        Self { now: Some((at, at)), before: None }
    }

    /// Adds a stretch; gaps of up to `join` microseconds count as part of it.
    pub(super) fn add(&mut self, since: i64, until: i64, join: i64) -> Added {
        let since = since.clamp(until.saturating_sub(LONGEST_US), until);
        match self.now {
            Some((from, to)) if since.saturating_sub(to) <= join && from.saturating_sub(until) <= join => {
                let bridged = self.before.filter(|before| since < from && since.saturating_sub(*before) <= join);
                let begin = bridged.unwrap_or(since).min(from);
                if bridged.is_some() {
                    self.before = None;
                }
                self.now = Some((begin, to.max(until)));
                let sessions = -i64::from(bridged.is_some());
                Added { sessions, times: [(begin, from), (to, to.max(until))] }
            }
            former => {
                // What comes long after its time is a session of its own, and the one under way stays.
                if former.is_none_or(|(_, to)| until > to) {
                    (self.now, self.before) = (Some((since, until)), former.map(|(_, to)| to));
                }
                Added { sessions: 1, times: [(since, until), (until, until)] }
            }
        }
    }
}

/// What is counted, with times in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sum {
    pub(super) attempts: u64,
    pub(super) active_us: i64,
    pub(super) rig_us: i64,
    pub(super) tally: Tally,
}

impl Sum {
    fn add(&mut self, other: &Self) {
        self.attempts = self.attempts.saturating_add(other.attempts);
        self.active_us = self.active_us.saturating_add(other.active_us);
        self.rig_us = self.rig_us.saturating_add(other.rig_us);
        self.tally.add(&other.tally);
    }

    /// As it is told, after `before` of the same incident: whole seconds that add up to those of the whole.
    fn told(&self, before: &Self) -> Tally {
        let seconds = |before: i64, this: i64| {
            let whole = before.saturating_add(this).div_euclid(SECOND_US) - before.div_euclid(SECOND_US);
            u64::try_from(whole).unwrap_or_default()
        };
        Tally {
            active_s: seconds(before.active_us, self.active_us),
            rig_s: seconds(before.rig_us, self.rig_us),
            ..self.tally
        }
    }

    /// What was told before a restart.
    pub(super) fn from_told(attempts: u64, tally: Tally) -> Self {
        let us = |seconds: u64| i64::try_from(seconds).unwrap_or_default().saturating_mul(SECOND_US);
        let (active_us, rig_us) = (us(tally.active_s), us(tally.rig_s));
        Self { attempts, active_us, rig_us, tally: Tally { active_s: 0, rig_s: 0, ..tally } }
    }
}

impl Tally {
    fn add(&mut self, other: &Self) {
        let counts: [(&mut u64, u64); 8] = [
            (&mut self.active_s, other.active_s),
            (&mut self.rig_s, other.rig_s),
            (&mut self.bytes, other.bytes),
            (&mut self.jobs, other.jobs),
            (&mut self.offered, other.offered),
            (&mut self.accepted, other.accepted),
            (&mut self.rejected, other.rejected),
            (&mut self.measured, other.measured),
        ];
        for (count, more) in counts {
            *count = count.saturating_add(more);
        }
        self.hashes += other.hashes;
    }
}

/// The days of an incident, the last ones each for itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Days {
    /// All that came before them.
    before: Sum,
    /// By number of the day, the oldest first.
    days: VecDeque<(i64, Sum)>,
}

impl Days {
    /// The sum of the day that holds this moment, of days that begin at this offset from UTC.
    pub(super) fn on(&mut self, time_us: i64, offset_s: i32) -> &mut Sum {
        let day = day(time_us, offset_s);
        let place = self.days.partition_point(|(known, _)| *known < day);
        if self.days.get(place).is_some_and(|(known, _)| *known == day) || place == 0 && self.is_full() {
            // A day older than all that are kept is counted with those before.
            return match self.days.get_mut(place) {
                Some((known, sum)) if *known == day => sum,
                _ => &mut self.before,
            };
        }
        self.days.insert(place, (day, Sum::default()));
        let mut place = place;
        if self.days.len() > limits::INCIDENT_DAYS {
            if let Some((_, oldest)) = self.days.pop_front() {
                self.before.add(&oldest);
            }
            place = place.saturating_sub(1);
        }
        match self.days.get_mut(place) {
            Some((_, sum)) => sum,
            None => &mut self.before,
        }
    }

    fn is_full(&self) -> bool {
        self.days.len() >= limits::INCIDENT_DAYS
    }

    /// Adds the time between two moments to the days it falls on.
    pub(super) fn spend(&mut self, (from, to): (i64, i64), offset_s: i32, put: fn(&mut Sum, i64)) {
        let mut from = from.max(to.saturating_sub(LONGEST_US));
        while from < to {
            let next = day(from, offset_s).saturating_add(1).saturating_mul(DAY_US);
            let midnight = next.saturating_sub(i64::from(offset_s) * SECOND_US);
            let end = midnight.min(to);
            put(self.on(from, offset_s), end.saturating_sub(from));
            from = end;
        }
    }

    /// All together.
    pub(super) fn total(&self) -> Sum {
        let mut total = self.before;
        self.days.iter().for_each(|(_, sum)| total.add(sum));
        total
    }

    /// All together, as it is told.
    pub(super) fn told(&self) -> Tally {
        self.total().told(&Sum::default())
    }

    /// The days as they are told: date, sightings, tally.
    pub(super) fn each(&self) -> Vec<(String, u64, Tally)> {
        let mut before = self.before;
        let day = |(day, sum): &(i64, Sum)| {
            let told = (date(*day), sum.attempts, sum.told(&before));
            before.add(sum);
            told
        };
        self.days.iter().map(day).collect()
    }

    /// Days that were told before a restart, and the total they are part of.
    pub(super) fn restore(total: Sum, told: impl Iterator<Item = (String, u64, Tally)>) -> Self {
        let mut days = Self::default();
        let mut before = total;
        for (date, attempts, tally) in told.take(limits::INCIDENT_DAYS) {
            let Some(day) = number(&date) else { continue };
            let sum = Sum::from_told(attempts, tally);
            before.take(&sum);
            let place = days.days.partition_point(|(known, _)| *known < day);
            days.days.insert(place, (day, sum));
        }
        days.before = before;
        days
    }
}

impl Sum {
    /// Takes a part out of the whole.
    fn take(&mut self, part: &Self) {
        self.attempts = self.attempts.saturating_sub(part.attempts);
        self.active_us = (self.active_us - part.active_us).max(0);
        self.rig_us = (self.rig_us - part.rig_us).max(0);
        let (whole, part) = (&mut self.tally, &part.tally);
        let counts: [(&mut u64, u64); 6] = [
            (&mut whole.bytes, part.bytes),
            (&mut whole.jobs, part.jobs),
            (&mut whole.offered, part.offered),
            (&mut whole.accepted, part.accepted),
            (&mut whole.rejected, part.rejected),
            (&mut whole.measured, part.measured),
        ];
        for (count, less) in counts {
            *count = count.saturating_sub(less);
        }
        whole.hashes = (whole.hashes - part.hashes).max(0.0);
    }
}

fn day(time_us: i64, offset_s: i32) -> i64 {
    time_us.saturating_add(i64::from(offset_s) * SECOND_US).div_euclid(DAY_US)
}

/// The day as text: `2026-11-24`.
fn date(day: i64) -> String {
    let moment = Timestamp::from_microsecond(day.saturating_mul(DAY_US)).unwrap_or(Timestamp::MIN);
    format!("{}", TimeZone::UTC.to_datetime(moment).date())
}

fn number(date: &str) -> Option<i64> {
    let date: jiff::civil::Date = date.parse().ok()?;
    let start = Offset::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()?;
    Some(start.as_microsecond().div_euclid(DAY_US))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_less_than_an_hour_apart_are_one_session() {
        let spent = |added: &Added| added.times.iter().map(|(from, to)| to - from).sum::<i64>();
        let mut session = Session::default();
        let mut add = |since: i64, until: i64| {
            let added = session.add(since * SECOND_US, until * SECOND_US, SESSION);
            (added.sessions, spent(&added) / SECOND_US)
        };
        assert_eq!(add(0, 60), (1, 60));
        assert_eq!(add(30, 90), (0, 30), "what overlaps counts once");
        assert_eq!(add(40, 50), (0, 0));
        assert_eq!(add(-20, 10), (0, 20), "told late");
        assert_eq!(add(90 + 3_599, 3_700), (0, 3_610), "the gap counts");
        assert_eq!(add(3_700 + 3_600, 7_400), (1, 100), "an hour is too much");
        assert_eq!(add(-9_000, -8_000), (1, 1_000), "long past, it leaves the session alone");
        assert_eq!(add(7_000, 7_350), (-1, 3_600), "told late, it joins two");
        assert_eq!(add(7_400, 7_410), (0, 10));
        assert_eq!(add(i64::MIN / SECOND_US, 7_500), (0, 90 + 3_700 - (7_500 - 40 * 86_400)), "no stretch is endless");
    }

    #[test]
    fn time_is_split_where_the_days_begin_and_seconds_add_up() {
        let mut days = Days::default();
        let beijing = 8 * 3_600;
        // 2026-11-24T15:59:50.4Z to 16:00:10.3Z: midnight in Beijing lies between.
        let start = "2026-11-24T15:59:50.4Z".parse::<Timestamp>().unwrap().as_microsecond();
        days.spend((start, start + 19_900_000), beijing, |sum, us| sum.active_us += us);
        let told = days.each();
        assert_eq!(told.iter().map(|(date, ..)| &**date).collect::<Vec<_>>(), ["2026-11-24", "2026-11-25"]);
        assert_eq!(told.iter().map(|(_, _, tally)| tally.active_s).collect::<Vec<_>>(), [9, 10]);
        assert_eq!(days.told().active_s, 19);
    }

    #[test]
    fn old_days_are_kept_in_the_total_only() {
        let mut days = Days::default();
        for day in 0..100_i64 {
            days.on(day * DAY_US, 0).attempts += 1;
        }
        days.on(3 * DAY_US, 0).attempts += 1;
        assert_eq!(days.total().attempts, 101);
        let told = days.each();
        assert_eq!(told.len(), limits::INCIDENT_DAYS);
        assert_eq!((&*told[0].0, told[0].1), ("1970-03-07", 1));
        let again = Days::restore(days.total(), told.clone().into_iter());
        assert_eq!(again.each(), told);
        assert_eq!(again.total(), days.total());
    }
}
