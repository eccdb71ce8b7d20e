//! Names to addresses, in the control plane only: what listed names lead to is asked for again and again, or taken from
//! answers that pass, and is held with its port for its time. `run/learn.rs` drives it.
//!
//! | module | what |
//! |---|---|
//! | `ask` | the name servers, where feature `resolve` is on |
//! | `asks` | questions that are under way |
//! | `answer` | what is answered |
//! | `guard` | the addresses that are never taken |
//! | `table` | what is held, and the file it outlives a restart in |
//! | `schedule` | which name is asked for when |
//! | `teach` | from a name and its addresses to what is held |
//! | `command` | `minewall lists resolve` |

mod answer;
#[cfg(feature = "resolve")]
mod ask;
mod asks;
#[cfg(feature = "resolve")]
mod command;
mod guard;
mod schedule;
mod table;
mod teach;

use std::net::IpAddr;

use anyhow::Result;

pub(crate) use answer::{Answer, NoAddress};
#[cfg(feature = "resolve")]
pub(crate) use ask::Asker;
pub(crate) use asks::Asks;
#[cfg(feature = "resolve")]
pub(crate) use command::Resolve;
use guard::{Guard, KINDS, Refused};
pub(crate) use schedule::{Name as ScheduledName, Schedule};
pub(crate) use table::Table;
#[cfg(feature = "resolve")]
pub(crate) use teach::Taught;
pub(crate) use teach::{Counts, Teacher};

/// Asks the name servers this machine is configured with.
///
/// # Errors
/// No name server is configured, none answers, or the name does not exist.
#[cfg(feature = "resolve")]
pub(crate) fn addresses(name: &str) -> Result<Vec<IpAddr>> {
    use anyhow::Context;

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let answer = runtime.block_on(async {
        let asker = Asker::new(&minewall_core::config::Resolve::default())?;
        anyhow::Ok(asker.ask(name).await?)
    });
    let answer = answer.with_context(|| format!("cannot resolve {name}"))?;
    Ok(answer.into_iter().map(|(ip, _)| ip).collect())
}

/// # Errors
/// This program cannot ask.
#[cfg(not(feature = "resolve"))]
pub(crate) fn addresses(_: &str) -> Result<Vec<IpAddr>> {
    Err(crate::features::without("resolve"))
}
