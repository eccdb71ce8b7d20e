//! Long-lived programs, each stopped by its own pid when its guard goes; and short ones with a time limit.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::wait::until;

/// How long a program may take to end after SIGTERM before it is killed: minewall itself takes 5 s for its last records and
/// packets at the most, and takes its rules out besides.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running program. What it prints goes to a log file. Dropping it sends SIGTERM, then SIGKILL if it stays.
#[derive(Debug)]
pub struct Program {
    child: Child,
    name: String,
    log: PathBuf,
}

impl Program {
    /// Starts `command` with standard output and error appended to `log`.
    ///
    /// # Errors
    /// When the log cannot be opened or the program not started.
    pub fn start(name: &str, command: &mut Command, log: &Path) -> Result<Self> {
        let output = File::options()
            .create(true)
            .append(true)
            .open(log)
            .with_context(|| format!("opening the log {}", log.display()))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("starting {name}"))?;
        Ok(Self { child, name: name.to_owned(), log: log.to_owned() })
    }

    /// Waits until `ask` says yes.
    ///
    /// # Errors
    /// When the program ends first or `timeout` passes, with the end of its log.
    pub fn wait_ready(&mut self, timeout: Duration, mut ask: impl FnMut() -> bool) -> Result<()> {
        let outcome = until(timeout, || {
            if ask() {
                return Some(None);
            }
            self.child.try_wait().ok().flatten().map(Some)
        });
        match outcome {
            Some(None) => Ok(()),
            Some(Some(status)) => {
                bail!("{} ended before it was ready ({status}): {}", self.name, self.log_tail())
            }
            None => bail!("{} was not ready after {timeout:?}: {}", self.name, self.log_tail()),
        }
    }

    /// The process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Everything it printed so far.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read(&self.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    fn log_tail(&self) -> String {
        let log = self.log();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    /// Sends a signal.
    ///
    /// # Errors
    /// When the kernel refuses, e.g. because the program has ended.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).context("a pid out of range")?;
        kill_process(pid, signal).with_context(|| format!("sending a signal to {}", self.name))
    }

    /// Its exit status, if it ends within `timeout`.
    pub fn wait_end(&mut self, timeout: Duration) -> Option<ExitStatus> {
        until(timeout, || self.child.try_wait().ok().flatten())
    }

    /// SIGTERM, and SIGKILL when it has not ended in time.
    ///
    /// # Errors
    /// When it had to be killed or had already ended badly.
    pub fn stop(&mut self) -> Result<ExitStatus> {
        if let Some(status) = self.child.try_wait().ok().flatten() {
            return Ok(status);
        }
        self.signal(Signal::TERM)?;
        if let Some(status) = self.wait_end(PATIENCE) {
            return Ok(status);
        }
        self.kill()?;
        bail!("{} ignored SIGTERM for {PATIENCE:?} and was killed: {}", self.name, self.log_tail())
    }

    /// SIGKILL, and waits for the end.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn kill(&mut self) -> Result<ExitStatus> {
        self.child.kill().with_context(|| format!("killing {}", self.name))?;
        self.child.wait().with_context(|| format!("waiting for {}", self.name))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.stop();
    }
}

/// Runs `command` to its end, at most `timeout`.
///
/// # Errors
/// When it cannot be started or does not end in time; it is then killed.
pub fn finish_within(command: &mut Command, timeout: Duration) -> Result<Output> {
    let name = format!("{command:?}");
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("starting {name}"))?;
    // Read while it runs, or a full pipe would stop it.
    let stdout = child.stdout.take().map(|pipe| thread::spawn(move || read_all(pipe)));
    let stderr = child.stderr.take().map(|pipe| thread::spawn(move || read_all(pipe)));
    let Some(status) = until(timeout, || child.try_wait().ok().flatten()) else {
        child.kill()?;
        child.wait()?;
        bail!("{name} did not end within {timeout:?}");
    };
    let collect =
        |thread: Option<thread::JoinHandle<Vec<u8>>>| thread.and_then(|thread| thread.join().ok()).unwrap_or_default();
    Ok(Output { status, stdout: collect(stdout), stderr: collect(stderr) })
}

fn read_all(mut pipe: impl std::io::Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = pipe.read_to_end(&mut bytes);
    bytes
}
