//! Loading the rules with `nft`.

use anyhow::{Error, Result, anyhow};
use minewall_core::ruleset::{self, Element, Ruleset, TABLE};

use super::command::{not_permitted, run};

const NFT: &str = "nft";

/// What our rules need of the kernel, each tried alone when the whole is refused: the name in nft, the kernel's option
/// and module, and a chain that uses it.
const FEATURES: [(&str, &str, &str, &str); 7] = [
    ("inet", "CONFIG_NF_TABLES_INET", "nf_tables", "accept"),
    ("queue", "CONFIG_NFT_QUEUE", "nft_queue", "queue to 0"),
    ("ct", "CONFIG_NFT_CT", "nft_ct", "ct mark set ct mark | 0x1"),
    ("limit", "CONFIG_NFT_LIMIT", "nft_limit", "limit rate 1/second accept"),
    ("notrack", "CONFIG_NFT_CT", "nft_ct", "notrack"),
    ("reject", "CONFIG_NFT_REJECT_INET", "nft_reject_inet", "meta l4proto tcp reject with tcp reset"),
    ("counter", "CONFIG_NF_TABLES", "nft_objref", "counter name \"probe\""),
];

/// Asks the kernel, without changing it, whether it would take the rules.
///
/// # Errors
/// What is missing, and what helps.
pub(super) fn check(rules: &Ruleset) -> Result<()> {
    run(NFT, &["-c", "-f", "-"], &ruleset::nft(rules)).map(drop).map_err(explain)
}

/// Replaces our table with the rules at once, and gives the table as the kernel lists it.
pub(super) fn load(rules: &Ruleset) -> Result<String> {
    run(NFT, &["-f", "-"], &ruleset::nft(rules)).map_err(explain)?;
    list()
}

/// Replaces what is in our sets at once.
pub(super) fn load_sets(rules: &Ruleset) -> Result<()> {
    run(NFT, &["-f", "-"], &ruleset::nft_sets(rules)).map(drop)
}

/// Replaces what is in our sets of learned addresses at once.
pub(super) fn learn(elements: &[Element]) -> Result<()> {
    run(NFT, &["-f", "-"], &ruleset::nft_learned(elements)).map(drop)
}

/// Removes our table, if it is there.
pub(super) fn unload() -> Result<()> {
    run(NFT, &["-f", "-"], &ruleset::nft_remove()).map(drop)
}

/// Our table without what changes by itself (counters, elements of sets).
pub(super) fn list() -> Result<String> {
    run(NFT, &["-s", "-t", "list", "table", TABLE], "")
}

/// Our counters.
pub(super) fn counters() -> Result<String> {
    run(NFT, &["list", "counters", "table", TABLE], "")
}

/// Whether an error of [`list`] says that the table is not there.
pub(super) fn is_absent(error: &Error) -> bool {
    error.to_string().contains("No such file or directory")
}

/// Finds the feature for whose sake the kernel refused; where it is none, nft's own words have to do.
fn explain(refusal: Error) -> Error {
    if super::command::find(NFT).is_none() || not_permitted(&refusal) {
        return refusal;
    }
    let missing = FEATURES.iter().find(|(.., rule)| run(NFT, &["-c", "-f", "-"], &probe(rule)).is_err());
    let Some((name, option, module, _)) = missing else { return refusal.context("nft refuses the rules") };
    anyhow!(
        "missing kernel feature: nft {name:?} expression ({option}, module {module}); load it with \"modprobe {module}\" \
         (OpenWrt: package kmod-{}), or set kernel.backend = \"iptables\"",
        package(module)
    )
}

/// Packages of OpenWrt that hold the modules.
fn package(module: &str) -> &'static str {
    if module == "nft_queue" { "nft-queue" } else { "nft-core" }
}

/// A hook of its own name so that nothing of ours is named; it is only ever checked.
fn probe(rule: &str) -> String {
    format!(
        "table {TABLE}_probe {{\n\tcounter probe {{\n\t}}\n\tchain probe {{\n\t\ttype filter hook input priority -10;\n\t\t{rule}\n\t}}\n}}\n"
    )
}
