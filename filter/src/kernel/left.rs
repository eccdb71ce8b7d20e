//! Rules that a killed minewall left behind, whatever loaded them.

use std::fmt;

use anyhow::{Error, Result, anyhow};

use super::command::not_permitted;
use super::iptables::Tables;
use super::{PERMISSION, nft, offload};

/// What is said where the program or the kernel knows nothing of a kind: then nothing of ours is there either.
const UNKNOWN: [&str; 4] = ["there is no program", "not supported", "Table does not exist", "do you need to insmod"];

/// What became of the rules of every kind.
#[derive(Debug, Default)]
pub(crate) struct Removal {
    /// The kinds that were there and are no more.
    removed: Vec<String>,
    /// The kinds that may be there yet, and why.
    failed: Vec<(String, Error)>,
}

impl Removal {
    fn note(&mut self, kind: &str, done: Result<bool>) {
        match done {
            Ok(true) => self.removed.push(kind.to_owned()),
            Ok(false) => {}
            Err(error) => self.failed.push((kind.to_owned(), error)),
        }
    }

    /// Whether nothing of ours is left.
    ///
    /// # Errors
    /// What could not be removed or so much as looked at, and why.
    pub(crate) fn into_result(self) -> Result<()> {
        let denied = self.failed.iter().any(|(_, error)| not_permitted(error));
        let told: Vec<_> = self.failed.iter().map(|(kind, error)| format!("{kind}: {error:#}")).collect();
        match told.is_empty() {
            true => Ok(()),
            false if denied => Err(anyhow!("not taken out: {}", told.join("; ")).context(PERMISSION)),
            false => Err(anyhow!("not taken out: {}; do so with the same program by hand", told.join("; "))),
        }
    }
}

impl fmt::Display for Removal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.removed[..], &self.failed[..]) {
            ([], []) => f.write_str("there were no rules of minewall"),
            ([], _) => f.write_str("nothing was taken out"),
            (removed, _) => write!(f, "taken out: {}", removed.join(", ")),
        }
    }
}

/// Takes out what is ours of every kind. What cannot be taken out keeps nothing else in.
pub(crate) fn remove() -> Removal {
    let mut removal = Removal::default();
    let table = if_there(nft::list()).and_then(|table| match table {
        Some(_) => nft::unload().map(|()| true),
        None => Ok(false),
    });
    removal.note("nft", table);
    removal.note("rules ahead of a flow offload", offload::let_go().or_else(none_of_that));
    for tables in Tables::all() {
        let taken = if_there(tables.list()).and_then(|rules| match rules {
            Some(rules) if !rules.is_empty() => tables.unload().map(|()| true),
            _ => Ok(false),
        });
        removal.note(&tables.name(), taken);
    }
    removal
}

/// What is there of a kind; none where it cannot be.
fn if_there(listed: Result<String>) -> Result<Option<String>> {
    match listed {
        Ok(rules) => Ok(Some(rules)),
        Err(error) => none_of_that(error).map(|_| None),
    }
}

/// False for an error that says that there is nothing of this kind.
fn none_of_that(error: Error) -> Result<bool> {
    let text = format!("{error:#}");
    let is_none = nft::is_absent(&error) || UNKNOWN.iter().any(|part| text.contains(part));
    if is_none && !not_permitted(&error) { Ok(false) } else { Err(error) }
}
