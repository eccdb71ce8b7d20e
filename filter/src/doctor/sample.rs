//! What the kernel counts of traffic, at one moment.

use std::collections::BTreeMap;
use std::time::Instant;

use super::machine::Machine;
use crate::queue::counters::{LISTED, QueueLine, lines};

/// Packets of one interface since it is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Traffic {
    pub(super) received: u64,
    pub(super) sent: u64,
}

/// All of it.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    pub(super) at: Instant,
    pub(super) interfaces: BTreeMap<String, Traffic>,
    /// Packets forwarded, of both families.
    pub(super) forwarded: Option<u64>,
    /// Packets that connection tracking could make nothing of.
    pub(super) invalid: Option<u64>,
    pub(super) queues: BTreeMap<u16, QueueLine>,
}

impl Sample {
    pub(super) fn take(machine: &Machine) -> Self {
        let four = forwarded_v4(&machine.text("/proc/self/net/snmp"));
        let six = forwarded_v6(&machine.text("/proc/self/net/snmp6"));
        Self {
            at: Instant::now(),
            interfaces: interfaces(&machine.text("/proc/self/net/dev")),
            forwarded: four.map(|four| four + six.unwrap_or_default()),
            invalid: invalid(&machine.text("/proc/self/net/stat/nf_conntrack")),
            queues: lines(&machine.text(LISTED)).collect(),
        }
    }
}

/// `  lan0: BYTES PACKETS errs drop fifo frame compressed multicast BYTES PACKETS ...`.
fn interfaces(text: &str) -> BTreeMap<String, Traffic> {
    let line = |line: &str| {
        let (name, rest) = line.split_once(':')?;
        let mut numbers = rest.split_ascii_whitespace().map(str::parse);
        let received = numbers.nth(1)?.ok()?;
        let sent = numbers.nth(7)?.ok()?;
        Some((name.trim().to_owned(), Traffic { received, sent }))
    };
    text.lines().filter_map(line).collect()
}

/// `ForwDatagrams` of the two lines that begin with `Ip:`, the names and the numbers.
fn forwarded_v4(text: &str) -> Option<u64> {
    let mut lines = text.lines().filter_map(|line| line.strip_prefix("Ip: "));
    let (names, numbers) = (lines.next()?, lines.next()?);
    let at = names.split(' ').position(|name| name == "ForwDatagrams")?;
    numbers.split(' ').nth(at)?.parse().ok()
}

/// `Ip6OutForwDatagrams    12`.
fn forwarded_v6(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("Ip6OutForwDatagrams"))?;
    line.trim().parse().ok()
}

/// The column `invalid`, in hexadecimal, of all processors.
fn invalid(text: &str) -> Option<u64> {
    let mut lines = text.lines();
    let at = lines.next()?.split_ascii_whitespace().position(|name| name == "invalid")?;
    let of = |line: &str| u64::from_str_radix(line.split_ascii_whitespace().nth(at)?, 16).ok();
    Some(lines.filter_map(of).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_s_tables_are_read() {
        // Linux 6.18.
        let dev = "Inter-|   Receive                                                |  Transmit\n \
                   face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n    \
                   lo:     120       2    0    0    0     0          0         0      120       2    0    0    0     0       0          0\n  \
                   lan0:99999999 1234567    0    0    0     0          0         0 5555 77    0    0    0     0       0          0\n";
        let all = interfaces(dev);
        assert_eq!(all.len(), 2);
        assert_eq!(all["lan0"], Traffic { received: 1_234_567, sent: 77 });
        let snmp =
            "Ip: Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors ForwDatagrams\nIp: 1 64 5 0 0 42\nIcmp: a\n";
        assert_eq!(forwarded_v4(snmp), Some(42));
        assert_eq!(forwarded_v6("Ip6InReceives   \t7\nIp6OutForwDatagrams             \t9\n"), Some(9));
        let stat = "entries  clashres found new invalid ignore\n00000005  00000000 00000000 00000000 0000000a 0\n00000005  0 0 0 00000001 0\n";
        assert_eq!(invalid(stat), Some(11));
        for nothing in ["", "x", "Ip: a\n", "1 2 3\n", ":\n"] {
            assert_eq!((forwarded_v4(nothing), forwarded_v6(nothing)), (None, None));
            assert!(interfaces(nothing).is_empty() && invalid(nothing).unwrap_or_default() == 0);
        }
    }
}
