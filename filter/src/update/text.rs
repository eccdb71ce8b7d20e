//! One text into the index: the one way by which files and feeds get there.

use std::path::Path;

use anyhow::{Context, Result};
use minewall_core::config::Feed;
use minewall_lists::{Builder, ListMeta, Reason};

use super::state::Kept;

/// What was taken of a text, and what not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Taken {
    pub(crate) entries: usize,
    /// All that was not.
    pub(crate) refused: usize,
    /// Of these what cannot be used; the names of the never-block guard and those of the local host aside.
    pub(crate) rejected: usize,
    /// Names that the never-block guard holds.
    pub(crate) guarded: usize,
    /// Each reason with how often and where first.
    pub(crate) reasons: Vec<String>,
}

impl Taken {
    /// The reasons, to be put behind what they explain.
    pub(crate) fn shown_reasons(&self) -> String {
        self.reasons.iter().map(|reason| format!("; {reason}")).collect()
    }
}

/// Adds the text in a file.
///
/// # Errors
/// It cannot be read.
pub(crate) fn add(builder: &mut Builder, meta: ListMeta, path: &Path) -> Result<Taken> {
    let text = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let tally = builder.add_text(meta, &String::from_utf8_lossy(&text));
    let mut taken = Taken { entries: tally.accepted, ..Taken::default() };
    for (reason, refusal) in tally.refusals() {
        taken.refused += refusal.count;
        match reason {
            Reason::Guarded => taken.guarded += refusal.count,
            Reason::LocalName => {}
            _ => taken.rejected += refusal.count,
        }
        taken.reasons.push(format!("{} of them (first in line {}): {reason}", refusal.count, refusal.first_line));
    }
    Ok(taken)
}

/// What records say of the entries of a feed.
pub(crate) fn meta(feed: &Feed, kept: &Kept) -> ListMeta {
    let mut meta = ListMeta::new(&feed.name, feed.category);
    meta.trust = feed.trust;
    meta.confidence = meta.confidence.min(feed.trust);
    meta.source.clone_from(&feed.url);
    meta.date = super::date(kept.fetched);
    meta
}
