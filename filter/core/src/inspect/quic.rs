//! The client's first datagrams of QUIC: the server name of the hello in them.

use alloc::format;
use alloc::string::String;

use super::flow::OpenFlow;
use super::{Ear, Heard, listed};
use crate::finding::Layer;
use crate::flow::key::Side;
use crate::limits::QUIC_DATAGRAMS;
use crate::wire::quic::{Crypto, Initial, QuicError};
use crate::wire::tls::Tls;

/// What a client has sent so far of an undecided flow.
#[derive(Debug, Default)]
pub struct Quic {
    crypto: Crypto,
    datagrams: u8,
}

/// How far a client's hello has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Greeting {
    /// It is no QUIC.
    Other,
    /// More of it must come.
    UnderWay,
    /// It is QUIC, and cannot be read.
    Unreadable,
    /// It was read.
    Whole,
}

impl Ear {
    /// Listens to a datagram of the client's. The listed address is told with the end of the hello.
    pub fn hear_datagram(&mut self, flow: &mut OpenFlow, client: Side, payload: &[u8]) -> (Heard, Greeting) {
        let quic = flow.quic.get_or_insert_default();
        quic.datagrams = quic.datagrams.saturating_add(1);
        let opened = Initial::open(payload, &mut quic.crypto, &mut self.joined);
        let is_first = quic.datagrams == 1;
        let is_last = quic.datagrams >= QUIC_DATAGRAMS;
        let (name, greeting) = match (opened, quic.crypto.hello()) {
            // Later ones may be strewn in by someone who wants us to look away.
            (Err(QuicError::NotQuic), _) if is_first => (None, Greeting::Other),
            (_, Tls::Hello(hello)) => {
                let name = hello.server_name.map(|name| String::from(name.as_str()));
                // Which of two hellos the server goes by is not known.
                let is_clear = !quic.crypto.is_inconsistent();
                (name, if is_clear { Greeting::Whole } else { Greeting::Unreadable })
            }
            (_, Tls::NotTls) => (None, Greeting::Unreadable),
            (_, Tls::Incomplete) if is_last => (None, Greeting::Unreadable),
            (_, Tls::Incomplete) => (None, Greeting::UnderWay),
        };
        listed::ends(&self.lists, &self.learned, flow);
        let mut heard = Heard { miner: Some(client), protocol: Some("quic"), ..Heard::default() };
        if let Some(name) = name {
            let hit = self.lists.name(&name);
            heard.finding = hit.map(|hit| listed::finding(Layer::Sni, &format!("the QUIC server name {name}"), &hit));
            (flow.server_name, flow.is_greeted) = (name, true);
        }
        if greeting == Greeting::Whole {
            heard.resolver = listed::resolver(&self.lists, flow, client);
        }
        (heard, greeting)
    }
}
