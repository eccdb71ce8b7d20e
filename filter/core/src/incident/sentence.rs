//! The Incident as one sentence a person understands.

use alloc::format;
use alloc::string::{String, ToString};
use core::fmt::Write;

use super::{Incident, State};
use crate::evidence::printable;

/// Bytes kept of the sentence, and of each word in it that others chose.
const SENTENCE: usize = 1_024;
const WORD: usize = 96;

/// "10.0.0.5 (00-11-22-AA-BB-CC, lab-pc), room 204 of Physics, mines XMR at xmr.example.org for 3 h 20 min: 2.5 kH/s (2.2
/// to 2.8, n = 320), about 1.2 kWh (0.5 to 2.1)". Words from the wire come after the host.
pub(super) fn sentence(incident: &Incident) -> String {
    let has_ended = incident.state == State::Ended;
    let mut text = host(incident);
    let coin = incident.coin.as_deref().map(word).unwrap_or_default();
    let pool = match (&incident.pool, incident.endpoints.last()) {
        (Some(pool), _) => format!(" at {}", word(pool)),
        (None, Some(place)) => format!(" at {}", word(place)),
        (None, None) => String::new(),
    };
    let total = &incident.total;
    // Writing to a String cannot fail.
    if total.active_s == 0 {
        let tries = if has_ended { "tried to mine" } else { "tries to mine" };
        let times = if incident.attempts == 1 { "once".to_string() } else { format!("{} times", incident.attempts) };
        let what = if coin.is_empty() { String::new() } else { format!(" {coin}") };
        let _ = write!(text, " {tries}{what}{pool}: seen {times}, {}", cut(incident));
    } else {
        let does = if has_ended { "mined" } else { "mines" };
        let what = if coin.is_empty() { "a coin that is not known" } else { &coin };
        let _ = write!(text, " {does} {what}{pool} for {}", duration(total.active_s));
        if incident.rigs.count > 1 {
            let _ = write!(text, " with {} rigs", incident.rigs.count);
        }
        let unit = unit(incident);
        match (&incident.hashrate, incident.declared) {
            (Some(rate), _) => {
                let (value, prefix, scale) = scaled(rate.value);
                let (low, high) = (figure(rate.low / scale), figure(rate.high / scale));
                let _ = write!(text, ": {value} {prefix}{unit} ({low} to {high}, n = {})", rate.n);
            }
            (None, Some(declared)) => {
                let (value, prefix, _) = scaled(declared as f64);
                let _ = write!(text, ": {value} {prefix}{unit} as it declares");
            }
            (None, None) => {
                let _ = write!(text, ": rate unknown, {} shares taken", total.accepted);
            }
        }
        if let Some(energy) = &incident.energy {
            let (low, high) = (figure(energy.low_kwh), figure(energy.high_kwh));
            let _ = write!(text, ", about {} kWh ({low} to {high})", figure(energy.kwh));
        }
    }
    if let Some(exemption) = &incident.exemption {
        let _ = write!(text, "; exempt by {} for {}", word(&exemption.owner), word(&exemption.reason));
    }
    if incident.returned_after.is_some() {
        text.push_str("; it came back");
    }
    printable(&text, SENTENCE)
}

fn word(text: &str) -> String {
    printable(text, WORD)
}

/// The host: its address, what it is called, where it stands.
fn host(incident: &Incident) -> String {
    let who = &incident.who;
    let mut text = incident.ip.to_string();
    let names: alloc::vec::Vec<_> = incident.mac.iter().chain(&who.hostname).map(|name| word(name)).collect();
    if !names.is_empty() {
        let _ = write!(text, " ({})", names.join(", "));
    }
    match (&who.room, &who.unit) {
        (Some(room), Some(unit)) => _ = write!(text, ", room {} of {},", word(room), word(unit)),
        (Some(room), None) => _ = write!(text, ", room {},", word(room)),
        (None, Some(unit)) => _ = write!(text, " of {}", word(unit)),
        (None, None) => {}
    }
    text
}

fn cut(incident: &Incident) -> String {
    match incident.blocked {
        0 => "not cut".to_string(),
        all if all == incident.attempts => "cut each time".to_string(),
        1 => "cut once".to_string(),
        some => format!("cut {some} times"),
    }
}

/// What is counted a second: hashes, or solutions.
fn unit(incident: &Incident) -> &'static str {
    let row = super::power::row(incident.algorithm.as_deref(), incident.coin.as_deref(), incident.hardware.as_deref());
    row.map_or("H/s", |row| row.unit.trim_start_matches(['k', 'M', 'G', 'T']))
}

/// `3 h 20 min`, `45 s`, `2 d 4 h`.
#[must_use]
pub fn duration(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, _, 0) => format!("{hours} h"),
        (0, ..) => format!("{hours} h {minutes} min"),
        (_, 0, _) => format!("{days} d"),
        _ => format!("{days} d {hours} h"),
    }
}

/// The value in a unit that suits it, the unit's prefix, and what it was divided by.
fn scaled(value: f64) -> (String, &'static str, f64) {
    const PREFIXES: &[(f64, &str)] = &[(1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];
    let (scale, prefix) = PREFIXES.iter().find(|(scale, _)| value >= *scale).copied().unwrap_or((1.0, ""));
    (figure(value / scale), prefix, scale)
}

/// Two digits or more, as many as an estimate deserves.
fn figure(value: f64) -> String {
    match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 1.0 => format!("{value:.1}"),
        value if value >= 0.01 => format!("{value:.2}"),
        value if value > 0.0 => "less than 0.01".to_string(),
        _ => "0".to_string(),
    }
}
