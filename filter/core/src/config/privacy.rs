//! How much is kept of what was seen.

use alloc::string::{String, ToString};
use core::fmt;

use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::OutOfBounds;
use crate::evidence::{Level, Rules};

/// How much is kept of what was seen.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct Privacy {
    /// In what sinks are given.
    pub sinks: Kept,
    /// In the journal.
    pub journal: Kept,
    /// The file of the key that hashes are made with; made where it is needed and not there.
    pub secret: String,
}

impl Default for Privacy {
    fn default() -> Self {
        let secret = "/var/lib/minewall/privacy.key".to_string();
        Self { sinks: Kept::default(), journal: Kept::default(), secret }
    }
}

impl Privacy {
    /// Whether the key is needed.
    #[must_use]
    pub fn hashes(&self) -> bool {
        [self.sinks.0, self.journal.0].iter().any(|rules| {
            [rules.addresses, rules.macs, rules.persons, rules.workers, rules.wallets].contains(&Level::Hash)
        })
    }

    pub(super) fn check(&self) -> Result<(), OutOfBounds> {
        if self.secret.starts_with('/') {
            return Ok(());
        }
        let problem = "the path must be absolute, such as \"/var/lib/minewall/privacy.key\"".to_string();
        Err(OutOfBounds { setting: "privacy.secret", problem })
    }
}

/// The rules; in the file one word for all, or a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept(pub Rules);

impl<'de> Deserialize<'de> for Kept {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Form)
    }
}

/// The two forms in the file; mistakes are told with what may stand there.
struct Form;

impl<'de> Visitor<'de> for Form {
    type Value = Kept;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"full\", \"mask\", \"hash\", \"none\", or one of them for each: { addresses = \"mask\" }")
    }

    fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<Kept, E> {
        Level::deserialize(StrDeserializer::new(word)).map(|level| Kept(Rules::all(level)))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Kept, A::Error> {
        Rules::deserialize(MapAccessDeserializer::new(map)).map(Kept)
    }
}
