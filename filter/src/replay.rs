//! `minewall replay`: captures through the same engine, in the capture's own time.

mod capture;
mod evidence;
mod summary;
mod table;

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, ValueEnum};
use ipnet::IpNet;
use minewall_core::activity::Activity;
use minewall_core::config::Config;
use minewall_core::engine::{Engine, Settings};
use minewall_core::evidence::Record;
use minewall_core::names::Names;
use minewall_core::now::Now;
use minewall_core::policy::{self, Inside};
use minewall_core::wire::packet::Packet;
use rustix::fs::{FileType, fstat};

use crate::output::{self, Unwritable};
use crate::progress::{self, Progress};
use crate::{log, settings};
use capture::Capture;
use evidence::Evidence;
use summary::Sum;
use table::Table;

/// How often the engine is asked what became of connections that have fallen silent, in the capture's time.
const ASKED_MS: u64 = 1_000;

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
    /// Also fold records into incidents and write both into a journal, in a directory that is empty or not there;
    /// inventory, leases and privacy as in the configuration
    #[arg(long, value_name = "DIRECTORY")]
    journal: Option<PathBuf>,
    /// With --journal: what was behind NAT by this log of `conntrack -E -o timestamp`, or CSV (see `lookup --nat-log`)
    #[arg(long, value_name = "FILE", requires = "journal")]
    nat_log: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One JSON object a line
    Json,
    /// Columns
    Table,
}

impl Replay {
    /// Reads the captures one after another, each with an engine of its own.
    pub(crate) fn perform(self) -> Result<ExitCode> {
        log::to_stderr();
        let config = self.config()?;
        let settings = settings::engine(&config)?;
        let evidence = match &self.journal {
            Some(directory) => Some(Evidence::new(&config, &settings.observer, directory, self.nat_log.as_deref())?),
            None => None,
        };
        let progress = progress(&self.files);
        let mut told = Told { sum: Sum::begin(), evidence };
        let mut writer = Writer { table: (self.format == Format::Table).then(Table::new), progress: progress.clone() };
        let mut damaged = false;
        for file in &self.files {
            let Err(error) = read(file, &settings, &progress, &mut told, &mut writer) else { continue };
            if error.is::<Unwritable>() {
                progress.finish();
                return Err(error);
            }
            progress.suspend(|| eprintln!("minewall: in the capture {}: {error:#}", file.display()));
            damaged = true;
        }
        progress.finish();
        told.evidence.map_or(Ok(()), Evidence::close)?;
        writer.close()?;
        // In one write: the program behind a pipe may write to the same terminal.
        let summary = told.sum.to_string();
        eprint!("{summary}");
        Ok(if damaged { ExitCode::from(crate::FAILURE) } else { ExitCode::SUCCESS })
    }

    fn config(&self) -> Result<Config> {
        let mut config = self.config.as_deref().map(settings::read).transpose()?.unwrap_or_default();
        if !self.inside.is_empty() {
            config.inside = Inside(self.inside.clone());
        }
        // A capture is past: nothing can be cut any more.
        config.mode = policy::Mode::Observe;
        Ok(config)
    }
}

/// What is made of what the engine tells.
struct Told {
    sum: Sum,
    evidence: Option<Evidence>,
}

impl Told {
    fn activity(&mut self, now: Now, activity: Activity) {
        self.sum.activity(&activity);
        if let Some(evidence) = &mut self.evidence {
            evidence.activity(now, activity);
        }
    }
}

/// Judges every frame of one capture.
fn read(file: &Path, settings: &Settings, progress: &Progress, told: &mut Told, writer: &mut Writer) -> Result<()> {
    let capture = Capture::open(file)?;
    // The ids of records are the same whenever this capture is read, and differ from those of other captures.
    let mut engine = Engine::new(settings.clone(), FLOWS, capture.fingerprint().into());
    let mut names = Names::new(capture.fingerprint());
    let (mut mono_ms, mut asked_ms, mut last) = (0, 0, Now::default());
    let result = capture.read(
        |frame| {
            let now = Now::from_wall_us(frame.time_us);
            // The clock to count with never goes back, whatever the capture's does.
            mono_ms = now.mono_ms.max(mono_ms);
            told.sum.packet(frame.bytes);
            last = Now { mono_ms, ..now };
            if mono_ms >= asked_ms {
                engine.activities(last, &mut |activity| told.activity(last, activity));
                asked_ms = mono_ms + ASKED_MS;
                told.evidence.as_mut().map_or(Ok(()), |evidence| evidence.tick(last))?;
            }
            let outcome = engine.on_frame(last, frame.linktype, frame.bytes);
            if outcome.is_answer
                && let Ok(packet) = Packet::from_linktype(frame.linktype, frame.bytes)
            {
                names.learn(now, packet.payload);
            }
            if let Some(mut record) = outcome.record {
                record.name_destination(&names);
                writer.write(&record)?;
                if let Some(evidence) = &mut told.evidence {
                    evidence.record(last, record);
                }
            }
            if let Some(activity) = outcome.activity {
                told.activity(last, *activity);
            }
            Ok(())
        },
        |bytes| progress.inc(bytes),
    );
    engine.finish(last, &mut |activity| told.activity(last, activity));
    told.evidence.as_mut().map_or(Ok(()), |evidence| evidence.finish(last))?;
    told.sum.capture(&engine.counters());
    result
}

/// Where records go.
struct Writer {
    /// None: JSON.
    table: Option<Table>,
    progress: Progress,
}

impl Writer {
    fn write(&mut self, record: &Record) -> Result<()> {
        let text = match &mut self.table {
            None => format!("{}\n", record.to_json()),
            Some(table) => {
                table.add(record);
                if !table.is_full() {
                    return Ok(());
                }
                table.take()
            }
        };
        self.print(&text)
    }

    fn close(mut self) -> Result<()> {
        let rest = self.table.as_mut().map(Table::take).unwrap_or_default();
        self.print(&rest)
    }

    fn print(&self, text: &str) -> Result<()> {
        Ok(self.progress.suspend(|| output::write(text))?)
    }
}

/// A bar over the bytes of all files, on a terminal only; and not where standard output is a pipe, since the program
/// behind it may write to the same terminal, and the bar would wipe its lines out.
fn progress(files: &[PathBuf]) -> Progress {
    let is_pipe = fstat(std::io::stdout()).is_ok_and(|out| FileType::from_raw_mode(out.st_mode).is_fifo());
    if is_pipe || !std::io::stderr().is_terminal() {
        return Progress::hidden();
    }
    let total = files.iter().filter_map(|file| std::fs::metadata(file).ok()).map(|meta| meta.len()).sum();
    Progress::over(total, progress::BYTES)
}
