//! The rules in a real kernel, in network namespaces of our own. Root is needed; without it these tests say so and pass.

mod lab;
mod learned;
mod offload;
mod refusal;
mod traffic;

use std::mem;

use minewall_core::config::{Backend, Config, Mark};
use minewall_core::ruleset::{self, Ruleset};

use super::iptables::Tables;
use super::{Loader, Plane, choose, command, nft, print};
use lab::{Namespace, root, sh};
use minewall_lists::{Builder, Lists};

/// What the administrator has in place: rules in every table we touch, and marks of others.
const FOREIGN: &str = "*raw\n-A PREROUTING -j MARK --set-xmark 0x5/0xf\n-A OUTPUT -p udp -j ACCEPT\nCOMMIT\n\
    *mangle\n:pbr - [0:0]\n-A PREROUTING -j pbr\n-A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu\n-A INPUT -j pbr\nCOMMIT\n\
    *filter\n:FORWARD DROP [0:0]\n-A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT\n-A INPUT -i lo -j ACCEPT\nCOMMIT\n";

/// What the administrator adds while we run.
const ADDED: &str = "*mangle\n-A FORWARD -p udp -j ACCEPT\n-A PREROUTING -i eth7 -j pbr\nCOMMIT\n*raw\n-I OUTPUT 1 -p tcp -j ACCEPT\nCOMMIT\n\
    *filter\n-A FORWARD -p icmp -j ACCEPT\nCOMMIT\n";

pub(super) const VARIANTS: [&str; 2] = ["-legacy", "-nft"];

/// A plane of one variant of iptables; none, said loudly, where this machine has not got it.
pub(super) fn iptables_plane(variant: &'static str, config: &Config) -> Option<Plane> {
    iptables_plane_of(variant, config, &no_lists())
}

/// The same with lists.
pub(super) fn iptables_plane_of(variant: &'static str, config: &Config, lists: &Lists) -> Option<Plane> {
    let rules = Ruleset::new(config, super::queues(config)).refusing(config, lists);
    match Tables::of(variant, &rules) {
        Ok((tables, notes)) => Some(Plane::new(config, rules, Loader::Iptables(tables), notes)),
        Err(error) => {
            minewall_lab::skipped(&format!("iptables{variant}"), format_args!("{error:#}"));
            None
        }
    }
}

/// A plane of nft itself; none, said loudly, where the kernel has not got what it needs.
pub(super) fn nft_plane(config: &Config) -> Option<Plane> {
    nft_plane_of(config, &no_lists())
}

/// The same with lists.
pub(super) fn nft_plane_of(config: &Config, lists: &Lists) -> Option<Plane> {
    let rules = Ruleset::new(config, super::queues(config)).refusing(config, lists);
    match nft::check(&rules) {
        Ok(()) => Some(Plane::new(config, rules, Loader::Nft, Vec::new())),
        Err(error) => {
            minewall_lab::skipped("nft", format_args!("{error:#}"));
            None
        }
    }
}

/// Nothing is listed.
fn no_lists() -> Lists {
    Builder::new().build()
}

/// Both families' rules without counters and dates.
fn saved(variant: &str) -> String {
    let save = |program: &str| command::run(&format!("{program}{variant}-save"), &[], "").unwrap();
    let text = save("iptables") + &save("ip6tables");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| if line.starts_with(':') { line.split(" [").next().unwrap() } else { line }.to_owned() + "\n")
        .collect()
}

fn add(variant: &str, rules: &str) {
    for program in ["iptables", "ip6tables"] {
        command::run(&format!("{program}{variant}-restore"), &["-w", "5", "--noflush"], rules).unwrap();
    }
}

/// The rules a gateway would have that never saw us.
fn twin(variant: &'static str) -> String {
    Namespace::new().inside(|| {
        add(variant, FOREIGN);
        add(variant, ADDED);
        saved(variant)
    })
}

#[test]
fn only_our_rules_go_and_all_of_them() {
    if !root() {
        return;
    }
    for variant in VARIANTS {
        let expected = twin(variant);
        Namespace::new().inside(|| {
            add(variant, FOREIGN);
            let before = saved(variant);
            let Some(plane) = iptables_plane(variant, &Config::default()) else { return };
            let loaded = plane.load().unwrap();
            assert_ne!(saved(variant), before);
            assert!(loaded.is_present().unwrap());
            loaded.unload().unwrap();
            assert_eq!(saved(variant), before);

            let loaded = iptables_plane(variant, &Config::default()).unwrap().load().unwrap();
            add(variant, ADDED);
            assert!(loaded.is_present().unwrap(), "rules of others do not matter");
            drop(loaded);
            assert_eq!(saved(variant), expected);
        });
    }
}

#[test]
fn a_crashed_run_is_replaced() {
    if !root() {
        return;
    }
    for variant in VARIANTS {
        Namespace::new().inside(|| {
            add(variant, FOREIGN);
            let before = saved(variant);
            let Some(plane) = iptables_plane(variant, &Config::default()) else { return };
            mem::forget(plane.load().unwrap());
            let once = saved(variant);
            let old = "*mangle\n:MINEWALL_OLD - [0:0]\n-A FORWARD -j MINEWALL_OLD\n-A MINEWALL_OLD -j ACCEPT\nCOMMIT\n";
            add(variant, old);
            let loaded = iptables_plane(variant, &Config::default()).unwrap().load().unwrap();
            assert_eq!(saved(variant), once);
            loaded.unload().unwrap();
            assert_eq!(saved(variant), before);
        });
    }
}

#[test]
fn lost_or_displaced_rules_are_noticed_and_restored() {
    if !root() {
        return;
    }
    for variant in VARIANTS {
        Namespace::new().inside(|| {
            let Some(plane) = iptables_plane(variant, &Config::default()) else { return };
            let mut loaded = plane.load().unwrap();
            for harm in ["-t filter -I FORWARD 1 -j ACCEPT", "-t mangle -F PREROUTING", "-t filter -F MINEWALL_CUT"] {
                sh(&format!("iptables{variant} -w 5 {harm}"));
                assert!(!loaded.is_present().unwrap(), "{harm} was not noticed");
                loaded.restore().unwrap();
                assert!(loaded.is_present().unwrap(), "{harm} was not repaired");
            }
        });
    }
}

#[test]
fn a_half_loaded_ruleset_is_undone() {
    if !root() {
        return;
    }
    Namespace::new().inside(|| {
        let Some(plane) = iptables_plane("-nft", &Config::default()) else { return };
        let save_four = || command::run("iptables-nft-save", &[], "").unwrap();
        command::run("iptables-nft-restore", &["--noflush"], FOREIGN).unwrap();
        // a table of this name that ip6tables cannot use: IPv4 is loaded before this is found out
        command::run("nft", &["-f", "-"], "table ip6 mangle {\n chain FORWARD {\n }\n}\n").unwrap();
        let error = plane.load().unwrap_err();
        assert!(format!("{error:#}").contains("cannot load the kernel rules with iptables-nft"), "{error:#}");
        assert!(!save_four().contains("MINEWALL_"), "{}", save_four());
        assert!(save_four().contains("clamp-mss-to-pmtu"));
    });
}

#[test]
fn rules_are_replaced_and_kept_when_the_new_ones_fail() {
    if !root() {
        return;
    }
    Namespace::new().inside(|| {
        let Some(plane) = iptables_plane("-nft", &Config::default()) else { return };
        let mut other = Config::default();
        other.kernel.mark = Mark { cleared: 1, cut: 2 };
        let mut loaded = plane.load().unwrap();
        loaded.replace(iptables_plane("-nft", &other).unwrap()).unwrap();
        assert!(loaded.is_present().unwrap());
        let text = saved("-nft");
        assert!(text.contains("0x3") && !text.contains("0x30000000"));

        let missing = Plane { loader: Loader::Nft, ..iptables_plane("-nft", &Config::default()).unwrap() };
        if nft::check(&missing.rules).is_err() {
            let error = loaded.replace(missing).unwrap_err();
            assert!(format!("{error:#}").contains("nft \"queue\" expression"), "{error:#}");
            assert_eq!(saved("-nft"), text);
        } else {
            loaded.replace(missing).unwrap();
            assert!(loaded.is_present().unwrap());
            assert!(!saved("-nft").contains("MINEWALL_"), "the old backend's rules are gone");
        }
    });
}

#[test]
fn nft_loads_and_unloads() {
    if !root() {
        return;
    }
    Namespace::new().inside(|| {
        let list = || command::run("nft", &["list", "ruleset"], "").unwrap();
        let load = |text: &str| command::run("nft", &["-f", "-"], text).unwrap();
        load("table inet fw4 {\n chain forward {\n type filter hook forward priority 0; policy drop;\n }\n}\n");
        let before = list();
        let Some(plane) = nft_plane(&Config::default()) else { return };
        mem::forget(plane.clone().load().unwrap());
        let mut loaded = plane.load().unwrap();
        assert!(loaded.is_present().unwrap());
        assert_eq!(list().matches("chain prerouting").count(), 1);
        sh("nft flush chain inet minewall judge");
        assert!(!loaded.is_present().unwrap());
        sh("nft flush ruleset");
        assert!(!loaded.is_present().unwrap());
        loaded.restore().unwrap();
        assert!(loaded.is_present().unwrap());
        load(&before);
        loaded.unload().unwrap();
        assert_eq!(list(), before);
    });
}

/// Where the kernel has no queue expression, everything else of the rules is still put to the test.
#[test]
fn nft_understands_all_but_the_queue() {
    if !root() {
        return;
    }
    Namespace::new().inside(|| {
        let text = ruleset::nft(&Ruleset::new(&Config::default(), 4));
        let text = text.replace("queue flags bypass to 4700-4703", "accept");
        assert!(!text.contains("bypass"));
        command::run("nft", &["-f", "-"], &text).unwrap();
        command::run("nft", &["list", "ruleset"], "").unwrap();
        command::run("nft", &["-f", "-"], &ruleset::nft_remove()).unwrap();
        assert_eq!(command::run("nft", &["list", "ruleset"], "").unwrap(), "");
    });
}

#[test]
fn auto_prefers_nft_and_says_why_not() {
    if !root() {
        return;
    }
    Namespace::new().inside(|| {
        let mut config = Config::default();
        let plane = choose(&config, &no_lists()).unwrap();
        config.kernel.backend = Backend::Nft;
        match choose(&config, &no_lists()) {
            Ok(nft) => {
                assert_eq!((plane.backend(), nft.backend()), ("nft".to_owned(), "nft".to_owned()));
                assert_eq!(plane.notes(), [""; 0]);
            }
            Err(error) => {
                assert!(plane.backend().starts_with("iptables"));
                assert!(plane.notes()[0].contains("passed over"), "{:?}", plane.notes());
                let text = format!("{error:#}");
                assert!(text.contains("missing kernel feature: nft \"queue\" expression (CONFIG_NFT_QUEUE"), "{text}");
            }
        }
        let loaded = plane.load().unwrap();
        assert!(loaded.is_present().unwrap());
        assert!(!loaded.plane().backend().is_empty());
    });
}

#[test]
fn what_is_printed_needs_no_kernel() {
    let mut config = Config::default();
    config.queue.count = 4;
    config.kernel.backend = Backend::Nft;
    assert_eq!(print(&config, &no_lists()).unwrap(), include_str!("../../../tests/golden/ruleset/campus.nft"));
    config.kernel.backend = Backend::Iptables;
    let text = print(&config, &no_lists()).unwrap();
    assert!(text.contains(include_str!("../../../tests/golden/ruleset/campus.v4.iptables")));
    assert!(text.contains(include_str!("../../../tests/golden/ruleset/campus.v6.iptables")));
}

#[test]
fn a_missing_program_is_named() {
    let error = command::run("minewall-no-such-program", &[], "").unwrap_err();
    assert_eq!(error.to_string(), "there is no program \"minewall-no-such-program\"; install its package");
}
