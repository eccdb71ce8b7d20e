//! The text, and the document made of the same table.

use std::os::unix::fs::{PermissionsExt, symlink};

use minewall_core::engine::{Counters, EASE_MAX};

use super::table::{Kind, TABLE};
use super::*;

/// Two queues, two sinks of one name that needs escaping, two lists.
fn some() -> Snapshot {
    let mut buckets = [0; 10];
    (buckets[0], buckets[9]) = (3, 1);
    let totals = Totals { waiting: 1, dropped: 2, user_dropped: 3, overruns: 4, buckets, waited: 2_500_000 };
    let mut engine = Counters::default();
    engine.packets = 5;
    let sink =
        SinkCount { name: "file:/a\\\"b".into(), sent: 6, lost: 7, waiting: 8, again: 10, errors: 9, connected: true };
    let list = |name: &str, entries, date| ListCount { name: name.into(), entries, date };
    Snapshot {
        started: 10,
        read: 11,
        ease: 2,
        queues: vec![
            QueueCount { number: 4700, totals, stuck: false, engine },
            QueueCount { number: 4701, ..QueueCount::default() },
        ],
        lost: 12,
        incidents: Counted { open: 31, opened: 32, ended: 33, displaced: 34, held: 35 },
        sinks: vec![sink.clone(), sink],
        rules: vec![RuleCount { name: "cut", packets: 13, bytes: 14 }],
        lists: vec![list("pools", 15, Some(86_400)), list("own", 16, None)],
        feeds: vec![
            FeedCount { name: "nocoin".into(), checked: Some(17), failures: 0 },
            FeedCount { name: "absent".into(), checked: None, failures: 18 },
        ],
        learned: LearnedCount {
            pairs: 17,
            names: 18,
            asked: 19,
            failed: 20,
            without: 21,
            lessons: 22,
            refused: vec![("cdn", 23), ("full", 0)],
        },
        paused: true,
    }
}

/// The text of all that may be told.
pub(super) fn told() -> String {
    text(some())
}

#[test]
fn each_metric_is_said_with_its_help_and_type() {
    let text = text(some());
    for metric in TABLE {
        let head = format!("# HELP {} {}\n# TYPE {0} ", metric.name, metric.help);
        assert_eq!(text.matches(&head).count(), 1, "{}", metric.name);
        assert!(metric.help.ends_with('.') && !metric.help.contains('\\'), "{}", metric.help);
        assert_eq!(metric.name.ends_with("_total"), metric.kind == Kind::Counter, "{}", metric.name);
    }
    for line in [
        "minewall_start_time_seconds 10",
        "minewall_ease_level 2",
        "minewall_paused 1",
        "minewall_queue_stuck{queue=\"4701\"} 0",
        "minewall_queue_waiting_packets{queue=\"4700\"} 1",
        "minewall_queue_dropped_packets_total{queue=\"4700\"} 2",
        "minewall_queue_overruns_total{queue=\"4701\"} 0",
        "minewall_verdict_seconds_bucket{le=\"0.00005\",queue=\"4700\"} 3",
        "minewall_verdict_seconds_bucket{le=\"0.1\",queue=\"4700\"} 3",
        "minewall_verdict_seconds_bucket{le=\"+Inf\",queue=\"4700\"} 4",
        "minewall_verdict_seconds_count{queue=\"4700\"} 4",
        "minewall_verdict_seconds_sum{queue=\"4700\"} 2.5",
        "minewall_packets_total{queue=\"4700\"} 5",
        "minewall_findings_total{queue=\"4700\",layer=\"payload\"} 0",
        "minewall_not_inspected_total{queue=\"4700\",reason=\"IP fragment\"} 0",
        "minewall_lost_records_total 12",
        "minewall_open_incidents 31",
        "minewall_incidents_total 32",
        "minewall_ended_incidents_total 33",
        "minewall_displaced_incidents_total 34",
        "minewall_held_records_total 35",
        "minewall_sink_sent_records_total{sink=\"file:/a\\\\\\\"b\"} 12",
        "minewall_sink_up{sink=\"file:/a\\\\\\\"b\"} 1",
        "minewall_rule_packets_total{rule=\"cut\"} 13",
        "minewall_list_entries{list=\"own\"} 16",
        "minewall_list_date_seconds{list=\"pools\"} 86400",
        "minewall_feed_checked_time_seconds{feed=\"nocoin\"} 17",
        "minewall_feed_failures{feed=\"absent\"} 18",
        "minewall_learned_endpoints 17",
        "minewall_resolved_names 18",
        "minewall_resolve_questions_total 19",
        "minewall_resolve_failures_total{why=\"no answer\"} 20",
        "minewall_resolve_failures_total{why=\"no address\"} 21",
        "minewall_learned_answers_total 22",
        "minewall_guarded_addresses_total{reason=\"cdn\"} 23",
        "minewall_guarded_addresses_total{reason=\"full\"} 0",
    ] {
        assert!(text.lines().any(|said| said == line), "{line} is not in\n{text}");
    }
    assert!(!text.contains("minewall_list_date_seconds{list=\"own\"}"), "no date is no sample");
}

#[test]
fn the_last_level_is_the_one_that_is_told() {
    let ease = TABLE.iter().find(|metric| metric.name == "minewall_ease_level").unwrap();
    assert!(ease.help.contains(&format!(" at {EASE_MAX} the first alone")));
}

#[test]
fn nothing_is_said_twice_and_nothing_of_what_is_not_there() {
    let series = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines.map(|line| line.rsplit_once(' ').unwrap().0.to_owned()).collect()
    };
    let mut all = series(&text(some()));
    all.sort();
    let count = all.len();
    all.dedup();
    assert_eq!(all.len(), count);
    let bare = text(Snapshot::default());
    assert!(!bare.contains("minewall_packets_total") && !bare.contains("minewall_sink"), "{bare}");
}

/// The page for operators.
fn document() -> String {
    let mut text = String::from(
        "# Metrics\n\n\
         In the text format of Prometheus, in two ways, each alone or both:\n\n\
         - `[metrics] listen = \"127.0.0.1:9469\"` (or `\"[::1]:9469\"`, `\"unix:/run/minewall/metrics\"`): `GET /metrics` is answered\n  \
           there, HTTP/1.1, one answer a connection, four clients at one time, each for 2 seconds at the most. Other addresses\n  \
           than loopback are refused: Prometheus on another machine reaches it by a proxy with a password, or by the file. An\n  \
           answer takes up to a second, packets never wait for it. A reload (SIGHUP) moves it. Where it cannot be listened, that\n  \
           is logged and tried again every 10 seconds. The unix socket is open to whoever may enter its directory.\n\
         - `[metrics] file = \"/var/lib/prometheus/node-exporter/minewall.prom\"`: written every 15 seconds (`interval`) for the textfile\n  \
           collector of node_exporter (Debian: packages `prometheus-node-exporter` and `prometheus`; the file's name must end in\n  \
           `.prom`). It is replaced whole, and taken away when minewall stops; `node_textfile_mtime_seconds` tells of one that is\n  \
           no longer renewed.\n\n\
         ```yaml\n\
         scrape_configs:            # of prometheus.yml on the gateway\n  \
           - job_name: minewall\n    \
             static_configs:\n      \
               - targets: [\"127.0.0.1:9469\"]\n\
         rule_files: [\"/etc/prometheus/minewall-alerts.yml\"]\n\
         ```\n\n\
         Made for it: a dashboard for Grafana 10 and later, [grafana/minewall.json](grafana/minewall.json) (Dashboards, New, Import; it\n\
         asks for the data source), and rules for alerts, [grafana/minewall-alerts.yml](grafana/minewall-alerts.yml). Both are held\n\
         against this table by a test.\n\n\
         Counters begin at 0 with each start, those of a sink also when a reload changes the sinks, those of rules whenever rules\n\
         are loaded.\n\n\
         Labels are bounded: `queue` by `queue.count`, `sink`, `list` and `feed` by the configuration, all others by what is built in.\n\n\
         This table is made from `filter/src/metrics/table.rs`: `MINEWALL_BLESS=1 cargo test -p minewall --bin minewall metrics`.\n\n\
         | metric | type | labels | meaning |\n|---|---|---|---|\n",
    );
    for metric in TABLE {
        let kind = format!("{:?}", metric.kind).to_lowercase();
        text += &format!("| `{}` | {kind} | {} | {} |\n", metric.name, metric.labels.join(", "), metric.help);
    }
    text
}

#[test]
fn the_document_is_made_of_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/metrics.md");
    if std::env::var_os("MINEWALL_BLESS").is_some() {
        std::fs::write(path, document()).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), document());
}

#[test]
fn the_file_is_replaced_whole_and_removed() {
    let directory = std::env::temp_dir().join(format!("minewall-metrics-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let file = directory.join("minewall.prom").to_str().unwrap().to_owned();
    for text in ["one\n", "two\n"] {
        write(&file, text).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    }
    assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 1, "nothing else is left");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o644, "the collector is another user");
    // Who owns the directory may lay a link where the other name is; what it leads to stays as it is.
    let victim = directory.join("victim");
    std::fs::write(&victim, "kept").unwrap();
    symlink(&victim, directory.join("minewall.prom.new")).unwrap();
    write(&file, "three\n").unwrap();
    assert_eq!(std::fs::read_to_string(&victim).unwrap(), "kept");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "three\n");
    std::fs::remove_file(&victim).unwrap();
    remove(&file).unwrap();
    remove(&file).unwrap();
    std::fs::remove_dir(&directory).unwrap();
    assert!(write(&file, "").is_err());
    let said = check(&file).unwrap_err().to_string();
    assert!(said.contains("create the directory"), "{said}");
    assert!(check(std::env::temp_dir().to_str().unwrap()).unwrap_err().to_string().contains("name a file in it"));
    check("").unwrap();
}
