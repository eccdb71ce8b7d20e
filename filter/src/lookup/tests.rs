//! A thousand lookups over a journal of thousands of records.

use std::fs;

use minewall_core::config;
use minewall_core::evidence::timestamp;

use super::rank::Certainty;
use super::*;
use crate::journal::{Class, Clock, Journal};

/// 2026-11-24T00:00:00Z.
const MIDNIGHT_US: i64 = 1_795_478_400_000_000;
const HOSTS: u64 = 400;
const RECORDS: u64 = 6000;

/// The record of one connection.
struct Connection {
    at_us: i64,
    host: u64,
    public: IpAddr,
    port: u16,
}

/// SplitMix64: the same numbers each time.
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn inside(host: u64) -> String {
    format!("10.1.{}.{}", host / 200, host % 200 + 1)
}

/// A day of connections of many hosts behind two addresses, whose few ports are used again and again, 20 s apart at
/// the least.
fn connections(state: &mut u64) -> Vec<Connection> {
    let mut last = std::collections::HashMap::new();
    let mut all = Vec::new();
    for number in 0..RECORDS {
        let at_us = MIDNIGHT_US + i64::try_from(number * 14).unwrap() * SECOND_US;
        let (public, port) = loop {
            let public = IpAddr::from([203, 0, 113, 5 + u8::try_from(random(state) % 2).unwrap()]);
            let port = 40_000 + u16::try_from(random(state) % 50).unwrap();
            let free = last.get(&(public, port)).is_none_or(|last| at_us - last > 20 * SECOND_US);
            if free {
                break (public, port);
            }
        };
        last.insert((public, port), at_us);
        all.push(Connection { at_us, host: random(state) % HOSTS, public, port });
    }
    all
}

fn record(number: usize, of: &Connection) -> String {
    let Connection { at_us, host, public, port } = of;
    format!(
        "{{\"@timestamp\":\"{}\",\"event\":{{\"action\":\"observed\",\"reason\":\"-\",\"id\":\"r-{number}\"}},\"source\":{{\
         \"ip\":\"{}\",\"port\":50000,\"mac\":\"00-11-22-AA-BB-{host:02X}\",\"nat\":{{\"ip\":\"{public}\",\"port\":{port}}}}},\
         \"destination\":{{\"ip\":\"192.0.2.7\",\"port\":3333,\"domain\":\"xmr.example.org\"}},\
         \"minewall\":{{\"unit\":\"Unit {}\",\"person\":\"张三\"}}}}",
        timestamp(*at_us),
        inside(*host),
        host % 6
    )
}

/// A directory that is removed with its content.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_thousand_lookups_find_the_host() {
    let scratch = Scratch(std::env::temp_dir().join(format!("minewall-lookup-{}", std::process::id())));
    let directory = scratch.0.to_str().unwrap().to_owned();
    let settings = config::Journal { directory, segment: 256 << 10, ..config::Journal::default() };
    let mut state = 6;
    let all = connections(&mut state);
    let mut journal = Journal::open(&settings, "gw", Clock::Events(MIDNIGHT_US)).unwrap();
    for (number, connection) in all.iter().enumerate() {
        journal.append(Class::Records, connection.at_us, &record(number, connection)).unwrap();
    }
    journal.close().unwrap();
    let questions: Vec<_> = (0..1000)
        .map(|_| {
            let connection = &all[usize::try_from(random(&mut state) % RECORDS).unwrap()];
            // The clock of whoever asks is off by up to 9 s.
            let off = i64::try_from(random(&mut state) % 19).unwrap() - 9;
            let public = Public { ip: connection.public, port: Some(connection.port) };
            let at_us = connection.at_us + off * SECOND_US;
            (connection, Question { public, at_us, within_us: 300 * SECOND_US, far: None })
        })
        .collect();
    let addresses = questions.iter().map(|(_, question)| question.public.ip).collect();
    let mut index = Index::new(addresses);
    assert_eq!(index.read(&scratch.0, i64::MIN, i64::MAX).unwrap(), []);
    index.sort();
    for (connection, question) in &questions {
        let answers = rank::answers(&index, question);
        let best = answers.first().unwrap();
        assert_eq!(best.seen.host.ip, inside(connection.host), "{question:?}: {best:?}");
        assert_eq!(best.certainty, Certainty::Exact, "{best:?}");
        assert!(answers.iter().skip(1).all(|answer| answer.certainty > Certainty::Exact));
        assert!(best.seen.host.for_people().ends_with("张三"));
    }
    // By the address alone, all that mined behind it around then.
    let mut question = questions[0].1.clone();
    question.public.port = None;
    let answers = rank::answers(&index, &question);
    assert!(answers.len() > 5 && answers.iter().all(|answer| answer.certainty == Certainty::Possible), "{answers:?}");
    question.far = Some("xmr.example.org".to_owned());
    assert!(rank::answers(&index, &question).iter().all(|answer| answer.certainty == Certainty::Likely));
    question.public.ip = IpAddr::from([203, 0, 113, 99]);
    assert!(rank::answers(&index, &question).is_empty());
}

#[test]
fn addresses_and_spans_are_read() {
    let port = Some(40000);
    assert_eq!(public("203.0.113.5:40000"), Ok(Public { ip: "203.0.113.5".parse().unwrap(), port }));
    assert_eq!(public("[2001:db8::5]:40000"), Ok(Public { ip: "2001:db8::5".parse().unwrap(), port }));
    assert_eq!(public("2001:db8::5"), Ok(Public { ip: "2001:db8::5".parse().unwrap(), port: None }));
    assert!(public("gateway:1").unwrap_err().contains("203.0.113.5:40000"));
    assert_eq!((span("90s"), span("5m")), (Ok(90 * SECOND_US), Ok(300 * SECOND_US)));
    for wrong in ["", "5", "m", "-1m", "32d", "5 m", "9999999999999999999d"] {
        assert!(span(wrong).unwrap_err().contains("5m"), "{wrong}");
    }
}
