//! The small vocabularies of a rule: what it is about, how sure, how wide.

use core::{error::Error, fmt, str::FromStr};

/// What a list is about; policy decides by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Category {
    /// Hosts that miners connect to.
    Pool,
    /// The web site of a pool: reading it is not mining.
    PoolSite,
    /// Scripts that mine in a browser.
    Browser,
    /// What miner malware talks to.
    Malware,
    /// The user's own block list.
    Custom,
    /// Public resolvers for encrypted DNS: not mining, but a way round the refusal of names. Looked up apart.
    Resolver,
    /// What is about the same money and does not mine: exchanges, wallets, news. For whoever wants it refused.
    Adjacent,
}

/// How sure the source is that an entry belongs on its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Confidence {
    /// One old source.
    Low,
    /// A maintained detection list, or two independent sources.
    Medium,
    /// The pool's own published hosts, or three independent sources.
    High,
}

/// How far a rule reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// The name itself.
    Exact,
    /// The name and every name below it.
    Suffix,
}

const CATEGORIES: &[(&str, Category)] = &[
    ("pool", Category::Pool),
    ("pool-site", Category::PoolSite),
    ("browser", Category::Browser),
    ("malware", Category::Malware),
    ("custom", Category::Custom),
    ("resolver", Category::Resolver),
    ("adjacent", Category::Adjacent),
];
const CONFIDENCES: &[(&str, Confidence)] =
    &[("high", Confidence::High), ("medium", Confidence::Medium), ("low", Confidence::Low)];
const SCOPES: &[(&str, Scope)] = &[("exact", Scope::Exact), ("suffix", Scope::Suffix)];

/// A word that is not in the vocabulary asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unknown {
    pub(crate) vocabulary: &'static str,
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not one of: {}", self.vocabulary)
    }
}

impl Error for Unknown {}

impl Category {
    /// Every category, in the order of the table.
    pub fn all() -> impl Iterator<Item = Self> {
        CATEGORIES.iter().map(|row| row.1)
    }
}

macro_rules! words {
    ($kind:ty, $table:ident, $vocabulary:literal) => {
        impl $kind {
            /// The word for it, as written in lists, configuration and records.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                $table.iter().find(|row| row.1 == self).map_or("", |row| row.0)
            }
        }

        impl FromStr for $kind {
            type Err = Unknown;

            fn from_str(word: &str) -> Result<Self, Unknown> {
                let row = $table.iter().find(|row| row.0 == word);
                row.map(|row| row.1).ok_or(Unknown { vocabulary: $vocabulary })
            }
        }

        impl fmt::Display for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

pub(crate) use words;

words!(Category, CATEGORIES, "pool, pool-site, browser, malware, custom, resolver, adjacent");
words!(Confidence, CONFIDENCES, "high, medium, low");
words!(Scope, SCOPES, "exact, suffix");

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn every_word_reads_back() {
        for category in Category::all() {
            assert_eq!(category.as_str().parse(), Ok(category));
        }
        assert_eq!(Category::all().count(), 7);
        for confidence in [Confidence::High, Confidence::Medium, Confidence::Low] {
            assert_eq!(confidence.as_str().parse(), Ok(confidence));
        }
        for scope in [Scope::Exact, Scope::Suffix] {
            assert_eq!(scope.as_str().parse(), Ok(scope));
        }
        let error = "Pool".parse::<Category>().unwrap_err();
        assert_eq!(error.to_string(), "not one of: pool, pool-site, browser, malware, custom, resolver, adjacent");
    }

    #[test]
    fn confidence_is_ordered() {
        assert!(Confidence::High > Confidence::Medium && Confidence::Medium > Confidence::Low);
    }
}
