//! Programs against each other in one interleaved run: `cargo run --release -p minewall-lab --example compare -- ROUNDS
//! SECONDS LOADS [NAME=BINARY[,TOML LINES]]...`; a NAME with `killed` in it measures the rules alone. LOADS of
//! `bulk`, `connections`, `questions`, `pages`, `names`, joined by commas.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use minewall_lab::addresses::Family;
use minewall_lab::load::{self, Direction, Measured};
use minewall_lab::{Lab, Minewall, kernel, why_not};

fn main() -> Result<()> {
    if let Some(why) = why_not() {
        bail!("{why}");
    }
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [rounds, seconds, loads, programs @ ..] = &words[..] else { bail!("ROUNDS SECONDS LOADS PROGRAMS...") };
    let time = Duration::from_secs(seconds.parse().context("SECONDS")?);
    let lab = Lab::new()?;
    for load in loads.split(',') {
        let mut figures = vec![Vec::new(); programs.len() + 1];
        let mut costs = vec![Vec::new(); programs.len()];
        for _ in 0..rounds.parse::<usize>().context("ROUNDS")? {
            figures[0].push(once(&lab, load, time)?);
            for ((program, figures), costs) in programs.iter().zip(&mut figures[1..]).zip(&mut costs) {
                let (_, rest) = program.split_once('=').context("NAME=BINARY")?;
                let (binary, lines) = rest.split_once(',').unwrap_or((rest, ""));
                let mut minewall = Minewall::start(&lab, Path::new(binary), &configuration(&lab, lines))?;
                if program.contains("killed") {
                    minewall.kill()?;
                    figures.push(once(&lab, load, time)?);
                    minewall = Minewall::start(&lab, Path::new(binary), &configuration(&lab, lines))?;
                } else {
                    let before = processor_time(minewall.pid())?;
                    let per_second = once(&lab, load, time)?;
                    let took = processor_time(minewall.pid())? - before;
                    costs.push(took / (per_second * time.as_secs_f64()));
                    figures.push(per_second);
                }
                minewall.stop()?;
                let log = minewall.log();
                log.lines()
                    .filter(|line| line.contains("time to") || line.contains("overload"))
                    .for_each(|line| eprintln!("{line}"));
            }
        }
        let medians: Vec<f64> = figures.iter().cloned().map(median).collect();
        let names =
            std::iter::once("off").chain(programs.iter().map(|program| program.split('=').next().unwrap_or("")));
        for ((name, median), figures) in names.zip(&medians).zip(&figures) {
            let all: Vec<String> = figures.iter().map(|figure| format!("{figure:.0}")).collect();
            println!("{load:<12} {name:<16} {median:>14.0} {:>6.3}   ({})", median / medians[0], all.join(" "));
        }
        for (program, costs) in programs.iter().zip(costs) {
            let name = program.split('=').next().unwrap_or_default();
            println!("{load:<12} {name:<16} {:>14.2} us of its processor time each", median(costs));
        }
    }
    Ok(())
}

/// The processor time of a process so far, in microseconds: fields 14 and 15 of proc_pid_stat(5), in hundredths.
fn processor_time(pid: u32) -> Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let fields = stat.rsplit(')').next().unwrap_or_default().split_ascii_whitespace();
    Ok(fields.skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum::<f64>() * 1e4)
}

fn configuration(lab: &Lab, lines: &str) -> String {
    format!(
        "{}\nmode = \"block\"\n[runtime]\ndirectory = \"{}\"\n[[sink]]\ntype = \"file\"\npath = \"{}\"\n",
        lines.replace(';', "\n"),
        lab.directory().join("run").display(),
        Minewall::records_file(lab).display(),
    )
}

fn once(lab: &Lab, load: &str, time: Duration) -> Result<f64> {
    kernel::forget_connections(&lab.gateway)?;
    let measured: Measured = match load {
        "bulk" => load::bulk(lab, Family::V4, Direction::Down, 1, time)?,
        "connections" => load::connections(lab, Family::V4, 16, time)?,
        "questions" => load::questions(lab, Family::V4, 4, time)?,
        "pages" => load::pages(lab, Family::V4, 16, time)?,
        "names" => load::names(lab, Family::V4, 16, time)?,
        other => bail!("no load {other}"),
    };
    if measured.errors > 0 {
        eprintln!("{load}: {} errors", measured.errors);
    }
    Ok(measured.per_second())
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}
