//! `minewall identify`: what each provider says of a host.

use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use clap::Args;
use comfy_table::{ContentArrangement, Table, presets};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::{Answer, Host, Identity, mac};
use crate::output::{self, Format};
use crate::settings;

/// The exit code for "nobody knows it".
const UNKNOWN: u8 = 1;

/// How long name servers may take.
const PATIENCE: Duration = Duration::from_secs(3);

#[derive(Debug, Args)]
pub(crate) struct Identify {
    /// The host's address
    address: IpAddr,
    /// When: `2026-11-24T10:00:00Z`, or without a zone in this machine's [default: now]
    #[arg(long, value_name = "TIME", value_parser = time)]
    at: Option<Timestamp>,
    /// The configuration whose files are read
    ///
    /// Without it, /etc/minewall/minewall.toml; where that is not, the usual places of leases.
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// What one provider says.
#[derive(Debug, Default, Serialize)]
struct Said {
    provider: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hostname: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mac: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
}

#[derive(Debug, Serialize)]
struct All<'a> {
    address: IpAddr,
    at: String,
    providers: &'a [Said],
}

impl Identify {
    /// Prints a line for each provider that knows the host.
    pub(crate) fn perform(self) -> Result<ExitCode> {
        let config = settings::own(self.config.as_deref())?;
        crate::log::to_stderr();
        let mut identity = Identity::still(&config.identity)?;
        let at = self.at.unwrap_or_else(Timestamp::now);
        let now = Instant::now();
        // What the kernel knows, it knows of now.
        let seen = self.at.is_none().then(|| identity.neighbours.hardware_address(self.address, now)).flatten();
        let mut host = Host { ip: self.address, mac: seen, lease_mac: None, at_us: at.as_microsecond() };
        let mut answers = identity.each(&mut host);
        while answers.iter().any(|(_, answer)| matches!(answer, Answer::Later)) && now.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(10));
            answers = identity.each(&mut host);
        }
        let kernel = seen.map(|seen| Said { provider: "neighbours", mac: Some(mac::text(seen)), ..Said::default() });
        let said: Vec<Said> = kernel.into_iter().chain(answers.into_iter().filter_map(said)).collect();
        output::write(&match self.format {
            Format::Json => {
                let (address, at) = (self.address, at.to_string());
                serde_json::to_string(&All { address, at, providers: &said })? + "\n"
            }
            Format::Table if said.is_empty() => format!("nobody knows who has {} at {at}\n", self.address),
            Format::Table => table(&said),
        })?;
        Ok(if said.is_empty() { ExitCode::from(UNKNOWN) } else { ExitCode::SUCCESS })
    }
}

fn said((provider, answer): (&'static str, Answer)) -> Option<Said> {
    let Answer::Told { told, from_us, until_us } = answer else { return None };
    let time = |us: Option<i64>| Some(Timestamp::from_microsecond(us?).ok()?.to_string());
    let told = (*told).clone();
    Some(Said {
        provider,
        hostname: told.hostname,
        account: told.account,
        unit: told.unit,
        room: told.room,
        person: told.person,
        contact: told.contact,
        mac: told.mac.map(mac::text),
        since: time(from_us),
        until: time(until_us),
    })
}

/// How a column is read.
type Read = fn(&Said) -> Option<&str>;

/// The columns in which somebody says something.
fn table(said: &[Said]) -> String {
    let columns: [(&str, Read); 10] = [
        ("provider", |said| Some(said.provider)),
        ("hostname", |said| said.hostname.as_deref()),
        ("account", |said| said.account.as_deref()),
        ("unit", |said| said.unit.as_deref()),
        ("room", |said| said.room.as_deref()),
        ("person", |said| said.person.as_deref()),
        ("contact", |said| said.contact.as_deref()),
        ("hardware address", |said| said.mac.as_deref()),
        ("since", |said| said.since.as_deref()),
        ("until", |said| said.until.as_deref()),
    ];
    let used: Vec<_> = columns.iter().filter(|(_, read)| said.iter().any(|said| read(said).is_some())).collect();
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(used.iter().map(|(title, _)| *title));
    let shown = |text: &str| minewall_core::evidence::printable(text, 256);
    for said in said {
        table.add_row(used.iter().map(|(_, read)| read(said).map(shown).unwrap_or_default()));
    }
    format!("{table}\n")
}

/// Reads a time with its zone, or in this machine's.
fn time(text: &str) -> Result<Timestamp> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    let wrong =
        || anyhow!("{text:?} is no time; write it as 2026-11-24T10:00:00Z, or 2026-11-24T10:00:00 in local time");
    let civil = text.parse::<DateTime>().map_err(|_| wrong())?;
    TimeZone::system().to_timestamp(civil).map_err(|_| wrong())
}
