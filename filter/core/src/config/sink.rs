//! Where records go: one entry of `[[sink]]` each.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::Deserialize;

use super::{Config, Wrong};

/// Bytes on disk, where a spool has no bound of its own.
const SPOOL_BYTES: u64 = 64 << 20;

/// Where records go.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Sink {
    /// A file of JSON lines.
    File(File),
    /// RFC 5424 messages.
    Syslog(Syslog),
    /// JSON lines in the shape of Suricata's EVE.
    Eve(Eve),
    /// HTTP requests.
    Webhook(Webhook),
}

/// A file of JSON lines.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// The file; it is appended to, and opened anew on SIGHUP.
    pub path: String,
    /// What it is given.
    #[serde(default)]
    pub events: Events,
    /// Whether it is given records held back from others so that they are not flooded.
    #[serde(default)]
    pub held: bool,
}

/// RFC 5424 messages.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Syslog {
    /// `unix:/dev/log`, `udp://ADDRESS:PORT`, `tcp://ADDRESS:PORT` (octet-counted, RFC 6587) or `tls://NAME:PORT`
    /// (RFC 5425).
    pub address: String,
    /// The facility's keyword (`local4`).
    #[serde(default = "local4")]
    pub facility: String,
    /// What the message says.
    #[serde(default)]
    pub format: Form,
    /// A PEM file of the authorities trusted by `tls://`; empty: the system's.
    #[serde(default)]
    pub authorities: String,
    /// A PEM file with the certificate that `tls://` shows, and those between it and its authority; empty: none.
    #[serde(default)]
    pub certificate: String,
    /// The PEM file of its private key.
    #[serde(default)]
    pub key: String,
    /// What it is given.
    #[serde(default)]
    pub events: Events,
    /// As with [`File::held`].
    #[serde(default)]
    pub held: bool,
    /// A directory of its own where messages wait; empty: they wait in memory only.
    #[serde(default)]
    pub spool: String,
    /// Bytes they may take there, 1 MiB to 1 TiB.
    #[serde(default = "spool_bytes")]
    pub spool_bytes: u64,
}

/// What a syslog message says.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// The Common Event Format of ArcSight.
    Cef,
    /// The record as JSON.
    #[default]
    Json,
}

/// JSON lines in the shape of Suricata's EVE.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Eve {
    /// The file, opened anew on SIGHUP; or `unix:` and the path of a stream socket or one of datagrams.
    pub path: String,
    /// What it is given.
    #[serde(default)]
    pub events: Events,
    /// As with [`File::held`].
    #[serde(default)]
    pub held: bool,
}

/// HTTP requests.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Where they are posted to: `https://`, or `http://` on a network of one's own.
    pub url: String,
    /// A file with the secret they are signed with, 16 to 1,024 bytes; empty: they are not signed.
    #[serde(default)]
    pub secret: String,
    /// Events in one request at the most, 1 to 500.
    #[serde(default = "batch")]
    pub batch: usize,
    /// Seconds a request may take, 1 to 120.
    #[serde(default = "timeout")]
    pub timeout: u32,
    /// A PEM file of authorities trusted besides the system's; empty: none.
    #[serde(default)]
    pub authorities: String,
    /// What it is given: incidents and notices unless set.
    #[serde(default = "Events::few")]
    pub events: Events,
    /// As with [`File::held`].
    #[serde(default)]
    pub held: bool,
    /// As with [`Syslog::spool`].
    #[serde(default)]
    pub spool: String,
    /// As with [`Syslog::spool_bytes`].
    #[serde(default = "spool_bytes")]
    pub spool_bytes: u64,
}

/// A kind of what sinks carry.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Carried {
    /// What happened, told now and then.
    Incident,
    /// Lines about minewall itself.
    Notice,
    /// Sightings.
    Record,
}

/// What a sink is given.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Events(Vec<Carried>);

impl Default for Events {
    fn default() -> Self {
        Self([Carried::Incident, Carried::Notice, Carried::Record].into())
    }
}

impl Events {
    fn few() -> Self {
        Self([Carried::Incident, Carried::Notice].into())
    }

    /// Whether this kind is among them.
    #[must_use]
    pub fn have(&self, kind: Carried) -> bool {
        self.0.contains(&kind)
    }
}

/// Where messages wait on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spool<'a> {
    /// The directory.
    pub directory: &'a str,
    /// Bytes in it at the most.
    pub bytes: u64,
}

fn local4() -> String {
    "local4".to_owned()
}

const fn spool_bytes() -> u64 {
    SPOOL_BYTES
}

const fn batch() -> usize {
    50
}

const fn timeout() -> u32 {
    10
}

impl Sink {
    /// What it is given.
    #[must_use]
    pub const fn events(&self) -> &Events {
        match self {
            Self::Eve(eve) => &eve.events,
            Self::File(file) => &file.events,
            Self::Syslog(syslog) => &syslog.events,
            Self::Webhook(webhook) => &webhook.events,
        }
    }

    /// Whether it is given records held back from others.
    #[must_use]
    pub const fn held(&self) -> bool {
        match self {
            Self::Eve(eve) => eve.held,
            Self::File(file) => file.held,
            Self::Syslog(syslog) => syslog.held,
            Self::Webhook(webhook) => webhook.held,
        }
    }

    /// Where what it cannot take waits on disk.
    #[must_use]
    pub fn spool(&self) -> Option<Spool<'_>> {
        let (directory, bytes) = match self {
            Self::Eve(_) | Self::File(_) => return None,
            Self::Syslog(syslog) => (&syslog.spool, syslog.spool_bytes),
            Self::Webhook(webhook) => (&webhook.spool, webhook.spool_bytes),
        };
        (!directory.is_empty()).then_some(Spool { directory, bytes })
    }

    fn check(&self) -> Result<(), (&'static str, String)> {
        let range = |key, value: u64, min: u64, max: u64| {
            let problem = || format!("{value} is outside {min} to {max}");
            if (min..=max).contains(&value) { Ok(()) } else { Err((key, problem())) }
        };
        if self.events().0.is_empty() {
            return Err((
                "events",
                "it would be given nothing; name \"record\", \"incident\" or \"notice\"".to_owned(),
            ));
        }
        if let Some(spool) = self.spool() {
            if !spool.directory.starts_with('/') {
                let problem =
                    format!("{:?} is no absolute path, such as \"/var/lib/minewall/spool/siem\"", spool.directory);
                return Err(("spool", problem));
            }
            range("spool_bytes", spool.bytes, 1 << 20, 1 << 40)?;
        }
        match self {
            Self::Eve(_) | Self::File(_) => Ok(()),
            Self::Syslog(syslog) => match (syslog.certificate.is_empty(), syslog.key.is_empty()) {
                (true, false) => Err(("key", "certificate is missing; name its PEM file too".to_owned())),
                (false, true) => {
                    Err(("certificate", "key is missing; name the PEM file of its private key too".to_owned()))
                }
                _ => Ok(()),
            },
            Self::Webhook(webhook) => {
                range("batch", webhook.batch as u64, 1, 500)?;
                range("timeout", webhook.timeout.into(), 1, 120)
            }
        }
    }
}

impl Config {
    /// Checks what types cannot in the entries of `[[sink]]`.
    ///
    /// # Errors
    /// The first setting that cannot be so.
    pub fn check_sinks(&self) -> Result<(), Wrong> {
        for (at, sink) in self.sink.iter().enumerate() {
            let wrong = |(key, problem)| Wrong { setting: format!("sink.{at}.{key}"), problem };
            sink.check().map_err(wrong)?;
            let spool = sink.spool().map(|spool| spool.directory.trim_end_matches('/'));
            let is_same = |other: &Sink| other.spool().map(|spool| spool.directory.trim_end_matches('/')) == spool;
            if spool.is_some() && self.sink.iter().take(at).any(is_same) {
                let problem = "it is the spool of another sink too; name a directory for each".to_owned();
                return Err(wrong(("spool", problem)));
            }
        }
        Ok(())
    }
}
