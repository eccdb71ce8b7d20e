//! What is counted of queues: by the kernel, and how long packets waited for their verdicts.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// The upper ends of the buckets of times, in microseconds; one more bucket has what is beyond.
pub(crate) const BUCKETS: [u32; 9] = [50, 100, 250, 500, 1000, 2500, 5000, 10_000, 100_000];

/// How long packets of one queue waited, from when they could be read to when their verdict was sent. Numbers of 32
/// bits, for processors without longer atomic ones; they wrap around.
#[derive(Debug, Default)]
pub(crate) struct Latency {
    buckets: [AtomicU32; BUCKETS.len() + 1],
    worst: AtomicU32,
    /// Microseconds of all packets.
    sum: AtomicU32,
}

impl Latency {
    pub(super) fn note(&self, waited: Duration, packets: usize) {
        let waited = u32::try_from(waited.as_micros()).unwrap_or(u32::MAX);
        let bucket = BUCKETS.iter().take_while(|end| waited > **end).count();
        if let Some(bucket) = self.buckets.get(bucket) {
            bucket.fetch_add(u32::try_from(packets).unwrap_or(u32::MAX), Ordering::Relaxed);
        }
        self.worst.fetch_max(waited, Ordering::Relaxed);
        self.sum.fetch_add(waited.wrapping_mul(u32::try_from(packets).unwrap_or(u32::MAX)), Ordering::Relaxed);
    }

    fn sum(&self) -> u32 {
        self.sum.load(Ordering::Relaxed)
    }

    /// The packets counted in each bucket.
    pub(crate) fn buckets(&self) -> [u32; BUCKETS.len() + 1] {
        self.buckets.each_ref().map(|bucket| bucket.load(Ordering::Relaxed))
    }

    /// The longest wait since it was last taken.
    pub(crate) fn take_worst(&self) -> Duration {
        Duration::from_micros(self.worst.swap(0, Ordering::Relaxed).into())
    }
}

/// What the kernel counts of one queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counters {
    /// Packets that wait.
    pub(crate) waiting: u32,
    /// Packets dropped because the queue was full; with fail-open they pass and nobody counts them.
    pub(crate) dropped: u32,
    /// Packets dropped because the socket's buffer was full; with fail-open they pass.
    pub(crate) user_dropped: u32,
    /// How often the socket's buffer was full (ENOBUFS), whatever became of the packet.
    pub(crate) overruns: u32,
}

/// What was counted of one queue since it was bound, in numbers that do not wrap around.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    /// Packets that waited when it was last looked at.
    pub(crate) waiting: u64,
    /// As in [`Counters`].
    pub(crate) dropped: u64,
    /// As in [`Counters`].
    pub(crate) user_dropped: u64,
    /// As in [`Counters`].
    pub(crate) overruns: u64,
    /// Packets answered, by how long they waited.
    pub(crate) buckets: [u64; BUCKETS.len() + 1],
    /// How long all of them waited, in microseconds.
    pub(crate) waited: u64,
}

/// The upper end of the bucket that has the `of`th of 100, in microseconds: 0 where there are none, none where it is beyond
/// the last end.
pub(crate) fn percentile(counts: &[u64; BUCKETS.len() + 1], of: u64) -> Option<u32> {
    let mut rest = counts.iter().sum::<u64>().saturating_mul(100_u64.saturating_sub(of)) / 100;
    for (at, count) in counts.iter().enumerate().rev() {
        if *count > rest {
            return BUCKETS.get(at).copied();
        }
        rest -= count;
    }
    Some(0)
}

/// Adds up what wraps around; to be asked often enough that it wraps once at the most.
#[derive(Debug)]
pub(crate) struct Tally {
    pub(crate) totals: Totals,
    buckets: [u32; BUCKETS.len() + 1],
    waited: u32,
    counters: Counters,
}

/// What came since the last time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Since {
    pub(crate) buckets: [u32; BUCKETS.len() + 1],
    pub(crate) dropped: u32,
    pub(crate) overruns: u32,
}

impl Tally {
    pub(crate) fn new(latency: &Latency, counters: Counters) -> Self {
        Self { totals: Totals::default(), buckets: latency.buckets(), waited: latency.sum(), counters }
    }

    /// Adds what came; `counters` are none where the kernel knows no such queue.
    pub(crate) fn add(&mut self, latency: &Latency, counters: Option<Counters>) -> Since {
        let (old, mut since) = (self.buckets, Since::default());
        self.buckets = latency.buckets();
        let new = self.buckets.iter().zip(old).map(|(new, old)| new.wrapping_sub(old));
        for ((new, total), since) in new.zip(&mut self.totals.buckets).zip(&mut since.buckets) {
            (*since, *total) = (new, *total + u64::from(new));
        }
        let waited = latency.sum();
        self.totals.waited += u64::from(waited.wrapping_sub(self.waited));
        self.waited = waited;
        if let Some(new) = counters {
            let old = std::mem::replace(&mut self.counters, new);
            since.dropped = new.dropped.wrapping_sub(old.dropped);
            since.overruns = new.overruns.wrapping_sub(old.overruns);
            self.totals.waiting = new.waiting.into();
            self.totals.dropped += u64::from(since.dropped);
            self.totals.overruns += u64::from(since.overruns);
            self.totals.user_dropped += u64::from(new.user_dropped.wrapping_sub(old.user_dropped));
        }
        since
    }
}

/// Where the kernel lists the queues that somebody is bound to.
pub(crate) const LISTED: &str = "/proc/self/net/netfilter/nfnetlink_queue";

/// What the kernel lists of one queue. Its numbers wrap around.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct QueueLine {
    /// The port id of the socket that is bound: as a rule the process.
    pub(crate) port: u32,
    pub(crate) waiting: u32,
    pub(crate) dropped: u32,
    pub(crate) user_dropped: u32,
    /// Packets that were ever given to it.
    pub(crate) given: u32,
}

/// Each queue of [`LISTED`] by its number. A line: number, socket, waiting, what is copied, how much, dropped, dropped for the
/// socket, id of the next packet.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = (u16, QueueLine)> {
    text.lines().filter_map(|line| {
        let numbers: Vec<u32> = line.split_ascii_whitespace().map_while(|number| number.parse().ok()).collect();
        let [number, port, waiting, _, _, dropped, user_dropped, given, ..] = numbers[..] else { return None };
        Some((u16::try_from(number).ok()?, QueueLine { port, waiting, dropped, user_dropped, given }))
    })
}

/// Reads what the kernel counts of queue `number`; none if nobody is bound to it.
pub(crate) fn read(number: u16) -> Option<Counters> {
    let queues = std::fs::read_to_string(LISTED).ok()?;
    parse(number, &queues, &std::fs::read_to_string("/proc/self/net/netlink").unwrap_or_default())
}

/// A line of `sockets`: address, protocol (12 is netfilter), socket, groups, bytes in, bytes out, dump, locks, drops, inode.
fn parse(number: u16, queues: &str, sockets: &str) -> Option<Counters> {
    let (_, queue) = lines(queues).find(|(listed, _)| *listed == number)?;
    let QueueLine { port, waiting, dropped, user_dropped, .. } = queue;
    let fields =
        |line: &str| line.split_ascii_whitespace().map(str::parse).map(Result::ok).collect::<Vec<Option<u32>>>();
    let ours = |line: &Vec<Option<u32>>| line.get(1..3) == Some(&[Some(12), Some(port)]);
    let overruns = sockets.lines().map(fields).find(ours).and_then(|line| *line.get(8)?).unwrap_or_default();
    Some(Counters { waiting, dropped, user_dropped, overruns })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_s_tables_are_read() {
        // Linux 6.18.
        let queues = " 4700   7351    12 2 65531     3     4  1234567  1\n 4701 3219177744     0 2 65531     0     0      899  1\n";
        let sockets = "sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n\
             0000000000000000 0   7351       00000000 0        0        0     2        99       700\n\
             0000000000000000 12  7351       00000000 0        0        0     2        5        701\n";
        let first = Counters { waiting: 12, dropped: 3, user_dropped: 4, overruns: 5 };
        assert_eq!(parse(4700, queues, sockets), Some(first));
        assert_eq!(parse(4701, queues, sockets), Some(Counters::default()));
        assert_eq!(parse(47, queues, sockets), None);
        assert_eq!(parse(4700, " 4700 what", sockets), None);
        let line = QueueLine { port: 7351, waiting: 12, dropped: 3, user_dropped: 4, given: 1_234_567 };
        assert_eq!(lines(queues).next(), Some((4700, line)));
        for nothing in ["", "x", "1 2 3\n", ":\n"] {
            assert_eq!(lines(nothing).count(), 0, "{nothing}");
        }
    }

    #[test]
    fn totals_do_not_wrap() {
        let latency = Latency::default();
        let near = u32::MAX - 1;
        let mut tally = Tally::new(&latency, Counters { dropped: near, user_dropped: 1, overruns: near, waiting: 0 });
        for round in 1..=3_u32 {
            latency.note(Duration::from_secs(3000), 1);
            let of = |start: u32| start.wrapping_add(round);
            let now = Counters { dropped: of(near), user_dropped: 1, overruns: of(near), waiting: round };
            let since = tally.add(&latency, Some(now));
            assert_eq!((since.dropped, since.overruns, since.buckets[9]), (1, 1, 1));
        }
        tally.add(&latency, None);
        let mut buckets = [0; 10];
        buckets[9] = 3;
        let waited = 9_000_000_000;
        assert_eq!(tally.totals, Totals { waiting: 3, dropped: 3, user_dropped: 0, overruns: 3, buckets, waited });
    }

    #[test]
    fn the_one_of_a_hundred_is_found() {
        assert_eq!(percentile(&[0; 10], 99), Some(0));
        assert_eq!(percentile(&[99, 0, 0, 0, 0, 0, 0, 1, 0, 0], 99), Some(50));
        assert_eq!(percentile(&[98, 0, 0, 0, 0, 0, 0, 1, 1, 0], 99), Some(10_000));
        assert_eq!(percentile(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 99), None);
        assert_eq!(percentile(&[49, 51, 0, 0, 0, 0, 0, 0, 0, 0], 50), Some(100));
        assert_eq!(percentile(&[51, 49, 0, 0, 0, 0, 0, 0, 0, 0], 50), Some(50));
    }

    #[test]
    fn a_wait_falls_into_its_bucket() {
        let latency = Latency::default();
        for (microseconds, packets) in [(0, 1), (50, 1), (51, 4), (1000, 8), (1001, 16), (9_999_999, 32)] {
            latency.note(Duration::from_micros(microseconds), packets);
        }
        assert_eq!(latency.buckets(), [2, 4, 0, 0, 8, 16, 0, 0, 0, 32]);
        assert_eq!(latency.take_worst(), Duration::from_micros(9_999_999));
        assert_eq!(latency.take_worst(), Duration::ZERO);
    }
}
