//! What the kernel and the machine must have.

use minewall_core::config::{Backend, Bridge};

use super::check::Outcome;
use super::scene::Scene;
use crate::{capability, kernel, settings};

/// Whether the daemon has its capabilities.
pub(super) fn capabilities(scene: &Scene) -> Vec<Outcome> {
    let process = scene.process();
    let whose = process.map_or_else(|| "self".to_owned(), |process| process.to_string());
    let status = scene.machine.text(&format!("/proc/{whose}/status"));
    let missing = match capability::missing(&status) {
        Ok(missing) => missing,
        Err(why) => return vec![Outcome::skipped(why)],
    };
    let of = process.map_or_else(|| "this process".to_owned(), |process| format!("the daemon (process {process})"));
    if missing.is_empty() {
        return vec![Outcome::ok(format!("{of} has all it needs"))];
    }
    let seen = format!("{of} lacks {}", missing.join(", "));
    match process {
        Some(_) => vec![Outcome::fail(seen, "AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW in the systemd unit")],
        None => vec![Outcome::note(format!("{seen}: much cannot be looked at"), "sudo minewall doctor")],
    }
}

/// Whether the programs that load rules are there.
pub(super) fn programs(scene: &Scene) -> Vec<Outcome> {
    let is_there = |program: &str| match scene.machine.run(program, &["--version"]) {
        Ok(said) => Some(said.lines().next().unwrap_or(program).trim().to_owned()),
        Err(_) => None,
    };
    let (nft, four, six) = (is_there("nft"), is_there("iptables"), is_there("ip6tables"));
    let wanted = scene.config.kernel.backend;
    let found = [&nft, &four, &six].into_iter().flatten().cloned().collect::<Vec<_>>().join(", ");
    match (wanted, nft.is_some(), four.is_some()) {
        (Backend::Nft, false, _) => vec![Outcome::fail("there is no nft", "apt-get install nftables")],
        (Backend::Iptables, _, false) => vec![Outcome::fail("there is no iptables", "apt-get install iptables")],
        (Backend::Auto, false, false) => {
            vec![Outcome::fail("there is neither nft nor iptables", "apt-get install nftables")]
        }
        (Backend::Iptables, _, true) | (Backend::Auto, false, true) if six.is_none() => {
            vec![Outcome::warn(format!("{found}; no ip6tables: IPv6 is not looked at"), "apt-get install iptables")]
        }
        _ => vec![Outcome::ok(found)],
    }
}

/// Whether the kernel has what is needed.
pub(super) fn features(scene: &Scene) -> Vec<Outcome> {
    let machine = &scene.machine;
    let mut outcomes = Vec::new();
    for (file, what, module) in [
        (
            "/proc/self/net/netfilter/nfnetlink_queue",
            "queues for packets (CONFIG_NETFILTER_NETLINK_QUEUE)",
            "nfnetlink_queue",
        ),
        ("/proc/sys/net/netfilter/nf_conntrack_max", "tracking of connections (CONFIG_NF_CONNTRACK)", "nf_conntrack"),
    ] {
        if !machine.exists(file) {
            let remedy = format!("modprobe {module} (OpenWrt: opkg install kmod-nft-queue, or apk add)");
            outcomes.push(Outcome::fail(format!("the kernel has no {what}: there is no {file}"), &remedy));
        }
    }
    match &scene.daemon {
        Ok(daemon) => outcomes.push(Outcome::ok(format!("its rules are loaded by {}", daemon.status.backend))),
        // To try chains makes the kernel drop what waits in queues: only while nobody runs.
        Err(_) if scene.machine.is_own && scene.machine.is_root && scene.config_error.is_none() => {
            let lists = scene.lists().map_err(settings::again);
            match lists.and_then(|lists| kernel::choose(&scene.config, lists)) {
                Ok(plane) => {
                    outcomes.push(Outcome::ok(format!("the kernel would take the rules by {}", plane.backend())));
                    outcomes.extend(plane.notes().iter().map(|note| Outcome::note(note.clone(), "")));
                }
                Err(error) => outcomes.push(Outcome::fail(format!("{error:#}"), "load the module that is named")),
            }
        }
        Err(_) => outcomes.push(Outcome::skipped(
            "whether it takes the rules is tried by root, with a sound configuration, while no minewall runs",
        )),
    }
    outcomes
}

/// Whether bridged packets are shown to the rules.
pub(super) fn bridged(scene: &Scene) -> Vec<Outcome> {
    if !scene.machine.is_own {
        return Vec::new();
    }
    let bridges = kernel::bridge::bridges();
    if bridges.is_empty() {
        return vec![Outcome::ok("there is no bridge with two ports")];
    }
    let obstacles = kernel::bridge::obstacles(&bridges);
    if obstacles.is_empty() {
        return vec![Outcome::ok("what passes between ports of bridges is shown to the rules")];
    }
    let outcome = |seen: String| match scene.config.kernel.bridge {
        Bridge::On => {
            Outcome::fail(seen, "start minewall: it sets br_netfilter itself (Debian's package: docs/bridge.md)")
        }
        Bridge::Auto => Outcome::note(
            seen,
            "kernel.bridge = \"on\" if hosts are beyond a port (Debian's package: docs/bridge.md), then restart minewall",
        ),
        Bridge::Off => Outcome::note(seen, ""),
    };
    obstacles.into_iter().map(outcome).collect()
}
