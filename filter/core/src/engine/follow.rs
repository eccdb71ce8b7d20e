//! Connections that mine and are let pass: they are followed beyond the look, told of now and then, and cut once policy
//! lets them pass no longer.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::format;

use super::{Engine, Outcome, Verdict, farewell};
use crate::activity::Activity;
use crate::evidence::{Action, Record};
use crate::flow::key::{FlowKey, Side};
use crate::flow::table::{Handle, Settled};
use crate::inspect::flow::Following;
use crate::inspect::{Brought, Followed, settle};
use crate::limits::{ACTIVITIES, ACTIVITY_SILENT_MS, FOLLOWED, FOLLOWED_IDLE_MS};
use crate::now::Now;
use crate::policy::Judgement;
use crate::wire::packet::Packet;

/// Milliseconds a connection is still followed after one of its ends said that it is over: the other may have more to say.
const LINGER_MS: u64 = 5_000;

/// The connections an engine follows.
#[derive(Debug, Default)]
pub(super) struct Follows {
    flows: BTreeMap<FlowKey, Box<Followed>>,
    /// What is left to tell of those that are followed no longer.
    left: VecDeque<Activity>,
}

impl Follows {
    pub(super) fn len(&self) -> usize {
        self.flows.len()
    }

    /// Whether this connection is followed.
    pub(super) fn has(&self, key: &FlowKey) -> bool {
        !self.flows.is_empty() && self.flows.contains_key(key)
    }

    /// Whether this connection is to be followed beyond the look: it is read, or its grace is running.
    pub(super) fn is_worth(&self, key: &FlowKey) -> bool {
        let is_worth = |followed: &Followed| followed.is_read() || followed.record.grace_until_us.is_some();
        !self.flows.is_empty() && self.flows.get(key).is_some_and(|followed| is_worth(followed))
    }

    /// Notes that an end said that the connection is over.
    pub(super) fn close(&mut self, key: &FlowKey) {
        if let Some(followed) = self.flows.get_mut(key) {
            followed.is_over = true;
        }
    }

    /// Lets a connection go that is over: another one begins on the same ports.
    pub(super) fn end(&mut self, now: Now, key: &FlowKey) {
        self.close(key);
        self.let_go(now, key);
    }

    /// Lets a connection go; what is left to tell of it is kept.
    pub(super) fn let_go(&mut self, now: Now, key: &FlowKey) {
        if let Some(activity) = self.flows.remove(key).and_then(|mut followed| followed.tell(now)) {
            if self.left.len() >= ACTIVITIES {
                self.left.pop_front();
            }
            self.left.push_back(*activity);
        }
    }

    /// Makes a place for one more; tells whether another connection had to go for it.
    fn make_place(&mut self, now: Now) -> bool {
        if self.flows.len() < FOLLOWED {
            return false;
        }
        // What is in its grace is let go last: the kernel would keep it.
        let rank = |followed: &Followed| (followed.record.grace_until_us.is_some(), followed.seen_ms);
        let silent = self.flows.iter().min_by_key(|(_, followed)| rank(followed)).map(|(key, _)| *key);
        silent.iter().for_each(|key| self.let_go(now, key));
        true
    }
}

impl Engine {
    /// Follows the connection of an open flow from now on, or goes on to, with what its last packet said; `record` is the
    /// one just made.
    pub(super) fn follow(
        &mut self,
        now: Now,
        handle: Handle,
        (key, side, host): (FlowKey, Side, Side),
        record: Option<&Record>,
        (seq, payload): (u32, &[u8]),
    ) -> Option<Box<Activity>> {
        let known = self.follows.has(&key);
        if !known {
            let record = Box::new(record?.clone());
            self.counters.let_go += u64::from(self.follows.make_place(now));
            self.counters.followed += 1;
            self.follows.flows.insert(key, Box::new(Followed::new(now, record, host)));
        }
        let flow = self.flows.open_mut(handle)?;
        flow.following = Following::Beside;
        let followed = self.follows.flows.get_mut(&key)?;
        if known && let Some(record) = record {
            followed.learn(record);
        }
        if !followed.is_read() && flow.speaks_mining() {
            let brought = self.ear.read_on(now, flow, followed);
            self.counters.count(brought);
        }
        // What was not kept of the packet, or all of it.
        let brought = self.ear.follow(now, followed, side, seq, payload);
        self.counters.count(brought);
        followed.tell_in_time(now)
    }

    /// Cuts a connection that is followed, once policy lets it pass no longer: its grace or exemption is over, or there is
    /// another policy.
    pub(super) fn cut_in_time(
        &mut self,
        now: Now,
        handle: Handle,
        (key, side): (FlowKey, Side),
        packet: &Packet<'_>,
    ) -> Option<Outcome> {
        let followed = self.follows.flows.get(&key)?;
        let (host, finding) = (followed.host, &followed.record.finding);
        let judgement = self.graces.judge(&self.settings.policy, finding, key.end(host).ip, now);
        if !matches!(judgement, Judgement::Block) {
            return None;
        }
        let outcome = self.cut_followed(now, &key);
        self.flows.settle(handle, Settled::Cut);
        Some(Outcome { farewell: farewell(packet, host == side), ..outcome })
    }

    /// Takes a packet of a connection that is followed and no longer looked at.
    pub(super) fn on_followed(
        &mut self,
        now: Now,
        handle: Handle,
        (key, side): (FlowKey, Side),
        packet: &Packet<'_>,
        seq: u32,
    ) -> Outcome {
        let Some(followed) = self.follows.flows.get_mut(&key) else {
            // It was let go, perhaps by a word that was none of its ends': it is looked at anew.
            self.flows.forget(&key);
            return Verdict::Look.into();
        };
        let brought = self.ear.follow(now, followed, side, seq, packet.payload);
        self.counters.count(brought);
        let activity = followed.tell_in_time(now);
        // What is in its grace stays until that is over.
        let is_watched = followed.record.grace_until_us.is_some();
        if !is_watched && (brought.is_silent || !followed.is_read()) {
            self.follows.let_go(now, &key);
            return Outcome { activity, ..self.clear(handle) };
        }
        if brought.is_silent && followed.is_read() {
            let activity = followed.tell(now).or(activity);
            followed.stop_reading();
            return Outcome { activity, ..Verdict::Watch.into() };
        }
        Outcome { activity, ..Verdict::Watch.into() }
    }

    /// Lets the kernel keep the flow from now on.
    fn clear(&mut self, handle: Handle) -> Outcome {
        self.flows.settle(handle, Settled::Cleared);
        self.counters.cleared += 1;
        Verdict::Clear.into()
    }

    /// Ends a connection that was let pass, with a record that says so.
    fn cut_followed(&mut self, now: Now, key: &FlowKey) -> Outcome {
        let Some(mut followed) = self.follows.flows.remove(key) else { return Verdict::Cut.into() };
        followed.is_over = true;
        let activity = followed.tell(now);
        let mut record = followed.record;
        self.counters.cut += 1;
        self.counters.records += 1;
        let why = if record.grace_until_us.is_some() { "its grace is over" } else { "policy lets it pass no longer" };
        record.id = format!("{:016x}-{:x}", self.run, self.counters.records);
        (record.time_us, record.action, record.exemption, record.grace_until_us) =
            (now.wall_us, Action::Blocked, None, None);
        record.finding.reason = format!("{}; {why}", record.finding.reason);
        settle(&mut record);
        Outcome { record: Some(record), activity, ..Verdict::Cut.into() }
    }

    /// Tells what connections did that have fallen silent or are over, and lets those go. To be called about once a second.
    pub fn activities(&mut self, now: Now, tell: &mut impl FnMut(Activity)) {
        self.follows.left.drain(..).for_each(&mut *tell);
        self.follows.flows.retain(|_, followed| {
            let silence = now.mono_ms.saturating_sub(followed.seen_ms);
            followed.is_over |= silence >= FOLLOWED_IDLE_MS;
            // An end of a connection is easily forged: what is in its grace is waited for as long as it may be silent.
            let lingers = if followed.record.grace_until_us.is_some() { FOLLOWED_IDLE_MS } else { LINGER_MS };
            let is_over = followed.is_over && silence >= lingers;
            if is_over || silence >= ACTIVITY_SILENT_MS {
                followed.tell(now).into_iter().for_each(|activity| tell(*activity));
            }
            !is_over
        });
    }

    /// Tells all that was not told: nothing more will be seen.
    pub fn finish(&mut self, now: Now, tell: &mut impl FnMut(Activity)) {
        self.activities(now, tell);
        for (_, mut followed) in core::mem::take(&mut self.follows.flows) {
            followed.tell(now).into_iter().for_each(|activity| tell(*activity));
        }
    }
}

impl super::Counters {
    fn count(&mut self, brought: Brought) {
        self.jobs += u64::from(brought.tally.jobs);
        self.offered += u64::from(brought.tally.offered);
        self.accepted += u64::from(brought.tally.accepted);
        self.rejected += u64::from(brought.tally.rejected);
        self.gaps += brought.gaps;
    }
}
