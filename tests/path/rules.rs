//! The kernel's rules: ours and those of others.

use anyhow::{Context as _, Result};
use minewall_lab::addresses::Family;
use minewall_lab::login::{Manner, login_of};
use minewall_lab::pool::{Options, Pool};
use minewall_lab::service::{BIG_BYTES, WebServer};
use minewall_lab::{Lab, kernel, ready};

use super::{LIMIT, curl, foreign_rules, must, must_be_cut, start, url};

/// Rules in every table and hook that ours are in, and beside them.
const FOREIGN: [&str; 8] = [
    "iptables -t mangle -A FORWARD -p udp --dport 9999 -j ACCEPT",
    "iptables -t filter -A FORWARD -p tcp --dport 25 -j REJECT --reject-with tcp-reset",
    "iptables -t filter -N guests",
    "iptables -t filter -I INPUT -p tcp --dport 22 -j ACCEPT",
    "iptables -t raw -A OUTPUT -p udp --sport 9999 -j NOTRACK",
    "ip6tables -t mangle -A PREROUTING -p udp --dport 9999 -j MARK --set-mark 0x7",
    "ip6tables -t filter -A FORWARD -p tcp --dport 25 -j DROP",
    "ip6tables -t raw -A OUTPUT -p udp --sport 9999 -j NOTRACK",
];

const FOREIGN_TABLE: &str =
    "table inet guest { chain forward { type filter hook forward priority 5; udp dport 9998 drop; }; }";

#[test]
fn the_rules_after_the_stop_are_those_before_the_start() -> Result<()> {
    if !ready("the_rules_after_the_stop_are_those_before_the_start") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let before = kernel::rules(&lab.gateway)?;
    let mut minewall = start(&lab, "block", "")?;
    assert_ne!(kernel::rules(&lab.gateway)?, before, "no rules were loaded");
    assert!(minewall.stop()?.success(), "{}", minewall.log());
    assert_eq!(kernel::rules(&lab.gateway)?, before);
    assert!(!minewall.log().contains("ERROR"), "{}", minewall.log());
    Ok(())
}

#[test]
fn rules_that_others_add_meanwhile_stay() -> Result<()> {
    if !ready("rules_that_others_add_meanwhile_stay") {
        return Ok(());
    }
    // What the same rules look like where minewall never was.
    let untouched = Lab::new()?;
    foreign_rules(&untouched, &FOREIGN)?;
    must(&untouched.gateway, "nft", &[FOREIGN_TABLE])?;
    let expected = kernel::rules(&untouched.gateway)?;
    drop(untouched);

    let lab = Lab::new()?;
    // Half of them are there before it starts.
    let (early, late) = FOREIGN.split_at(FOREIGN.len() / 2);
    foreign_rules(&lab, early)?;
    let mut minewall = start(&lab, "block", "")?;
    foreign_rules(&lab, late)?;
    must(&lab.gateway, "nft", &[FOREIGN_TABLE])?;
    minewall.reload(&super::configuration(&lab, "block", "[tcp]\naction = \"drop\"\n"))?;
    assert!(minewall.wait_log("read anew", LIMIT), "{}", minewall.log());
    assert!(minewall.stop()?.success(), "{}", minewall.log());
    assert_eq!(kernel::rules(&lab.gateway)?, expected);
    Ok(())
}

#[test]
fn bits_of_others_in_marks_stay() -> Result<()> {
    if !ready("bits_of_others_in_marks_stay") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let _web = WebServer::start(&lab)?;
    // Somebody's policy routing: bits of each packet and of its connection, to be found as they were on leaving.
    for program in ["iptables", "ip6tables"] {
        foreign_rules(
            &lab,
            &[
                &format!("{program} -t mangle -A PREROUTING -p tcp -j MARK --set-xmark 0x41234567/0xffffffff"),
                &format!("{program} -t mangle -A PREROUTING -p tcp -j CONNMARK --set-xmark 0x0abc/0x0fff"),
                &format!("{program} -t mangle -A POSTROUTING -p tcp -m mark ! --mark 0x41234567"),
                &format!("{program} -t mangle -A POSTROUTING -p tcp -m mark --mark 0x41234567"),
            ],
        )?;
    }
    let _minewall = start(&lab, "block", "")?;
    for (family, program) in Family::BOTH.into_iter().zip(["iptables", "ip6tables"]) {
        let arguments = ["-o", "/dev/null", "-w", "%{size_download}", &url(family.internet(), "big")];
        assert_eq!(curl(&lab.host, &arguments)?, BIG_BYTES.to_string());
        let saved = must(&lab.gateway, &format!("{program}-save"), &["-c", "-t", "mangle"])?;
        let packets = |rule: &str| -> Result<u64> {
            let line = saved.lines().find(|line| line.contains("-A POSTROUTING") && line.contains(rule));
            let line = line.with_context(|| format!("no {rule} in {saved}"))?;
            Ok(line.trim_start_matches('[').split(':').next().unwrap_or_default().parse()?)
        };
        assert_eq!(packets("! --mark 0x41234567")?, 0, "packets left with other marks than they came with: {saved}");
        assert!(packets("mark --mark 0x41234567")? > 10, "{saved}");
        let entries = kernel::connections_to(&lab.gateway, family.internet(), 80)?;
        assert!(!entries.is_empty());
        for entry in entries {
            let mark = entry.split_whitespace().find_map(|word| word.strip_prefix("mark=")).unwrap_or_default();
            let mark: u32 = mark.parse()?;
            assert_eq!(mark, 0x1000_0abc, "settled, and their bits as they were: {entry}");
        }
    }
    Ok(())
}

#[test]
fn rules_that_another_program_removed_are_put_back() -> Result<()> {
    if !ready("rules_that_another_program_removed_are_put_back") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let pool = Pool::start(&lab, Options::default())?;
    let minewall = start(&lab, "block", "")?;
    let loaded = kernel::rules(&lab.gateway)?;
    let login = login_of("xmrig").context("xmrig")?;
    for (nth, commands) in [
        &["iptables -t mangle -F", "iptables -t mangle -X"][..],
        &["ip6tables -t filter -F", "ip6tables -t filter -X"],
        &["iptables -t filter -F FORWARD"],
        &["iptables -t mangle -F", "ip6tables -t mangle -F", "iptables -t filter -F", "ip6tables -t filter -F"],
    ]
    .into_iter()
    .enumerate()
    {
        foreign_rules(&lab, commands)?;
        let told = minewall_lab::until(LIMIT, || {
            (minewall.log().matches("removed or changed the kernel rules").count() > nth).then_some(())
        });
        assert!(told.is_some(), "{commands:?} went unnoticed: {}", minewall.log());
        // It may have looked after them between two commands, and does again.
        let restored = || (kernel::rules(&lab.gateway).ok()? == loaded).then_some(());
        assert!(
            minewall_lab::until(LIMIT, restored).is_some(),
            "behind {commands:?}: {:?}",
            kernel::rules(&lab.gateway)?
        );
        for family in Family::BOTH {
            must_be_cut(&lab, family, login, Manner::Lines);
        }
    }
    assert!(pool.sessions().iter().all(|session| session.lines().is_empty()));
    Ok(())
}
