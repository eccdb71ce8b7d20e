//! A bare queue on the lab's gateway: of each connection the first payload goes through it, and every DNS question, with the
//! fewest rules that do so and nobody who looks. No program that reads as it does can be faster.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};
use minewall_lab::{Lab, Program};

const LIMIT: Duration = Duration::from_secs(20);

/// The mark of connections that need not be asked about again.
const MARK: &str = "1";

/// Tables, chains, rules, in their order; both families get them.
const RULES: &[&str] = &[
    "mangle PREROUTING -p udp --dport 53 -j NFQUEUE --queue-balance 0:1 --queue-bypass",
    "mangle FORWARD -p tcp -m connmark --mark 1/1 -j RETURN",
    // Longer than headers with options are, of IPv6 too.
    "mangle FORWARD -p tcp -m length --length 101:65535 -j NFQUEUE --queue-balance 0:1 --queue-bypass",
    "mangle POSTROUTING -p tcp -m mark --mark 1/1 -j CONNMARK --set-xmark 1/1",
];

/// The running program and its rules; dropped, both are gone.
pub(super) struct Bare<'lab> {
    lab: &'lab Lab,
    program: Program,
}

impl<'lab> Bare<'lab> {
    /// `reader`: as in minewall's `queue.reader`.
    pub(super) fn start(lab: &'lab Lab, binary: &Path, reader: &str) -> Result<Self> {
        let log = lab.directory().join("bare.log");
        let _ = fs::remove_file(&log);
        let mut command = lab.gateway.command(binary);
        command.args(["0", "2", MARK, reader]);
        let mut program = Program::start("bare", &mut command, &log)?;
        program.wait_ready(LIMIT, || fs::read_to_string(&log).is_ok_and(|text| text.contains("ready")))?;
        let bare = Self { lab, program };
        bare.rules("-A")?;
        Ok(bare)
    }

    pub(super) fn stop(mut self) -> Result<()> {
        self.program.stop().map(drop)
    }

    fn rules(&self, how: &str) -> Result<()> {
        for rule in RULES {
            let (table, rest) = rule.split_once(' ').unwrap_or_default();
            let mut arguments = vec!["-w", "-t", table, how];
            arguments.extend(rest.split(' '));
            for program in ["iptables", "ip6tables"] {
                let output = self.lab.gateway.output(program, &arguments, LIMIT)?;
                if !output.status.success() {
                    bail!("{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr).trim());
                }
            }
        }
        Ok(())
    }
}

impl Drop for Bare<'_> {
    fn drop(&mut self) {
        let _ = self.rules("-D");
    }
}
