//! Tokens: what a dialect can hear, who says it, and how much it tells.

use super::Speaker;

/// The weight of a token, or the sum of several, that makes a finding.
pub const PROOF: u8 = 100;

/// The weight of a token that proves mining and leaves no doubt about the dialect: it corrects one that was only
/// guessed from a greeting several dialects share.
pub const SURE: u8 = 110;

/// One thing a dialect hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its name in records.
    pub name: &'static str,
    /// Who says it.
    pub speaker: Speaker,
    /// What it weighs; of a token made of signs that add up, the most.
    pub weight: u8,
    /// What it looks like, for people.
    pub form: &'static str,
}

/// A token the rig says.
pub(super) const fn miner(name: &'static str, weight: u8, form: &'static str) -> Token {
    Token { name, speaker: Speaker::Miner, weight, form }
}

/// A token the pool says.
pub(super) const fn pool(name: &'static str, weight: u8, form: &'static str) -> Token {
    Token { name, speaker: Speaker::Pool, weight, form }
}
