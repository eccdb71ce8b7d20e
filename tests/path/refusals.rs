//! Starts that must fail: one clear error that names the thing and the remedy, and a kernel left as it was.

use std::fs;
use std::process::Output;

use anyhow::Result;
use minewall_lab::{Lab, Minewall, finish_within, kernel, ready};

use super::{LIMIT, binary, configuration, start, words};

/// The start failed with one error that holds these words; the kernel's rules are these.
fn must_be_refused(output: &Output, expected: &[&str], lab: &Lab, rules: &kernel::Rules) -> Result<()> {
    let said = words(output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    let errors = said.lines().filter(|line| line.starts_with("minewall: ")).count();
    assert_eq!(errors, 1, "one error: {said}");
    for noise in ["panicked", "ERROR", "RUST_BACKTRACE", "minewall: ready"] {
        assert!(!said.contains(noise), "{said}");
    }
    for word in expected {
        assert!(said.contains(word), "no {word:?} in {said}");
    }
    assert_eq!(kernel::rules(&lab.gateway)?, *rules, "the kernel is as it was: {said}");
    Ok(())
}

#[test]
fn a_bad_configuration_is_refused_with_its_place() -> Result<()> {
    if !ready("a_bad_configuration_is_refused_with_its_place") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let rules = kernel::rules(&lab.gateway)?;
    let place = lab.directory().display().to_string();
    let sink = |text: &str| format!("[[sink]]\n{text}\n");
    for (mode, more, expected) in [
        ("blok", String::new(), &["line 1", "blok", "observe", &*place][..]),
        ("block", "[dns]\nacton = \"drop\"\n".into(), &["line 3", "acton", "action", &place]),
        ("block", "[look]\nbytes = 9\n".into(), &["look.bytes", "512 to 32768", &place]),
        ("block", "[dns]\naction = \"sinkhole\"\n".into(), &["dns.sinkhole", "192.0.2.1"]),
        ("block", "[[lists.file]]\nname = \"own\"\npath = \"/no/such.list\"\n".into(), &["own", "/no/such.list"]),
        ("block", sink("type = \"file\"\npath = \"/proc/no/records.jsonl\""), &["/proc/no/records.jsonl"]),
        (
            "block",
            sink("type = \"syslog\"\naddress = \"unix:/dev/log\"\nfacility = \"locl4\""),
            &["locl4", "facility", "local4"],
        ),
        ("block", sink("type = \"syslog\"\naddress = \"dev/log\""), &["dev/log", "unix:/dev/log"]),
        ("block", "[kernel]\nmark = \"0x7\"\n".into(), &["line 3", "two bits"]),
    ] {
        let output = Minewall::refuse(&lab, binary(), &configuration(&lab, mode, &more), LIMIT)?;
        must_be_refused(&output, expected, &lab, &rules)?;
    }
    let absent = lab.directory().join("absent.toml").display().to_string();
    let output = lab.gateway.output(&binary().to_string_lossy(), &["run", "-c", &absent], LIMIT)?;
    must_be_refused(&output, &["absent.toml", "-c FILE"], &lab, &rules)
}

#[test]
fn a_second_instance_is_refused() -> Result<()> {
    if !ready("a_second_instance_is_refused") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let mut first = start(&lab, "block", "")?;
    let rules = kernel::rules(&lab.gateway)?;
    let output = Minewall::refuse(&lab, binary(), &configuration(&lab, "block", ""), LIMIT)?;
    let pid = first.pid().to_string();
    must_be_refused(&output, &["another minewall", &pid, "stop it first", "runtime.directory"], &lab, &rules)?;

    let elsewhere = configuration(&lab, "block", "").replace("/runtime\"", "/elsewhere\"");
    let output = Minewall::refuse(&lab, binary(), &elsewhere, LIMIT)?;
    must_be_refused(&output, &["cannot bind netfilter queue 4700: another program", "queue.first"], &lab, &rules)?;
    assert!(first.stop()?.success(), "the first was not disturbed: {}", first.log());
    Ok(())
}

#[test]
fn a_missing_capability_is_named() -> Result<()> {
    if !ready("a_missing_capability_is_named") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let rules = kernel::rules(&lab.gateway)?;
    let file = lab.directory().join("capabilities.toml");
    fs::write(&file, configuration(&lab, "block", ""))?;
    for capability in ["net_admin", "net_raw"] {
        let mut command = lab.gateway.command("setpriv");
        command.arg(format!("--inh-caps=-{capability}")).arg(format!("--bounding-set=-{capability}"));
        command.arg(binary()).arg("run").arg("-c").arg(&file);
        let output = finish_within(&mut command, LIMIT)?;
        let name = format!("CAP_{}", capability.to_ascii_uppercase());
        must_be_refused(&output, &[&name, "run as root", "AmbientCapabilities"], &lab, &rules)?;
    }
    Ok(())
}

#[test]
fn a_backend_the_kernel_lacks_is_refused() -> Result<()> {
    if !ready("a_backend_the_kernel_lacks_is_refused") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let probe = "table inet probe { chain probe { type filter hook forward priority 0; queue to 0; }; }";
    if lab.gateway.output("nft", &["-c", probe], LIMIT)?.status.success() {
        eprintln!("this kernel has nft's queue expression: nothing to refuse");
        return Ok(());
    }
    let rules = kernel::rules(&lab.gateway)?;
    let text = configuration(&lab, "block", "[kernel]\nbackend = \"nft\"\n");
    let output = Minewall::refuse(&lab, binary(), &text, LIMIT)?;
    must_be_refused(&output, &["queue", "nft_queue", "kernel.backend = \"iptables\""], &lab, &rules)
}
