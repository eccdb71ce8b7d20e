//! The configuration, and the daemon that goes by it.

use super::check::Outcome;
use super::scene::Scene;
use crate::control::Status;
use crate::{settings, update};

/// Whether the configuration is sound.
pub(super) fn configuration(scene: &Scene) -> Vec<Outcome> {
    let path = scene.path.display();
    if scene.config_error.is_some() && !scene.path.exists() {
        let seen = format!("there is no {path}; the checks go by the defaults");
        return vec![Outcome::warn(seen, "name the configuration by -c FILE, or write one (docs, minewall.toml)")];
    }
    let wrong = match &scene.config_error {
        Some(error) => Some(error.clone()),
        None if scene.machine.is_own => {
            let checked = settings::check_by(&scene.path, |_| scene.lists().map(drop).map_err(settings::again));
            checked.err().map(|error| format!("{error:#}"))
        }
        None => None,
    };
    match wrong {
        Some(error) => vec![Outcome::fail(error, &format!("mend it, then: minewall check-config -c {path}"))],
        None => vec![Outcome::ok(format!("{path} is sound"))],
    }
}

/// Whether one minewall runs.
pub(super) fn daemon(scene: &Scene) -> Vec<Outcome> {
    let others = others(scene);
    let mut outcomes = match &scene.daemon {
        Ok(daemon) => {
            let Status { version, process, started, .. } = &daemon.status;
            let since = i64::try_from(*started).unwrap_or(scene.now);
            let hours = scene.now.saturating_sub(since).max(0) / 3600;
            vec![Outcome::ok(format!("version {version} runs as process {process}, for {hours} h"))]
        }
        Err(why) if others.is_empty() && !why.contains("sudo") => {
            vec![Outcome::fail(why.clone(), "systemctl start minewall (OpenWrt: service minewall start)")]
        }
        Err(why) => vec![Outcome::skipped(why.clone())],
    };
    let own = scene.process();
    let others: Vec<_> = others.into_iter().filter(|other| Some(*other) != own).collect();
    if own.is_some() && !others.is_empty() {
        let pids = others.iter().map(u32::to_string).collect::<Vec<_>>().join(" ");
        outcomes.push(Outcome::warn(
            format!("another minewall runs on this gateway (process {pids}): both have the same table of rules"),
            &format!("end one of them: kill {pids}"),
        ));
    }
    outcomes
}

/// Processes `minewall run` in this network namespace.
fn others(scene: &Scene) -> Vec<u32> {
    let machine = &scene.machine;
    let here = machine.link("/proc/self/ns/net");
    let is_one = |pid: &u32| {
        let line = machine.text(&format!("/proc/{pid}/cmdline"));
        let mut words = line.split('\0');
        let is_minewall = words.next().is_some_and(|program| program.rsplit('/').next() == Some("minewall"));
        is_minewall && words.next() == Some("run") && machine.link(&format!("/proc/{pid}/ns/net")) == here
    };
    machine.names("/proc").iter().filter_map(|name| name.parse().ok()).filter(is_one).collect()
}

/// Whether mining is cut.
pub(super) fn mode(scene: &Scene) -> Vec<Outcome> {
    let Ok(daemon) = &scene.daemon else {
        return vec![Outcome::skipped("no minewall tells its mode")];
    };
    if let Some(paused) = &daemon.status.paused {
        let seen = format!("minewall is paused until {}: nothing is cut", update::time(paused.until));
        return vec![Outcome::warn(seen, "minewall resume")];
    }
    match daemon.status.mode.as_str() {
        "block" => vec![Outcome::ok("mode = \"block\": mining is cut")],
        mode => vec![Outcome::note(
            format!("mode = {mode:?}: mining is written down and let pass"),
            "once what it found was looked at (minewall incidents): mode = \"block\", and minewall reload",
        )],
    }
}
