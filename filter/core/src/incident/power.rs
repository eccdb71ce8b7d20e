//! From hashes to watts: one table of what hardware draws for what it does (PROTOCOLS.md section 4), and the estimate of
//! energy made with it. docs/incidents.md prints the table; a test holds both together.

use alloc::format;
use alloc::string::{String, ToString};
use core::fmt::Write;

use super::rate::Shares;
use super::{Energy, Settings, Tally};
use crate::wallet::coin;

/// Joules of a kWh.
const KWH: f64 = 3.6e6;

/// A low, a typical and a high value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range(pub f64, pub f64, pub f64);

/// One row: an algorithm on one kind of hardware.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The algorithm and the hardware, for people.
    pub name: &'static str,
    /// The coins mined with it that are mined with nothing else; the first ones are those the algorithm's name leads to.
    pub coins: &'static [&'static str],
    /// `asic`, `gpu` or `cpu`.
    pub hardware: &'static str,
    /// The unit of work a second.
    pub unit: &'static str,
    /// Hashes in it.
    pub hashes: f64,
    /// Watts for each unit.
    pub watts: Range,
    /// Watts of the machine around it.
    pub rest: Range,
    /// Where the figures come from: hardware of the low, the typical and the high value.
    pub source: &'static str,
}

/// What a machine draws of which only the hours are known.
#[derive(Clone, Copy, Debug)]
pub struct Machine {
    /// `asic`, `gpu`, `cpu`; empty where that is not known.
    pub hardware: &'static str,
    /// What it is, for people.
    pub name: &'static str,
    /// Watts, all of it.
    pub watts: Range,
    /// Where the figures come from.
    pub source: &'static str,
}

/// The rest of a PC: PROTOCOLS.md gives 40 to 60 W beside a processor, 40 to 80 W beside a graphics card.
const BESIDE_CPU: Range = Range(40.0, 50.0, 60.0);
const BESIDE_GPU: Range = Range(40.0, 60.0, 80.0);
/// Figures of mining machines are those of the whole machine.
const NOTHING: Range = Range(0.0, 0.0, 0.0);

/// The table. Of several rows of a coin the first speaks where the hardware is not known.
#[rustfmt::skip] // a row a line
pub static ROWS: &[Row] = &[
    Row { name: "RandomX on processors", coins: &["XMR", "ZEPH", "SAL", "QRL"], hardware: "cpu", unit: "kH/s", hashes: 1e3, watts: Range(4.0, 12.0, 23.0), rest: BESIDE_CPU, source: "Ryzen AI 9 HX 370; the default; Core i7-6820HQ" },
    Row { name: "RandomX on mining machines", coins: &["XMR", "ZEPH", "SAL", "QRL"], hardware: "asic", unit: "kH/s", hashes: 1e3, watts: Range(2.472, 2.472, 2.472), rest: NOTHING, source: "Antminer X9" },
    Row { name: "Etchash and Ethash on graphics cards", coins: &["ETC", "ETH", "ETHW", "OCTA", "UBQ"], hardware: "gpu", unit: "MH/s", hashes: 1e6, watts: Range(1.6, 2.1, 3.2), rest: BESIDE_GPU, source: "RTX 4070; the default; RX 580" },
    Row { name: "Etchash and Ethash on mining machines", coins: &["ETC", "ETH", "ETHW", "OCTA", "UBQ"], hardware: "asic", unit: "MH/s", hashes: 1e6, watts: Range(0.33, 0.6, 1.9), rest: NOTHING, source: "Jasminer X16-P; E9 Pro; A10" },
    Row { name: "KawPow on graphics cards", coins: &["RVN", "XNA", "CLORE", "MEWC", "NEOX"], hardware: "gpu", unit: "MH/s", hashes: 1e6, watts: Range(3.7, 5.0, 10.0), rest: BESIDE_GPU, source: "RTX 4070; the default; RX 580" },
    Row { name: "Autolykos on graphics cards", coins: &["ERG"], hardware: "gpu", unit: "MH/s", hashes: 1e6, watts: Range(0.5, 0.8, 1.4), rest: BESIDE_GPU, source: "RTX 5090; the default; GTX 1660S" },
    Row { name: "Octopus on graphics cards", coins: &["CFX"], hardware: "gpu", unit: "MH/s", hashes: 1e6, watts: Range(1.4, 2.6, 3.0), rest: BESIDE_GPU, source: "RTX 3060; the default; RTX 3080" },
    Row { name: "kHeavyHash on mining machines", coins: &["KAS"], hardware: "asic", unit: "TH/s", hashes: 1e12, watts: Range(150.0, 227.0, 650.0), rest: NOTHING, source: "KS5 Pro; KS5M; KS0" },
    Row { name: "kHeavyHash on graphics cards", coins: &["KAS"], hardware: "gpu", unit: "MH/s", hashes: 1e6, watts: Range(0.21, 0.21, 0.3), rest: BESIDE_GPU, source: "RTX 4090; the default; RTX 3070" },
    Row { name: "Equihash 200,9 on mining machines", coins: &["ZEC", "ZEN", "KMD"], hardware: "asic", unit: "kSol/s", hashes: 1e3, watts: Range(3.3, 3.6, 10.5), rest: NOTHING, source: "Z15 Pro; Z15; Z11" },
    Row { name: "Equihash 144,5 on graphics cards", coins: &["BTG", "BTCZ"], hardware: "gpu", unit: "Sol/s", hashes: 1.0, watts: Range(1.7, 2.0, 2.4), rest: BESIDE_GPU, source: "RTX 3080; the default; RTX 3080" },
    Row { name: "Equihash 125,4 on graphics cards", coins: &["FLUX"], hardware: "gpu", unit: "Sol/s", hashes: 1.0, watts: Range(2.7, 2.7, 2.7), rest: BESIDE_GPU, source: "RTX 3060" },
    Row { name: "BeamHash III on graphics cards", coins: &["BEAM"], hardware: "gpu", unit: "Sol/s", hashes: 1.0, watts: Range(5.2, 5.2, 5.2), rest: BESIDE_GPU, source: "RTX 3080" },
    Row { name: "Cuckatoo on graphics cards", coins: &["GRIN"], hardware: "gpu", unit: "g/s", hashes: 1.0, watts: Range(107.0, 502.0, 502.0), rest: BESIDE_GPU, source: "RTX 3080 with C31; with C32; with C32" },
    Row { name: "SHA-256 on mining machines", coins: &["BTC", "BCH", "XEC"], hardware: "asic", unit: "TH/s", hashes: 1e12, watts: Range(9.5, 30.0, 100.0), rest: NOTHING, source: "S23 Hyd; an unknown fleet; S9" },
    Row { name: "Scrypt on mining machines", coins: &["LTC", "DOGE"], hardware: "asic", unit: "MH/s", hashes: 1e6, watts: Range(0.18, 0.36, 1.6), rest: NOTHING, source: "L11; L7; L3+" },
    Row { name: "X11 on mining machines", coins: &["DASH"], hardware: "asic", unit: "TH/s", hashes: 1e12, watts: Range(1604.0, 1604.0, 1604.0), rest: NOTHING, source: "D9" },
    Row { name: "Eaglesong on mining machines", coins: &["CKB"], hardware: "asic", unit: "TH/s", hashes: 1e12, watts: Range(48.5, 48.5, 48.5), rest: NOTHING, source: "K7" },
    Row { name: "Blake2s on mining machines", coins: &["KDA"], hardware: "asic", unit: "TH/s", hashes: 1e12, watts: Range(19.0, 19.0, 339.0), rest: NOTHING, source: "KA3; KA3; KD-Box" },
    Row { name: "Handshake on mining machines", coins: &["HNS"], hardware: "asic", unit: "TH/s", hashes: 1e12, watts: Range(231.0, 231.0, 231.0), rest: NOTHING, source: "HS3" },
    Row { name: "Blake3 on mining machines", coins: &["ALPH"], hardware: "asic", unit: "GH/s", hashes: 1e9, watts: Range(0.225, 0.25, 0.5), rest: NOTHING, source: "AL1; AL0; AL Box" },
    Row { name: "Aleo on mining machines", coins: &["ALEO"], hardware: "asic", unit: "MH/s", hashes: 1e6, watts: Range(1.7, 1.7, 1.7), rest: NOTHING, source: "AE3" },
];

/// Machines of which only the hours are known; the last one where nothing tells what they are.
#[rustfmt::skip] // a row a line
pub static MACHINES: &[Machine] = &[
    Machine { hardware: "asic", name: "a mining machine", watts: Range(65.0, 3_250.0, 5_676.0), source: "KS0; S19; S21 XP Hyd" },
    Machine { hardware: "gpu", name: "a PC with a graphics card", watts: Range(95.0, 210.0, 540.0), source: "RX 6600XT; RTX 4070 with KawPow; RTX 5090; each with the rest of the PC" },
    Machine { hardware: "cpu", name: "a PC that mines with its processor", watts: Range(55.0, 145.0, 345.0), source: "Core i7-8650U; Ryzen 7 1700X; Ryzen 9 9950X; each with the rest of the PC" },
    Machine { hardware: "", name: "a machine of unknown kind", watts: Range(55.0, 145.0, 5_676.0), source: "the lowest, a PC, the highest of those above" },
];

/// The row for an algorithm, else for a coin, on this hardware.
pub(super) fn row(algorithm: Option<&str>, coin: Option<&str>, hardware: Option<&str>) -> Option<&'static Row> {
    // An algorithm that is known but stands in no row is not that of the coin's row.
    let coins = algorithm.map(coin::of_algorithm).filter(|coins| !coins.is_empty());
    let coin = coins.map_or(coin, |coins| coins.first().copied())?;
    let rows = || ROWS.iter().filter(|row| row.coins.contains(&coin));
    rows().find(|row| Some(row.hardware) == hardware).or_else(|| rows().next())
}

/// The machine of this hardware.
fn machine(hardware: Option<&str>) -> Option<&'static Machine> {
    MACHINES.iter().find(|machine| Some(machine.hardware) == hardware).or_else(|| MACHINES.last())
}

impl Row {
    /// "RandomX on processors, 12 W (4 to 23) per kH/s and 50 W (40 to 60) for the rest of the machine".
    #[must_use]
    pub fn words(&self) -> String {
        let mut words = format!("{}, {} per {}", self.name, self.watts.words(), self.unit);
        if self.rest != NOTHING {
            // Writing to a String cannot fail.
            let _ = write!(words, " and {} for the rest of the machine", self.rest.words());
        }
        words
    }
}

impl Range {
    /// `12 W (4 to 23)`.
    fn words(&self) -> String {
        let Self(low, typical, high) = self;
        if low == high { format!("{typical} W") } else { format!("{typical} W ({low} to {high})") }
    }

    fn add(self, other: Self, times: f64) -> Self {
        Self(self.0 + other.0 * times, self.1 + other.1 * times, self.2 + other.2 * times)
    }
}

/// What is known of a host that mines.
pub(super) struct Known<'a> {
    pub(super) total: Tally,
    pub(super) shares: &'a Shares,
    pub(super) algorithm: Option<&'a str>,
    pub(super) coin: Option<&'a str>,
    pub(super) hardware: Option<&'a str>,
    /// Hashes a second of all rigs, as they declare them.
    pub(super) declared: Option<u64>,
    /// Watts of a rig, as they declare them.
    pub(super) watts: Option<f64>,
}

/// How energy follows from what was counted: the same for the whole and for each day, so that days add up.
pub(super) struct Plan {
    /// Joules a hash that was counted.
    hash: Range,
    /// Joules a second in which it mined.
    active: Range,
    /// Joules a second of a rig.
    rig: Range,
    row: String,
    basis: &'static str,
}

impl Plan {
    /// The best that is known: what was measured, else the watts the miner tells, else its rate, else hours alone.
    pub(super) fn new(known: &Known<'_>) -> Option<Self> {
        if known.total.rig_s == 0 {
            return None;
        }
        let none = Self { hash: NOTHING, active: NOTHING, rig: NOTHING, row: String::new(), basis: "" };
        let row = row(known.algorithm, known.coin, known.hardware);
        if let Some(row) = row
            && known.shares.n > 1
        {
            let hash = NOTHING.add(row.watts, spent(&known.total) / row.hashes);
            return Some(Self { hash, rig: row.rest, row: row.words(), basis: "measured", ..none });
        }
        if let Some(watts) = known.watts.filter(|watts| *watts > 0.0) {
            let row = format!("{watts:.0} W each rig, as the miner declares");
            return Some(Self { rig: Range(watts, watts, watts), row, basis: "watts", ..none });
        }
        if let Some((row, declared)) = row.zip(known.declared) {
            let active = NOTHING.add(row.watts, declared as f64 / row.hashes);
            return Some(Self { active, rig: row.rest, row: row.words(), basis: "declared", ..none });
        }
        let machine = machine(known.hardware)?;
        let row = format!("{}, {}", machine.name, machine.watts.words());
        Some(Self { rig: machine.watts, row, basis: "rigs", ..none })
    }

    fn joules(&self, of: &Tally) -> Range {
        let joules = NOTHING.add(self.hash, of.hashes).add(self.active, of.active_s as f64);
        joules.add(self.rig, of.rig_s as f64)
    }

    /// Typical kWh of a part.
    pub(super) fn kwh(&self, of: &Tally) -> f64 {
        self.joules(of).1 / KWH
    }

    /// The estimate for the whole.
    pub(super) fn energy(&self, of: &Tally, settings: &Settings) -> Energy {
        let Range(low, typical, high) = self.joules(of);
        let kwh = typical / KWH;
        let coal_kg = kwh * settings.coal;
        Energy {
            low_kwh: low / KWH,
            kwh,
            high_kwh: high / KWH,
            watts: if of.active_s == 0 { 0.0 } else { typical / of.active_s as f64 },
            row: self.row.clone(),
            basis: self.basis.to_string(),
            coal_kg,
            coal_factor: settings.coal,
            co2_kg: coal_kg * settings.co2,
            co2_factor: settings.co2,
        }
    }
}

/// Shares for which power was spent, for each share that was measured: those whose difficulty is not known, and those the
/// pool refused, took as much.
fn spent(total: &Tally) -> f64 {
    if total.measured == 0 {
        return 1.0;
    }
    (total.accepted.max(total.measured).saturating_add(total.rejected)) as f64 / total.measured as f64
}

/// Shares taken, for each that was measured.
pub(super) fn taken(total: &Tally) -> f64 {
    if total.measured == 0 { 1.0 } else { total.accepted.max(total.measured) as f64 / total.measured as f64 }
}

#[cfg(test)]
#[path = "power_tests.rs"]
mod tests;
