//! What follows from what was seen, and the words that are said.

use minewall_core::finding::TEST_NAME;

use super::client::{Ended, Told, login, question, read};
use super::gateway::Tried;
use super::judge::{Seen, at_gateway, from_inside};
use super::{exit, show_text};
use crate::incidents::Width;

/// All as it should be on a gateway that cuts.
fn cut() -> Seen {
    let tried =
        Tried { page: Ended::Answered, harmless_name: Told::Answered, test_name: Told::Refused, login: Ended::Reset };
    Seen {
        tried,
        test_name_reached: false,
        harmless_name_reached: true,
        login_reached: false,
        records: 2,
        mode: "block".to_owned(),
    }
}

/// The exit code, and what is shown.
fn judged(seen: &Seen) -> (u8, String) {
    let rows = at_gateway(seen);
    (exit(&rows), show_text(&rows, Width(200)))
}

#[test]
fn a_gateway_that_cuts_is_told_from_one_that_does_not() {
    assert_eq!(judged(&cut()).0, 0);
    let tried = Tried { test_name: Told::Answered, login: Ended::Silent, ..cut().tried };
    let past = Seen { tried, test_name_reached: true, login_reached: true, records: 0, ..cut() };
    let (code, text) = judged(&past);
    assert_eq!(code, 1);
    assert!(text.contains("3 FAIL") && text.contains("minewall doctor"), "{text}");
    // As a gateway does that only observes: that is what it should do then.
    let observed = Seen { records: 2, mode: "observe".to_owned(), tried, ..past };
    assert_eq!(judged(&observed).0, 0);
    let (code, text) = judged(&Seen { mode: "block".to_owned(), ..observed });
    assert!(code == 1 && text.contains("exemption"), "{text}");
    let half = Seen { records: 1, ..cut() };
    assert_eq!(judged(&half).0, 2, "cut, and a record is missing");
    let sinkhole = Seen { tried: Tried { test_name: Told::Answered, ..cut().tried }, ..cut() };
    assert_eq!(judged(&sinkhole).0, 0);
}

#[test]
fn a_firewall_in_the_way_proves_nothing() {
    let timed_out = Ended::Unreachable(std::io::ErrorKind::TimedOut);
    let tried = Tried { page: timed_out, harmless_name: Told::Silent, test_name: Told::Silent, login: timed_out };
    let stopped = Seen { tried, harmless_name_reached: false, records: 0, ..cut() };
    let (code, text) = judged(&stopped);
    assert!(code == 2 && text.contains("firewall") && text.contains("--to"), "{text}");
    let redirected = Tried { harmless_name: Told::NoSuchName, test_name: Told::NoSuchName, ..cut().tried };
    let (code, text) = judged(&Seen { tried: redirected, harmless_name_reached: false, records: 2, ..cut() });
    assert!(code == 2 && text.contains("redirected"), "{text}");
}

#[test]
fn what_is_seen_from_inside_is_told_with_its_limits() {
    let told = |login, dns| exit(&from_inside(login, dns));
    assert_eq!(told(Ended::Reset, None), 0);
    assert_eq!(told(Ended::Reset, Some(Told::Refused)), 0);
    assert_eq!(told(Ended::Reset, Some(Told::NoSuchName)), 2, "any server says so of this name");
    assert_eq!(told(Ended::Answered, Some(Told::Refused)), 1);
    assert_eq!(told(Ended::Closed, None), 1);
    for unsure in [Ended::Silent, Ended::Unreachable(std::io::ErrorKind::ConnectionRefused)] {
        assert_eq!(told(unsure, None), 2);
    }
}

#[test]
fn answers_are_read_as_minewall_and_others_give_them() {
    let asked = question(TEST_NAME);
    let refused = minewall_core::wire::dns::answer::nxdomain(&asked, "mining").unwrap();
    assert_eq!(read(&refused), Some(Told::Refused));
    let mut plain = asked.clone();
    plain[2] = 0x81;
    plain[3] = 0x83;
    assert_eq!(read(&plain), Some(Told::NoSuchName));
    plain[3] = 0x80;
    assert_eq!(read(&plain), Some(Told::Answered));
    assert_eq!(read(&asked), None, "a question is no answer");
    plain[0] ^= 1;
    assert_eq!(read(&plain), None, "to another question");
    for short in [&[][..], &[0x4d], &[0x4d, 0x57, 0x81]] {
        assert_eq!(read(short), None);
    }
}

#[test]
fn the_login_is_one_line_of_json_without_a_wallet() {
    let line: serde_json::Value = serde_json::from_str(&login()).unwrap();
    assert!(login().ends_with('\n') && login().lines().count() == 1);
    assert_eq!(line["params"]["login"], minewall_core::finding::TEST_LOGIN);
}
