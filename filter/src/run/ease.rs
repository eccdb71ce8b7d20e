//! Overload: rather than let packets wait, fewer of each connection are looked at, and all again when there is time.

use std::sync::Arc;
use std::time::Duration;

use minewall_core::engine::EASE_MAX;

use crate::queue::Latency;
use crate::queue::counters::{self, BUCKETS, Tally, Totals};

/// A verdict may take that long, in microseconds, for 99 of 100 packets.
const LATE: u32 = 1000;

/// Below this there is time again.
const EARLY: u32 = 500;

/// With fewer packets in a look one that waited long says nothing.
const PACKETS: u32 = 100;

/// Looks in a row with late verdicts before it is eased: the processors of a gateway have other work at times.
const LATE_LOOKS: u32 = 2;

/// Quiet looks in a row before it is less eased.
const QUIET_LOOKS: u32 = 5;

/// What is known of one queue.
#[derive(Debug)]
struct Watched {
    number: u16,
    latency: Arc<Latency>,
    tally: Tally,
}

/// One look at the queues.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Look {
    /// The packets that waited in the fullest queue.
    pub(super) waiting: u32,
    /// Packets lost, or passed uninspected, for want of room since the last look, as far as the kernel counts them.
    pub(super) lost: u32,
    /// Packets answered since the last look.
    pub(super) packets: u32,
    /// The time to verdict that 99 of 100 of them did not exceed, in microseconds.
    pub(super) p99: u32,
    /// The longest.
    pub(super) worst: Duration,
}

/// Looks at the queues, and says how much the engines are eased.
#[derive(Debug)]
pub(super) struct Watch {
    queues: Vec<Watched>,
    length: u32,
    degree: Degree,
}

impl Watch {
    /// Over queues that hold `length` packets each.
    pub(super) fn new(queues: impl Iterator<Item = (u16, Arc<Latency>)>, length: u32) -> Self {
        let watched = |(number, latency): (u16, Arc<Latency>)| {
            let tally = Tally::new(&latency, counters::read(number).unwrap_or_default());
            Watched { number, latency, tally }
        };
        Self { queues: queues.map(watched).collect(), length, degree: Degree::default() }
    }

    /// Looks; to be called every second. Gives the level all engines are to be eased to.
    pub(super) fn look(&mut self) -> usize {
        let look = self.take();
        tracing::debug!(?look, ease = self.degree.level, "time to verdict");
        let before = self.degree.level;
        let level = self.degree.next(look, self.length);
        if before == 0 && level > 0 {
            let Look { waiting, lost, p99, .. } = look;
            tracing::warn!(waiting, lost, p99, "overload: fewer packets of each connection are looked at");
        } else if before > 0 && level == 0 {
            tracing::info!("the overload is over: all is looked at again");
        }
        level
    }

    /// How far the engines are eased.
    pub(super) const fn level(&self) -> usize {
        self.degree.level
    }

    /// What was counted of each queue up to the last look.
    pub(super) fn totals(&self) -> impl Iterator<Item = (u16, Totals)> {
        self.queues.iter().map(|queue| (queue.number, queue.tally.totals))
    }

    fn take(&mut self) -> Look {
        let mut look = Look::default();
        let mut counts = [0_u32; BUCKETS.len() + 1];
        for queue in &mut self.queues {
            let kernel = counters::read(queue.number);
            let since = queue.tally.add(&queue.latency, kernel);
            for (count, new) in counts.iter_mut().zip(since.buckets) {
                *count = count.saturating_add(new);
            }
            look.worst = look.worst.max(queue.latency.take_worst());
            look.waiting = look.waiting.max(kernel.map_or(0, |kernel| kernel.waiting));
            // With fail-open only the overruns count, else each is one of the dropped as well.
            look.lost = look.lost.saturating_add(since.dropped).saturating_add(since.overruns);
        }
        (look.packets, look.p99) = percentile(&counts);
        look
    }
}

/// How many there are, and the upper end of the bucket that has the 99th of 100.
fn percentile(counts: &[u32; BUCKETS.len() + 1]) -> (u32, u32) {
    let packets = counts.iter().fold(0_u32, |sum, count| sum.saturating_add(*count));
    let mut rest = packets / 100;
    for (at, count) in counts.iter().enumerate().rev() {
        if *count > rest {
            return (packets, BUCKETS.get(at).copied().unwrap_or(u32::MAX));
        }
        rest -= count;
    }
    (packets, 0)
}

/// How much the engines are eased, and for how long it was too much or too little.
#[derive(Debug, Default)]
struct Degree {
    level: usize,
    late: u32,
    quiet: u32,
}

impl Degree {
    fn next(&mut self, look: Look, length: u32) -> usize {
        let is_full = look.waiting > length / 2 || look.lost > 0;
        let is_late = look.packets >= PACKETS && look.p99 > LATE;
        let is_quiet = look.waiting <= length / 4 && (look.packets < PACKETS || look.p99 <= EARLY);
        self.late = if is_late { self.late + 1 } else { 0 };
        self.quiet = if is_quiet && !is_full { self.quiet + 1 } else { 0 };
        if is_full || self.late >= LATE_LOOKS {
            self.level = (self.level + 1).min(EASE_MAX);
            self.late = 0;
        } else if self.quiet >= QUIET_LOOKS {
            self.level = self.level.saturating_sub(1);
            self.quiet = 0;
        }
        self.level
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_99th_of_100_is_found() {
        assert_eq!(percentile(&[0; 10]), (0, 0));
        assert_eq!(percentile(&[99, 0, 0, 0, 0, 0, 0, 1, 0, 0]), (100, 50));
        assert_eq!(percentile(&[98, 0, 0, 0, 0, 0, 0, 1, 1, 0]), (100, 10_000));
        assert_eq!(percentile(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 1]), (1, u32::MAX));
    }

    #[test]
    fn a_full_queue_eases_at_once_and_late_verdicts_after_a_while() {
        let full = Look { waiting: 2049, ..Look::default() };
        let lost = Look { lost: 1, ..Look::default() };
        let late = Look { packets: 100, p99: 2500, ..Look::default() };
        let mut degree = Degree::default();
        assert_eq!([full, lost, full, full].map(|look| degree.next(look, 4096)), [1, 2, 3, 3]);
        let mut degree = Degree::default();
        assert_eq!([late; 5].map(|look| degree.next(look, 4096)), [0, 1, 1, 2, 2]);
        let few = Look { packets: 99, ..late };
        assert_eq!([few; 5].map(|look| Degree::default().next(look, 4096)), [0; 5]);
    }

    #[test]
    fn it_recovers_step_by_step_and_not_while_it_is_half_well() {
        let mut degree = Degree { level: 2, ..Degree::default() };
        let middling = Look { packets: 1000, p99: 1000, ..Look::default() };
        assert!((0..100).all(|_| degree.next(middling, 4096) == 2));
        let quiet = Look { packets: 1000, p99: 250, ..Look::default() };
        let levels: Vec<_> = (0..20).map(|_| degree.next(quiet, 4096)).collect();
        assert_eq!((levels[3], levels[4], levels[8], levels[9]), (2, 1, 1, 0));
    }
}
