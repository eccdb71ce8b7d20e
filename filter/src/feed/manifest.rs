//! The manifest of a feed, and when it is refused.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::key::{self, BadSignature, Key};
use crate::tree;

/// The format that is written and read here.
pub(super) const FORMAT: u32 = 1;

/// Files of one feed, and characters of a name.
const MOST_FILES: usize = 256;
const MOST_NAME: usize = 64;

/// Bytes of any other text in it.
const MOST_TEXT: usize = 200;

/// What the lists of a feed are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// Of the manifest itself.
    pub(super) format: u32,
    /// The name its maker gave the feed.
    pub(crate) feed: String,
    /// Higher with every signing.
    pub(crate) version: u64,
    pub(crate) made: Timestamp,
    /// Not to be taken after this.
    pub(crate) valid_until: Timestamp,
    #[serde(default, rename = "file")]
    pub(crate) files: Vec<File>,
}

/// One list of a feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct File {
    /// Beside the manifest.
    pub(crate) name: String,
    pub(crate) category: String,
    pub(crate) format: String,
    /// Of entries that state none.
    pub(crate) confidence: String,
    #[serde(default)]
    pub(crate) licence: String,
    /// That can be used.
    pub(crate) entries: u64,
    /// Of the list, decompressed.
    pub(crate) bytes: u64,
    #[serde(with = "hex")]
    pub(crate) sha256: [u8; 32],
}

/// What was taken of a feed last; kept by who fetches, against what is older, and against fetching it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Last {
    pub(crate) feed: String,
    pub(crate) version: u64,
    pub(crate) valid_until: Timestamp,
    /// How the server marked the manifest.
    pub(crate) etag: Option<String>,
    pub(crate) modified: Option<String>,
    /// The files taken, by name, with their hashes.
    #[serde(default)]
    pub(crate) files: BTreeMap<String, Hash>,
}

/// A sha256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hash(#[serde(with = "hex")] pub(crate) [u8; 32]);

/// Why a manifest, or a file of it, is not taken. The last good one stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    NoKeys,
    Signature(BadSignature),
    Unreadable(String),
    Format(u32),
    OtherFeed { is: String, was: String },
    Rollback { is: u64, was: u64 },
    Expired(Timestamp),
    Name(String),
    Twice(String),
    TooMany(usize),
    Hash(String),
    Entries { name: String, counted: u64, stated: u64 },
    List { name: String, why: String },
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoKeys => f.write_str("the feed has no keys; set `keys` to the public key of its maker"),
            Self::Signature(bad) => write!(f, "the signature of the manifest {bad}"),
            Self::Unreadable(why) => write!(f, "the manifest cannot be read: {why}; tell the maker of the feed"),
            Self::Format(format) => {
                write!(f, "the manifest is of format {format}, this minewall reads {FORMAT}; update minewall")
            }
            Self::OtherFeed { is, was } => {
                write!(f, "this is the feed {is:?}, and was {was:?}; check the URL, or give it a name of its own here")
            }
            Self::Rollback { is, was } => {
                write!(f, "version {is} is older than {was}, taken before; somebody may be holding back the newer one")
            }
            Self::Expired(until) => write!(
                f,
                "the manifest was valid until {until}; its maker must sign it again, or somebody is holding back the \
                 newer one, or the clock of this machine is wrong"
            ),
            Self::Name(name) => write!(f, "{name:?} is no name of a file here: a-z, 0-9, '.', '-' and '_'"),
            Self::Twice(name) => write!(f, "the manifest names {name} twice; tell the maker of the feed"),
            Self::TooMany(count) => write!(f, "the manifest names {count} files; {MOST_FILES} are the most"),
            Self::Hash(name) => {
                write!(f, "{name} is not the file that was signed; if it was being published, the next update will do")
            }
            Self::Entries { name, counted, stated } => write!(
                f,
                "{name} has {counted} entries that can be used, and its maker counted {stated}; \
                 one of the two minewalls is old"
            ),
            Self::List { name, why } => write!(f, "{name}: {why}"),
        }
    }
}

impl std::error::Error for Refused {}

impl Manifest {
    /// Reads a manifest and checks that it can be used at all.
    ///
    /// # Errors
    /// It is of another format, or names what it may not.
    pub(super) fn read(text: &str) -> Result<Self, Refused> {
        #[derive(Deserialize)]
        struct Head {
            format: u32,
        }
        let unreadable = |error: tree::Wrong| Refused::Unreadable(error.message().to_owned());
        // First, since the rest may be of any shape in another format.
        let Head { format } = tree::toml(text).map_err(unreadable)?;
        if format != FORMAT {
            return Err(Refused::Format(format));
        }
        let manifest: Self = tree::toml(text).map_err(unreadable)?;
        manifest.check()?;
        Ok(manifest)
    }

    pub(super) fn check(&self) -> Result<(), Refused> {
        if self.files.len() > MOST_FILES {
            return Err(Refused::TooMany(self.files.len()));
        }
        let of_files =
            self.files.iter().flat_map(|file| [&file.category, &file.format, &file.confidence, &file.licence]);
        for text in of_files.chain([&self.feed]) {
            if text.len() > MOST_TEXT || text.contains(char::is_control) {
                return Err(Refused::Unreadable(format!(
                    "{:?} is too long or has control characters",
                    shortened(text)
                )));
            }
        }
        let mut seen = BTreeSet::new();
        for name in self.files.iter().map(|file| &file.name) {
            check_name(name)?;
            if !seen.insert(name) {
                return Err(Refused::Twice(name.clone()));
            }
        }
        Ok(())
    }
}

impl File {
    /// Whether as many entries can be used as its maker said. Minewalls of different age may differ by a little.
    ///
    /// # Errors
    /// They differ by more than a tenth.
    pub(crate) fn agrees(&self, counted: u64) -> Result<(), Refused> {
        if counted.abs_diff(self.entries) <= self.entries / 10 {
            return Ok(());
        }
        Err(Refused::Entries { name: self.name.clone(), counted, stated: self.entries })
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

/// A name that stays in its directory, whatever reads it, and is none of our own.
fn check_name(name: &str) -> Result<(), Refused> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    let starts = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    let own = name.starts_with(super::MANIFEST) || name == "feed.toml";
    if starts && !own && name.len() <= MOST_NAME && name.bytes().all(plain) {
        return Ok(());
    }
    Err(Refused::Name(shortened(name)))
}

/// The manifest, if one of `keys` has signed it and it is neither older than the `last` taken nor past its time.
///
/// # Errors
/// Says why it is not to be taken.
pub(crate) fn verify(
    text: &[u8],
    signature: &str,
    keys: &[Key],
    now: Timestamp,
    last: Option<&Last>,
) -> Result<Manifest, Refused> {
    if keys.is_empty() {
        return Err(Refused::NoKeys);
    }
    key::check(text, signature, keys).map_err(Refused::Signature)?;
    let text = std::str::from_utf8(text).map_err(|error| Refused::Unreadable(error.to_string()))?;
    let manifest = Manifest::read(text)?;
    if let Some(last) = last {
        if manifest.feed != last.feed {
            return Err(Refused::OtherFeed { is: manifest.feed, was: last.feed.clone() });
        }
        if manifest.version < last.version {
            return Err(Refused::Rollback { is: manifest.version, was: last.version });
        }
    }
    in_time(manifest.valid_until, now)?;
    Ok(manifest)
}

pub(super) fn in_time(until: Timestamp, now: Timestamp) -> Result<(), Refused> {
    if now > until { Err(Refused::Expired(until)) } else { Ok(()) }
}

/// Hashes as text.
mod hex {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
        let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        serializer.serialize_str(&text)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 32], D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = || D::Error::custom("a sha256 is 64 digits 0-9 and a-f");
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| wrong())?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| wrong())?;
        }
        Ok(bytes)
    }
}
