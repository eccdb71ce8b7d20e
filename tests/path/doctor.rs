//! `minewall doctor` on the gateway of the lab: what stands in the way is found, with what helps.

use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};
use minewall_lab::addresses::Family;
use minewall_lab::{Lab, ready, until};
use serde_json::Value;

use super::{LIMIT, binary, configuration, foreign_rules, start, text_at, words};

/// A file with the configuration a daemon of this lab has.
pub(super) fn file(lab: &Lab, mode: &str, more: &str) -> Result<PathBuf> {
    let file = lab.directory().join("asks.toml");
    std::fs::write(&file, configuration(lab, mode, more))?;
    Ok(file)
}

fn run(lab: &Lab, file: &Path, more: &[&str]) -> Result<Output> {
    let all = [&["doctor", "-c", file.to_str().context("a path")?][..], more].concat();
    lab.gateway.output(binary().to_str().context("a path")?, &all, LIMIT)
}

/// The results of these checks.
fn look(lab: &Lab, file: &Path, checks: &[&str], more: &[&str]) -> Result<(Vec<Value>, Option<i32>)> {
    let checks: Vec<_> = checks.iter().flat_map(|check| ["--check", check]).collect();
    let output = run(lab, file, &[&["--format", "json"], &checks[..], more].concat())?;
    let told: Value = serde_json::from_slice(&output.stdout).with_context(|| words(&output))?;
    Ok((told["results"].as_array().cloned().unwrap_or_default(), output.status.code()))
}

/// Whether a result is of this check and state, and says these words.
fn says(results: &[Value], check: &str, state: &str, told: &[&str]) -> bool {
    results.iter().any(|result| {
        let text = format!("{} {}", text_at(result, "/seen"), text_at(result, "/remedy"));
        result["check"] == check && result["state"] == state && told.iter().all(|word| text.contains(word))
    })
}

#[test]
fn a_gateway_at_work_is_told_from_one_whose_rules_are_gone() -> Result<()> {
    if !ready("a_gateway_at_work_is_told_from_one_whose_rules_are_gone") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let minewall = start(&lab, "block", "[queue]\ncount = 2\n")?;
    let own = file(&lab, "block", "[queue]\ncount = 2\n")?;
    let (results, _) = look(&lab, &own, &[], &["--watch", "1"])?;
    for check in
        ["configuration", "daemon", "mode", "capabilities", "programs", "kernel", "queues", "drops", "rules", "marks"]
    {
        assert!(says(&results, check, "ok", &[]), "{check}: {results:#?}");
    }
    assert!(says(&results, "daemon", "ok", &[&minewall.pid().to_string()]), "{results:#?}");
    assert!(
        says(&results, "queues", "ok", &["4700 to 4701"]) && says(&results, "sinks", "ok", &["can be appended to"])
    );
    assert!(!results.iter().any(|result| result["state"] == "fail"), "{results:#?}");
    let table = run(&lab, &own, &["--check", "rules", "--check", "mode"])?;
    assert!(table.status.success() && words(&table).ends_with("2 ok\n"), "{}", words(&table));

    // Somebody else's marks: the whole mark is set, ours with it.
    foreign_rules(&lab, &["iptables -t mangle -A POSTROUTING -p icmp -j MARK --set-mark 1"])?;
    let (results, code) = look(&lab, &own, &["marks"], &[])?;
    assert!(
        code == Some(1) && says(&results, "marks", "warn", &["0x30000000", "--set-xmark 0x1/0xffffffff"]),
        "{results:#?}"
    );

    // minewall restores its rules: it is looked at in between.
    let gone = until(LIMIT, || {
        foreign_rules(
            &lab,
            &[
                "iptables -t mangle -F",
                "iptables -t filter -F",
                "iptables -t raw -F",
                "ip6tables -t mangle -F",
                "ip6tables -t filter -F",
                "ip6tables -t raw -F",
            ],
        )
        .ok()?;
        for program in ["iptables", "ip6tables"] {
            for table in ["mangle", "filter", "raw"] {
                let _ = lab.gateway.output(program, &["-w", "-t", table, "-X"], LIMIT);
            }
        }
        let (results, _) = look(&lab, &own, &["rules"], &[]).ok()?;
        says(&results, "rules", "fail", &["nothing is inspected"]).then_some(())
    });
    assert!(gone.is_some(), "{}", minewall.log());
    assert!(minewall.wait_log("they are restored", LIMIT), "{}", minewall.log());
    Ok(())
}

#[test]
fn a_queue_that_another_has_and_sinks_that_are_down_are_named() -> Result<()> {
    if !ready("a_queue_that_another_has_and_sinks_that_are_down_are_named") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let listening = lab.gateway.run(|| TcpListener::bind("127.0.0.1:0"))?;
    let dead = lab.gateway.run(|| TcpListener::bind("127.0.0.1:0"))?.local_addr()?;
    let up = listening.local_addr()?;
    let more = format!(
        "[queue]\ncount = 2\n[[sink]]\ntype = \"syslog\"\naddress = \"tcp://{up}\"\n[[sink]]\ntype = \"syslog\"\naddress = \"tcp://{dead}\"\n\
         [[sink]]\ntype = \"eve\"\npath = \"/nowhere/eve.json\"\n"
    );
    let own = file(&lab, "block", &more)?;
    let queue = lab.gateway.run(|| -> std::io::Result<nfq::Queue> {
        let mut queue = nfq::Queue::open()?;
        queue.bind(4701)?;
        Ok(queue)
    })?;
    let (results, code) = look(&lab, &own, &["daemon", "queues", "sinks"], &[])?;
    assert_eq!(code, Some(1));
    let told = [
        ("daemon", "fail", &["no minewall runs here"][..]),
        ("queues", "fail", &["queue 4701 is taken by another program", "queue.first = 4702"]),
        ("sinks", "ok", &[&up.to_string(), "takes connections"]),
        ("sinks", "fail", &[&dead.to_string(), "refused"]),
        ("sinks", "fail", &["/nowhere/eve.json"]),
        ("sinks", "ok", &["records.jsonl", "can be made"]),
    ];
    for (check, state, words) in told {
        assert!(says(&results, check, state, words), "{check} {state} {words:?}: {results:#?}");
    }
    assert!(!lab.directory().join("records.jsonl").exists(), "nothing was made");
    drop(queue);
    // Programs that other tests start may hold the socket for a moment.
    let is_free = || says(&look(&lab, &own, &["queues"], &[]).ok()?.0, "queues", "ok", &["free"]).then_some(());
    assert!(until(LIMIT, is_free).is_some(), "{:#?}", look(&lab, &own, &["queues"], &[])?.0);
    // Another user looks too, and says what it could not look at.
    let program = binary().to_str().context("a path")?;
    let as_nobody =
        ["--reuid=65534", "--regid=65534", "--clear-groups", program, "doctor", "-c", own.to_str().context("a path")?];
    let output = lab.gateway.output("setpriv", &[&as_nobody[..], &["--watch", "1"]].concat(), LIMIT)?;
    assert!(output.status.code() == Some(1) && words(&output).contains("skipped"), "{}", words(&output));
    let unknown = run(&lab, &own, &["--check", "nothing"])?;
    assert!(
        unknown.status.code() == Some(2) && words(&unknown).contains("there are: configuration, daemon"),
        "{}",
        words(&unknown)
    );
    Ok(())
}

#[test]
fn a_line_is_sent_as_a_test_only_when_it_is_asked_for() -> Result<()> {
    if !ready("a_line_is_sent_as_a_test_only_when_it_is_asked_for") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let peer = lab.gateway.run(|| UdpSocket::bind("127.0.0.1:0"))?;
    let more = format!("[[sink]]\ntype = \"syslog\"\naddress = \"udp://{}\"\n", peer.local_addr()?);
    let own = file(&lab, "block", &more)?;
    peer.set_read_timeout(Some(Duration::from_millis(300)))?;
    let mut bytes = [0; 2048];
    let (results, _) = look(&lab, &own, &["sinks"], &[])?;
    assert!(says(&results, "sinks", "ok", &["does not tell whether anybody listens"]), "{results:#?}");
    assert!(peer.recv(&mut bytes).is_err(), "nothing is sent");
    let (results, _) = look(&lab, &own, &["sinks"], &["--send-test"])?;
    assert!(says(&results, "sinks", "ok", &["took a test"]), "{results:#?}");
    peer.set_read_timeout(Some(LIMIT))?;
    let length = peer.recv(&mut bytes)?;
    let line = String::from_utf8_lossy(&bytes[..length]).into_owned();
    assert!(line.contains("sink-test") && line.contains("A test of this way"), "{line}");
    Ok(())
}

#[test]
fn forwarded_traffic_that_goes_past_the_queues_is_told() -> Result<()> {
    if !ready("forwarded_traffic_that_goes_past_the_queues_is_told") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let _minewall = start(&lab, "block", "")?;
    let own = file(&lab, "block", "")?;
    let (results, _) = look(&lab, &own, &["crossing"], &["--watch", "1"])?;
    assert!(says(&results, "crossing", "note", &[]), "{results:#?}");
    // UDP that is neither DNS nor QUIC is not looked at.
    let socket = lab.host.run(|| UdpSocket::bind("0.0.0.0:0"))?;
    socket.connect((Family::V4.internet(), 4444))?;
    let over = AtomicBool::new(false);
    let told = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                let _ = socket.send(b"hello");
                std::thread::sleep(Duration::from_micros(200));
            }
        });
        let told = until(LIMIT, || {
            let (results, _) = look(&lab, &own, &["crossing"], &["--watch", "2"]).ok()?;
            says(&results, "crossing", "warn", &["0 given to our queues", "goes past the rules", "self-test"])
                .then_some(())
        });
        over.store(true, Ordering::Relaxed);
        told
    });
    assert!(told.is_some());
    Ok(())
}
