//! Flow offload of others: connections that leave by a flowtable are seen by nobody.

use minewall_core::config::Offload;
use minewall_core::ruleset::{COMMENT, Pending};

use super::check::Outcome;
use super::machine::is_missing;
use super::scene::Scene;

/// Whether connections are held back from flowtables of others until they are settled.
pub(super) fn held(scene: &Scene) -> Vec<Outcome> {
    let text = match &scene.rules().nft {
        Ok(text) => text,
        Err(error) if is_missing(error) => return vec![Outcome::ok("there is no nft, hence no flowtable")],
        Err(error) => return vec![Outcome::skipped(format!("the rules cannot be read: {error:#}"))],
    };
    let Pending { chains, repair } = Pending::new(text, &scene.config);
    let uci = uci(scene);
    let is_hardware = text.contains("flags offload") || uci.is_some_and(|(_, hardware)| hardware);
    if chains.is_empty() {
        return match uci {
            Some((true, _)) => vec![Outcome::note(
                "the firewall is to offload flows (uci firewall.@defaults[0].flow_offloading), and no rule does yet",
                "service firewall reload, then look again",
            )],
            _ => vec![Outcome::ok("nobody offloads flows")],
        };
    }
    let who = chains.join(", ");
    if scene.config.kernel.offload == Offload::Off {
        return vec![Outcome::fail(
            format!("{who} offloads flows, and kernel.offload = \"off\": what they take is not looked at"),
            "kernel.offload = \"auto\", then minewall reload",
        )];
    }
    if !repair.is_empty() {
        return vec![Outcome::fail(
            format!("{who} offloads flows before they are looked at: mining on them passes unseen"),
            "start minewall, or wait 5 seconds: it puts rules of its own ahead (docs/decisions/0009); or service firewall \
             restart without flow offloading",
        )];
    }
    let seen = format!("{who} offloads flows; rules of ours ahead keep them until they are settled");
    if is_hardware {
        return vec![Outcome::note(
            format!("{seen}. It is hardware offload: the same rules hold it, which was not measured on such hardware"),
            "minewall self-test proves it",
        )];
    }
    vec![Outcome::ok(seen)]
}

/// Whether the firewall of OpenWrt is to offload, and by hardware; none where there is no UCI.
fn uci(scene: &Scene) -> Option<(bool, bool)> {
    let option = |name: &str| {
        let told = scene.machine.run("uci", &["-q", "get", &format!("firewall.@defaults[0].{name}")]);
        told.is_ok_and(|value| ["1", "yes", "on", "true", "enabled"].contains(&value.trim()))
    };
    scene.machine.exists("/etc/config/firewall").then(|| (option("flow_offloading"), option("flow_offloading_hw")))
}

/// Whether packets of connections are counted, where rules of ours ahead of a flowtable go by that.
pub(super) fn acct(scene: &Scene) -> Vec<Outcome> {
    let acct = scene.machine.number("/proc/sys/net/netfilter/nf_conntrack_acct");
    // What a rule of ours in a chain of others is known by.
    let ours = format!("comment \"{COMMENT}");
    let is_used = scene.rules().nft.as_ref().is_ok_and(|text| text.contains(&ours));
    match (acct, is_used) {
        (Some(0), true) => vec![Outcome::fail(
            "net.netfilter.nf_conntrack_acct is 0, and rules that keep flows from a flowtable go by the packets of a connection: they hold nothing",
            "sysctl -w net.netfilter.nf_conntrack_acct=1, and in /etc/sysctl.d/60-minewall.conf",
        )],
        (Some(0), false) => vec![Outcome::ok("not counted, and no rule goes by it")],
        (Some(_), _) => vec![Outcome::ok("counted")],
        (None, _) => {
            vec![Outcome::skipped("there is no net.netfilter.nf_conntrack_acct: connection tracking is not loaded")]
        }
    }
}
