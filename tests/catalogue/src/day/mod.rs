//! A day at a school, made up: forty hosts in six units behind NAT, some of which mine, and what is true of it.
//!
//! Shares come at random moments, as they do: exponential gaps whose mean is the difficulty divided by the rate of
//! hashes. Nothing here knows how minewall reckons; tests hold its reports against [`Day::minings`].

mod everyday;
mod link;
mod miner;
mod nat;
mod people;
mod pool;

use std::net::{Ipv4Addr, SocketAddrV4};

use anyhow::Result;

use crate::random::Random;
use link::Link;
pub use miner::{Mining, Run};
pub use nat::Translation;
pub use people::{Host, Unit};

/// Microsecond of the first packet: 2026-11-23T16:00:00Z, midnight in Beijing.
pub const BEGIN_US: i64 = 1_795_449_600_000_000;

/// Microseconds of the day.
pub const DAY_US: i64 = 86_400_000_000;

/// The made-up day.
#[derive(Clone, Debug)]
pub struct Day {
    /// The capture at the gateway, inside of NAT, in pcap form.
    pub capture: Vec<u8>,
    /// Every connection's addresses on both sides of NAT, in order.
    pub translations: Vec<Translation>,
    /// The hosts.
    pub hosts: Vec<Host>,
    /// What mined.
    pub minings: Vec<Mining>,
}

impl Day {
    /// The day of this name: the same name, the same day.
    ///
    /// # Errors
    /// A packet could not be made.
    pub fn new(name: &str) -> Result<Self> {
        let mut random = Random::from_text(name);
        let hosts = people::hosts();
        let mut link = Link::default();
        let minings = miner::mine(&mut random, &mut link)?;
        everyday::live(&hosts, &mut random, &mut link)?;
        let (capture, translations) = link.finish(&mut random);
        Ok(Self { capture, translations, hosts, minings })
    }

    /// The inventory as a network centre keeps it: CSV of prefixes, units, rooms, persons.
    #[must_use]
    pub fn inventory(&self) -> String {
        let line = |host: &Host| {
            format!("{},{},{},{},{}\n", host.ip, host.unit.name(), host.room(), host.person(), host.contact())
        };
        ["address,unit,room,person,contact\n".to_owned()].into_iter().chain(self.hosts.iter().map(line)).collect()
    }

    /// The register of approved research, as `[[exempt]]` tables of the configuration.
    #[must_use]
    pub fn register(&self) -> String {
        let approved = self.minings.iter().filter(|mining| mining.is_approved);
        let table = |mining: &Mining| {
            format!(
                "[[exempt]]\nprefix = \"{}/32\"\nowner = \"Prof. Lin\"\nreason = \"consensus study 2026-31\"\n\
                 expires = \"2027-06-30\"\n",
                mining.host
            )
        };
        approved.map(table).collect()
    }

    /// The lines a NAT gateway logs: `conntrack -E -o timestamp`.
    #[must_use]
    pub fn nat_log(&self) -> String {
        self.translations.iter().map(Translation::lines).collect()
    }
}

/// Where the pools of this day stand, and what they are called.
fn server(last: u8, port: u16) -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::new(198, 51, 100, last), port)
}

/// A time of the day.
fn at(hours: i64, minutes: i64) -> i64 {
    BEGIN_US + (hours * 60 + minutes) * 60_000_000
}
