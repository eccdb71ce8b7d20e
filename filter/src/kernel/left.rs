//! Rules that a killed minewall left behind, whatever loaded them.

use anyhow::Result;

use super::command::not_permitted;
use super::iptables::Tables;
use super::{PERMISSION, nft, offload};

/// Takes out what is ours of every kind, and gives the kinds that were there.
///
/// # Errors
/// The right to is missing, or what is there cannot be removed.
pub(crate) fn remove() -> Result<Vec<String>> {
    let removed = everything();
    removed.map_err(|error| if not_permitted(&error) { error.context(PERMISSION) } else { error })
}

fn everything() -> Result<Vec<String>> {
    let mut removed = Vec::new();
    match nft::list() {
        Ok(_) => {
            nft::unload()?;
            removed.push("nft".to_owned());
        }
        Err(error) if not_permitted(&error) => return Err(error),
        // No table of ours, no program, or a kernel without: nothing is there.
        Err(_) => {}
    }
    offload::let_go()?;
    for tables in Tables::all() {
        if tables.list().is_ok_and(|rules| !rules.is_empty()) {
            tables.unload()?;
            removed.push(tables.name());
        }
    }
    Ok(removed)
}
