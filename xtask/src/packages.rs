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

use crate::unavailable::Unavailable;
use crate::{deb, install};

/// Makes two packages and takes the first through its life.
pub(crate) fn perform() -> Result<()> {
    if !minewall_lab::is_root() {
        bail!(Unavailable::debian("root is needed: packages are installed in a root of their own"));
    }
    install::packages(install::TESTS)?;
    install::debian().map_err(Unavailable::debian)?;
    let archive = root::fetch().map_err(Unavailable::debian)?;
    let (first, second) = (deb::make(false, "1")?, deb::make(false, "2")?);
    let started = Instant::now();
    course::lint(&first)?;
    course::run(&archive, &first, &second)?;
    println!("the Debian package: passed in {} s", started.elapsed().as_secs());
    Ok(())
}
