//! Strings: comparing and decoding without allocation.

use alloc::string::String;
use core::iter::FusedIterator;

/// The text between the quotes of a JSON string, decoded on demand.
#[derive(Clone, Copy, Debug)]
pub struct Str<'a> {
    raw: &'a [u8],
    escaped: bool,
}

/// Iterator over the characters of a [`Str`]. Octets that are not UTF-8 and lone surrogates are U+FFFD.
#[derive(Clone, Debug)]
pub struct Chars<'a> {
    rest: &'a [u8],
}

impl<'a> Str<'a> {
    pub(super) fn new(raw: &'a [u8], escaped: bool) -> Self {
        Self { raw, escaped }
    }

    /// The octets as sent, escapes included.
    pub fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// The text itself, if it needs no decoding.
    pub fn as_plain(&self) -> Option<&'a str> {
        if self.escaped {
            return None;
        }
        core::str::from_utf8(self.raw).ok()
    }

    /// The characters, decoded. May hold control characters (`\n` is one).
    pub fn chars(&self) -> Chars<'a> {
        Chars { rest: self.raw }
    }

    /// Whether the text is this one.
    pub fn eq_str(&self, other: &str) -> bool {
        if self.escaped { self.chars().eq(other.chars()) } else { self.raw == other.as_bytes() }
    }

    /// Whether the text is this one, not minding the case of ASCII letters.
    pub fn eq_ignore_ascii_case(&self, other: &str) -> bool {
        let lower = |c: char| c.to_ascii_lowercase();
        self.chars().map(lower).eq(other.chars().map(lower))
    }

    /// Whether the text begins with this one.
    pub fn starts_with(&self, prefix: &str) -> bool {
        let mut chars = self.chars();
        prefix.chars().all(|c| chars.next() == Some(c))
    }

    /// Characters, decoded.
    pub fn len_decoded(&self) -> usize {
        self.chars().count()
    }

    /// Whether there is nothing between the quotes.
    pub fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }

    /// A copy of the first `max` characters, decoded.
    pub fn to_string_bounded(&self, max: usize) -> String {
        self.chars().take(max).collect()
    }

    /// Whether the text is exactly `len` hexadecimal digits of either case.
    pub fn is_hex(&self, len: usize) -> bool {
        is_hex(self.chars(), len)
    }

    /// Whether the text is `0x` (or `0X`) and exactly `len` hexadecimal digits of either case.
    pub fn is_hex_0x(&self, len: usize) -> bool {
        let mut chars = self.chars();
        chars.next() == Some('0') && matches!(chars.next(), Some('x' | 'X')) && is_hex(chars, len)
    }
}

fn is_hex(mut chars: Chars<'_>, len: usize) -> bool {
    let digits = chars.by_ref().take(len).take_while(char::is_ascii_hexdigit).count();
    digits == len && chars.next().is_none()
}

impl Iterator for Chars<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        match *self.rest {
            [] => None,
            [b'\\', kind, ref rest @ ..] => {
                self.rest = rest;
                Some(self.escape(kind))
            }
            [byte @ 0..0x80, ref rest @ ..] => {
                self.rest = rest;
                Some(char::from(byte))
            }
            [..] => Some(self.utf8()),
        }
    }
}

impl FusedIterator for Chars<'_> {}

impl Chars<'_> {
    /// The character of the escape whose letter was just read (RFC 8259 section 7).
    fn escape(&mut self, kind: u8) -> char {
        match kind {
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => self.utf16(),
            other => char::from(other),
        }
    }

    /// The character of four hexadecimal digits, or of two such escapes that make a surrogate pair.
    fn utf16(&mut self) -> char {
        let (unit, rest) = hex4(self.rest);
        self.rest = rest;
        if let 0xd800..0xdc00 = unit
            && let [b'\\', b'u', rest @ ..] = self.rest
            && let (low @ 0xdc00..0xe000, rest) = hex4(rest)
        {
            self.rest = rest;
            let pair = 0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
            return char::from_u32(pair).unwrap_or(char::REPLACEMENT_CHARACTER);
        }
        char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER)
    }

    /// One character of several octets, or U+FFFD for the octets that make none.
    fn utf8(&mut self) -> char {
        let head = self.rest.get(..4).unwrap_or(self.rest);
        let (found, len) = match head.utf8_chunks().next() {
            Some(chunk) => match chunk.valid().chars().next() {
                Some(c) => (c, c.len_utf8()),
                None => (char::REPLACEMENT_CHARACTER, chunk.invalid().len()),
            },
            None => (char::REPLACEMENT_CHARACTER, 1),
        };
        self.rest = self.rest.get(len..).unwrap_or_default();
        found
    }
}

/// The value of up to four hexadecimal digits, and what follows them. The tokenizer has seen that there
/// are four.
fn hex4(bytes: &[u8]) -> (u32, &[u8]) {
    let (digits, rest) = bytes.split_at_checked(4).unwrap_or((bytes, &[]));
    let value =
        digits.iter().filter_map(|digit| char::from(*digit).to_digit(16)).fold(0, |value, digit| (value << 4) | digit);
    (value, rest)
}
