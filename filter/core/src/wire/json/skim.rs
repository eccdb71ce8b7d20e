//! Passing over the inside of a container, by its brackets and strings alone.

use memchr::memchr2;

/// Where a reader stands that passes over the inside of a container, octets at a time. What is not JSON in there
/// is not noticed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Skim {
    /// Brackets still to be closed; 0: it stands outside.
    depth: u32,
    /// Inside a string.
    is_text: bool,
    /// Behind a backslash.
    is_escape: bool,
}

impl Skim {
    /// Behind the opening bracket of a container.
    pub const INSIDE: Self = Self { depth: 1, is_text: false, is_escape: false };

    /// Whether the closing bracket has not come yet.
    pub const fn is_inside(self) -> bool {
        self.depth > 0
    }

    /// Goes on through `bytes`; how many of them stand inside: up to the closing bracket, or all.
    pub fn pass(&mut self, bytes: &[u8]) -> usize {
        let mut at = 0;
        while self.depth > 0 {
            if self.is_text {
                at += self.text(bytes.get(at..).unwrap_or_default());
            }
            let Some(byte) = bytes.get(at) else { return bytes.len() };
            match byte {
                b'"' => self.is_text = true,
                b'{' | b'[' => self.depth = self.depth.saturating_add(1),
                b'}' | b']' => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return at;
                    }
                }
                _ => {}
            }
            at += 1;
        }
        0
    }

    /// Goes on through a string, to behind its end.
    fn text(&mut self, bytes: &[u8]) -> usize {
        let mut at = 0;
        if self.is_escape && !bytes.is_empty() {
            self.is_escape = false;
            at = 1;
        }
        while let Some(found) = bytes.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
            at += found + 1;
            if bytes.get(at - 1) == Some(&b'"') {
                self.is_text = false;
                return at;
            }
            if at == bytes.len() {
                self.is_escape = true;
                return at;
            }
            at += 1;
        }
        bytes.len()
    }
}
