//! Every check and test.

use anyhow::Result;
use clap::builder::PossibleValuesParser;
use clap::{ArgGroup, Args};

use crate::fuzz::Fuzz;
use crate::package::program::{X86_64, has_target};
use crate::unavailable::Unavailable;
use crate::{build, install, packages, vm};

/// How long bytes that break the readers are looked for.
const FUZZ_SECONDS: u64 = 5;

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("elsewhere").args(["vm", "packages"]))]
pub(crate) struct Test {
    /// Only the tests: neither formatting nor lints
    #[arg(long)]
    only_tests: bool,
    /// Instead, the tests of the kernel's rules and of the lab in virtual machines with Debian's kernels of these series;
    /// of all of them where none is named
    #[arg(long, value_name = "SERIES", num_args = 0.., value_parser = PossibleValuesParser::new(vm::known()), conflicts_with = "only_tests")]
    vm: Option<Vec<String>>,
    /// In virtual machines, scenes with nft alone: those with iptables are played by the kernel of this machine too
    #[arg(long, requires = "vm")]
    only_nft: bool,
    /// Instead, the Debian package: made, installed on a fresh Debian 12 with its own systemd, upgraded under load, removed
    #[arg(long, conflicts_with = "only_tests")]
    packages: bool,
    /// Say so and succeed where what Debian has to give cannot be downloaded
    #[arg(long, requires = "elsewhere")]
    if_available: bool,
}

impl Test {
    /// Formatting, lints, documentation, tests; or those in virtual machines, or of the package.
    pub(crate) fn perform(&self) -> Result<()> {
        if let Some(series) = &self.vm {
            return self.or_skipped(vm::perform(series, self.only_nft));
        }
        if self.packages {
            return self.or_skipped(packages::perform());
        }
        install::packages(install::TESTS)?;
        if !self.only_tests {
            build::cargo(&["fmt", "--all", "--check"])?;
            build::cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"])?;
            lint_router()?;
        }
        build::cargo(&["test", "--workspace", "--locked"])?;
        Fuzz::short(FUZZ_SECONDS).perform()
    }

    /// What others have to give and cannot be had here is passed over, where that was asked for.
    fn or_skipped(&self, result: Result<()>) -> Result<()> {
        match result {
            Err(error) if self.if_available && error.is::<Unavailable>() => {
                println!("*** SKIPPED: {error:#} ***");
                Ok(())
            }
            other => other,
        }
    }
}

/// What routers get has less in it, and is held to the same. Their C library has other types than Debian's; where Rust's
/// libraries for it cannot be had, it is looked at with Debian's.
fn lint_router() -> Result<()> {
    let mut arguments =
        vec!["clippy", "--locked", "--package", "minewall", "--no-default-features", "--features", "router"];
    match has_target(X86_64.target) {
        Ok(()) => arguments.extend(["--target", X86_64.target]),
        Err(error) => println!("*** SKIPPED musl in the router's lints: {error:#} ***"),
    }
    arguments.extend(["--", "-D", "warnings"]);
    build::cargo(&arguments)
}
