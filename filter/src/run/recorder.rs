//! Between verdict and sinks: a thread that completes records with what must be asked for, off the packet path.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result};
use minewall_core::activity::Activity;
use minewall_core::evidence::Record;
use minewall_core::incident::{Counted, Settings};
use minewall_core::names::Names;

use super::fold::{Folding, Shown, TICK};
use crate::identity::interface::Interfaces;
use crate::identity::neighbour::Neighbours;
use crate::sink::{self, SinkCount, Sinks};

/// Records that may wait to be completed.
const WAITING: usize = 4096;

/// How long sinks that are replaced may take to let their records out.
const REPLACED: Duration = Duration::from_secs(1);

/// What the recorder is told.
enum Message {
    Activity(Box<Activity>),
    Close(Duration),
    /// Other settings of incidents, and the gateway's name.
    Configure(Box<(Settings, String)>),
    Record(Box<Record>),
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
        self.send(Message::Record(record));
    }

    /// Hands over what a connection did, likewise.
    #[expect(dead_code, reason = "told once the engine follows connections")]
    pub(super) fn tell(&self, activity: Box<Activity>) {
        self.send(Message::Activity(activity));
    }

    fn send(&self, message: Message) {
        if self.sender.try_send(message).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Recorder {
    /// Starts the thread in front of these sinks.
    ///
    /// # Errors
    /// The system gives no more threads.
    pub(super) fn start(sinks: Sinks, folding: Folding, names: Arc<Mutex<Names>>) -> Result<Self> {
        let (sender, receiver) = sync_channel(WAITING);
        let (entry, counts) = (Entry { sender, lost: Arc::default() }, Mutex::new(sinks.counts()));
        let (lost, shown) = (Arc::clone(&entry.lost), folding.shown());
        let thread = std::thread::Builder::new().name("recorder".into());
        let thread = thread.spawn(move || record(&receiver, sinks, folding, &names, &lost));
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

    /// Puts other sinks in the place of the present ones.
    pub(super) fn replace(&self, sinks: Sinks) {
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner) = sinks.counts();
        self.tell(Message::Replace(sinks));
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

fn record(
    receiver: &Receiver<Message>,
    mut sinks: Sinks,
    mut folding: Folding,
    names: &Mutex<Names>,
    lost: &AtomicU64,
) {
    let (mut interfaces, mut neighbours) = (Interfaces::default(), Neighbours::default());
    let mut reported = 0;
    let mut deadline = Duration::ZERO;
    loop {
        match receiver.recv_timeout(TICK) {
            Ok(Message::Activity(mut activity)) => {
                if activity.source_mac.is_none() {
                    activity.source_mac = neighbours.hardware_address(activity.source.ip);
                }
                folding.activity(&activity, &sinks);
            }
            Ok(Message::Close(within)) => {
                deadline = within;
                break;
            }
            Ok(Message::Configure(new)) => folding.configure(new.0, &new.1),
            Ok(Message::Record(mut record)) => {
                complete(&mut record, &mut interfaces, &mut neighbours);
                record.name_destination(&super::names(names));
                folding.record(*record, &sinks);
            }
            Ok(Message::Reopen) => sinks.reopen(),
            Ok(Message::Replace(new)) => {
                std::mem::replace(&mut sinks, new).close(REPLACED);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        folding.tick(&sinks);
        let lost = lost.load(Ordering::Relaxed);
        if lost > reported {
            tracing::warn!(lost = lost - reported, "records were lost: more came than could be completed");
            reported = lost;
        }
    }
    folding.finish(&sinks);
    sinks.close(deadline);
}

/// Adds the interface's name, and the hardware address of a host of which no packet of its own was seen.
fn complete(record: &mut Record, interfaces: &mut Interfaces, neighbours: &mut Neighbours) {
    record.interface = interfaces.name(record.interface_index);
    if record.source_mac.is_none() {
        record.source_mac = neighbours.hardware_address(record.source.ip);
    }
}
