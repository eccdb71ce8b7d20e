//! Mining protocols: objects of JSON in a stream, offered to every dialect whose anchors stand in it.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use aho_corasick::AhoCorasick;

use super::flow::{OpenFlow, Place, Speech as Spoken};
use super::{Heard, Progress, excerpt};
use crate::dialect::{self, PROOF, Speaker, TABLE};
use crate::finding::{Confidence, Finding, Layer, Subject};
use crate::flow::key::Side;
use crate::wire::json::{self, Document, Scratch, Status};

/// Lines that are no objects after which a text is something else: a letter, a page, a chat that quotes mining. One is
/// the end of a line that was picked up in its middle.
const JUNK_LINES: u8 = 2;

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
    /// Whether the dialect turned out to be another one than was thought.
    is_corrected: bool,
    /// How far it was read.
    place: Place,
    /// Whether an object is not complete yet.
    under_way: bool,
    /// Whether it ends in a line that is no JSON.
    is_broken: bool,
}

impl Speech {
    pub(super) fn new() -> Self {
        let anchors = AhoCorasick::new(TABLE.iter().flat_map(|dialect| dialect.anchors));
        Self { anchors: anchors.ok() }
    }

    /// Listens to what `side` sent beyond what was read before.
    pub(super) fn hear(&self, flow: &mut OpenFlow, side: Side, last: bool, scratch: &mut Scratch) -> Heard {
        if !last && flow.progress(side) == Progress::UnderWay && cannot_end(flow, side) {
            return Heard { progress: Progress::UnderWay, ..Heard::default() };
        }
        let mut spoken = core::mem::take(&mut flow.speech);
        let before = spoken.weight;
        let stream = flow.stream(side);
        let first = self.read(stream.prefix(), flow.place(side), last, &mut spoken, scratch);
        // Where later copies of bytes differ, the other reading is heard as a whole: it is rare, and short.
        let later = stream.later_prefix();
        let later = later.map(|later| self.read(later, Place::default(), last, &mut spoken, scratch));
        flow.speech = spoken;
        flow.set_place(side, first.place);
        let progress = if first.under_way || later.as_ref().is_some_and(|later| later.under_way) {
            Progress::UnderWay
        } else if !first.is_broken && first.place.is_heard() && first.place.junk_lines == 0 {
            Progress::Objects
        } else {
            Progress::Unknown
        };
        let telling = later.filter(|later| later.new_token).unwrap_or(first);
        Heard { progress, ..told(&flow.speech, before, telling, side) }
    }

    /// Listens to a segment by itself, if it begins with an object in a text that is not known to be something else.
    pub(super) fn hear_alone(&self, flow: &mut OpenFlow, side: Side, payload: &[u8], scratch: &mut Scratch) -> Heard {
        let opened = payload.iter().find(|byte| !is_quiet(**byte)) == Some(&b'{');
        if !opened || flow.place(side).junk_lines >= JUNK_LINES || is_within(payload, scratch) {
            return Heard::default();
        }
        let before = flow.speech.weight;
        let reading = self.read(payload, Place::default(), false, &mut flow.speech, scratch);
        told(&flow.speech, before, reading, side)
    }

    /// Reads the objects of a text. Only those that begin their line count.
    fn read(&self, bytes: &[u8], from: Place, last: bool, spoken: &mut Spoken, scratch: &mut Scratch) -> Reading {
        let mut reading = Reading { place: from, ..Reading::default() };
        let Some(new) = bytes.get(from.read..) else { return reading };
        let is_worth = self.is_worth(new);
        let mut objects = json::objects(new);
        let mut done = 0;
        while reading.place.junk_lines < JUNK_LINES {
            let Some((start, document)) = objects.next(scratch) else {
                reading.place.pass(new.get(done..).unwrap_or_default());
                done = new.len();
                break;
            };
            reading.place.pass(new.get(done..start).unwrap_or_default());
            let is_behind = match document.status() {
                Status::Incomplete if !last => {
                    reading.under_way = reading.place.is_heard();
                    false
                }
                Status::Invalid { .. } => {
                    reading.is_broken = true;
                    false
                }
                Status::Complete { .. } | Status::Incomplete | Status::TooBig { .. } => {
                    if is_worth && reading.place.is_heard() {
                        listen(&document, spoken, &mut reading);
                    }
                    true
                }
            };
            done = objects.settled();
            if !is_behind {
                // What is no object spoils its line.
                reading.place.pass(new.get(start..done).unwrap_or_default());
            }
            if done == start {
                break;
            }
            reading.is_broken = false;
        }
        reading.place.read = from.read + done;
        reading.place.seen = bytes.len();
        reading
    }

    /// Whether there may be something to hear: an anchor, or an escape that may hide one.
    fn is_worth(&self, bytes: &[u8]) -> bool {
        self.is_anchored(bytes) || memchr::memchr(b'\\', bytes).is_some()
    }

    fn is_anchored(&self, bytes: &[u8]) -> bool {
        self.anchors.as_ref().is_none_or(|anchors| anchors.is_match(bytes))
    }
}

/// Whether the object under way cannot have ended: no brace came since it was looked at. Without this, a line sent byte
/// by byte would be read anew with each.
fn cannot_end(flow: &mut OpenFlow, side: Side) -> bool {
    let place = flow.place(side);
    let stream = flow.stream(side);
    let fresh = stream.prefix().get(place.seen..).unwrap_or_default();
    let cannot = stream.later_prefix().is_none() && memchr::memchr(b'}', fresh).is_none();
    let seen = stream.prefix().len();
    flow.set_place(side, Place { seen, ..place });
    cannot
}

impl Place {
    /// Whether an object that begins here counts.
    const fn is_heard(self) -> bool {
        !self.is_dirty && self.junk_lines < JUNK_LINES
    }

    /// Goes on behind bytes that are no objects.
    fn pass(&mut self, bytes: &[u8]) {
        let mut lines = bytes.split(|byte| *byte == b'\n').peekable();
        while let Some(line) = lines.next() {
            self.is_dirty |= !line.iter().all(|byte| is_quiet(*byte));
            if lines.peek().is_some() {
                self.junk_lines = self.junk_lines.saturating_add(u8::from(self.is_dirty));
                self.is_dirty = false;
            }
        }
    }
}

/// Whether the first object of a segment is part of another one that began in an earlier segment: something else than an
/// object follows it.
fn is_within(payload: &[u8], scratch: &mut Scratch) -> bool {
    let mut objects = json::objects(payload);
    let is_whole =
        objects.next(scratch).is_some_and(|(_, document)| matches!(document.status(), Status::Complete { .. }));
    let behind = payload.get(objects.settled()..).unwrap_or_default();
    is_whole && behind.iter().find(|byte| !is_quiet(**byte)).is_some_and(|byte| *byte != b'{')
}

/// What may stand between objects: white space, NUL, the brackets and commas of a batch, the octets of a byte order
/// mark.
const fn is_quiet(byte: u8) -> bool {
    matches!(byte, 0 | b' ' | b'\t' | b'\n' | b'\r' | b'[' | b']' | b',' | 0xef | 0xbb | 0xbf)
}

/// Offers an object to every dialect.
fn listen(document: &Document<'_, '_>, spoken: &mut Spoken, reading: &mut Reading) {
    let Some(root) = document.root() else { return };
    let known = spoken.dialect;
    for (index, heard) in dialect::hear(root) {
        let new_token = spoken.add(index, heard.token, heard.weight);
        let new_word = spoken.is_of(index) && spoken.said.learn(heard.said);
        if new_token {
            reading.excerpt = excerpt::of(document, &heard.secrets);
            reading.speaker = Some(heard.speaker);
        }
        if new_token || new_word {
            reading.speaker = reading.speaker.or(Some(heard.speaker));
        }
        reading.new_token |= new_token;
        reading.new_word |= new_word;
    }
    reading.is_corrected |= known.is_some() && spoken.dialect != known;
}

/// The finding, where the flow's tokens together prove mining. What is proven already is told again only with a new
/// word or another dialect.
fn told(spoken: &Spoken, before: u8, telling: Reading, side: Side) -> Heard {
    if spoken.weight < PROOF || before >= PROOF && !telling.new_word && !telling.is_corrected {
        return Heard::default();
    }
    let miner = telling.speaker.map(|speaker| if speaker == Speaker::Miner { side } else { side.other() });
    Heard { finding: finding(spoken, telling.excerpt), miner, protocol: Some("stratum"), ..Heard::default() }
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
