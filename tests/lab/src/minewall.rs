//! The program under test, running on the gateway.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustix::process::Signal;
use serde_json::Value;

use crate::lab::Lab;
use crate::program::{Program, finish_within};
use crate::wait::until;

/// What minewall writes to standard error when packets are being judged.
const READY: &str = "minewall: ready";

/// How long it may take to get there.
const START: Duration = Duration::from_secs(20);

/// Runs so far: part of the file names, so that each run has its own configuration and log.
static RUNS: AtomicU32 = AtomicU32::new(0);

/// A running `minewall run -c FILE` in the gateway's namespace. Dropping it sends SIGTERM; when the test is
/// panicking its log is shown.
#[derive(Debug)]
pub struct Minewall {
    program: Program,
    configuration: PathBuf,
    records: PathBuf,
}

impl Minewall {
    /// The JSON-lines file a configuration has to name for [`Self::records`] to find it. The same for all runs in a lab.
    #[must_use]
    pub fn records_file(lab: &Lab) -> PathBuf {
        lab.directory().join("records.jsonl")
    }

    /// Starts `binary` and waits until it says that it is ready.
    ///
    /// # Errors
    /// When it ends first or is not ready in time, with the end of its log.
    pub fn start(lab: &Lab, binary: &Path, configuration: &str) -> Result<Self> {
        Self::start_with(lab, binary, configuration, &[])
    }

    /// The same, with these in its environment.
    ///
    /// # Errors
    /// As of [`Self::start`].
    pub fn start_with(lab: &Lab, binary: &Path, configuration: &str, environment: &[(&str, &str)]) -> Result<Self> {
        let run = RUNS.fetch_add(1, Ordering::Relaxed);
        let file = write_configuration(lab, run, configuration)?;
        let mut command = lab.gateway.command(binary);
        command.arg("run").arg("-c").arg(&file).envs(environment.iter().copied());
        let log = lab.directory().join(format!("minewall-{run}.log"));
        let mut program = Program::start("minewall", &mut command, &log)?;
        program.wait_ready(START, || says_ready(&log))?;
        Ok(Self { program, configuration: file, records: Self::records_file(lab) })
    }

    /// Runs `binary` with a configuration that it is expected to refuse, to its end.
    ///
    /// # Errors
    /// When it does not end within `timeout`; it is then killed.
    pub fn refuse(lab: &Lab, binary: &Path, configuration: &str, timeout: Duration) -> Result<Output> {
        let file = write_configuration(lab, RUNS.fetch_add(1, Ordering::Relaxed), configuration)?;
        let mut command = lab.gateway.command(binary);
        command.arg("run").arg("-c").arg(&file);
        finish_within(&mut command, timeout)
    }

    /// The process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.program.pid()
    }

    /// The file of its configuration.
    #[must_use]
    pub fn configuration(&self) -> &Path {
        &self.configuration
    }

    /// Everything it wrote to standard output and error.
    #[must_use]
    pub fn log(&self) -> String {
        self.program.log()
    }

    /// Waits until a line of the log contains `text`; whether one does.
    #[must_use]
    pub fn wait_log(&self, text: &str, timeout: Duration) -> bool {
        until(timeout, || self.log().contains(text).then_some(())).is_some()
    }

    /// SIGTERM, and waits for the end.
    ///
    /// # Errors
    /// When it had to be killed.
    pub fn stop(&mut self) -> Result<ExitStatus> {
        self.program.stop()
    }

    /// SIGKILL, and waits for the end.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn kill(&mut self) -> Result<ExitStatus> {
        self.program.kill()
    }

    /// SIGSTOP; all its threads stand still afterwards.
    ///
    /// # Errors
    /// When it no longer runs, or goes on nevertheless.
    pub fn pause(&self) -> Result<()> {
        self.program.signal(Signal::STOP)?;
        until(START, || stands_still(self.pid()).then_some(())).context("a thread goes on behind SIGSTOP")
    }

    /// SIGCONT.
    ///
    /// # Errors
    /// When it no longer runs.
    pub fn resume(&self) -> Result<()> {
        self.program.signal(Signal::CONT)
    }

    /// SIGHUP: reload.
    ///
    /// # Errors
    /// When it no longer runs.
    pub fn hup(&self) -> Result<()> {
        self.program.signal(Signal::HUP)
    }

    /// Writes a new configuration to the file it was started with, then SIGHUP.
    ///
    /// # Errors
    /// When the file cannot be written or it no longer runs.
    pub fn reload(&self, configuration: &str) -> Result<()> {
        fs::write(&self.configuration, configuration)
            .with_context(|| format!("writing {}", self.configuration.display()))?;
        self.hup()
    }

    /// Its exit status, if it ends by itself within `timeout`.
    pub fn wait_end(&mut self, timeout: Duration) -> Option<ExitStatus> {
        self.program.wait_end(timeout)
    }

    /// The records written so far, of all runs in this lab. A last line without its end is left for later.
    ///
    /// # Errors
    /// When a complete line is not JSON.
    pub fn records(&self) -> Result<Vec<Value>> {
        let mut lines = read_lines(&self.records)?;
        lines.retain(|line| line.pointer("/minewall/incident").is_none() && !is_aside(line));
        Ok(lines)
    }

    /// What was told of incidents so far, likewise.
    ///
    /// # Errors
    /// As of [`Self::records`].
    pub fn incidents(&self) -> Result<Vec<Value>> {
        let mut lines = read_lines(&self.records)?;
        lines.retain(|line| line.pointer("/minewall/incident").is_some());
        Ok(lines)
    }

    /// The first record that satisfies `wanted`, once there is one.
    ///
    /// # Errors
    /// When a line is not JSON, or none came within `timeout`: then with the records there are and the log.
    pub fn wait_record(&self, wanted: impl Fn(&Value) -> bool, timeout: Duration) -> Result<Value> {
        let found = until(timeout, || match self.records() {
            Ok(records) => records.into_iter().find(|record| wanted(record)).map(Ok),
            Err(error) => Some(Err(error)),
        });
        found.with_context(|| {
            let records = fs::read_to_string(&self.records).unwrap_or_default();
            format!("no such record within {timeout:?}; records:\n{records}\nlog:\n{}", self.log())
        })?
    }
}

impl Drop for Minewall {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- minewall's log ---\n{}--- end ---", self.program.log());
        }
    }
}

fn write_configuration(lab: &Lab, run: u32, text: &str) -> Result<PathBuf> {
    let file = lab.directory().join(format!("minewall-{run}.toml"));
    fs::write(&file, text).with_context(|| format!("writing {}", file.display()))?;
    Ok(file)
}

fn says_ready(log: &Path) -> bool {
    fs::read_to_string(log).is_ok_and(|text| text.lines().any(|line| line.trim_end() == READY))
}

/// Whether a line tells what incidents led to, or of minewall itself: records held back, the register's use, pauses.
fn is_aside(line: &Value) -> bool {
    let action = line.pointer("/event/action").and_then(Value::as_str).unwrap_or_default();
    action == "records-held" || action.starts_with("exemption-") || action.starts_with("filtering-")
}

fn read_lines(file: &Path) -> Result<Vec<Value>> {
    let Ok(bytes) = fs::read(file) else {
        return Ok(Vec::new());
    };
    // The last line may end within a letter yet.
    let complete = bytes.iter().rposition(|byte| *byte == b'\n').map_or(&[][..], |end| &bytes[..end]);
    std::str::from_utf8(complete)
        .context("records are UTF-8")?
        .lines()
        .map(|line| serde_json::from_str(line).with_context(|| format!("a record is not JSON: {line}")))
        .collect()
}

/// Whether every thread of the process is stopped: the signal reaches them one by one, and one that still runs answers.
fn stands_still(pid: u32) -> bool {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let states = threads.map(|thread| fs::read_to_string(thread.path().join("stat")).unwrap_or_default());
    states.into_iter().all(|stat| stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('T')))
}

#[cfg(test)]
mod tests {
    use super::read_lines;

    #[test]
    fn an_unfinished_record_waits_and_a_broken_one_is_an_error() -> anyhow::Result<()> {
        let file = std::env::temp_dir().join(format!("minewall-lab-records-{}", std::process::id()));
        assert!(read_lines(&file)?.is_empty(), "no file yet");
        std::fs::write(&file, "{\"a\":1}\n{\"a\":2}\n{\"a\":")?;
        let whole = read_lines(&file)?;
        std::fs::write(&file, "{\"a\":1}\nx\n")?;
        let broken = read_lines(&file);
        std::fs::remove_file(&file)?;
        assert_eq!(whole.iter().map(|record| record["a"].as_i64()).collect::<Vec<_>>(), [Some(1), Some(2)]);
        assert!(broken.is_err());
        Ok(())
    }
}
