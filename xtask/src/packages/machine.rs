//! Debian's own systemd, running as process 1 of namespaces of its own on the lab's gateway.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use minewall_lab::{Lab, Program, finish_within, until};

/// How long one command may take.
const LIMIT: Duration = Duration::from_secs(120);

/// The path that Debian's root has.
const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

/// How the namespaces are filled, before systemd is started.
const BOOT: &str = include_str!("boot.sh");

/// A booted Debian. Dropping it ends all of its processes.
pub(super) struct Machine {
    program: Program,
    /// Its process 1, as seen from here.
    init: String,
    root: PathBuf,
}

impl Machine {
    /// Boots the files in `root`, and waits until systemd says that all is up.
    ///
    /// # Errors
    /// It does not come up; then with what it said.
    pub(super) fn boot(lab: &Lab, root: &Path) -> Result<Self> {
        let mut command = lab.gateway.command("unshare");
        command.args([
            "--pid",
            "--fork",
            "--kill-child",
            "--mount",
            "--propagation",
            "private",
            "--uts",
            "--ipc",
            "--cgroup",
        ]);
        command.args(["sh", "-c", BOOT, "boot"]).arg(root);
        let log = lab.directory().join("boot.log");
        let program = Program::start("systemd", &mut command, &log)?;
        let children = format!("/proc/{0}/task/{0}/children", program.pid());
        let child = || fs::read_to_string(&children).ok()?.split_whitespace().next().map(str::to_owned);
        let init = until(LIMIT, child).with_context(|| format!("no process 1: {}", program.log()))?;
        let machine = Self { program, init, root: root.to_owned() };
        let is_up = || {
            let state = machine.output(&["systemctl", "is-system-running"]).ok()?;
            let state = String::from_utf8_lossy(&state.stdout).trim().to_owned();
            matches!(&state[..], "running" | "degraded").then_some(state)
        };
        match until(LIMIT, is_up).as_deref() {
            Some("running") => Ok(machine),
            Some(_) => bail!("units failed: {}", machine.must(&["systemctl", "--failed", "--no-legend", "--plain"])?),
            None => bail!("Debian does not come up: {}", machine.program.log()),
        }
    }

    /// Runs a command inside.
    ///
    /// # Errors
    /// It cannot be run, or does not end in time.
    pub(super) fn output(&self, words: &[&str]) -> Result<Output> {
        let mut command = Command::new("nsenter");
        command
            .args(["--target", &self.init, "--mount", "--pid", "--uts", "--ipc", "--net", "--cgroup", "--"])
            .args(words);
        command.env_clear().env("PATH", PATH).env("DEBIAN_FRONTEND", "noninteractive").env("LC_ALL", "C.UTF-8");
        finish_within(&mut command, LIMIT)
    }

    /// Runs a command inside that must succeed; what it printed.
    ///
    /// # Errors
    /// It failed: what it said.
    pub(super) fn must(&self, words: &[&str]) -> Result<String> {
        let output = self.output(words)?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            bail!("{} failed: {said}{}", words.join(" "), String::from_utf8_lossy(&output.stderr));
        }
        Ok(said)
    }

    /// Runs a line of shell inside that must succeed; what it printed.
    ///
    /// # Errors
    /// As of [`Self::must`].
    pub(super) fn shell(&self, line: &str) -> Result<String> {
        self.must(&["sh", "-ec", line])
    }

    /// What a service said of itself, and of what became of it.
    pub(super) fn log(&self, unit: &str) -> String {
        self.must(&["journalctl", "--no-pager", "--output=cat", "--unit", unit]).unwrap_or_default()
    }

    /// A path inside, as seen from here. What is mounted there is not seen.
    pub(super) fn path(&self, inside: &str) -> PathBuf {
        self.root.join(inside.trim_start_matches('/'))
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // With process 1 all others of its namespace go; `unshare` then ends by itself.
        let _ = Command::new("kill").args(["-KILL", &self.init]).status();
        let _ = self.program.wait_end(LIMIT);
    }
}
