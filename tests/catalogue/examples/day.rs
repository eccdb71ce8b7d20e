//! Writes the made-up day into a directory: capture, inventory, NAT log, configuration, and what is true of it.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use minewall_catalogue::day::Day;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let directory = PathBuf::from(arguments.next().context("usage: day DIRECTORY [NAME]")?);
    let day = Day::new(&arguments.next().unwrap_or_else(|| "day".to_owned()))?;
    fs::create_dir_all(&directory)?;
    let inventory = directory.join("inventory.csv");
    fs::write(directory.join("day.pcap"), &day.capture)?;
    fs::write(&inventory, day.inventory())?;
    fs::write(directory.join("nat.log"), day.nat_log())?;
    fs::write(directory.join("minewall.toml"), format!("observer.name = \"gw\"\n{}", day.register()))?;
    for mining in &day.minings {
        println!("{mining:#?}");
    }
    Ok(())
}
