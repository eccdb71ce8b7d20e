//! `minewall self-test`: proof that mining is cut on this very gateway (docs/doctor.md).
//!
//! | module | what |
//! |---|---|
//! | `wire` | two network namespaces at this gateway, with interfaces, addresses and routes of their own |
//! | `server` | what stands in one: a name server, a pool, a page |
//! | `client` | what is tried from the other, or from a machine inside |
//! | `gateway` | both together, against what the running daemon tells |
//! | `judge` | what follows from what was seen |
//!
//! No hash is computed and no wallet named: a question for a name that leads nowhere, and one line of a login.

mod client;
mod gateway;
mod judge;
mod server;
#[cfg(test)]
mod tests;
mod wire;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;

use crate::doctor::{Row, State, show_json, show_text};
use crate::incidents::Width;
use crate::output::{self, Format};

/// The names of its interfaces begin so; no flowtable of ours takes them.
pub(crate) const INTERFACES: &str = "mwtest-";

/// The exit code for "mining was not cut".
const NOT_CUT: u8 = 1;

/// The exit code for "it could not be tested".
const UNTESTED: u8 = 2;

/// `minewall self-test`.
#[derive(Args, Debug)]
pub(crate) struct SelfTest {
    /// The configuration the running minewall was started with
    #[arg(short, long, value_name = "FILE", conflicts_with = "to")]
    config: Option<PathBuf>,
    /// From a machine inside: log in at this address, which must take connections and say nothing at first
    #[arg(long, value_name = "ADDRESS:PORT")]
    to: Option<SocketAddr>,
    /// From a machine inside: ask this name server
    #[arg(long, value_name = "ADDRESS", requires = "to")]
    dns: Option<IpAddr>,
    /// How it is told
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

impl SelfTest {
    /// Tries it.
    pub(crate) fn perform(self) -> Result<ExitCode> {
        let rows = match self.to {
            Some(to) => judge::from_inside(client::log_in(to), self.dns.map(client::ask)),
            None => {
                let config = crate::settings::own(self.config.as_deref())?;
                if !rustix::process::geteuid().is_root() {
                    bail!(
                        "only root may make the namespaces of the test: use sudo, or from a machine inside: minewall \
                         self-test --to ADDRESS:PORT"
                    );
                }
                gateway::try_it(&config)?
            }
        };
        let code = exit(&rows);
        match self.format {
            Format::Json => output::write(&format!("{}\n", show_json(&rows, None)))?,
            Format::Table => {
                let last = match code {
                    0 => "mining is cut here, or written down where minewall only observes\n",
                    NOT_CUT => "mining is NOT cut as it should be\n",
                    _ => "nothing could be proven\n",
                };
                output::write(&(show_text(&rows, Width::of_terminal()) + last))?;
            }
        }
        Ok(ExitCode::from(code))
    }
}

/// 0: all as it should be; 1: mining was not cut; 2: it could not be tested.
fn exit(rows: &[Row]) -> u8 {
    let has = |state: State| rows.iter().any(|row| row.outcome.state == state);
    if has(State::Fail) {
        NOT_CUT
    } else if has(State::Skipped) || has(State::Warn) {
        UNTESTED
    } else {
        0
    }
}
