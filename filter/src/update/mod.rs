//! `minewall lists update`: feeds fetched, mistrusted, kept.
//!
//! | module | what |
//! |---|---|
//! | `store` | generations of texts on disk, changed in one stroke |
//! | `state` | what is known of the texts of one generation |
//! | `attempts` | how the attempts went, and when the next is due |
//! | `run` | one update, from the first fetch to the daemon that is told |
//! | `signed` | a feed with keys, as one text |
//! | `guard` | what keeps a text from taking effect |
//! | `text` | one text into the index |
//! | `diff` | what one text has that the other has not |
//! | `scratch` | where texts are worked on |
//! | `daemon` | the running daemon, told that there are other lists |
//! | `owner` | who they belong to |
//! | `jitter` | a time of its own for each machine |

mod attempts;
mod compiled;
mod daemon;
mod diff;
mod guard;
mod jitter;
mod owner;
mod run;
mod scratch;
mod signed;
mod state;
mod store;
mod text;

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

pub(crate) use attempts::Attempts;
pub(crate) use compiled::lists as compiled;
pub(crate) use daemon::tell;
pub(crate) use jitter::wait;
pub(crate) use owner::go_on_as_owner;
pub(crate) use run::{End, Options, Update};
pub(crate) use scratch::Scratch;
pub(crate) use store::{Generation, Store};
pub(crate) use text::{Taken, add};

use crate::stamp;

/// Seconds since 1970.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// `2026-11-24`.
pub(crate) fn date(second: i64) -> String {
    civil(second).date().to_string()
}

/// `2026-11-24 15:30 UTC`.
pub(crate) fn time(second: i64) -> String {
    stamp::minute(civil(second)) + " UTC"
}

fn civil(second: i64) -> DateTime {
    Offset::UTC.to_datetime(Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH))
}
