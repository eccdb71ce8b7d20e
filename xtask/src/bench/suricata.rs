//! Suricata on the lab's gateway, inline on NFQUEUE, with mining rules of our own: what minewall is compared with.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use minewall_lab::{Lab, Program};

use crate::build;

const LIMIT: Duration = Duration::from_secs(60);

/// One queue a core, balanced by connection, and passing where Suricata is not: as its manual says.
const RULE: &str = "-j NFQUEUE --queue-balance 0:1 --queue-bypass";

/// A running Suricata and the rules that feed it; dropped, both are gone.
pub(super) struct Suricata<'lab> {
    lab: &'lab Lab,
    program: Program,
}

/// What it calls itself, where it is installed.
pub(super) fn version() -> Option<String> {
    let output = Command::new("suricata").arg("-V").output().ok()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    said.split("version ").nth(1).and_then(|rest| rest.split_whitespace().next()).map(str::to_owned)
}

impl<'lab> Suricata<'lab> {
    pub(super) fn start(lab: &'lab Lab) -> Result<Self> {
        let files = build::root().join("benches/suricata");
        let logs = lab.directory().join("suricata");
        fs::create_dir_all(&logs)?;
        let log = logs.join("console.log");
        let _ = fs::remove_file(&log);
        let mut command = lab.gateway.command("suricata");
        command.arg("-c").arg(files.join("suricata.yaml")).arg("-S").arg(files.join("mining.rules"));
        command.arg("-l").arg(&logs).args(["-q", "0", "-q", "1"]);
        let mut program = Program::start("suricata", &mut command, &log)?;
        program.wait_ready(LIMIT, || says_ready(&log))?;
        let suricata = Self { lab, program };
        suricata.rules("-I")?;
        if suricata.program.log().contains("error parsing signature") {
            bail!("Suricata refuses a rule:\n{}", suricata.program.log());
        }
        Ok(suricata)
    }

    pub(super) fn stop(mut self) -> Result<()> {
        self.program.stop().map(drop)
    }

    fn rules(&self, how: &str) -> Result<()> {
        for program in ["iptables", "ip6tables"] {
            let mut arguments = vec!["-w", "-t", "mangle", how, "FORWARD"];
            arguments.extend(RULE.split(' '));
            let output = self.lab.gateway.output(program, &arguments, LIMIT).context("feeding Suricata")?;
            if !output.status.success() {
                bail!("{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr).trim());
            }
        }
        Ok(())
    }
}

impl Drop for Suricata<'_> {
    fn drop(&mut self) {
        let _ = self.rules("-D");
    }
}

fn says_ready(log: &Path) -> bool {
    fs::read_to_string(log).is_ok_and(|text| text.contains("Engine started"))
}
