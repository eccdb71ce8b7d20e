//! `cargo xtask test --packages`: the Debian package on a fresh Debian 12 with its own systemd, as the gateway of the lab.
//!
//! | module | what |
//! |---|---|
//! | `root` | Debian's files, fetched once |
//! | `machine` | its systemd in namespaces of its own |
//! | `load` | connections that must not notice an upgrade |
//! | `course` | installed, at work, upgraded, removed, purged |

mod course;
mod load;
mod machine;
mod root;

use std::time::Instant;

use anyhow::{Result, bail};

use crate::{deb, install};

/// Debian cannot be had: the one failure that may be passed over.
#[derive(Debug)]
pub(crate) struct Unavailable(String);

impl std::fmt::Display for Unavailable {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "a fresh Debian cannot be had: {}", self.0)
    }
}

impl std::error::Error for Unavailable {}

/// Makes two packages and takes the first through its life.
pub(crate) fn perform() -> Result<()> {
    if !minewall_lab::is_root() {
        bail!(Unavailable("root is needed: packages are installed in a root of their own".to_owned()));
    }
    install::packages(install::TESTS)?;
    install::debian().map_err(|error| Unavailable(format!("{error:#}")))?;
    let archive = root::fetch().map_err(|error| Unavailable(format!("{error:#}")))?;
    let (first, second) = (deb::make(false, "1")?, deb::make(false, "2")?);
    let started = Instant::now();
    course::lint(&first)?;
    course::run(&archive, &first, &second)?;
    println!("the Debian package: passed in {} s", started.elapsed().as_secs());
    Ok(())
}
