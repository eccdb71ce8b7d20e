//! What a reload costs others: questions at a pace, on the plain gateway, with minewall, and while it reloads a million
//! names over and over.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use minewall_lab::addresses::Family;
use minewall_lab::load::{self, Delays};
use minewall_lab::{Lab, Minewall, kernel, why_not};

/// Names in the list.
const NAMES: usize = 1_000_000;

/// Questions a second: far from what the gateway can carry, so that what waits, waits for another reason.
const PACE: usize = 5_000;

/// What a verdict may be late because of a reload.
const LATE: Duration = Duration::from_millis(1);

/// Between one reload and the next.
const PAUSE: Duration = Duration::from_millis(300);

/// What goes on while the questions are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scene {
    Plain,
    Still,
    Reloading,
}

const SCENES: [(Scene, &str); 3] =
    [(Scene::Plain, "plain"), (Scene::Still, "minewall"), (Scene::Reloading, "minewall, reloading")];

/// All rounds of one scene.
#[derive(Debug)]
pub(super) struct Row {
    what: &'static str,
    delays: Delays,
    /// Of minewall's own count: verdicts, and those later than [`LATE`].
    verdicts: Option<[u64; 2]>,
    reloads: usize,
    /// The longest reload.
    longest: Duration,
}

pub(super) fn perform(binary: &Path, rounds: usize, time: Duration) -> Result<Vec<Row>> {
    if let Some(why) = why_not() {
        bail!("{why}");
    }
    let lab = Lab::new()?;
    let list = lab.directory().join("million.list");
    fs::write(&list, (0..NAMES).map(|number| format!("pool{number:07}.example.net\n")).collect::<String>())?;
    let configuration = format!(
        "mode = \"block\"\n[runtime]\ndirectory = {:?}\n[[lists.file]]\nname = \"million\"\npath = {list:?}\n",
        lab.directory().join("run"),
    );
    let mut rows = SCENES.map(|(_, what)| {
        let delays = Delays { sorted: Vec::new(), lost: 0 };
        Row { what, delays, verdicts: None, reloads: 0, longest: Duration::ZERO }
    });
    for round in 0..rounds {
        for ((scene, what), row) in SCENES.into_iter().zip(&mut rows) {
            eprintln!("lab: round {} of {rounds}, reload: {what}", round + 1);
            kernel::forget_connections(&lab.gateway)?;
            let minewall =
                (scene != Scene::Plain).then(|| Minewall::start(&lab, binary, &configuration)).transpose()?;
            let gateway = minewall.as_ref().map(|minewall| Gateway { lab: &lab, binary, minewall });
            row.add(&lab, gateway, scene, time)?;
            minewall.map(|mut minewall| minewall.stop()).transpose()?;
        }
    }
    rows.iter_mut().for_each(|row| row.delays.sorted.sort_unstable());
    Ok(rows.into())
}

impl Row {
    fn add(&mut self, lab: &Lab, gateway: Option<Gateway<'_>>, scene: Scene, time: Duration) -> Result<()> {
        let before = gateway.as_ref().map(Gateway::verdicts).transpose()?;
        let delays = thread::scope(|scope| -> Result<Delays> {
            let asking = scope.spawn(|| load::paced(lab, Family::V4, PACE, time));
            if let (Some(gateway), Scene::Reloading) = (&gateway, scene) {
                while !asking.is_finished() {
                    let begun = Instant::now();
                    gateway.said(&["reload"])?;
                    self.longest = self.longest.max(begun.elapsed());
                    self.reloads += 1;
                    thread::sleep(PAUSE);
                }
            }
            asking.join().ok().context("the load broke")?
        })?;
        self.delays.sorted.extend(delays.sorted);
        self.delays.lost += delays.lost;
        if let (Some(gateway), Some(before)) = (gateway, before) {
            let after = gateway.verdicts()?;
            let sum = self.verdicts.get_or_insert_default();
            for ((sum, after), before) in sum.iter_mut().zip(after).zip(before) {
                *sum += after - before;
            }
        }
        Ok(())
    }
}

/// A running minewall, to be asked.
struct Gateway<'a> {
    lab: &'a Lab,
    binary: &'a Path,
    minewall: &'a Minewall,
}

impl Gateway<'_> {
    fn said(&self, words: &[&str]) -> Result<String> {
        let mut command = self.lab.gateway.command(self.binary);
        let output = command.args(words).arg("-c").arg(self.minewall.configuration()).output()?;
        ensure!(output.status.success(), "minewall {}: {}", words.join(" "), String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Verdicts so far, and those that took longer than [`LATE`].
    fn verdicts(&self) -> Result<[u64; 2]> {
        // What is told is counted once a second.
        thread::sleep(Duration::from_millis(1_500));
        let text = self.said(&["status", "--format", "prometheus"])?;
        let sum = |start: &str, holds: &str| -> u64 {
            let lines = text.lines().filter(|line| line.starts_with(start) && line.contains(holds));
            lines.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
        };
        let all = sum("minewall_verdict_seconds_count{", "");
        let soon = sum("minewall_verdict_seconds_bucket{", &format!("le=\"{}\"", LATE.as_secs_f64()));
        ensure!(soon <= all, "minewall's histogram of verdicts was not understood");
        Ok([all, all - soon])
    }
}

/// The table.
pub(super) fn table(rows: &[Row], rounds: usize, seconds: u64) -> String {
    let mut text = format!(
        "{rounds} interleaved rounds of {seconds} s with {PACE} questions a second, by one of {NAMES} names (a plain file, \
         read and compiled at each reload).\nFrom question to answer, in microseconds; and minewall's own count of verdicts \
         later than 1 ms.\n\n| gateway | half | 99 % | 99.9 % | worst | later than 1 ms | lost | verdicts | later than 1 ms \
         | reloads | longest, ms |\n|---|---|---|---|---|---|---|---|---|---|---|\n"
    );
    for row in rows {
        let at = |part| row.delays.quantile(part).as_micros();
        let late = row.delays.over(LATE);
        let [all, own] =
            row.verdicts.map_or_else(|| ["-", "-"].map(str::to_owned), |counts| counts.map(|n| n.to_string()));
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {late} of {} | {} | {all} | {own} | {} | {:.0} |",
            row.what,
            at(0.5),
            at(0.99),
            at(0.999),
            at(1.0),
            row.delays.sorted.len(),
            row.delays.lost,
            row.reloads,
            row.longest.as_secs_f64() * 1e3,
        );
    }
    text
}
