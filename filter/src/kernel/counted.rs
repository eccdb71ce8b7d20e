//! What the kernel's rules counted.

use minewall_core::ruleset::{Counter, PREFIX};

/// Packets and bytes of the rules that share a counter, in both families.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RuleCount {
    /// The counter's name.
    pub(crate) name: &'static str,
    /// Packets since the rules were loaded.
    pub(crate) packets: u64,
    /// Their bytes.
    pub(crate) bytes: u64,
}

/// Reads what `nft list counters` printed.
pub(super) fn of_nft(text: &str) -> Vec<RuleCount> {
    let mut words = text.split_ascii_whitespace();
    let mut found = Vec::new();
    while let Some(word) = words.next() {
        if word == "counter"
            && let (Some(name), Some("{"), Some("packets"), Some(packets), Some("bytes"), Some(bytes)) =
                (words.next(), words.next(), words.next(), words.next(), words.next(), words.next())
        {
            found.push((name, packets, bytes));
        }
    }
    sums(&found)
}

/// Reads what `iptables-save -c` printed: `[packets:bytes] -A CHAIN .. "minewall NAME: .."`.
pub(super) fn of_iptables(text: &str) -> Vec<RuleCount> {
    fn count(line: &str) -> Option<(&str, &str, &str)> {
        let (counts, rule) = line.strip_prefix('[')?.split_once("] -A ")?;
        let rule = rule.strip_prefix(PREFIX)?;
        let (packets, bytes) = counts.split_once(':')?;
        let (name, _) = rule.split_once("--comment \"minewall ")?.1.split_once(':')?;
        Some((name, packets, bytes))
    }
    sums(&text.lines().filter_map(count).collect::<Vec<_>>())
}

/// Every counter; one of which nothing was found is 0.
fn sums(found: &[(&str, &str, &str)]) -> Vec<RuleCount> {
    let sum = |counter: Counter| {
        let of = found.iter().filter(|(name, ..)| *name == counter.text());
        let number = |text: &str| text.parse::<u64>().unwrap_or_default();
        let none = RuleCount { name: counter.text(), packets: 0, bytes: 0 };
        of.fold(none, |sum, (_, packets, bytes)| RuleCount {
            packets: sum.packets + number(packets),
            bytes: sum.bytes + number(bytes),
            ..sum
        })
    };
    Counter::ALL.map(sum).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(counts: &[RuleCount]) -> Vec<(&str, u64, u64)> {
        let some = counts.iter().filter(|count| count.packets > 0);
        some.map(|count| (count.name, count.packets, count.bytes)).collect()
    }

    #[test]
    fn both_programs_are_read() {
        // nft 1.0.6.
        let nft = "table inet minewall {\n\tcounter dns_queued {\n\t\tpackets 7 bytes 420\n\t}\n\tcounter cut {\n\t\t\
                   packets 0 bytes 0\n\t}\n\tcounter others {\n\t\tpackets 9 bytes 9\n\t}\n}\n";
        assert_eq!(some(&of_nft(nft)), [("dns_queued", 7, 420)]);
        // iptables 1.8.9.
        let save = "*mangle\n:PREROUTING ACCEPT [5:300]\n[2:100] -A MINEWALL_DNS -m comment --comment \"minewall dns_queued: \
                    every DNS question\" -j NFQUEUE --queue-num 1\n[3:50] -A MINEWALL_DNS -m comment --comment \"minewall \
                    dns_queued: every\" -j NFQUEUE --queue-num 1\n[9:9] -A FORWARD -m comment --comment \"minewall cut: \
                    no\" -j DROP\n[4:4] -A MINEWALL_DNS -m comment --comment \"minewall: leaves\" -j RETURN\nCOMMIT\n";
        assert_eq!(some(&of_iptables(save)), [("dns_queued", 5, 150)]);
        for nothing in ["", "counter", "counter cut {", "[", "[:] -A MINEWALL_CUT --comment \"minewall cut: x\""] {
            assert_eq!(some(&of_nft(nothing)), []);
            assert_eq!(some(&of_iptables(nothing)), []);
        }
        assert_eq!(of_nft("").len(), Counter::ALL.len());
    }
}
