//! `minewall lists`: one variant a command.
//!
//! | module | what |
//! |---|---|
//! | `update` `status` `rollback` | what is fetched (the work is done in `crate::update`) |
//! | `sources` | every list that is loaded, as texts |
//! | `search` | in which of them a word stands |
//! | `blocked` | what would be blocked, name by name |
//! | `export` | that in the formats of other programs |
//! | `report` | how much they find, and find wrongly |

mod blocked;
mod export;
mod report;
mod rollback;
mod search;
mod sources;
mod status;
mod update;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use jiff::civil::Date;
use jiff::tz::Offset;
use minewall_core::config::Config;
use minewall_lists::ListMeta;

use crate::feed;
#[cfg(feature = "resolve")]
use crate::resolve;
pub(crate) use status::look as fetched;

/// The exit code for "something is not as it should be, but the lists are in use".
const ATTENTION: u8 = 1;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Fetch the feeds of the configuration and put them to use
    ///
    /// A feed that cannot be fetched, or that a guard refuses, keeps its last good version; the others go on. After
    /// failures a feed is left alone for 15 minutes, doubled each time up to a day. What has changed is written as a new
    /// generation, and the running minewall reads it. Exit code 0: all went well, or there was nothing to do; 1: at
    /// least one feed was not taken; 2: error, nothing has changed.
    #[command(
        after_help = "Examples:\n  minewall lists update\n  minewall lists update --dry-run nocoin\n  minewall lists update --quiet --jitter"
    )]
    Update(update::Update),
    /// Show how old the feeds are, what they hold and what went wrong
    ///
    /// Exit code 0: all are at most 7 days old; 1: at least one is older, past its time, or not there; 2: error.
    #[command(after_help = "Examples:\n  minewall lists status\n  minewall lists status --json | jq '.feeds[].error'")]
    Status(status::Status),
    /// Put the generation of feeds before the last to use again
    ///
    /// What is rolled back is not taken again by an update until it has changed. Exit code 0: done; 2: there is no
    /// former generation, or error.
    #[command(after_help = "Examples:\n  minewall lists rollback")]
    Rollback(rollback::Rollback),
    /// Tell in which lists a word stands
    ///
    /// Looks through the texts of all lists that are loaded: names, addresses, coins, families of malware. Exit code 0:
    /// something was found; 1: nothing was; 2: error.
    #[command(
        after_help = "Examples:\n  minewall lists search nicehash\n  minewall lists search -c /etc/minewall/minewall.toml XMR 192.0.2.7"
    )]
    Search(search::Search),
    /// Print what is blocked for other programs
    ///
    /// Only what minewall would block in mode "block": what is allowed, guarded or of another category is left out, and
    /// in formats that can say so it is excepted. Sorted, without duplicates.
    #[command(
        after_help = "Examples:\n  minewall lists export --format rpz > /etc/bind/minewall.rpz\n  minewall lists export --format nft --category pool | nft -f -"
    )]
    Export(export::Export),
    /// Tell how much of a yardstick the lists find, and what they would wrongly refuse
    ///
    /// Exit code 0: at least --least percent were found and no benign name is listed; 1: less, or one is; 2: error.
    #[command(
        after_help = "Examples:\n  minewall lists report --yardstick pools.csv --where confidence=high --least 98\n  minewall lists report --benign top-1m.csv --show 100"
    )]
    Report(report::Report),
    /// Ask for the addresses of listed names, and tell which would be refused with their ports
    ///
    /// Nothing is changed. Exit code 0: at least one would be; 1: none; 2: error.
    #[cfg(feature = "resolve")]
    #[command(
        after_help = "Examples:\n  minewall lists resolve\n  minewall lists resolve --json pool.supportxmr.com | jq .address"
    )]
    Resolve(resolve::Resolve),
    /// Make and sign the manifest of a feed of one's own
    ///
    /// Reads feed.toml in the directory, counts the entries of the lists it names, and writes manifest.toml with the next
    /// version and manifest.toml.minisig. Publish the directory as it is.
    #[cfg(feature = "sign")]
    #[command(after_help = "Examples:\n  minewall lists sign --key feed.key /srv/www/feed")]
    Sign(feed::Sign),
    /// Make the keys of a feed: a secret one to sign with, and a public one for gateways
    ///
    /// The public key, for `keys` of the feed in minewall.toml, goes to standard output too. The program minisign reads
    /// both files.
    #[cfg(feature = "sign")]
    #[command(after_help = "Examples:\n  minewall lists keygen feed.key")]
    Keygen(feed::Keygen),
    /// Fetch a signed feed, check all of it as a gateway would, and say what is in it
    ///
    /// Nothing is kept. Exit code 0: all of it is good; 2: something is not.
    #[command(
        after_help = "Examples:\n  minewall lists verify --key feed.pub https://lists.example.org/manifest.toml\n  minewall lists verify --key RWQ... /srv/www/feed"
    )]
    Verify(feed::Verify),
}

impl Command {
    /// Does what was asked for.
    pub(crate) fn perform(self) -> Result<ExitCode> {
        match self {
            Self::Update(update) => update.perform(),
            Self::Status(status) => status.perform(),
            Self::Rollback(rollback) => rollback.perform(),
            Self::Search(search) => search.perform(),
            Self::Export(export) => export.perform(),
            Self::Report(report) => report.perform(),
            #[cfg(feature = "resolve")]
            Self::Resolve(resolve) => resolve.perform(),
            #[cfg(feature = "sign")]
            Self::Sign(sign) => sign.perform(),
            #[cfg(feature = "sign")]
            Self::Keygen(keygen) => keygen.perform(),
            Self::Verify(verify) => verify.perform(),
        }
    }
}

/// The date of a list's source, in seconds since 1970; none where it names none.
pub(crate) fn date(meta: &ListMeta) -> Option<i64> {
    let date = meta.date.parse::<Date>().ok()?;
    Some(Offset::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()?.as_second())
}

/// Has the running daemon read the lists anew; in words whether one does.
fn tell(config: &Config) -> String {
    match crate::update::tell(Path::new(&config.runtime.directory)) {
        Ok(Some(process)) => format!("; the running minewall (process {process}) reads them now"),
        Ok(None) => "; no minewall runs here".to_owned(),
        Err(error) => {
            eprintln!("minewall: {error:#}");
            String::new()
        }
    }
}
