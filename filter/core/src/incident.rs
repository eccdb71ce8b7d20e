//! The Incident: all records of one host with one wallet or pool, folded into what happened, for how long and how much.
//!
//! An Incident carries all it knows each time it is told, so the last line of its id is the whole of it: reports read
//! only those.

use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::evidence::Who;

mod bound;
mod donation;
mod fold;
mod hold;
mod line;
mod open;
mod past;
pub mod power;
mod rate;
pub mod reasons;
mod register;
mod restore;
mod rigs;
mod seen;
mod sentence;
mod settings;
mod span;
#[cfg(test)]
mod tests;
mod whole;

pub use fold::{Counted, Incidents, Told};
pub use hold::Passed;
pub use sentence::duration;
pub use settings::Settings;

/// Where an incident stands.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Told for the first time.
    Opened,
    /// Told again: it goes on.
    Active,
    /// Nothing was seen of it for as long as the configuration says.
    Ended,
}

/// What happened, as it is told and written down (`minewall.incident`). Times are microseconds since
/// 1970-01-01T00:00:00Z; texts are as in records.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Incident {
    /// Unique, and the same in every line of it.
    pub id: String,
    /// Where it stands.
    pub state: State,
    /// When this was told.
    pub time_us: i64,
    /// The gateway's name.
    pub observer: String,
    /// The first sighting.
    pub first_us: i64,
    /// The last one.
    pub last_us: i64,
    /// The host inside: the address seen last.
    pub ip: IpAddr,
    /// Its hardware address, `00-11-22-AA-BB-CC`, unless that is of a router between.
    pub mac: Option<String>,
    /// Its VLAN.
    pub vlan: Option<u16>,
    /// The interface it stands behind.
    pub interface: Option<String>,
    /// Who that is.
    pub who: Who,
    /// Its addresses and ports behind NAT, as `203.0.113.5:40000`: the last ones, 16 at the most.
    pub nat: Vec<String>,
    /// The pool's name or operator.
    pub pool: Option<String>,
    /// Where it was reached, as `192.0.2.7:3333` or with a name: the last ones, 16 at the most.
    pub endpoints: Vec<String>,
    /// The wallet or account.
    pub wallet: Option<String>,
    /// The coin, with its alternatives where it is not sure.
    pub coin: Option<String>,
    /// How sure the coin is: `high`, `medium`, `low`.
    pub coin_confidence: Option<String>,
    /// The algorithm.
    pub algorithm: Option<String>,
    /// The protocols spoken.
    pub dialects: Vec<String>,
    /// What mining software was named, 16 at the most.
    pub agents: Vec<String>,
    /// `asic`, `gpu` or `cpu`.
    pub hardware: Option<String>,
    /// How many rigs, and what that is known by.
    pub rigs: Rigs,
    /// Sightings: questions, connections, logins.
    pub attempts: u64,
    /// Of these, cut.
    pub blocked: u64,
    /// Records of it that were held back from the sinks.
    pub suppressed: u64,
    /// Connections on which mining went on; those less than an hour apart are one session.
    pub sessions: u64,
    /// What was counted, all together.
    pub total: Tally,
    /// The same by day, the last 35; those before are in `total` only.
    pub days: Vec<Day>,
    /// Hashes a second, measured by accepted shares.
    pub hashrate: Option<Hashrate>,
    /// Hashes a second, as the miner says.
    pub declared: Option<u64>,
    /// The energy, an estimate.
    pub energy: Option<Energy>,
    /// What speaks for wilful mining, for an infection, for approved research.
    pub reasons: Vec<Reason>,
    /// The exemption that let it pass: owner, reason, last day.
    pub exemption: Option<Exempted>,
    /// The id of the incident of the same host that had ended before: it came back.
    pub returned_after: Option<String>,
    /// The ids of records that show it best: 8 at the most.
    pub records: Vec<String>,
}

/// How many rigs mine.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct Rigs {
    /// The estimate: 0 where nothing mined.
    pub count: u32,
    /// What it is known by, as one clause: "3 names of workers".
    pub reason: String,
    /// The names of workers, 64 at the most.
    pub workers: Vec<String>,
    /// The most connections at one time.
    pub concurrent: u32,
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Tally {
    /// Seconds in which mining went on, sessions of several connections counted once.
    pub active_s: u64,
    /// The same, each rig for itself.
    pub rig_s: u64,
    /// Octets of payload, both ways.
    pub bytes: u64,
    /// Jobs handed out.
    pub jobs: u64,
    /// Shares handed in.
    pub offered: u64,
    /// Shares taken.
    pub accepted: u64,
    /// Shares refused.
    pub rejected: u64,
    /// Shares taken whose difficulty is known.
    pub measured: u64,
    /// Hashes these took on average, all together.
    pub hashes: f64,
}

/// One day.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Day {
    /// `2026-11-24`, in the configured offset from UTC.
    pub date: String,
    /// Sightings.
    pub attempts: u64,
    /// What was counted.
    #[serde(flatten)]
    pub tally: Tally,
    /// The energy of the day in kWh, typical.
    pub kwh: Option<f64>,
}

/// A measured rate with its 95 % interval.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Hashrate {
    /// Hashes a second.
    pub value: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// Shares it rests on.
    pub n: u64,
}

/// An estimate of energy, always with what it rests on.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Energy {
    /// kWh with the most efficient hardware of the row.
    pub low_kwh: f64,
    /// kWh with typical hardware.
    pub kwh: f64,
    /// kWh with the least efficient.
    pub high_kwh: f64,
    /// Watts while it mined, typical.
    pub watts: f64,
    /// The row of the table it was reckoned with, for people: "RandomX on CPUs, 12 W per kH/s".
    pub row: String,
    /// What the rate is: `measured`, `declared`, `watts` (declared watts) or `rigs` (a count of rigs only).
    pub basis: String,
    /// Kilograms of standard coal, and grams of it a kWh.
    pub coal_kg: f64,
    /// kgce a kWh it was reckoned with.
    pub coal_factor: f64,
    /// Kilograms of CO2.
    pub co2_kg: f64,
    /// Kilograms of CO2 a kilogram of standard coal it was reckoned with.
    pub co2_factor: f64,
}

/// What a reason speaks for.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Approved research.
    Approved,
    /// Malware mines; the owner is a victim.
    Infected,
    /// The owner mines.
    Wilful,
}

/// One scored reason. Never a verdict: people decide.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// What it speaks for.
    pub side: Side,
    /// How much, 1 to 100.
    pub weight: u8,
    /// Why, as one clause in English, from a table.
    pub text: String,
    /// The row of the table, for translations: `same-wallet`.
    pub rule: String,
}

/// The entry of the register of approved research.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct Exempted {
    /// Who answers for it.
    pub owner: String,
    /// What for.
    pub reason: String,
    /// The last day it holds, `YYYY-MM-DD`.
    pub expires: Option<String>,
}
