//! One line of the journal: `{"seq":7,"entry":{..},"hash":".."}`.
//!
//! The hash is the SHA-256 of the hash of the line before (64 hexadecimal digits) and of all text in front of
//! `,"hash":`. A line about the journal itself bears a signature as its last member but the hash:
//! `{"seq":8,"checkpoint":{..},"signature":"..","hash":".."}`.

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::key::{self, Key};
use crate::{hex, tree};

/// What stands in the place of the hash before the first line of all.
pub(super) const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// The longest line that is read: an incident has a few KiB.
pub(super) const BYTES: usize = 1 << 20;

const HASH: &str = ",\"hash\":\"";
const SIGNATURE: &str = ",\"signature\":\"";
const HASH_DIGITS: usize = 64;
const SIGNATURE_DIGITS: usize = 128;

/// Which of the two chains: they are kept for different times.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Class {
    /// Incidents, and lines about minewall itself.
    Incidents,
    /// Sightings.
    Records,
}

impl Class {
    pub(crate) const ALL: [Self; 2] = [Self::Records, Self::Incidents];

    /// As in the names of segments.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Incidents => "incidents",
            Self::Records => "records",
        }
    }

    pub(super) const fn other(self) -> Self {
        match self {
            Self::Incidents => Self::Records,
            Self::Records => Self::Incidents,
        }
    }

    pub(super) const fn index(self) -> usize {
        match self {
            Self::Incidents => 1,
            Self::Records => 0,
        }
    }
}

/// What a line is. All but entries are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Checkpoint,
    Entry,
    Head,
    Removed,
    Started,
}

const KINDS: [(&str, Kind); 5] = [
    ("checkpoint", Kind::Checkpoint),
    ("entry", Kind::Entry),
    ("head", Kind::Head),
    ("removed", Kind::Removed),
    ("started", Kind::Started),
];

/// The first line of a segment.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct Head {
    /// The version of this form.
    pub(super) format: u32,
    pub(super) class: Class,
    pub(super) observer: String,
    pub(super) time: Timestamp,
    /// The public key that signs from here on.
    pub(super) key: String,
    /// The hash of the last line of the segment before.
    pub(super) previous: String,
    /// What that segment holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) before: Option<Span>,
}

/// A stretch of a chain.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(super) struct Span {
    /// The first line.
    pub(super) from: u64,
    /// The last one.
    pub(super) to: u64,
    /// The earliest entry.
    pub(super) since: Timestamp,
    /// The latest one.
    pub(super) until: Timestamp,
}

/// Signs all lines in front of it, and says where the other chain stood.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct Checkpoint {
    pub(super) time: Timestamp,
    /// `lines`, `time`, `rotation`, `stop`.
    pub(super) why: String,
    pub(super) beside: Option<Beside>,
}

/// The last line of the other chain.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(super) struct Beside {
    pub(super) class: Class,
    pub(super) seq: u64,
    pub(super) hash: String,
}

/// Segments that were removed because their time was over or their room needed: not deletion.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct Removed {
    pub(super) time: Timestamp,
    #[serde(flatten)]
    pub(super) span: Span,
    /// The hash of the last line removed.
    pub(super) hash: String,
    /// `age` or `size`.
    pub(super) why: String,
    /// The days, or the bytes, that may be kept.
    pub(super) limit: u64,
}

/// The writer began, or began anew.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct Started {
    pub(super) time: Timestamp,
    pub(super) version: String,
    /// Whether the line before is the checkpoint of an orderly stop, or there is none.
    pub(super) clean: bool,
    /// Bytes of an unfinished last line that were cut off.
    pub(super) torn: u64,
    /// Whether what stood there could not be followed, so that a new segment was begun.
    #[serde(default)]
    pub(super) damaged: bool,
}

/// A line taken apart. Borrowed from its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line<'a> {
    pub(super) seq: u64,
    pub(super) kind: Kind,
    pub(super) body: &'a str,
    pub(super) signature: Option<&'a str>,
    pub(super) hash: &'a str,
    /// The text that is hashed.
    hashed: &'a str,
    /// The text that is signed.
    signed: &'a str,
}

impl<'a> Line<'a> {
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (hashed, hash) = member(text.strip_suffix('}')?, HASH, HASH_DIGITS)?;
        let (seq, rest) = hashed.strip_prefix("{\"seq\":")?.split_once(",\"")?;
        let (word, rest) = rest.split_once("\":")?;
        let (_, kind) = KINDS.iter().find(|(known, _)| *known == word)?;
        let number = seq.parse().ok().filter(|number: &u64| *number < u64::MAX && number.to_string() == seq)?;
        let (signed, signature) = match kind {
            Kind::Entry => (hashed, None),
            _ => member(hashed, SIGNATURE, SIGNATURE_DIGITS).map(|(signed, signature)| (signed, Some(signature)))?,
        };
        let body = rest.get(..rest.len().checked_sub(hashed.len() - signed.len())?)?;
        Some(Self { seq: number, kind: *kind, body, signature, hash, hashed, signed })
    }

    /// Whether the line is as it was written behind a line of this hash.
    pub(super) fn follows(&self, previous: &str) -> bool {
        digest(previous, self.hashed) == self.hash
    }

    /// Whether `public` has signed it.
    pub(super) fn is_signed_by(&self, public: &str, class: Class, previous: &str) -> bool {
        let text = statement(class, self.seq, &digest(previous, self.signed));
        self.signature.is_some_and(|signature| key::has_signed(public, &text, signature))
    }

    /// What is signed: the hash of all text in front of the signature.
    pub(super) fn digest(&self, previous: &str) -> String {
        digest(previous, self.signed)
    }

    pub(super) fn read<T: DeserializeOwned>(&self) -> Option<T> {
        tree::json(self.body).ok()
    }
}

/// Takes `NAME"digits"` off the end.
fn member<'a>(text: &'a str, name: &str, digits: usize) -> Option<(&'a str, &'a str)> {
    let text = text.strip_suffix('"')?;
    let (rest, value) = text.split_at_checked(text.len().checked_sub(digits)?)?;
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    value.bytes().all(is_digit).then_some((rest.strip_suffix(name)?, value))
}

fn digest(previous: &str, text: &str) -> String {
    hex::encode(&Sha256::new().chain_update(previous).chain_update(text).finalize())
}

/// What a signature stands for; it names the class, so that no line of one chain passes for one of the other.
pub(super) fn statement(class: Class, seq: u64, digest: &str) -> String {
    format!("minewall journal {} {seq} {digest}", class.as_str())
}

/// A line as it is written, without its end.
pub(super) struct Written {
    pub(super) text: String,
    pub(super) hash: String,
    /// Of signed lines.
    pub(super) seal: Option<Seal>,
}

/// What goes elsewhere of a signed line.
pub(super) struct Seal {
    pub(super) digest: String,
    pub(super) signature: String,
}

/// An entry: what sinks are given, as it is.
pub(super) fn entry(previous: &str, seq: u64, json: &str) -> Written {
    close(previous, format!("{{\"seq\":{seq},\"entry\":{json}"), None)
}

/// A line about the journal itself.
pub(super) fn signed(previous: &str, class: Class, seq: u64, kind: Kind, body: &impl Serialize, key: &Key) -> Written {
    let word = KINDS.iter().find(|(_, known)| *known == kind).map_or("", |(word, _)| word);
    // A value of plain structures cannot fail to be written.
    let mut text = format!("{{\"seq\":{seq},\"{word}\":{}", serde_json::to_string(body).unwrap_or_default());
    let digest = digest(previous, &text);
    let signature = key.sign(&statement(class, seq, &digest));
    text = format!("{text}{SIGNATURE}{signature}\"");
    close(previous, text, Some(Seal { digest, signature }))
}

fn close(previous: &str, text: String, seal: Option<Seal>) -> Written {
    let hash = digest(previous, &text);
    Written { text: format!("{text}{HASH}{hash}\"}}\n"), hash, seal }
}
