//! `minewall check`: whether names, addresses and the hosts of URLs are listed, by which list and entry, and what would be
//! done.

mod asked;
mod told;

use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use minewall_core::config::Config;
use minewall_lists::Lists;

use crate::{output, resolve, settings};
use asked::Asked;
use told::Told;

/// The exit code for "not listed".
const NOT_LISTED: u8 = 1;

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Names, addresses, either with a port, or URLs
    #[arg(required_unless_present = "file", value_name = "NAME|ADDRESS[:PORT]|URL")]
    what: Vec<String>,
    /// A file of them, one a line (`-`: standard input); `#` begins a comment
    #[arg(short, long, value_name = "FILE")]
    file: Vec<PathBuf>,
    /// The configuration whose lists and policy are asked
    ///
    /// Without it, /etc/minewall/minewall.toml; where that is not, the lists that come with minewall.
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Only what is listed
    #[arg(short, long)]
    listed: bool,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    /// Ask the name servers for the addresses of names, and look those up too
    #[arg(long)]
    resolve: bool,
}

/// What answers.
struct Counter<'a> {
    check: &'a Check,
    config: Config,
    lists: Lists,
    listed: bool,
    failed: bool,
}

impl Check {
    /// Prints one line for each, and one for each of its addresses.
    pub(crate) fn perform(self) -> Result<ExitCode> {
        let config = settings::own(self.config.as_deref())?;
        let (lists, tallies) = settings::lists(&config.lists)?;
        for tally in tallies.iter().filter(|tally| tally.rejected > 0) {
            eprintln!("minewall: {tally}");
        }
        let mut counter = Counter { check: &self, config, lists, listed: false, failed: false };
        self.what.iter().try_for_each(|what| counter.answer(what))?;
        for file in &self.file {
            counter.read(file)?;
        }
        Ok(match (counter.failed, counter.listed) {
            (true, _) => ExitCode::from(crate::FAILURE),
            (false, true) => ExitCode::SUCCESS,
            (false, false) => ExitCode::from(NOT_LISTED),
        })
    }
}

impl Counter<'_> {
    /// Answers each line of a file.
    fn read(&mut self, path: &Path) -> Result<()> {
        let name = path.display();
        let lines: Box<dyn BufRead> = if path == Path::new("-") {
            Box::new(io::stdin().lock())
        } else {
            Box::new(BufReader::new(std::fs::File::open(path).with_context(|| format!("cannot read {name}"))?))
        };
        for line in lines.split(b'\n') {
            let line = line.with_context(|| format!("cannot read {name}"))?;
            let line = String::from_utf8_lossy(&line);
            let what = line.trim_start_matches('\u{feff}').split('#').next().unwrap_or_default().trim();
            if !what.is_empty() {
                self.answer(what)?;
            }
        }
        Ok(())
    }

    /// Tells of one; what is wrong with it does not keep the others from being told.
    fn answer(&mut self, what: &str) -> Result<()> {
        match asked::parse(what).and_then(|asked| self.tell(what, &asked)) {
            Ok(()) => Ok(()),
            Err(error) if error.is::<output::Unwritable>() => Err(error),
            Err(error) => {
                eprintln!("minewall: {error:#}");
                self.failed = true;
                Ok(())
            }
        }
    }

    fn tell(&mut self, what: &str, asked: &Asked) -> Result<()> {
        let told = Told::new(&self.config, &self.lists, asked);
        self.listed |= told.is_listed();
        self.check.write(what, &told, "")?;
        let (true, Asked::Name(name, port)) = (self.check.resolve, asked) else { return Ok(()) };
        for ip in resolve::addresses(name)? {
            let text = port.map_or_else(|| ip.to_string(), |port| SocketAddr::new(ip, port).to_string());
            let asked = Asked::Address(ip, *port);
            let told = Told::new(&self.config, &self.lists, &asked);
            self.listed |= told.is_listed();
            self.check.write(&text, &told, "  ")?;
        }
        Ok(())
    }
}

impl Check {
    fn write(&self, what: &str, told: &Told<'_>, indent: &str) -> Result<(), output::Unwritable> {
        if self.listed && !told.is_listed() {
            return Ok(());
        }
        output::write(&if self.json { format!("{}\n", told.json(what)) } else { format!("{indent}{what}: {told}\n") })
    }
}
