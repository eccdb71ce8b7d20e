//! Completions of the command line for shells.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, ValueEnum};
use clap_complete::Shell as Generator;

use crate::output;

#[derive(Args, Debug)]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Shell {
    /// For /usr/share/bash-completion/completions/minewall
    Bash,
    /// For /usr/share/zsh/vendor-completions/_minewall
    Zsh,
    /// For `/usr/share/fish/vendor_completions.d/minewall.fish`
    Fish,
}

impl Completions {
    /// Prints them for `command`, the whole command line.
    pub(crate) fn perform(self, mut command: clap::Command) -> Result<ExitCode> {
        let generator = match self.shell {
            Shell::Bash => Generator::Bash,
            Shell::Zsh => Generator::Zsh,
            Shell::Fish => Generator::Fish,
        };
        let name = command.get_name().to_owned();
        let mut text = Vec::new();
        clap_complete::generate(generator, &mut command, name, &mut text);
        output::write(&String::from_utf8_lossy(&text))?;
        Ok(ExitCode::SUCCESS)
    }
}
