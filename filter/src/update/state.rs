//! What is known of the texts of one generation: `state.json` in its directory.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::feed::Last;
use crate::hex::encode;
use crate::{settings, tree};

/// The version of its format.
const VERSION: u32 = 1;

/// Bytes of the largest one that is read.
const LARGEST: u64 = 1 << 20;

/// Its name in the directory.
pub(super) const FILE: &str = "state.json";

/// What is known of a generation.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct State {
    format_version: u32,
    /// The number of the generation.
    pub(crate) generation: u64,
    /// The one before it, which is kept.
    pub(crate) before: Option<u64>,
    /// The feeds by their names.
    pub(crate) feeds: BTreeMap<String, Kept>,
    /// Of feeds that were rolled back, the hash of the text that is not wanted again.
    #[serde(default)]
    pub(crate) unwanted: BTreeMap<String, String>,
}

/// The text of one feed, and where it comes from.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct Kept {
    pub(crate) url: String,
    pub(crate) format: String,
    /// As the server named this state of it.
    pub(crate) etag: Option<String>,
    /// As the server dated it.
    pub(crate) modified: Option<String>,
    /// When it was fetched, in seconds since 1970.
    pub(crate) fetched: i64,
    pub(crate) sha256: String,
    pub(crate) bytes: u64,
    /// What was taken of it, and what not.
    pub(crate) entries: usize,
    pub(crate) rejected: usize,
    /// Of a signed feed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) signed: Option<Signed>,
}

/// What is known of a signed feed.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct Signed {
    /// What was taken of it, against what is older.
    pub(crate) last: Last,
    /// Of which of its lists.
    pub(crate) category: String,
    /// What its maker thinks of the entries.
    pub(crate) confidence: Option<String>,
}

impl State {
    /// Of the generation with this number.
    pub(crate) fn new(generation: u64, before: Option<u64>) -> Self {
        Self { format_version: VERSION, generation, before, feeds: BTreeMap::new(), unwanted: BTreeMap::new() }
    }

    /// Reads the state in a directory, and holds every text against its hash.
    ///
    /// # Errors
    /// Something is missing or not as it was written.
    pub(super) fn verified(directory: &Path) -> Result<Self> {
        let path = directory.join(FILE);
        let read = || {
            let mut text = String::new();
            File::open(&path)?.take(LARGEST).read_to_string(&mut text).map(|_| text)
        };
        let text = read().with_context(|| format!("cannot read {}", path.display()))?;
        let state: Self = tree::json(&text).with_context(|| format!("{} is damaged", path.display()))?;
        if state.format_version != VERSION {
            bail!("{} is of version {}; this minewall reads {VERSION}", path.display(), state.format_version);
        }
        for (name, kept) in &state.feeds {
            let path = directory.join(text_file(name));
            let found = encode(&digest(&path)?);
            if found != kept.sha256 {
                bail!("{} is damaged: its SHA-256 is {found}, it was {}", path.display(), kept.sha256);
            }
        }
        Ok(state)
    }
}

/// The file of a feed's text.
pub(super) fn text_file(feed: &str) -> String {
    format!("{feed}.list")
}

/// The SHA-256 of a file.
pub(super) fn digest(path: &Path) -> Result<[u8; 32]> {
    let mut hash = Sha256::new();
    settings::pieces(path, &mut |piece| {
        hash.update(piece);
        Ok(())
    })?;
    Ok(hash.finalize().into())
}
