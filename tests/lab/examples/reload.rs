//! The time to verdict around a reload of 1,000,000 names under load, as the program's log tells it:
//! `cargo run --release -p minewall-lab --example reload -- BINARY`, with `MINEWALL_LOG=debug`.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use minewall_lab::addresses::Family;
use minewall_lab::{Lab, Minewall, load};

/// The names of a list.
const NAMES: u32 = 1_000_000;

fn main() -> Result<()> {
    let binary = PathBuf::from(std::env::args().nth(1).context("BINARY")?);
    let lab = Lab::new()?;
    let list = lab.directory().join("million.list");
    let write = |from: u32| -> Result<()> {
        let mut text = String::new();
        for number in from..from + NAMES {
            writeln!(text, "pool{number:07}.example.net")?;
        }
        Ok(std::fs::write(&list, text)?)
    };
    write(0)?;
    let configuration = format!(
        "mode = \"block\"\n[runtime]\ndirectory = \"{}\"\n[[lists.file]]\nname = \"million\"\npath = \"{}\"\n",
        lab.directory().join("run").display(),
        list.display(),
    );
    let mut minewall = Minewall::start(&lab, &binary, &configuration)?;
    let measured = thread::scope(|scope| -> Result<_> {
        let loaded = scope.spawn(|| load::questions(&lab, Family::V4, 1, Duration::from_secs(15)));
        thread::sleep(Duration::from_secs(4));
        write(NAMES)?;
        thread::sleep(Duration::from_secs(2));
        minewall.hup()?;
        let is_told = minewall.wait_log("read anew", Duration::from_secs(8));
        println!("reloaded: {is_told}");
        loaded.join().ok().context("the load broke")?
    })?;
    println!("{measured}");
    minewall.stop()?;
    minewall
        .log()
        .lines()
        .filter(|line| {
            ["anew", "swapped", "time to", "overload", "WARN", "ERROR", "not taken", "rules"]
                .iter()
                .any(|text| line.contains(text))
        })
        .for_each(|line| println!("{line}"));
    Ok(())
}
