//! All that checks look at: the machine, its configuration, what the daemon tells, and two moments of traffic.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Error, Result};
use minewall_core::config::Config;
use minewall_core::ruleset::Classes;
use minewall_lists::Lists;
use serde_json::Value;

use super::machine::Machine;
use super::sample::Sample;
use crate::control::{Caller, Request, Status};
use crate::{kernel, settings};

/// All of it.
pub(super) struct Scene {
    pub(super) machine: Machine,
    /// Where the configuration stands.
    pub(super) path: PathBuf,
    /// What is wrong with it; then `config` has the defaults.
    pub(super) config_error: Option<String>,
    pub(super) config: Config,
    /// What the daemon tells, or why it does not.
    pub(super) daemon: Result<Daemon, String>,
    /// The daemon's figures a while before.
    pub(super) earlier: Option<Daemon>,
    pub(super) before: Sample,
    pub(super) after: Sample,
    /// Whether sinks are given a line as a test.
    pub(super) sends_test: bool,
    /// Seconds since 1970.
    pub(super) now: i64,
    rules: OnceCell<Rules>,
    lists: OnceCell<Result<Lists>>,
}

/// What the running daemon tells.
#[derive(Clone, Debug, Default)]
pub(super) struct Daemon {
    pub(super) status: Status,
    pub(super) counters: Value,
}

/// The rules in place, of everybody.
pub(super) struct Rules {
    /// `nft -a -t list ruleset`.
    pub(super) nft: Result<String>,
    /// What each program that saves rules of iptables printed, of those there are.
    pub(super) iptables: Vec<(&'static str, Result<String>)>,
}

/// Programs that save the rules of iptables, of each family and variant.
const SAVES: [&str; 4] = ["iptables-save", "ip6tables-save", "iptables-legacy-save", "ip6tables-legacy-save"];

impl Scene {
    /// Looks at this machine for so long; at once where nothing is compared.
    pub(super) fn of(machine: Machine, path: &Path, wait: Duration, sends_test: bool) -> Self {
        let (config, config_error) = match settings::read(path) {
            Ok(config) => (config, None),
            Err(error) => (Config::default(), Some(format!("{error:#}"))),
        };
        let before = Sample::take(&machine);
        let mut daemon = Daemon::ask(&config);
        let mut earlier = None;
        if !wait.is_zero() {
            std::thread::sleep(wait);
            earlier = daemon.as_ref().ok().cloned();
            if earlier.is_some() {
                daemon = Daemon::ask(&config);
            }
        }
        let after = Sample::take(&machine);
        let now = crate::clock::wall_us() / 1_000_000;
        let path = path.to_owned();
        let (rules, lists) = (OnceCell::new(), OnceCell::new());
        Self { machine, path, config_error, config, daemon, earlier, before, after, sends_test, now, rules, lists }
    }

    /// The rules in place.
    pub(super) fn rules(&self) -> &Rules {
        self.rules.get_or_init(|| Rules {
            nft: self.machine.run("nft", &["-a", "-t", "list", "ruleset"]),
            iptables: SAVES.map(|program| (program, self.machine.run(program, &[]))).into(),
        })
    }

    /// The index of all lists, or what is wrong with one; it is built once for all who ask.
    pub(super) fn lists(&self) -> Result<&Lists, &Error> {
        self.lists.get_or_init(|| Ok(settings::lists(&self.config.lists)?.0)).as_ref()
    }

    /// The daemon's process, if one tells it.
    pub(super) fn process(&self) -> Option<u32> {
        self.daemon.as_ref().ok().map(|daemon| daemon.status.process)
    }

    /// Seconds between the two moments.
    pub(super) fn seconds(&self) -> f64 {
        (self.after.at - self.before.at).as_secs_f64()
    }

    /// The numbers of our queues.
    pub(super) fn queues(&self) -> Vec<u16> {
        Classes::new(&self.config.queue, kernel::queues(&self.config)).each().map(|(number, _)| number).collect()
    }

    /// A figure of the daemon now; none where it is not asked.
    pub(super) fn counted(&self, metric: &str) -> Option<u64> {
        self.daemon.as_ref().ok().and_then(|daemon| daemon.sum(metric))
    }

    /// By how much a figure of the daemon grew.
    pub(super) fn grown(&self, metric: &str) -> Option<u64> {
        let earlier = self.earlier.as_ref()?.sum(metric)?;
        self.counted(metric).map(|now| now.saturating_sub(earlier))
    }
}

impl Daemon {
    /// Asks the daemon of this configuration.
    fn ask(config: &Config) -> Result<Self, String> {
        let ask = || -> Result<Self> {
            let mut caller = Caller::connect(config)?;
            Ok(Self {
                status: caller.tell(&Request::new("status"))?,
                counters: caller.tell(&Request::new("counters"))?,
            })
        };
        ask().map_err(|error| format!("{error:#}"))
    }

    /// The sum of a metric's samples.
    pub(super) fn sum(&self, metric: &str) -> Option<u64> {
        let samples = self.counters.get(metric)?.as_array()?;
        Some(samples.iter().filter_map(|sample| sample.get("value")?.as_u64()).sum())
    }

    /// Each value of a metric with that of its label.
    pub(super) fn by(&self, metric: &str, label: &str) -> Vec<(String, u64)> {
        let samples = self.counters.get(metric).and_then(Value::as_array).into_iter().flatten();
        let sample = |sample: &Value| Some((sample.get(label)?.as_str()?.to_owned(), sample.get("value")?.as_u64()?));
        samples.filter_map(sample).collect()
    }
}

/// A scene for tests: recorded files and programs, a configuration, and what the daemon told.
#[cfg(test)]
impl Scene {
    pub(super) fn recorded(machine: Machine, config: Config, daemon: Option<Daemon>) -> Self {
        let sample = Sample::take(&machine);
        let (rules, lists) = (OnceCell::new(), OnceCell::new());
        let daemon = daemon.ok_or_else(|| "no minewall runs here".to_owned());
        let (before, after, earlier) = (sample.clone(), sample, daemon.clone().ok());
        let (path, config_error, now) = (PathBuf::from("/etc/minewall/minewall.toml"), None, 1_796_000_000);
        let sends_test = false;
        Self { machine, path, config_error, config, daemon, earlier, before, after, sends_test, now, rules, lists }
    }
}
