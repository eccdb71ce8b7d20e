//! `cargo xtask package`: all that a release is made of, in `target/package`.
//!
//! | module | what |
//! |---|---|
//! | `place` | where all goes, and archives that are the same whenever they are made of the same |
//! | `source` | the source archive, and OpenWrt's feed that names its hash |
//! | `program` | the program for routers, static |
//! | `debian` | the packages for Debian |
//! | `bill` | what libraries are in it |
//! | `check` | whether what was made is as it must be |
//! | `tool` | programs of others that are built where they are missing |

mod bill;
mod check;
mod debian;
mod place;
pub(crate) mod program;
mod source;
pub(crate) mod tool;

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::Args;
use clap::builder::PossibleValuesParser;

use place::Place;

#[derive(Debug, Args)]
pub(crate) struct Package {
    /// Only these
    #[arg(long, value_name = "NAME", num_args = 1.., value_parser = PossibleValuesParser::new(TABLE.iter().map(|row| row.name)))]
    only: Vec<String>,
    /// Look whether what was made is as it must be: size, corpus, messages, no path of this machine, 32-bit MIPS
    #[arg(long)]
    check: bool,
    /// Make all of it twice, from nothing, and compare
    #[arg(long)]
    twice: bool,
    /// List what there is
    #[arg(long, exclusive = true)]
    list: bool,
}

/// A part of a release. Those made of others stand behind them.
struct Row {
    name: &'static str,
    what: &'static str,
    make: fn(&Place) -> Result<Vec<PathBuf>>,
    check: fn(&Place) -> Result<()>,
}

const TABLE: &[Row] = &[
    Row {
        name: "source",
        what: "the source, as OpenWrt's package fetches it",
        make: source::archive,
        check: program::compiles_for_mips,
    },
    Row { name: "feed", what: "OpenWrt's feed: the package and its page in LuCI", make: source::feed, check: nothing },
    Row {
        name: "router-x86_64",
        what: "the program for routers, x86_64, static",
        make: |place| program::make(place, &program::X86_64),
        check: |place| check::program(place, &program::X86_64),
    },
    Row {
        name: "router-aarch64",
        what: "the program for routers, aarch64, static",
        make: |place| program::make(place, &program::AARCH64),
        check: |place| check::program(place, &program::AARCH64),
    },
    Row { name: "deb-amd64", what: "the package for Debian, amd64", make: debian::amd64, check: nothing },
    Row { name: "deb-arm64", what: "the package for Debian, arm64", make: debian::arm64, check: nothing },
    Row { name: "bill", what: "what libraries are in each build (CycloneDX)", make: bill::make, check: nothing },
];

const fn nothing(_: &Place) -> Result<()> {
    Ok(())
}

impl Package {
    pub(crate) fn perform(&self) -> Result<()> {
        if self.list {
            TABLE.iter().for_each(|row| println!("{:<15} {}", row.name, row.what));
            return Ok(());
        }
        let place = Place::new("package")?;
        let made = self.make(&place)?;
        if self.twice {
            let again = Place::new("package-again")?;
            again.clear()?;
            compare(&made, &self.make(&again)?)?;
        }
        Ok(())
    }

    fn rows(&self) -> impl Iterator<Item = &'static Row> {
        TABLE.iter().filter(|row| self.only.is_empty() || self.only.iter().any(|name| name == row.name))
    }

    /// Makes what is asked for, and says what came of it.
    fn make(&self, place: &Place) -> Result<Vec<PathBuf>> {
        if place.is_changed {
            eprintln!("package: the tree has changes that are not committed; this is no release");
        }
        let (count, mut made) = (self.rows().count(), Vec::new());
        for (number, row) in self.rows().enumerate() {
            let started = Instant::now();
            eprintln!("package: {} of {count}: {} ({})", number + 1, row.name, row.what);
            made.extend((row.make)(place).with_context(|| format!("cannot make {}", row.name))?);
            if self.check {
                (row.check)(place).with_context(|| format!("{} is not as it must be", row.name))?;
            }
            eprintln!("package: {} took {} s", row.name, started.elapsed().as_secs());
        }
        place.write_sums()?;
        print!("{}", place.table(&made)?);
        Ok(made)
    }
}

/// Whether files made twice are the same.
fn compare(first: &[PathBuf], second: &[PathBuf]) -> Result<()> {
    let mut differ = Vec::new();
    for (first, second) in first.iter().zip(second) {
        let is_same = place::sum(first)? == place::sum(second)?;
        println!("{} {}", if is_same { "the same  " } else { "different " }, first.display());
        differ.extend((!is_same).then(|| first.display().to_string()));
    }
    if !differ.is_empty() {
        bail!("made twice and not the same: {}", differ.join(", "));
    }
    Ok(())
}
