use std::sync::Arc;

use proptest::prelude::*;

use super::super::Event;
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
    let text = message(LOCAL4, 77, &event(|_| ()));
    let (header, body) = text.split_once(" - ").unwrap();
    assert_eq!(header, "<164>1 2026-11-23T20:01:02.123456Z gw-7.campus.example minewall 77 mining");
    assert_eq!(json(body, "/minewall/worker"), "机房 204 \"<1>\"\\u{a}");
    assert!(message(LOCAL4, 77, &event(|record| record.action = Action::Observed)).starts_with("<165>1 "));
}

#[test]
fn a_host_name_cannot_bring_a_part_of_its_own() {
    for (observer, host) in [("", "-"), ("a b\n<1>1 校", "a-b-<1>1--"), (&*"x".repeat(300), &*"x".repeat(255))] {
        let text = message(LOCAL4, 77, &event(|record| observer.clone_into(&mut record.observer)));
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
        let text = message(LOCAL4, 1, &event(|record| {
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
        let sink = config::Sink::Syslog { address: address.to_owned(), facility: facility.to_owned() };
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
        "tls://host:6514",
        "tcp://ho st:601",
        "tcp://user@host:601",
        "udp://[::1:514",
    ];
    for address in malformed {
        let text = error(address, "local4");
        assert!(text.contains(&format!("{address:?}")) && text.contains("unix:/dev/log, udp://"), "{text}");
    }
}
