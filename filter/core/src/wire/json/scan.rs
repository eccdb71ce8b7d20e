//! The tokenizer: a loop over what may come next, and a list of nodes in the order of their first byte.

mod token;

use alloc::vec::Vec;

use super::Document;
use crate::wire::limits::{JSON_DEPTH_MAX, JSON_NESTED_MAX, JSON_NESTING_MAX, JSON_NODES_MAX, JSON_SHARE_MIN};

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `[ ... ]`
    Array,
    /// `true` or `false`
    Bool,
    /// `null`
    Null,
    /// A number, kept as text.
    Number,
    /// `{ ... }`
    Object,
    /// A string.
    String,
}

/// How far [`parse`] came. A longer prefix of the same stream never changes a status other than
/// [`Status::Incomplete`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The object ends; `len` octets were read, white space in front included.
    Complete {
        /// Offset behind the closing brace.
        len: usize,
    },
    /// Well-formed so far; more bytes are needed.
    Incomplete,
    /// Not JSON, or not an object.
    Invalid {
        /// Offset of the first octet that cannot stand where it stands.
        at: usize,
    },
    /// More members at the top than there is room for, or nested deeper than brackets are told apart; what was
    /// read before is there.
    TooBig {
        /// Offset of the first value that was not read.
        at: usize,
    },
}

/// The nodes of one document at a time; make one and use it for every [`parse`]. Holds at most 4,096
/// nodes (160 KiB), and an octet for each bracket that is open (64 KiB at most).
#[derive(Debug, Default)]
pub struct Scratch {
    nodes: Vec<Node>,
    kinds: Vec<Kind>,
}

/// One value or member name. The nodes of a container follow it; a member is its name's node and then
/// its value's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) kind: Kind,
    /// First octet; of a string, the one behind the quote.
    pub(super) start: usize,
    /// Behind the last octet; of a string, the closing quote. [`OPEN`] while a container is open.
    pub(super) end: usize,
    /// Index of the node behind this one and all inside it. [`OPEN`] while a container is open.
    pub(super) next: usize,
    /// A string with escapes in it.
    pub(super) escaped: bool,
    /// A container with more in it than its nodes.
    pub(super) abridged: bool,
}

/// The end of a container whose closing bracket was not seen.
pub(super) const OPEN: usize = usize::MAX;

impl Scratch {
    /// Room for the largest document, allocated at once.
    pub fn new() -> Self {
        Self { nodes: Vec::with_capacity(JSON_NODES_MAX), kinds: Vec::with_capacity(JSON_DEPTH_MAX) }
    }
}

/// Reads the object at the start of `bytes` (white space in front is skipped). Time is linear in the
/// octets read; the scratch's former document is forgotten.
///
/// What is nested and finds no room is checked and passed over: it has no nodes, and the container it stands
/// in says that it is abridged ([`Value::is_complete`](super::Value::is_complete) is false). The members of the
/// top level keep room of their own: one behind a long or deep value is read like any other.
pub fn parse<'a, 's>(bytes: &'a [u8], scratch: &'s mut Scratch) -> Document<'a, 's> {
    scratch.nodes.clear();
    scratch.kinds.clear();
    let (nodes, kinds) = (&mut scratch.nodes, &mut scratch.kinds);
    let mut scanner = Scanner { bytes, at: 0, nodes, kinds, open: [Open::default(); JSON_DEPTH_MAX], mute: None };
    let status = match scanner.run() {
        Ok(len) => Status::Complete { len },
        Err(status) => status,
    };
    Document::new(bytes, &scratch.nodes, status)
}

struct Scanner<'a, 's> {
    bytes: &'a [u8],
    at: usize,
    nodes: &'s mut Vec<Node>,
    /// The open containers, outermost first.
    kinds: &'s mut Vec<Kind>,
    /// Those of them that have a node.
    open: [Open; JSON_DEPTH_MAX],
    /// How many containers were open when the room in the innermost ended: until it closes nothing gets a node.
    mute: Option<usize>,
}

/// An open container that has a node.
#[derive(Clone, Copy, Default)]
struct Open {
    /// The node's index.
    node: usize,
    /// How many nodes there may be before it is abridged.
    room: usize,
}

/// What may stand at the next octet that is not white space.
#[derive(Clone, Copy)]
enum Expect {
    Colon,
    CommaOrEnd,
    Key,
    KeyOrEnd,
    Value,
    ValueOrEnd,
}

/// `Err` holds the status the reading stops with.
type Step<T> = Result<T, Status>;

impl Scanner<'_, '_> {
    fn run(&mut self) -> Step<usize> {
        if self.visible()? != b'{' {
            return Err(self.invalid());
        }
        let mut expect = self.open(Kind::Object)?;
        while !self.kinds.is_empty() {
            let byte = self.visible()?;
            expect = match (expect, byte) {
                (Expect::KeyOrEnd | Expect::CommaOrEnd, b'}') => self.close(Kind::Object)?,
                (Expect::ValueOrEnd | Expect::CommaOrEnd, b']') => self.close(Kind::Array)?,
                (Expect::KeyOrEnd | Expect::Key, b'"') => {
                    self.string()?;
                    Expect::Colon
                }
                (Expect::Colon, b':') => {
                    self.at += 1;
                    Expect::Value
                }
                (Expect::CommaOrEnd, b',') => {
                    self.at += 1;
                    match self.kinds.last() {
                        Some(Kind::Object) => Expect::Key,
                        _ => Expect::Value,
                    }
                }
                (Expect::Value | Expect::ValueOrEnd, byte) => self.value(byte)?,
                _ => return Err(self.invalid()),
            };
        }
        Ok(self.at)
    }

    /// Skips white space (RFC 8259 section 2) and gives the octet behind it.
    fn visible(&mut self) -> Step<u8> {
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                other => return Ok(other),
            }
        }
        Err(Status::Incomplete)
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// The octet at the place, which must come before the token can end.
    fn need(&self) -> Step<u8> {
        self.peek().ok_or(Status::Incomplete)
    }

    fn invalid(&self) -> Status {
        Status::Invalid { at: self.at }
    }

    fn value(&mut self, first: u8) -> Step<Expect> {
        match first {
            b'{' => return self.open(Kind::Object),
            b'[' => return self.open(Kind::Array),
            b'"' => self.string()?,
            b'-' | b'0'..=b'9' => self.number()?,
            b't' => self.literal(Kind::Bool, b"true")?,
            b'f' => self.literal(Kind::Bool, b"false")?,
            b'n' => self.literal(Kind::Null, b"null")?,
            _ => return Err(self.invalid()),
        }
        Ok(Expect::CommaOrEnd)
    }

    /// Whether the value at the place gets a node. Where a nested one finds no room, its container is abridged; at
    /// the top there is nothing that could be left out for it.
    fn admit(&mut self) -> Step<bool> {
        if self.mute.is_some() {
            return Ok(false);
        }
        if self.nodes.len() < self.room() {
            return Ok(true);
        }
        if self.kinds.len() <= 1 {
            return Err(Status::TooBig { at: self.at });
        }
        self.abridge();
        Ok(false)
    }

    /// How many nodes there may be before the innermost container is abridged.
    fn room(&self) -> usize {
        let innermost = self.kinds.len().checked_sub(1).and_then(|depth| self.open.get(depth));
        innermost.map_or(JSON_NODES_MAX, |open| open.room)
    }

    /// The room in a container that begins here: half of what is left around it, so that however many take theirs, the
    /// next one finds some.
    fn share(&self) -> usize {
        let (depth, taken) = (self.kinds.len(), self.nodes.len());
        let around = self.room();
        let shared = if depth == 1 { JSON_NESTED_MAX } else { around };
        let share = JSON_SHARE_MIN.max(shared.saturating_sub(taken) / 2);
        if depth == 0 { around } else { around.min(taken + share) }
    }

    /// From here on the innermost container is passed over.
    fn abridge(&mut self) {
        let depth = self.kinds.len();
        self.mute = Some(depth);
        if let Some(node) = self.open_node(depth) {
            node.abridged = true;
        }
    }

    /// The node of the container that is open at this depth, the outermost being at 1.
    fn open_node(&mut self, depth: usize) -> Option<&mut Node> {
        let open = self.open.get(depth.checked_sub(1)?)?;
        self.nodes.get_mut(open.node)
    }

    fn open(&mut self, kind: Kind) -> Step<Expect> {
        let depth = self.kinds.len();
        if depth >= JSON_NESTING_MAX {
            return Err(Status::TooBig { at: self.at });
        }
        if self.admit()? {
            let new = Open { node: self.nodes.len(), room: self.share() };
            match self.open.get_mut(depth) {
                Some(open) => {
                    *open = new;
                    let (start, end) = (self.at, OPEN);
                    self.nodes.push(Node { kind, start, end, next: OPEN, escaped: false, abridged: false });
                }
                None => self.abridge(),
            }
        }
        self.kinds.push(kind);
        self.at += 1;
        Ok(match kind {
            Kind::Object => Expect::KeyOrEnd,
            _ => Expect::ValueOrEnd,
        })
    }

    fn close(&mut self, kind: Kind) -> Step<Expect> {
        if self.kinds.last() != Some(&kind) {
            return Err(self.invalid());
        }
        self.at += 1;
        let depth = self.kinds.len();
        self.kinds.pop();
        if self.mute.is_none_or(|mute| depth <= mute) {
            self.mute = None;
            let (end, next) = (self.at, self.nodes.len());
            if let Some(node) = self.open_node(depth) {
                (node.end, node.next) = (end, next);
            }
        }
        Ok(Expect::CommaOrEnd)
    }
}
