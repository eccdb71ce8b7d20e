//! Names of mining software, as it introduces itself.

use crate::wire::json::Str;

/// How the names begin, in lower case (PROTOCOLS.md section 2.1).
static NAMES: &[&str] = &[
    "antminer",
    "avalon",
    "bfgminer",
    "bitaxe",
    "bmminer",
    "bosminer",
    "bos/",
    "braiins",
    "btccom-agent",
    "btminer",
    "bzminer",
    "ccminer",
    "cgminer",
    "claymore",
    "cpuminer",
    "deepminer",
    "deroluna",
    "ethminer",
    "gminer",
    "godminer",
    "iceriverminer",
    "kawpowminer",
    "lolminer",
    "minerd",
    "miniz",
    "nanominer",
    "nbminer",
    "nheqminer",
    "nicehash",
    "onezerominer",
    "phoenixminer",
    "rigel",
    "srbminer",
    "stratum-proxy",
    "t-rex",
    "teamredminer",
    "trex",
    "whatsminer",
    "wildrig",
    "xmr-node-proxy",
    "xmr-stak",
    "xmrig",
];

/// Whether this is the name of mining software.
#[must_use]
pub fn is_known(agent: Str<'_>) -> bool {
    NAMES.iter().any(|name| begins(agent.chars(), name).is_some())
}

/// Whether a User-Agent field begins with the name of mining software, as a whole word: `miner` inside other words, and
/// names with others in front, are those of anything.
#[must_use]
pub fn is_known_product(agent: &str) -> bool {
    let ends = |rest: Option<char>| rest.is_none_or(|next| !next.is_ascii_alphabetic());
    NAMES.iter().any(|name| begins(agent.chars(), name).is_some_and(|rest| name.ends_with('/') || ends(rest)))
}

/// The character behind the name, where the text begins with it.
fn begins(text: impl Iterator<Item = char>, name: &str) -> Option<Option<char>> {
    let mut characters = text.map(|character| character.to_ascii_lowercase());
    name.chars().all(|wanted| characters.next() == Some(wanted)).then(|| characters.next())
}
