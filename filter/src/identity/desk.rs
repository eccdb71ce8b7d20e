//! Records on their way: each leaves complete and in order, after a moment at the most.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use minewall_core::activity::Activity;
use minewall_core::evidence::Record;

use super::Identity;

/// Those that may wait: behind one that waits for its name, the others do too.
const WAITING: usize = 1024;

/// How often it is looked whether what a record waits for is there.
const AGAIN: Duration = Duration::from_millis(10);

/// What is written down.
#[derive(Debug)]
pub(crate) enum Item {
    Activity(Box<Activity>),
    Record(Box<Record>),
}

/// Where they wait.
pub(crate) struct Desk {
    identity: Identity,
    held: VecDeque<Held>,
}

struct Held {
    item: Item,
    /// What it waits for comes by then, or not at all; none: it is complete.
    until: Option<Instant>,
}

impl Desk {
    pub(crate) fn new(identity: Identity) -> Self {
        Self { identity, held: VecDeque::new() }
    }

    /// Has another complete those that come from now on.
    pub(crate) fn replace(&mut self, identity: Identity) {
        self.identity = identity;
    }

    /// Completes an item, as far as that can be done at once.
    pub(crate) fn take(&mut self, mut item: Item, now: Instant) {
        let wait = match &mut item {
            Item::Activity(activity) => {
                self.identity.complete_activity(activity, now);
                None
            }
            Item::Record(record) => self.identity.complete(record, now),
        };
        self.held.push_back(Held { item, until: wait.map(|wait| now + wait) });
    }

    /// The next that is complete, or has waited long enough.
    pub(crate) fn next(&mut self, now: Instant) -> Option<Item> {
        let is_full = self.held.len() > WAITING;
        let first = self.held.front_mut()?;
        if let (Some(until), Item::Record(record)) = (first.until, &mut first.item) {
            let is_more = self.identity.complete(record, now).is_some();
            if is_more && now < until && !is_full {
                return None;
            }
        }
        self.held.pop_front().map(|held| held.item)
    }

    /// The next one whatever it waits for.
    pub(crate) fn rest(&mut self) -> Option<Item> {
        self.held.pop_front().map(|held| held.item)
    }

    /// How long until it is worth calling [`Self::next`]; none: until there is another item.
    pub(crate) fn wait(&self) -> Option<Duration> {
        (!self.held.is_empty()).then_some(AGAIN)
    }
}
