//! Names: DNS questions and the server names of TLS hellos, looked up in the lists.

use alloc::format;
use alloc::string::ToString;

use minewall_lists::Lists;

use super::flow::OpenFlow;
use super::{Counts, Heard, Progress, listed};
use crate::evidence::Question;
use crate::finding::{Finding, Layer};
use crate::flow::key::Side;
use crate::limits::{DNS_TCP_ANSWER, DNS_TCP_MESSAGE};
use crate::wire::dns;

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

/// What the names in an answer are on the lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answered {
    /// The question that is answered, if its name is listed.
    pub question: Option<Asked>,
    /// The question, with the finding about a listed name it leads to.
    pub hidden: Option<Asked>,
}

/// Looks up the names in a DNS message that answers: the question's, and those that its aliases (CNAME, SVCB, HTTPS)
/// lead to. A message that answers no question is empty.
///
/// # Errors
/// What is wrong with the message.
pub fn answer(lists: &Lists, message: &[u8]) -> Result<Answered, dns::DnsError> {
    let response = match dns::Response::read(message) {
        Ok(response) => response,
        Err(dns::DnsError::NotResponse | dns::DnsError::OtherOpcode(_)) => return Ok(Answered::default()),
        Err(error) => return Err(error),
    };
    let Some(question) = response.question() else { return Ok(Answered::default()) };
    let (name, kind) = (question.name.as_str(), question.qtype.to_string());
    let asked = |finding| Asked { question: Question { name: name.to_string(), kind: kind.clone() }, finding };
    let own = lists.name(name).map(|hit| {
        let what = format!("the DNS question for {name} ({kind})");
        asked(listed::finding(Layer::Dns, &what, &hit))
    });
    let hidden = response.records().find_map(|record| {
        let target = record.content.target()?.as_str();
        let hit = lists.name(target)?;
        let what = format!("the name {target}, hidden behind the DNS question for {name} ({kind}),");
        Some(asked(listed::finding(Layer::Dns, &what, &hit)))
    });
    Ok(Answered { question: own, hidden })
}

/// Reads the answers of a stream as [`stream`] reads the questions. Of a listed question it was told when it was asked.
pub(super) fn answers(lists: &Lists, flow: &mut OpenFlow, side: Side) -> Heard {
    let hidden = |message| {
        let answered = answer(lists, message)?;
        Ok(answered.hidden.filter(|_| answered.question.is_none()))
    };
    let prefix = flow.stream(side).prefix();
    let mut heard = Heard { protocol: Some("dns"), progress: Progress::Always, ..Heard::default() };
    let mut frames = dns::frames(prefix);
    for message in frames.by_ref() {
        heard.take(hidden(message), side.other());
    }
    let mut consumed = frames.consumed();
    let rest = prefix.get(consumed..).unwrap_or_default();
    if let Some((length, message)) = rest.split_first_chunk::<2>()
        && rest.len() >= DNS_TCP_ANSWER
    {
        heard.take(hidden(message), side.other());
        consumed += 2 + usize::from(u16::from_be_bytes(*length));
    }
    flow.stream_mut(side).consume(consumed);
    heard
}

/// Reads the DNS messages of a stream, one after another, and lets go of what was read. Of a message that is longer
/// than what is kept, the questions at its beginning are read and the rest is passed over.
pub(super) fn stream(lists: &Lists, flow: &mut OpenFlow, side: Side) -> Heard {
    let prefix = flow.stream(side).prefix();
    let (mut heard, mut consumed) = messages(lists, side, prefix);
    let rest = prefix.get(consumed..).unwrap_or_default();
    if let Some((length, message)) = rest.split_first_chunk::<2>()
        && rest.len() >= DNS_TCP_MESSAGE
    {
        heard.take(question(lists, message), side);
        consumed += 2 + usize::from(u16::from_be_bytes(*length));
    }
    flow.stream_mut(side).consume(consumed);
    heard
}

/// Reads the DNS messages that are whole in a segment which found no place in its stream.
pub(super) fn alone(lists: &Lists, side: Side, payload: &[u8]) -> Heard {
    let (heard, _) = messages(lists, side, payload);
    // What cannot be read may be the middle of a message.
    Heard { counts: Counts::default(), ..heard }
}

/// What the whole messages say, and how many octets they are.
fn messages(lists: &Lists, side: Side, bytes: &[u8]) -> (Heard, usize) {
    let mut heard = Heard { protocol: Some("dns"), progress: Progress::Always, ..Heard::default() };
    let mut frames = dns::frames(bytes);
    for message in frames.by_ref() {
        heard.take(question(lists, message), side);
    }
    (heard, frames.consumed())
}

impl Heard {
    /// Takes over what one message said, where none said anything before.
    fn take(&mut self, asked: Result<Option<Asked>, dns::DnsError>, side: Side) {
        match asked {
            Ok(Some(asked)) if self.finding.is_none() => {
                self.finding = Some(asked.finding.clone());
                self.miner = Some(side);
                self.question = Some(asked);
            }
            Ok(_) => {}
            Err(_) => self.counts.unreadable += 1,
        }
    }
}
