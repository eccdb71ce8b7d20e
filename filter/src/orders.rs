//! `minewall reload`, `minewall pause`, `minewall resume`: orders to the running daemon, by the control socket.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::control::{Caller, Paused, Request, SECONDS};
use crate::incidents::figures::{moment, span};
use crate::{output, settings, tree};

/// Which daemon.
#[derive(Args, Debug)]
struct Place {
    /// The configuration; without it, /etc/minewall/minewall.toml, or where that is not, the defaults
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Place {
    fn order(&self, request: &Request, told: &str) -> Result<Value> {
        Caller::connect(&settings::own(self.config.as_deref())?)?.order(request, told)
    }
}

/// `minewall reload`.
#[derive(Args, Debug)]
pub(crate) struct Reload {
    #[command(flatten)]
    place: Place,
}

impl Reload {
    /// Has it done, and says what was read.
    pub(crate) fn perform(self) -> Result<ExitCode> {
        let told = self.place.order(&Request::new("reload"), "reloaded")?;
        let [lists, entries] = ["lists", "entries"].map(|name| told[name].as_u64().unwrap_or_default());
        output::write(&format!("configuration and lists were read anew: {lists} lists, {entries} entries\n"))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// `minewall pause`.
#[derive(Args, Debug)]
pub(crate) struct Pause {
    /// For how long: 1 minute to 24 hours, such as 90s, 10m, 1h, 1h30m
    #[arg(value_name = "DURATION", value_parser = length)]
    length: Duration,
    /// Go on looking, and write down what mines, but cut nothing
    #[arg(long)]
    observe: bool,
    /// Why, for those who read it in the log and in the journal
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    place: Place,
}

impl Pause {
    /// Has it done, and says until when.
    pub(crate) fn perform(self) -> Result<ExitCode> {
        let seconds = u32::try_from(self.length.as_secs()).ok();
        let request = Request { seconds, observe: self.observe, reason: self.reason, ..Request::new("pause") };
        let paused: Paused = tree::of_json(&self.place.order(&request, "paused")?)?;
        let until = moment(paused.until.saturating_mul(1_000_000), Offset::UTC);
        let left = u64::try_from(paused.until - Timestamp::now().as_second()).unwrap_or_default();
        let (left, what) = (span(left), paused.what());
        output::write(&format!("paused until {until} UTC (for {left}): {what}; `minewall resume` ends it before\n"))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// `minewall resume`.
#[derive(Args, Debug)]
pub(crate) struct Resume {
    #[command(flatten)]
    place: Place,
}

impl Resume {
    /// Has it done.
    pub(crate) fn perform(self) -> Result<ExitCode> {
        let told = self.place.order(&Request::new("resume"), "resumed")?;
        let was_paused = told["was_paused"].as_bool().unwrap_or_default();
        output::write(if was_paused { "filtering goes on\n" } else { "nothing was paused\n" })?;
        Ok(ExitCode::SUCCESS)
    }
}

/// A time such as `10m`, within the bounds of a pause.
fn length(text: &str) -> Result<Duration, String> {
    let span = text.parse::<SignedDuration>().ok().and_then(|length| Duration::try_from(length).ok());
    let length = span.ok_or_else(|| format!("{text:?} is no length of time; write it like 90s, 10m or 1h30m"))?;
    let bounds = u64::from(*SECONDS.start())..=u64::from(*SECONDS.end());
    if !bounds.contains(&length.as_secs()) || length > Duration::from_secs(*bounds.end()) {
        return Err(format!("{text} is too short or too long: a pause lasts 1 minute to 24 hours"));
    }
    Ok(Duration::from_secs(length.as_secs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_within_their_bounds() {
        for (text, seconds) in [("60s", 60), ("90s", 90), ("10m", 600), ("1h", 3600), ("1h30m", 5400), ("24h", 86_400)]
        {
            assert_eq!(length(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for (text, words) in [
            ("59s", "1 minute to 24 hours"),
            ("59.9s", "1 minute"),
            ("24h1s", "too long"),
            ("24h0.5s", "too long"),
            ("0s", "1 minute"),
            ("-10m", "write it like"),
            ("10", "write it like"),
            ("ten minutes", "write it like"),
            ("", "write it like"),
            ("1d", "write it like"),
        ] {
            let error = length(text).unwrap_err();
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
