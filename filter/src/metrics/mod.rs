//! What minewall counts, as metrics of Prometheus. `table` has every metric, `text` spells them, `file` puts the text where
//! the textfile collector of node_exporter reads it, `desk` holds it for those who ask, `serve` tells it to whoever asks on
//! this machine. A [`Snapshot`] is made anew each time, off the packet path.

#[cfg(test)]
mod board_tests;
mod desk;
mod file;
mod json;
mod serve;
mod table;
#[cfg(test)]
mod tests;
mod text;

use minewall_core::engine::Counters;
use minewall_core::incident::Counted;

use crate::kernel::RuleCount;
use crate::queue::counters::Totals;
use crate::sink::SinkCount;

pub(crate) use desk::Desk;
pub(crate) use file::{check, remove, write};
pub(crate) use json::json;
pub(crate) use serve::Endpoint;
pub(crate) use text::text;

/// All that is counted, at one time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Snapshot {
    /// When the process began to look at packets, in seconds since 1970.
    pub(crate) started: u64,
    /// When lists and configuration were last read.
    pub(crate) read: u64,
    /// How far the engines are eased.
    pub(crate) ease: usize,
    /// The queues.
    pub(crate) queues: Vec<QueueCount>,
    /// Records lost before the sinks.
    pub(crate) lost: u64,
    /// Incidents.
    pub(crate) incidents: Counted,
    /// The sinks.
    pub(crate) sinks: Vec<SinkCount>,
    /// The kernel's rules.
    pub(crate) rules: Vec<RuleCount>,
    /// The lists.
    pub(crate) lists: Vec<ListCount>,
    /// The feeds that were tried since the machine started.
    pub(crate) feeds: Vec<FeedCount>,
    /// What listed names lead to.
    pub(crate) learned: LearnedCount,
    /// Whether filtering is paused.
    pub(crate) paused: bool,
}

/// What is counted of one queue.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct QueueCount {
    /// Its number.
    pub(crate) number: u16,
    /// By the kernel and the reader.
    pub(crate) totals: Totals,
    /// Whether packets wait, and its thread has answered none for seconds.
    pub(crate) stuck: bool,
    /// By the engine.
    pub(crate) engine: Counters,
}

/// What was learned of listed names.
#[derive(Clone, Debug, Default)]
pub(crate) struct LearnedCount {
    /// Pairs of address and port held.
    pub(crate) pairs: u64,
    /// Names that are asked for.
    pub(crate) names: u64,
    /// How often names were asked for.
    pub(crate) asked: u64,
    /// How often nobody answered.
    pub(crate) failed: u64,
    /// How often a name had no address.
    pub(crate) without: u64,
    /// Answers to hosts inside that were learned from.
    pub(crate) lessons: u64,
    /// Addresses not taken, by reason.
    pub(crate) refused: Vec<(&'static str, u64)>,
}

/// What is known of one list.
#[derive(Clone, Debug)]
pub(crate) struct ListCount {
    /// Its name.
    pub(crate) name: String,
    /// How many entries were taken.
    pub(crate) entries: usize,
    /// The date of its source, in seconds since 1970.
    pub(crate) date: Option<i64>,
}

/// What is known of one feed.
#[derive(Clone, Debug)]
pub(crate) struct FeedCount {
    /// Its name.
    pub(crate) name: String,
    /// When it was last known to be current, in seconds since 1970.
    pub(crate) checked: Option<i64>,
    /// Attempts that failed since.
    pub(crate) failures: u32,
}
