//! Signed feeds: a manifest that says what the lists of a feed are, and who vouches for it (docs/feeds.md).
//!
//! | module | what |
//! |---|---|
//! | `manifest` | the manifest, and when it is refused |
//! | `key` | public keys of minisign |
//! | `signed` | fetching a feed: manifest, signature, what of its files is new |
//! | `gathered` | the lists of one category of a feed as one text, for a `[[lists.feed]]` with `keys` |
//! | `sign` | making the manifest of a directory, and keys; by feature `sign` |
//! | `verify` | `minewall lists verify` |

mod gathered;
mod key;
mod manifest;
#[cfg(feature = "sign")]
mod sign;
mod signed;
#[cfg(all(test, feature = "sign"))]
mod tests;
mod verify;

use std::path::Path;

use anyhow::{Context, Result, anyhow};
use minewall_lists::{Builder, Category, Format, ListMeta, Tally};

use crate::settings;

pub(crate) use gathered::{Gathered, gather};
pub(crate) use key::{Key, NoKey};
pub(crate) use manifest::{File, Last, Manifest, Refused};
#[cfg(feature = "sign")]
pub(crate) use sign::{Keygen, Sign};
pub(crate) use signed::{Got, Signed, Source, Taken, Wrong, fetch_signed};
pub(crate) use verify::Verify;

/// What the manifest is called beside its lists.
pub(crate) const MANIFEST: &str = "manifest.toml";

/// What the signature of a file is called, behind the file's own name.
pub(crate) const SIGNATURE: &str = ".minisig";

/// What of a list can be used, without regard to what the gateway that reads it allows or guards.
///
/// # Errors
/// The file cannot be read, is no list, or its category or format is unknown.
pub(crate) fn tally(file: &File, path: &Path) -> Result<Tally> {
    let (name, category, format) = (&file.name, &file.category, &file.format);
    let known = category.parse::<Category>();
    let category = known.map_err(|unknown| anyhow!("category {category:?} of {name} is {unknown}"))?;
    let known = format.parse::<Format>();
    let format = known.map_err(|unknown| anyhow!("format {format:?} of {name} is {unknown}"))?;
    let mut builder = Builder::new();
    let mut reading = builder.read(ListMeta::new(name, category), format);
    let read = settings::pieces(path, &mut |piece| Ok(reading.push(piece)?));
    read.and_then(|()| Ok(reading.end()?)).with_context(|| name.clone())
}

/// As [`tally`], for [`fetch_signed`].
fn count(file: &File, path: &Path) -> Result<u64, String> {
    tally(file, path).map(|tally| tally.accepted as u64).map_err(|error| format!("{error:#}"))
}
