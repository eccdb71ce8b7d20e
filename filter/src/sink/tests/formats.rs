//! CEF and EVE, by golden cases, and docs/sinks.md against their tables.

use minewall_core::evidence::{Loss, Question};
use serde_json::Value;

use super::super::{cef, class, eve};
use super::*;

fn event(change: impl FnOnce(&mut Record)) -> Event {
    let mut record = record(7);
    change(&mut record);
    Event::Record(Arc::new(record))
}

fn loss() -> Event {
    let observer = "gw-7.campus.example".to_owned();
    Event::Loss(Loss { time_us: TIME_US, observer, sink: "tcp://siem:601".to_owned(), lost: 3 })
}

/// Reads CEF by its rules: header and extension apart, escapes undone.
fn read_cef(line: &str) -> (Vec<String>, Vec<(String, String)>) {
    let (mut header, mut part, mut chars) = (Vec::new(), String::new(), line.chars());
    while header.len() < 7 {
        match chars.next().expect("eight parts") {
            '\\' => part.extend(chars.next()),
            '|' => header.push(std::mem::take(&mut part)),
            c => part.push(c),
        }
    }
    // A key is a word in front of an equals sign that is not escaped.
    let (text, mut pairs): (String, Vec<(String, String)>) = (chars.collect(), Vec::new());
    let mut value = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => value.extend(chars.next().map(|c| if c == 'n' { '\n' } else { c })),
            '=' => {
                let (before, key) = value.rsplit_once(' ').unwrap_or(("", &value));
                let (before, key) = (before.to_owned(), key.to_owned());
                if let Some(last) = pairs.last_mut() {
                    last.1 = before;
                }
                pairs.push((key, String::new()));
                value.clear();
            }
            c => value.push(c),
        }
    }
    pairs.last_mut().unwrap().1 = value;
    (header, pairs)
}

#[test]
fn a_record_in_cef() {
    let event = event(|record| {
        record.finding.said.worker = Some("机房|204=x\\y\n".to_owned());
        record.destination_domain = Some("pool.example.org".to_owned());
    });
    let line = cef::line(&event, 8192);
    let version = env!("CARGO_PKG_VERSION");
    let expected = format!(
        "CEF:0|minewall|minewall|{version}|1470005|Mining: a mining protocol was heard|6|rt=1795464062123 externalId=7 \
         act=blocked src=10.0.0.5 spt=49152 smac=00:11:22:aa:bb:cc dst=203.0.113.7 dpt=3333 dhost=pool.example.org proto=TCP \
         app=stratum cat=protocol dvchost=gw-7.campus.example deviceExternalId=gw-7.campus.example \
         deviceInboundInterface=lan0 cs4=机房|204\\=x\\\\y\\\\u{{a}} cs4Label=worker cs5=login cs5Label=rule \
         msg=Cut 10.0.0.5 off from pool.example.org (203.0.113.7:3333): a CryptoNote login was heard (rule login of dialects)"
    );
    let message = read_cef(&line).1.into_iter().find(|pair| pair.0 == "msg").unwrap().1;
    assert_eq!(line.split(" msg=").next(), expected.split(" msg=").next());
    assert_eq!(message, json(&event.json(), "/event/reason"));
    let (header, pairs) = read_cef(&line);
    assert_eq!(header[..4], ["CEF:0", "minewall", "minewall", version]);
    assert_eq!(pairs.iter().find(|pair| pair.0 == "cs4").unwrap().1, "机房|204=x\\y\\u{a}");
}

#[test]
fn incidents_notices_and_losses_in_cef() {
    let version = env!("CARGO_PKG_VERSION");
    let line = cef::line(&Event::Incident(Arc::new(incident("ended"))), 8192);
    let (before, message) = line.split_once(" msg=").unwrap();
    assert_eq!(
        before,
        format!(
            "CEF:0|minewall|minewall|{version}|1470023|Mining: incident ended|2|rt=1795464062123 externalId=i-7 \
             act=incident-ended src=10.0.0.5 smac=00:11:22:aa:bb:cc shost=rig-204 dvchost=gw-7.campus.example \
             deviceExternalId=gw-7.campus.example deviceInboundInterface=lan0 start=1795452062123 end=1795464062123 cnt=42 \
             cs1=pool.example.org cs1Label=pool cs2=XMR cs2Label=coin cs3=4AexampleWalletAddress cs3Label=wallet \
             cs4=a\\=1 b|2 cs4Label=worker cs6=rig/6.21 cs6Label=agent cn1=125000 cn1Label=hashrate (H/s, measured) \
             cn2=130000 cn2Label=hashrate (H/s, declared) cn3=2 cn3Label=rigs cfp1=1.500 cfp1Label=energy (kWh, estimate) \
             flexString1=物理学院 flexString1Label=unit flexString2=204 flexString2Label=room"
        )
    );
    assert!(!message.is_empty());
    let line = cef::line(&Event::Notice(Arc::new(notice(5))), 8192);
    let start = format!(
        "CEF:0|minewall|minewall|{version}|1470031|minewall: notice|4|rt=1795464062123 act=journal-checkpoint "
    );
    assert!(line.starts_with(&start) && line.ends_with(" msg=The journal stands at 17"), "{line}");
    let line = cef::line(&loss(), 8192);
    assert!(line.contains("|1470032|minewall: records were lost|8|") && line.contains(" cnt=3 "), "{line}");
}

#[test]
fn cef_stays_within_the_bound_and_whole() {
    for hostile in ["=", "\\", "\u{1f4a9}", "|", "\u{202e}", " a=b"] {
        let event = event(|record| {
            let long = hostile.repeat(2000);
            record.finding.rule.clone_from(&long);
            record.observer.clone_from(&long);
            record.finding.said =
                Said { worker: Some(long.clone()), wallet: Some(long.clone()), agent: Some(long), ..Said::default() };
        });
        for bound in [600, 1500, 8192] {
            let line = cef::line(&event, bound);
            assert!(line.len() <= bound && !line.contains(['\n', '\r']), "{} of {bound}", line.len());
            let pairs = read_cef(&line).1;
            assert!(pairs.iter().any(|pair| *pair == ("src".to_owned(), "10.0.0.5".to_owned())), "{pairs:?}");
            let known = |key: &str| {
                key == "rt" || cef::ROWS.iter().any(|row| row.key == key.strip_suffix("Label").unwrap_or(key))
            };
            assert!(pairs.iter().all(|pair| known(&pair.0)), "{hostile:?} made a key: {pairs:?}");
        }
    }
}

/// The fields of etc/schema.json of Suricata that are used here, with their types; of `alert`, `dns`, `tls`, `ether` and
/// `engine`, all that may be there.
const EVE: &[(&str, &str)] = &[
    ("/timestamp", "string"),
    ("/event_type", "string"),
    ("/in_iface", "string"),
    ("/vlan", "numbers"),
    ("/src_ip", "string"),
    ("/src_port", "integer"),
    ("/dest_ip", "string"),
    ("/dest_port", "integer"),
    ("/proto", "string"),
    ("/app_proto", "string"),
    ("/host", "string"),
    ("/log_level", "string"),
    ("/payload_printable", "string"),
    ("/alert/action", "string"),
    ("/alert/gid", "integer"),
    ("/alert/rev", "integer"),
    ("/alert/severity", "integer"),
    ("/alert/signature", "string"),
    ("/alert/signature_id", "integer"),
    ("/alert/category", "string"),
    ("/alert/metadata/signature_severity", "strings"),
    ("/alert/metadata/tag", "strings"),
    ("/dns/query/0/type", "string"),
    ("/dns/query/0/rrname", "string"),
    ("/dns/query/0/rrtype", "string"),
    ("/tls/sni", "string"),
    ("/ether/src_mac", "string"),
    ("/engine/message", "string"),
    ("/engine/module", "string"),
];

fn eve(event: &Event) -> Value {
    let line = eve::line(event);
    assert!(!line.contains('\n'));
    let value: Value = serde_json::from_str(&line).unwrap();
    for (path, kind) in EVE {
        let Some(found) = value.pointer(path) else { continue };
        let list = |is: fn(&Value) -> bool| found.as_array().is_some_and(|list| list.iter().all(is));
        let fits = match *kind {
            "string" => found.is_string(),
            "integer" => found.is_u64(),
            "numbers" => list(Value::is_u64),
            _ => list(Value::is_string),
        };
        assert!(fits, "{path} is no {kind}: {found}");
    }
    for name in value.as_object().unwrap().keys() {
        let known = EVE.iter().any(|(path, _)| path.split('/').nth(1) == Some(name));
        assert!(known || name == "minewall", "EVE has no {name}");
    }
    // Digits, a point, digits, a sign, digits: the pattern of the schema.
    let time = value["timestamp"].as_str().unwrap();
    assert_eq!(&time[time.len() - 5..], "+0000");
    assert_eq!(time[..19].replace(|c: char| c.is_ascii_digit(), "9"), "9999-99-99T99:99:99");
    value
}

#[test]
fn a_record_in_eve() {
    let value = eve(&event(|record| record.vlan = Some(120)));
    let expected = serde_json::json!({
        "timestamp": "2026-11-23T20:01:02.123463+0000", "event_type": "alert", "in_iface": "lan0", "vlan": [120],
        "src_ip": "10.0.0.5", "src_port": 49152, "dest_ip": "203.0.113.7", "dest_port": 3333, "proto": "TCP",
        "app_proto": "stratum", "ether": { "src_mac": "00:11:22:aa:bb:cc" }, "host": "gw-7.campus.example",
        "alert": {
            "action": "blocked", "gid": 1, "signature_id": 1_470_005, "rev": 1,
            "signature": "Mining: a mining protocol was heard", "category": "Crypto Currency Mining Activity Detected",
            "severity": 2, "metadata": { "signature_severity": ["Major"], "tag": ["Coinminer"] },
        },
        "payload_printable": "{\"method\":\"login\"}\\x0a",
        "minewall": {
            "id": "7", "action": "blocked", "reason": record(7).summary(), "layer": "payload", "category": "protocol",
            "confidence": "high", "dialect": "cryptonote", "worker": "机房 204 \"<1>\"\\u{a}",
        },
    });
    assert_eq!(value, expected);
}

#[test]
fn questions_hellos_incidents_and_lines_of_the_engine_in_eve() {
    let dns = eve(&event(|record| {
        (record.transport, record.protocol, record.action) = (Protocol::Udp, "dns", Action::Observed);
        record.finding.layer = Layer::Dns;
        record.question = Some(Question { name: "xmr.example.org".to_owned(), kind: "AAAA".to_owned() });
    }));
    assert_eq!((&dns["alert"]["action"], &dns["alert"]["signature_id"]), (&"allowed".into(), &1_470_003.into()));
    assert_eq!(dns["dns"]["query"][0]["rrname"], "xmr.example.org");
    assert_eq!(dns["proto"], "UDP");
    let tls = eve(&event(|record| {
        (record.protocol, record.finding.layer) = ("tls", Layer::Sni);
        record.server_name = Some("xmr.example.org".to_owned());
    }));
    assert_eq!((&tls["tls"]["sni"], &tls["app_proto"]), (&"xmr.example.org".into(), &"tls".into()));
    let incident = eve(&Event::Incident(Arc::new(incident("active"))));
    assert_eq!((&incident["dest_ip"], &incident["dest_port"]), (&"203.0.113.7".into(), &3333.into()));
    assert_eq!(incident["alert"]["action"], "allowed");
    assert_eq!(incident["minewall"]["incident"]["wallet"], "4AexampleWalletAddress");
    let notice = eve(&Event::Notice(Arc::new(notice(5))));
    assert_eq!((&notice["event_type"], &notice["engine"]["module"]), (&"engine".into(), &"journal-checkpoint".into()));
    assert_eq!(eve(&loss())["log_level"], "Error");
}

#[test]
fn eve_goes_to_a_file_and_to_a_socket() {
    let scratch = Scratch::new();
    let (path, socket) = (scratch.join("eve.json"), scratch.join("eve.sock"));
    let listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let to = |path: String| from_toml(&format!("type = \"eve\"\npath = {path:?}"));
    let sinks = [to(path.display().to_string()), to(format!("unix:{}", socket.display()))];
    let sinks = Sinks::start_at(&sinks, "gw", FAST).unwrap();
    send(&sinks, 0..20);
    let counts = sinks.close(Duration::from_secs(10));
    assert_eq!((counts[0].sent, counts[1].sent), (20, 20));
    let of_socket = std::io::read_to_string(listener.accept().unwrap().0).unwrap();
    let of_file = fs::read_to_string(path).unwrap();
    assert_eq!(of_file, of_socket);
    let ids: Vec<_> = of_file.lines().map(|line| json(line, "/minewall/id").as_str().unwrap().to_owned()).collect();
    assert_eq!(ids, Vec::from_iter((0..20).map(|number| number.to_string())));
}

#[test]
fn the_page_shows_the_tables() {
    let page = include_str!("../../../../docs/sinks.md");
    let rows = cef::ROWS.iter().map(|row| {
        let paths: Vec<_> = row.paths.iter().map(|path| format!("`{path}`")).collect();
        format!("| `{}` | {} | {} |\n", row.key, row.label, paths.join(", "))
    });
    let keys: String = rows.collect();
    let classes: String = class::ALL.iter().map(|class| format!("| {} | {} |\n", class.number, class.name)).collect();
    for table in [keys, classes] {
        assert!(page.contains(&table), "docs/sinks.md does not hold this table:\n{table}");
    }
}
