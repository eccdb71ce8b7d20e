//! Every check and test.

use anyhow::Result;
use clap::Args;

use crate::{build, install};

#[derive(Debug, Args)]
pub(crate) struct Test {
    /// Only the tests: neither formatting nor lints
    #[arg(long)]
    only_tests: bool,
}

impl Test {
    /// Formatting, lints, documentation, tests.
    pub(crate) fn perform(&self) -> Result<()> {
        install::packages(install::TESTS)?;
        if !self.only_tests {
            build::cargo(&["fmt", "--all", "--check"])?;
            build::cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"])?;
        }
        build::cargo(&["test", "--workspace", "--locked"])
    }
}
