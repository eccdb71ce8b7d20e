//! Bodies (RFC 9112 sections 6 and 7) and the user of Basic authentication (RFC 7617).

use alloc::vec::Vec;

use crate::wire::limits::{HTTP_BODY_MAX, HTTP_CHUNK_LINE_MAX, HTTP_USER_MAX};

/// How a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Framing {
    /// There is none.
    Empty,
    /// After so many octets.
    Length(u64),
    /// With a chunk of length 0.
    Chunked,
    /// With the connection.
    UntilClose,
}

/// A body, as far as it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body<'a> {
    /// Its octets; of a chunked body the first 64 KiB, without the chunks' lengths.
    pub content: &'a [u8],
    /// All of it is there.
    pub whole: bool,
    /// Octets from the end of the head to the next message; as many as are there if it is not whole.
    pub consumed: usize,
    /// A chunk's length cannot be read: what follows is not known.
    pub broken: bool,
}

impl<'a> Body<'a> {
    pub(super) fn read(framing: Framing, rest: &'a [u8], scratch: &'a mut Vec<u8>) -> Self {
        let (content, whole) = match framing {
            Framing::Empty => (&[][..], true),
            Framing::UntilClose => (rest, false),
            Framing::Chunked => return read_chunks(rest, scratch),
            Framing::Length(length) => match usize::try_from(length).ok().and_then(|length| rest.get(..length)) {
                Some(content) => (content, true),
                None => (rest, false),
            },
        };
        Self { content, whole, consumed: content.len(), broken: false }
    }
}

/// Joins chunks, RFC 9112 section 7.1. Trailer fields are passed over.
fn read_chunks<'a>(rest: &[u8], content: &'a mut Vec<u8>) -> Body<'a> {
    content.clear();
    let (mut at, mut whole, mut broken) = (0, false, false);
    while let Some(tail) = rest.get(at..) {
        let Some(end) = memchr::memchr(b'\n', tail.get(..HTTP_CHUNK_LINE_MAX).unwrap_or(tail)) else {
            broken = tail.len() >= HTTP_CHUNK_LINE_MAX || !tail.first().is_none_or(u8::is_ascii_hexdigit);
            break;
        };
        let Some(length) = tail.get(..end).and_then(chunk_length) else {
            broken = true;
            break;
        };
        let start = at + end + 1;
        if length == 0 {
            if let Some(end) = trailer_end(rest, start) {
                (at, whole) = (end, true);
            }
            break;
        }
        let available = rest.get(start..).unwrap_or_default();
        let chunk = available.get(..length).unwrap_or(available);
        let room = HTTP_BODY_MAX.saturating_sub(content.len());
        content.extend_from_slice(chunk.get(..room).unwrap_or(chunk));
        let behind = available.get(length..).unwrap_or_default();
        let line_end = if behind.starts_with(b"\r\n") { 2 } else { 1 };
        if behind.len() < line_end || behind == b"\r" {
            break;
        }
        if !behind.starts_with(b"\r\n") && !behind.starts_with(b"\n") {
            broken = true;
            break;
        }
        at = start + length + line_end;
    }
    Body { content, whole, consumed: if whole { at } else { rest.len() }, broken }
}

/// The hexadecimal length before extensions, at most 2^31.
fn chunk_length(line: &[u8]) -> Option<usize> {
    let end = line.iter().position(|octet| *octet == b';').unwrap_or(line.len());
    let digits = line.get(..end)?.trim_ascii();
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let length = u64::from_str_radix(core::str::from_utf8(digits).ok()?, 16).ok()?;
    usize::try_from(length).ok().filter(|length| *length <= 1 << 31)
}

/// The offset behind the empty line that ends the trailer.
fn trailer_end(rest: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let tail = rest.get(at..)?;
        let end = memchr::memchr(b'\n', tail)?;
        at += end + 1;
        if matches!(tail.get(..end)?, b"" | b"\r") {
            return Some(at);
        }
    }
}

/// Decodes the user before the first colon of Basic credentials; stops there.
pub(super) fn basic_user<'s>(value: &[u8], scratch: &'s mut Vec<u8>) -> Option<&'s [u8]> {
    let (scheme, rest) = value.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"basic ") {
        return None;
    }
    scratch.clear();
    let (mut bits, mut held) = (0_u32, 0);
    for octet in rest.trim_ascii() {
        bits = bits << 6 & 0xffff | u32::from(sextet(*octet)?);
        held += 6;
        if held < 8 {
            continue;
        }
        held -= 8;
        let [.., decoded] = (bits >> held).to_be_bytes();
        if decoded == b':' {
            return Some(scratch);
        }
        if scratch.len() < HTTP_USER_MAX {
            scratch.push(decoded);
        }
    }
    None
}

/// RFC 4648 section 4.
fn sextet(octet: u8) -> Option<u8> {
    match octet {
        b'A'..=b'Z' => Some(octet - b'A'),
        b'a'..=b'z' => Some(octet - b'a' + 26),
        b'0'..=b'9' => Some(octet - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}
