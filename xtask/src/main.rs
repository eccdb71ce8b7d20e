//! `cargo xtask demo | test | bench | corpus | deb | fuzz | package | audit`: what a fresh clone runs. Each installs what it needs from Debian first.

use anyhow::Result;
use clap::{Parser, Subcommand};

mod audit;
mod bench;
mod build;
mod corpus;
mod deb;
mod demo;
mod fuzz;
mod install;
mod package;
mod packages;
mod test;
mod unavailable;
mod vm;

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "Shows, tests and measures minewall")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Look whether all that comes from others may be in it: licences, sources, advisories
    Audit(audit::Audit),
    /// Measure: the engine, and the lab with minewall on and off
    Bench(bench::Bench),
    /// Write the corpus from its catalogue, asking the program for the records
    Corpus(corpus::Corpus),
    /// Make the Debian package
    Deb(deb::Deb),
    /// Show minewall at work in a lab of network namespaces, then clean up
    Demo,
    /// Look for bytes that break the readers
    Fuzz(fuzz::Fuzz),
    /// Make all that a release is made of, in target/package
    Package(package::Package),
    /// Run every check and test
    Test(test::Test),
}

fn main() -> Result<()> {
    match Cli::parse().task {
        Task::Audit(audit) => audit.perform(),
        Task::Bench(bench) => bench.perform(),
        Task::Corpus(corpus) => corpus.perform(),
        Task::Deb(deb) => deb.perform(),
        Task::Demo => demo::perform(),
        Task::Fuzz(fuzz) => fuzz.perform(),
        Task::Package(package) => package.perform(),
        Task::Test(test) => test.perform(),
    }
}
