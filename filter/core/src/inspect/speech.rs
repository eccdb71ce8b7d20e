//! Mining protocols: objects of JSON, offered to every dialect whose anchors stand in them.

use alloc::vec::Vec;

use aho_corasick::AhoCorasick;

use super::flow::Place;
use super::spoken::Spoken;
use super::{Progress, excerpt};
use crate::dialect::{self, Heard, Speaker, TABLE};
use crate::wire::json::{self, Document, Scratch, Skim, Status};

/// Lines that are no objects after which a text is something else: a letter, a page, a chat that quotes mining. One is
/// the end of a line that was picked up in its middle.
const JUNK_LINES: u8 = 2;

/// What carries objects, hence what they may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Carrier {
    /// A call posted where calls of any kind are taken.
    Call,
    /// The body of an HTTP message, which may quote anything: only what is spoken over HTTP counts.
    Http,
    /// A connection or channel of its own.
    Line,
}

impl Carrier {
    fn admits(self, dialect: usize) -> bool {
        self != Self::Http || TABLE.get(dialect).is_some_and(dialect::head::is_spoken_over_http)
    }
}

/// One automaton over the anchors of all dialects.
#[derive(Debug)]
pub(super) struct Speech {
    anchors: Option<AhoCorasick>,
}

/// What telling objects gave.
#[derive(Debug, Default)]
pub(super) struct Telling {
    /// Who spoke the last telling token.
    pub(super) speaker: Option<Speaker>,
    /// The telling object's bytes, passwords masked.
    pub(super) excerpt: Vec<u8>,
    /// Whether a new word was heard: wallet, worker, agent or coin.
    pub(super) new_word: bool,
    /// Whether a new token was heard.
    pub(super) new_token: bool,
}

/// Offers what stands in bytes to the dialects, and keeps what they hear.
pub(super) struct Listener<'a> {
    pub(super) speech: &'a Speech,
    pub(super) scratch: &'a mut Scratch,
    pub(super) spoken: Spoken,
    pub(super) telling: Telling,
}

impl Speech {
    pub(super) fn new() -> Self {
        let anchors = AhoCorasick::new(TABLE.iter().flat_map(|dialect| dialect.anchors));
        Self { anchors: anchors.ok() }
    }

    /// Whether there may be something to hear: an anchor, or an escape that may hide one.
    fn is_worth(&self, bytes: &[u8]) -> bool {
        self.is_anchored(bytes) || memchr::memchr(b'\\', bytes).is_some()
    }

    fn is_anchored(&self, bytes: &[u8]) -> bool {
        self.anchors.as_ref().is_none_or(|anchors| anchors.is_match(bytes))
    }
}

impl Listener<'_> {
    /// Whether anything was heard on this connection.
    pub(super) const fn has_heard(&self) -> bool {
        self.spoken.weight > 0
    }

    /// Reads what is new in a text. With `last`, an object that is not complete is taken as it is.
    pub(super) fn text(&mut self, bytes: &[u8], place: &mut Place, last: bool) -> Progress {
        let reading = self.read(bytes, place, last, Carrier::Line);
        if reading.under_way {
            Progress::UnderWay
        } else if !reading.is_broken && place.is_heard() && place.junk_lines == 0 {
            Progress::Objects
        } else {
            Progress::Unknown
        }
    }

    /// Reads a message by itself; `last`: no more of it comes.
    pub(super) fn message(&mut self, bytes: &[u8], carrier: Carrier, last: bool) {
        self.read(bytes, &mut Place::default(), last, carrier);
    }

    /// Takes what the dialects heard in the head of an HTTP message.
    pub(super) fn heads<'h>(&mut self, heard: impl Iterator<Item = (usize, Heard<'h>)>) {
        for (index, heard) in heard {
            take(&mut self.spoken, &mut self.telling, index, heard, |_| Vec::new());
        }
    }

    /// Reads the objects of a text. Only those that begin their line count.
    fn read(&mut self, bytes: &[u8], place: &mut Place, last: bool, carrier: Carrier) -> Reading {
        let mut reading = Reading::default();
        place.inside = Skim::default();
        let from = place.read;
        let Some(new) = bytes.get(from..) else { return reading };
        let is_worth = self.speech.is_worth(new);
        let mut objects = json::objects(new);
        let mut done = 0;
        while place.junk_lines < JUNK_LINES {
            let Some((start, document)) = objects.next(self.scratch) else {
                place.pass(new.get(done..).unwrap_or_default());
                done = new.len();
                break;
            };
            place.pass(new.get(done..start).unwrap_or_default());
            let is_behind = match document.status() {
                Status::TooBig { .. } if last || objects.settled() > start => {
                    if is_worth && place.is_heard() {
                        let end = if objects.settled() > start { objects.settled() } else { new.len() };
                        self.listen_folded(new.get(start..end).unwrap_or_default(), carrier);
                    }
                    true
                }
                Status::Incomplete | Status::TooBig { .. } if !last => {
                    reading.under_way = place.is_heard();
                    place.inside = inside(new.get(start..).unwrap_or_default());
                    false
                }
                Status::Invalid { .. } => {
                    reading.is_broken = true;
                    false
                }
                Status::Complete { .. } | Status::Incomplete | Status::TooBig { .. } => {
                    let is_worth = is_worth && document.root().is_some_and(|root| self.speech.is_worth(root.raw()));
                    if is_worth && place.is_heard() {
                        listen(&document, carrier, &mut self.spoken, &mut self.telling);
                    }
                    true
                }
            };
            done = objects.settled();
            if !is_behind {
                // What is no object spoils its line.
                place.pass(new.get(start..done).unwrap_or_default());
            }
            if done == start {
                break;
            }
            reading.is_broken = false;
        }
        place.read = from + done;
        place.seen = bytes.len();
        reading
    }

    /// Offers an object with more members than are read, without most of those nobody asks for.
    fn listen_folded(&mut self, object: &[u8], carrier: Carrier) {
        if let Some(folded) = json::folded(object, dialect::asked) {
            listen(&json::parse(&folded, self.scratch), carrier, &mut self.spoken, &mut self.telling);
        }
    }
}

/// How the reading of a text ended.
#[derive(Default)]
struct Reading {
    /// Whether an object is not complete yet.
    under_way: bool,
    /// Whether it ends in a line that is no JSON.
    is_broken: bool,
}

/// Whether a segment by itself is worth hearing: it begins with an object, in a text not known to be something else.
pub(super) fn begins_object(payload: &[u8], place: Place) -> bool {
    payload.iter().find(|byte| !is_quiet(**byte)) == Some(&b'{') && place.junk_lines < JUNK_LINES
}

/// Whether the first object of a segment is part of another one that began in an earlier segment: something else than an
/// object follows it.
pub(super) fn is_within(payload: &[u8], scratch: &mut Scratch) -> bool {
    let mut objects = json::objects(payload);
    let is_whole =
        objects.next(scratch).is_some_and(|(_, document)| matches!(document.status(), Status::Complete { .. }));
    let behind = payload.get(objects.settled()..).unwrap_or_default();
    is_whole && behind.iter().find(|byte| !is_quiet(**byte)).is_some_and(|byte| *byte != b'{')
}

/// Where an object under way ends for now.
pub(super) fn inside(object: &[u8]) -> Skim {
    let mut inside = Skim::INSIDE;
    inside.pass(object.get(1..).unwrap_or_default());
    inside
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

/// What may stand between objects: white space, NUL, the brackets and commas of a batch, the octets of a byte order
/// mark.
const fn is_quiet(byte: u8) -> bool {
    matches!(byte, 0 | b' ' | b'\t' | b'\n' | b'\r' | b'[' | b']' | b',' | 0xef | 0xbb | 0xbf)
}

/// Offers an object to every dialect.
fn listen(document: &Document<'_, '_>, carrier: Carrier, spoken: &mut Spoken, telling: &mut Telling) {
    let Some(root) = document.root() else { return };
    for (index, heard) in dialect::hear(root).filter(|(index, _)| carrier.admits(*index)) {
        take(spoken, telling, index, heard, |secrets| excerpt::of(document, secrets));
    }
}

/// Keeps what was heard, and tells whether any of it was new; the excerpt is made where a token is.
pub(super) fn take(
    spoken: &mut Spoken,
    telling: &mut Telling,
    dialect: usize,
    heard: Heard<'_>,
    excerpt: impl FnOnce(&[&[u8]]) -> Vec<u8>,
) -> bool {
    let new_token = spoken.add(dialect, heard.token, heard.weight);
    let new_word = spoken.is_of(dialect) && spoken.said.learn(heard.said);
    if new_token {
        telling.excerpt = excerpt(&heard.secrets);
        telling.speaker = Some(heard.speaker);
    }
    if new_token || new_word {
        telling.speaker = telling.speaker.or(Some(heard.speaker));
    }
    telling.new_token |= new_token;
    telling.new_word |= new_word;
    new_token || new_word
}
