//! The tokenizer: a loop over what may come next, and a list of nodes in the order of their first byte.

use alloc::vec::Vec;

use super::Document;
use crate::wire::limits::{JSON_DEPTH_MAX, JSON_NODES_MAX};

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
    /// More than 512 nodes or deeper than 16; what was read before is there.
    TooBig {
        /// Offset of the first value that was not read.
        at: usize,
    },
}

/// The nodes of one document at a time; make one and use it for every [`parse`]. Holds at most 512
/// nodes (20 KiB).
#[derive(Debug, Default)]
pub struct Scratch {
    nodes: Vec<Node>,
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
}

/// The end of a container whose closing bracket was not seen.
pub(super) const OPEN: usize = usize::MAX;

impl Scratch {
    /// Room for the largest document, allocated at once.
    pub fn new() -> Self {
        Self { nodes: Vec::with_capacity(JSON_NODES_MAX) }
    }
}

/// Reads the object at the start of `bytes` (white space in front is skipped). Time is linear in the
/// octets read; the scratch's former document is forgotten.
pub fn parse<'a, 's>(bytes: &'a [u8], scratch: &'s mut Scratch) -> Document<'a, 's> {
    scratch.nodes.clear();
    let mut scanner = Scanner { bytes, at: 0, nodes: &mut scratch.nodes, open: [0; JSON_DEPTH_MAX], depth: 0 };
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
    /// Indices of the open containers' nodes; `0 <= depth <= JSON_DEPTH_MAX`.
    open: [usize; JSON_DEPTH_MAX],
    depth: usize,
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
        while self.depth > 0 {
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
                    match self.innermost() {
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

    fn innermost(&self) -> Option<Kind> {
        let index = self.open.get(self.depth.checked_sub(1)?)?;
        self.nodes.get(*index).map(|node| node.kind)
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

    fn room(&self) -> Step<()> {
        if self.nodes.len() < JSON_NODES_MAX { Ok(()) } else { Err(Status::TooBig { at: self.at }) }
    }

    fn open(&mut self, kind: Kind) -> Step<Expect> {
        self.room()?;
        let slot = self.open.get_mut(self.depth).ok_or(Status::TooBig { at: self.at })?;
        *slot = self.nodes.len();
        self.depth += 1;
        self.nodes.push(Node { kind, start: self.at, end: OPEN, next: OPEN, escaped: false });
        self.at += 1;
        Ok(match kind {
            Kind::Object => Expect::KeyOrEnd,
            _ => Expect::ValueOrEnd,
        })
    }

    fn close(&mut self, kind: Kind) -> Step<Expect> {
        if self.innermost() != Some(kind) {
            return Err(self.invalid());
        }
        self.at += 1;
        self.depth -= 1;
        let next = self.nodes.len();
        let index = self.open.get(self.depth).copied();
        if let Some(node) = index.and_then(|index| self.nodes.get_mut(index)) {
            (node.end, node.next) = (self.at, next);
        }
        Ok(Expect::CommaOrEnd)
    }

    /// Adds a scalar that ends at the place.
    fn push(&mut self, kind: Kind, start: usize, end: usize, escaped: bool) {
        let next = self.nodes.len() + 1;
        self.nodes.push(Node { kind, start, end, next, escaped });
    }

    /// RFC 8259 section 7, from the opening quote.
    fn string(&mut self) -> Step<()> {
        self.room()?;
        self.at += 1;
        let start = self.at;
        let mut escaped = false;
        loop {
            match self.need()? {
                b'"' => break,
                b'\\' => {
                    escaped = true;
                    self.at += 1;
                    self.escape()?;
                }
                0..0x20 => return Err(self.invalid()),
                _ => {}
            }
            self.at += 1;
        }
        self.push(Kind::String, start, self.at, escaped);
        self.at += 1;
        Ok(())
    }

    /// Checks an escape behind its backslash; stays on its last octet.
    fn escape(&mut self) -> Step<()> {
        match self.need()? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(()),
            b'u' => {
                for _ in 0..4 {
                    self.at += 1;
                    if !self.need()?.is_ascii_hexdigit() {
                        return Err(self.invalid());
                    }
                }
                Ok(())
            }
            _ => Err(self.invalid()),
        }
    }

    /// RFC 8259 section 6. A number has ended when another octet follows it: each step needs one.
    fn number(&mut self) -> Step<()> {
        self.room()?;
        let start = self.at;
        if self.need()? == b'-' {
            self.at += 1;
        }
        match self.need()? {
            b'0' => self.at += 1,
            _ => self.digits()?,
        }
        if self.need()? == b'.' {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.need()?, b'e' | b'E') {
            self.at += 1;
            if matches!(self.need()?, b'+' | b'-') {
                self.at += 1;
            }
            self.digits()?;
        }
        self.push(Kind::Number, start, self.at, false);
        Ok(())
    }

    /// One digit or more, and the octet behind them.
    fn digits(&mut self) -> Step<()> {
        if !self.need()?.is_ascii_digit() {
            return Err(self.invalid());
        }
        while self.need()?.is_ascii_digit() {
            self.at += 1;
        }
        Ok(())
    }

    fn literal(&mut self, kind: Kind, text: &[u8]) -> Step<()> {
        self.room()?;
        let start = self.at;
        for letter in text {
            if self.need()? != *letter {
                return Err(self.invalid());
            }
            self.at += 1;
        }
        self.push(kind, start, self.at, false);
        Ok(())
    }
}
