//! Installs what is missing from Debian.

use std::process::Command;

use anyhow::{Context, Result, bail};

/// Packages the tests need besides those of the lab.
const TESTS: &[(&str, &str)] = &[("/usr/sbin/rsyslogd", "rsyslog")];

/// Installs the packages of the lab that are missing, and those of the tests if asked for.
pub(crate) fn packages(for_tests: bool) -> Result<()> {
    let mut missing = minewall_lab::missing_packages();
    if for_tests {
        let absent = TESTS.iter().filter(|(program, _)| !std::path::Path::new(program).exists());
        missing.extend(absent.map(|(_, package)| package));
    }
    if missing.is_empty() {
        return Ok(());
    }
    if !minewall_lab::is_root() {
        bail!("packages are missing and only root can install them: apt-get install {}", missing.join(" "));
    }
    eprintln!("installing from Debian: {}", missing.join(" "));
    apt(&["-qq", "update"])?;
    let mut arguments = vec!["-qq", "install", "--yes", "--no-install-recommends"];
    arguments.extend(missing);
    apt(&arguments)
}

fn apt(arguments: &[&str]) -> Result<()> {
    let mut command = Command::new("apt-get");
    // Services are not to be started by their packages: the lab starts its own.
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").env("RUNLEVEL", "1");
    command.stdout(std::process::Stdio::null());
    let status = command.status().context("cannot run apt-get")?;
    if !status.success() {
        bail!("apt-get {} failed: {status}", arguments.join(" "));
    }
    Ok(())
}
