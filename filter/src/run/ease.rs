//! Overload: rather than let packets wait, fewer of each connection are looked at, and all again when there is time.

use std::sync::Arc;
use std::time::Duration;

use minewall_core::engine::EASE_MAX;

use crate::queue::Latency;
use crate::queue::counters::{self, BUCKETS, Tally, Totals, percentile};

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

/// Looks in a row in which packets waited in a queue and none was answered before its thread is taken to be stuck.
const STUCK_LOOKS: u32 = 3;

/// What is known of one queue.
#[derive(Debug)]
struct Watched {
    number: u16,
    latency: Arc<Latency>,
    tally: Tally,
    /// Looks in a row in which packets waited and none was answered.
    unanswered: u32,
}

impl Watched {
    fn is_stuck(&self) -> bool {
        self.unanswered >= STUCK_LOOKS
    }

    /// Notes how many wait, and whether any was answered since the last look.
    fn note(&mut self, waiting: u32, answered: bool) {
        let was_stuck = self.is_stuck();
        self.unanswered = if waiting > 0 && !answered { self.unanswered.saturating_add(1) } else { 0 };
        let queue = self.number;
        match (was_stuck, self.is_stuck()) {
            (false, true) => tracing::error!(queue, waiting, "the queue's thread answers nothing though packets wait"),
            (true, false) => tracing::warn!(queue, "the queue's thread answers again"),
            _ => {}
        }
    }
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
            Watched { number, latency, tally, unanswered: 0 }
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

    /// What was counted of each queue up to the last look, and whether its thread is stuck.
    pub(super) fn totals(&self) -> impl Iterator<Item = (u16, Totals, bool)> {
        self.queues.iter().map(|queue| (queue.number, queue.tally.totals, queue.is_stuck()))
    }

    /// Whether packets wait in any queue whose thread has answered none for some looks.
    pub(super) fn is_stuck(&self) -> bool {
        self.queues.iter().any(Watched::is_stuck)
    }

    fn take(&mut self) -> Look {
        let mut look = Look::default();
        let mut counts = [0_u64; BUCKETS.len() + 1];
        for queue in &mut self.queues {
            let kernel = counters::read(queue.number);
            let since = queue.tally.add(&queue.latency, kernel);
            for (count, new) in counts.iter_mut().zip(since.buckets) {
                *count += u64::from(new);
            }
            look.worst = look.worst.max(queue.latency.take_worst());
            let waiting = kernel.map_or(0, |kernel| kernel.waiting);
            queue.note(waiting, since.buckets.iter().any(|count| *count > 0));
            look.waiting = look.waiting.max(waiting);
            // With fail-open only the overruns count, else each is one of the dropped as well.
            look.lost = look.lost.saturating_add(since.dropped).saturating_add(since.overruns);
        }
        let packets: u64 = counts.iter().sum();
        look.packets = u32::try_from(packets).unwrap_or(u32::MAX);
        look.p99 = percentile(&counts, 99).unwrap_or(u32::MAX);
        look
    }
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
    fn a_thread_is_stuck_when_packets_wait_and_none_is_answered_for_some_looks() {
        let (latency, tally) = (Arc::default(), Tally::new(&Latency::default(), counters::Counters::default()));
        let mut queue = Watched { number: 4700, latency, tally, unanswered: 0 };
        let mut look = |waiting, answered| {
            queue.note(waiting, answered);
            queue.is_stuck()
        };
        assert_eq!([(0, false), (0, false), (0, false), (0, false)].map(|(w, a)| look(w, a)), [false; 4], "idle");
        assert_eq!([(9, true), (9, true), (9, true), (9, true)].map(|(w, a)| look(w, a)), [false; 4], "busy");
        assert_eq!([(1, false), (2, false), (3, false)].map(|(w, a)| look(w, a)), [false, false, true]);
        assert_eq!([(3, true), (1, false), (0, false), (1, false)].map(|(w, a)| look(w, a)), [false; 4], "again");
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
