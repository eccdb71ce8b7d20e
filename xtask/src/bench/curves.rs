//! Runs `benches/lists.rs` and `benches/curves.rs`: their curves as points, and the fixed packets of the latter under callgrind.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::build;

/// The instruction counts to compare with, one case a line.
const BASELINE: &str = "benches/instructions.tsv";

/// Packets of the short and of the long run of a case: their difference is free of what starting costs.
const PACKETS: [u64; 2] = [2_000, 6_000];

/// One point of a curve.
pub(super) struct Point {
    pub(super) curve: String,
    pub(super) unit: String,
    /// What grows, and how much of it there is.
    pub(super) what: String,
    pub(super) x: f64,
    pub(super) y: f64,
}

/// Instructions a packet of one case.
pub(super) struct Count {
    pub(super) case: String,
    pub(super) instructions: f64,
    pub(super) baseline: Option<f64>,
}

/// Builds a program of curves and tells where it is.
pub(super) fn program(name: &str) -> Result<PathBuf> {
    let arguments = ["bench", "--no-run", "--locked", "--package", "minewall", "--bench", name];
    let mut command = build::command();
    command.args(arguments).arg("--message-format=json-render-diagnostics");
    let output = command.stderr(Stdio::inherit()).output().context("cannot run cargo")?;
    let messages = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut executables = messages.lines().filter_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        (message["target"]["name"] == name).then(|| message["executable"].as_str().map(PathBuf::from))?
    });
    executables.next_back().with_context(|| format!("cargo built no {name}"))
}

/// The curves: lines of curve, unit, what grows, how much, cost.
pub(super) fn points(program: &Path, quick: bool) -> Result<Vec<Point>> {
    let text = build::said(Command::new(program).arg(if quick { "quick" } else { "whole" }).stderr(Stdio::inherit()))?;
    let points = text.lines().map(|line| {
        let [curve, unit, what, x, y] = line.split('\t').collect::<Vec<_>>()[..] else {
            bail!("no point: {line}");
        };
        Ok(Point { curve: curve.into(), unit: unit.into(), what: what.into(), x: x.parse()?, y: y.parse()? })
    });
    points.collect()
}

/// The cases under callgrind; none where valgrind is not installed.
pub(super) fn instructions(program: &Path) -> Result<Vec<Count>> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        eprintln!("valgrind is not installed: no instructions are counted");
        return Ok(Vec::new());
    }
    let baseline = fs::read_to_string(build::root().join(BASELINE)).unwrap_or_default();
    let known = |case: &str| {
        let line = baseline.lines().find_map(|line| line.split_once('\t').filter(|(name, _)| *name == case));
        line.and_then(|(_, count)| count.parse().ok())
    };
    let mut counts = Vec::new();
    for case in build::said(Command::new(program).arg("cases").stderr(Stdio::inherit()))?.lines() {
        let [short, long] = PACKETS.map(|packets| collected(program, case, packets));
        let instructions = (long? - short?) / (PACKETS[1] - PACKETS[0]) as f64;
        counts.push(Count { case: case.into(), instructions, baseline: known(case) });
    }
    Ok(counts)
}

pub(super) fn write_baseline(counts: &[Count]) -> Result<()> {
    let lines = counts.iter().map(|count| format!("{}\t{:.0}\n", count.case, count.instructions));
    Ok(fs::write(build::root().join(BASELINE), lines.collect::<String>())?)
}

/// Instructions of one whole run.
fn collected(program: &Path, case: &str, packets: u64) -> Result<f64> {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    let output = command.arg(program).arg("case").arg(case).arg(packets.to_string()).output()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let found = text.lines().find_map(|line| line.split("Collected : ").nth(1));
    found.and_then(|count| count.trim().parse().ok()).with_context(|| format!("callgrind says: {text}"))
}
