//! Whose grace is running: the time of each host's first finding. Each engine counts by itself, so that a host whose
//! connections meet several queues has its grace on each from its first finding there.

use alloc::collections::BTreeMap;
use core::net::IpAddr;

use crate::finding::Finding;
use crate::limits::{GRACE_KEPT_MS, GRACES};
use crate::now::Now;
use crate::policy::{Judgement, Policy};

/// Microseconds of a minute.
const MINUTE_US: i64 = 60_000_000;

/// The hosts at which something was found.
#[derive(Debug, Default)]
pub(super) struct Graces(BTreeMap<IpAddr, Found>);

#[derive(Clone, Copy, Debug)]
struct Found {
    first: Now,
    last_ms: u64,
}

impl Graces {
    /// What to do about this finding at this host: what policy says, but for a host's grace.
    pub(super) fn judge<'a>(&mut self, policy: &'a Policy, finding: &Finding, host: IpAddr, now: Now) -> Judgement<'a> {
        let judgement = policy.judge(finding, host, now);
        // A self-test proves that what mines is cut; it has no grace, and begins none.
        if !matches!(judgement, Judgement::Block) || finding.is_test() {
            return judgement;
        }
        match self.until_us(host, policy.grace.minutes(host), now) {
            Some(until_us) => Judgement::Grace(until_us),
            None => judgement,
        }
    }

    /// The end of the host's grace, where it is running; it begins if there was no finding before.
    fn until_us(&mut self, host: IpAddr, minutes: u32, now: Now) -> Option<i64> {
        if minutes == 0 {
            return None;
        }
        if !self.0.contains_key(&host) && !self.has_place(now) {
            return None;
        }
        let found = self.0.entry(host).or_insert(Found { first: now, last_ms: now.mono_ms });
        found.last_ms = now.mono_ms;
        let is_running = now.mono_ms.saturating_sub(found.first.mono_ms) < u64::from(minutes) * 60_000;
        is_running.then(|| found.first.wall_us.saturating_add(i64::from(minutes) * MINUTE_US))
    }

    /// Whether there is a place for one more; those go of whom nothing was found for long.
    fn has_place(&mut self, now: Now) -> bool {
        if self.0.len() >= GRACES {
            self.0.retain(|_, found| now.mono_ms.saturating_sub(found.last_ms) < GRACE_KEPT_MS);
        }
        self.0.len() < GRACES
    }
}
