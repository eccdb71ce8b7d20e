//! Marks: two bits of them are ours, in the packet and in the connection.

use minewall_core::ruleset::{PREFIX, TABLE};

use super::check::Outcome;
use super::scene::Scene;

/// Whether rules of others set or clear our bits.
pub(super) fn collide(scene: &Scene) -> Vec<Outcome> {
    let rules = scene.rules();
    let mask = scene.config.kernel.mark.mask();
    let mut found = Vec::new();
    let mut is_read = false;
    if let Ok(text) = &rules.nft {
        is_read = true;
        found.extend(nft(text, mask));
    }
    for (program, saved) in &rules.iptables {
        if let Ok(text) = saved {
            is_read = true;
            found.extend(iptables(text, mask).map(|rule| format!("{program}: {rule}")));
        }
    }
    for family in ["-4", "-6"] {
        if let Ok(text) = scene.machine.run("ip", &[family, "rule", "show"]) {
            found.extend(routes(&text, mask).map(|rule| format!("ip {family} rule: {rule}")));
        }
    }
    if !is_read {
        return vec![Outcome::skipped("the rules in place cannot be read; root can")];
    }
    if found.is_empty() {
        return vec![Outcome::ok(format!("nobody else touches {mask:#010x}"))];
    }
    // What iptables keeps in nft is listed by both.
    found.dedup();
    let more = found.len().saturating_sub(3);
    let told = found.iter().take(3).map(|rule| format!("\"{rule}\"")).collect::<Vec<_>>().join("; ");
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    vec![Outcome::warn(
        format!(
            "rules of others touch our bits {mask:#010x} of the marks, so that decided connections may be forgotten, or undecided ones left alone: {told}{more}"
        ),
        "kernel.mark = two bits that nobody uses, such as \"0xc0000\", then restart minewall; or a mask in the other rule",
    )]
}

/// Rules of nft outside our table that set bits of `mask`: `meta mark set 0x1`, `ct mark set ct mark and 0xff or 0x1`.
fn nft(text: &str, mask: u32) -> Vec<String> {
    let mut found = Vec::new();
    let (mut is_ours, mut table) = (false, "");
    for line in text.lines() {
        if let Some(head) = line.strip_prefix("table ") {
            table = head.split(" {").next().unwrap_or(head);
            continue;
        }
        // Chains of iptables stand here too, where it keeps its rules in nft.
        if let Some(chain) = line.trim().strip_prefix("chain ") {
            is_ours = table == TABLE || chain.starts_with(PREFIX);
            continue;
        }
        let rule = line.trim().split(" # handle").next().unwrap_or_default();
        let unquoted: String = rule.split('"').step_by(2).collect();
        let sets = unquoted.split("mark set ").skip(1);
        if !is_ours && !rule.contains("minewall") && sets.into_iter().any(|value| touched(value) & mask != 0) {
            found.push(format!("table {table}: {rule}"));
        }
    }
    found
}

/// The bits that a mark gets anew: of a plain value all of them, of one that keeps some by `and` the others. What is
/// copied from elsewhere without a mask is all of them.
fn touched(value: &str) -> u32 {
    let words: Vec<&str> = value.split_ascii_whitespace().collect();
    let keeps_own = words.first().is_some_and(|word| ["meta", "ct", "mark"].contains(word));
    if !keeps_own {
        return u32::MAX;
    }
    let mut touched = 0;
    let mut is_masked = false;
    for pair in words.windows(2) {
        let [operator, operand] = pair else { continue };
        let Some(number) = number(operand) else { continue };
        match *operator {
            "and" | "&" => (touched, is_masked) = (touched | !number, true),
            "or" | "|" | "xor" | "^" => (touched, is_masked) = (touched | number, true),
            _ => {}
        }
    }
    if is_masked { touched } else { u32::MAX }
}

/// Rules of iptables that are not ours and set bits of `mask`, as they are saved.
fn iptables(text: &str, mask: u32) -> impl Iterator<Item = String> {
    let touches = move |line: &&str| {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let value = |option: &str| words.windows(2).find(|pair| pair[0] == option).map(|pair| pair[1]);
        let both = |value: &str| {
            let (set, of) = value.split_once('/').unwrap_or((value, "0xffffffff"));
            number(set).unwrap_or_default() | number(of).unwrap_or(u32::MAX)
        };
        let bits = ["--set-xmark", "--set-mark", "--or-mark", "--xor-mark"].iter().find_map(|option| value(option));
        let bits = bits.map(both);
        // Copies from one mark to the other.
        let has = |word: &str| words.contains(&word);
        let of = |option: &str| value(option).map_or(u32::MAX, |mask| number(mask).unwrap_or(u32::MAX));
        let copied = match (has("--save-mark"), has("--restore-mark")) {
            (true, _) => Some(of("--ctmask") & if value("--mask").is_some() { of("--mask") } else { u32::MAX }),
            (_, true) => Some(of("--nfmask") & if value("--mask").is_some() { of("--mask") } else { u32::MAX }),
            _ => None,
        };
        bits.or(copied).is_some_and(|bits| bits & mask != 0)
    };
    let ours = |line: &&str| !line.contains(PREFIX) && !line.contains("minewall");
    let lines = text.lines().filter(|line| line.starts_with("-A ")).filter(ours).filter(touches);
    lines.map(str::to_owned).collect::<Vec<_>>().into_iter()
}

/// Rules of routing that go by our bits: `32765: from all fwmark 0x10000000/0x10000000 lookup 100`.
fn routes(text: &str, mask: u32) -> impl Iterator<Item = String> {
    let meets = move |line: &&str| {
        let Some((_, rest)) = line.split_once("fwmark ") else { return false };
        let value = rest.split_ascii_whitespace().next().unwrap_or_default();
        let of = value.split_once('/').map_or(Some(u32::MAX), |(_, of)| number(of));
        of.is_some_and(|of| of & mask != 0)
    };
    text.lines().filter(meets).map(|line| line.trim().to_owned()).collect::<Vec<_>>().into_iter()
}

fn number(word: &str) -> Option<u32> {
    match word.strip_prefix("0x") {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => word.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MASK: u32 = 0x3000_0000;

    #[test]
    fn rules_of_nft_that_touch_our_bits_are_found() {
        // nft 1.0.6.
        let text = "table inet qos { # handle 1\n\tchain a { # handle 2\n\t\tmeta mark set 0x00000001 # handle 3\n\
                    \t\tmeta mark set meta mark & 0xffffff00 | 0x00000001 # handle 4\n\
                    \t\tct mark set ct mark and 0xf0ffffff # handle 5\n\
                    \t\tct mark set ct mark | 0x20000000 # handle 6\n\
                    \t\tct mark set meta mark # handle 7\n\
                    \t\tct mark & 0x30000000 == 0x10000000 accept # handle 8\n\
                    \t\taccept comment \"mark set 0x1\" # handle 9\n\t}\n}\n\
                    table ip mangle { # handle 3\n\tchain MINEWALL_MARK { # handle 1\n\t\tct mark set 0x1 # handle 2\n\t}\n}\n\
                    table inet minewall { # handle 2\n\tchain b { # handle 1\n\t\tct mark set ct mark | 0x10000000 # handle 2\n\t}\n}\n";
        let found = nft(text, MASK);
        assert_eq!(found.len(), 3, "{found:#?}");
        for (rule, word) in found.iter().zip(["meta mark set 0x00000001", "ct mark | 0x20000000", "set meta mark"]) {
            assert!(rule.contains(word) && rule.starts_with("table inet qos: "), "{rule}");
        }
        assert_eq!(nft(text, 0), [] as [String; 0]);
        assert_eq!(nft(text, 0x0300_0000).len(), 3, "0xf0ffffff clears these");
    }

    #[test]
    fn rules_of_iptables_that_touch_our_bits_are_found() {
        // iptables 1.8.9.
        let text = "*mangle\n-A PREROUTING -j MARK --set-xmark 0x1/0xffffffff\n-A PREROUTING -j MARK --set-xmark 0x1/0xff\n\
                    -A PREROUTING -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff\n\
                    -A PREROUTING -j CONNMARK --save-mark --nfmask 0xff --ctmask 0xff\n\
                    -A FORWARD -m mark --mark 0x10000000/0x30000000 -j ACCEPT\n\
                    -A MINEWALL_MARK -j CONNMARK --set-xmark 0x10000000/0x30000000\nCOMMIT\n";
        let found: Vec<_> = iptables(text, MASK).collect();
        assert_eq!(found.len(), 2, "{found:#?}");
        assert!(found[0].contains("0xffffffff") && found[1].contains("--restore-mark"));
        assert_eq!(iptables(text, 0x3).count(), 4);
    }

    #[test]
    fn rules_of_routing_by_our_bits_are_found() {
        let text = "0:\tfrom all lookup local\n100:\tfrom all fwmark 0x1/0xff lookup 5\n\
                    101:\tfrom all fwmark 0x10000000/0x10000000 lookup 6\n102:\tfrom all fwmark 0x7 lookup 7\n";
        let found: Vec<_> = routes(text, MASK).collect();
        assert_eq!(found.len(), 2, "{found:#?}");
        assert!(found[0].contains("lookup 6") && found[1].contains("lookup 7"), "one without a mask compares all bits");
    }
}
