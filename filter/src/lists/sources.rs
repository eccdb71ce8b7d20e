//! Every list that is loaded, as texts: those that come with minewall, the operator's, those that were fetched.

use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};
use minewall_core::config::ListFiles;
use minewall_lists::{Format, ListMeta, Reader, Shipped, Sink};

use crate::settings;

/// One list.
pub(crate) struct Source {
    pub(crate) meta: ListMeta,
    format: Format,
    text: Text,
}

enum Text {
    Held(String),
    File(PathBuf),
}

/// The lists of a configuration, in the order they are read.
///
/// # Errors
/// A category or a format is none.
pub(crate) fn all(files: &ListFiles) -> Result<Vec<Source>> {
    let texts = Shipped::unpack();
    let shipped = texts.lists().filter(|_| files.shipped).filter_map(|text| {
        let meta = ListMeta::from_head(text)?;
        Some(Ok(Source { meta, format: Format::Own, text: Text::Held(text.to_owned()) }))
    });
    let block = settings::blocked(files)
        .into_iter()
        .map(|(meta, text)| Ok(Source { meta, format: Format::Auto, text: Text::Held(text) }));
    let own = files.file.iter().map(|file| {
        let wrong = |unknown| anyhow!("the list {:?}: {unknown}", file.name);
        let meta = ListMeta::new(&file.name, file.category.parse().map_err(wrong)?);
        Ok(Source { meta, format: file.format.parse().map_err(wrong)?, text: Text::File(file.path.clone().into()) })
    });
    let fetched = settings::fetched(files);
    let feeds = files.feed.iter().filter_map(|feed| {
        let (meta, path) = fetched.as_ref()?.list(feed)?;
        Some(Ok(Source { meta, format: feed.format, text: Text::File(path) }))
    });
    shipped.chain(block).chain(own).chain(feeds).collect()
}

impl Source {
    /// Gives out every entry, with its line.
    ///
    /// # Errors
    /// The file cannot be read or is no list.
    pub(crate) fn read(&self, out: Sink<'_>) -> Result<()> {
        let mut reader = Reader::new(self.format);
        match &self.text {
            Text::Held(text) => reader.push(text.as_bytes(), out)?,
            Text::File(path) => settings::pieces(path, &mut |piece| Ok(reader.push(piece, out)?))?,
        }
        reader.end(out).with_context(|| format!("the list {:?}", self.meta.name))
    }
}
