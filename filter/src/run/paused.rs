//! Filtering that pauses: for a time that ends by itself, with a line for those who must know. A process that starts
//! anew filters, whatever the former one did.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use jiff::Timestamp;
use minewall_core::config::Config;
use minewall_core::engine::Settings;
use minewall_core::evidence::{Notice, printable};
use minewall_core::policy::Mode;
use serde_json::json;

use super::serve::Serving;
use crate::clock::wall_us;
use crate::control::{By, Outcome, Pause, Paused, Refusal};
use crate::kernel::bridge::{self, Shown};

/// The severities of a pause and of its end (RFC 5424 section 6.2.1).
const WARNING: u8 = 4;
const NOTICE: u8 = 5;

/// A pause that goes on. It ends by a clock that nobody sets.
#[derive(Clone, Debug)]
pub(super) struct Pausing {
    ends: Instant,
    pub(super) told: Paused,
}

/// What is done with the traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Filtering {
    /// As the configuration says.
    On,
    /// It is looked at, and nothing is cut.
    Observing,
    /// It does not come here.
    Off,
}

impl Filtering {
    /// A configuration with this mode in the place of its own.
    fn of(self, config: &Config) -> Config {
        match self {
            Self::Observing => Config { mode: Mode::Observe, ..config.clone() },
            Self::On | Self::Off => config.clone(),
        }
    }
}

impl Pausing {
    fn new(pause: &Pause, by: By, now: Instant, wall_us: i64) -> Self {
        let since = wall_us / 1_000_000;
        let until = since.saturating_add(i64::try_from(pause.length.as_secs()).unwrap_or(i64::MAX));
        let reason = pause.reason.as_ref().map(|reason| printable(reason, usize::MAX));
        Self { ends: now + pause.length, told: Paused { since, until, observe: pause.observe, reason, by } }
    }

    /// How long it goes on.
    pub(super) fn left(&self) -> Duration {
        self.left_at(Instant::now())
    }

    fn left_at(&self, now: Instant) -> Duration {
        self.ends.saturating_duration_since(now)
    }
}

impl Serving<'_> {
    /// Pauses, in the place of a pause that goes on.
    pub(super) fn pause(&mut self, pause: &Pause, by: By) -> Outcome {
        let filtering = if pause.observe { Filtering::Observing } else { Filtering::Off };
        if let Err(error) = self.filter(filtering) {
            self.judge(self.in_force(&self.config).mode);
            tracing::error!("filtering cannot be paused: {error:#}");
            let remedy = "the kernel's answer is in the daemon's log; `minewall status` tells what holds";
            return Err(Refusal::new(format!("filtering cannot be paused: {error:#}"), remedy));
        }
        let pausing = Pausing::new(pause, by, Instant::now(), wall_us());
        let told = pausing.told.clone();
        self.tell(began(&told));
        self.pausing = Some(pausing);
        Ok(json!({ "paused": told }))
    }

    /// Ends a pause: on an order, or because its time is over.
    pub(super) fn resume(&mut self, by: Option<&By>) -> Outcome {
        let Some(pausing) = self.pausing.take() else { return Ok(json!({ "resumed": { "was_paused": false } })) };
        self.tell(ended(&pausing.told, by));
        if let Err(error) = self.filter(Filtering::On) {
            // Without rules they are asked for again, with those of the kernel's other rules, until they stand.
            tracing::error!("filtering is to go on, and the kernel refuses the rules; it is tried again: {error:#}");
            let remedy = "it is tried again every 5 seconds; the daemon's log says what comes of it";
            return Err(Refusal::new(format!("the kernel refuses the rules: {error:#}"), remedy));
        }
        Ok(json!({ "resumed": { "was_paused": true } }))
    }

    /// The configuration as it holds: in a pause that observes, nothing is cut.
    pub(super) fn in_force(&self, config: &Config) -> Config {
        let observes = self.pausing.as_ref().is_some_and(|pausing| pausing.told.observe);
        if observes { Filtering::Observing.of(config) } else { config.clone() }
    }

    fn filter(&mut self, filtering: Filtering) -> Result<()> {
        // However it was brought about, by an order or since its time is over; nothing is published before this is done.
        self.upkeep.export.outdate();
        if filtering == Filtering::Off {
            self.loaded.suspend()?;
            // What the kernel shows us of bridges it shows to others' rules too.
            self.upkeep.shown = Shown::default();
            return Ok(());
        }
        let config = filtering.of(&self.config);
        self.judge(config.mode);
        if self.loaded.is_out() {
            match bridge::show(config.kernel.bridge) {
                Ok(shown) => self.upkeep.shown = shown,
                Err(error) => tracing::error!("bridged packets are not looked at: {error:#}"),
            }
        }
        let rules = self.loaded.plane().anew(&config, &self.shared.settings.load().lists);
        self.loaded.replace(rules)?;
        self.loaded.come_back()
    }

    /// Has the engines judge in this mode.
    fn judge(&mut self, mode: Mode) {
        let settings = self.shared.settings.load_full();
        if settings.policy.mode != mode {
            let mut policy = settings.policy.as_ref().clone();
            policy.mode = mode;
            let policy = Arc::new(policy);
            // The lists go on in the new ones, so whoever lets go of the former frees little.
            self.shared.settings.store(Arc::new(Settings { policy, ..settings.as_ref().clone() }));
        }
    }

    /// To the log, to the sinks and into the journal.
    fn tell(&self, Line { action, severity, reason, fields }: Line) {
        if severity < NOTICE {
            tracing::warn!("{reason}");
        } else {
            tracing::info!("{reason}");
        }
        let observer = self.shared.settings.load().observer.to_string();
        self.recorder.notice(Notice { time_us: wall_us(), observer, action, severity, reason, fields });
    }
}

/// A line for those who must know.
struct Line {
    action: &'static str,
    severity: u8,
    reason: String,
    fields: Vec<(&'static str, String)>,
}

fn began(paused: &Paused) -> Line {
    let (what, until, by) = (paused.what(), moment(paused.until), &paused.by);
    let why = paused.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let reason = format!("Filtering is paused until {until} by {by}{why}: {what}");
    let mut fields = vec![("pause_mode", if paused.observe { "observe" } else { "off" }.to_owned())];
    fields.push(("pause_until", until));
    fields.extend(paused.reason.clone().map(|reason| ("pause_reason", reason)));
    fields.extend(who(by));
    Line { action: "filtering-paused", severity: WARNING, reason, fields }
}

fn ended(paused: &Paused, by: Option<&By>) -> Line {
    let since = moment(paused.since);
    let reason = match by {
        Some(by) => format!("Filtering goes on by {by}, after a pause since {since}"),
        None => format!("Filtering goes on: the pause since {since} is over"),
    };
    let fields = std::iter::once(("pause_since", since)).chain(by.into_iter().flat_map(who)).collect();
    Line { action: "filtering-resumed", severity: NOTICE, reason, fields }
}

fn who(by: &By) -> impl Iterator<Item = (&'static str, String)> {
    let fields = [
        ("by_uid", Some(by.uid.to_string())),
        ("by_user", by.user.clone()),
        ("by_pid", Some(by.pid.to_string())),
        ("by_login", by.login.clone()),
    ];
    fields.into_iter().filter_map(|(name, text)| Some((name, text?)))
}

/// `2026-11-30T14:05:00Z`.
fn moment(seconds: i64) -> String {
    Timestamp::from_second(seconds).unwrap_or_default().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WALL_US: i64 = 1_795_000_000_000_000;

    fn pause(observe: bool) -> Pausing {
        let pause = Pause { length: Duration::from_secs(60), observe, reason: Some("new\u{1b}uplink".to_owned()) };
        let by = By { uid: 0, user: Some("root".to_owned()), pid: 7, login: Some("alice".to_owned()) };
        Pausing::new(&pause, by, Instant::now(), WALL_US)
    }

    #[test]
    fn a_pause_ends_by_itself_and_not_before() {
        let pausing = pause(false);
        let left = |seconds| pausing.left_at(pausing.ends - Duration::from_secs(60) + Duration::from_secs(seconds));
        assert_eq!([0, 1, 59].map(left), [60, 59, 1].map(Duration::from_secs));
        assert_eq!([60, 61, 86_400].map(left), [Duration::ZERO; 3]);
        assert_eq!(pausing.told.until - pausing.told.since, 60);
    }

    #[test]
    fn who_paused_until_when_and_why_is_told_and_who_ended_it() {
        let told = pause(false).told;
        let Line { action, severity, reason, fields } = began(&told);
        assert_eq!((action, severity), ("filtering-paused", WARNING));
        let words = "Filtering is paused until 2026-11-18T11:07:40Z by root (uid 0, pid 7), logged in as alice \
                     (new\\u{1b}uplink): nothing is inspected";
        assert_eq!(reason, words);
        let names: Vec<_> = fields.iter().map(|(name, text)| format!("{name}={text}")).collect();
        assert_eq!(
            names,
            [
                "pause_mode=off",
                "pause_until=2026-11-18T11:07:40Z",
                "pause_reason=new\\u{1b}uplink",
                "by_uid=0",
                "by_user=root",
                "by_pid=7",
                "by_login=alice"
            ]
        );
        assert!(began(&pause(true).told).reason.ends_with("mining is written down and not cut"));
        let by = By { uid: 999, pid: 8, ..By::default() };
        let line = ended(&told, Some(&by));
        assert_eq!(line.reason, "Filtering goes on by uid 999 (pid 8), after a pause since 2026-11-18T11:06:40Z");
        assert!(line.fields.contains(&("by_uid", "999".to_owned())));
        let line = ended(&told, None);
        assert_eq!(line.reason, "Filtering goes on: the pause since 2026-11-18T11:06:40Z is over");
        assert_eq!((line.severity, line.fields.len()), (NOTICE, 1));
    }

    #[test]
    fn a_pause_that_observes_changes_the_mode_alone() {
        let config = Config { mode: Mode::Block, ..Config::default() };
        assert_eq!(Filtering::Observing.of(&config).mode, Mode::Observe);
        for filtering in [Filtering::On, Filtering::Off] {
            assert_eq!(filtering.of(&config).mode, Mode::Block);
        }
    }
}
