use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::net::IpAddr;

use proptest::collection::vec as vec_of;
use proptest::option;
use proptest::prelude::*;
use serde_json::Value;

use super::json::{LOSS, RECORD, RECORD_AFTER_WORDS, SHORTENED_FLAG};
use super::*;
use minewall_lists::Category;

use crate::finding::{Confidence, Form, Layer, Said, Subject, WORDS, Word};
use crate::limits;

const DOCS: &str = include_str!("../../../../docs/records.md");
const TIME_US: i64 = 1_795_464_062_123_456; // 2026-11-23T20:01:02.123456Z

fn end(ip: &str, port: u16) -> Endpoint {
    Endpoint { ip: ip.parse().unwrap(), port }
}

fn dns() -> Record {
    Record {
        time_us: TIME_US,
        id: "5f0c9a1e77b2d4c3-1".to_owned(),
        action: Action::Blocked,
        source: end("10.0.0.5", 40321),
        source_mac: Some([0x00, 0x11, 0x22, 0xaa, 0xbb, 0xcc]),
        who: None,
        nat: None,
        destination: end("10.0.0.1", 53),
        destination_domain: None,
        transport: Protocol::Udp,
        protocol: "dns",
        question: Some(Question { name: "xmr.example.org".to_owned(), kind: "AAAA".to_owned() }),
        server_name: None,
        vlan: None,
        observer: "gw1".to_owned(),
        interface_index: 3,
        interface: Some("lan0".to_owned()),
        finding: Finding {
            layer: Layer::Dns,
            dialect: None,
            said: Said { coin: Some("XMR".to_owned()), ..Said::default() },
            confidence: Confidence::High,
            rule: "example.org".to_owned(),
            ruleset: "pools".to_owned(),
            subject: Subject::Listed(Category::Pool),
            reason: "the DNS question for xmr.example.org is listed as a mining pool".to_owned(),
            excerpt: Vec::new(),
        },
        exemption: None,
        grace_until_us: None,
    }
}

fn sni() -> Record {
    let mut record = dns();
    record.id = "5f0c9a1e77b2d4c3-2".to_owned();
    record.action = Action::Observed;
    record.source = end("2001:db8:1::5", 51870);
    record.destination = end("2001:db8:ffff::7", 443);
    record.destination_domain = Some("xmr.example.org".to_owned());
    record.transport = Protocol::Tcp;
    record.protocol = "tls";
    record.question = None;
    record.server_name = record.destination_domain.clone();
    record.vlan = Some(120);
    record.finding.layer = Layer::Sni;
    record.finding.reason = "the TLS server name xmr.example.org is listed as a mining pool".to_owned();
    record.exemption = Some(Exemption {
        owner: "Dr. Chen".to_owned(),
        reason: "distributed systems course".to_owned(),
        expires: Some("2027-01-31".to_owned()),
    });
    record
}

fn payload() -> Record {
    let mut record = dns();
    record.id = "5f0c9a1e77b2d4c3-3".to_owned();
    record.source.port = 49152;
    record.destination = end("203.0.113.7", 3333);
    record.transport = Protocol::Tcp;
    record.protocol = "stratum";
    record.question = None;
    record.finding = Finding {
        layer: Layer::Payload,
        dialect: Some("cryptonote"),
        said: Said {
            coin: Some("XMR".to_owned()),
            wallet: Some("4AexampleWalletAddress".to_owned()),
            worker: Some("room-204".to_owned()),
            agent: Some("rig/6.21".to_owned()),
            ..Said::default()
        },
        confidence: Confidence::High,
        rule: "login".to_owned(),
        ruleset: "dialects".to_owned(),
        subject: Subject::Protocol,
        reason: "a CryptoNote login was heard".to_owned(),
        excerpt: b"{\"method\":\"login\",\"params\":{\"login\":\"4AexampleWalletAddress\",\"pass\":\"***\"}}\n"
            .to_vec(),
    };
    for (word, text) in [
        (Word::CoinConfidence, "medium"),
        (Word::CoinReason, "of the protocol's coins this one fits the other clue"),
        (Word::Holder, "wallet"),
        (Word::WalletCheck, "valid"),
        (Word::Hardware, "cpu"),
        (Word::FixedDifficulty, "50000"),
    ] {
        record.finding.said.put(word, text);
    }
    record
}

fn loss() -> Loss {
    Loss { time_us: TIME_US, observer: "gw1".to_owned(), sink: "tcp://192.0.2.10:601".to_owned(), lost: 17 }
}

/// A record with every field that a row of the table can read.
fn full() -> Record {
    let mut record = sni();
    record.grace_until_us = Some(record.time_us);
    record.question = dns().question;
    let said = payload().finding;
    record.finding.said = said.said;
    for row in WORDS {
        if record.finding.said.get(row.word).is_some() {
            continue;
        }
        record.finding.said.put(row.word, if row.form == Form::Number { "42" } else { "word" });
    }
    record.finding.dialect = said.dialect;
    record.finding.excerpt = said.excerpt;
    record.who = Some(Box::new(who()));
    record.nat = Some(end("2001:db8:2::9", 40_001));
    record
}

/// Somebody of whom everything is known.
fn who() -> Who {
    let text = |text: &str| Some(text.to_owned());
    Who {
        hostname: text("lab-pc-07"),
        account: text("alice"),
        unit: text("\u{7269}\u{7406}\u{5b66}\u{9662}"),
        room: text("B204"),
        person: text("\u{5f20}\u{4e09}"),
        contact: text("+86 10 5555 0104"),
        is_next_hop: true,
        lease_mac: text("02-00-00-00-00-05"),
        addresses: vec!["10.0.0.5".parse().unwrap(), "2001:db8:1::99".parse().unwrap()],
        sources: vec!["radius".to_owned(), "inventory".to_owned()],
    }
}

/// Every field a record can have.
fn record_paths() -> Vec<&'static str> {
    let words = WORDS.iter().map(|row| row.path);
    RECORD
        .iter()
        .map(|field| field.path)
        .chain(words)
        .chain(RECORD_AFTER_WORDS.iter().map(|field| field.path))
        .collect()
}

fn leaves(value: &Value, path: &str, into: &mut BTreeMap<String, Value>) {
    let Value::Object(object) = value else {
        into.insert(path.to_owned(), value.clone());
        return;
    };
    for (name, value) in object {
        leaves(value, &if path.is_empty() { name.clone() } else { format!("{path}.{name}") }, into);
    }
}

fn flat(line: &str) -> BTreeMap<String, Value> {
    let mut fields = BTreeMap::new();
    let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"));
    leaves(&value, "", &mut fields);
    fields
}

/// The line with breaks and indents, its order kept: what the documentation shows.
fn pretty(line: &str) -> String {
    let (mut out, mut depth, mut quoted, mut escaped, mut list) = (String::new(), 0, false, false, false);
    let new_line = |depth: usize| format!("\n{}", "  ".repeat(depth));
    for c in line.chars() {
        if quoted {
            out.push(c);
            quoted = escaped || c != '"';
            escaped = !escaped && c == '\\';
            continue;
        }
        match c {
            '{' => depth += 1,
            '}' => {
                depth -= 1;
                out.push_str(&new_line(depth));
            }
            '"' => quoted = true,
            '[' => list = true,
            ']' => list = false,
            _ => {}
        }
        out.push(c);
        match c {
            '{' => out.push_str(&new_line(depth)),
            ',' if !list => out.push_str(&new_line(depth)),
            ',' | ':' => out.push(' '),
            _ => {}
        }
    }
    out
}

#[test]
fn the_examples_of_the_documentation_are_what_the_code_writes() {
    let examples = [
        ("dns", dns().to_json()),
        ("sni", sni().to_json()),
        ("payload", payload().to_json()),
        ("lost", loss().to_json()),
    ];
    for (name, line) in examples {
        let block = format!("```json\n{}\n```\n", pretty(&line));
        assert!(DOCS.contains(&block), "docs/records.md lacks the example {name}; it should read\n{block}");
    }
}

#[test]
fn the_documentation_lists_exactly_the_fields_of_the_tables() {
    let rows = DOCS.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    let mut documented: Vec<&str> =
        rows.map(|(name, _)| name).filter(|name| *name == "@timestamp" || name.contains('.')).collect();
    let mut written = record_paths();
    written.push(SHORTENED_FLAG);
    written.extend(LOSS.iter().map(|field| field.path).filter(|path| !record_paths().contains(path)));
    documented.sort_unstable();
    written.sort_unstable();
    assert_eq!(documented, written);
}

#[test]
fn the_documentation_of_a_word_is_its_row() {
    for row in WORDS {
        let form = match row.form {
            Form::Flag => "`true`".to_owned(),
            Form::List => "list of words".to_owned(),
            Form::Name => format!("word, {} bytes", row.bytes),
            Form::Number => "number".to_owned(),
            Form::Text => format!("text, {} bytes", row.bytes),
        };
        let line = format!("| `{}` | {form} | {} | {} |", row.path, row.when, row.what.trim());
        assert!(DOCS.contains(&line), "docs/records.md lacks the line\n{line}");
    }
}

#[test]
fn every_field_is_written_once_and_no_object_twice() {
    let fields = flat(&full().to_json());
    let paths: Vec<&str> = fields.keys().map(String::as_str).collect();
    let mut expected = record_paths();
    // A self-test has no wallet, which this record has.
    expected.retain(|path| *path != "minewall.test");
    expected.sort_unstable();
    assert_eq!(paths, expected);
    assert_eq!(flat(&loss().to_json()).len(), LOSS.len());
}

#[test]
fn absent_is_left_out() {
    let mut record = payload();
    record.source_mac = None;
    record.interface = None;
    record.interface_index = 0;
    record.observer = String::new();
    record.finding.said = Said::default();
    record.finding.excerpt.clear();
    let line = record.to_json();
    for absent in ["null", "\"\"", "{}", "mac", "observer", "wallet", "excerpt", "exemption", "vlan", "tls", "dns\":"] {
        assert!(!line.contains(absent), "{absent} in {line}");
    }
}

#[test]
fn mac_time_and_vlan_have_the_forms_of_ecs() {
    let fields = flat(&full().to_json());
    assert_eq!(fields["@timestamp"], "2026-11-23T20:01:02.123456Z");
    assert_eq!(fields["source.mac"], "00-11-22-AA-BB-CC");
    assert_eq!(fields["network.vlan.id"], "120");
    assert_eq!(fields["network.type"], "ipv6");
    assert_eq!(timestamp(0), "1970-01-01T00:00:00.000000Z");
    assert_eq!(timestamp(1_000_000), "1970-01-01T00:00:01.000000Z");
    assert_eq!(timestamp(i64::MIN), "1970-01-01T00:00:00.000000Z");
    assert!(timestamp(i64::MAX).starts_with("9999-12-30T"), "{}", timestamp(i64::MAX));
}

#[test]
fn sentences_name_the_host_before_any_word_from_the_wire() {
    assert_eq!(
        dns().summary(),
        "Refused 10.0.0.5 the answer of 10.0.0.1:53: the DNS question for xmr.example.org is listed as a mining pool \
         (list pools, entry example.org)"
    );
    assert_eq!(
        sni().summary(),
        "Let 2001:db8:1::5 talk to [2001:db8:ffff::7]:443, exempt by Dr. Chen for distributed systems course, until \
         2027-01-31: the TLS server name xmr.example.org is listed as a mining pool (list pools, entry example.org)"
    );
    assert_eq!(
        payload().summary(),
        "Cut 10.0.0.5 off from 203.0.113.7:3333: a CryptoNote login was heard (rule login of dialects)"
    );
}

#[test]
fn a_forged_field_stays_text() {
    let attacks = [
        "x\",\"source\":{\"ip\":\"10.9.9.9\"},\"y\":\"",
        "x\n{\"event\":{\"kind\":\"alert\",\"action\":\"observed\"}}",
        "x\r\n<132>1 2026-01-01T00:00:00Z other minewall - mining - {}",
        "x\u{2028}\u{85}\u{1b}[2J\u{202e}gro.elpmaxe\u{feff}",
        "x\\",
        "x\\\"",
        "\0\u{7f}\u{9b}31m",
    ];
    for attack in attacks {
        let mut record = full();
        record.finding.said.worker = Some(attack.to_owned());
        record.server_name = Some(attack.to_owned());
        record.finding.reason = attack.to_owned();
        record.finding.excerpt = attack.as_bytes().to_vec();
        if let Some(who) = &mut record.who {
            who.hostname = Some(attack.to_owned());
            who.sources = vec![attack.to_owned()];
        }
        let line = record.to_json();
        let fields = flat(&line);
        assert_eq!(fields.len(), record_paths().len() - 1, "{line}");
        assert_eq!(fields["source.ip"], "2001:db8:1::5");
        assert_eq!(fields["event.action"], "observed");
        assert_eq!(fields["minewall.worker"], printable(attack, limits::WORD));
        assert_eq!(fields["source.domain"], printable(attack, 320));
        assert_eq!(fields["minewall.identity_sources"][0], printable(attack, 256));
        assert!(line.chars().all(|c| !c.is_control() && !"\u{2028}\u{202e}\u{feff}".contains(c)), "{line}");
    }
}

#[test]
fn printable_writes_out_what_cannot_be_seen() {
    assert_eq!(printable("room-204 \u{5f20}", 64), "room-204 \u{5f20}");
    assert_eq!(printable("a\nb\u{0}\u{85}", 64), "a\\u{a}b\\u{0}\\u{85}");
    assert_eq!(printable("a\u{202e}b\u{2028}\u{200b}\u{feff}", 64), "a\\u{202e}b\\u{2028}\\u{200b}\\u{feff}");
    assert_eq!(printable("domain\\user", 64), "domain\\user");
    assert_eq!(printable("abcdefgh", 8), "abcdefgh");
    assert_eq!(printable("abcdefghi", 8), "abcde...");
    assert_eq!(printable("\u{5f20}\u{5f20}\u{5f20}", 8), "\u{5f20}...");
    assert_eq!(printable("ab\ncd", 6), "ab...");
    assert_eq!(printable("abc", 2), "..");
}

#[test]
fn the_longest_short_line_fits() {
    for hostile in ["\u{e9}", "\u{5f20}", "\u{1f4a9}", "\\", "\"", "\u{202e}", "\u{e0001}"] {
        let mut record = full();
        let long = hostile.repeat(3000);
        every_text(&mut record, &long);
        let line = record.to_ascii_json(SHORTENED_BYTES);
        assert!(line.len() <= SHORTENED_BYTES, "{} bytes with {hostile:?}", line.len());
        assert_eq!(flat(&line)[SHORTENED_FLAG], true);
        assert!(line.is_ascii());
        assert!(full().to_ascii_json(SHORTENED_BYTES).contains("excerpt"));
    }
}

#[test]
fn the_excerpt_goes_first() {
    let record = full();
    let whole = record.to_ascii_json(usize::MAX);
    let without = record.to_ascii_json(whole.len() - 1);
    let (whole, mut without) = (flat(&whole), flat(&without));
    assert_eq!(without.remove(SHORTENED_FLAG), Some(Value::Bool(true)));
    without.insert("minewall.excerpt".to_owned(), whole["minewall.excerpt"].clone());
    assert_eq!(whole, without);
}

fn every_text(record: &mut Record, text: &str) {
    for place in [&mut record.id, &mut record.observer, &mut record.finding.rule, &mut record.finding.ruleset] {
        text.clone_into(place);
    }
    text.clone_into(&mut record.finding.reason);
    let said = &mut record.finding.said;
    for place in [&mut said.coin, &mut said.wallet, &mut said.worker, &mut said.agent] {
        *place = Some(text.to_owned());
    }
    for row in WORDS.iter().filter(|row| !matches!(row.word, Word::Coin | Word::Wallet | Word::Worker | Word::Agent)) {
        // The worst its form lets through: JSON doubles quotes.
        let worst = match row.form {
            Form::Number => "18446744073709551615".to_owned(),
            Form::Text => text.to_owned(),
            Form::Flag | Form::Name | Form::List => "\"".repeat(3000),
        };
        said.put(row.word, &worst);
    }
    record.destination_domain = Some(text.to_owned());
    record.server_name = Some(text.to_owned());
    record.interface = Some(text.to_owned());
    record.interface_index = u32::MAX;
    record.vlan = Some(4094);
    record.question = Some(Question { name: text.to_owned(), kind: text.to_owned() });
    let expires = Some(text.to_owned());
    record.exemption = Some(Exemption { owner: text.to_owned(), reason: text.to_owned(), expires });
    record.finding.excerpt = vec![0xff; limits::EXCERPT];
    record.who = Some(Box::new(Who {
        hostname: Some(text.to_owned()),
        account: Some(text.to_owned()),
        unit: Some(text.to_owned()),
        room: Some(text.to_owned()),
        person: Some(text.to_owned()),
        contact: Some(text.to_owned()),
        addresses: vec![[0xff; 16].into(); 100],
        sources: vec![text.to_owned(); 100],
        ..who()
    }));
    record.nat = Some(end("ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", 65_535));
}

/// Turns an excerpt back into bytes.
fn bytes_of(excerpt: &str) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::new(), excerpt.as_bytes());
    while let Some((&first, after)) = rest.split_first() {
        let (byte, used) = match (first, after.first()) {
            (b'\\', Some(b'\\')) => (b'\\', 1),
            (b'\\', Some(b'x')) => (u8::from_str_radix(core::str::from_utf8(&after[1..3]).unwrap(), 16).unwrap(), 3),
            _ => (first, 0),
        };
        out.push(byte);
        rest = &after[used..];
    }
    out
}

prop_compose! {
    fn any_record()(
        time_us in any::<i64>(), texts in vec_of(any::<String>(), 8), maybe in vec_of(option::of(".*"), 9),
        ips in (any::<[u8; 16]>(), any::<[u8; 4]>()), numbers in any::<(u16, u32, Option<u16>, Option<[u8; 6]>)>(),
        excerpt in vec_of(any::<u8>(), 0..400), exempt in option::of((".*", "(?s).*", option::of(".*"))),
    ) -> Record {
        let [id, observer, rule, ruleset, reason, name, kind, _] = texts.try_into().unwrap();
        let [domain, server_name, interface, coin, wallet, worker, agent, question, _] = maybe.try_into().unwrap();
        let (port, interface_index, vlan, source_mac) = numbers;
        Record {
            time_us, id, observer, interface_index, interface, vlan, source_mac, server_name,
            source: Endpoint { ip: IpAddr::from(ips.0), port },
            destination: Endpoint { ip: IpAddr::from(ips.1), port: 1 },
            destination_domain: domain,
            question: question.map(|_| Question { name, kind }),
            finding: Finding { rule, ruleset, reason, excerpt, said: Said { coin, wallet, worker, agent, ..Said::default() }, ..payload().finding },
            exemption: exempt.map(|(owner, reason, expires)| Exemption { owner, reason, expires }),
            grace_until_us: None,
            ..payload()
        }
    }
}

proptest! {
    #[test]
    fn any_record_is_one_line_and_reads_back(record in any_record()) {
        let line = record.to_json();
        let breaks = |c: char| c.is_control() || "\u{2028}\u{2029}".contains(c);
        prop_assert!(!line.contains(breaks));
        let fields = flat(&line);
        let reads = |path: &str, text: Option<&str>, bytes: usize| {
            let expected = text.map(|text| printable(text, bytes)).filter(|text| !text.is_empty());
            fields.get(path).and_then(Value::as_str).map(ToString::to_string) == expected
        };
        let said = &record.finding.said;
        prop_assert!(reads("event.id", Some(&record.id), 256));
        prop_assert!(reads("event.reason", Some(&record.summary()), 1024));
        prop_assert!(reads("observer.name", Some(&record.observer), 320));
        prop_assert!(reads("rule.name", Some(&record.finding.rule), 320));
        prop_assert!(reads("rule.ruleset", Some(&record.finding.ruleset), 256));
        prop_assert!(reads("destination.domain", record.destination_domain.as_deref(), 320));
        prop_assert!(reads("tls.client.server_name", record.server_name.as_deref(), 320));
        prop_assert!(reads("dns.question.name", record.question.as_ref().map(|q| &*q.name), 320));
        prop_assert!(reads("dns.question.type", record.question.as_ref().map(|q| &*q.kind), 256));
        prop_assert!(reads("observer.ingress.interface.name", record.interface.as_deref(), 256));
        prop_assert!(reads("minewall.coin", said.coin.as_deref(), limits::WORD));
        prop_assert!(reads("minewall.wallet", said.wallet.as_deref(), limits::WORD));
        prop_assert!(reads("minewall.worker", said.worker.as_deref(), limits::WORD));
        prop_assert!(reads("minewall.agent", said.agent.as_deref(), limits::WORD));
        prop_assert!(reads("minewall.exemption.owner", record.exemption.as_ref().map(|e| &*e.owner), 256));
        prop_assert!(reads("minewall.exemption.reason", record.exemption.as_ref().map(|e| &*e.reason), 256));
        prop_assert_eq!(fields["source.ip"].as_str().unwrap(), record.source.ip.to_string());
        prop_assert_eq!(fields["source.port"].as_u64().unwrap(), u64::from(record.source.port));
        let kept = &record.finding.excerpt[..record.finding.excerpt.len().min(limits::EXCERPT)];
        prop_assert_eq!(bytes_of(fields.get("minewall.excerpt").map_or("", |e| e.as_str().unwrap())), kept);
    }

    #[test]
    fn the_ascii_line_says_the_same(record in any_record()) {
        let line = record.to_ascii_json(usize::MAX);
        prop_assert!(line.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
        prop_assert_eq!(flat(&line), flat(&record.to_json()));
    }

    #[test]
    fn printable_is_bounded_and_changes_nothing_twice(text in any::<String>(), bytes in 0_usize..200) {
        let once = printable(&text, bytes);
        prop_assert!(once.len() <= bytes);
        prop_assert_eq!(printable(&once, bytes), once);
    }
}
