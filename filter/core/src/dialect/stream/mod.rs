//! Mining protocols that are not JSON: one file and one row of [`STREAMS`] each. They listen to the first bytes of a
//! connection, which only tell something as its first bytes; of some, whole messages in the middle tell too.

use super::{Heard, Token};
pub use crate::limits::TURNS;

mod btccom_agent;
mod duino_coin;
mod fields;
mod miner_proxy;
mod p2pool;
mod stratum_v2;
mod stratum_v2_plain;
mod xatum;

/// Every such dialect; one that never proves anything comes last.
pub static STREAMS: &[StreamDialect] = &[
    btccom_agent::DIALECT,
    duino_coin::DIALECT,
    p2pool::DIALECT,
    stratum_v2::DIALECT,
    stratum_v2_plain::DIALECT,
    xatum::DIALECT,
    miner_proxy::DIALECT,
];

/// One mining protocol told by a connection's first bytes.
#[derive(Clone, Copy, Debug)]
pub struct StreamDialect {
    /// Its id in records (`minewall.dialect`) and rules.
    pub id: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// The coins and algorithms it is spoken for.
    pub coins: &'static str,
    /// The section of the catalogue (PROTOCOLS.md) it was made from.
    pub section: &'static str,
    /// Everything it can hear.
    pub tokens: &'static [Token],
    /// Listens to both directions; asked again each time one has grown. What it hears once it hears in everything that
    /// goes on from there, so that cuts do not matter.
    pub hear: for<'a> fn(Beginning<'a>) -> Option<Told<'a>>,
    /// Whether what was said so far may be the start of what it hears, so that it is worth waiting for more, however
    /// small the pieces. Each waits for a few hundred octets at the most.
    pub awaits: fn(Beginning<'_>) -> bool,
}

/// One end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The one that opened it.
    Client,
    /// The other.
    Server,
}

/// What one end said in one go, before the other spoke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Who spoke.
    pub end: End,
    /// How much.
    pub octets: usize,
}

/// The first bytes of both directions, in order, as far as they were seen. Where it is not known which end opened the
/// connection, both ways of reading it are tried.
#[derive(Clone, Copy, Debug, Default)]
pub struct Beginning<'a> {
    /// What the side that opened the connection sent.
    pub client: &'a [u8],
    /// What the other side sent.
    pub server: &'a [u8],
    /// The first [`TURNS`] turns, in order; the ends alternate, and the last may still grow. The bytes of each are those
    /// behind the turns its end had before.
    pub turns: &'a [Turn],
}

/// A turn with its bytes.
#[derive(Clone, Copy, Debug)]
struct Spoken<'a> {
    end: End,
    /// Its bytes, as far as they are held.
    bytes: &'a [u8],
    octets: usize,
    /// Whether the other end has spoken since.
    is_over: bool,
}

impl<'a> Beginning<'a> {
    fn spoken(self) -> impl Iterator<Item = Spoken<'a>> {
        let (mut of_client, mut of_server) = (0, 0);
        let last = self.turns.len();
        self.turns.iter().enumerate().map(move |(place, turn)| {
            let (bytes, at) = match turn.end {
                End::Client => (self.client, &mut of_client),
                End::Server => (self.server, &mut of_server),
            };
            let rest = bytes.get(*at..).unwrap_or_default();
            *at = at.saturating_add(turn.octets);
            let bytes = rest.get(..turn.octets).unwrap_or(rest);
            Spoken { end: turn.end, bytes, octets: turn.octets, is_over: place + 1 < last }
        })
    }

    /// The complete lines of one end, without their ends; 16 at most.
    fn lines(self, end: End) -> impl Iterator<Item = &'a str> {
        lines(match end {
            End::Client => self.client,
            End::Server => self.server,
        })
    }

    /// What one end said, turn by turn, a line each; where a turn is over, what stands behind its last line end is one
    /// too, for some miners send none.
    fn sayings(self, end: End) -> impl Iterator<Item = &'a str> {
        let own = self.spoken().filter(move |turn| turn.end == end);
        own.flat_map(|turn| {
            let complete = turn.bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
            let bare = turn.bytes.get(complete..).filter(|_| turn.is_over).unwrap_or_default();
            lines(turn.bytes).chain(core::str::from_utf8(bare).ok().map(str::trim))
        })
    }
}

/// What such a dialect heard.
#[derive(Debug)]
pub struct Told<'a> {
    /// As of any dialect; its own secrets are empty.
    pub heard: Heard<'a>,
    /// A password, as it stands in the bytes listened to.
    pub secret: Option<&'a [u8]>,
}

impl<'a> Told<'a> {
    const fn new(token: Token) -> Self {
        Self { heard: Heard::new(token), secret: None }
    }
}

/// What is heard in a connection's beginning, each with its dialect's place in [`STREAMS`].
pub fn hear<'a>(beginning: Beginning<'a>) -> impl Iterator<Item = (usize, Told<'a>)> {
    let each = STREAMS.iter().enumerate();
    each.filter_map(move |(place, dialect)| Some((place, (dialect.hear)(beginning)?)))
}

/// Whether any of them waits for more: then no count of packets should end the listening.
#[must_use]
pub fn awaits(beginning: Beginning<'_>) -> bool {
    let silent = beginning.client.is_empty() && beginning.server.is_empty();
    !silent && STREAMS.iter().any(|dialect| (dialect.awaits)(beginning))
}

/// Whether this is the beginning of the word, or begins with it.
fn may_begin(bytes: &[u8], word: &[u8]) -> bool {
    bytes.iter().zip(word).all(|(octet, wanted)| octet == wanted)
}

/// The lines that are complete, without their ends; 16 at most.
fn lines(bytes: &[u8]) -> impl Iterator<Item = &str> {
    let complete = bytes.iter().rposition(|byte| *byte == b'\n').unwrap_or(0);
    let lines = bytes.get(..complete).unwrap_or_default().split(|byte| *byte == b'\n');
    lines.take(16).filter_map(|line| core::str::from_utf8(line).ok()).map(str::trim).filter(|line| !line.is_empty())
}

/// How many different bytes there are: of random ones, many.
fn distinct(bytes: &[u8]) -> usize {
    let mut seen = [false; 256];
    for byte in bytes {
        if let Some(place) = seen.get_mut(usize::from(*byte)) {
            *place = true;
        }
    }
    seen.iter().filter(|seen| **seen).count()
}

/// A word, bounded.
fn word(text: &str) -> Option<alloc::string::String> {
    Some(text.trim()).filter(|text| !text.is_empty()).map(|text| text.chars().take(crate::limits::WORD).collect())
}

#[cfg(test)]
mod tests;
