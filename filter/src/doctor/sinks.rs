//! Whether sinks take what they are given.

use minewall_core::evidence::Notice;

use super::check::Outcome;
use super::scene::Scene;
use crate::sink;

/// Each sink by its own way, and what the daemon counts of it.
pub(super) fn reached(scene: &Scene) -> Vec<Outcome> {
    if !scene.machine.is_own {
        return Vec::new();
    }
    if scene.config.sink.is_empty() {
        return vec![Outcome::warn(
            "no sink is configured: what is found is told to nobody but the journal and `minewall top`",
            "[[sink]] in the configuration (docs/sinks.md)",
        )];
    }
    let test = scene.sends_test.then(|| test(scene));
    // At once, since each may take as long as its peer lets it.
    let reached: Vec<_> = std::thread::scope(|scope| {
        let asked: Vec<_> =
            scene.config.sink.iter().map(|sink| scope.spawn(|| sink::probe(sink, test.as_ref()))).collect();
        asked.into_iter().filter_map(|asked| asked.join().ok()).collect()
    });
    let mut outcomes: Vec<_> = reached.into_iter().map(|(name, reached)| outcome(&name, reached, scene)).collect();
    outcomes.extend(counted(scene));
    outcomes
}

fn outcome(name: &str, reached: anyhow::Result<String>, scene: &Scene) -> Outcome {
    match reached {
        Ok(how) => Outcome::ok(format!("{name}: {how}")),
        Err(error) => {
            let seen = format!("{name}: {error:#}");
            if scene.machine.is_root || !format!("{error:#}").contains("ermission denied") {
                Outcome::fail(seen, "start the peer, or mend the address; minewall check-config")
            } else {
                Outcome::skipped(format!("{seen} (of this user)"))
            }
        }
    }
}

/// What the daemon counts of its sinks. One that never had anything to send is not up, and nothing is wrong with it.
pub(super) fn counted(scene: &Scene) -> Vec<Outcome> {
    let Ok(daemon) = &scene.daemon else { return Vec::new() };
    let [lost, waiting, failures] =
        ["minewall_sink_lost_records_total", "minewall_sink_waiting_records", "minewall_sink_failures_total"]
            .map(|metric| daemon.by(metric, "sink"));
    let of =
        |all: &[(String, u64)], name: &str| all.iter().find(|(sink, _)| sink == name).map_or(0, |(_, count)| *count);
    let sink = |(name, up): (String, u64)| {
        let (lost, waiting) = (of(&lost, &name), of(&waiting, &name));
        let figures = format!("{waiting} records wait, {lost} were lost since minewall started");
        match (up, of(&failures, &name), lost) {
            (0, 1.., _) => Some(Outcome::fail(
                format!("{name}: the daemon's last attempt failed; {figures}"),
                "journalctl -u minewall (OpenWrt: logread -e minewall) says why; a spool keeps more (docs/sinks.md)",
            )),
            (_, _, 1..) => Some(Outcome::warn(
                format!("{name}: {figures}"),
                "a spool keeps what a sink cannot take in time (docs/sinks.md)",
            )),
            _ => None,
        }
    };
    daemon.by("minewall_sink_up", "sink").into_iter().filter_map(sink).collect()
}

/// The line that is sent with `--send-test`.
fn test(scene: &Scene) -> sink::Event {
    let observer = match scene.config.observer.name.as_str() {
        "" => rustix::system::uname().nodename().to_string_lossy().into_owned(),
        name => name.to_owned(),
    };
    let reason = "A test of this way by `minewall doctor --send-test`; nothing has happened".to_owned();
    let time_us = scene.now.saturating_mul(1_000_000);
    sink::Event::Notice(
        Notice { time_us, observer, action: "sink-test", severity: 6, reason, fields: Vec::new() }.into(),
    )
}
