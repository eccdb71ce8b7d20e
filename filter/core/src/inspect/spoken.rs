//! The dialect heard in a flow, and what was heard of it.

use crate::dialect::{Kin, PROOF, kin};
use crate::finding::Said;

/// Tokens remembered of one flow; more would add nothing to a sum that has long been reached.
const TOKENS: usize = 6;

/// The tokens of one dialect heard in a flow, and their weight together.
#[derive(Clone, Debug, Default)]
pub struct Spoken {
    /// The dialect's place in the table.
    pub dialect: Option<usize>,
    tokens: [Option<(&'static str, u8)>; TOKENS],
    /// The weights of the tokens, each counted once.
    pub weight: u8,
    /// The heaviest token of this very dialect, not of one it narrows.
    heaviest: u8,
    /// What was said.
    pub said: Said,
}

impl Spoken {
    /// Adds a token; a narrower dialect's takes over what was heard, a stranger's only if it weighs more. Tells whether
    /// it was new, or is heavier now.
    pub fn add(&mut self, dialect: usize, token: &'static str, weight: u8) -> bool {
        match self.dialect.map(|known| kin(known, dialect)) {
            Some(Kin::Same) => self.heaviest = self.heaviest.max(weight),
            Some(Kin::Wider) => {}
            // A weak token narrows nothing that is proven.
            Some(Kin::Narrower) if weight < PROOF && self.weight >= PROOF => {}
            Some(Kin::Sibling) if weight <= self.heaviest => return false,
            Some(Kin::Stranger) if weight <= self.weight => return false,
            Some(Kin::Narrower | Kin::Sibling) => (self.dialect, self.heaviest) = (Some(dialect), weight),
            Some(Kin::Stranger) | None => {
                let said = core::mem::take(&mut self.said);
                *self = Self { dialect: Some(dialect), heaviest: weight, said, ..Self::default() };
            }
        }
        // Said again with more behind it, a token weighs what it weighs now: a feeble login must not cover a full one.
        if let Some((_, counted)) = self.tokens.iter_mut().flatten().find(|(name, _)| *name == token) {
            let more = weight.saturating_sub(*counted);
            *counted += more;
            self.weight = self.weight.saturating_add(more);
            return more > 0;
        }
        let Some(place) = self.tokens.iter_mut().find(|place| place.is_none()) else { return false };
        *place = Some((token, weight));
        self.weight = self.weight.saturating_add(weight);
        true
    }

    /// Whether nothing was heard at all.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.dialect.is_none() && self.said == Said::default()
    }

    /// Whether what this dialect hears counts for the flow.
    #[must_use]
    pub fn is_of(&self, dialect: usize) -> bool {
        self.dialect.is_some_and(|known| matches!(kin(known, dialect), Kin::Same | Kin::Wider))
    }

    /// The tokens heard, in order.
    pub fn tokens(&self) -> impl Iterator<Item = &'static str> {
        self.tokens.iter().flatten().map(|(name, _)| *name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(id: &str) -> usize {
        crate::dialect::TABLE.iter().position(|dialect| dialect.id == id).unwrap()
    }

    #[test]
    fn each_token_counts_once_and_the_weightier_dialect_stays() {
        let mut spoken = Spoken::default();
        let (cryptonote, ethproxy) = (place("cryptonote"), place("ethproxy"));
        assert!(spoken.add(cryptonote, "login", 50));
        assert!(!spoken.add(cryptonote, "login", 50));
        assert!(!spoken.add(ethproxy, "eth_getWork", 50));
        assert!(spoken.add(cryptonote, "KEEPALIVED", 60));
        assert_eq!((spoken.dialect, spoken.weight), (Some(cryptonote), 110));
        assert!(!spoken.add(ethproxy, "eth_submitLogin", 100));
    }

    #[test]
    fn a_guess_is_narrowed_and_corrected_and_what_was_heard_stays() {
        let mut spoken = Spoken::default();
        for (id, token, weight, then) in [
            ("stratum-v1", "mining.authorize", 100, "stratum-v1"),
            ("stratum-v1", "mining.submit", 100, "stratum-v1"),
            ("kaspa", "set_extranonce", 50, "stratum-v1"),
            ("equihash", "ZIP-301 subscribe", 100, "equihash"),
            ("stratum-v1", "mining.set_target", 100, "equihash"),
            ("kawpow", "ProgPoW notify", 110, "kawpow"),
        ] {
            assert!(spoken.add(place(id), token, weight), "{token}");
            assert_eq!(spoken.dialect, Some(place(then)), "{token}");
        }
        assert!(!spoken.add(place("equihash"), "ZIP-301 subscribe 2", 100));
        assert_eq!(spoken.tokens().count(), 6);
    }
}
