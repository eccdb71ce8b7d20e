//! The internet's name server: knot, authoritative for everything.

use std::fmt::Write as _;
use std::fs;

use anyhow::{Context as _, Result};

use super::{START, accepts, resolves};
use crate::addresses::{Family, INTERNET_V4, INTERNET_V6};
use crate::lab::Lab;
use crate::program::Program;

/// Zones: name, and whether every name below exists. `test` answers NXDOMAIN for what it does not hold, so that a
/// name that never existed can be told from one that was refused.
const ZONES: [(&str, bool); 2] = [(".", true), ("test", false)];

/// Names whose addresses are those of pools, by one alias and by two.
pub const CLOAKED: [&str; 2] = ["www.cloaked", "two.cloaked"];

/// A running knot on port 53 of the internet, UDP and TCP, IPv4 and IPv6. Any name resolves to the internet's own
/// addresses, except below `test`, where only `www.test` does, and [`CLOAKED`], behind which a pool hides.
#[derive(Debug)]
pub struct NameServer {
    program: Program,
}

impl NameServer {
    /// Starts knot and waits until it answers over both protocols and both families.
    ///
    /// # Errors
    /// When it cannot be configured or does not answer in time, with what it said.
    pub fn start(lab: &Lab) -> Result<Self> {
        Self::start_with(lab, "")
    }

    /// As [`Self::start`], with further records of the root zone, one a line (`eu.pool.example 5 A 94.23.23.52`).
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_with(lab: &Lab, records: &str) -> Result<Self> {
        let directory = lab.directory().join("knot");
        fs::create_dir_all(&directory).with_context(|| format!("creating {}", directory.display()))?;
        let place = directory.display();
        let mut configuration = format!(
            "server:\n  rundir: {place}\n  listen: [0.0.0.0@53, \"::@53\"]\n  udp-workers: 1\n  tcp-workers: 2\n  \
             background-workers: 1\nlog:\n- target: stderr\n  any: info\ndatabase:\n  storage: {place}\nzone:\n"
        );
        for (index, (zone, wildcard)) in ZONES.into_iter().enumerate() {
            let file = directory.join(format!("{index}.zone"));
            let more = if zone == "." { records } else { "" };
            fs::write(&file, zone_text(zone, wildcard) + more)?;
            writeln!(
                configuration,
                "- domain: \"{zone}\"\n  file: {}\n  zonefile-sync: -1\n  journal-content: none",
                file.display()
            )?;
        }
        let file = directory.join("knot.conf");
        fs::write(&file, configuration)?;
        let mut command = lab.internet.command("knotd");
        command.arg("-c").arg(&file);
        let mut program = Program::start("knotd", &mut command, &directory.join("log"))?;
        program.wait_ready(START, || {
            Family::BOTH.into_iter().all(|family| {
                accepts(&lab.internet, family.internet(), 53) && resolves(&lab.internet, family.internet())
            })
        })?;
        Ok(Self { program })
    }

    /// What knot printed.
    #[must_use]
    pub fn log(&self) -> String {
        self.program.log()
    }
}

/// A zone file. Records of many types, since a question of any type about a listed name is to be refused.
fn zone_text(zone: &str, wildcard: bool) -> String {
    let owner = if wildcard { "*" } else { "www" };
    let [one, two] = CLOAKED;
    let aliases =
        if wildcard { format!("{one} CNAME eu.xmr.2miners.com.\n{two} CNAME {one}\n") } else { String::new() };
    format!(
        "$ORIGIN {zone}{dot}\n$TTL 60\n@ SOA ns.lab.invalid. hostmaster.lab.invalid. 1 3600 900 86400 60\n\
         @ NS ns.lab.invalid.\n{owner} A {INTERNET_V4}\n{owner} AAAA {INTERNET_V6}\n\
         {owner} TXT \"minewall lab\"\n{owner} MX 10 mail.example.org.\n{owner} HTTPS 1 . alpn=h2\n{aliases}",
        dot = if zone == "." { "" } else { "." },
    )
}
