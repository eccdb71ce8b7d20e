//! Every metric: the one table that the text and docs/metrics.md are made of. Labels are bounded by the configuration.

use std::collections::BTreeMap;
use std::ops::Add;

use minewall_core::engine::{Counters, Skipped};
use minewall_core::finding::Layer;

use super::{FeedCount, ListCount, QueueCount, Snapshot};
use crate::queue::counters::BUCKETS;
use crate::sink::SinkCount;

/// What a metric is to Prometheus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It only grows, and begins anew with the process.
    Counter,
    /// It goes up and down.
    Gauge,
    /// Counts by bucket, and a sum.
    Histogram,
}

/// One metric.
pub(super) struct Metric {
    /// As Prometheus names it.
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) help: &'static str,
    /// The names of its labels.
    pub(super) labels: &'static [&'static str],
    pub(super) read: fn(&Snapshot) -> Vec<Sample>,
}

/// One value of a metric, with a value for each of its labels.
pub(super) struct Sample {
    pub(super) labels: Vec<String>,
    pub(super) value: Value,
}

pub(super) enum Value {
    Number(u64),
    /// In seconds; each bucket with its upper end and how many fell into it.
    Times {
        sum: f64,
        buckets: Vec<(f64, u64)>,
    },
}

/// The metrics, in the order they are written.
#[rustfmt::skip] // a row a line
pub(super) const TABLE: &[Metric] = &[
    Metric { name: "minewall_build_info", kind: Kind::Gauge, help: "Always 1; the label is the version that runs.", labels: &["version"], read: |_| vec![labelled(&[env!("CARGO_PKG_VERSION")], 1)] },
    Metric { name: "minewall_start_time_seconds", kind: Kind::Gauge, help: "When minewall began to look at packets, in seconds since 1970.", labels: &[], read: |all| vec![number(all.started)] },
    Metric { name: "minewall_configuration_read_time_seconds", kind: Kind::Gauge, help: "When configuration and lists were last read, in seconds since 1970.", labels: &[], read: |all| vec![number(all.read)] },
    Metric { name: "minewall_paused", kind: Kind::Gauge, help: "1 while filtering is paused (minewall pause), else 0.", labels: &[], read: |all| vec![number(all.paused.into())] },
    Metric { name: "minewall_queue_stuck", kind: Kind::Gauge, help: "1 while packets wait in the queue and its thread has answered none for seconds, else 0.", labels: &["queue"], read: |all| by_queue(all, |queue| queue.stuck.into()) },
    Metric { name: "minewall_queue_waiting_packets", kind: Kind::Gauge, help: "Packets that waited for a verdict, at one moment.", labels: &["queue"], read: |all| by_queue(all, |queue| queue.totals.waiting) },
    Metric { name: "minewall_queue_dropped_packets_total", kind: Kind::Counter, help: "Packets the kernel dropped because the queue was full; where it fails open they pass, and nobody counts them.", labels: &["queue"], read: |all| by_queue(all, |queue| queue.totals.dropped) },
    Metric { name: "minewall_queue_user_dropped_packets_total", kind: Kind::Counter, help: "Packets the kernel dropped because the buffer of the queue's socket was full.", labels: &["queue"], read: |all| by_queue(all, |queue| queue.totals.user_dropped) },
    Metric { name: "minewall_queue_overruns_total", kind: Kind::Counter, help: "How often the buffer of the queue's socket was full (ENOBUFS), whatever became of the packet.", labels: &["queue"], read: |all| by_queue(all, |queue| queue.totals.overruns) },
    Metric { name: "minewall_verdict_seconds", kind: Kind::Histogram, help: "How long packets waited, from when they could be read to their verdict.", labels: &["queue"], read: |all| all.queues.iter().map(times).collect() },
    Metric { name: "minewall_ease_level", kind: Kind::Gauge, help: "0: all that is set is looked at; at each further level half as many packets of a connection, at 3 the first alone.", labels: &[], read: |all| vec![number(all.ease as u64)] },
    Metric { name: "minewall_packets_total", kind: Kind::Counter, help: "Packets judged.", labels: &["queue"], read: |all| by_queue(all, |queue| queue.engine.packets) },
    Metric { name: "minewall_flows_total", kind: Kind::Counter, help: "Connections first met.", labels: &["queue"], read: |all| by_queue(all, |queue| queue.engine.flows) },
    Metric { name: "minewall_cleared_flows_total", kind: Kind::Counter, help: "Connections left to the kernel: nothing was found in what is looked at.", labels: &["queue"], read: |all| by_queue(all, |queue| queue.engine.cleared) },
    Metric { name: "minewall_cut_verdicts_total", kind: Kind::Counter, help: "Verdicts to cut a connection; what is sent again on it counts again until the kernel has cut it.", labels: &["queue"], read: |all| by_queue(all, |queue| queue.engine.cut) },
    Metric { name: "minewall_dns_questions_total", kind: Kind::Counter, help: "DNS questions over UDP.", labels: &["queue"], read: |all| by_queue(all, |queue| queue.engine.questions) },
    Metric { name: "minewall_dns_answers_total", kind: Kind::Counter, help: "Answers to DNS questions over UDP.", labels: &["queue"], read: |all| by_queue(all, |queue| queue.engine.answers) },
    Metric { name: "minewall_records_total", kind: Kind::Counter, help: "Records written down by the engine.", labels: &["queue"], read: |all| by_queue(all, |queue| queue.engine.records) },
    Metric { name: "minewall_test_records_total", kind: Kind::Counter, help: "Of these, those that `minewall self-test` caused.", labels: &["queue"], read: |all| by_queue(all, |queue| queue.engine.tests) },
    Metric { name: "minewall_suppressed_records_total", kind: Kind::Counter, help: "Sightings not written down: their connection had given its records.", labels: &["queue"], read: |all| by_queue(all, |queue| queue.engine.suppressed) },
    Metric { name: "minewall_followed_connections", kind: Kind::Gauge, help: "Connections that mine and are let pass (observed, exempt, in their grace), which are followed now.", labels: &["queue"], read: |all| by_queue(all, |queue| queue.engine.following) },
    Metric { name: "minewall_followed_connections_total", kind: Kind::Counter, help: "Connections that were followed.", labels: &["queue"], read: |all| by_queue(all, |queue| queue.engine.followed) },
    Metric { name: "minewall_let_go_connections_total", kind: Kind::Counter, help: "Followed connections let go before their time: others needed the place.", labels: &["queue"], read: |all| by_queue(all, |queue| queue.engine.let_go) },
    Metric { name: "minewall_jobs_total", kind: Kind::Counter, help: "Jobs pools handed out on followed connections.", labels: &["queue"], read: |all| by_queue(all, |queue| queue.engine.jobs) },
    Metric { name: "minewall_shares_total", kind: Kind::Counter, help: "Shares on followed connections: handed in, and what pools said of them.", labels: &["queue", "state"], read: |all| by(all, &SHARES, |queue, state| (state.1)(&queue.engine)) },
    Metric { name: "minewall_stream_gaps_total", kind: Kind::Counter, help: "Segments that came before bytes that were missing.", labels: &["queue"], read: |all| by_queue(all, |queue| queue.engine.gaps) },
    Metric { name: "minewall_stream_conflicts_total", kind: Kind::Counter, help: "Segments that brought other bytes for the same place.", labels: &["queue"], read: |all| by_queue(all, |queue| queue.engine.conflicts) },
    Metric { name: "minewall_forgotten_flows_total", kind: Kind::Counter, help: "Connections forgotten because their place was needed.", labels: &["queue", "state"], read: |all| by(all, &STATES, |queue, state| (state.1)(&queue.engine)) },
    Metric { name: "minewall_encrypted_dns_total", kind: Kind::Counter, help: "Connections to listed resolvers for encrypted DNS.", labels: &["queue", "over"], read: |all| by(all, &ENCRYPTED, |queue, over| (over.1)(&queue.engine)) },
    Metric { name: "minewall_findings_total", kind: Kind::Counter, help: "Sightings of mining, by the layer they were heard on.", labels: &["queue", "layer"], read: findings },
    Metric { name: "minewall_not_inspected_total", kind: Kind::Counter, help: "What was not inspected, by reason.", labels: &["queue", "reason"], read: skipped },
    Metric { name: "minewall_lost_records_total", kind: Kind::Counter, help: "Records lost before the sinks: more came than could be completed.", labels: &[], read: |all| vec![number(all.lost)] },
    Metric { name: "minewall_open_incidents", kind: Kind::Gauge, help: "Incidents that are open.", labels: &[], read: |all| vec![number(all.incidents.open)] },
    Metric { name: "minewall_incidents_total", kind: Kind::Counter, help: "Incidents that were opened.", labels: &[], read: |all| vec![number(all.incidents.opened)] },
    Metric { name: "minewall_ended_incidents_total", kind: Kind::Counter, help: "Incidents that ended.", labels: &[], read: |all| vec![number(all.incidents.ended)] },
    Metric { name: "minewall_displaced_incidents_total", kind: Kind::Counter, help: "Incidents that were ended to make room for others.", labels: &[], read: |all| vec![number(all.incidents.displaced)] },
    Metric { name: "minewall_held_records_total", kind: Kind::Counter, help: "Records held back from the sinks: there were many like them. The journal has them with journal.held.", labels: &[], read: |all| vec![number(all.incidents.held)] },
    Metric { name: "minewall_sink_sent_records_total", kind: Kind::Counter, help: "Records a sink has handed over.", labels: &["sink"], read: |all| by_sink(all, |sink| sink.sent) },
    Metric { name: "minewall_sink_lost_records_total", kind: Kind::Counter, help: "Records a sink lost: it was too slow or down.", labels: &["sink"], read: |all| by_sink(all, |sink| sink.lost) },
    Metric { name: "minewall_sink_waiting_records", kind: Kind::Gauge, help: "Records that wait for a sink.", labels: &["sink"], read: |all| by_sink(all, |sink| sink.waiting) },
    Metric { name: "minewall_sink_repeated_records_total", kind: Kind::Counter, help: "Records that a sink with a spool hands over once more: their peer died and may not have read them.", labels: &["sink"], read: |all| by_sink(all, |sink| sink.again) },
    Metric { name: "minewall_sink_failures_total", kind: Kind::Counter, help: "Attempts of a sink that failed; it tries again.", labels: &["sink"], read: |all| by_sink(all, |sink| sink.errors) },
    Metric { name: "minewall_sink_up", kind: Kind::Gauge, help: "1 if a sink's last attempt worked; 0 also before its first, while minewall_sink_failures_total is 0.", labels: &["sink"], read: |all| once(all.sinks.iter().map(|sink| (&*sink.name, sink.connected.into())), u64::min) },
    Metric { name: "minewall_rule_packets_total", kind: Kind::Counter, help: "Packets the kernel's rules counted since they were loaded (minewall rules print).", labels: &["rule"], read: |all| all.rules.iter().map(|rule| labelled(&[rule.name], rule.packets)).collect() },
    Metric { name: "minewall_rule_bytes_total", kind: Kind::Counter, help: "Bytes of these packets.", labels: &["rule"], read: |all| all.rules.iter().map(|rule| labelled(&[rule.name], rule.bytes)).collect() },
    Metric { name: "minewall_list_entries", kind: Kind::Gauge, help: "Entries taken from the lists of this name.", labels: &["list"], read: |all| by_list(all, |list| Some(list.entries as u64), Add::add) },
    Metric { name: "minewall_list_date_seconds", kind: Kind::Gauge, help: "The date of the list's source, in seconds since 1970; none where the list gives no date.", labels: &["list"], read: |all| by_list(all, |list| u64::try_from(list.date?).ok(), u64::max) },
    Metric { name: "minewall_feed_checked_time_seconds", kind: Kind::Gauge, help: "When the feed was last known to be current, in seconds since 1970; none if it never was since the machine started.", labels: &["feed"], read: |all| by_feed(all, |feed| u64::try_from(feed.checked?).ok()) },
    Metric { name: "minewall_feed_failures", kind: Kind::Gauge, help: "Attempts to update the feed that failed since it was last current.", labels: &["feed"], read: |all| by_feed(all, |feed| Some(feed.failures.into())) },
    Metric { name: "minewall_learned_endpoints", kind: Kind::Gauge, help: "Pairs of address and port held that listed names lead to.", labels: &[], read: |all| vec![number(all.learned.pairs)] },
    Metric { name: "minewall_resolved_names", kind: Kind::Gauge, help: "Listed names whose addresses are asked for.", labels: &[], read: |all| vec![number(all.learned.names)] },
    Metric { name: "minewall_resolve_questions_total", kind: Kind::Counter, help: "How often name servers were asked for a listed name.", labels: &[], read: |all| vec![number(all.learned.asked)] },
    Metric { name: "minewall_resolve_failures_total", kind: Kind::Counter, help: "How often nothing came of it: nobody answered, or the name has no address.", labels: &["why"], read: |all| vec![labelled(&["no answer"], all.learned.failed), labelled(&["no address"], all.learned.without)] },
    Metric { name: "minewall_learned_answers_total", kind: Kind::Counter, help: "Answers to hosts inside from which addresses of listed names were learned.", labels: &[], read: |all| vec![number(all.learned.lessons)] },
    Metric { name: "minewall_guarded_addresses_total", kind: Kind::Counter, help: "Addresses of listed names that were not taken, by reason.", labels: &["reason"], read: |all| all.learned.refused.iter().map(|(reason, count)| labelled(&[reason], *count)).collect() },
];

type Read = fn(&Counters) -> u64;

const STATES: [(&str, Read); 2] =
    [("settled", |engine| engine.forgotten_settled), ("undecided", |engine| engine.forgotten_undecided)];

const SHARES: [(&str, Read); 3] = [
    ("offered", |engine| engine.offered),
    ("accepted", |engine| engine.accepted),
    ("rejected", |engine| engine.rejected),
];

const ENCRYPTED: [(&str, Read); 3] = [
    ("tls", |engine| engine.dns_over_tls),
    ("https", |engine| engine.dns_over_https),
    ("quic", |engine| engine.dns_over_quic),
];

fn number(value: u64) -> Sample {
    labelled(&[], value)
}

fn labelled(labels: &[&str], value: u64) -> Sample {
    Sample { labels: labels.iter().map(|&label| label.to_owned()).collect(), value: Value::Number(value) }
}

fn by_queue(all: &Snapshot, value: fn(&QueueCount) -> u64) -> Vec<Sample> {
    all.queues.iter().map(|queue| labelled(&[&queue.number.to_string()], value(queue))).collect()
}

/// A sample for each queue and each of a fixed set of words.
fn by<T>(all: &Snapshot, words: &[(&str, T)], value: fn(&QueueCount, &(&str, T)) -> u64) -> Vec<Sample> {
    let of = |queue: &QueueCount| {
        let number = queue.number.to_string();
        words.iter().map(|word| labelled(&[&number, word.0], value(queue, word))).collect::<Vec<_>>()
    };
    all.queues.iter().flat_map(of).collect()
}

fn findings(all: &Snapshot) -> Vec<Sample> {
    by(all, &Layer::ALL.map(|layer| (layer.as_str(), layer)), |queue, layer| queue.engine.found(layer.1))
}

fn skipped(all: &Snapshot) -> Vec<Sample> {
    by(all, &Skipped::ALL.map(|(why, words)| (words, why)), |queue, why| queue.engine.skipped(why.1))
}

fn times(queue: &QueueCount) -> Sample {
    let totals = &queue.totals;
    let ends = BUCKETS.map(|end| f64::from(end) / 1e6).into_iter().chain([f64::MAX]);
    let value = Value::Times { sum: totals.waited as f64 / 1e6, buckets: ends.zip(totals.buckets).collect() };
    Sample { labels: vec![queue.number.to_string()], value }
}

/// Of sinks that go by one name the sum: a series must not come twice.
fn by_sink(all: &Snapshot, value: fn(&SinkCount) -> usize) -> Vec<Sample> {
    once(all.sinks.iter().map(|sink| (&*sink.name, value(sink) as u64)), Add::add)
}

/// Of lists that go by one name, what `join` makes of both.
fn by_list(all: &Snapshot, value: fn(&ListCount) -> Option<u64>, join: fn(u64, u64) -> u64) -> Vec<Sample> {
    once(all.lists.iter().filter_map(|list| Some((&*list.name, value(list)?))), join)
}

fn by_feed(all: &Snapshot, value: fn(&FeedCount) -> Option<u64>) -> Vec<Sample> {
    all.feeds.iter().filter_map(|feed| Some(labelled(&[&feed.name], value(feed)?))).collect()
}

fn once<'a>(each: impl Iterator<Item = (&'a str, u64)>, join: fn(u64, u64) -> u64) -> Vec<Sample> {
    let mut values = BTreeMap::new();
    for (name, value) in each {
        values.entry(name).and_modify(|sum| *sum = join(*sum, value)).or_insert(value);
    }
    values.into_iter().map(|(name, value)| labelled(&[name], value)).collect()
}
