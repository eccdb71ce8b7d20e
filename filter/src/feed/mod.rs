//! Signed feeds: a manifest that says what the lists of a feed are, and who vouches for it (docs/feeds.md).
//!
//! | module | what |
//! |---|---|
//! | `manifest` | the manifest, and when it is refused |
//! | `key` | public keys of minisign |
//! | `signed` | fetching a feed: manifest, signature, what of its files is new |
//! | `sign` | making the manifest of a directory, and keys; by feature `sign` |
//! | `verify` | `minewall lists verify` |

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
use minewall_lists::{Builder, Category, ListMeta, Tally};

pub(crate) use key::Key;
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
/// The file cannot be read, or its category is unknown.
pub(crate) fn tally(file: &File, path: &Path) -> Result<Tally> {
    let category = file.category.parse::<Category>();
    let category = category.map_err(|unknown| anyhow!("category {:?} of {} is {unknown}", file.category, file.name))?;
    let text = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut builder = Builder::new();
    Ok(builder.add_text(ListMeta::new(&file.name, category), &String::from_utf8_lossy(&text)))
}
