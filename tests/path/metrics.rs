//! The file for Prometheus, and the same by HTTP: its form, and its figures against what was done.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use minewall_lab::addresses::Family;
use minewall_lab::login::{Manner, login_of};
use minewall_lab::pool::{Options, Pool};
use minewall_lab::service::NameServer;
use minewall_lab::{Lab, Minewall, ready, until};

use super::{LIMIT, POOLS, QUIET, configuration, dig, must_be_cut, records_after, start};

/// Each series with its value.
pub(super) type Series = BTreeMap<String, f64>;

/// Reads the text format, version 0.0.4, and holds it to its rules: HELP, then TYPE, then the samples of one metric; no
/// series twice; counters named `_total`; buckets that grow up to the count.
pub(super) fn parse(text: &str) -> Series {
    let (mut series, mut seen) = (Series::new(), BTreeSet::new());
    let (mut name, mut kind) = ("", "");
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            (name, kind) = (help.split_once(' ').expect("a help").0, "");
            assert!(seen.insert(name), "{name} comes twice");
            continue;
        }
        if let Some(said) = line.strip_prefix("# TYPE ") {
            let (of, said) = said.split_once(' ').expect("a type");
            assert_eq!((of, kind), (name, ""), "{line}");
            assert_eq!(name.ends_with("_total"), said == "counter", "{line}");
            kind = said;
            continue;
        }
        let (key, value) = line.rsplit_once(' ').expect("a value");
        let metric = key.split('{').next().unwrap();
        let ending = metric.strip_prefix(name).unwrap_or_else(|| panic!("{line} below {name}"));
        match kind {
            "counter" | "gauge" => assert_eq!(ending, "", "{line}"),
            "histogram" => assert!(["_bucket", "_sum", "_count"].contains(&ending), "{line}"),
            other => panic!("{line} is of type {other:?}"),
        }
        assert!(series.insert(key.to_owned(), value.parse().expect("a number")).is_none(), "{line} comes twice");
    }
    for (key, count) in series.iter().filter(|(key, _)| key.contains("_count")) {
        let buckets = key.replace("_count{", "_bucket{le=\"+Inf\",");
        assert_eq!(series.get(&buckets), Some(count), "{buckets}");
    }
    series
}

/// The sum of a metric's samples whose labels contain `label`.
pub(super) fn sum(series: &Series, metric: &str, label: &str) -> f64 {
    let head = format!("minewall_{metric}");
    let is_it = |key: &str| key.strip_prefix(&head).is_some_and(|rest| rest.is_empty() || rest.starts_with('{'));
    series.iter().filter(|(key, _)| is_it(key) && key.contains(label)).map(|(_, value)| value).sum()
}

/// The figures, once `enough` says so.
pub(super) fn figures(file: &Path, enough: impl Fn(&Series) -> bool) -> Option<Series> {
    until(LIMIT, || Some(parse(&fs::read_to_string(file).ok()?)).filter(&enough))
}

#[test]
fn what_is_counted_is_what_was_done() -> Result<()> {
    if !ready("what_is_counted_is_what_was_done") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let _names = NameServer::start(&lab)?;
    let _pool = Pool::start(&lab, Options::default())?;
    let file = lab.directory().join("minewall.prom");
    let more = format!("[queue]\ncount = 2\nfail.dns = \"closed\"\n[metrics]\ninterval = 1\nfile = {file:?}\n");
    let mut minewall = start(&lab, "block", &more)?;
    let first = figures(&file, |_| true).context("no file")?;
    assert_eq!(sum(&first, "records_total", ""), 0.0);
    assert_eq!(sum(&first, "build_info", env!("CARGO_PKG_VERSION")), 1.0);
    assert!(sum(&first, "list_entries", "list=\"pools\"") > 100.0 && sum(&first, "list_date_seconds", "pools") > 1.7e9);

    let login = login_of("xmrig").context("xmrig")?;
    must_be_cut(&lab, Family::V4, login, Manner::Lines);
    assert!(dig(&lab.host, Family::V4.internet(), &[POOLS[0], "A"])?.contains("NXDOMAIN"));
    records_after(&minewall, 0, 2)?;
    // Records, and incidents too.
    let lines = || fs::read_to_string(Minewall::records_file(&lab)).map(|text| text.lines().count() as f64);
    // Threads show what they counted now and then, each for itself.
    let second = figures(&file, |series| {
        let judged = sum(series, "packets_total", "");
        let written = lines().is_ok_and(|lines| sum(series, "sink_sent_records_total", "") == lines);
        written && sum(series, "records_total", "") >= 2.0 && judged == sum(series, "verdict_seconds_count", "")
    });
    let second = second.with_context(|| minewall.log())?;
    // Queues 4700 and 4701 are for connections, 4702 and 4703 for DNS.
    let dns = |metric: &str| [2, 3].map(|at| sum(&second, metric, &format!("queue=\"470{at}\""))).iter().sum::<f64>();
    assert_eq!(dns("dns_questions_total"), 1.0);
    assert_eq!(sum(&second, "dns_questions_total", ""), 1.0);
    assert_eq!(dns("findings_total"), 1.0);
    assert_eq!(sum(&second, "findings_total", "layer=\"dns\""), 1.0);
    assert!(
        sum(&second, "findings_total", "layer=\"payload\"") >= 1.0 && sum(&second, "cut_verdicts_total", "") >= 1.0
    );
    assert_eq!(sum(&second, "records_total", ""), minewall.records()?.len() as f64);
    assert!(sum(&second, "sink_sent_records_total", "") > sum(&second, "records_total", ""), "incidents too");
    assert_eq!((sum(&second, "sink_up", ""), sum(&second, "sink_lost_records_total", "")), (1.0, 0.0));
    assert_eq!(sum(&second, "rule_packets_total", "rule=\"dns_queued\""), 1.0);
    assert!(
        sum(&second, "rule_packets_total", "rule=\"cut\"") >= 1.0 && sum(&second, "rule_bytes_total", "cut") >= 40.0
    );
    assert!(sum(&second, "packets_total", "") >= 2.0 && sum(&second, "verdict_seconds_sum", "") > 0.0);
    assert_eq!(sum(&second, "queue_dropped_packets_total", "") + sum(&second, "ease_level", ""), 0.0);

    // Nothing goes back, and whoever reads at any time reads it whole.
    must_be_cut(&lab, Family::V6, login, Manner::Lines);
    let third = figures(&file, |series| sum(series, "records_total", "") >= 3.0).with_context(|| minewall.log())?;
    for (key, value) in &second {
        let grows = ["_total", "_bucket", "_count", "_sum"].iter().any(|ending| key.contains(ending));
        assert!(!grows || third.get(key) >= Some(value), "{key}: {value}, then {:?}", third.get(key));
    }
    assert_eq!(first.keys().collect::<Vec<_>>(), third.keys().collect::<Vec<_>>(), "series neither come nor go");
    minewall.reload(&configuration(&lab, "block", &more.replace(".prom", "-other.prom")))?;
    let moved = figures(&lab.directory().join("minewall-other.prom"), |_| true).with_context(|| minewall.log())?;
    assert!(sum(&moved, "records_total", "") >= 3.0, "a reload forgets nothing");
    assert!(!file.exists());
    assert!(minewall.stop()?.success());
    let left = fs::read_dir(lab.directory())?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    assert_eq!(left.filter(|name| name.contains(".prom")).collect::<Vec<_>>(), [""; 0]);
    Ok(())
}

/// The body of an answer to `GET path`, with status 200.
fn told(lab: &Lab, arguments: &[&str]) -> Option<String> {
    let all = [&["-sS", "--fail", "--max-time", "10"], arguments].concat();
    let output = lab.gateway.output("curl", &all, LIMIT).ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// How often the thread that listens for those who want metrics has gone to sleep.
fn wakings(process: u32) -> Result<u64> {
    let threads = fs::read_dir(format!("/proc/{process}/task"))?.filter_map(|entry| Some(entry.ok()?.path()));
    let name = |thread: &Path| fs::read_to_string(thread.join("comm")).unwrap_or_default();
    let listening = threads.into_iter().find(|thread| name(thread) == "metrics\n").context("nobody listens")?;
    let status = fs::read_to_string(listening.join("status"))?;
    let count = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    Ok(count.context("no count")?.trim().parse()?)
}

#[test]
fn the_same_is_told_by_http_and_moves_with_a_reload() -> Result<()> {
    if !ready("the_same_is_told_by_http_and_moves_with_a_reload") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let _pool = Pool::start(&lab, Options::default())?;
    let more = |listen: &str| format!("[metrics]\nlisten = \"{listen}\"\n");
    // Taken at the start: minewall goes on, and listens once it is free.
    let taken = lab.gateway.run(|| std::net::TcpListener::bind("127.0.0.1:9469"))?;
    let mut minewall = start(&lab, "block", &more("127.0.0.1:9469"))?;
    assert!(minewall.wait_log("cannot listen for metrics", LIMIT), "{}", minewall.log());
    drop(taken);
    let first = until(LIMIT, || told(&lab, &["http://127.0.0.1:9469/metrics"])).with_context(|| minewall.log())?;
    assert_eq!(sum(&parse(&first), "build_info", env!("CARGO_PKG_VERSION")), 1.0);
    must_be_cut(&lab, Family::V4, login_of("xmrig").context("xmrig")?, Manner::Lines);
    let enough = |text: &String| sum(&parse(text), "records_total", "") >= 1.0;
    let second = until(LIMIT, || told(&lab, &["http://127.0.0.1:9469/metrics"]).filter(enough));
    let second = parse(&second.with_context(|| minewall.log())?);
    assert!(sum(&second, "cut_verdicts_total", "") >= 1.0 && sum(&second, "rule_packets_total", "cut") >= 1.0);
    assert!(told(&lab, &["http://127.0.0.1:9469/other"]).is_none());
    // While nobody asks, the thread that listens sleeps, once it has come to it: however long that is looked at, it never
    // runs, not once a second either.
    let sleeps = until(LIMIT, || {
        let before = wakings(minewall.pid()).ok()?;
        std::thread::sleep(4 * QUIET);
        (wakings(minewall.pid()).ok()? == before).then_some(())
    });
    assert!(sleeps.is_some(), "it wakes up though nobody asks");
    // Nobody from outside reaches it.
    let outside = lab.host.output("curl", &["-sS", "--max-time", "3", "http://10.80.0.1:9469/metrics"], LIMIT)?;
    assert!(!outside.status.success());

    let socket = lab.directory().join("metrics");
    let path = socket.to_str().context("a path")?;
    minewall.reload(&configuration(&lab, "block", &more(&format!("unix:{path}"))))?;
    let moved = until(LIMIT, || told(&lab, &["--unix-socket", path, "http://minewall/metrics"]));
    assert!(
        sum(&parse(&moved.with_context(|| minewall.log())?), "records_total", "") >= 1.0,
        "a reload forgets nothing"
    );
    assert!(told(&lab, &["http://127.0.0.1:9469/metrics"]).is_none(), "the former place is left");
    assert!(minewall.stop()?.success());
    assert!(!socket.exists());
    Ok(())
}
