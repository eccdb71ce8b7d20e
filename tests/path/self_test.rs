//! `minewall self-test` on the gateway of the lab: that a gateway cuts, or only observes, or does neither.

use std::path::Path;
use std::process::Output;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};
use minewall_lab::addresses::Family;
use minewall_lab::service::{NameServer, WebServer};
use minewall_lab::{Lab, Minewall, kernel, ready, until};
use serde_json::Value;

use super::doctor::file;
use super::{LIMIT, binary, foreign_rules, must, records_after, start, text_at, words};

fn run(lab: &Lab, file: &Path) -> Result<Output> {
    let arguments = ["self-test", "-c", file.to_str().context("a path")?];
    lab.gateway.output(binary().to_str().context("a path")?, &arguments, 2 * LIMIT)
}

/// Both records of a test, and that nothing else came of it.
fn records(minewall: &Minewall, from: usize, action: &str) -> Result<()> {
    let records = records_after(minewall, from, 2)?;
    assert_eq!(records.len(), 2, "{records:#?}");
    for record in &records {
        assert!(record["minewall"]["test"] == true && text_at(record, "/event/action") == action, "{record}");
        assert!(text_at(record, "/event/reason").starts_with("Self-test of minewall, no mining: "), "{record}");
        assert_eq!(text_at(record, "/source/ip"), "192.0.2.250", "{record}");
    }
    let layers: Vec<_> = records.iter().map(|record| text_at(record, "/minewall/layer")).collect();
    assert!(layers.contains(&"dns") && layers.contains(&"payload"), "{layers:?}");
    // Incidents are told at once: with the next tick of the recorder they would be there.
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(minewall.incidents()?, [] as [Value; 0], "no incident");
    Ok(())
}

/// That nothing is left of a test at the gateway.
fn is_clean(lab: &Lab) -> Result<()> {
    let links = must(&lab.gateway, "ip", &["-o", "addr"])?;
    assert!(!links.contains("mwtest") && !links.contains("192.0.2."), "{links}");
    Ok(())
}

#[test]
fn a_gateway_that_cuts_and_one_that_observes_are_proven() -> Result<()> {
    if !ready("a_gateway_that_cuts_and_one_that_observes_are_proven") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let minewall = start(&lab, "block", "[grace]\nminutes = 60\n")?;
    let own = file(&lab, "block", "")?;
    let rules = kernel::rules(&lab.gateway)?;
    let output = run(&lab, &own)?;
    let text = words(&output);
    assert!(
        output.status.success() && text.contains("4 ok") && text.contains("mining is cut here"),
        "{text}\n{}",
        minewall.log()
    );
    assert!(text.contains("\"Blocked\"") && text.contains("reset"), "{text}");
    records(&minewall, 0, "blocked")?;
    is_clean(&lab)?;
    assert_eq!(kernel::rules(&lab.gateway)?, rules, "rules are left as they were");
    minewall.reload(&super::configuration(&lab, "observe", ""))?;
    assert!(minewall.wait_log("read anew", LIMIT), "{}", minewall.log());
    let output = run(&lab, &own)?;
    let text = words(&output);
    assert!(output.status.success() && text.contains("as minewall only observes"), "{text}\n{}", minewall.log());
    records(&minewall, 2, "observed")?;
    is_clean(&lab)
}

#[test]
fn a_gateway_that_does_not_cut_is_found_out() -> Result<()> {
    if !ready("a_gateway_that_does_not_cut_is_found_out") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let own = file(&lab, "block", "")?;
    let output = run(&lab, &own)?;
    assert!(output.status.code() == Some(2) && words(&output).contains("no minewall runs here"), "{}", words(&output));
    let minewall = start(&lab, "block", "")?;
    // A firewall that lets nothing new pass: nothing can be proven.
    foreign_rules(&lab, &["iptables -A FORWARD -i mwtest-in -j DROP"])?;
    let output = run(&lab, &own)?;
    assert!(output.status.code() == Some(2) && words(&output).contains("firewall"), "{}", words(&output));
    foreign_rules(&lab, &["iptables -D FORWARD -i mwtest-in -j DROP"])?;
    // Rules that are gone, again and again: minewall restores them every few seconds.
    let over = AtomicBool::new(false);
    let output = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                let flush = ["iptables -t mangle -F", "iptables -t filter -F"];
                foreign_rules(&lab, &flush).unwrap();
            }
        });
        // Both of its questions may fall between a restoring and the next flush.
        let output = until(2 * LIMIT, || run(&lab, &own).ok().filter(|output| output.status.code() == Some(1)));
        over.store(true, Ordering::Relaxed);
        output.context("it never failed")
    })?;
    let text = words(&output);
    assert!(output.status.code() == Some(1) && text.contains("NOT cut") && text.contains("minewall doctor"), "{text}");
    is_clean(&lab)?;
    assert!(minewall.wait_log("they are restored", LIMIT), "{}", minewall.log());
    Ok(())
}

#[test]
fn from_a_machine_inside_it_is_proven_with_one_login_and_one_question() -> Result<()> {
    if !ready("from_a_machine_inside_it_is_proven_with_one_login_and_one_question") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let _web = WebServer::start(&lab)?;
    let _names = NameServer::start(&lab)?;
    let outside = Family::V4.internet();
    let (to, dns) = (format!("{outside}:80"), outside.to_string());
    let arguments = ["self-test", "--to", &to, "--dns", &dns];
    let try_it = || lab.host.output(binary().to_str().context("a path")?, &arguments, 2 * LIMIT);
    let output = try_it()?;
    assert!(output.status.code() == Some(1) && words(&output).contains("was not cut"), "{}", words(&output));
    let minewall = start(&lab, "block", "")?;
    let output = try_it()?;
    assert!(output.status.success() && words(&output).contains("2 ok"), "{}\n{}", words(&output), minewall.log());
    let told = records_after(&minewall, 0, 2)?;
    assert!(told.iter().all(|record| record["minewall"]["test"] == true), "{told:#?}");
    Ok(())
}
