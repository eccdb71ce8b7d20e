//! The Record: one sighting of mining as evidence, complete and owned, ready for any sink.

use alloc::boxed::Box;
use alloc::string::String;

use crate::endpoint::{Endpoint, Protocol};
use crate::finding::Finding;
use crate::names::Names;

mod json;
mod loss;
mod notice;
mod privacy;
mod sentence;
#[cfg(test)]
mod tests;
mod text;
mod who;

pub use json::SHORTENED_BYTES;
pub(crate) use json::{ascii, mac};
pub use loss::Loss;
pub use notice::Notice;
pub use privacy::{Level, Privacy, Rules, replaced};
pub use text::{excerpt, printable, timestamp};
pub use who::Who;

/// What was done about a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The question was refused or the connection cut.
    Blocked,
    /// Only written down: by mode, by category or by an exemption.
    Observed,
}

impl Action {
    /// The word used in records (`event.action`).
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::Observed => "observed",
        }
    }
}

/// The DNS question that was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The name, lower case, without the trailing dot.
    pub name: String,
    /// The type's mnemonic (`A`, `HTTPS`, `TYPE1234`).
    pub kind: String,
}

/// Why a host was let pass although it mines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exemption {
    /// Who answers for it.
    pub owner: String,
    /// What for.
    pub reason: String,
    /// The last day it holds, `YYYY-MM-DD`, where one was set.
    pub expires: Option<String>,
}

/// One sighting of mining, as it is written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Microseconds since 1970-01-01T00:00:00Z.
    pub time_us: i64,
    /// Unique among the records of all engines and runs: seed and count of the engine, in hexadecimal.
    pub id: String,
    /// What was done.
    pub action: Action,
    /// The host inside, whichever side spoke the telling bytes.
    pub source: Endpoint,
    /// Its hardware address, where a packet of the host itself was seen on an Ethernet link.
    pub source_mac: Option<[u8; 6]>,
    /// Who that is, filled in by the process.
    pub who: Option<Box<Who>>,
    /// Its address and port behind NAT, as the far end sees it, filled in by the process.
    pub nat: Option<Endpoint>,
    /// The far end: the pool, or the name server that was asked.
    pub destination: Endpoint,
    /// The far end's name, where it is known: the server name, or a name that lately led to its address.
    pub destination_domain: Option<String>,
    /// TCP or UDP.
    pub transport: Protocol,
    /// The application protocol (`dns`, `tls`, `stratum`).
    pub protocol: &'static str,
    /// The DNS question, on the DNS layer.
    pub question: Option<Question>,
    /// The server name of the TLS hello, where one was seen.
    pub server_name: Option<String>,
    /// The 802.1Q VLAN of the packet, where it was tagged.
    pub vlan: Option<u16>,
    /// The gateway's name.
    pub observer: String,
    /// The index of the interface the host stands behind; 0 where unknown.
    pub interface_index: u32,
    /// That interface's name, filled in by the process.
    pub interface: Option<String>,
    /// What was heard.
    pub finding: Finding,
    /// The exemption that let it pass.
    pub exemption: Option<Exemption>,
    /// The end of the grace that let it pass, microseconds since 1970-01-01T00:00:00Z.
    pub grace_until_us: Option<i64>,
}

impl Record {
    /// Adds the name that led to the far end's address, where none is known. A name server is not named so: what was
    /// asked of it stands in the record.
    pub fn name_destination(&mut self, names: &Names) {
        if self.destination_domain.is_none() && self.question.is_none() {
            self.destination_domain = names.name(self.time_us, self.destination.ip).map(String::from);
        }
    }
}
