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
    NAMES.iter().any(|name| begins(agent, name))
}

fn begins(agent: Str<'_>, name: &str) -> bool {
    let mut characters = agent.chars().map(|character| character.to_ascii_lowercase());
    name.chars().all(|wanted| characters.next() == Some(wanted))
}
