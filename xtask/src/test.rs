//! Every check and test.

use anyhow::Result;
use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::{build, fuzz::Fuzz, install, vm};

/// How long bytes that break the readers are looked for.
const FUZZ_SECONDS: u64 = 5;

#[derive(Debug, Args)]
pub(crate) struct Test {
    /// Only the tests: neither formatting nor lints
    #[arg(long)]
    only_tests: bool,
    /// Instead, the tests of the kernel's rules and of the lab in virtual machines with Debian's kernels of these series;
    /// of all of them where none is named
    #[arg(long, value_name = "SERIES", num_args = 0.., value_parser = PossibleValuesParser::new(vm::known()), conflicts_with = "only_tests")]
    vm: Option<Vec<String>>,
    /// Say so and succeed where Debian's kernel cannot be downloaded
    #[arg(long, requires = "vm")]
    if_available: bool,
}

impl Test {
    /// Formatting, lints, documentation, tests; or those in virtual machines.
    pub(crate) fn perform(&self) -> Result<()> {
        if let Some(series) = &self.vm {
            return match vm::perform(series) {
                Err(error) if self.if_available && error.is::<vm::Unavailable>() => {
                    println!("*** SKIPPED the virtual machine: {error:#} ***");
                    Ok(())
                }
                other => other,
            };
        }
        install::packages(install::TESTS)?;
        if !self.only_tests {
            build::cargo(&["fmt", "--all", "--check"])?;
            build::cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"])?;
            // What routers get has less in it, and is held to the same.
            let router = ["--package", "minewall", "--no-default-features", "--features", "router"];
            build::cargo(&[&["clippy", "--locked"][..], &router, &["--", "-D", "warnings"]].concat())?;
        }
        build::cargo(&["test", "--workspace", "--locked"])?;
        Fuzz::short(FUZZ_SECONDS).perform()
    }
}
