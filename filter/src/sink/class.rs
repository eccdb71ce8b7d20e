//! The classes of events, for tools that know events by a number. Numbers are never given anew.

use minewall_core::finding::Layer;
use minewall_core::incident::State;

use super::Event;

/// A class of events.
#[derive(Debug)]
pub(super) struct Class {
    /// In the range of local rules of Snort and Suricata, 1,000,000 to 1,999,999.
    pub(super) number: u32,
    pub(super) name: &'static str,
}

/// All of them; docs/sinks.md shows the table, a test holds both together.
#[cfg(test)]
pub(super) const ALL: &[&Class] =
    &[&ADDRESS, &BEHAVIOUR, &DNS, &HTTP, &PAYLOAD, &PROXY, &SNI, &OPENED, &ACTIVE, &ENDED, &NOTICE, &LOST];

const ADDRESS: Class = Class { number: 1_470_001, name: "Mining: connection to a listed address and port" };
const BEHAVIOUR: Class = Class { number: 1_470_002, name: "Mining: the shape of an encrypted session" };
const DNS: Class = Class { number: 1_470_003, name: "Mining: DNS question for a listed name" };
const HTTP: Class = Class { number: 1_470_004, name: "Mining: HTTP request to a listed host" };
const PAYLOAD: Class = Class { number: 1_470_005, name: "Mining: a mining protocol was heard" };
const PROXY: Class = Class { number: 1_470_006, name: "Mining: a proxy was asked for a listed host" };
const SNI: Class = Class { number: 1_470_007, name: "Mining: TLS or QUIC to a listed server name" };
const OPENED: Class = Class { number: 1_470_021, name: "Mining: incident opened" };
const ACTIVE: Class = Class { number: 1_470_022, name: "Mining: incident goes on" };
const ENDED: Class = Class { number: 1_470_023, name: "Mining: incident ended" };
const NOTICE: Class = Class { number: 1_470_031, name: "minewall: notice" };
const LOST: Class = Class { number: 1_470_032, name: "minewall: records were lost" };

/// The class of an event.
pub(super) fn of(event: &Event) -> &'static Class {
    match event {
        Event::Incident(incident) => match incident.state {
            State::Active => &ACTIVE,
            State::Ended => &ENDED,
            State::Opened => &OPENED,
        },
        Event::Loss(_) => &LOST,
        Event::Notice(_) => &NOTICE,
        Event::Record(record) => match record.finding.layer {
            Layer::Address => &ADDRESS,
            Layer::Behaviour => &BEHAVIOUR,
            Layer::Dns => &DNS,
            Layer::Http => &HTTP,
            Layer::Payload => &PAYLOAD,
            Layer::Proxy => &PROXY,
            Layer::Sni => &SNI,
        },
    }
}
