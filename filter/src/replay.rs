//! `minewall replay`: captures through the same engine, in the capture's own time.

mod capture;
mod table;

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use ipnet::IpNet;
use minewall_core::engine::{Counters, Engine, Settings, Skipped};
use minewall_core::evidence::Record;
use minewall_core::now::Now;
use minewall_core::policy::{self, Inside};

use crate::settings;
use capture::Frame;

/// Flows remembered of one capture.
const FLOWS: usize = 1 << 17;

#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// Captures in pcap or pcapng form
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// How records are written: a table for people, or one JSON object a line
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// A prefix of the campus; several may be given [default: the private ranges]
    #[arg(long, value_name = "CIDR", value_parser = policy::parse_prefix)]
    inside: Vec<IpNet>,
    /// Lists, policy and look as in this configuration; records go to standard output all the same
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One JSON object a line
    Json,
    /// Columns
    Table,
}

/// What all captures together gave.
#[derive(Default)]
struct Sum {
    counters: Vec<Counters>,
    packets: u64,
    bytes: u64,
    records: u64,
}

impl Replay {
    /// Reads the captures one after another, each with an engine of its own.
    pub(crate) fn perform(self) -> Result<ExitCode> {
        let settings = self.settings()?;
        let begin = Instant::now();
        let progress = progress(&self.files);
        let mut sum = Sum::default();
        let mut damaged = None;
        let mut rows = Vec::new();
        for file in &self.files {
            let mut engine = Engine::new(settings.clone(), FLOWS, sum.counters.len() as u64);
            let result = read(file, &mut engine, &progress, &mut sum, |record| match self.format {
                Format::Json => writeln!(std::io::stdout(), "{}", record.to_json()),
                Format::Table => {
                    rows.push(table::row(&record));
                    Ok(())
                }
            });
            sum.counters.push(engine.counters());
            if let Err(error) = result {
                progress.suspend(|| eprintln!("minewall: {error:#}"));
                damaged = Some(error);
            }
        }
        progress.finish_and_clear();
        if self.format == Format::Table && !rows.is_empty() {
            println!("{}", table::render(rows));
        }
        sum.print(begin);
        Ok(if damaged.is_some() { ExitCode::from(crate::FAILURE) } else { ExitCode::SUCCESS })
    }

    fn settings(&self) -> Result<Settings> {
        let mut config = self.config.as_deref().map(settings::read).transpose()?.unwrap_or_default();
        if !self.inside.is_empty() {
            config.inside = Inside(self.inside.clone());
        }
        // A capture is past: nothing can be cut any more.
        config.mode = policy::Mode::Observe;
        settings::engine(&config)
    }
}

/// Judges every frame of one capture.
fn read(
    file: &Path,
    engine: &mut Engine,
    progress: &ProgressBar,
    sum: &mut Sum,
    mut write: impl FnMut(Record) -> std::io::Result<()>,
) -> Result<()> {
    capture::read(file, |frame: Frame<'_>| {
        progress.inc(frame.consumed);
        sum.packets += 1;
        sum.bytes += frame.bytes.len() as u64;
        let outcome = engine.on_frame(Now::from_wall_us(frame.time_us), frame.linktype, frame.bytes);
        if let Some(record) = outcome.record {
            sum.records += 1;
            write(*record).context("cannot write a record to standard output")?;
        }
        Ok(())
    })
    .with_context(|| format!("in the capture {}", file.display()))
}

/// A bar over the bytes of all files, on a terminal only.
fn progress(files: &[PathBuf]) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let total = files.iter().filter_map(|file| std::fs::metadata(file).ok()).map(|meta| meta.len()).sum();
    let style = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {bytes_per_sec} {eta} left");
    let bar = ProgressBar::new(total);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

impl Sum {
    /// The summary, on standard error.
    fn print(&self, begin: Instant) {
        let total = |count: fn(&Counters) -> u64| self.counters.iter().map(count).sum::<u64>();
        let seconds = begin.elapsed().as_secs_f64();
        let rate = (self.packets as f64 / seconds.max(1e-6)) as u64;
        eprintln!(
            "{} packets ({} bytes) in {} captures, {} flows, {} DNS questions, {} findings, {} records; {} packets/s",
            HumanCount(self.packets),
            HumanCount(self.bytes),
            self.counters.len(),
            HumanCount(total(|counters| counters.flows)),
            HumanCount(total(|counters| counters.questions)),
            HumanCount(total(Counters::findings)),
            HumanCount(self.records),
            HumanCount(rate),
        );
        let skipped: Vec<_> = Skipped::ALL
            .iter()
            .map(|(why, words)| (self.counters.iter().map(|counters| counters.skipped(*why)).sum::<u64>(), words))
            .filter(|(count, _)| *count > 0)
            .map(|(count, words)| format!("{count} {words}"))
            .collect();
        if !skipped.is_empty() {
            eprintln!("not inspected: {}", skipped.join(", "));
        }
        let odd = [("gaps", total(|c| c.gaps)), ("conflicting overlaps", total(|c| c.conflicts))];
        for (what, count) in odd.iter().filter(|(_, count)| *count > 0) {
            eprintln!("{what} in streams: {count}");
        }
    }
}
