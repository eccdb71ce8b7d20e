//! Clock, memory, disk.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use minewall_core::config::Sink;
use rustix::fs::statvfs;

use super::check::Outcome;
use super::scene::Scene;

/// Seconds since 1970 of 2026-01-01: before this program was written no clock is right.
const WRITTEN: i64 = 1_767_225_600;

/// Bytes below which a disk is nearly full, and percents.
const ROOM: u64 = 64 << 20;
const PERCENT: u64 = 5;

/// KiB of memory below which it is short.
const MEMORY_KIB: u64 = 16 << 10;

/// Whether the clock is set by a time server.
pub(super) fn clock(scene: &Scene) -> Vec<Outcome> {
    const REMEDY: &str = "apt-get install chrony, or timedatectl set-ntp true (OpenWrt: service sysntpd restart)";
    if scene.now < WRITTEN {
        return vec![Outcome::fail("the clock is before 2026: no time in the evidence is right", REMEDY)];
    }
    let machine = &scene.machine;
    if machine.exists("/run/systemd/timesync/synchronized") {
        return vec![Outcome::ok("set by systemd-timesyncd")];
    }
    if let Ok(told) = machine.run("chronyc", &["-n", "tracking"]) {
        let of = |name: &str| {
            let line = told.lines().find(|line| line.starts_with(name))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        };
        let offset = of("System time").unwrap_or_default();
        return match of("Leap status") {
            Some(status) if status == "Normal" => vec![Outcome::ok(format!("set by chrony; {offset}"))],
            Some(status) => vec![Outcome::warn(format!("chrony says: {status}"), "chronyc sources -v")],
            None => vec![Outcome::skipped("chrony tells nothing of its state")],
        };
    }
    if let Ok(told) = machine.run("ntpq", &["-c", "rv 0 leap,stratum"]) {
        return if told.contains("leap=11") || told.contains("leap_alarm") {
            vec![Outcome::warn("ntpd has set nothing yet", "ntpq -p")]
        } else {
            vec![Outcome::ok("set by ntpd")]
        };
    }
    match machine.run("timedatectl", &["show", "-p", "NTPSynchronized", "--value"]) {
        Ok(told) if told.trim() == "yes" => return vec![Outcome::ok("set by a time server, timedatectl says")],
        Ok(told) if told.trim() == "no" => {
            return vec![Outcome::warn("no time server has set the clock, timedatectl says", REMEDY)];
        }
        _ => {}
    }
    let is_ntpd = |pid: &String| {
        pid.bytes().all(|byte| byte.is_ascii_digit())
            && ["ntpd", "chronyd", "openntpd"].contains(&machine.text(&format!("/proc/{pid}/comm")).trim())
    };
    if machine.names("/proc").iter().any(is_ntpd) {
        return vec![Outcome::note(
            "a time server's client runs; whether it has set the clock is not told",
            "logread -e ntpd",
        )];
    }
    vec![Outcome::warn("nothing here sets the clock by a time server, as far as can be seen", REMEDY)]
}

/// Whether there is memory left.
pub(super) fn memory(scene: &Scene) -> Vec<Outcome> {
    let kib = |text: &str, name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim_start_matches(':').trim().trim_end_matches("kB").trim().parse::<u64>().ok()
    };
    let all = scene.machine.text("/proc/meminfo");
    let (Some(total), Some(left)) = (kib(&all, "MemTotal"), kib(&all, "MemAvailable")) else {
        return vec![Outcome::skipped("the kernel tells no MemAvailable")];
    };
    let process = scene.process();
    let held = process.and_then(|process| kib(&scene.machine.text(&format!("/proc/{process}/status")), "VmRSS"));
    let held = held.map(|kib| format!("; minewall holds {} MiB", kib / 1024)).unwrap_or_default();
    let seen = format!("{} of {} MiB left{held}", left / 1024, total / 1024);
    if left < MEMORY_KIB || left.saturating_mul(100) / total.max(1) < PERCENT {
        return vec![Outcome::warn(seen, "smaller lists (lists.feed), fewer look.flows, a journal of its own machine")];
    }
    vec![Outcome::ok(seen)]
}

/// Whether there is room where evidence is kept.
pub(super) fn disk(scene: &Scene) -> Vec<Outcome> {
    let config = &scene.config;
    let mut places = BTreeSet::new();
    let mut add = |path: &str| {
        if path.starts_with('/') {
            places.insert(PathBuf::from(path));
        }
    };
    add(&config.journal.directory);
    if !config.lists.feed.is_empty() {
        add(&config.lists.update.directory);
    }
    for sink in &config.sink {
        sink.spool().into_iter().for_each(|spool| add(spool.directory));
        if let Sink::File(file) = sink {
            add(&file.path);
        }
    }
    if places.is_empty() || !scene.machine.is_own {
        return vec![Outcome::ok("nothing is kept on a disk")];
    }
    places.iter().map(|place| room(place)).collect()
}

/// The room of the file system that the path, or the nearest directory above that there is, stands on.
fn room(path: &Path) -> Outcome {
    let there = path.ancestors().find(|path| path.exists()).unwrap_or(path);
    let (place, there) = (path.display(), there.display());
    let stat = match statvfs(path.ancestors().find(|path| path.exists()).unwrap_or(path)) {
        Ok(stat) => stat,
        Err(error) => return Outcome::skipped(format!("{place}: {error}")),
    };
    let (left, all) = (stat.f_bavail.saturating_mul(stat.f_frsize), stat.f_blocks.saturating_mul(stat.f_frsize));
    let seen = format!("{place}: {} MiB left of {} MiB", left >> 20, all >> 20);
    if left < ROOM || left.saturating_mul(100) / all.max(1) < PERCENT {
        let remedy =
            format!("du -x {there} | sort -n | tail; smaller journal.records_bytes, logrotate, or a larger disk");
        return Outcome::warn(seen, &remedy);
    }
    Outcome::ok(seen)
}
