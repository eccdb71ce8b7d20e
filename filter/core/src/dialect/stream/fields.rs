//! Fields of binary messages, taken one after the other; numbers are little-endian.

/// What is left of a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn take(&mut self, octets: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(octets)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.number(1).and_then(|number| u8::try_from(number).ok())
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.number(2).and_then(|number| u16::try_from(number).ok())
    }

    /// A number of so many octets, four at most.
    pub(super) fn number(&mut self, octets: usize) -> Option<u32> {
        Some(self.take(octets)?.iter().rev().fold(0, |number, octet| number << 8 | u32::from(*octet)))
    }

    /// A length of so many octets, and as much behind it.
    pub(super) fn counted(&mut self, octets: usize) -> Option<&'a [u8]> {
        let length = self.number(octets)?;
        self.take(usize::try_from(length).ok()?)
    }

    /// A text of up to 255 octets behind its length, of printable characters only.
    pub(super) fn text(&mut self) -> Option<&'a str> {
        printable(self.counted(1)?)
    }

    pub(super) const fn is_empty(self) -> bool {
        self.0.is_empty()
    }
}

/// The text, where it is nothing but printable characters.
pub(super) fn printable(octets: &[u8]) -> Option<&str> {
    core::str::from_utf8(octets).ok().filter(|text| !text.chars().any(char::is_control))
}
