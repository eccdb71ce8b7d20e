//! The Record as one sentence a person understands: what was done to whom, then what was seen.

use alloc::format;
use alloc::string::String;
use core::net::SocketAddr;

use super::{Action, Record};
use crate::finding::{Layer, Subject};

/// "Cut 10.0.0.5 off from 203.0.113.7:443: the TLS server name ... is listed as a mining pool (list pools, entry
/// example.org)". Words from the wire come after the addresses, so that they cannot pass for the gateway's own.
pub(super) fn sentence(record: &Record) -> String {
    let finding = &record.finding;
    let host = record.source.ip;
    let far = SocketAddr::new(record.destination.ip, record.destination.port);
    let test = if finding.is_test() { "Self-test of minewall, no mining: " } else { "" };
    let done = match (record.action, record.finding.layer) {
        (Action::Blocked, Layer::Dns) => format!("Refused {host} the answer of {far}"),
        (Action::Blocked, _) => format!("Cut {host} off from {far}"),
        (Action::Observed, Layer::Dns) => format!("Let {host} ask {far}"),
        (Action::Observed, _) => format!("Let {host} talk to {far}"),
    };
    let exempt = record.exemption.as_ref().map(|exemption| {
        let until = exemption.expires.as_ref().map(|day| format!(", until {day}")).unwrap_or_default();
        format!(", exempt by {} for {}{until}", exemption.owner, exemption.reason)
    });
    let rule = match finding.subject {
        Subject::Listed(_) => format!("list {}, entry {}", finding.ruleset, finding.rule),
        Subject::Protocol => format!("rule {} of {}", finding.rule, finding.ruleset),
    };
    format!("{test}{done}{}: {} ({rule})", exempt.unwrap_or_default(), finding.reason)
}
