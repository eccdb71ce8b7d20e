//! A message that asks.

use core::{fmt, iter::FusedIterator};

use super::{Class, Type};
use crate::wire::{
    limits::{DNS_JUMPS_MAX, DNS_QUESTIONS_MAX},
    name::Name,
};

/// Octets of the header, RFC 1035 section 4.1.1.
pub(super) const HEADER: usize = 12;

/// Header bits that are copied into answers or asked for, RFC 1035 section 4.1.1, RFC 4035 section 3.2.2.
pub(super) const RD: u16 = 0x0100;
pub(super) const CD: u16 = 0x0010;

/// A standard query: header fields, questions, EDNS.
#[derive(Clone, Debug)]
pub struct Query<'a> {
    bytes: &'a [u8],
    id: u16,
    flags: u16,
    count: u16,
    first: Question,
    questions_end: usize,
    edns: Option<Edns>,
}

/// One question, RFC 1035 section 4.1.2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// QNAME.
    pub name: Name,
    /// QTYPE.
    pub qtype: Type,
    /// QCLASS.
    pub qclass: Class,
}

/// What the OPT record says, RFC 6891 section 6.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edns {
    /// Largest UDP payload the asker takes, octets.
    pub udp_size: u16,
    /// EDNS version, 0 today.
    pub version: u8,
    /// The DO bit, RFC 3225.
    pub dnssec_ok: bool,
}

/// Why bytes are not a query. Offsets are from the start of the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DnsError {
    /// A label of an unknown kind, a name longer than 255 octets, or a pointer that does not point back.
    BadName {
        /// Where the name begins.
        at: usize,
    },
    /// No question in it (a cookie exchange, RFC 7873 section 5.4).
    NoQuestion,
    /// No response (QR = 0) where one was to be read.
    NotResponse,
    /// Not a standard query: the OPCODE (1..=15), such as NOTIFY or UPDATE.
    OtherOpcode(u8),
    /// A response (QR = 1).
    Response,
    /// More than 4 questions.
    TooManyQuestions(u16),
    /// The message ends inside the header or a question.
    Truncated {
        /// Where more was needed.
        at: usize,
    },
}

impl<'a> Query<'a> {
    /// Reads a message without its TCP length. Bytes behind the questions are not judged: an EDNS record
    /// among them is found if it is there and whole.
    ///
    /// # Errors
    /// [`DnsError`] for responses, other opcodes and whatever has no whole question.
    pub fn read(bytes: &'a [u8]) -> Result<Self, DnsError> {
        if bytes.len() < HEADER {
            return Err(DnsError::Truncated { at: bytes.len() });
        }
        let flags = u16_at(bytes, 2)?;
        if flags & 0x8000 != 0 {
            return Err(DnsError::Response);
        }
        match flags.to_be_bytes()[0] >> 3 {
            0 => {}
            opcode => return Err(DnsError::OtherOpcode(opcode)),
        }
        let count = u16_at(bytes, 4)?;
        match count {
            0 => return Err(DnsError::NoQuestion),
            1..=DNS_QUESTIONS_MAX => {}
            _ => return Err(DnsError::TooManyQuestions(count)),
        }
        let (first, mut questions_end) = read_question(bytes, HEADER)?;
        for _ in 1..count {
            questions_end = read_question(bytes, questions_end)?.1;
        }
        Ok(Self {
            bytes,
            id: u16_at(bytes, 0)?,
            flags,
            count,
            first,
            questions_end,
            edns: find_edns(bytes, questions_end),
        })
    }

    /// Identifier, to be repeated in the answer.
    pub fn id(&self) -> u16 {
        self.id
    }

    /// RD: the asker wants the server to ask others.
    pub fn recursion_desired(&self) -> bool {
        self.flags & RD != 0
    }

    /// CD: the asker checks signatures itself (RFC 4035 section 3.2.2).
    pub fn checking_disabled(&self) -> bool {
        self.flags & CD != 0
    }

    /// The first question; mostly the only one.
    pub fn question(&self) -> &Question {
        &self.first
    }

    /// All questions, 1 to 4.
    pub fn questions(&self) -> Questions<'a> {
        Questions { bytes: self.bytes, at: HEADER, left: self.count }
    }

    /// The OPT record, if there is one.
    pub fn edns(&self) -> Option<Edns> {
        self.edns
    }

    pub(super) fn flags(&self) -> u16 {
        self.flags
    }

    /// The only question as it was sent; `None` if there are several.
    pub(super) fn only_question(&self) -> Option<&'a [u8]> {
        (self.count == 1).then_some(())?;
        self.bytes.get(HEADER..self.questions_end)
    }
}

/// Iterator over the questions of a [`Query`].
#[derive(Clone, Debug)]
pub struct Questions<'a> {
    bytes: &'a [u8],
    at: usize,
    left: u16,
}

impl Iterator for Questions<'_> {
    type Item = Question;

    fn next(&mut self) -> Option<Question> {
        self.left = self.left.checked_sub(1)?;
        let (question, end) = read_question(self.bytes, self.at).ok()?;
        self.at = end;
        Some(question)
    }
}

impl FusedIterator for Questions<'_> {}

impl fmt::Display for DnsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadName { at } => write!(f, "bad dns name at octet {at}"),
            Self::NoQuestion => f.write_str("dns query without a question"),
            Self::NotResponse => f.write_str("dns message is not a response"),
            Self::OtherOpcode(opcode) => write!(f, "dns opcode {opcode} is not a standard query"),
            Self::Response => f.write_str("dns response"),
            Self::TooManyQuestions(count) => write!(f, "dns query with {count} questions"),
            Self::Truncated { at } => write!(f, "dns message ends at octet {at}"),
        }
    }
}

impl core::error::Error for DnsError {}

pub(super) fn read_question(bytes: &[u8], at: usize) -> Result<(Question, usize), DnsError> {
    let mut name = Name::new();
    let end = read_name(bytes, at, &mut name)?;
    let question = Question { name, qtype: Type(u16_at(bytes, end)?), qclass: Class(u16_at(bytes, end + 2)?) };
    Ok((question, end + 4))
}

/// Reads the name at `start`, following compression pointers (RFC 1035 section 4.1.4); gives the offset
/// behind it. Each pointer must go further back than all before it, so none is met twice.
pub(super) fn read_name(bytes: &[u8], start: usize, name: &mut Name) -> Result<usize, DnsError> {
    let bad = DnsError::BadName { at: start };
    let truncated = DnsError::Truncated { at: bytes.len() };
    let (mut at, mut end, mut lowest) = (start, None, start);
    let (mut octets, mut jumps) = (1, 0);
    loop {
        let length = *bytes.get(at).ok_or(truncated)?;
        let next = at + 1 + usize::from(length);
        match length {
            0 => return Ok(end.unwrap_or(next)),
            1..=63 => {
                name.push_label(bytes.get(at + 1..next).ok_or(truncated)?);
                octets += next - at;
                at = next;
            }
            0xc0.. => {
                let target = usize::from(u16_at(bytes, at)? & 0x3fff);
                end.get_or_insert(at + 2);
                jumps += 1;
                if !(HEADER..lowest).contains(&target) || jumps > DNS_JUMPS_MAX {
                    return Err(bad);
                }
                (at, lowest) = (target, target);
            }
            _ => return Err(bad),
        }
        if octets > 255 {
            return Err(bad);
        }
    }
}

/// The first OPT record of the additional section, whose records begin behind those of two others.
fn find_edns(bytes: &[u8], questions_end: usize) -> Option<Edns> {
    let count = |at| Some(usize::from(u16_at(bytes, at).ok()?));
    let before = count(6)? + count(8)?;
    let mut at = questions_end;
    for record in 0..before + count(10)? {
        let kind = skip_name(bytes, at)?;
        let length = usize::from(u16_at(bytes, kind + 8).ok()?);
        let end = kind + 10 + length;
        if end > bytes.len() {
            return None;
        }
        let is_opt = kind == at + 1 && Type(u16_at(bytes, kind).ok()?) == Type::OPT;
        if record >= before && is_opt {
            return Some(Edns {
                udp_size: u16_at(bytes, kind + 2).ok()?,
                version: *bytes.get(kind + 5)?,
                dnssec_ok: bytes.get(kind + 6)? & 0x80 != 0,
            });
        }
        at = end;
    }
    None
}

/// Offset behind the name at `at`.
fn skip_name(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match *bytes.get(at)? {
            0 => return Some(at + 1),
            length @ 1..=63 => at += 1 + usize::from(length),
            0xc0.. => return Some(at + 2),
            _ => return None,
        }
    }
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> Result<u16, DnsError> {
    bytes
        .get(at..)
        .and_then(|tail| tail.first_chunk())
        .map(|octets| u16::from_be_bytes(*octets))
        .ok_or(DnsError::Truncated { at: bytes.len() })
}
