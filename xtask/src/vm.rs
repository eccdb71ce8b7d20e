//! `cargo xtask test --vm`: the kernel rules and the lab in virtual machines with Debian's stock kernels, where nft's
//! `queue` expression and flowtables exist whatever kernel this machine has. tests/vm/README.md tells how it works.

mod kernel;
mod machine;
mod suite;

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};

use crate::build::said;
use crate::unavailable::Unavailable;
use crate::{build, install};
use kernel::Kernel;
use machine::Machine;
use suite::Part;

/// How long one kernel may take; under emulation everything is slow.
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// The names of the series there are.
pub(crate) fn known() -> [&'static str; 2] {
    kernel::SERIES.map(|(name, _)| name)
}

/// Runs the tests in a machine of each series; of all known ones where none is named. With `only_nft` the scenes of the
/// kernel's tests are played with nft alone.
pub(crate) fn perform(series: &[String], only_nft: bool) -> Result<()> {
    if !minewall_lab::is_root() {
        bail!("root is needed: the machine reads all that is installed here");
    }
    install::packages(install::TESTS)?;
    install::machine().map_err(Unavailable::kernel)?;
    let all = known().map(str::to_owned);
    let cache = build::target().join("vm");
    std::fs::create_dir_all(&cache)?;
    let cache = cache.canonicalize()?;
    for series in if series.is_empty() { &all[..] } else { series } {
        let kernel = Kernel::fetch(series, &cache)?;
        println!("minewall in virtual machines with Linux {}", kernel.release);
        let started = Instant::now();
        let directory = |part: &str| cache.join(format!("run-{series}-{part}"));
        suite::judge(&at_once(&kernel, &suite::parts(only_nft)?, directory)?)?;
        println!("Linux {}: passed in {} s", kernel.release, started.elapsed().as_secs());
    }
    Ok(())
}

/// Runs each part in a machine of its own, all at the same time: a machine has one processor. What they said.
fn at_once(kernel: &Kernel, parts: &[Part], directory: impl Fn(&str) -> PathBuf + Sync) -> Result<Vec<String>> {
    let run = |part: &Part| {
        let machine = Machine { kernel, name: part.name, directory: directory(part.name), limit: LIMIT };
        machine.run(&part.commands).with_context(|| format!("Linux {}, {}", kernel.release, part.name))
    };
    let said: Vec<_> = thread::scope(|scope| {
        let machines: Vec<_> = parts.iter().map(|part| scope.spawn(|| run(part))).collect();
        machines
            .into_iter()
            .map(|machine| machine.join().map_err(|_| anyhow!("the watcher of a machine broke")))
            .collect()
    });
    said.into_iter().map(|outcome| outcome?).collect::<Result<Vec<_>>>().map(|said| said.concat())
}
