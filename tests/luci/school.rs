//! A fortnight at a school, made up, as a router shows it: incidents and lists by the real program, and how the daemon fares as
//! it was recorded of a real one.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output};

use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{Timestamp, ToSpan as _};
use minewall_core::incident::{Incident, State};
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
    config: String,
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
        let (own, path) = (config.clone(), files.path().display().to_string());
        // Where the tests keep their files is nobody's concern.
        let elsewhere = move |text: Vec<u8>| String::from_utf8(text).unwrap().replace(&path, "/mnt/usb").into_bytes();
        let runs = move |words: &[String]| {
            let Output { status, stdout, stderr } = says(words).unwrap_or_else(|| run(words, &own, &lines));
            Output { status, stdout: elsewhere(stdout), stderr: elsewhere(stderr) }
        };
        let router = Router::start(Acl::of_app(may_write), lang, settings(), Box::new(runs));
        Self { files, router, config }
    }

    /// Fetches the feeds, as cron does it at night.
    pub(super) fn fetch(&self) {
        let done = Command::new(BINARY).args(["lists", "update", "-c", &self.config]).output().unwrap();
        assert!(String::from_utf8_lossy(&done.stdout).contains("campus"), "{done:?}");
    }

    pub(super) fn browser(&self) -> Browser {
        Browser::start(self.files.path())
    }
}

/// The same incidents, the last day being today, some hosts busier than others. What was not seen for a day has ended.
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
    let now = Timestamp::now().as_microsecond();
    let shift = now - 300_000_000 - newest;
    for incident in &mut incidents {
        incident.first_us += shift;
        incident.last_us += shift;
        incident.time_us += shift;
        let busy = u64::from(incident.mac.as_deref().map_or(0, |mac| mac.as_bytes()[16] % 7));
        for day in &mut incident.days {
            day.date = day.date.parse::<Date>().unwrap().saturating_add(days.days()).to_string();
            day.attempts += if incident.blocked == 0 { busy } else { 0 };
        }
        incident.attempts = incident.days.iter().map(|day| day.attempts).sum();
        // The approved project goes on, and one of those that are cut.
        if incident.exemption.is_some() || incident.id.ends_with("-34") {
            incident.last_us = now - 4_200_000_000;
            incident.first_us = incident.first_us.min(incident.last_us - 3_600_000_000);
            (incident.time_us, incident.days.last_mut().unwrap().date) = (incident.last_us, today().to_string());
        }
        if incident.last_us < now - 86_400_000_000 {
            incident.state = State::Ended;
        }
    }
    incidents
}

/// The day it is, as the gateway counts days here.
pub(super) fn today() -> Date {
    Offset::UTC.to_datetime(Timestamp::now()).date()
}

/// A feed that its maker signed, and the key to trust.
fn signed(files: &Files) -> String {
    let path = |name: &str| files.path().join(name).display().to_string();
    fs::create_dir(files.path().join("campus")).unwrap();
    files.write("campus/pools.txt", "pool.campus.example\nproxy.campus.example:3333\n");
    files.write("campus/feed.toml", "feed = \"campus\"\n[[file]]\nname = \"pools.txt\"\ncategory = \"pool\"\n");
    let make = |words: &[&str]| {
        let done = Command::new(BINARY).args(words).output().unwrap();
        assert!(done.status.success(), "{done:?}");
        String::from_utf8(done.stdout).unwrap().trim().to_owned()
    };
    let key = make(&["lists", "keygen", "--no-password", &path("campus.key")]);
    make(&["lists", "sign", "--key", &path("campus.key"), &path("campus")]);
    format!(
        "[[lists.feed]]\nname = \"campus\"\nurl = \"file://{}\"\ncategory = \"pool\"\nkeys = [{key:?}]\n",
        path("campus/manifest.toml")
    )
}

/// A configuration with four feeds, of which one is signed and one cannot be had.
fn config(files: &Files) -> String {
    let path = |name: &str| files.path().join(name).display().to_string();
    files.write("nocoin.txt", "coin.example.com\nminer.example.net\n");
    files.write("pools.txt", "pool.example.com\nxmr.example.net:3333\n");
    let feed = |name: &str, file: &str, category: &str| {
        format!("[[lists.feed]]\nname = \"{name}\"\nurl = \"file://{}\"\ncategory = \"{category}\"\n", path(file))
    };
    let feeds = [
        signed(files),
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
    (status["today"], status["utc_offset_s"]) = (json!(today().to_string()), json!(0));
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
        if !list["date"].is_null() {
            list["date"] = json!(now - 90_000);
        }
    }
    status["sinks"][0]["name"] = json!("unix:/dev/log");
    status
}

/// What `minewall doctor` may say.
fn doctor() -> String {
    let results = json!([
        {
            "check": "clock", "what": "the clock is set by a time server", "state": "warn",
            "seen": "nothing here sets the clock by a time server, as far as can be seen",
            "remedy": "apt-get install chrony, or timedatectl set-ntp true (OpenWrt: service sysntpd restart)",
        },
        { "check": "queues", "what": "our queues are bound, by us", "state": "ok", "seen": "2 queues are bound", "remedy": null },
    ]);
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
