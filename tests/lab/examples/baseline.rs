//! What the lab carries without minewall: `cargo run --release -p minewall-lab --example baseline [SECONDS]`.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use minewall_lab::addresses::Family;
use minewall_lab::load::{self, Direction};
use minewall_lab::{Lab, why_not};

fn main() -> Result<()> {
    if let Some(why) = why_not() {
        bail!("{why}");
    }
    let seconds = std::env::args().nth(1).map_or(Ok(2), |text| text.parse()).context("SECONDS is a number")?;
    let time = Duration::from_secs(seconds);
    let lab = Lab::new()?;
    for family in Family::BOTH {
        for (direction, streams) in [(Direction::Down, 1), (Direction::Up, 1), (Direction::Down, 4)] {
            let measured = load::bulk(&lab, family, direction, streams, time)?;
            let gigabits = measured.per_second() * 8.0 / 1e9;
            println!("{family:?} bulk {direction:?} {streams} stream(s): {gigabits:.2} Gbit/s, {measured}");
        }
        println!("{family:?} connections: {}", load::connections(&lab, family, 4, time)?);
        println!("{family:?} questions: {}", load::questions(&lab, family, 2, time)?);
    }
    Ok(())
}
