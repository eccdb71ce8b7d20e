//! Flowtables of others: a `flow add` that does not ask whether a flow is settled takes it before we have seen a byte.
//!
//! A chain of our own cannot prevent it: `accept` ends the walk through one base chain, and theirs still follows. So
//! rules of ours stand ahead of theirs, in their chain, and accept what is under way and undecided; they know their own
//! by the comment. See docs/decisions/0009.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::nft::TABLE;
use crate::config::{Config, Mark};

/// What the comments of our rules in chains of others begin with.
pub const COMMENT: &str = "minewall: ";

/// How many packets of its first direction pass before a flow nobody decided is given up. A login may come in segments of
/// one byte, and what is let pass to be counted stays undecided as long as it mines: at five packets a minute, shares and
/// acknowledgements, that is nine days. Where nobody decides, a download is given up after some 50 MB.
const FOLLOWED: u32 = 65_536;

/// What is to be done about flowtables of others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pending {
    /// The chains of others that offload: `inet fw4 forward`.
    pub chains: Vec<String>,
    /// Text for `nft -f` that puts our rules ahead; empty where they stand already.
    pub repair: String,
}

/// One rule, as `nft -a list` prints it.
struct Listed<'a> {
    text: &'a str,
    handle: u64,
}

impl Pending {
    /// Reads what `nft -a list ruleset` printed.
    #[must_use]
    pub fn new(listing: &str, config: &Config) -> Self {
        let wanted = rules(config.kernel.mark);
        let mut pending = Self::default();
        for (chain, rules) in chains(listing) {
            let Some(first) = rules.iter().find(|rule| offloads(rule.text)) else { continue };
            let ahead = rules.iter().take_while(|rule| rule.handle != first.handle);
            let ours: Vec<_> = ahead.filter_map(|rule| comment(rule.text)).collect();
            let stand = wanted.iter().map(|(_, comment)| comment.as_str());
            if !stand.eq(ours) {
                let delete = rules.iter().filter(|rule| comment(rule.text).is_some());
                pending.repair.extend(delete.map(|rule| format!("delete rule {chain} handle {}\n", rule.handle)));
                let insert = |(rule, comment): &(String, String)| {
                    format!("insert rule {chain} handle {} {rule} counter accept comment \"{comment}\"\n", first.handle)
                };
                pending.repair.extend(wanted.iter().map(insert));
            }
            pending.chains.push(chain);
        }
        pending
    }
}

/// Text for `nft -f` that takes our rules out of the chains of others in a listing; empty where there are none.
#[must_use]
pub fn pending_remove(listing: &str) -> String {
    let mut text = String::new();
    for (chain, rules) in chains(listing) {
        let ours = rules.iter().filter(|rule| comment(rule.text).is_some());
        text.extend(ours.map(|rule| format!("delete rule {chain} handle {}\n", rule.handle)));
    }
    text
}

/// What is kept from a flowtable, each with its comment: connections until they are decided, and DNS always, since each
/// question is looked at.
fn rules(mark: Mark) -> [(String, String); 3] {
    let mask = mark.mask();
    let undecided =
        format!("ct state established,related ct mark & {mask:#010x} == 0x00000000 ct original packets < {FOLLOWED}");
    let which = format!("{mask:#010x} {FOLLOWED}");
    [
        (format!("meta l4proto tcp {undecided}"), format!("{COMMENT}TCP not yet decided {which}")),
        (
            format!("meta l4proto udp ct original proto-dst {{ 443, 853 }} {undecided}"),
            format!("{COMMENT}QUIC not yet decided {which}"),
        ),
        (
            "meta l4proto udp ct original proto-dst 53 ct state established,related".into(),
            format!("{COMMENT}every DNS question is looked at"),
        ),
    ]
}

/// The rules of each chain of others.
fn chains(listing: &str) -> BTreeMap<String, Vec<Listed<'_>>> {
    let mut chains = BTreeMap::new();
    let (mut table, mut chain) = ("", None);
    for line in listing.lines() {
        let Some((text, handle)) = line.trim().rsplit_once(" # handle ") else { continue };
        if let Some(head) = text.strip_suffix(" {") {
            table = head.strip_prefix("table ").unwrap_or(table);
            chain = head.strip_prefix("chain ").map(|name| format!("{table} {name}"));
            continue;
        }
        if let (Some(chain), Ok(handle)) = (&chain, handle.parse())
            && table != TABLE
        {
            chains.entry(chain.clone()).or_insert_with(Vec::new).push(Listed { text, handle });
        }
    }
    chains
}

/// Whether a rule offloads; what stands in quotes is text of people.
fn offloads(rule: &str) -> bool {
    let unquoted = || rule.split('"').step_by(2);
    unquoted().any(|part| part.contains("flow add @") || part.contains("flow offload @"))
}

/// The comment of a rule of ours.
fn comment(rule: &str) -> Option<&str> {
    let (_, rest) = rule.rsplit_once(" comment \"")?;
    rest.strip_suffix('"').filter(|comment| comment.starts_with(COMMENT))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// nft 1.0.6 on a gateway with the stock firewall of OpenWrt, and a table of ours.
    const LISTING: &str = include_str!("../../../../tests/golden/ruleset/fw4.list");

    /// The listing once the kernel has done as it was told.
    fn obey(listing: &str, repair: &str) -> String {
        let mut lines: Vec<String> = listing.lines().map(Into::into).collect();
        for (number, command) in repair.lines().enumerate() {
            let (head, rest) = command.split_once(" handle ").unwrap();
            let (handle, rule) = rest.split_once(' ').unwrap_or((rest, ""));
            let end = format!(" # handle {handle}");
            assert!(["delete rule inet fw4 forward", "insert rule inet fw4 forward"].contains(&head), "{command}");
            let is_rule = |line: &&str| !line.ends_with('{');
            let at = lines.iter().position(|line| line.strip_suffix(&end).filter(is_rule).is_some()).unwrap();
            if head.starts_with("delete") {
                lines.remove(at);
            } else {
                lines.insert(at, format!("\t\t{rule} # handle {}", 900 + number));
            }
        }
        lines.iter().map(|line| format!("{line}\n")).collect()
    }

    #[test]
    fn rules_of_ours_come_ahead_once_and_go_again() {
        let config = Config::default();
        let pending = Pending::new(LISTING, &config);
        assert_eq!(pending.chains, ["inet fw4 forward"]);
        assert_eq!(pending.repair.lines().count(), 3, "{}", pending.repair);
        let repaired = obey(LISTING, &pending.repair);
        assert_eq!(Pending::new(&repaired, &config), Pending { repair: String::new(), ..pending });
        assert_eq!(obey(&repaired, &pending_remove(&repaired)), LISTING);
        assert_eq!(pending_remove(LISTING), "");
    }

    #[test]
    fn displaced_or_outdated_rules_are_put_anew() {
        let mut config = Config::default();
        let repaired = obey(LISTING, &Pending::new(LISTING, &config).repair);
        config.kernel.mark = Mark { cleared: 1, cut: 2 };
        let other = Pending::new(&repaired, &config).repair;
        assert_eq!(other.matches("delete").count(), 3);
        assert!(other.contains("ct mark & 0x00000003 == 0x00000000"));
        let lost: String =
            repaired.lines().filter(|line| !line.contains("DNS question")).map(|line| format!("{line}\n")).collect();
        assert_eq!(Pending::new(&lost, &Config::default()).repair.matches("delete").count(), 2);
    }

    #[test]
    fn a_login_of_single_bytes_is_kept_from_flowtables() {
        let repair = Pending::new(LISTING, &Config::default()).repair;
        assert_eq!(repair.matches("ct original packets < 65536 ").count(), 2, "{repair}");
        assert!(FOLLOWED as usize >= crate::limits::LOOK_MESSAGE);
    }

    #[test]
    fn words_in_comments_and_tables_of_ours_do_not_offload() {
        let quiet = LISTING.replace("flow add @ft", "accept comment \"no flow add @ft\"");
        assert_eq!(Pending::new(&quiet, &Config::default()), Pending::default());
        assert!(LISTING.contains("flow add @settled"));
    }
}
