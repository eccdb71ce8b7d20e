//! Strings, numbers and words: from their first octet to behind their last.

use super::{Kind, Node, Scanner, Step};

impl Scanner<'_, '_> {
    /// Adds a scalar that ends at the place.
    fn push(&mut self, kind: Kind, start: usize, end: usize, escaped: bool) {
        let next = self.nodes.len() + 1;
        self.nodes.push(Node { kind, start, end, next, escaped, abridged: false });
    }

    /// RFC 8259 section 7, from the opening quote.
    pub(super) fn string(&mut self) -> Step<()> {
        let is_admitted = self.admit()?;
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
        if is_admitted {
            self.push(Kind::String, start, self.at, escaped);
        }
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
    pub(super) fn number(&mut self) -> Step<()> {
        let is_admitted = self.admit()?;
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
        if is_admitted {
            self.push(Kind::Number, start, self.at, false);
        }
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

    pub(super) fn literal(&mut self, kind: Kind, text: &[u8]) -> Step<()> {
        let is_admitted = self.admit()?;
        let start = self.at;
        for letter in text {
            if self.need()? != *letter {
                return Err(self.invalid());
            }
            self.at += 1;
        }
        if is_admitted {
            self.push(kind, start, self.at, false);
        }
        Ok(())
    }
}
