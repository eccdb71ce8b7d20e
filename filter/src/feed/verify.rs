//! `minewall lists verify`: a signed feed as a gateway sees it.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use clap::Args;
use comfy_table::{Cell, CellAlignment, Table, presets};
use jiff::Timestamp;

use super::{Key, MANIFEST, Signed, Source, Taken, Wrong, count, fetch_signed};
use crate::fetch::{Fetcher, Limits, Url};
use crate::output;

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// A public key of minisign, or its file; any of several may have signed
    #[arg(short, long, required = true, value_name = "KEY|FILE")]
    key: Vec<String>,
    /// Who fetches: auto, built-in, curl, wget or uclient-fetch
    #[arg(long, default_value_t, value_name = "PROGRAM")]
    fetcher: Fetcher,
    /// A PEM file of authorities trusted besides the system's
    #[arg(long, value_name = "FILE")]
    authorities: Option<PathBuf>,
    /// Give up after so many seconds
    #[arg(long, default_value_t = 120, value_name = "SECONDS")]
    timeout: u32,
    /// The URL of the manifest, or the directory it stands in
    #[arg(value_name = "URL|DIRECTORY")]
    feed: String,
}

impl Verify {
    /// Fetches the whole feed, checks all of it and says what is in it.
    pub(crate) fn perform(self) -> Result<ExitCode> {
        let keys = self.key.iter().map(|key| read_key(key)).collect::<Result<Vec<_>>>()?;
        let url = self.url()?;
        let source = Source {
            url: &url,
            keys: &keys,
            fetcher: self.fetcher,
            authorities: self.authorities.as_deref(),
            limits: Limits { total: Duration::from_secs(u64::from(self.timeout.max(1))), ..Limits::default() },
            last: None,
            only: None,
        };
        let scratch = Scratch::new()?;
        let Signed::Taken(taken) = fetch_signed(&source, Timestamp::now(), &scratch.0, &mut count)? else {
            return Err(anyhow!("{url} is said to be unchanged, though nothing was taken before"));
        };
        output::write(&told(&taken))?;
        let wrong = taken.files.iter().filter_map(|got| got.as_ref().err());
        wrong.clone().for_each(|wrong| eprintln!("minewall: {wrong}"));
        Ok(if wrong.count() > 0 { ExitCode::from(crate::FAILURE) } else { ExitCode::SUCCESS })
    }

    fn url(&self) -> Result<String> {
        if self.feed.contains("://") {
            return Ok(self.feed.clone());
        }
        let path = fs::canonicalize(&self.feed)
            .with_context(|| format!("{} is neither a URL nor a directory", self.feed))?
            .join(MANIFEST);
        let url = Url::from_file_path(&path).ok_or_else(|| anyhow!("{} cannot be a URL", path.display()))?;
        Ok(url.as_str().to_owned())
    }
}

fn read_key(text: &str) -> Result<Key> {
    if let Ok(key) = text.parse() {
        return Ok(key);
    }
    let read =
        fs::read_to_string(text).with_context(|| format!("{text:?} is neither a public key nor a file of one"))?;
    read.parse().with_context(|| format!("in {text}"))
}

fn told(taken: &Taken) -> String {
    let manifest = &taken.manifest;
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["file", "category", "format", "entries", "bytes", "licence", "state"]);
    for (file, got) in taken.each() {
        let state = match got {
            Ok(_) => "good",
            Err(Wrong::Failed(_)) => "not fetched",
            Err(Wrong::Refused(_)) => "refused",
        };
        table.add_row([
            Cell::new(&file.name),
            Cell::new(&file.category),
            Cell::new(&file.format),
            Cell::new(file.entries).set_alignment(CellAlignment::Right),
            Cell::new(file.bytes).set_alignment(CellAlignment::Right),
            Cell::new(&file.licence),
            Cell::new(state),
        ]);
    }
    let (feed, version, made, until) = (&manifest.feed, manifest.version, manifest.made, manifest.valid_until);
    format!("feed {feed:?}, version {version}, made {made}, valid until {until}\n{}\n", table.trim_fmt())
}

/// A directory for the time of one command.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self> {
        let path = std::env::temp_dir().join(format!("minewall-verify-{}", std::process::id()));
        fs::create_dir(&path).with_context(|| format!("cannot make the directory {}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
