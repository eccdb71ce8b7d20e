use super::{object, table};
use crate::control::{By, FeedStatus, IncidentStatus, ListStatus, Paused, QueueStatus, SinkStatus, Status};
use crate::incidents::Width;

const NOW: i64 = 1_795_000_000;

fn status() -> Status {
    let queue = |number, packets, p50_us, p99_us| QueueStatus {
        number,
        packets,
        findings: 7,
        cut: 3,
        p50_us,
        p99_us,
        ..QueueStatus::default()
    };
    let sink = |name: &str, errors, connected| SinkStatus {
        name: name.to_owned(),
        sent: 12,
        errors,
        connected,
        ..SinkStatus::default()
    };
    let list = |name: &str, entries, date| ListStatus { name: name.to_owned(), entries, date };
    Status {
        version: "0.1.0".to_owned(),
        process: 4711,
        observer: "gw1".to_owned(),
        mode: "block".to_owned(),
        config: "/etc/minewall/minewall.toml".to_owned(),
        backend: "nft".to_owned(),
        time_us: NOW * 1_000_000,
        started: 1_795_000_000 - 7_260,
        read: 1_795_000_000 - 300,
        queues: vec![queue(4700, 123_456, Some(50), Some(2_500)), queue(4701, 0, Some(0), Some(0))],
        sinks: vec![
            sink("file:/var/log/minewall/eve.jsonl", 0, true),
            sink("tls://siem.example.edu:6514", 4, false),
            sink("journal:/var/lib/minewall/journal", 0, false),
        ],
        lists: vec![list("pools", 4_321, Some(NOW - 40 * 86_400)), list("campus", 12, None), list("nocoin", 99, None)],
        feeds: vec![
            FeedStatus { name: "nocoin".to_owned(), checked: Some(NOW - 7_200), failures: 1 },
            FeedStatus { name: "absent".to_owned(), checked: None, failures: 3 },
        ],
        incidents: IncidentStatus { open: 2, opened: 5, ended: 3 },
        ..Status::default()
    }
}

fn paused(observe: bool) -> Status {
    let by = By { uid: 0, user: Some("root".to_owned()), pid: 99, login: Some("alice".to_owned()) };
    let reason = Some("the uplink moves to the other fibre, see the ticket about it".to_owned());
    Status { paused: Some(Paused { since: NOW - 60, until: NOW + 540, observe, reason, by }), ..status() }
}

#[test]
fn it_stands_on_eighty_columns() {
    let golden = "\
minewall       0.1.0 on gw1, up 2 h 1 min, process 4711
mode           block
configuration  /etc/minewall/minewall.toml, read 5 min ago
kernel rules   nft
mining         found 14 times, cut 6 times since the start
incidents      2 open, 5 opened since the start
┌───────┬─────────┬─────────┬─────────┬───────┬─────┬─────────┬─────────┐
│ queue ┆ packets ┆ waiting ┆ dropped ┆ found ┆ cut ┆ half in ┆ 99 % in │
╞═══════╪═════════╪═════════╪═════════╪═══════╪═════╪═════════╪═════════╡
│ 4700  ┆  123456 ┆       0 ┆       0 ┆     7 ┆   3 ┆   50 us ┆  2.5 ms │
│ 4701  ┆       0 ┆       0 ┆       0 ┆     7 ┆   3 ┆       - ┆       - │
└───────┴─────────┴─────────┴─────────┴───────┴─────┴─────────┴─────────┘
┌────────┬─────────┬──────────┬─────────────────────────────────────┐
│ list   ┆ entries ┆ of       ┆ fetched from its feed               │
╞════════╪═════════╪══════════╪═════════════════════════════════════╡
│ pools  ┆    4321 ┆ 40 d ago ┆ -                                   │
│ campus ┆      12 ┆ -        ┆ -                                   │
│ nocoin ┆      99 ┆ -        ┆ 2 h ago, 1 attempt failed since (!) │
│ absent ┆   0 (!) ┆ -        ┆ never, 3 attempts failed since (!)  │
└────────┴─────────┴──────────┴─────────────────────────────────────┘
┌───────────────────────────────────┬────────┬──────┬─────────┬──────┬────────┐
│ sink                              ┆ state  ┆ sent ┆ waiting ┆ lost ┆ errors │
╞═══════════════════════════════════╪════════╪══════╪═════════╪══════╪════════╡
│ file:/var/log/minewall/eve.jsonl  ┆ up     ┆   12 ┆       0 ┆    0 ┆      0 │
│ tls://siem.example.edu:6514       ┆ DOWN   ┆   12 ┆       0 ┆    0 ┆      4 │
│ journal:/var/lib/minewall/journal ┆ unused ┆   12 ┆       0 ┆    0 ┆      0 │
└───────────────────────────────────┴────────┴──────┴─────────┴──────┴────────┘
";
    assert_eq!(table::text(&status(), Width(80)), golden);
}

#[test]
fn it_stands_on_a_hundred_and_twenty_columns_and_a_pause_is_seen() {
    let golden = "\
minewall       0.1.0 on gw1, up 2 h 1 min, process 4711
mode           block, and PAUSED: nothing is inspected
  until        2026-11-18 11:15:40 UTC, for 9 min more
  by           root (uid 0, pid 99), logged in as alice
  reason       the uplink moves to the other fibre, see the ticket about it
configuration  /etc/minewall/minewall.toml, read 5 min ago
kernel rules   nft
mining         found 14 times, cut 6 times since the start
incidents      2 open, 5 opened since the start
┌───────┬─────────┬─────────┬─────────┬───────┬─────┬─────────┬─────────┐
│ queue ┆ packets ┆ waiting ┆ dropped ┆ found ┆ cut ┆ half in ┆ 99 % in │
╞═══════╪═════════╪═════════╪═════════╪═══════╪═════╪═════════╪═════════╡
│ 4700  ┆  123456 ┆       0 ┆       0 ┆     7 ┆   3 ┆   50 us ┆  2.5 ms │
│ 4701  ┆       0 ┆       0 ┆       0 ┆     7 ┆   3 ┆       - ┆       - │
└───────┴─────────┴─────────┴─────────┴───────┴─────┴─────────┴─────────┘
┌────────┬─────────┬──────────┬─────────────────────────────────────┐
│ list   ┆ entries ┆ of       ┆ fetched from its feed               │
╞════════╪═════════╪══════════╪═════════════════════════════════════╡
│ pools  ┆    4321 ┆ 40 d ago ┆ -                                   │
│ campus ┆      12 ┆ -        ┆ -                                   │
│ nocoin ┆      99 ┆ -        ┆ 2 h ago, 1 attempt failed since (!) │
│ absent ┆   0 (!) ┆ -        ┆ never, 3 attempts failed since (!)  │
└────────┴─────────┴──────────┴─────────────────────────────────────┘
┌───────────────────────────────────┬────────┬──────┬─────────┬──────┬────────┐
│ sink                              ┆ state  ┆ sent ┆ waiting ┆ lost ┆ errors │
╞═══════════════════════════════════╪════════╪══════╪═════════╪══════╪════════╡
│ file:/var/log/minewall/eve.jsonl  ┆ up     ┆   12 ┆       0 ┆    0 ┆      0 │
│ tls://siem.example.edu:6514       ┆ DOWN   ┆   12 ┆       0 ┆    0 ┆      4 │
│ journal:/var/lib/minewall/journal ┆ unused ┆   12 ┆       0 ┆    0 ┆      0 │
└───────────────────────────────────┴────────┴──────┴─────────┴──────┴────────┘
";
    assert_eq!(table::text(&paused(false), Width(120)), golden);
}

#[test]
fn whatever_should_worry_is_marked_and_nothing_is_wider_than_the_terminal() {
    let mut status = paused(true);
    (status.ease, status.lost) = (2, 8);
    status.queues[0] = QueueStatus { dropped: 9, waiting: 44, stuck: true, p99_us: None, ..status.queues[0].clone() };
    status.sinks[1].lost = 5;
    status.sinks[1].name = format!("tls://{}.example.edu:6514", "x".repeat(120));
    for columns in [60, 80, 120, 200] {
        let text = table::text(&status, Width(columns));
        assert!(text.lines().all(|line| line.chars().count() <= columns), "{text}");
    }
    let text = table::text(&status, Width(120));
    for words in [
        "block, and PAUSED: mining is written down and not cut",
        "(!) eased by 2",
        "(!) 8 lost",
        "44 STUCK",
        "9 (!)",
        "5 (!)",
        "> 100 ms",
        "DOWN",
        "never, 3 attempts failed since (!)",
    ] {
        assert!(text.contains(words), "{words}:\n{text}");
    }
}

#[test]
fn nothing_that_was_named_by_others_moves_the_cursor() {
    let mut status = paused(false);
    status.observer = "gw\u{1b}[2J".to_owned();
    status.sinks[0].name = "file:/\u{1b}[31m".to_owned();
    status.lists[0].name = "a\u{7}b".to_owned();
    assert!(!table::text(&status, Width(120)).contains(['\u{1b}', '\u{7}']));
}

#[test]
fn programs_read_one_object() {
    let value: serde_json::Value = serde_json::from_str(&object(&paused(false)).unwrap()).unwrap();
    assert_eq!((&value["running"], &value["mode"]), (&true.into(), &"block".into()));
    assert_eq!(value["paused"]["until"], NOW + 540);
    assert_eq!(value["paused"]["by"]["login"], "alice");
    assert_eq!(value["queues"][0]["p99_us"], 2_500);
    let value: serde_json::Value = serde_json::from_str(&object(&status()).unwrap()).unwrap();
    assert!(value["paused"].is_null());
}

/// The page names every field.
#[test]
fn the_documentation_has_every_field() {
    let page = include_str!("../../../docs/status.md");
    let value = serde_json::to_value(paused(false)).unwrap();
    let mut names = Vec::new();
    fields(&value, &mut names);
    assert!(names.len() > 40, "{names:?}");
    for name in names {
        assert!(page.contains(&format!("`{name}`")), "docs/status.md lacks `{name}`");
    }
}

fn fields(value: &serde_json::Value, names: &mut Vec<String>) {
    for (name, inner) in value.as_object().into_iter().flatten() {
        names.push(name.clone());
        fields(inner.get(0).unwrap_or(inner), names);
    }
}
