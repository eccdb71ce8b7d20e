//! The load tools count what works and what does not.

use std::time::Duration;

use anyhow::Result;
use minewall_lab::addresses::Family;
use minewall_lab::{Lab, kernel, load, ready};

use crate::{LIMIT, text};

#[test]
fn the_load_tools_measure() -> Result<()> {
    if !ready("the_load_tools_measure") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let time = Duration::from_millis(300);
    for family in Family::BOTH {
        let down = load::bulk(&lab, family, load::Direction::Down, 1, time)?;
        let up = load::bulk(&lab, family, load::Direction::Up, 2, time)?;
        let connections = load::connections(&lab, family, 2, time)?;
        let questions = load::questions(&lab, family, 2, time)?;
        for (what, measured) in [("down", down), ("up", up), ("connections", connections), ("questions", questions)] {
            assert!(measured.count > 0 && measured.errors == 0, "{family:?} {what}: {measured}");
        }
    }
    let ended = kernel::connections(&lab.gateway)?.iter().filter(|line| line.contains("TIME_WAIT")).count();
    // One of `bulk` may be left; those of `connections` were hundreds.
    assert!(ended < 20, "{ended} ended connections are still tracked");
    // They also see what is broken.
    let rule = ["-A", "FORWARD", "-p", "udp", "--dport", "53", "-j", "DROP"];
    text(&lab.gateway.output("iptables", &rule, LIMIT)?);
    let questions = load::questions(&lab, Family::V4, 1, time)?;
    assert!(questions.count == 0 && questions.errors > 0, "{questions}");
    Ok(())
}
