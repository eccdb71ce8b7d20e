//! The command line: one variant a command, each with its examples.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
#[cfg(feature = "man")]
use clap::CommandFactory as _;
use clap::{Parser, Subcommand, ValueEnum};
use minewall_core::config::{Backend, Config};

use crate::identity::Identify;
use crate::lock::Lock;
#[cfg(feature = "man")]
use crate::man;
#[cfg(feature = "report")]
use crate::report;
use crate::settings::CONFIG;
#[cfg(feature = "top")]
use crate::top;
#[cfg(feature = "uci")]
use crate::uci;
use crate::{
    check, doctor, features, incidents, journal, kernel, lists, lookup, orders, output, replay, run, self_test,
    settings, show, status,
};

/// Finds cryptocurrency mining in the traffic of a gateway, cuts it and writes the evidence.
#[derive(Debug, Parser)]
#[command(
    name = "minewall",
    version,
    long_version = features::version(),
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
    /// reads configuration and lists anew. A service manager that asks for it (systemd: Type=notify, WatchdogSec) is told
    /// how it goes.
    #[command(after_help = "Examples:\n  minewall run\n  minewall run -c /etc/minewall/minewall.toml")]
    Run {
        /// The configuration file
        #[arg(short, long, value_name = "FILE", default_value = CONFIG)]
        config: PathBuf,
    },
    /// Tell how the running minewall fares
    ///
    /// Mode, pause, rules, queues with their time to verdict, findings, lists with their age, sinks. `(!)` marks what should
    /// be looked at. Exit code 0: it runs; 3: none runs; 2: error.
    #[command(
        after_help = "Examples:\n  minewall status\n  minewall status --format json | jq .paused\n  minewall status --format prometheus | grep minewall_findings_total"
    )]
    Status(status::Command),
    /// Have the running minewall read its configuration and lists anew
    ///
    /// As SIGHUP, and the answer is waited for. What is wrong in them is told, and changes nothing. Exit code 0: they were
    /// read; 2: they were refused, none runs, or error.
    #[command(after_help = "Examples:\n  minewall reload\n  minewall reload -c /etc/minewall/minewall.toml")]
    Reload(orders::Reload),
    /// Pause filtering for a while
    ///
    /// Takes the rules out of the kernel: nothing is inspected and nothing cut; with --observe all is inspected and nothing
    /// cut. It ends by itself; a second one takes the place of the first; a minewall that starts anew filters. Who paused, why
    /// and until when goes to the log, the sinks and the journal. Exit code 0: paused; 2: refused, none runs, or error.
    #[command(
        after_help = "Examples:\n  minewall pause 10m --reason 'the uplink moves'\n  minewall pause 1h --observe\n  minewall pause 90s && ./measure; minewall resume"
    )]
    Pause(orders::Pause),
    /// End a pause before its time
    ///
    /// Exit code 0: filtering goes on, whether or not it was paused; 2: the kernel refuses the rules, none runs, or error.
    #[command(after_help = "Examples:\n  minewall resume")]
    Resume(orders::Resume),
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
    /// Tell who has or had an address, by everybody who may know
    ///
    /// Reads leases, accounts and the inventory named in the configuration and prints what each says. Exit code 0:
    /// somebody knows the host; 1: nobody does; 2: error.
    #[command(
        after_help = "Examples:\n  minewall identify 10.0.0.5\n  minewall identify 10.0.0.5 --at 2026-11-24T10:00:00+08:00\n  minewall identify 2001:db8::5 --format json"
    )]
    Identify(Identify),
    /// Look whether this gateway looks at its traffic, and say what stands in the way
    ///
    /// Configuration, daemon, kernel, rules, offload, marks of others, queues, traffic, clock, lists, sinks, journal: each
    /// with what was seen and what helps (docs/doctor.md). Nothing is changed. Without root, and without a running
    /// minewall, it says what it could not look at. Exit code 0: all is well; 1: something is not; 2: error.
    #[command(
        after_help = "Examples:\n  minewall doctor\n  minewall doctor --watch 60\n  minewall doctor --list\n  minewall doctor --check offload --check sinks\n  minewall doctor --format json | jq '.results[] | select(.state == \"fail\")'"
    )]
    Doctor(doctor::Doctor),
    /// Prove that mining is cut on this gateway
    ///
    /// Makes two network namespaces at this gateway, with addresses for examples, and asks from one to the other for a page,
    /// for the name test.minewall.invalid, and with a login of the test: the page must come, the others must be cut, or
    /// written down where minewall only observes. All of it is gone afterwards, and no incident comes of it. With --to it
    /// is tried from a machine inside. Exit code 0: as it should be; 1: mining was not cut; 2: nothing could be proven, or
    /// error.
    #[command(
        after_help = "Examples:\n  minewall self-test\n  minewall self-test --to 192.0.2.80:80 --dns 192.0.2.53\n  minewall self-test --format json | jq .counts.fail"
    )]
    SelfTest(self_test::SelfTest),
    /// The journal: whether it is as it was written, what stands in it
    #[command(
        subcommand,
        after_help = "Examples:\n  minewall journal verify\n  minewall journal show --since 7d\n  minewall journal key"
    )]
    Journal(journal::Command),
    /// Tell which hosts mine, where and how much
    ///
    /// From the journal of the configuration, or from files; without these the running minewall is asked for the open
    /// ones. The one seen last comes first. Exit code 0: they were read, whether or not there are any; 2: error.
    #[command(
        after_help = "Examples:\n  minewall incidents\n  minewall incidents --since 7d --unit Physics --state open\n  minewall incidents --from /var/log/minewall/records.jsonl --format csv > incidents.csv\n  minewall incidents --live --format json | jq .wallet"
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
        after_help = "Examples:\n  minewall show 4f1c\n  minewall show 4f1c --from /var/log/minewall/records.jsonl --offset +08:00\n  minewall show 4f1c --format json | jq .incident.energy"
    )]
    Show(show::Show),
    /// The lists: fetch them, search them, hand them on
    #[command(
        subcommand,
        after_help = "Examples:\n  minewall lists update\n  minewall lists status\n  minewall lists search nicehash"
    )]
    Lists(lists::Command),
    /// Sum up what mined, where, for how long and how much, for people
    ///
    /// Reads incidents from a journal or from files of JSON lines. Figures of energy are estimates and say on what they
    /// rest. Approved research is told apart. Exit code 0: written; 1: written, and no mining was seen; 2: error.
    #[cfg(feature = "report")]
    #[command(
        after_help = "Examples:\n  minewall report --since last-week --lang zh -o report.html\n  minewall report --from /var/log/minewall/records.jsonl --since 2026-11-01 --by host --format csv --bom > hosts.csv\n  minewall report --since 7d --format json | jq .total.kwh"
    )]
    Report(report::Report),
    /// Write one incident on one page, with its evidence and fields to sign
    ///
    /// For the unit that answers for the host: who, where, since when, how much, how sure, what it means, what to do.
    /// Exit code 0: written; 2: there is no such incident, or error.
    #[cfg(feature = "report")]
    #[command(
        after_help = "Examples:\n  minewall notice 5f0c9a1e77b2d4c3-7 --lang zh -o notice.html\n  minewall notice 5f0c9a --due 2026-12-01 --named 'No. 17: 203.0.113.5:40000, 2026-11-24 10:00' --format md"
    )]
    Notice(report::Notice),
    /// Tell which host inside had a public address and port at a time
    ///
    /// Answers from the journal, the surest first, each with its reason. `exact`: the port was this host's within 10
    /// seconds; `likely`: within --within, or the far end is the one asked for; `possible`: it mined behind this address.
    /// Times are RFC 3339, or `2026-11-24 10:00:00` with --offset. Exit code 0: found; 1: nobody, with --list not for each
    /// row; 2: error.
    #[command(
        after_help = "Examples:\n  minewall lookup --public 203.0.113.5:40000 --at '2026-11-24 10:00:00' --offset +08:00\n  minewall lookup --list notice.csv --offset +08:00 > hosts.csv\n  minewall lookup --public 203.0.113.5:40000 --at 2026-11-24T02:00:00Z --nat-log conntrack.log"
    )]
    Lookup(lookup::Lookup),
    /// Make minewall.toml of the configuration of OpenWrt
    ///
    /// Reads /etc/config/minewall and prints it in TOML; docs/openwrt.md tells every option. Exit code 0: minewall takes
    /// it; 2: it does not, and each option that is wrong is told.
    #[cfg(feature = "uci")]
    #[command(
        after_help = "Examples:\n  minewall uci > /var/etc/minewall/minewall.toml\n  minewall uci --check\n  uci export minewall | minewall uci --check -"
    )]
    Uci(uci::Uci),
    /// Write the manual pages of every command and of the configuration file
    ///
    /// For packages: minewall.8, a page for each command such as minewall-lists-update.8, and minewall.toml.5. Exit code
    /// 0: they were written; 2: error.
    #[cfg(feature = "man")]
    #[command(after_help = "Examples:\n  minewall man /tmp/man && man -l /tmp/man/minewall.8")]
    Man(man::Man),
    /// Print completions of the command line for a shell
    #[cfg(feature = "man")]
    #[command(
        after_help = "Examples:\n  minewall completions bash > /etc/bash_completion.d/minewall\n  minewall completions zsh > /usr/local/share/zsh/site-functions/_minewall\n  minewall completions fish > ~/.config/fish/completions/minewall.fish"
    )]
    Completions(man::Completions),
    /// The kernel rules
    #[command(subcommand, after_help = "Examples:\n  minewall rules print --backend nft\n  minewall rules remove")]
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
    /// Take out the rules that a killed minewall left behind
    ///
    /// One that is stopped takes them out itself. What cannot be taken out keeps nothing else in. Exit code 0: none of ours
    /// are in the kernel now; 2: a minewall runs, or some could not be taken out.
    #[command(after_help = "Examples:\n  minewall rules remove")]
    Remove {
        /// The configuration; without it, /etc/minewall/minewall.toml, or where that is not, the defaults
        #[arg(short, long, value_name = "FILE")]
        config: Option<PathBuf>,
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
            Command::Status(status) => status.perform(),
            Command::Reload(reload) => reload.perform(),
            Command::Pause(pause) => pause.perform(),
            Command::Resume(resume) => resume.perform(),
            Command::Replay(replay) => replay.perform(),
            Command::Check(check) => check.perform(),
            Command::CheckConfig { config } => {
                let (lists, tallies) = settings::check(&config)?;
                let refused = tallies.iter().filter(|tally| tally.rejected > 0).map(|tally| format!("{tally}\n"));
                let sound = format!("the configuration is sound; {} names and addresses are listed\n", lists.len());
                output::write(&(refused.collect::<String>() + &sound))?;
                Ok(ExitCode::SUCCESS)
            }
            Command::Identify(identify) => identify.perform(),
            Command::Doctor(doctor) => doctor.perform(),
            Command::SelfTest(test) => test.perform(),
            Command::Journal(journal) => journal.perform(),
            Command::Incidents(incidents) => incidents.perform(),
            Command::Show(show) => show.perform(),
            #[cfg(feature = "top")]
            Command::Top(top) => top.perform(),
            Command::Lists(lists) => lists.perform(),
            Command::Lookup(lookup) => lookup.perform(),
            #[cfg(feature = "report")]
            Command::Report(report) => report.perform(),
            #[cfg(feature = "report")]
            Command::Notice(notice) => notice.perform(),
            #[cfg(feature = "uci")]
            Command::Uci(uci) => uci.perform(),
            #[cfg(feature = "man")]
            Command::Man(man) => man.perform(Self::command()),
            #[cfg(feature = "man")]
            Command::Completions(completions) => completions.perform(Self::command()),
            Command::Rules(Rules::Print { config, backend }) => {
                let mut config = settings::own(config.as_deref())?;
                config.kernel.backend = backend.map_or(config.kernel.backend, Into::into);
                let (lists, _) = settings::lists(&config.lists)?;
                output::write(&kernel::print(&config, &lists)?)?;
                Ok(ExitCode::SUCCESS)
            }
            Command::Rules(Rules::Remove { config }) => {
                // What is wrong with it must not keep rules in that nobody looks after.
                let config = settings::own(config.as_deref()).unwrap_or_else(|error| {
                    eprintln!("minewall: {error:#}; the rules are taken out as with no configuration");
                    Config::default()
                });
                let _lock = Lock::take(Path::new(&config.runtime.directory))?;
                let removal = kernel::left::remove();
                output::write(&format!("{removal}\n"))?;
                removal.into_result().map(|()| ExitCode::SUCCESS)
            }
        }
    }
}
