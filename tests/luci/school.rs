//! A fortnight at a school, made up, as a router shows it: incidents and lists by the real program, and how the daemon fares as
//! it was recorded of a real one.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output};

use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{Timestamp, ToSpan as _};
use minewall_core::incident::Incident;
use serde_json::{Value, json};

use super::acl::Acl;
use super::browser::Browser;
use super::router::Router;
use super::uci::Uci;
use crate::cli::program::{BINARY, Files};
use crate::report::{pages, sample};

/// What a page is made of.
pub(super) struct School {
    pub(super) files: Files,
    pub(super) router: Router,
}

impl School {
    pub(super) fn new(lang: &'static str, may_write: bool) -> Self {
        Self::of(until_today(sample::fortnight(lang != "en")), lang, may_write)
    }

    pub(super) fn of(incidents: Vec<Incident>, lang: &'static str, may_write: bool) -> Self {
        Self::saying(incidents, lang, may_write, |_| None)
    }

    /// One where commands say what `says` gives, if it gives something.
    pub(super) fn saying(
        incidents: Vec<Incident>,
        lang: &'static str,
        may_write: bool,
        says: impl Fn(&[String]) -> Option<Output> + Send + Sync + 'static,
    ) -> Self {
        let files = Files::new();
        let lines = files.write("minewall.jsonl", pages::lines(&incidents));
        let config = config(&files);
        let runs = move |words: &[String]| says(words).unwrap_or_else(|| run(words, &config, &lines));
        let router = Router::start(Acl::of_app(may_write), lang, settings(), Box::new(runs));
        Self { files, router }
    }

    pub(super) fn browser(&self) -> Browser {
        Browser::start(self.files.path())
    }
}

/// The same incidents, the last day being today.
pub(super) fn until_today(mut incidents: Vec<Incident>) -> Vec<Incident> {
    let last = incidents
        .iter()
        .flat_map(|incident| &incident.days)
        .map(|day| &day.date)
        .max()
        .unwrap()
        .parse::<Date>()
        .unwrap();
    let days = last.until(today()).unwrap().get_days();
    let newest = incidents.iter().map(|incident| incident.last_us).max().unwrap();
    // The newest sighting was some minutes ago.
    let shift = Timestamp::now().as_microsecond() - 300_000_000 - newest;
    for incident in &mut incidents {
        incident.first_us += shift;
        incident.last_us += shift;
        incident.time_us += shift;
        for day in &mut incident.days {
            day.date = day.date.parse::<Date>().unwrap().saturating_add(days.days()).to_string();
        }
    }
    incidents
}

/// The day it is, as the gateway counts days here.
pub(super) fn today() -> Date {
    Offset::UTC.to_datetime(Timestamp::now()).date()
}

/// A configuration with three feeds, of which one cannot be had.
fn config(files: &Files) -> String {
    let path = |name: &str| files.path().join(name).display().to_string();
    files.write("nocoin.txt", "coin.example.com\nminer.example.net\n");
    files.write("pools.txt", "pool.example.com\nxmr.example.net:3333\n");
    let feed = |name: &str, file: &str, category: &str| {
        format!("[[lists.feed]]\nname = \"{name}\"\nurl = \"file://{}\"\ncategory = \"{category}\"\n", path(file))
    };
    let feeds = [
        feed("nocoin", "nocoin.txt", "browser"),
        feed("pools", "pools.txt", "pool"),
        feed("gone", "gone.txt", "malware"),
    ];
    let text = format!(
        "[lists.update]\ndirectory = {:?}\nscratch = {:?}\n{}[runtime]\ndirectory = {:?}\n",
        path("lists"),
        path("scratch"),
        feeds.concat(),
        path("runtime")
    );
    files.write("minewall.toml", text)
}

/// What a router's owner may have set.
fn settings() -> Uci {
    Uci::new(&[
        (
            "minewall",
            "global",
            json!({ "enabled": "1", "mode": "observe", "inside": ["192.168.1.0/24", "fd00::/8"], "allow": ["pool.example.edu"] }),
        ),
        (
            "exempt",
            "",
            json!({ "prefix": "192.168.1.7", "owner": "Prof. Chen", "reason": "distributed systems course", "expires": "2027-01-31" }),
        ),
        ("target", "", json!({ "address": "unix:/dev/log" })),
    ])
}

/// Runs the real program on what was made up; what a daemon would say is as it was recorded.
fn run(words: &[String], config: &str, lines: &str) -> Output {
    let real = |arguments: &[&str]| Command::new(BINARY).args(arguments).output().unwrap();
    match words[1].as_str() {
        "status" => said(status().to_string()),
        "doctor" => said(doctor()),
        "incidents" if words.iter().any(|word| word == "--live") => {
            real(&["incidents", "--from", lines, "--format", "json", "--state", "open"])
        }
        "incidents" => real(&["incidents", "--from", lines, "--format", "json"]),
        "show" => real(&["show", "--from", lines, "--format", "json", "--", words.last().unwrap()]),
        _ => {
            let arguments: Vec<_> = words[1..]
                .iter()
                .map(|word| if word == "/var/etc/minewall/minewall.toml" { config } else { word })
                .collect();
            real(&arguments)
        }
    }
}

/// What a command gives that says this.
pub(super) fn said(text: String) -> Output {
    Output { status: ExitStatus::from_raw(0), stdout: text.into_bytes(), stderr: Vec::new() }
}

/// What a command gives that fails with this error.
pub(super) fn failed(error: &str) -> Output {
    Output { status: ExitStatus::from_raw(2 << 8), stdout: Vec::new(), stderr: format!("minewall: {error}\n").into() }
}

fn recorded(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/luci/recorded").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The recorded status, with times of today and the figures of some days.
pub(super) fn status() -> Value {
    let mut status: Value = serde_json::from_str(&recorded("status.json")).unwrap();
    let now = Timestamp::now().as_second();
    status["time_us"] = json!(now * 1_000_000);
    status["today"] = json!(today().to_string());
    (status["started"], status["read"]) = (json!(now - 950_000), json!(now - 7_000));
    for (at, queue) in status["queues"].as_array_mut().unwrap().iter_mut().enumerate() {
        let figures =
            [("packets", 1_287_330), ("flows", 210_540), ("questions", 91_201), ("findings", 431), ("cut", 402)];
        for (name, figure) in figures {
            queue[name] = json!(figure + figure * at / 9);
        }
        (queue["p50_us"], queue["p99_us"]) = (json!(50), json!(500));
    }
    for list in status["lists"].as_array_mut().unwrap() {
        list["date"] = json!(now - 90_000);
    }
    status["sinks"][0]["name"] = json!("unix:/dev/log");
    status
}

/// What `minewall doctor` may say.
fn doctor() -> String {
    let result = |check: &str, state: &str, seen: &str, remedy: Option<&str>| {
        let what = format!("The {check}");
        json!({ "check": check, "what": what, "state": state, "seen": seen, "remedy": remedy })
    };
    let results = [
        result("clock", "warn", "no NTP server has answered for 2 days", Some("service sysntpd restart")),
        result("queues", "ok", "2 queues are bound", None),
    ];
    json!({ "version": "0.1.0", "counts": { "warn": 1, "ok": 1 }, "results": results }).to_string()
}

/// Where a picture goes: kept if somebody wants to see it.
pub(super) fn picture(files: &Files, name: &str) -> PathBuf {
    std::env::var("MINEWALL_SHOTS").map_or_else(|_| files.path().to_path_buf(), PathBuf::from).join(name)
}

/// That all of the page can be seen, and nothing was complained of.
pub(super) fn looks_right(browser: &mut Browser, width: u32) {
    browser.wait("[...document.querySelectorAll('link[rel=stylesheet]')].every((link) => link.sheet)");
    let (wide, over) = browser.too_wide();
    assert!(wide <= u64::from(width) && over.is_empty(), "{wide} of {width}: {over:?}");
    let complaints = browser.complaints();
    assert!(complaints.is_empty(), "{complaints:#?}");
}
