//! Sets for the rules of iptables, by the program `ipset`: xtables has none of its own.

use anyhow::{Context, Error, Result};
use minewall_core::ruleset::{self, Element, Family};

use super::command::run;

const PROGRAM: &str = "ipset";

/// How often the program meets sets that are there already, and elements that come twice: no errors.
const QUIETLY: [&str; 2] = ["-exist", "restore"];

/// Makes the set that rules are to name, unless it is there.
pub(super) fn make(family: Family) -> Result<()> {
    run(PROGRAM, &QUIETLY, &ruleset::ipset_create(family)).map(drop)
}

/// Replaces what is in the set at once.
pub(super) fn learn(family: Family, elements: &[Element]) -> Result<()> {
    run(PROGRAM, &QUIETLY, &ruleset::ipset(family, elements)).map(drop)
}

/// Takes the set away, if it is there; an empty one that stays does no harm.
pub(super) fn destroy(family: Family) {
    if let Err(error) = run(PROGRAM, &["restore"], &ruleset::ipset_destroy(family))
        && !error.to_string().contains("does not exist")
    {
        tracing::debug!("a set of addresses stays behind: {error:#}");
    }
}

/// Whether rules loaded by `restore` can hold packets against such sets. Tried with a set of its own and a chain that is
/// never made.
///
/// # Errors
/// What is missing.
pub(super) fn test(family: Family, restore: &str) -> Result<()> {
    let (create, rules, destroy) = ruleset::ipset_probe(family);
    run(PROGRAM, &QUIETLY, &create)?;
    let tried = run(restore, &["--noflush", "--test"], &rules).map(drop);
    run(PROGRAM, &["restore"], &destroy).context("a set made for a test stays behind")?;
    tried
}

/// What the operator should know where there are no sets.
pub(super) fn missing(error: &Error) -> String {
    format!(
        "what listed names lead to is not refused by the kernel but cut with the first bytes: without the sets of nft this \
         needs the program ipset (package ipset) and the modules xt_set and ip_set_hash_ipport: {error:#}"
    )
}
