//! What is shown: figures of a second, the order of rows, the chosen one.

use std::cmp::Ordering;
use std::collections::VecDeque;

use anyhow::Result;

use crate::control::{Host, QueueStatus, Top};

/// Looks remembered for the curve.
const LOOKS: usize = 600;

/// By what rows are sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Sort {
    #[default]
    Watts,
    Rate,
    Rigs,
    Since,
    Host,
}

impl Sort {
    /// The word on the screen.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Watts => "power",
            Self::Rate => "rate",
            Self::Rigs => "rigs",
            Self::Since => "for",
            Self::Host => "host",
        }
    }

    /// The next one.
    pub(super) const fn next(self) -> Self {
        match self {
            Self::Watts => Self::Rate,
            Self::Rate => Self::Rigs,
            Self::Rigs => Self::Since,
            Self::Since => Self::Host,
            Self::Host => Self::Watts,
        }
    }

    fn compare(self, a: &Host, b: &Host) -> Ordering {
        let number = |number: Option<f64>| number.unwrap_or(-1.0);
        let most = |a: Option<f64>, b: Option<f64>| number(b).total_cmp(&number(a));
        let order = match self {
            Self::Watts => most(a.watts, b.watts).then_with(|| most(a.hashrate, b.hashrate)),
            Self::Rate => most(a.hashrate, b.hashrate),
            Self::Rigs => b.rigs.cmp(&a.rigs),
            Self::Since => a.first_us.cmp(&b.first_us),
            Self::Host => Ordering::Equal,
        };
        // Never by chance: rows must not jump.
        order.then_with(|| a.ip.cmp(&b.ip)).then_with(|| a.id.cmp(&b.id))
    }
}

/// Figures of a second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Rates {
    pub(super) packets: f64,
    pub(super) flows: f64,
    pub(super) questions: f64,
    pub(super) cut: f64,
}

/// All of an incident.
pub(super) struct Details {
    pub(super) text: String,
    pub(super) line: usize,
}

/// What is shown.
pub(super) struct View {
    pub(super) top: Top,
    pub(super) rates: Rates,
    /// Packets a second, the newest last.
    pub(super) curve: VecDeque<u64>,
    pub(super) sort: Sort,
    pub(super) details: Option<Details>,
    /// Why there is no news.
    pub(super) lost: Option<String>,
    /// The id of the chosen row.
    choice: Option<String>,
}

impl View {
    /// Begins with this.
    pub(super) fn new(top: Top) -> Self {
        let (rates, curve, sort) = (Rates::default(), VecDeque::new(), Sort::default());
        Self { top, rates, curve, sort, details: None, lost: None, choice: None }
    }

    /// Whether figures of a second are known.
    pub(super) fn has_rates(&self) -> bool {
        !self.curve.is_empty()
    }

    /// Takes news.
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    pub(super) fn take(&mut self, top: Top) {
        self.lost = None;
        let (old, new) = (&self.top.status, &top.status);
        let is_same = (old.process, old.started) == (new.process, new.started);
        let seconds = new.time_us.saturating_sub(old.time_us) as f64 / 1e6;
        // Told twice between two looks of the daemon: the figures stay.
        if is_same && seconds > 0.0 {
            let rate = |of: fn(&QueueStatus) -> u64| new.sum(of).saturating_sub(old.sum(of)) as f64 / seconds;
            self.rates = Rates {
                packets: rate(|queue| queue.packets),
                flows: rate(|queue| queue.flows),
                questions: rate(|queue| queue.questions),
                cut: rate(|queue| queue.cut),
            };
            if self.curve.len() >= LOOKS {
                self.curve.pop_front();
            }
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count a second")]
            self.curve.push_back(self.rates.packets.round() as u64);
        } else if !is_same {
            self.rates = Rates::default();
        }
        self.top = top;
    }

    /// There is no news, and why.
    pub(super) fn lose(&mut self, why: String) {
        self.rates = Rates::default();
        self.lost = Some(why);
    }

    /// The rows, in order.
    pub(super) fn rows(&self) -> Vec<&Host> {
        let mut rows: Vec<_> = self.top.hosts.iter().collect();
        rows.sort_by(|a, b| self.sort.compare(a, b));
        rows
    }

    /// The place of the chosen row: the first, unless another was chosen and is still there.
    pub(super) fn place(&self) -> Option<usize> {
        let rows = self.rows();
        let chosen = self.choice.as_ref().and_then(|id| rows.iter().position(|row| row.id == *id));
        chosen.or_else(|| (!rows.is_empty()).then_some(0))
    }

    /// The id of the chosen row.
    pub(super) fn chosen(&self) -> Option<String> {
        self.rows().get(self.place()?).map(|row| row.id.clone())
    }

    /// Chooses a row so many further on, or moves in what is read.
    pub(super) fn go(&mut self, by: isize) {
        if let Some(details) = &mut self.details {
            let last = details.text.lines().count().saturating_sub(1);
            details.line = details.line.saturating_add_signed(by).min(last);
            return;
        }
        let Some(place) = self.place() else { return };
        let rows = self.rows();
        let next = place.saturating_add_signed(by).min(rows.len().saturating_sub(1));
        self.choice = rows.get(next).map(|row| row.id.clone());
    }

    /// Shows what was told of the chosen incident.
    pub(super) fn detail(&mut self, told: Result<String>) {
        let text = told.unwrap_or_else(|error| format!("{error:#}\n"));
        self.details = Some(Details { text, line: 0 });
    }
}
