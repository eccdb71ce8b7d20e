//! Our rules in the kernel.

use minewall_core::ruleset::{PREFIX, TABLE};

use super::check::Outcome;
use super::machine::is_missing;
use super::scene::Scene;

/// Whether our rules are there.
pub(super) fn present(scene: &Scene) -> Vec<Outcome> {
    let rules = scene.rules();
    let table = format!("table {TABLE} {{");
    let mut unread = Vec::new();
    let mut found = Vec::new();
    match &rules.nft {
        Ok(text) if text.lines().any(|line| line.starts_with(&table)) => found.push("nft"),
        Ok(_) => {}
        Err(error) if is_missing(error) => {}
        Err(error) => unread.push(format!("{error:#}")),
    }
    for (program, saved) in &rules.iptables {
        match saved {
            Ok(text) if text.contains(PREFIX) => found.push(program.trim_end_matches("-save")),
            Ok(_) => {}
            Err(error) if is_missing(error) => {}
            Err(error) => unread.push(format!("{error:#}")),
        }
    }
    if found.is_empty() && !unread.is_empty() {
        return vec![Outcome::skipped(format!("the rules cannot be read: {}", unread.join("; ")))];
    }
    let paused = scene.daemon.as_ref().is_ok_and(|daemon| daemon.status.paused.is_some());
    match (&scene.daemon, found.is_empty()) {
        (Ok(_), true) if paused => vec![Outcome::note("they are out: minewall is paused", "minewall resume")],
        (Ok(_), true) => vec![Outcome::fail(
            "minewall runs, and its rules are not in the kernel: nothing is inspected",
            "it restores them within 5 seconds: look again; if they stay away, its log says why: journalctl -u minewall",
        )],
        (Ok(daemon), false) => {
            let backend = &daemon.status.backend;
            vec![Outcome::ok(format!("they are in place ({}), loaded by {backend}", found.join(", ")))]
        }
        (Err(_), false) => vec![Outcome::note(
            format!(
                "rules of ours are in place ({}), and no minewall is known to run: packets pass or not as queue.fail says",
                found.join(", ")
            ),
            "start minewall: it takes them over",
        )],
        (Err(_), true) => vec![Outcome::note("there are none, and no minewall is known to run", "start minewall")],
    }
}
