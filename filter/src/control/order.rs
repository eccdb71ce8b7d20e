//! What is ordered: it changes the running daemon. The main thread carries it out; whoever ordered it waits for the answer,
//! and neither packets nor other clients do.

use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::time::Duration;

use serde_json::Value;

use super::ask::Refusal;
use super::by::By;

/// How long filtering may be paused, in seconds.
pub(crate) const SECONDS: std::ops::RangeInclusive<u32> = 60..=86_400;

/// Characters of a reason.
pub(super) const REASON: usize = 200;

/// An order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Filter no more for a while.
    Pause(Pause),
    /// Read configuration and lists anew.
    Reload,
    /// Filter again.
    Resume,
}

/// How filtering is paused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pause {
    /// For how long: [`SECONDS`].
    pub(crate) length: Duration,
    /// Whether mining is still looked for, and written down.
    pub(crate) observe: bool,
    /// Why, as whoever ordered it says: [`REASON`] characters at the most.
    pub(crate) reason: Option<String>,
}

/// What comes of an order: what was done, or why not.
pub(crate) type Outcome = Result<Value, Refusal>;

/// An order, who gave it, and the way back.
#[derive(Debug)]
pub(crate) struct Ordered {
    pub(crate) order: Order,
    pub(crate) by: By,
    answer: SyncSender<Outcome>,
}

/// Takes orders to the main thread; false: it has too many already, or ends.
pub(crate) type Door = Box<dyn Fn(Ordered) -> bool + Send>;

/// An answer that is waited for.
#[derive(Debug)]
pub(super) struct Awaited(Receiver<Outcome>);

impl Ordered {
    pub(super) fn new(order: Order, by: By) -> (Self, Awaited) {
        let (answer, awaited) = sync_channel(1);
        (Self { order, by, answer }, Awaited(awaited))
    }

    /// Tells what came of it. A client that has gone hears nothing, and that is all.
    pub(crate) fn answer(self, outcome: Outcome) {
        _ = self.answer.try_send(outcome);
    }
}

impl Awaited {
    /// What came of the order, if that is known.
    pub(super) fn look(&self) -> Option<Outcome> {
        match self.0.try_recv() {
            Ok(outcome) => Some(outcome),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => {
                Some(Err(Refusal::new("the daemon has ended, and did not do it", "ask again when it runs")))
            }
        }
    }
}
