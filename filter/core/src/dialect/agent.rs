//! Names of mining software, as it introduces itself.

use crate::wire::json::Str;
use Hardware::{Asic, Cpu, Gpu};

/// What mining software usually runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hardware {
    /// A machine made for one algorithm.
    Asic,
    /// The processor.
    Cpu,
    /// Graphics cards.
    Gpu,
}

impl Hardware {
    /// The word used in records (`minewall.hardware`).
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asic => "asic",
            Self::Cpu => "cpu",
            Self::Gpu => "gpu",
        }
    }
}

/// How the names begin, in lower case (PROTOCOLS.md section 2.1), and what such software runs on where it is one thing; a
/// longer name before the one it begins with.
static NAMES: &[(&str, Option<Hardware>)] = &[
    ("antminer", Some(Asic)),
    ("avalon", Some(Asic)),
    ("bfgminer", Some(Asic)),
    ("bitaxe", Some(Asic)),
    ("bmminer", Some(Asic)),
    ("bos/", Some(Asic)),
    ("bosminer", Some(Asic)),
    ("braiins", Some(Asic)),
    ("btccom-agent", None),
    ("btminer", Some(Asic)),
    ("bzminer", Some(Gpu)),
    ("ccminer", Some(Gpu)),
    ("cgminer", Some(Asic)),
    ("claymore", Some(Gpu)),
    ("cpuminer", Some(Cpu)),
    ("deepminer", Some(Cpu)),
    ("deroluna", Some(Cpu)),
    ("ethminer", Some(Gpu)),
    ("gminer", Some(Gpu)),
    ("godminer", Some(Asic)),
    ("iceriverminer", Some(Asic)),
    ("kawpowminer", Some(Gpu)),
    ("lolminer", Some(Gpu)),
    ("minerd", Some(Cpu)),
    ("miniz", Some(Gpu)),
    ("nanominer", Some(Gpu)),
    ("nbminer", Some(Gpu)),
    ("nheqminer", None),
    ("nicehash", None),
    ("onezerominer", Some(Gpu)),
    ("phoenixminer", Some(Gpu)),
    ("rigel", Some(Gpu)),
    ("srbminer", None),
    ("stratum-proxy", None),
    ("t-rex", Some(Gpu)),
    ("teamredminer", Some(Gpu)),
    ("trex", Some(Gpu)),
    ("whatsminer", Some(Asic)),
    ("wildrig", Some(Gpu)),
    ("xmr-node-proxy", None),
    ("xmr-stak", Some(Cpu)),
    ("xmrig-proxy", None),
    ("xmrig", Some(Cpu)),
];

/// Whether this is the name of mining software.
#[must_use]
pub fn is_known(agent: Str<'_>) -> bool {
    NAMES.iter().any(|(name, _)| begins(agent, name))
}

/// What software of this name usually runs on.
#[must_use]
pub fn hardware(agent: &str) -> Option<Hardware> {
    NAMES.iter().find(|(name, _)| behind(agent, name).is_some())?.1
}

/// Whether a User-Agent field begins with the name of mining software, as a whole word: `miner` inside other words, and
/// names with others in front, are those of anything.
#[must_use]
pub fn is_known_product(agent: &str) -> bool {
    let ends = |rest: &str| !rest.starts_with(|next: char| next.is_ascii_alphabetic());
    NAMES.iter().any(|(name, _)| behind(agent, name).is_some_and(|rest| name.ends_with('/') || ends(rest)))
}

/// What stands behind the name, where the text begins with it.
fn behind<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(name.len())?;
    start.eq_ignore_ascii_case(name).then_some(rest)
}

/// Whether the text begins with the name.
fn begins(text: Str<'_>, name: &str) -> bool {
    let mut characters = text.chars().map(|character| character.to_ascii_lowercase());
    name.chars().all(|wanted| characters.next() == Some(wanted))
}
