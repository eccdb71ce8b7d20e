//! Mining protocols that are not JSON: one file and one row of [`STREAMS`] each. They listen to the first bytes of a
//! connection, which only tell something as its first bytes.

use super::{Heard, Token};

mod duino_coin;
mod p2pool;
mod stratum_v2;
mod xatum;

/// Every such dialect.
pub static STREAMS: &[StreamDialect] = &[duino_coin::DIALECT, p2pool::DIALECT, stratum_v2::DIALECT, xatum::DIALECT];

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
    /// Listens to both directions; asked again each time one has grown.
    pub hear: for<'a> fn(Beginning<'a>) -> Option<Told<'a>>,
}

/// An end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Client,
    Server,
}

/// What was said in one go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    pub end: End,
    pub octets: usize,
}

/// The first bytes of both directions, in order from their SYN on. A direction not seen from its SYN is empty.
#[derive(Clone, Copy, Debug, Default)]
pub struct Beginning<'a> {
    pub turns: &'a [Turn],
    /// What the side that opened the connection sent.
    pub client: &'a [u8],
    /// What the other side sent.
    pub server: &'a [u8],
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

#[cfg(test)]
mod tests;
