//! Mining protocols: objects of JSON in a stream, offered to every dialect whose anchors stand in it.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use aho_corasick::AhoCorasick;

use super::flow::{OpenFlow, Speech as Spoken};
use super::{Heard, Progress};
use crate::dialect::{PROOF, Speaker, TABLE};
use crate::finding::{Confidence, Finding, Layer, Subject};
use crate::flow::key::Side;
use crate::limits::{EXCERPT, OBJECTS};
use crate::wire::json::{self, Document, Scratch, Status, Str};

/// The longest anchor's length, so that one cut in two by segments is still seen.
const ANCHOR: usize = 16;

/// One automaton over the anchors of all dialects.
#[derive(Debug)]
pub(super) struct Speech {
    anchors: Option<AhoCorasick>,
}

/// What the objects of one reading gave.
#[derive(Default)]
struct Reading {
    /// Who spoke the last telling token.
    speaker: Option<Speaker>,
    /// The telling object's bytes, passwords masked.
    excerpt: Vec<u8>,
    /// Whether a new word was heard: wallet, worker, agent or coin.
    new_word: bool,
    /// Whether a new token was heard.
    new_token: bool,
    /// How far complete objects reach.
    complete: usize,
    /// Whether an object is not complete yet.
    under_way: bool,
}

impl Speech {
    pub(super) fn new() -> Self {
        let anchors = AhoCorasick::new(TABLE.iter().flat_map(|dialect| dialect.anchors));
        Self { anchors: anchors.ok() }
    }

    /// Listens to what `side` sent beyond what was read before.
    pub(super) fn hear(&self, flow: &mut OpenFlow, side: Side, last: bool, scratch: &mut Scratch) -> Heard {
        let from = flow.read(side);
        let mut spoken = core::mem::take(&mut flow.speech);
        let before = spoken.weight;
        let stream = flow.stream(side);
        let first = self.read(stream.prefix(), from, last, &mut spoken, scratch);
        // Where later copies of bytes differ, the other reading is heard as a whole: it is rare, and short.
        let later = stream.later_prefix().map(|later| self.read(later, 0, last, &mut spoken, scratch));
        flow.speech = spoken;
        flow.set_read(side, first.complete);
        let under_way = first.under_way;
        let telling = later.filter(|later| later.new_token).unwrap_or(first);
        let progress = if under_way { Progress::UnderWay } else { Progress::Unknown };
        // What is proven already is told again only with a new word.
        if flow.speech.weight < PROOF || before >= PROOF && !telling.new_word {
            return Heard { progress, ..Heard::default() };
        }
        let miner = telling.speaker.map(|speaker| if speaker == Speaker::Miner { side } else { side.other() });
        let finding = finding(&flow.speech, telling.excerpt);
        Heard { finding, miner, protocol: Some("stratum"), question: None, progress }
    }

    fn read(&self, bytes: &[u8], from: usize, last: bool, spoken: &mut Spoken, scratch: &mut Scratch) -> Reading {
        let mut reading = Reading { complete: from, ..Reading::default() };
        let Some(new) = bytes.get(from..) else { return reading };
        let opened = new.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
        if !opened && !self.is_anchored(new) {
            // Nothing to read here; an anchor may still be cut in two.
            reading.complete = bytes.len().saturating_sub(ANCHOR).max(from);
            return reading;
        }
        let mut objects = json::objects(new);
        for _ in 0..OBJECTS {
            let Some((_, document)) = objects.next(scratch) else { break };
            match document.status() {
                Status::Incomplete if !last => reading.under_way = true,
                Status::Invalid { .. } => {}
                Status::Complete { .. } | Status::Incomplete | Status::TooBig { .. } => {
                    listen(&document, spoken, &mut reading);
                }
            }
        }
        reading.complete = from + objects.settled();
        reading
    }

    fn is_anchored(&self, bytes: &[u8]) -> bool {
        self.anchors.as_ref().is_none_or(|anchors| anchors.is_match(bytes))
    }
}

/// Offers an object to every dialect.
fn listen(document: &Document<'_, '_>, spoken: &mut Spoken, reading: &mut Reading) {
    let Some(root) = document.root() else { return };
    for (index, dialect) in TABLE.iter().enumerate() {
        let Some(heard) = (dialect.hear)(root) else { continue };
        let new_token = spoken.add(index, heard.token, heard.weight);
        let new_word = spoken.dialect == Some(index) && spoken.said.learn(heard.said);
        if new_token {
            reading.excerpt = excerpt(root.raw(), &heard.secrets);
            reading.speaker = Some(heard.speaker);
        }
        if new_token || new_word {
            reading.speaker = reading.speaker.or(Some(heard.speaker));
        }
        reading.new_token |= new_token;
        reading.new_word |= new_word;
    }
}

/// The first bytes of the object, with passwords masked.
fn excerpt(object: &[u8], secrets: &[Option<Str<'_>>]) -> Vec<u8> {
    let mut bytes = object.to_vec();
    for secret in secrets.iter().flatten() {
        let raw = secret.raw();
        let start = (raw.as_ptr() as usize).wrapping_sub(object.as_ptr() as usize);
        if let Some(place) = bytes.get_mut(start..start.saturating_add(raw.len())) {
            place.fill(b'*');
        }
    }
    bytes.truncate(EXCERPT);
    bytes
}

fn finding(spoken: &Spoken, excerpt: Vec<u8>) -> Option<Finding> {
    let dialect = TABLE.get(spoken.dialect?)?;
    let tokens: Vec<_> = spoken.tokens().collect();
    Some(Finding {
        layer: Layer::Payload,
        dialect: Some(dialect.id),
        said: spoken.said.clone(),
        confidence: Confidence::High,
        rule: tokens.first().map(ToString::to_string).unwrap_or_default(),
        ruleset: String::from(dialect.id),
        subject: Subject::Protocol,
        reason: format!("the connection speaks the mining protocol {} (heard: {})", dialect.title, tokens.join(", ")),
        excerpt,
    })
}
