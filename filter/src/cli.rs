//! The command line: one variant a command, each with its examples.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand, ValueEnum};
use minewall_core::config::Backend;

use crate::settings::CONFIG;
#[cfg(feature = "top")]
use crate::top;
use crate::{check, incidents, kernel, lists, output, replay, run, settings, show};

/// Finds cryptocurrency mining in the traffic of a gateway, cuts it and writes the evidence.
#[derive(Debug, Parser)]
#[command(
    name = "minewall",
    version,
    max_term_width = 100,
    after_help = "Examples:\n  minewall run -c /etc/minewall/minewall.toml\n  minewall replay monday.pcap\n  minewall check pool.example.org 192.0.2.7:3333"
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Inspect the traffic passing this gateway
    ///
    /// Binds the netfilter queues, loads the kernel rules, answers verdicts and writes records until SIGTERM. SIGHUP
    /// reads configuration and lists anew.
    #[command(after_help = "Examples:\n  minewall run\n  minewall run -c /etc/minewall/minewall.toml")]
    Run {
        /// The configuration file
        #[arg(short, long, value_name = "FILE", default_value = CONFIG)]
        config: PathBuf,
    },
    /// Read captures through the same engine
    ///
    /// Records go to standard output, the summary to standard error. Exit code 0: all captures were read, whether or
    /// not mining was found; 2: one could not be read, or only up to a damaged place.
    #[command(
        after_help = "Examples:\n  minewall replay monday.pcap\n  minewall replay --format json --inside 198.51.100.0/24 *.pcapng | jq .event.reason"
    )]
    Replay(replay::Replay),
    /// Tell whether names or addresses are listed, by which list and entry
    ///
    /// Exit code 0: at least one is listed; 1: none is; 2: error.
    #[command(
        after_help = "Examples:\n  minewall check xmr.2miners.com\n  minewall check 192.0.2.7:3333 '[2001:db8::7]:3333'\n  minewall check --resolve pool.example.org"
    )]
    Check(check::Check),
    /// Read a configuration file and say what is wrong with it
    #[command(after_help = "Examples:\n  minewall check-config -c /etc/minewall/minewall.toml")]
    CheckConfig {
        /// The configuration file
        #[arg(short, long, value_name = "FILE", default_value = CONFIG)]
        config: PathBuf,
    },
    /// Tell which hosts mine, where and how much
    ///
    /// From the journal of the configuration, or from files; without these the running minewall is asked for the open
    /// ones. The one seen last comes first. Exit code 0: they were read, whether or not there are any; 2: error.
    #[command(
        after_help = "Examples:\n  minewall incidents\n  minewall incidents --since 7d --unit Physics --state open\n  minewall incidents --from /var/log/minewall.jsonl --format csv > incidents.csv\n  minewall incidents --live --format json | jq .wallet"
    )]
    Incidents(incidents::Incidents),
    /// Watch what mines right now, in a terminal
    ///
    /// Asks the running minewall every second: its figures, the open incidents, what happened last. Keys: q ends, arrows
    /// choose, Enter shows all of an incident, s sorts by another column. Without colours where NO_COLOR is set.
    /// Exit code 0: it was ended; 2: no minewall runs here, or error.
    #[cfg(feature = "top")]
    #[command(after_help = "Examples:\n  minewall top\n  minewall top --once | mail -s minewall admin@example.edu")]
    Top(top::Command),
    /// Show all that is known of one incident
    ///
    /// Who, what, how much, when, the reasons with their weights, and the records where these can be read. Exit code 0:
    /// it was shown; 2: there is none, several ids begin so, or error.
    #[command(
        after_help = "Examples:\n  minewall show 4f1c\n  minewall show 4f1c --from /var/log/minewall.jsonl --offset +08:00\n  minewall show 4f1c --format json | jq .incident.energy"
    )]
    Show(show::Show),
    /// The lists: fetch them, search them, hand them on
    #[command(
        subcommand,
        after_help = "Examples:\n  minewall lists update\n  minewall lists status\n  minewall lists search nicehash"
    )]
    Lists(lists::Command),
    /// The kernel rules
    #[command(subcommand, after_help = "Examples:\n  minewall rules print --backend nft")]
    Rules(Rules),
}

#[derive(Debug, Subcommand)]
enum Rules {
    /// Print the rules that would be loaded
    #[command(after_help = "Examples:\n  minewall rules print\n  minewall rules print --backend iptables")]
    Print {
        /// The configuration; without it, /etc/minewall/minewall.toml, or where that is not, the defaults
        #[arg(short, long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// The rules of this backend instead of the configured one
        #[arg(long, value_enum)]
        backend: Option<BackendName>,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum BackendName {
    /// What the kernel can do
    Auto,
    /// xtables
    Iptables,
    /// nftables
    Nft,
}

impl From<BackendName> for Backend {
    fn from(name: BackendName) -> Self {
        match name {
            BackendName::Auto => Self::Auto,
            BackendName::Iptables => Self::Iptables,
            BackendName::Nft => Self::Nft,
        }
    }
}

impl Cli {
    /// Does what was asked for.
    pub(crate) fn perform(self) -> Result<ExitCode> {
        match self.command {
            Command::Run { config } => run::run(&config).map(|()| ExitCode::SUCCESS),
            Command::Replay(replay) => replay.perform(),
            Command::Check(check) => check.perform(),
            Command::CheckConfig { config } => {
                let (lists, tallies) = settings::check(&config)?;
                let refused = tallies.iter().filter(|tally| tally.rejected > 0).map(|tally| format!("{tally}\n"));
                let sound = format!("the configuration is sound; {} names and addresses are listed\n", lists.len());
                output::write(&(refused.collect::<String>() + &sound))?;
                Ok(ExitCode::SUCCESS)
            }
            Command::Incidents(incidents) => incidents.perform(),
            Command::Show(show) => show.perform(),
            #[cfg(feature = "top")]
            Command::Top(top) => top.perform(),
            Command::Lists(lists) => lists.perform(),
            Command::Rules(Rules::Print { config, backend }) => {
                let mut config = settings::own(config.as_deref())?;
                config.kernel.backend = backend.map_or(config.kernel.backend, Into::into);
                let (lists, _) = settings::lists(&config.lists)?;
                output::write(&kernel::print(&config, &lists)?)?;
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}
