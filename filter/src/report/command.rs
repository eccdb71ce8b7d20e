//! `minewall report`.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};
use jiff::Timestamp;

use crate::{output, settings};

use super::incidents::Source;
use super::summary::{Asked, By, Summary};
use super::texts::Lang;
use super::when::When;
use super::{csv, html, json, markdown, page};

#[derive(Args, Debug)]
pub(crate) struct Report {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    when: When,
    /// What the main table is grouped by
    #[arg(long, value_enum, default_value = "unit")]
    by: By,
    /// How it is written
    #[arg(long, value_enum, default_value = "html")]
    format: Format,
    /// The language of HTML and Markdown
    #[arg(long, value_enum, default_value = "en")]
    lang: Lang,
    /// Days without a sighting after which a host has ended
    #[arg(long, value_name = "DAYS", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=366))]
    days_quiet: u32,
    /// Begin CSV with a byte order mark, by which Excel knows UTF-8
    #[arg(long)]
    bom: bool,
    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A page with charts, for a browser and for print
    Html,
    /// A row for each group, for spreadsheets
    Csv,
    /// For programs
    Json,
    /// Markdown
    Md,
}

impl Report {
    /// Reads, sums up and writes.
    pub(crate) fn perform(self) -> Result<ExitCode> {
        ensure!(!self.bom || self.format == Format::Csv, "--bom goes with --format csv only");
        let now = Timestamp::now();
        let range = self.when.range(now, &own_offset(&self.source)?)?;
        let (incidents, told) = self.source.incidents()?;
        told.warn();
        let made_us = now.as_microsecond();
        let asked = Asked { range, days_quiet: self.days_quiet, by: self.by, now_us: made_us };
        let summary = Summary::of(&incidents, asked, told);
        let text = match self.format {
            Format::Html => html::report(&page::page(&summary, made_us, self.lang)),
            Format::Csv => csv::csv(&summary, self.bom)?,
            Format::Json => json::json(&summary, made_us)?,
            Format::Md => markdown::report(&page::page(&summary, made_us, self.lang)),
        };
        give(self.output.as_deref(), &text)?;
        let is_empty = summary.all.parts.is_empty() && summary.approved.parts.is_empty();
        Ok(if is_empty { ExitCode::from(NOTHING) } else { ExitCode::SUCCESS })
    }
}

/// The offset from UTC of the days in the configuration.
pub(super) fn own_offset(source: &Source) -> Result<String> {
    Ok(settings::own(source.config.as_deref())?.incident.utc_offset)
}

/// The exit code for "nothing was seen".
const NOTHING: u8 = 1;

/// Writes to a file, whole or not at all, or to standard output.
pub(super) fn give(path: Option<&Path>, text: &str) -> Result<()> {
    let Some(path) = path else { return Ok(output::write(text)?) };
    let writing = || format!("cannot write {}", path.display());
    let mut name = path.file_name().with_context(writing)?.to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let beside = path.with_file_name(name);
    let written = File::create(&beside).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&beside, path)
    });
    written.inspect_err(|_| drop(std::fs::remove_file(&beside))).with_context(writing)
}
