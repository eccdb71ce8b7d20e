//! The figures as tables, and `benches/RESULTS.md`.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use anyhow::Result;

use super::compare::Row;
use super::curves::{Count, Point};
use super::{chart, suricata};
use crate::build;

/// A change of this part is worth a look.
const NOTABLE: f64 = 0.05;

/// The lab's table.
pub(super) fn lab(rows: &[Row], rounds: usize, seconds: u64) -> String {
    let mut text = format!(
        "Medians of {rounds} interleaved rounds of {seconds} s. `x` is minewall's figure through the other's.\n\n\
         | load | plain | bare queue | minewall | Suricata | bare / plain | minewall / plain | minewall / Suricata | errors |\n\
         |---|---|---|---|---|---|---|---|---|\n"
    );
    for row in rows {
        let unit = row.load.unit;
        let (other, times) = match row.suricata {
            Some(other) => (figure(other, unit), format!("{:.2} x", row.minewall / other)),
            None => ("not installed".to_owned(), "-".to_owned()),
        };
        let errors = row.errors.iter().map(ToString::to_string).collect::<Vec<_>>().join(" / ");
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {other} | {:.3} | {:.3} | {times} | {errors} |",
            row.load.name,
            figure(row.plain, unit),
            figure(row.bare, unit),
            figure(row.minewall, unit),
            row.bare / row.plain,
            row.minewall / row.plain,
        );
    }
    text
}

/// The curves' tables, one for what grows.
pub(super) fn curves(points: &[Point]) -> String {
    let mut text = String::new();
    let mut whats: Vec<_> = points.iter().map(|point| point.what.as_str()).collect();
    whats.dedup();
    for what in whats {
        let own: Vec<_> = points.iter().filter(|point| point.what == what).collect();
        let mut sizes: Vec<_> = own.iter().map(|point| point.x).collect();
        sizes.sort_by(f64::total_cmp);
        sizes.dedup();
        let heads: Vec<_> = sizes.iter().map(f64::to_string).collect();
        let _ = writeln!(text, "\n| {what} | {} |\n|---|{}", heads.join(" | "), "---|".repeat(sizes.len()));
        let mut names: Vec<_> = own.iter().map(|point| (point.curve.as_str(), point.unit.as_str())).collect();
        names.sort_unstable();
        names.dedup();
        for (curve, unit) in names {
            let at = |x: &f64| own.iter().find(|point| point.curve == curve && point.x == *x).map(|point| point.y);
            let cells = sizes.iter().map(|x| at(x).map_or_else(|| "-".to_owned(), |y| format!("{y:.1}")));
            let _ = writeln!(text, "| {curve}, {unit} | {} |", cells.collect::<Vec<_>>().join(" | "));
        }
    }
    text
}

/// The instructions' table.
pub(super) fn instructions(counts: &[Count]) -> String {
    if counts.is_empty() {
        return String::new();
    }
    let mut text = "\n| packet | instructions | baseline | change |\n|---|---|---|---|\n".to_owned();
    for count in counts {
        let change = count.baseline.map(|baseline| count.instructions / baseline - 1.0);
        let notable = if change.is_some_and(|change| change.abs() > NOTABLE) { " (!)" } else { "" };
        let _ = writeln!(
            text,
            "| {} | {:.0} | {} | {}{notable} |",
            count.case,
            count.instructions,
            count.baseline.map_or_else(|| "-".to_owned(), |baseline| format!("{baseline:.0}")),
            change.map_or_else(|| "-".to_owned(), |change| format!("{:+.1} %", change * 100.0)),
        );
    }
    text
}

/// Writes `benches/RESULTS.md` and its chart.
pub(super) fn write(
    rows: &[Row],
    reload: &str,
    (rounds, seconds): (usize, u64),
    points: &[Point],
    counts: &[Count],
) -> Result<()> {
    let text = format!(
        "# Results\n\nWritten by `cargo xtask bench`.\n\n{}\n## The lab: a gateway between two network namespaces\n\n{}\n\
         Suricata: {}, inline on NFQUEUE with two queues, workers, fail-open and the 30 rules of `suricata/mining.rules`,\n\
         without its flow bypass. Bare queue: the first payload of each connection and every\n\
         DNS question go through a queue and pass unread, with the fewest rules that do so (`bare.rs`): what any program\n\
         that reads by `nfq` could reach at the most. minewall: the shipped lists, `mode = \"block\"`.\n\n![The figures as a chart](results.svg)\n\n\
         ## Reload\n\n{reload}\n\
         ## Growth\n{}\n## Instructions a packet\n\nBy callgrind; a change of more than 5 % is marked.\n{}",
        machine(),
        lab(rows, rounds, seconds),
        suricata::version().unwrap_or_else(|| "not installed".to_owned()),
        curves(points),
        instructions(counts),
    );
    let directory = build::root().join("benches");
    fs::write(directory.join("RESULTS.md"), text)?;
    fs::write(directory.join("results.svg"), chart::draw(rows, points))?;
    eprintln!("written: benches/RESULTS.md, benches/results.svg");
    Ok(())
}

/// Processor, cores, kernel, compiler.
fn machine() -> String {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
    let cores = cpuinfo.lines().filter(|line| line.starts_with("processor")).count();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    format!(
        "Machine: {}, {cores} cores; Linux {}; {}. Load average at the end: {}.\n",
        model.unwrap_or("unknown processor"),
        kernel.trim(),
        said("rustc", "--version"),
        load.split(' ').take(3).collect::<Vec<_>>().join(" "),
    )
}

fn said(program: &str, argument: &str) -> String {
    let output = Command::new(program).arg(argument).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

fn figure(figure: f64, unit: &str) -> String {
    if figure < 100.0 { format!("{figure:.2} {unit}") } else { format!("{figure:.0} {unit}") }
}
