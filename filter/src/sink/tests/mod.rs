//! The sinks against peers that work, stall, die and come back, and against a real rsyslogd.

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{env, process, thread};

use minewall_core::config;
use minewall_core::endpoint::{Endpoint, Protocol};
use minewall_core::evidence::{Action, Notice, Record};
use minewall_core::finding::{Confidence, Finding, Layer, Said, Subject};
use minewall_core::incident::Incident;
use minewall_lab::Port;

use super::lane::Pace;
use super::{Event, SinkCount, Sinks};

mod certificates;
mod delivery;
mod files;
mod formats;
mod killed;
mod messages;
mod outage;
mod rsyslog;
mod settings;
mod spool;
#[cfg(feature = "tls")]
mod tls;
#[cfg(feature = "webhook")]
mod webhook;

/// 2026-11-23T20:01:02.123456Z.
const TIME_US: i64 = 1_795_464_062_123_456;

/// The pace of tests: nothing waits for long, the channel holds 64.
const FAST: Pace = Pace {
    events: 64,
    tick: Duration::from_millis(10),
    pause: Duration::from_millis(5),
    pause_max: Duration::from_millis(40),
    // A machine that stalls for a moment has no sink take its peer for dead.
    patience: Duration::from_secs(5),
    report: Duration::from_millis(100),
};

/// The patience with a peer that is to be given up.
const SHORT: Duration = Duration::from_millis(200);

/// A record whose id is `number` and whose time is that many microseconds after `TIME_US`.
fn record(number: u32) -> Record {
    let end = |ip: [u8; 4], port| Endpoint { ip: IpAddr::from(ip), port };
    Record {
        time_us: TIME_US + i64::from(number),
        id: number.to_string(),
        action: Action::Blocked,
        source: end([10, 0, 0, 5], 49152),
        source_mac: Some([0x00, 0x11, 0x22, 0xaa, 0xbb, 0xcc]),
        who: None,
        nat: None,
        destination: end([203, 0, 113, 7], 3333),
        destination_domain: None,
        transport: Protocol::Tcp,
        protocol: "stratum",
        question: None,
        server_name: None,
        vlan: None,
        observer: "gw-7.campus.example".to_owned(),
        interface_index: 3,
        interface: Some("lan0".to_owned()),
        finding: Finding {
            layer: Layer::Payload,
            dialect: Some("cryptonote"),
            said: Said { worker: Some("机房 204 \"<1>\"\n".to_owned()), ..Said::default() },
            confidence: Confidence::High,
            rule: "login".to_owned(),
            ruleset: "dialects".to_owned(),
            subject: Subject::Protocol,
            reason: "a CryptoNote login was heard".to_owned(),
            excerpt: b"{\"method\":\"login\"}\n".to_vec(),
        },
        exemption: None,
        grace_until_us: None,
    }
}

/// An incident with all a sink may tell of it.
fn incident(state: &str) -> Incident {
    let value = serde_json::json!({
        "id": "i-7", "state": state, "time_us": TIME_US, "observer": "gw-7.campus.example",
        "first_us": TIME_US - 12_000_000_000_i64, "last_us": TIME_US, "ip": "10.0.0.5", "mac": "00-11-22-AA-BB-CC",
        "vlan": 120, "interface": "lan0", "who": { "hostname": "rig-204", "unit": "物理学院", "room": "204" },
        "nat": ["198.51.100.1:40000"], "pool": "pool.example.org", "endpoints": ["pool.example.org:3333", "203.0.113.7:3333"],
        "wallet": "4AexampleWalletAddress", "coin": "XMR", "coin_confidence": "high", "algorithm": "rx/0",
        "dialects": ["cryptonote"], "agents": ["rig/6.21"], "hardware": "cpu",
        "rigs": { "count": 2, "reason": "2 names of workers", "workers": ["a=1", "b|2"], "concurrent": 2 },
        "attempts": 42, "blocked": 40, "suppressed": 3, "sessions": 1,
        "total": { "active_s": 12_000, "rig_s": 24_000, "bytes": 9_000, "jobs": 5, "offered": 7, "accepted": 6,
                   "rejected": 1, "measured": 6, "hashes": 1.5e9 },
        "days": [], "hashrate": { "value": 125_000.4, "low": 46_000.0, "high": 272_000.0, "n": 6 }, "declared": 130_000,
        "energy": { "low_kwh": 1.0, "kwh": 1.5, "high_kwh": 2.0, "watts": 450.0, "row": "RandomX on CPUs", "basis": "measured",
                    "coal_kg": 0.6, "coal_factor": 0.404, "co2_kg": 1.49, "co2_factor": 2.46 },
        "reasons": [], "exemption": null, "returned_after": null, "records": ["1"],
    });
    serde_json::from_value(value).unwrap()
}

fn notice(severity: u8) -> Notice {
    Notice {
        time_us: TIME_US,
        observer: "gw-7.campus.example".to_owned(),
        action: "journal-checkpoint",
        severity,
        reason: "The journal stands at 17".to_owned(),
        fields: vec![("seq", "17".to_owned())],
    }
}

fn send(sinks: &Sinks, numbers: impl IntoIterator<Item = u32>) {
    numbers.into_iter().for_each(|number| sinks.send(&Event::Record(Arc::new(record(number))), false));
}

fn file(path: &Path) -> config::Sink {
    from_toml(&format!("type = \"file\"\npath = {:?}", path.to_str().unwrap()))
}

fn syslog(address: impl Into<String>) -> config::Sink {
    from_toml(&format!("type = \"syslog\"\naddress = {:?}", address.into()))
}

fn from_toml(text: &str) -> config::Sink {
    toml::from_str(text).unwrap()
}

fn start(sink: config::Sink) -> Sinks {
    start_with(sink, FAST)
}

fn start_with(sink: config::Sink, pace: Pace) -> Sinks {
    Sinks::start_at(&[sink], "gw-7.campus.example", pace).unwrap()
}

fn count(sinks: &Sinks) -> SinkCount {
    sinks.counters().remove(0)
}

/// A test that waits for so long has failed.
const LIMIT: Duration = Duration::from_secs(20);

/// Waits until `holds`.
fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + LIMIT;
    while !holds() {
        assert!(Instant::now() < end, "waited in vain: {what}");
        thread::sleep(Duration::from_millis(3));
    }
}

/// A directory of the test's own, removed with its content.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("minewall-sink-{}-{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The field of a JSON line, as text or number.
fn json(line: &str, pointer: &str) -> serde_json::Value {
    let value: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"));
    value.pointer(pointer).cloned().unwrap_or_default()
}

/// The ids of the records among JSON lines.
fn ids<'a>(lines: impl IntoIterator<Item = &'a str>) -> Vec<u32> {
    let id = |line| json(line, "/event/id").as_str().map(|id| id.parse().unwrap());
    lines.into_iter().filter_map(id).collect()
}

/// The number of records said to be lost by JSON lines.
fn lost<'a>(lines: impl IntoIterator<Item = &'a str>) -> u64 {
    lines.into_iter().filter_map(|line| json(line, "/minewall/lost").as_u64()).sum()
}
