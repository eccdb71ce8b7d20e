//! What the daemon's threads last published, for those who ask.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use minewall_core::incident::Incident;
use serde_json::Value;

use super::status::{Happened, Host, Status, Top};
use super::table::Needs;
use crate::metrics::Desk;
use crate::sink::Event;

/// So long after the last ask things are published on.
const WANTED: Duration = Duration::from_secs(5);

/// What is older than this when it is asked for is waited for anew.
const FRESH: Duration = Duration::from_millis(1_500);

/// Events remembered.
const EVENTS: usize = 16;

/// Octets of an event's sentence.
const SENTENCE: usize = 200;

/// What was published. Writers never wait for readers: readers hold what was there before.
#[derive(Default)]
pub(crate) struct Board {
    figures: ArcSwapOption<Figures>,
    counters: ArcSwapOption<Dated<Value>>,
    metrics: Arc<Desk>,
    standing: ArcSwapOption<Dated<Arc<Vec<Incident>>>>,
    events: Mutex<VecDeque<Event>>,
    wanted: Mutex<Wanted>,
}

type Figures = Dated<Status>;

/// Something with the time it was published.
struct Dated<T> {
    at: Instant,
    what: T,
    /// The daemon has done something since that changes it.
    is_outdated: AtomicBool,
}

impl<T> Dated<T> {
    fn now(what: T) -> Option<Arc<Self>> {
        Some(Arc::new(Self { at: Instant::now(), what, is_outdated: AtomicBool::new(false) }))
    }

    fn is_of(&self, asked: Instant) -> bool {
        !self.is_outdated.load(Ordering::Acquire) && self.at + FRESH >= asked
    }

    fn outdate(published: &ArcSwapOption<Self>) {
        if let Some(published) = published.load().as_ref() {
            published.is_outdated.store(true, Ordering::Release);
        }
    }
}

/// Until when what is wanted.
#[derive(Clone, Copy, Default)]
struct Wanted {
    figures: Option<Instant>,
    counters: Option<Instant>,
    incidents: Option<Instant>,
}

impl Board {
    /// Somebody asks for what needs this.
    pub(super) fn want(&self, needs: Needs) {
        let until = Some(Instant::now() + WANTED);
        let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        match needs {
            Needs::Counters => (wanted.figures, wanted.counters) = (until, until),
            Needs::Figures => wanted.figures = until,
            Needs::Incidents => wanted.incidents = until,
            Needs::All => (wanted.figures, wanted.incidents) = (until, until),
            // The desk is told so each time it is looked for them: they are made once, for they cost more.
            Needs::Metrics | Needs::Nothing => {}
        }
    }

    /// Whether somebody asks for the status of the daemon.
    pub(crate) fn wants_figures(&self) -> bool {
        self.is_wanted(|wanted| wanted.figures)
    }

    /// Whether somebody asks for everything that is counted.
    pub(crate) fn wants_counters(&self) -> bool {
        self.is_wanted(|wanted| wanted.counters)
    }

    /// Whether somebody asks for the incidents.
    pub(crate) fn wants_incidents(&self) -> bool {
        self.is_wanted(|wanted| wanted.incidents)
    }

    /// Whether somebody asks for the text of all metrics.
    pub(crate) fn wants_metrics(&self) -> bool {
        self.metrics.is_wanted()
    }

    fn is_wanted(&self, what: fn(&Wanted) -> Option<Instant>) -> bool {
        let wanted = *self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        what(&wanted).is_some_and(|until| Instant::now() < until)
    }

    /// Publishes how the daemon fares.
    pub(crate) fn publish_status(&self, status: Status) {
        self.figures.store(Dated::now(status));
    }

    /// What was published of the daemon no longer holds: who asks waits for what is next. Who is told again and again is
    /// told what there is meanwhile.
    pub(crate) fn outdate(&self) {
        Dated::outdate(&self.figures);
        Dated::outdate(&self.counters);
        self.metrics.outdate();
    }

    /// Where the text of all metrics lies.
    pub(crate) const fn desk(&self) -> &Arc<Desk> {
        &self.metrics
    }

    /// Publishes everything that is counted.
    pub(crate) fn publish_counters(&self, counters: Value) {
        self.counters.store(Dated::now(counters));
    }

    /// Publishes the text of all metrics.
    pub(crate) fn publish_metrics(&self, text: &str) {
        self.metrics.lay(text);
    }

    /// Publishes the incidents as they stand.
    pub(crate) fn publish_incidents(&self, incidents: Vec<Incident>) {
        self.standing.store(Dated::now(Arc::new(incidents)));
    }

    /// Notes what goes to the sinks.
    pub(crate) fn saw(&self, event: Event) {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        if events.len() >= EVENTS {
            events.pop_back();
        }
        events.push_front(event);
    }

    /// Whether what is needed was published for an ask of this time.
    pub(super) fn has(&self, needs: Needs, asked: Instant) -> bool {
        let figures = || self.figures.load().as_ref().is_some_and(|figures| figures.is_of(asked));
        let counters = || self.counters.load().as_ref().is_some_and(|counters| counters.is_of(asked));
        let incidents = || self.standing.load().as_ref().is_some_and(|standing| standing.is_of(asked));
        match needs {
            Needs::Counters => counters(),
            Needs::Figures => figures(),
            Needs::Incidents => incidents(),
            Needs::Metrics => self.metrics.has(asked),
            Needs::All => figures() && incidents(),
            Needs::Nothing => true,
        }
    }

    /// How the daemon fares.
    pub(super) fn status(&self) -> Status {
        self.figures.load().as_ref().map(|figures| figures.what.clone()).unwrap_or_default()
    }

    /// Everything that is counted.
    pub(super) fn counters(&self) -> Value {
        self.counters.load().as_ref().map(|counters| counters.what.clone()).unwrap_or_default()
    }

    /// The text of all metrics.
    pub(super) fn metrics(&self) -> Arc<str> {
        self.metrics.last()
    }

    /// The incidents.
    pub(super) fn incidents(&self) -> Arc<Vec<Incident>> {
        self.standing.load().as_ref().map(|standing| Arc::clone(&standing.what)).unwrap_or_default()
    }

    /// All of it, in short.
    pub(super) fn top(&self) -> Top {
        let (hosts, open) = Host::all(&self.incidents());
        let events: Vec<_> = self.events.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect();
        let events = events.iter().map(|event| Happened { time_us: event.time_us(), what: clip(event.sentence()) });
        Top { status: self.status(), hosts, open, events: events.collect() }
    }
}

fn clip(mut sentence: String) -> String {
    if let Some((at, _)) = sentence.char_indices().find(|(at, char)| at + char.len_utf8() > SENTENCE) {
        sentence.truncate(at);
        sentence.push('…');
    }
    sentence
}
