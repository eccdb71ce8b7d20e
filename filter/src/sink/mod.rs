//! Where records go. Each sink has a bounded channel and a thread of its own: a slow or dead one delays nobody.
//!
//! `lane` carries events from the channel to an `Outlet` and tries again; `file` and `syslog` are the outlets,
//! `transport` the ways of a syslog message. Nothing outside this folder names a kind of sink.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use minewall_core::config;
use minewall_core::evidence::{Action, Loss, Notice, Record};
use minewall_core::incident::Incident;

mod file;
mod journal;
mod lane;
mod syslog;
#[cfg(test)]
mod tests;
mod transport;

use lane::{Lane, Pace};

/// All sinks of the configuration, at work.
pub(crate) struct Sinks {
    lanes: Vec<Lane>,
    /// The journal, which tells the others of its checkpoints.
    journal: Option<Lane>,
}

/// What the sinks count, also while another thread has them.
pub(crate) struct Counts(Vec<lane::Tally>);

impl Counts {
    /// What became of the records, one entry for each sink in the order of the configuration.
    pub(crate) fn read(&self) -> Vec<SinkCount> {
        self.0.iter().map(lane::Tally::read).collect()
    }
}

/// What became of the records given to one sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SinkCount {
    /// The sink: its address, or `file:` and its path.
    pub(crate) name: String,
    /// Records handed to the kernel.
    pub(crate) sent: usize,
    /// Records dropped because the channel was full, or given up when the process stopped.
    pub(crate) lost: usize,
    /// Records that wait in the channel.
    pub(crate) waiting: usize,
    /// Attempts that failed.
    pub(crate) errors: usize,
    /// Whether the last attempt worked.
    pub(crate) connected: bool,
}

/// What a sink carries.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// A sighting of mining.
    Record(Arc<Record>),
    /// What happened, told now and then.
    #[expect(dead_code, reason = "told once incidents are folded in the process")]
    Incident(Arc<Incident>),
    /// A line about minewall itself.
    Notice(Arc<Notice>),
    /// Records this sink lost.
    Loss(Loss),
}

/// The end of a sink that touches the world. Used by one thread; it may block for as long as its time-outs let it.
trait Outlet: Send {
    /// Makes it ready, anew if it was before. Called before the first event and after every failure.
    fn open(&mut self) -> io::Result<()>;

    /// Hands one event over, whole.
    fn deliver(&mut self, event: &Event) -> io::Result<()>;

    /// Does what is due although no event came. Called about every second while it is open.
    fn tend(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Ends in good order, once nothing waits any more.
    fn close(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Whether `Sinks::reopen` concerns it.
    fn reopens(&self) -> bool {
        false
    }
}

impl Sinks {
    /// Starts one thread for each sink, and one for the journal. `observer` is the gateway's name in lines of the
    /// sinks' own.
    ///
    /// # Errors
    /// A setting that makes no sense, or a file that cannot be written, with the remedy. A syslog peer that is down is
    /// no error: it is warned of and tried again.
    pub(crate) fn start(config: &config::Config, observer: &str) -> Result<Self> {
        let journal = journal::new(&config.journal)?;
        let mut sinks = Self::start_at(&config.sink, observer, Pace::default())?;
        sinks.journal = journal.map(|journal| sinks.start_journal(journal, observer)).transpose()?;
        Ok(sinks)
    }

    fn start_journal(&self, settings: config::Journal, observer: &str) -> Result<Lane> {
        let others: Vec<_> = self.lanes.iter().map(Lane::entrance).collect();
        let tell = move |notice: Notice| {
            let notice = Arc::new(notice);
            others.iter().for_each(|other| other(Event::Notice(Arc::clone(&notice))));
        };
        let name = format!("journal:{}", settings.directory);
        let outlet = journal::Journal::new(settings, observer, Box::new(tell));
        Lane::start(name, Box::new(outlet), observer, Pace::default()).context("cannot start the journal's thread")
    }

    fn all(&self) -> impl Iterator<Item = &Lane> {
        self.lanes.iter().chain(&self.journal)
    }

    fn start_at(sinks: &[config::Sink], observer: &str, pace: Pace) -> Result<Self> {
        // All settings are read before the first thread starts.
        let outlets = sinks.iter().map(|sink| outlet(sink, pace).context("[[sink]]"));
        let outlets = outlets.collect::<Result<Vec<_>>>()?;
        let lanes = outlets.into_iter().map(|(name, outlet)| Lane::start(name, outlet, observer, pace));
        let lanes = lanes.collect::<io::Result<_>>().context("cannot start the thread of a sink")?;
        Ok(Self { lanes, journal: None })
    }

    /// Gives the record to every sink. Never blocks: where a channel is full the record is dropped and counted.
    pub(crate) fn send(&self, record: &Arc<Record>) {
        for lane in self.all() {
            lane.send(Event::Record(Arc::clone(record)));
        }
    }

    /// What became of the records, one entry for each sink in the order of the configuration.
    pub(crate) fn counters(&self) -> Vec<SinkCount> {
        self.counts().read()
    }

    /// Where that can be read at any time.
    pub(crate) fn counts(&self) -> Counts {
        Counts(self.all().map(Lane::tally).collect())
    }

    /// Has files opened anew, before their next record or at once: after logrotate has renamed them.
    pub(crate) fn reopen(&self) {
        self.all().for_each(Lane::reopen);
    }

    /// Stops: what waits is delivered as far as that is possible within `patience`, and the last counts are told.
    /// Records sent later are lost and counted.
    pub(crate) fn close(&self, patience: Duration) -> Vec<SinkCount> {
        let until = Instant::now() + patience;
        // The journal's last checkpoint goes to the others.
        for lanes in [self.journal.as_slice(), &self.lanes] {
            lanes.iter().for_each(|lane| lane.stop(until));
            while !lanes.iter().all(Lane::is_finished) && Instant::now() < until {
                thread::sleep(Duration::from_millis(2));
            }
        }
        let counts = self.counters();
        for count in counts.iter().filter(|count| count.lost + count.waiting > 0) {
            let SinkCount { name, lost, waiting, .. } = count;
            tracing::warn!("sink {name}: {lost} records were lost, {waiting} were not delivered before the stop");
        }
        counts
    }
}

impl Event {
    fn time_us(&self) -> i64 {
        match self {
            Self::Incident(incident) => incident.time_us,
            Self::Notice(notice) => notice.time_us,
            Self::Record(record) => record.time_us,
            Self::Loss(loss) => loss.time_us,
        }
    }

    fn observer(&self) -> &str {
        match self {
            Self::Incident(incident) => &incident.observer,
            Self::Notice(notice) => &notice.observer,
            Self::Record(record) => &record.observer,
            Self::Loss(loss) => &loss.observer,
        }
    }

    /// The severity and the MSGID of RFC 5424 section 6.2.
    fn syslog_kind(&self) -> (u8, &'static str) {
        match self {
            Self::Record(record) => match record.action {
                Action::Blocked => (4, "mining"),
                Action::Observed => (5, "mining"),
            },
            Self::Incident(_) => (5, "incident"),
            Self::Notice(notice) => (notice.severity, notice.action),
            Self::Loss(_) => (3, "records-lost"),
        }
    }

    fn json(&self) -> String {
        match self {
            Self::Incident(incident) => incident.to_json(),
            Self::Notice(notice) => notice.to_json(),
            Self::Record(record) => record.to_json(),
            Self::Loss(loss) => loss.to_json(),
        }
    }

    fn ascii_json(&self, max_bytes: usize) -> String {
        match self {
            Self::Incident(incident) => incident.to_ascii_json(max_bytes),
            Self::Notice(notice) => notice.to_json(),
            Self::Record(record) => record.to_ascii_json(max_bytes),
            Self::Loss(loss) => loss.to_json(),
        }
    }
}

/// Whether a sink could be started, without starting it: nothing is opened, made or sent.
///
/// # Errors
/// What is wrong with its address, facility or path, and what may stand there.
pub(crate) fn check(sink: &config::Sink) -> Result<()> {
    match sink {
        config::Sink::File { path } => file::check(path),
        config::Sink::Syslog { .. } => outlet(sink, Pace::default()).map(drop),
    }
}

/// The sink's name and its outlet: the table of kinds. Ways of syslog are rows in `transport`.
fn outlet(sink: &config::Sink, pace: Pace) -> Result<(String, Box<dyn Outlet>)> {
    Ok(match sink {
        config::Sink::File { path } => (format!("file:{path}"), Box::new(file::File::new(path)?)),
        config::Sink::Syslog { address, facility } => {
            (address.clone(), Box::new(syslog::Syslog::new(address, facility, pace.patience)?))
        }
    })
}
