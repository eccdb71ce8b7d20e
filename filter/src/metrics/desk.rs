//! The text of all metrics, from the main thread to those who ask, by HTTP or at the control socket. It is made when one
//! does and at no other time: to make it, a program is run.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long the main thread may take to tell.
const TOLD: Duration = Duration::from_secs(5);

/// Figures of so long ago are told once more.
const FRESH: Duration = Duration::from_millis(900);

/// Where the main thread leaves what is told, when it is wanted.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    sheet: Mutex<Sheet>,
    laid: Condvar,
}

#[derive(Debug, Default)]
struct Sheet {
    is_wanted: bool,
    laid: Option<Laid>,
}

#[derive(Debug)]
struct Laid {
    at: Instant,
    text: Arc<str>,
    /// The daemon has done something since that changes it.
    is_outdated: bool,
}

impl Sheet {
    /// The text, if it is one for an ask of this time; if not, it is wanted.
    fn read(&mut self, asked: Instant) -> Option<Arc<str>> {
        let fresh = self.laid.as_ref().filter(|laid| !laid.is_outdated && laid.at + FRESH >= asked);
        let text = fresh.map(|laid| Arc::clone(&laid.text));
        self.is_wanted |= text.is_none();
        text
    }
}

impl Desk {
    fn sheet(&self) -> MutexGuard<'_, Sheet> {
        self.sheet.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether somebody waits.
    pub(crate) fn is_wanted(&self) -> bool {
        self.sheet().is_wanted
    }

    /// Lays the text down for those who wait.
    pub(crate) fn lay(&self, text: &str) {
        let laid = Laid { at: Instant::now(), text: text.into(), is_outdated: false };
        *self.sheet() = Sheet { is_wanted: false, laid: Some(laid) };
        self.laid.notify_all();
    }

    /// What lies there no longer holds: who asks waits for what is next.
    pub(crate) fn outdate(&self) {
        if let Some(laid) = &mut self.sheet().laid {
            laid.is_outdated = true;
        }
    }

    /// Whether a text lies there for an ask of this time; if not, it is wanted.
    pub(crate) fn has(&self, asked: Instant) -> bool {
        self.sheet().read(asked).is_some()
    }

    /// What was laid down last, however long ago.
    pub(crate) fn last(&self) -> Arc<str> {
        self.sheet().laid.as_ref().map(|laid| Arc::clone(&laid.text)).unwrap_or_default()
    }

    /// The text of about now; none where the main thread does not tell in time.
    pub(super) fn wait(&self) -> Option<Arc<str>> {
        let asked = Instant::now();
        let mut sheet = self.sheet();
        loop {
            if let Some(text) = sheet.read(asked) {
                return Some(text);
            }
            let left = TOLD.checked_sub(asked.elapsed())?;
            sheet = self.laid.wait_timeout(sheet, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_longer_holds_is_kept_and_told_to_nobody_who_asks_for_what_does() {
        let desk = Desk::default();
        assert!(!desk.is_wanted());
        assert!(!desk.has(Instant::now()) && desk.is_wanted());
        desk.lay("a 1\n");
        let asked = Instant::now();
        assert!(!desk.is_wanted(), "it is told once for all who wait");
        assert!(desk.has(asked) && !desk.is_wanted());
        desk.outdate();
        assert!(!desk.has(asked) && desk.is_wanted(), "it is wanted anew");
        assert_eq!(&*desk.last(), "a 1\n");
        desk.lay("a 2\n");
        assert_eq!(desk.wait().as_deref(), Some("a 2\n"));
        assert!(!desk.has(asked + FRESH + Duration::from_secs(60)), "it is too old for one who asks then");
    }
}
