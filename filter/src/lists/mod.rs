//! `minewall lists`: the lists as a person works with them.
//!
//! | module | what |
//! |---|---|
//! | `sources` | every list that is loaded, as texts |
//! | `search` | in which of them a word stands |
//! | `blocked` | what would be blocked, name by name |
//! | `export` | that in the formats of other programs |

mod blocked;
mod export;
mod search;
mod sources;

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
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
}

impl Command {
    pub(crate) fn perform(self) -> Result<ExitCode> {
        match self {
            Self::Search(search) => search.perform(),
            Self::Export(export) => export.perform(),
        }
    }
}
