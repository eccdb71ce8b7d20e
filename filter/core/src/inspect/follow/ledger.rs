//! The books of one connection: jobs, shares under way, what was counted.

use alloc::collections::VecDeque;

use crate::dialect::{Act, Key, Measure};
use crate::limits::{JOBS, SHARES_UNDER_WAY};

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    /// Jobs handed out.
    pub jobs: u32,
    /// Shares handed in.
    pub offered: u32,
    /// Shares taken.
    pub accepted: u32,
    /// Shares refused.
    pub rejected: u32,
    /// Shares taken of which it is known how many hashes they take, and these.
    by_hashes: (u32, f64),
    /// Shares taken of which the difficulty is known, and the sum of these.
    by_difficulty: (u32, f64),
}

/// The books.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// How hard shares are of the jobs that follow.
    share: Option<Measure>,
    /// The last jobs.
    jobs: VecDeque<(Option<Key>, Option<Measure>)>,
    /// Shares that await their answer, oldest first.
    under_way: VecDeque<(Option<Key>, Option<Measure>)>,
    /// What was counted since it was told.
    pub(super) tally: Tally,
}

impl Ledger {
    /// Enters what the miner, or else the pool, told; tells whether it was of the protocol.
    pub(super) fn enter(&mut self, act: Act, is_miner: bool) -> bool {
        match act {
            Act::Job { id, share } if !is_miner => self.job(id, share),
            Act::Target(share) if !is_miner => self.share = Some(share),
            Act::Offer { request, job } if is_miner => {
                self.tally.offered = self.tally.offered.saturating_add(1);
                let known = |key| self.jobs.iter().rev().find(|(id, _)| *id == Some(key)).and_then(|(_, share)| *share);
                let share = job.map_or_else(|| self.jobs.back().and_then(|(_, share)| *share), known);
                if self.under_way.len() >= SHARES_UNDER_WAY {
                    self.under_way.pop_front();
                }
                self.under_way.push_back((request, share));
            }
            // Several shares may bear one number: they are answered in turn.
            Act::Reply { request, is_accepted } if !is_miner => {
                let Some(place) = self.under_way.iter().position(|(asked, _)| *asked == request) else { return false };
                let share = self.under_way.remove(place).and_then(|(_, share)| share);
                self.tally.answer(is_accepted, share);
            }
            _ => return false,
        }
        true
    }

    /// A job that comes again is the same, though perhaps no longer as hard.
    fn job(&mut self, id: Option<Key>, share: Option<Measure>) {
        let share = share.or(self.share);
        if let Some((_, known)) = self.jobs.iter_mut().find(|(known, _)| id.is_some() && *known == id) {
            *known = share;
            return;
        }
        self.tally.jobs = self.tally.jobs.saturating_add(1);
        if self.jobs.len() >= JOBS {
            self.jobs.pop_front();
        }
        self.jobs.push_back((id, share));
    }
}

impl Tally {
    fn answer(&mut self, is_accepted: bool, share: Option<Measure>) {
        if !is_accepted {
            self.rejected = self.rejected.saturating_add(1);
            return;
        }
        self.accepted = self.accepted.saturating_add(1);
        let (place, value) = match share {
            Some(Measure::Difficulty(difficulty)) => (&mut self.by_difficulty, difficulty),
            Some(Measure::Hashes(hashes)) => (&mut self.by_hashes, hashes),
            None => return,
        };
        *place = (place.0.saturating_add(1), place.1 + value);
    }

    /// What came since `before`, as far as engines count it.
    pub(super) const fn since(&self, before: Self) -> Self {
        Self {
            jobs: self.jobs.saturating_sub(before.jobs),
            offered: self.offered.saturating_sub(before.offered),
            accepted: self.accepted.saturating_sub(before.accepted),
            rejected: self.rejected.saturating_sub(before.rejected),
            ..*self
        }
    }

    /// Shares taken that are measured, and the hashes they took on average, where a share of difficulty 1 takes `unit`.
    pub(super) fn measured(&self, unit: Option<f64>) -> (u32, f64) {
        let (shares, hashes) = self.by_hashes;
        match unit {
            Some(unit) => (shares.saturating_add(self.by_difficulty.0), hashes + self.by_difficulty.1 * unit),
            None => (shares, hashes),
        }
    }
}
