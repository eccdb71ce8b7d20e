//! Between verdict and sinks: a thread that completes records with what must be asked for, off the packet path.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use minewall_core::activity::Activity;
use minewall_core::evidence::{Notice, Record};
use minewall_core::incident::{Counted, Settings};
use minewall_core::names::Names;
use portable_atomic::AtomicU64;

use super::fold::{Folding, Shown, TICK};
use crate::identity::{Desk, Identity, Item};
use crate::sink::{self, SinkCount, Sinks};

/// Records that may wait to be completed.
const WAITING: usize = 4096;

/// How long sinks that are replaced may take to let their records out.
const REPLACED: Duration = Duration::from_secs(1);

/// What the recorder is told.
enum Message {
    Close(Duration),
    /// Other settings of incidents, and the gateway's name.
    Configure(Box<(Settings, String)>),
    Identify(Box<Identity>),
    Item(Item),
    Notice(Notice),
    Reopen,
    Replace(Sinks),
}

/// The recorder's thread.
pub(super) struct Recorder {
    entry: Entry,
    thread: JoinHandle<()>,
    counts: Mutex<sink::Counts>,
    shown: Shown,
}

/// A queue's way to the recorder. Never waits.
#[derive(Clone)]
pub(super) struct Entry {
    sender: SyncSender<Message>,
    lost: Arc<AtomicU64>,
}

impl Entry {
    /// Hands a record over; where too many wait it is lost, and counted.
    pub(super) fn write(&self, record: Box<Record>) {
        self.send(Item::Record(record));
    }

    /// Hands over what a connection did, in the same way.
    pub(super) fn tell(&self, activity: Activity) {
        self.send(Item::Activity(Box::new(activity)));
    }

    fn send(&self, item: Item) {
        if self.sender.try_send(Message::Item(item)).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Recorder {
    /// Starts the thread in front of these sinks.
    ///
    /// # Errors
    /// The system gives no more threads.
    pub(super) fn start(sinks: Sinks, folding: Folding, identity: Identity, names: Arc<Mutex<Names>>) -> Result<Self> {
        let (sender, receiver) = sync_channel(WAITING);
        let (entry, counts) = (Entry { sender, lost: Arc::default() }, Mutex::new(sinks.counts()));
        let (lost, shown) = (Arc::clone(&entry.lost), folding.shown());
        let desk = Desk::new(identity);
        let thread = std::thread::Builder::new().name("recorder".into());
        let thread = thread.spawn(move || record(&receiver, desk, Folded { sinks, folding }, &names, &lost));
        let thread = thread.context("cannot start the recorder")?;
        Ok(Self { entry, thread, counts, shown })
    }

    /// A way in for a queue's thread.
    pub(super) fn entry(&self) -> Entry {
        self.entry.clone()
    }

    /// Has files opened anew.
    pub(super) fn reopen(&self) {
        self.tell(Message::Reopen);
    }

    /// Hands a line about minewall itself to the sinks and the journal.
    pub(super) fn notice(&self, notice: Notice) {
        self.tell(Message::Notice(notice));
    }

    /// Puts other sinks in the place of the present ones.
    pub(super) fn replace(&self, sinks: Sinks) {
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner) = sinks.counts();
        self.tell(Message::Replace(sinks));
    }

    /// Has hosts identified by other settings from now on.
    pub(super) fn identify(&self, identity: Identity) {
        self.tell(Message::Identify(Box::new(identity)));
    }

    /// Has incidents folded by other settings from now on.
    pub(super) fn configure(&self, settings: Settings, observer: &str) {
        self.tell(Message::Configure(Box::new((settings, observer.to_owned()))));
    }

    /// What was counted of incidents.
    pub(super) fn incidents(&self) -> Counted {
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records lost on the way to the sinks, and what became of the others.
    pub(super) fn counted(&self) -> (u64, Vec<SinkCount>) {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        (self.entry.lost.load(Ordering::Relaxed), counts.read())
    }

    /// Lets the last records out, within `deadline`.
    pub(super) fn close(self, deadline: Duration) {
        self.tell(Message::Close(deadline));
        if self.thread.join().is_err() {
            tracing::error!("the recorder had ended before");
        }
    }

    fn tell(&self, message: Message) {
        if self.entry.sender.send(message).is_err() {
            tracing::error!("the recorder has ended");
        }
    }
}

/// What complete records go to.
struct Folded {
    sinks: Sinks,
    folding: Folding,
}

fn record(receiver: &Receiver<Message>, mut desk: Desk, mut to: Folded, names: &Mutex<Names>, lost: &AtomicU64) {
    let mut reported = 0;
    let mut deadline = Duration::ZERO;
    loop {
        match receiver.recv_timeout(desk.wait().map_or(TICK, |wait| wait.min(TICK))) {
            Ok(Message::Close(within)) => {
                deadline = within;
                break;
            }
            Ok(Message::Configure(new)) => to.folding.configure(new.0, &new.1),
            Ok(Message::Identify(identity)) => desk.replace(*identity),
            Ok(Message::Item(item)) => desk.take(item, Instant::now()),
            Ok(Message::Notice(notice)) => to.folding.notice(notice, &to.sinks),
            Ok(Message::Reopen) => to.sinks.reopen(),
            Ok(Message::Replace(new)) => {
                std::mem::replace(&mut to.sinks, new).close(REPLACED);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        while let Some(item) = desk.next(Instant::now()) {
            to.take(item, names);
        }
        to.folding.tick(&to.sinks);
        let lost = lost.load(Ordering::Relaxed);
        if lost > reported {
            tracing::warn!(lost = lost - reported, "records were lost: more came than could be completed");
            reported = lost;
        }
    }
    while let Some(item) = desk.rest() {
        to.take(item, names);
    }
    to.folding.finish(&to.sinks);
    to.sinks.close(deadline);
}

impl Folded {
    /// Takes what is complete.
    fn take(&mut self, item: Item, names: &Mutex<Names>) {
        match item {
            Item::Record(mut record) => {
                record.name_destination(&super::names(names));
                self.folding.record(*record, &self.sinks);
            }
            Item::Activity(mut activity) => {
                if activity.destination_domain.is_none() {
                    let name = super::names(names).name(activity.until_us, activity.destination.ip).map(String::from);
                    activity.destination_domain = name;
                }
                self.folding.activity(&activity, &self.sinks);
            }
        }
    }
}
