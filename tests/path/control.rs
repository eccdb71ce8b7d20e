//! The control socket of the real program: what it tells, whom, and that nobody there disturbs its work.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use anyhow::{Context as _, Result};
use minewall_lab::addresses::Family;
use minewall_lab::login::{Ending, Manner, login_of};
use minewall_lab::pool::{Options, Pool};
use minewall_lab::{Lab, Minewall, ready, until};
use serde_json::Value;

use super::{LIMIT, QUIET, binary, configuration, must, must_be_cut, pool_at, records_after, start, words};

fn socket(lab: &Lab) -> PathBuf {
    lab.directory().join("runtime/control")
}

/// Asks once, and gives the first answer.
fn ask(socket: &Path, line: &str) -> Result<Value> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(LIMIT))?;
    writeln!(stream, "{line}")?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer)?;
    serde_json::from_str(&answer).with_context(|| format!("no answer to {line}: {answer:?}"))
}

fn sum(status: &Value, figure: &str) -> u64 {
    let queues = status["ok"]["status"]["queues"].as_array().into_iter().flatten();
    queues.filter_map(|queue| queue[figure].as_u64()).sum()
}

/// What the process holds in memory, in KiB.
fn resident(pid: u32) -> Result<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

#[test]
fn status_counters_and_top_tell_what_was_done() -> Result<()> {
    if !ready("status_counters_and_top_tell_what_was_done") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let _pool = Pool::start(&lab, Options::default())?;
    let mut minewall = start(&lab, "block", "observer.name = \"gw-lab\"\n")?;
    must_be_cut(&lab, Family::V4, login_of("xmrig").context("xmrig")?, Manner::Lines);
    records_after(&minewall, 0, 1)?;
    // The record and its incident.
    let lines = || fs::read_to_string(Minewall::records_file(&lab)).map(|text| text.lines().count());
    let is_told = |told: &Value| {
        let sent = told["ok"]["status"]["sinks"][0]["sent"].as_u64();
        sum(told, "records") > 0 && lines().is_ok_and(|lines| lines > 1 && sent == Some(lines as u64))
    };
    let told = until(LIMIT, || ask(&socket(&lab), r#"{"v":1,"ask":"status"}"#).ok().filter(is_told));
    let told = told.with_context(|| minewall.log())?;
    let status = &told["ok"]["status"];
    assert_eq!((&status["mode"], &status["observer"]), (&"block".into(), &"gw-lab".into()), "{status}");
    assert_eq!(status["process"], minewall.pid());
    assert!(sum(&told, "cut") >= 1 && sum(&told, "packets") >= 1, "{status}");
    let counters = ask(&socket(&lab), r#"{"v":1,"ask":"counters"}"#)?;
    let counters = &counters["ok"]["counters"];
    let cut = counters["minewall_rule_packets_total"].as_array().context("rules")?;
    assert!(cut.iter().any(|rule| rule["rule"] == "cut" && rule["value"].as_u64() >= Some(1)), "{counters}");

    let file = lab.directory().join("asks.toml");
    fs::write(&file, configuration(&lab, "block", ""))?;
    let once = [binary().to_str().context("a path")?, "top", "--once", "-c", file.to_str().context("a path")?];
    let top = must(&lab.gateway, once[0], &once[1..])?;
    assert!(top.contains("minewall on gw-lab  mode block") && top.contains("packets/s"), "{top}");

    // Another user may not even connect; and if the mode of the socket is opened, is refused nevertheless.
    let other = ["--reuid=65534", "--regid=65534", "--clear-groups"];
    let refused = lab.gateway.output("setpriv", &[&other[..], &once].concat(), LIMIT)?;
    assert!(
        !refused.status.success() && words(&refused).contains("only root and the daemon's own user"),
        "{refused:?}"
    );
    for (path, mode) in [(lab.directory(), 0o755), (&lab.directory().join("runtime"), 0o755), (&socket(&lab), 0o666)] {
        fs::set_permissions(path, Permissions::from_mode(mode))?;
    }
    let refused = lab.gateway.output("setpriv", &[&other[..], &once].concat(), LIMIT)?;
    let said = words(&refused);
    assert!(
        !refused.status.success() && said.contains("only root and the daemon's own user may ask: ask as root"),
        "{said}"
    );

    assert!(minewall.stop()?.success());
    assert!(!socket(&lab).exists());
    let gone = lab.gateway.output(once[0], &once[1..], LIMIT)?;
    assert_eq!(gone.status.code(), Some(2));
    assert!(words(&gone).contains("no minewall runs here"), "{gone:?}");
    Ok(())
}

#[test]
fn incidents_are_told_while_they_go_on_and_shown() -> Result<()> {
    if !ready("incidents_are_told_while_they_go_on_and_shown") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let _pool = Pool::start(&lab, Options::default())?;
    let mut minewall = start(&lab, "observe", "")?;
    let login = login_of("xmrig").context("xmrig")?;
    let heard = login.talk(&lab.host, pool_at(Family::V4, login.dialect), Manner::Lines, QUIET);
    assert_ne!(heard.ending, Ending::Reset, "it is let pass: {heard:?}");
    let file = lab.directory().join("asks.toml");
    fs::write(&file, configuration(&lab, "observe", ""))?;
    let (program, file) = (binary().to_str().context("a path")?, file.to_str().context("a path")?);
    let run = |arguments: &[&str]| must(&lab.gateway, program, &[arguments, &["-c", file]].concat());
    let told = until(LIMIT, || run(&["incidents", "--live", "--format", "json"]).ok().filter(|told| !told.is_empty()));
    let told: Value = serde_json::from_str(told.with_context(|| minewall.log())?.lines().next().context("a line")?)?;
    let (id, host) = (told["id"].as_str().context("an id")?, told["ip"].as_str().context("an address")?);
    assert_eq!(host, Family::V4.host().to_string());
    let none = run(&["incidents", "--live", "--host", "203.0.113.0/24"])?;
    assert_eq!(none, "no incidents\n");
    let table = run(&["incidents", "--live", "--host", host])?;
    assert!(table.contains(host) && table.contains(&id[..8]), "{table}");
    let shown = run(&["show", "--live", &id[..id.len() - 1]])?;
    assert!(shown.contains(&format!("Incident {id} goes on")) && shown.contains(host), "{shown}");
    let top = run(&["top", "--once"])?;
    assert!(top.contains(host) && top.contains("1 open"), "{top}");
    // What the sinks were told says the same, with its records.
    let records = Minewall::records_file(&lab);
    let records = records.to_str().context("a path")?;
    let written = run(&["incidents", "--from", records, "--format", "json"])?;
    assert!(written.contains(id), "{written}");
    let shown: Value = serde_json::from_str(&run(&["show", id, "--from", records, "--format", "json"])?)?;
    assert_eq!(shown["incident"]["id"], id);
    assert!(shown["records"].as_array().is_some_and(|records| !records.is_empty()), "{shown}");
    assert!(minewall.stop()?.success());
    Ok(())
}

#[test]
fn hostile_clients_disturb_neither_verdicts_nor_memory() -> Result<()> {
    if !ready("hostile_clients_disturb_neither_verdicts_nor_memory") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let _pool = Pool::start(&lab, Options::default())?;
    let mut minewall = start(&lab, "block", "")?;
    let login = login_of("xmrig").context("xmrig")?;
    must_be_cut(&lab, Family::V4, login, Manner::Lines);
    let before = resident(minewall.pid())?;
    let (stop, connections) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for manner in 0..3 {
            let (socket, stop, connections) = (socket(&lab), &stop, &connections);
            scope.spawn(move || {
                let mut held = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let Ok(mut stream) = UnixStream::connect(&socket) else { continue };
                    connections.fetch_add(1, Ordering::Relaxed);
                    let _ = match manner {
                        0 => stream.write_all(&[0xff; 70_000]),
                        1 => stream.write_all("{\"v\":1,\"ask\":\"counters\"}\n".repeat(200).as_bytes()),
                        _ => Ok(()),
                    };
                    held.push(stream);
                    if held.len() >= 200 {
                        held.clear();
                    }
                }
            });
        }
        let done = (|| {
            until(LIMIT, || (connections.load(Ordering::Relaxed) >= 1000).then_some(())).context("connections")?;
            must_be_cut(&lab, Family::V4, login, Manner::Lines);
            must_be_cut(&lab, Family::V6, login, Manner::Lines);
            anyhow::Ok(())
        })();
        stop.store(true, Ordering::Relaxed);
        done
    })?;
    let after = resident(minewall.pid())?;
    assert!(after < before + 16 * 1024, "{before} KiB, then {after} KiB");
    let status =
        until(LIMIT, || ask(&socket(&lab), r#"{"v":1,"ask":"status"}"#).ok().filter(|told| told["ok"].is_object()));
    assert!(sum(&status.with_context(|| minewall.log())?, "packets") > 0);
    assert!(minewall.stop()?.success());
    Ok(())
}
