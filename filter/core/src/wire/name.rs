//! A host name as seen on the wire, in text form.

use core::{fmt, hash};

use super::limits::NAME_TEXT_MAX;

/// A name in presentation form: lower-case, labels divided by dots, no dot at the end, `.` for the
/// root. Octets that are not printable or mean something in zone files are `\ddd` (RFC 1035 section
/// 5.1, RFC 4343 section 2.1), so the text never holds a control character or a space. Lives on the
/// stack (1 KiB).
#[derive(Clone)]
pub struct Name {
    text: [u8; NAME_TEXT_MAX],
    /// `0 <= len <= NAME_TEXT_MAX`
    len: usize,
    hostname: bool,
}

impl Name {
    pub(super) fn new() -> Self {
        Self { text: [0; NAME_TEXT_MAX], len: 0, hostname: true }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        match self.text.get(..self.len) {
            Some(text) if !text.is_empty() => core::str::from_utf8(text).unwrap_or_default(),
            _ => ".",
        }
    }

    /// Whether there is no label.
    pub fn is_root(&self) -> bool {
        self.len == 0
    }

    /// Whether there are labels, and in them only letters, digits, hyphens and underscores.
    pub fn is_hostname(&self) -> bool {
        self.hostname && self.len > 0
    }

    /// Adds one label and, between labels, the dot. What does not fit is left out.
    pub(super) fn push_label(&mut self, label: &[u8]) {
        if self.len > 0 {
            self.put(b'.');
        }
        for octet in label {
            self.push_octet(*octet);
        }
    }

    /// Adds text that has its own dots, such as a TLS server name; a dot at its end is left out. Empty
    /// labels stay, and are no host name.
    pub(super) fn push_text(&mut self, text: &[u8]) {
        let text = text.strip_suffix(b".").unwrap_or(text);
        for (place, label) in text.split(|octet| *octet == b'.').enumerate() {
            if place > 0 {
                self.put(b'.');
            }
            self.hostname &= !label.is_empty();
            for octet in label {
                self.push_octet(*octet);
            }
        }
    }

    fn push_octet(&mut self, octet: u8) {
        self.hostname &= matches!(octet, b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'_');
        match octet {
            b'.' | b'\\' | b'"' | b';' | b'(' | b')' | b'@' | b'$' => self.push_escape(octet),
            0x21..=0x7e => self.put(octet.to_ascii_lowercase()),
            _ => self.push_escape(octet),
        }
    }

    fn push_escape(&mut self, octet: u8) {
        self.put(b'\\');
        for digit in [octet / 100, octet / 10 % 10, octet % 10] {
            self.put(b'0' + digit);
        }
    }

    fn put(&mut self, octet: u8) {
        if let Some(slot) = self.text.get_mut(self.len) {
            *slot = octet;
            self.len += 1;
        }
    }
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Name({})", self.as_str())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Eq for Name {}

impl hash::Hash for Name {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}
