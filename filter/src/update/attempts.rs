//! How the attempts at each feed went, kept in memory: the disk is spared, and a restart forgives.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::tree;

/// Its name in the directory.
const FILE: &str = "attempts.json";

/// How long a feed is left alone after one failure; twice as long after each further one.
const FIRST: u64 = 15 * 60;

/// How long at the most.
const LONGEST: u64 = 24 * 3600;

/// How long at the most when the server wants it.
const WANTED: u64 = 7 * 24 * 3600;

/// The attempts at all feeds, by their names.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(transparent)]
pub(crate) struct Attempts(pub(crate) BTreeMap<String, Attempt>);

/// The last attempt at a feed, and what is known from it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(default)]
pub(crate) struct Attempt {
    /// When it last went well, in seconds since 1970.
    pub(crate) checked: Option<i64>,
    /// Failures since.
    pub(crate) failures: u32,
    /// What went wrong, and when.
    pub(crate) error: Option<String>,
    pub(crate) failed: Option<i64>,
    /// When it is tried again.
    pub(crate) next: Option<i64>,
    /// What came last with this hash was named and dated so by the server.
    pub(crate) seen: Option<Seen>,
}

/// How a server names a state of a file.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct Seen {
    pub(crate) url: String,
    pub(crate) sha256: String,
    pub(crate) etag: Option<String>,
    pub(crate) modified: Option<String>,
}

impl Attempts {
    /// Those kept in the directory; none when there are none that can be read.
    pub(crate) fn read(directory: &Path) -> Self {
        let text = fs::read_to_string(directory.join(FILE)).unwrap_or_default();
        tree::json(&text).unwrap_or_default()
    }

    /// Keeps them.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn write(&self, directory: &Path) -> Result<()> {
        let (path, new) = (directory.join(FILE), directory.join("attempts.json.new"));
        let text = serde_json::to_vec_pretty(self)?;
        let written = fs::write(&new, text).and_then(|()| fs::rename(&new, &path));
        written.with_context(|| format!("cannot write {} (lists.update.scratch)", path.display()))
    }

    /// The attempts at one feed.
    pub(crate) fn of(&mut self, feed: &str) -> &mut Attempt {
        self.0.entry(feed.to_owned()).or_default()
    }
}

impl Attempt {
    /// It went well.
    pub(crate) fn succeed(&mut self, now: i64) {
        *self = Self { checked: Some(now), seen: self.seen.take(), ..Self::default() };
    }

    /// It did not, for this reason; the server wants to be left alone so long.
    pub(crate) fn fail(&mut self, now: i64, error: String, retry_after: Option<Duration>) {
        let doubled = FIRST.checked_shl(self.failures.min(16)).unwrap_or(LONGEST).min(LONGEST);
        let wanted = retry_after.map_or(0, |wanted| wanted.as_secs().min(WANTED));
        self.failures = self.failures.saturating_add(1);
        self.next = Some(now.saturating_add_unsigned(doubled.max(wanted)));
        self.error = Some(error);
        self.failed = Some(now);
    }

    /// When it is tried again, if that is not yet. A time further away than any wait is of a clock that was wrong.
    pub(crate) fn waits_until(&self, now: i64) -> Option<i64> {
        self.next.filter(|next| (now + 1..=now.saturating_add_unsigned(WANTED)).contains(next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_doubles_the_wait_up_to_a_day() {
        let mut attempt = Attempt::default();
        let waits = [900, 1800, 3600, 7200, 14_400, 28_800, 57_600, 86_400, 86_400];
        for (failures, wait) in waits.into_iter().enumerate() {
            attempt.fail(1000, "x".to_owned(), None);
            assert_eq!(attempt.waits_until(1000), Some(1000 + wait), "after {failures}");
        }
        (0..100).for_each(|_| attempt.fail(1000, "x".to_owned(), None));
        assert_eq!(attempt.waits_until(1000), Some(1000 + 86_400));
        attempt.succeed(2000);
        assert_eq!((attempt.waits_until(2000), attempt.checked, attempt.failures), (None, Some(2000), 0));
    }

    #[test]
    fn a_server_is_left_alone_as_long_as_it_wants_within_reason() {
        for (wanted, wait) in [(1, 900), (5000, 5000), (200_000, 200_000), (u64::MAX, 604_800)] {
            let mut attempt = Attempt::default();
            attempt.fail(1000, "x".to_owned(), Some(Duration::from_secs(wanted)));
            assert_eq!(attempt.waits_until(1000), Some(1000 + wait));
            assert_eq!(attempt.waits_until(1000 + wait), None);
            assert_eq!(attempt.waits_until(-1_000_000), None, "the clock was wrong before");
        }
    }
}
