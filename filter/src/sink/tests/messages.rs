use std::sync::Arc;

use minewall_core::config::Form;
use minewall_core::evidence::Loss;
use proptest::prelude::*;

use super::super::syslog::message;
use super::super::transport::frame;
use super::*;

const LOCAL4: usize = 20;

fn event(change: impl FnOnce(&mut Record)) -> Event {
    let mut record = record(0);
    change(&mut record);
    Event::Record(Arc::new(record))
}

#[test]
fn a_message_has_the_parts_of_rfc_5424() {
    let text = message(LOCAL4, 77, Form::Json, &event(|_| ()));
    let (header, body) = text.split_once(" - ").unwrap();
    assert_eq!(header, "<164>1 2026-11-23T20:01:02.123456Z gw-7.campus.example minewall 77 mining");
    assert_eq!(json(body, "/minewall/worker"), "机房 204 \"<1>\"\\u{a}");
    assert!(message(LOCAL4, 77, Form::Json, &event(|record| record.action = Action::Observed)).starts_with("<165>1 "));
}

#[test]
fn a_host_name_cannot_bring_a_part_of_its_own() {
    for (observer, host) in [("", "-"), ("a b\n<1>1 校", "a-b-<1>1--"), (&*"x".repeat(300), &*"x".repeat(255))] {
        let text = message(LOCAL4, 77, Form::Json, &event(|record| observer.clone_into(&mut record.observer)));
        assert_eq!(text.split(' ').nth(2), Some(host));
        assert_eq!(text.split(' ').nth(6), Some("-"));
    }
}

#[test]
fn octets_are_counted_not_characters() {
    assert_eq!(frame("abc"), "3 abc");
    assert_eq!(frame("é张"), "5 é张");
}

#[test]
fn a_long_message_stays_within_the_bound_and_readable() {
    for hostile in ["\u{1f4a9}", "\\", "\u{202e}", "x"] {
        let long = hostile.repeat(2000);
        let text = message(
            LOCAL4,
            u32::MAX,
            Form::Json,
            &event(|record| {
                record.observer.clone_from(&long);
                record.finding.reason.clone_from(&long);
                record.finding.rule.clone_from(&long);
                record.finding.excerpt = vec![b'\\'; 256];
                let word = Some(long.clone());
                record.finding.said = Said {
                    coin: word.clone(),
                    wallet: word.clone(),
                    worker: word.clone(),
                    agent: word,
                    ..Said::default()
                };
            }),
        );
        assert!(text.len() <= 8192, "{} bytes of {hostile:?}", text.len());
        let body = text.split_once(" - ").unwrap().1;
        assert_eq!(json(body, "/source/ip"), "10.0.0.5");
    }
}

proptest! {
    #[test]
    fn any_message_is_printable_ascii(observer in ".*", reason in "(?s).*", worker in any::<String>()) {
        let text = message(LOCAL4, 1, Form::Json, &event(|record| {
            record.observer = observer;
            record.finding.reason = reason;
            record.finding.said.worker = Some(worker);
        }));
        prop_assert!(text.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
        prop_assert!(text.len() <= 8192);
    }
}

#[test]
fn wrong_settings_are_told_with_what_may_stand_there() {
    let error = |address: &str, facility: &str| {
        let sink = from_toml(&format!("type = \"syslog\"\naddress = {address:?}\nfacility = {facility:?}"));
        format!("{:#}", Sinks::start_at(&[sink], "gw", FAST).err().unwrap())
    };
    let unknown = error("udp://127.0.0.1:514", "lokal4");
    assert!(unknown.contains("\"lokal4\"") && unknown.contains("local4, local5"), "{unknown}");
    let malformed = [
        "",
        "/dev/log",
        "unix:",
        "unix:dev/log",
        "udp://127.0.0.1",
        "udp://127.0.0.1:0",
        "tcp://:601",
        "tcp://::1:601",
        "tcp://host:65536",
        "tls://host",
        "tls://ho st:6514",
        "tcp://ho st:601",
        "tcp://user@host:601",
        "udp://[::1:514",
    ];
    for address in malformed {
        let text = error(address, "local4");
        assert!(text.contains(&format!("{address:?}")) && text.contains("unix:/dev/log, udp://"), "{text}");
    }
}

#[test]
fn incidents_notices_and_losses_have_an_id_and_a_severity_of_their_own() {
    let header = |event: &Event| {
        let text = message(LOCAL4, 77, Form::Json, event);
        let (header, body) = text.split_once(" - ").unwrap();
        let words: Vec<_> = header.split(' ').collect();
        (words[0].to_owned(), words[5].to_owned(), json(body, "/event/action").as_str().unwrap().to_owned())
    };
    let loss = Loss { time_us: TIME_US, observer: "gw".to_owned(), sink: "tcp://siem:601".to_owned(), lost: 3 };
    for (event, [priority, id, action]) in [
        (Event::Incident(Arc::new(incident("opened"))), ["<165>1", "incident", "incident-opened"]),
        (Event::Incident(Arc::new(incident("active"))), ["<165>1", "incident", "incident-active"]),
        (Event::Incident(Arc::new(incident("ended"))), ["<166>1", "incident", "incident-ended"]),
        (Event::Notice(Arc::new(notice(4))), ["<164>1", "journal-checkpoint", "journal-checkpoint"]),
        // Not an emergency, whatever it says.
        (Event::Notice(Arc::new(notice(0))), ["<162>1", "journal-checkpoint", "journal-checkpoint"]),
        (Event::Loss(loss), ["<163>1", "records-lost", "records-lost"]),
    ] {
        assert_eq!(header(&event), (priority.to_owned(), id.to_owned(), action.to_owned()));
    }
}

#[test]
fn a_sink_is_given_what_it_is_set_to() {
    let scratch = Scratch::new();
    let set = [("all", ""), ("few", "events = [\"incident\"]"), ("held", "held = true\nevents = [\"record\"]")];
    let sinks: Vec<_> = set
        .iter()
        .map(|(name, more)| from_toml(&format!("type = \"file\"\npath = {:?}\n{more}", scratch.join(name))))
        .collect();
    let sinks = Sinks::start_at(&sinks, "gw", FAST).unwrap();
    send(&sinks, [1]);
    sinks.send(&Event::Record(Arc::new(record(2))), true);
    sinks.send(&Event::Incident(Arc::new(incident("opened"))), false);
    sinks.send(&Event::Notice(Arc::new(notice(5))), false);
    sinks.close(Duration::from_secs(10));
    let said = |name: &str| -> Vec<_> {
        let text = fs::read_to_string(scratch.join(name)).unwrap();
        text.lines().map(|line| json(line, "/event/id").as_str().unwrap_or("none").to_owned()).collect()
    };
    assert_eq!(said("all"), ["1", "i-7", "none"]);
    assert_eq!(said("few"), ["i-7"]);
    assert_eq!(said("held"), ["1", "2"]);
}
