//! Where records go. Each sink has a bounded channel and a thread of its own: a slow or dead one delays nobody.
//!
//! | module | what |
//! |---|---|
//! | `event` | what is carried |
//! | `lane` | the channel of one sink and its threads; `worker` hands over and tries again |
//! | `backlog` | what waits for a sink with a spool: `spool` on disk, made of files of `segment` |
//! | `file` `syslog` `eve` `webhook` `journal` | the outlets |
//! | `transport` `tls` | the ways of a syslog message |
//! | `class` | the numbers and names events go by in `cef` and `eve` |
//! | `kept` | how much of an event is kept |
//! | `probe` | whether one would take what it is given |
//! | `cef` | events in the Common Event Format |
//!
//! Nothing outside this folder names a kind of sink.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{fmt, io, thread};

use anyhow::{Context, Error, Result};
use minewall_core::config::{self, Config, Events};
use minewall_core::evidence::Notice;

mod backlog;
mod cef;
mod class;
mod eve;
mod event;
mod file;
mod journal;
mod kept;
mod lane;
mod probe;
mod segment;
mod spool;
mod syslog;
#[cfg(test)]
mod tests;
mod tls;
mod transport;
#[cfg(feature = "webhook")]
mod webhook;
mod worker;

use backlog::Place;
pub(crate) use event::Event;
pub(crate) use kept::{Kept, less};
use lane::{Lane, Pace};
pub(crate) use probe::probe;

/// All sinks of the configuration, at work.
pub(crate) struct Sinks {
    lanes: Vec<Given>,
    /// The journal, which tells the others of its checkpoints.
    journal: Option<Box<Given>>,
    kept: Kept,
}

/// One sink, and what it is given.
struct Given {
    lane: Lane,
    events: Events,
    held: bool,
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
    /// Of those handed over, how many waited once more since their peer may not have read them.
    pub(crate) again: usize,
    /// Attempts that failed.
    pub(crate) errors: usize,
    /// Whether the last attempt worked.
    pub(crate) connected: bool,
}

/// How an outlet writes an event.
type Writer = Box<dyn Fn(&Event) -> String + Send>;

/// The end of a sink that touches the world. Used by one thread; it may block for as long as its time-outs let it.
trait Outlet: Send {
    /// Makes it ready, anew if it was before. Called before the first message and after every failure.
    fn open(&mut self) -> io::Result<()>;

    /// How it writes an event.
    fn writer(&self) -> Writer {
        Box::new(Event::json)
    }

    /// Hands over the first of these messages, whole, and more of them where it can: what became of them.
    fn deliver(&mut self, messages: &[Arc<str>]) -> io::Result<Taken>;

    /// Does what is due although no event came. Called about every second while it is open.
    fn tend(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Ends in good order, once nothing is handed over any more. Where it fails, the peer may not have read everything.
    fn close(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Reaches its peer as far as that can be done without a message: how.
    fn probe(&mut self) -> Result<&'static str> {
        probe::opened(self, "takes connections")
    }

    /// Messages it can hand over at once.
    fn most(&self) -> usize {
        1
    }

    /// Whether `Sinks::reopen` concerns it.
    fn reopens(&self) -> bool {
        false
    }

    /// What its messages are in a spool, where it may have one.
    fn spool_kind(&self) -> Option<SpoolKind> {
        None
    }
}

/// What became of the first messages of those an outlet was given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Taken {
    sent: usize,
    /// Behind these: such that their peer will never take, as it said.
    refused: usize,
}

impl Taken {
    const ONE: Self = Self { sent: 1, refused: 0 };
}

/// Messages in a spool.
#[derive(Clone, Copy, Debug)]
struct SpoolKind {
    /// Who can read them.
    name: &'static str,
    /// Whether a peer that dies may not have read what it was handed.
    is_unsure: bool,
}

/// Within an error: the peer wants to be left alone for a while.
#[derive(Debug)]
struct Later {
    after: Duration,
    words: String,
}

impl fmt::Display for Later {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)?;
        match self.after.as_secs() {
            0 => Ok(()),
            seconds => write!(f, " and wants to be left alone for {seconds} s"),
        }
    }
}

impl std::error::Error for Later {}

impl Sinks {
    /// Starts one thread for each sink, and one for the journal. `observer` is the gateway's name in lines of the
    /// sinks' own.
    ///
    /// # Errors
    /// A setting that makes no sense, or a file that cannot be written, with the remedy. A syslog peer that is down is
    /// no error: it is warned of and tried again.
    pub(crate) fn start(config: &Config, observer: &str) -> Result<Self> {
        let journal = journal::new(&config.journal)?;
        let kept = Kept::new(&config.privacy)?;
        let mut sinks = Self { kept, ..Self::start_at(&config.sink, observer, Pace::default())? };
        sinks.journal =
            journal.map(|journal| sinks.start_journal(journal, observer, Pace::default())).transpose()?.map(Box::new);
        Ok(sinks)
    }

    fn start_journal(&self, settings: config::Journal, observer: &str, pace: Pace) -> Result<Given> {
        let others = self.lanes.iter().filter(|given| given.events.have(config::Carried::Notice));
        let others: Vec<_> = others.map(|given| given.lane.entrance()).collect();
        let tell = move |notice: Notice| {
            let notice = Arc::new(notice);
            others.iter().for_each(|other| other(Event::Notice(Arc::clone(&notice))));
        };
        let (name, held) = (format!("journal:{}", settings.directory), settings.held);
        let outlet = Box::new(journal::Journal::new(settings, observer, Box::new(tell)));
        let lane = Lane::start((name, observer), outlet, None, pace).context("cannot start the journal's thread")?;
        Ok(Given { lane, events: Events::default(), held })
    }

    fn all(&self) -> impl Iterator<Item = &Given> {
        self.lanes.iter().chain(self.journal.as_deref())
    }

    fn start_at(sinks: &[config::Sink], observer: &str, pace: Pace) -> Result<Self> {
        // All settings are read before the first thread starts.
        let outlets = sinks.iter().map(|sink| outlet(sink, pace).context("[[sink]]"));
        let outlets = outlets.collect::<Result<Vec<_>>>()?;
        let lanes = sinks.iter().zip(outlets).map(|(sink, (name, outlet))| {
            let lane = Lane::start((name, observer), outlet.0, outlet.1, pace)?;
            Ok(Given { lane, events: sink.events().clone(), held: sink.held() })
        });
        let lanes = lanes.collect::<io::Result<_>>().context("cannot start the thread of a sink")?;
        Ok(Self { lanes, journal: None, kept: Kept::default() })
    }

    /// Gives the event to every sink that is to have it. Never blocks: where a channel is full it is dropped and counted.
    /// `is_held`: it is one of too many of its kind, for sinks only that are set to have those too.
    pub(crate) fn send(&self, event: &Event, is_held: bool) {
        let has = |given: &&Given| (!is_held || given.held) && event.kind().is_none_or(|kind| given.events.have(kind));
        if self.lanes.iter().any(|given| has(&given)) {
            let event = less(event, self.kept.sinks.as_deref());
            self.lanes.iter().filter(has).for_each(|given| given.lane.send(event.clone()));
        }
        if let Some(journal) = self.journal.as_deref().filter(has) {
            journal.lane.send(less(event, self.kept.journal.as_deref()));
        }
    }

    /// What became of the records, one entry for each sink in the order of the configuration.
    pub(crate) fn counters(&self) -> Vec<SinkCount> {
        self.counts().read()
    }

    /// Where that can be read at any time.
    pub(crate) fn counts(&self) -> Counts {
        Counts(self.all().map(|given| given.lane.tally()).collect())
    }

    /// Has files opened anew, before their next record or at once: after logrotate has renamed them.
    pub(crate) fn reopen(&self) {
        self.all().for_each(|given| given.lane.reopen());
    }

    /// Stops: what waits is delivered as far as that is possible within `patience`, and the last counts are told.
    /// Records sent later are lost and counted.
    pub(crate) fn close(&self, patience: Duration) -> Vec<SinkCount> {
        let until = Instant::now() + patience;
        // The journal's last checkpoint goes to the others.
        let journal: Vec<_> = self.journal.as_deref().into_iter().collect();
        for all in [journal, self.lanes.iter().collect()] {
            all.iter().for_each(|given| given.lane.stop(until));
            while !all.iter().all(|given| given.lane.is_finished()) && Instant::now() < until {
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

/// Whether a sink could be started, without starting it: nothing is opened, made or sent.
///
/// # Errors
/// What is wrong with its address, facility, files or paths, and what may stand there.
pub(crate) fn check(sink: &config::Sink) -> Result<()> {
    match sink {
        config::Sink::File(file) => file::check(&file.path),
        config::Sink::Eve(eve) => eve::check(&eve.path),
        config::Sink::Syslog(_) | config::Sink::Webhook(_) => outlet(sink, Pace::default()).map(drop),
    }
}

type Made = (Box<dyn Outlet>, Option<Place>);

/// The sink's name and its outlet, with its spool: the table of kinds. Ways of syslog are rows in `transport`.
fn outlet(sink: &config::Sink, pace: Pace) -> Result<(String, Made)> {
    let (name, outlet): (_, Box<dyn Outlet>) = match sink {
        config::Sink::Eve(eve) => (format!("eve:{}", eve.path), eve::outlet(eve, pace.patience)?),
        config::Sink::File(file) => {
            (format!("file:{}", file.path), Box::new(file::File::new(&file.path, Event::json)?))
        }
        config::Sink::Syslog(syslog) => (syslog.address.clone(), Box::new(syslog::Syslog::new(syslog, pace.patience)?)),
        #[cfg(feature = "webhook")]
        config::Sink::Webhook(webhook) => webhook::outlet(webhook)?,
        #[cfg(not(feature = "webhook"))]
        config::Sink::Webhook(_) => return Err(crate::features::without("webhook")),
    };
    let spool = sink.spool().zip(outlet.spool_kind());
    let place = spool.map(|(spool, kind)| {
        let directory = PathBuf::from(spool.directory);
        spool::check(&directory, kind.name).with_context(|| format!("the spool {}", directory.display()))?;
        Ok::<_, Error>(Place { directory, kind: kind.name, bytes: spool.bytes, is_unsure: kind.is_unsure })
    });
    Ok((name, (outlet, place.transpose()?)))
}
