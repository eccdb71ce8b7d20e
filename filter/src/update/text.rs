//! One text into the index: the one way by which files and feeds get there.

use std::path::Path;

use anyhow::Result;
use minewall_core::config::Feed;
use minewall_lists::{Builder, Entry, Format, ListMeta, Reader, Reason, Scope, Target};

use super::state::Kept;
use crate::settings;

/// What was taken of a text, and what not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Taken {
    pub(crate) entries: usize,
    /// Addresses without a port, by which nothing is cut.
    pub(crate) noted: usize,
    /// All that was not.
    pub(crate) refused: usize,
    /// Of these what makes no sense.
    pub(crate) rejected: usize,
    /// Of these the names that the never-block guard holds.
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

/// Adds the text in a file, which is never in memory whole.
///
/// # Errors
/// It cannot be read, or is no list at all ([`minewall_lists::Unreadable`]); the builder is then to be thrown away.
pub(crate) fn add(builder: &mut Builder, meta: ListMeta, format: Format, path: &Path) -> Result<Taken> {
    let mut reading = builder.read(meta, format);
    settings::pieces(path, &mut |piece| Ok(reading.push(piece)?))?;
    let tally = reading.end()?;
    let mut taken = Taken { entries: tally.accepted, noted: tally.noted, ..Taken::default() };
    for (reason, refusal) in tally.refusals() {
        taken.refused += refusal.count;
        match reason {
            Reason::Guarded => taken.guarded += refusal.count,
            reason if is_sense(reason) => {}
            _ => taken.rejected += refusal.count,
        }
        taken.reasons.push(format!("{} of them (first in line {}): {reason}", refusal.count, refusal.first_line));
    }
    Ok(taken)
}

/// Whether it is what lists say of more than names to block: no sign that a text is not what it should be.
const fn is_sense(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::BareAddress
            | Reason::BelowOnly
            | Reason::LocalName
            | Reason::Mapping
            | Reason::Path
            | Reason::Retired
            | Reason::Unsupported
    )
}

/// Gives every entry of the text in a file, as far as it can be read.
///
/// # Errors
/// The file cannot be read, or is no list at all.
pub(super) fn each(format: Format, path: &Path, take: &mut dyn FnMut(&Entry<'_>)) -> Result<()> {
    let mut reader = Reader::new(format);
    let out = &mut |entry: Result<Entry<'_>, Reason>, _| {
        if let Ok(entry) = entry {
            take(&entry);
        }
    };
    settings::pieces(path, &mut |piece| Ok(reader.push(piece, out)?))?;
    Ok(reader.end(out)?)
}

/// An entry as people read it.
pub(super) fn shown(entry: &Entry<'_>) -> String {
    let except = if entry.except { "except " } else { "" };
    match (entry.target, entry.ports.as_slice()) {
        (Target::Name(name), _) if entry.scope == Scope::Exact => {
            format!("{except}{} alone", name.to_ascii_lowercase())
        }
        (Target::Name(name), _) => format!("{except}{}", name.to_ascii_lowercase()),
        (Target::Prefix(prefix), _) => format!("{except}{prefix}"),
        (Target::Address(address), []) => format!("{except}{address}"),
        (Target::Address(address), ports) => {
            let ports: Vec<_> = ports.iter().map(ToString::to_string).collect();
            format!("{except}{address} port {}", ports.join(","))
        }
    }
}

/// What records say of the entries of a feed.
pub(crate) fn meta(feed: &Feed, kept: &Kept) -> ListMeta {
    let mut meta = ListMeta::new(&feed.name, feed.category);
    meta.trust = feed.trust;
    let stated = kept.signed.as_ref().and_then(|signed| signed.confidence.as_deref()?.parse().ok());
    meta.confidence = stated.unwrap_or(meta.confidence);
    meta.confidence = meta.confidence.min(feed.trust);
    meta.source.clone_from(&feed.url);
    meta.date = super::date(kept.fetched);
    meta
}
