//! Grace: a host is observed first and cut then, also on connections under way.

use alloc::vec::Vec;

use super::*;
use crate::policy::{Grace, Lenient};

const START: i64 = 1_700_000_000_000_000;

fn engine_with(grace: Grace) -> Engine {
    let settings = settings(Mode::Block, Vec::new());
    let mut policy = (*settings.policy).clone();
    policy.grace = grace;
    Engine::new(Settings { policy: Arc::new(policy), ..settings }, 1024, Seed::from(7))
}

fn minutes(minutes: u32) -> Grace {
    Grace { minutes, prefix: Vec::new() }
}

fn at(engine: &mut Engine, seconds: i64, packet: &[u8]) -> Outcome {
    engine.on_ip(Now::from_wall_us(START + seconds * 1_000_000), Meta::default(), packet)
}

#[test]
fn a_connection_under_way_is_cut_when_the_grace_is_over_and_the_next_at_once() {
    let mut engine = engine_with(minutes(10));
    let (host, pool) = ends(false);
    let first = at(&mut engine, 0, &segment(host, pool, 1, DATA, LOGIN.as_bytes()));
    assert_eq!(first.verdict, Verdict::Watch);
    let record = first.record.unwrap();
    assert_eq!((record.action, record.grace_until_us), (Action::Observed, Some(START + 600_000_000)));
    assert!(record.to_json().contains("\"grace_until\":\"2023-11-14T22:23:20.000000Z\""), "{}", record.to_json());
    let job =
        r#"{"jsonrpc":"2.0","method":"job","params":{"blob":"BLOB","job_id":"j","target":"b88d0600","algo":"rx/0"}}"#;
    let job = format!("{}\n", job.replace("BLOB", &"10".repeat(76)));
    let share = r#"{"id":2,"method":"submit","params":{"id":"a","job_id":"j","nonce":"25b30500","result":"HASH"}}"#;
    let share = format!("{}\n", share.replace("HASH", &"ab".repeat(32)));
    assert_eq!(at(&mut engine, 60, &segment(pool, host, 1, DATA, job.as_bytes())).verdict, Verdict::Look);
    let seq = 1 + LOGIN.len() as u32;
    let outcome = at(&mut engine, 599, &segment(host, pool, seq, DATA, share.as_bytes()));
    assert_eq!(outcome.verdict, Verdict::Watch);
    let activity = outcome.activity.unwrap();
    assert_eq!((activity.offered, activity.jobs, activity.record.clone()), (1, 0, record.id.clone()));
    // An answer of the pool comes after the end: it does not pass.
    let reply = b"{\"id\":2,\"result\":{\"status\":\"OK\"}}\n";
    let cut = at(&mut engine, 600, &segment(pool, host, 1 + job.len() as u32, DATA, reply));
    assert_eq!(cut.verdict, Verdict::Cut);
    assert!(cut.farewell.is_some(), "the pool is told");
    let last = cut.record.unwrap();
    assert_eq!((last.action, last.grace_until_us, last.finding.dialect), (Action::Blocked, None, Some("cryptonote")));
    assert!(last.finding.reason.ends_with("; its grace is over"), "{}", last.finding.reason);
    assert_ne!(last.id, record.id);
    assert_eq!(engine.counters().following, 0);
    let later = at(&mut engine, 601, &segment(pool, host, 1 + job.len() as u32, DATA, reply));
    assert_eq!(later.verdict, Verdict::Cut);
    assert!(later.record.is_none());
    // The next connection of the host is cut at its first message; a host of which nothing was found has its own time.
    let mut next = host;
    next.set_port(40_001);
    assert_eq!(at(&mut engine, 602, &segment(next, pool, 1, DATA, LOGIN.as_bytes())).verdict, Verdict::Cut);
    next.set_ip("10.0.0.6".parse().unwrap());
    assert_eq!(at(&mut engine, 602, &segment(next, pool, 1, DATA, LOGIN.as_bytes())).verdict, Verdict::Watch);
}

#[test]
fn the_look_under_way_does_not_outlast_the_grace() {
    let mut engine = engine_with(minutes(1));
    let (host, pool) = ends(true);
    assert_eq!(at(&mut engine, 0, &segment(host, pool, 1, DATA, LOGIN.as_bytes())).verdict, Verdict::Watch);
    let seq = 1 + LOGIN.len() as u32;
    assert_eq!(at(&mut engine, 61, &segment(host, pool, seq, DATA, b"{")).verdict, Verdict::Cut);
}

#[test]
fn questions_and_listed_servers_pass_during_grace_and_are_refused_then() {
    let mut engine = engine_with(minutes(5));
    let (host, _) = ends(false);
    let listed: SocketAddr = "192.0.2.9:3333".parse().unwrap();
    let syn = at(&mut engine, 0, &segment(host, listed, 1, SYN, b""));
    assert_eq!(syn.verdict, Verdict::Watch);
    assert!(syn.record.unwrap().grace_until_us.is_some());
    // What is said there cannot be read; it passes, and is not left to the kernel.
    let hello = [0x16, 3, 1, 0, 4, 1, 0, 0, 0];
    for packet in 0..40 {
        let outcome = at(&mut engine, 1 + packet, &segment(host, listed, 2 + 9 * packet as u32, DATA, &hello));
        assert!(matches!(outcome.verdict, Verdict::Watch | Verdict::Look), "{:?}", outcome.verdict);
    }
    let cut = at(&mut engine, 300, &segment(host, listed, 2 + 9 * 40, DATA, &hello));
    assert_eq!(cut.verdict, Verdict::Cut);
    assert_eq!(cut.record.unwrap().action, Action::Blocked);
    assert_eq!(at(&mut engine, 301, &segment(host, listed, 900_000_000, SYN, b"")).verdict, Verdict::Cut);
}

#[test]
fn prefixes_have_their_own_grace_and_exemptions_need_none() {
    let own = |prefix: &str, minutes| Lenient { prefix: parse_prefix(prefix).unwrap(), minutes };
    let mut engine = engine_with(Grace { minutes: 0, prefix: vec![own("10.0.0.0/24", 3)] });
    let (host, pool) = ends(false);
    assert_eq!(at(&mut engine, 0, &segment(host, pool, 1, DATA, LOGIN.as_bytes())).verdict, Verdict::Watch);
    let other: SocketAddr = "10.0.1.5:40000".parse().unwrap();
    assert_eq!(at(&mut engine, 0, &segment(other, pool, 1, DATA, LOGIN.as_bytes())).verdict, Verdict::Cut);
}

#[test]
fn a_reload_that_blocks_cuts_what_was_observed() {
    let mut engine = engine(Mode::Observe);
    let (host, pool) = ends(false);
    assert_eq!(at(&mut engine, 0, &segment(host, pool, 1, DATA, LOGIN.as_bytes())).verdict, Verdict::Watch);
    engine.reload(settings(Mode::Block, Vec::new()));
    let seq = 1 + LOGIN.len() as u32;
    let cut = at(&mut engine, 5, &segment(host, pool, seq, DATA, b"{}\n"));
    assert_eq!(cut.verdict, Verdict::Cut);
    assert!(cut.record.unwrap().finding.reason.ends_with("; policy lets it pass no longer"));
}

#[test]
fn a_self_test_is_cut_at_once_and_begins_no_grace() {
    let mut engine = engine_with(minutes(10));
    let (host, pool) = ends(false);
    let test = format!(
        "{{\"id\":1,\"jsonrpc\":\"2.0\",\"method\":\"login\",\"params\":{{\"login\":\"{}\",\"pass\":\"x\",\"agent\":\"a/1\",\
         \"algo\":[\"rx/0\"]}}}}\n",
        crate::finding::TEST_LOGIN
    );
    let outcome = at(&mut engine, 0, &segment(host, pool, 1, DATA, test.as_bytes()));
    assert_eq!(outcome.verdict, Verdict::Cut);
    let line = outcome.record.unwrap().to_json();
    assert!(line.contains("\"test\":true") && line.contains("Self-test of minewall, no mining: Cut "), "{line}");
    assert_eq!(engine.counters().tests, 1);
    let host = SocketAddr::new(host.ip(), 40_001);
    let real = at(&mut engine, 1, &segment(host, pool, 1, DATA, LOGIN.as_bytes()));
    assert_eq!(real.record.unwrap().grace_until_us, Some(START + 601_000_000), "its grace begins now");
}
