//! Incidents as lines of JSON, in the names of the Elastic Common Schema around `minewall.incident`.

use alloc::string::String;
use core::net::IpAddr;

use serde::Serialize;

use super::bound::{EXTENTS, Extent};
use super::sentence::sentence;
use super::{Incident, State};
use crate::evidence::{ascii, printable, timestamp};

#[derive(Serialize)]
struct Line<'a> {
    #[serde(rename = "@timestamp")]
    timestamp: String,
    event: Event<'a>,
    source: Source,
    observer: Named<'a>,
    ecs: Version,
    minewall: Minewall<'a>,
}

#[derive(Serialize)]
struct Event<'a> {
    kind: &'static str,
    category: [&'static str; 2],
    action: &'static str,
    reason: String,
    id: &'a str,
}

#[derive(Serialize)]
struct Source {
    ip: IpAddr,
}

#[derive(Serialize)]
struct Named<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct Version {
    version: &'static str,
}

#[derive(Serialize)]
struct Minewall<'a> {
    incident: &'a Incident,
    #[serde(skip_serializing_if = "Option::is_none")]
    shortened: Option<bool>,
}

impl State {
    /// The word used in lines (`event.action`).
    #[must_use]
    pub const fn action(self) -> &'static str {
        match self {
            Self::Active => "incident-active",
            Self::Ended => "incident-ended",
            Self::Opened => "incident-opened",
        }
    }
}

impl Incident {
    /// The incident as one line of JSON, without the line's end.
    #[must_use]
    pub fn to_json(&self) -> String {
        let [whole, ..] = EXTENTS;
        self.line(whole, None)
    }

    /// The incident as one line of ASCII JSON of at most `max_bytes`.
    ///
    /// A line that would be longer is written with shorter lists and texts, and says `minewall.shortened`. `max_bytes`
    /// below [`crate::evidence::SHORTENED_BYTES`] cannot be promised.
    #[must_use]
    pub fn to_ascii_json(&self, max_bytes: usize) -> String {
        let mut line = ascii(self.to_json());
        for extent in EXTENTS.into_iter().skip(1) {
            if line.len() <= max_bytes {
                break;
            }
            line = ascii(self.line(extent, Some(true)));
        }
        line
    }

    fn line(&self, extent: Extent, shortened: Option<bool>) -> String {
        let incident = self.within(extent);
        let line = Line {
            timestamp: timestamp(self.time_us),
            event: Event {
                kind: "alert",
                category: ["network", "intrusion_detection"],
                action: self.state.action(),
                reason: printable(&self.summary(), extent.sentence),
                id: &incident.id,
            },
            source: Source { ip: self.ip },
            observer: Named { name: &incident.observer },
            ecs: Version { version: "8.11.0" },
            minewall: Minewall { incident: &incident, shortened },
        };
        // A value of plain structures cannot fail to be written.
        serde_json::to_string(&line).unwrap_or_default()
    }

    /// One sentence for people.
    #[must_use]
    pub fn summary(&self) -> String {
        sentence(self)
    }
}
