//! What all captures together gave, as the lines at the end of standard error.

use std::fmt;
use std::time::Instant;

use minewall_core::activity::Activity;
use minewall_core::engine::{Counters, Skipped};

/// Sums over captures.
pub(super) struct Sum {
    begin: Instant,
    captures: Vec<Counters>,
    packets: u64,
    bytes: u64,
    measured: u64,
    hashes: f64,
}

impl Sum {
    /// Nothing yet; the time taken counts from here.
    pub(super) fn begin() -> Self {
        Self { begin: Instant::now(), captures: Vec::new(), packets: 0, bytes: 0, measured: 0, hashes: 0.0 }
    }

    /// One packet more.
    pub(super) fn packet(&mut self, bytes: &[u8]) {
        self.packets += 1;
        self.bytes += bytes.len() as u64;
    }

    /// What a connection that mines did.
    pub(super) fn activity(&mut self, activity: &Activity) {
        self.measured += u64::from(activity.measured);
        self.hashes += activity.hashes;
    }

    /// One capture more, with what its engine counted.
    pub(super) fn capture(&mut self, counters: &Counters) {
        self.captures.push(*counters);
    }

    fn total(&self, count: impl Fn(&Counters) -> u64) -> u64 {
        self.captures.iter().map(count).sum()
    }
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rate = self.packets as f64 / self.begin.elapsed().as_secs_f64().max(1e-6);
        let (packets, bytes) = (counted(self.packets, "packet"), counted(self.bytes, "byte"));
        let captures = counted(self.captures.len() as u64, "capture");
        writeln!(f, "{packets}, {bytes} in {captures}; {} packets/s", Count(rate as u64))?;
        let words = [
            counted(self.total(|counters| counters.flows), "flow"),
            counted(self.total(|counters| counters.questions), "DNS question"),
            counted(self.total(Counters::findings), "finding"),
            counted(self.total(|counters| counters.records), "record"),
        ];
        writeln!(f, "{}", words.join(", "))?;
        let skipped = Skipped::ALL.iter().map(|(why, words)| (self.total(|counters| counters.skipped(*why)), *words));
        let skipped: Vec<_> = skipped.filter(|(count, _)| *count > 0).collect();
        match skipped.as_slice() {
            [] => writeln!(f, "not inspected: nothing")?,
            some => {
                let words: Vec<_> = some.iter().map(|(count, why)| format!("{} {why}", Count(*count))).collect();
                writeln!(f, "not inspected: {}", words.join(", "))?;
            }
        }
        let mined = [
            counted(self.total(|counters| counters.jobs), "job"),
            counted(self.total(|counters| counters.offered), "share"),
            format!("{} accepted", Count(self.total(|counters| counters.accepted))),
            format!("{} rejected", Count(self.total(|counters| counters.rejected))),
        ];
        let followed = self.total(|counters| counters.followed);
        if followed > 0 {
            writeln!(f, "{} that mined: {}", counted(followed, "connection"), mined.join(", "))?;
        }
        if self.measured > 0 {
            writeln!(
                f,
                "{} measured: {:.4e} hashes on average",
                counted(self.measured, "accepted share"),
                self.hashes
            )?;
        }
        let odd = [
            ("connections to resolvers for DNS over TLS", self.total(|counters| counters.dns_over_tls)),
            ("connections to resolvers for DNS over HTTPS", self.total(|counters| counters.dns_over_https)),
            ("connections to resolvers for DNS over QUIC", self.total(|counters| counters.dns_over_quic)),
            ("gaps in streams", self.total(|counters| counters.gaps)),
            ("conflicting overlaps in streams", self.total(|counters| counters.conflicts)),
            ("undecided flows forgotten for want of room", self.total(|counters| counters.forgotten_undecided)),
            ("sightings of flows that had given their records", self.total(|counters| counters.suppressed)),
        ];
        odd.iter()
            .filter(|(_, count)| *count > 0)
            .try_for_each(|(what, count)| writeln!(f, "{what}: {}", Count(*count)))
    }
}

/// A number as people read it: `2,000`.
struct Count(u64);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        digits.chars().enumerate().try_for_each(|(at, digit)| {
            let left = digits.len() - at;
            let comma = if at > 0 && left.is_multiple_of(3) { "," } else { "" };
            write!(f, "{comma}{digit}")
        })
    }
}

/// `1 packet`, `2,000 packets`.
fn counted(count: u64, what: &str) -> String {
    format!("{} {what}{}", Count(count), if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_threes() {
        for (count, text) in [(0, "0 packets"), (1, "1 packet"), (999, "999 packets"), (1_000, "1,000 packets")] {
            assert_eq!(counted(count, "packet"), text);
        }
        assert_eq!(Count(12_345_678).to_string(), "12,345,678");
        assert_eq!(Count(u64::MAX).to_string(), "18,446,744,073,709,551,615");
    }
}
