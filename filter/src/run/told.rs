//! What is counted, as the control socket tells it.

use std::path::Path;

use jiff::Timestamp;
use jiff::tz::Offset;
use minewall_core::engine::{Settings, Skipped};
use minewall_core::policy::Mode;

use super::count::State;
use crate::clock::wall_us;
use crate::control::{FeedStatus, IncidentStatus, ListStatus, QueueStatus, SinkStatus, Status};
use crate::metrics::{FeedCount, ListCount, QueueCount, Snapshot};
use crate::queue::counters::percentile;
use crate::sink::SinkCount;

/// How the daemon fares.
pub(super) fn status(all: &Snapshot, settings: &Settings, config: &Path, state: &State<'_>) -> Status {
    let time_us = wall_us();
    Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        process: std::process::id(),
        observer: settings.observer.as_ref().to_owned(),
        mode: mode(state.mode).to_owned(),
        paused: state.paused.cloned(),
        config: config.display().to_string(),
        backend: state.loaded.plane().backend(),
        time_us,
        today: day(time_us, state.utc_offset_s),
        utc_offset_s: Some(state.utc_offset_s),
        started: all.started,
        read: all.read,
        ease: all.ease,
        queues: all.queues.iter().map(queue).collect(),
        lost: all.lost,
        sinks: all.sinks.iter().map(sink).collect(),
        lists: all.lists.iter().map(list).collect(),
        feeds: all.feeds.iter().map(feed).collect(),
        incidents: IncidentStatus {
            open: all.incidents.open,
            opened: all.incidents.opened,
            ended: all.incidents.ended,
        },
    }
}

/// The date of a moment, where it is so many seconds later than UTC.
fn day(time_us: i64, utc_offset_s: i32) -> String {
    let offset = Offset::from_seconds(utc_offset_s).unwrap_or(Offset::UTC);
    offset.to_datetime(Timestamp::from_microsecond(time_us).unwrap_or_default()).date().to_string()
}

/// The word of the configuration.
pub(super) const fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Block => "block",
        Mode::Observe => "observe",
    }
}

fn queue(count: &QueueCount) -> QueueStatus {
    let QueueCount { number, totals, stuck, engine } = count;
    QueueStatus {
        number: *number,
        waiting: totals.waiting,
        dropped: totals.dropped,
        packets: engine.packets,
        flows: engine.flows,
        questions: engine.questions,
        findings: engine.findings(),
        cut: engine.cut,
        records: engine.records,
        skipped: Skipped::ALL.iter().map(|(why, _)| engine.skipped(*why)).sum(),
        p50_us: percentile(&totals.buckets, 50),
        p99_us: percentile(&totals.buckets, 99),
        stuck: *stuck,
    }
}

fn sink(count: &SinkCount) -> SinkStatus {
    let SinkCount { name, sent, lost, waiting, errors, connected, .. } = count.clone();
    SinkStatus { name, sent, lost, waiting, errors, connected }
}

fn list(count: &ListCount) -> ListStatus {
    ListStatus { name: count.name.clone(), entries: count.entries, date: count.date }
}

fn feed(count: &FeedCount) -> FeedStatus {
    FeedStatus { name: count.name.clone(), checked: count.checked, failures: count.failures }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_where_the_configuration_says() {
        // 2026-11-30T17:30:00Z
        let time_us = 1_796_059_800_000_000;
        assert_eq!(day(time_us, 0), "2026-11-30");
        assert_eq!(day(time_us, 8 * 3_600), "2026-12-01");
        assert_eq!(day(time_us, -12 * 3_600), "2026-11-30");
        assert_eq!(day(time_us - 6 * 3_600_000_000, -12 * 3_600), "2026-11-29");
    }
}
