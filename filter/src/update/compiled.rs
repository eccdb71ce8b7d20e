//! The index as it was compiled, kept in the generation of feeds it was made of: what is loaded at the next start and
//! reload instead of reading all texts again.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use minewall_core::config::ListFiles;
use minewall_core::finding::TEST_NAME;
use minewall_lists::{Key, Lists, Shipped, Unusable};
use sha2::{Digest, Sha256};

use super::state::digest;
use super::store::Generation;
use crate::settings;

/// The file in the directory of a generation.
const FILE: &str = "compiled";

/// The index of all lists, with a generation of feeds: as it was compiled of just these, else compiled now and kept.
/// That it cannot be kept is no harm, and told in the log alone.
///
/// # Errors
/// As with [`settings::index`].
pub(crate) fn lists(files: &ListFiles, generation: &Generation) -> Result<(Lists, Vec<settings::Tally>)> {
    let path = generation.directory.join(FILE);
    let key = key(files, generation)?;
    match load(&path, &key) {
        Ok(lists) => {
            tracing::info!(entries = lists.len(), "the lists were loaded as they were compiled");
            return Ok((lists, Vec::new()));
        }
        Err(why) => tracing::debug!("{} is not loaded: {why:#}", path.display()),
    }
    let (lists, tallies) = settings::index(files, &|feed| generation.list(feed))?;
    tracing::info!(entries = lists.len(), "the lists were compiled from their texts");
    if let Err(error) = save(&path, &lists.save(&key)) {
        tracing::debug!("the compiled lists are not kept: {}: {error:#}", path.display());
    }
    Ok((lists, tallies))
}

fn load(path: &Path, key: &Key) -> Result<Lists> {
    let bytes = fs::read(path).context("it cannot be read")?;
    Lists::load(&bytes, key).map_err(|unusable: Unusable| anyhow::anyhow!("it is {unusable}"))
}

/// Whole or not at all, also when the power goes.
fn save(path: &Path, bytes: &[u8]) -> Result<()> {
    let new = path.with_extension("new");
    let written = File::create(&new).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&new, path)
    });
    Ok(written.inspect_err(|_| {
        let _ = fs::remove_file(&new);
    })?)
}

/// A digest of everything that goes into the index: this version with its lists, the operator's, and those fetched.
fn key(files: &ListFiles, generation: &Generation) -> Result<Key> {
    let mut all = Sha256::new();
    let mut put = |bytes: &[u8]| {
        all.update((bytes.len() as u64).to_le_bytes());
        all.update(bytes);
    };
    put(env!("CARGO_PKG_VERSION").as_bytes());
    put(TEST_NAME.as_bytes());
    let shipped = Shipped::unpack();
    put(shipped.guard().as_bytes());
    put(&[u8::from(files.shipped)]);
    shipped.lists().for_each(|text| put(text.as_bytes()));
    put(&(files.allow.len() as u64).to_le_bytes());
    files.allow.iter().for_each(|name| put(name.as_bytes()));
    put(&(files.block.len() as u64).to_le_bytes());
    files.block.iter().for_each(|name| put(name.as_bytes()));
    for file in &files.file {
        for word in [&file.name, &file.category, &file.format] {
            put(word.as_bytes());
        }
        put(&digest(Path::new(&file.path))?);
    }
    for feed in &files.feed {
        // Their texts are as they were written: the digests were compared.
        if let (Some((meta, _)), Some(kept)) = (generation.list(feed), generation.state.feeds.get(&feed.name)) {
            put(format!("{meta:?} {} {}", feed.format, kept.sha256).as_bytes());
        }
    }
    Ok(all.finalize().into())
}
