//! Names: DNS questions and the server names of TLS hellos, looked up in the lists.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use minewall_lists::Lists;

use super::flow::OpenFlow;
use super::{Heard, Progress, listed};
use crate::evidence::Question;
use crate::finding::{Finding, Layer};
use crate::flow::key::Side;
use crate::limits::DNS_TCP_MESSAGE;
use crate::wire::{dns, tls};

/// A DNS question that was found listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The question.
    pub question: Question,
    /// What the list says.
    pub finding: Finding,
}

/// Looks the names of a DNS message's questions up. An answer, and a message that asks for nothing, is `Ok(None)`.
///
/// # Errors
/// What is wrong with the message.
pub fn question(lists: &Lists, message: &[u8]) -> Result<Option<Asked>, dns::DnsError> {
    let query = match dns::Query::read(message) {
        Ok(query) => query,
        Err(dns::DnsError::NoQuestion | dns::DnsError::OtherOpcode(_) | dns::DnsError::Response) => return Ok(None),
        Err(error) => return Err(error),
    };
    let listed = query.questions().find_map(|question| {
        let name = question.name.as_str();
        let hit = lists.name(name)?;
        let kind = question.qtype.to_string();
        let what = format!("the DNS question for {name} ({kind})");
        let finding = listed::finding(Layer::Dns, &what, &hit);
        Some(Asked { question: Question { name: name.to_string(), kind }, finding })
    });
    Ok(listed)
}

/// Reads the DNS messages of a stream, one after another, and lets go of what was read.
pub(super) fn stream(lists: &Lists, flow: &mut OpenFlow, side: Side) -> Heard {
    let prefix = flow.stream(side).prefix();
    let mut frames = dns::frames(prefix);
    let mut found = None;
    for message in frames.by_ref() {
        match question(lists, message) {
            Ok(asked) => found = found.or(asked),
            Err(_) => {
                flow.not_dns(side);
                return Heard::default();
            }
        }
    }
    let consumed = frames.consumed();
    let waiting = prefix.len() - consumed;
    flow.stream_mut(side).consume(consumed);
    if waiting >= DNS_TCP_MESSAGE {
        return Heard { progress: Progress::Done, ..Heard::default() };
    }
    let protocol = Some("dns");
    let finding = found.as_ref().map(|asked: &Asked| asked.finding.clone());
    Heard { finding, miner: Some(side), protocol, question: found, progress: Progress::Always }
}

/// Reads the server name of a TLS hello.
pub(super) fn hello(lists: &Lists, flow: &mut OpenFlow, side: Side, scratch: &mut Vec<u8>) -> Heard {
    let done = Heard { progress: Progress::Done, protocol: Some("tls"), ..Heard::default() };
    let name = match tls::ClientHello::read(flow.stream(side).prefix(), scratch) {
        tls::Tls::Incomplete => return Heard { progress: Progress::UnderWay, ..Heard::default() },
        tls::Tls::Hello(tls::ClientHello { server_name: Some(name), .. }) => String::from(name.as_str()),
        tls::Tls::Hello(_) | tls::Tls::NotTls => return done,
    };
    let hit = lists.name(&name);
    let what = || format!("the TLS server name {name}");
    let finding = hit.map(|hit| listed::finding(Layer::Sni, &what(), &hit));
    flow.server_name = Some(name);
    Heard { finding, miner: Some(side), ..done }
}
