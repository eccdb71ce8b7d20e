//! Loading the rules with `iptables-restore` and `ip6tables-restore`, the legacy or the nft variant.

use std::path::Path;

use anyhow::{Context, Error, Result, anyhow};
use minewall_core::config::Config;
use minewall_core::ruleset::{self, Family, PREFIX, Ruleset};

use super::command::{find, not_permitted, run};
use super::ipset;

/// Seconds to wait for the lock that programs of this kind share.
const WAIT: &str = "5";

/// Variants, in the order they are tried: the administrator's choice first.
const VARIANTS: [&str; 3] = ["", "-nft", "-legacy"];

/// What our rules need of the kernel, as modules of Debian's kernels.
const MODULES: &str = "xt_NFQUEUE xt_connmark xt_mark xt_conntrack xt_multiport xt_CT xt_u32 xt_length xt_limit xt_comment ipt_REJECT ip6t_REJECT";

/// The programs of one variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tables {
    variant: &'static str,
    /// Whether IPv6 is filtered as well.
    six: bool,
    /// Whether packets can be held against sets of the program `ipset`; none: nobody has asked.
    sets: Option<bool>,
}

impl Tables {
    /// The first variant that accepts the rules, and what the operator should know about it. Nothing is changed.
    ///
    /// # Errors
    /// No variant works: what the first of those found said.
    pub(super) fn choose(rules: &Ruleset) -> Result<(Self, Vec<String>)> {
        let mut refusal = None;
        for variant in VARIANTS.into_iter().filter(|variant| find(&restore(variant, Family::V4)).is_some()) {
            match Self::of(variant, rules) {
                Ok(tables) => return Ok(tables),
                Err(error) if not_permitted(&error) => return Err(error),
                Err(error) => _ = refusal.get_or_insert(error),
            }
        }
        Err(refusal
            .unwrap_or_else(|| anyhow!("there is no program \"iptables-restore\"; install the package iptables")))
    }

    /// Every variant whose programs are there, with all it may have loaded.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let there = |variant: &&'static str| find(&restore(variant, Family::V4)).is_some();
        VARIANTS.into_iter().filter(there).map(|variant| {
            let six = find(&restore(variant, Family::V6)).is_some();
            Self { variant, six, sets: Some(true) }
        })
    }

    /// The programs of one variant, if they accept the rules.
    pub(super) fn of(variant: &'static str, rules: &Ruleset) -> Result<(Self, Vec<String>)> {
        test(variant, Family::V4, rules)?;
        let why_not_six = if !Path::new("/proc/sys/net/ipv6").exists() {
            "the kernel has no IPv6: only IPv4 is inspected".to_owned()
        } else if find(&restore(variant, Family::V6)).is_none() {
            let program = restore(variant, Family::V6);
            format!("there is no program {program:?}: only IPv4 is inspected; install the package that holds it")
        } else {
            test(variant, Family::V6, rules)?;
            return Ok((Self { variant, six: true, sets: None }, Vec::new()));
        };
        Ok((Self { variant, six: false, sets: None }, vec![why_not_six]))
    }

    /// The families whose rules are loaded.
    pub(super) fn families(self) -> impl Iterator<Item = Family> + Clone {
        [Family::V4].into_iter().chain(self.six.then_some(Family::V6))
    }

    /// Puts the rules in, in place of any of ours, and gives what [`Self::list`] gives from then on. One family is loaded
    /// after the other: when a step fails, both are left without rules of ours.
    pub(super) fn load(self, rules: &Ruleset) -> Result<String> {
        if let Err(refusal) = self.families().try_for_each(|family| self.load_family(family, rules)) {
            return Err(match self.unload() {
                Ok(()) => refusal,
                Err(error) => {
                    refusal.context(format!("rules were left behind ({error:#}); take out the chains {PREFIX}*"))
                }
            });
        }
        self.list()
    }

    fn load_family(self, family: Family, rules: &Ruleset) -> Result<()> {
        if rules.sets.learns {
            ipset::make(family)?;
        }
        let text = ruleset::iptables(rules, family, &self.saved(family)?);
        let program = restore(self.variant, family);
        run(&program, &["-w", WAIT, "--noflush"], &text).map(drop).map_err(|refusal| explain(refusal, &text))
    }

    /// Takes out what is ours in both families; what others added meanwhile stays.
    pub(super) fn unload(self) -> Result<()> {
        let results: Vec<Result<()>> = self.families().map(|family| self.unload_family(family)).collect();
        results.into_iter().collect()
    }

    fn unload_family(self, family: Family) -> Result<()> {
        let text = ruleset::iptables_remove(&self.saved(family)?);
        let program = restore(self.variant, family);
        let removed = if text.is_empty() { Ok(()) } else { run(&program, &["-w", WAIT, "--noflush"], &text).map(drop) };
        if self.sets == Some(true) && removed.is_ok() {
            ipset::destroy(family);
        }
        removed
    }

    /// The same rules with sets of learned addresses where they are wanted and can be had; where not, a note says why.
    pub(super) fn learning(&mut self, config: &Config, rules: Ruleset, notes: &mut Vec<String>) -> Ruleset {
        let learning = rules.clone().learning(config);
        if !learning.sets.learns {
            return rules;
        }
        let tables = *self;
        let has_sets = *self.sets.get_or_insert_with(|| {
            let mut tests = tables.families().map(|family| ipset::test(family, &restore(tables.variant, family)));
            tests.try_for_each(|result| result.inspect_err(|error| notes.push(ipset::missing(error)))).is_ok()
        });
        if has_sets { learning } else { rules }
    }

    /// What is ours in both families: chains and rules as they are saved, and whether the judge still comes first.
    pub(super) fn list(self) -> Result<String> {
        self.families().map(|family| Ok(ours(&self.saved(family)?))).collect()
    }

    fn saved(self, family: Family) -> Result<String> {
        run(&program(self.variant, family, "save"), &[], "").context("cannot read the rules in place")
    }

    /// The rules of both families with what they counted.
    pub(super) fn counters(self) -> Result<String> {
        self.families().map(|family| run(&program(self.variant, family, "save"), &["-c"], "")).collect()
    }

    /// The programs' name, as the operator knows it.
    pub(super) fn name(self) -> String {
        format!("iptables{}", self.variant)
    }
}

/// Asks the program, without changing anything, whether it knows what the rules use.
fn test(variant: &str, family: Family, rules: &Ruleset) -> Result<()> {
    let text = ruleset::iptables(rules, family, "");
    let program = restore(variant, family);
    run(&program, &["-w", WAIT, "--noflush", "--test"], &text).map(drop).map_err(|refusal| explain(refusal, &text))
}

fn restore(variant: &str, family: Family) -> String {
    program(variant, family, "restore")
}

fn program(variant: &str, family: Family, verb: &str) -> String {
    let family = match family {
        Family::V4 => "iptables",
        Family::V6 => "ip6tables",
    };
    format!("{family}{variant}-{verb}")
}

/// The lines about our chains; a rule that must come first in its chain and does not is marked.
fn ours(saved: &str) -> String {
    let mut table = "";
    let mut last_chain = "";
    let mut text = String::new();
    for line in saved.lines() {
        table = line.strip_prefix('*').unwrap_or(table);
        let chain = line.strip_prefix("-A ").and_then(|rule| rule.split(' ').next()).unwrap_or("");
        if line.contains(PREFIX) {
            let line = line.split(" [").next().unwrap_or(line); // counters of a chain's policy
            let behind = if table == "filter" && chain == last_chain && !chain.is_empty() && !chain.starts_with(PREFIX)
            {
                " (behind)"
            } else {
                ""
            };
            text += &format!("{table} {line}{behind}\n");
        }
        last_chain = chain;
    }
    text
}

/// Names the rule that was refused, and the modules it may need.
fn explain(refusal: Error, text: &str) -> Error {
    if not_permitted(&refusal) {
        return refusal;
    }
    let said = refusal.to_string();
    let digits = said.rsplit_once("line").map_or("", |(_, rest)| rest.trim_start_matches([' ', ':']));
    let number = digits.split(|letter: char| !letter.is_ascii_digit()).next().and_then(|digits| digits.parse().ok());
    let line = number.and_then(|number: usize| text.lines().nth(number.checked_sub(1)?));
    let rule = line.filter(|line| *line != "COMMIT").map(|line| format!(" at {line:?}")).unwrap_or_default();
    let extension = said.split_once("Extension ").and_then(|(_, rest)| rest.split(' ').next());
    let what =
        extension.map_or_else(|| "kernel feature".to_owned(), |name| format!("kernel feature: xtables {name:?}"));
    refusal.context(format!("missing {what}{rule}; the rules need the modules {MODULES}, load them with modprobe"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What iptables 1.8.9 says on a kernel of Debian without xt_NFQUEUE.
    const SAID: &str = "iptables-restore: Warning: Extension NFQUEUE revision 0 not supported, missing kernel module?\n\
        iptables-restore v1.8.9 (legacy): NFQUEUE target: --queue-balance not supported (kernel too old?)\n\
        Error occurred at line: 2\nTry `iptables-restore -h' or 'iptables-restore --help' for more information.";

    #[test]
    fn a_missing_module_is_named_with_its_rule() {
        let error = explain(anyhow!(SAID), "*mangle\n-A MINEWALL_DNS -j NFQUEUE\nCOMMIT\n");
        let text = error.to_string();
        assert!(
            text.starts_with("missing kernel feature: xtables \"NFQUEUE\" at \"-A MINEWALL_DNS -j NFQUEUE\";"),
            "{text}"
        );
        assert!(text.contains("xt_NFQUEUE"));
        let error = explain(anyhow!("iptables-restore: line 99999999999999999999 failed"), "");
        assert!(error.to_string().starts_with("missing kernel feature; the rules need"), "{error}");
    }

    #[test]
    fn only_lines_about_our_chains_are_ours() {
        let saved = "*filter\n:FORWARD DROP [1:2]\n:MINEWALL_CUT - [3:4]\n-A FORWARD -j MINEWALL_CUT\n-A FORWARD -j ACCEPT\nCOMMIT\n";
        assert_eq!(ours(saved), "filter :MINEWALL_CUT -\nfilter -A FORWARD -j MINEWALL_CUT\n");
        let displaced = saved.replace("-A FORWARD -j MINEWALL_CUT", "-A FORWARD -j ACCEPT\n-A FORWARD -j MINEWALL_CUT");
        assert!(ours(&displaced).contains("(behind)"));
    }
}
