//! Events in the shape of Suricata's EVE, for tools that read it: sightings and incidents as alerts, lines about minewall
//! itself as those of the engine. What EVE has no name for stands under `minewall`.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use minewall_core::config;
use minewall_core::endpoint::Protocol;
use minewall_core::evidence::{Action, Record, excerpt, printable, timestamp};
use minewall_core::incident::Incident;
use serde_json::{Map, Value, json};

use super::transport::{self, Transport};
use super::{Event, Outlet, Taken, Writer, class, file};

/// What Suricata calls the class of such rules (`coin-mining` of classification.config).
const CATEGORY: &str = "Crypto Currency Mining Activity Detected";

/// Bytes kept of a name or of words.
const TEXT: usize = 320;

/// A local socket.
struct Socket(Box<dyn Transport>);

impl Outlet for Socket {
    fn open(&mut self) -> io::Result<()> {
        self.0.open()
    }

    fn writer(&self) -> Writer {
        Box::new(line)
    }

    fn deliver(&mut self, messages: &[Arc<str>]) -> io::Result<Taken> {
        let Some(message) = messages.first() else { return Ok(Taken::default()) };
        self.0.send(message)?;
        Ok(Taken::ONE)
    }
}

/// # Errors
/// The path is not absolute, or a file that cannot be written, with the remedy.
pub(super) fn outlet(settings: &config::Eve, patience: Duration) -> Result<Box<dyn Outlet>> {
    Ok(match settings.path.strip_prefix("unix:") {
        Some(path) => Box::new(Socket(transport::local(path, patience).with_context(|| no_socket(path))?)),
        None => Box::new(file::File::new(&settings.path, line)?),
    })
}

/// As [`outlet`], and makes nothing.
pub(super) fn check(path: &str) -> Result<()> {
    match path.strip_prefix("unix:") {
        Some(path) => transport::local(path, Duration::ZERO).map(drop).with_context(|| no_socket(path)),
        None => file::check(path),
    }
}

fn no_socket(path: &str) -> String {
    format!("path \"unix:{path}\" names no socket; write it like unix:/run/eve.sock")
}

/// The event as one line of JSON in UTF-8.
pub(super) fn line(event: &Event) -> String {
    // What docs/records.md says, for what EVE has no name for.
    let ours: Value = serde_json::from_str(&event.json()).unwrap_or_default();
    let mut line = Map::new();
    let time = timestamp(event.time_us()).replace('Z', "+0000");
    line.insert("timestamp".to_owned(), time.into());
    match event {
        Event::Incident(incident) => told(&mut line, incident, event),
        Event::Record(record) => seen(&mut line, record, event),
        Event::Loss(_) | Event::Notice(_) => {
            line.insert("event_type".to_owned(), "engine".into());
            let level = if event.severity() < 4 { "Error" } else { "Notice" };
            line.insert("log_level".to_owned(), level.into());
            line.insert("engine".to_owned(), json!({ "message": ours["event"]["reason"], "module": event.action() }));
        }
    }
    line.insert("host".to_owned(), printable(event.observer(), TEXT).into());
    let mut more = ours.get("minewall").cloned().unwrap_or_else(|| json!({}));
    if let Some(more) = more.as_object_mut() {
        for (name, path) in
            [("id", "/event/id"), ("reason", "/event/reason"), ("action", "/event/action"), ("nat", "/source/nat")]
        {
            if let Some(value) = ours.pointer(path) {
                more.insert(name.to_owned(), value.clone());
            }
        }
        // That stands in `payload_printable`.
        more.remove("excerpt");
    }
    line.insert("minewall".to_owned(), more);
    Value::Object(line).to_string()
}

fn seen(line: &mut Map<String, Value>, record: &Record, event: &Event) {
    let mut put = |name: &str, value: Value| line.insert(name.to_owned(), value);
    put("event_type", "alert".into());
    if let Some(interface) = &record.interface {
        put("in_iface", printable(interface, TEXT).into());
    }
    if let Some(vlan) = record.vlan {
        put("vlan", json!([vlan]));
    }
    put("src_ip", record.source.ip.to_string().into());
    put("src_port", record.source.port.into());
    put("dest_ip", record.destination.ip.to_string().into());
    put("dest_port", record.destination.port.into());
    put("proto", (if record.transport == Protocol::Udp { "UDP" } else { "TCP" }).into());
    put("app_proto", record.protocol.into());
    if let Some([a, b, c, d, e, f]) = record.source_mac {
        put("ether", json!({ "src_mac": format!("{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}") }));
    }
    put("alert", alert(event, record.action == Action::Blocked));
    if let Some(question) = &record.question {
        let (name, kind) = (printable(&question.name, TEXT), printable(&question.kind, TEXT));
        put("dns", json!({ "query": [{ "type": "query", "rrname": name, "rrtype": kind }] }));
    }
    if let Some(name) = &record.server_name {
        put("tls", json!({ "sni": printable(name, TEXT) }));
    }
    if !record.finding.excerpt.is_empty() {
        put("payload_printable", excerpt(&record.finding.excerpt).into());
    }
}

fn told(line: &mut Map<String, Value>, incident: &Incident, event: &Event) {
    let mut put = |name: &str, value: Value| line.insert(name.to_owned(), value);
    put("event_type", "alert".into());
    if let Some(interface) = &incident.interface {
        put("in_iface", printable(interface, TEXT).into());
    }
    if let Some(vlan) = incident.vlan {
        put("vlan", json!([vlan]));
    }
    put("src_ip", incident.ip.to_string().into());
    // The far end lately; one that is known by name only has no place here.
    if let Some(end) = incident.endpoints.iter().rev().find_map(|end| end.parse::<SocketAddr>().ok()) {
        put("dest_ip", end.ip().to_string().into());
        put("dest_port", end.port().into());
    }
    put("proto", "TCP".into());
    put("alert", alert(event, incident.attempts > 0 && incident.blocked == incident.attempts));
}

fn alert(event: &Event, is_blocked: bool) -> Value {
    let class = class::of(event);
    json!({
        "action": if is_blocked { "blocked" } else { "allowed" },
        "gid": 1,
        "signature_id": class.number,
        "rev": 1,
        "signature": class.name,
        "category": CATEGORY,
        // 1 the worst; such rules of Suricata have 2.
        "severity": 2,
        "metadata": { "signature_severity": ["Major"], "tag": ["Coinminer"] },
    })
}
