//! DNS over TCP: messages with two octets of length in front (RFC 1035 section 4.2.2), several in a row
//! (RFC 7766 section 6.2.1.1).

use core::iter::FusedIterator;

/// Iterator over the complete messages of a stream's prefix, see [`frames`].
#[derive(Clone, Debug)]
pub struct Frames<'a> {
    rest: &'a [u8],
    consumed: usize,
}

/// The complete messages at the start of a TCP stream, without their lengths. An incomplete last one is
/// left: start again behind [`Frames::consumed`] with more of the stream.
pub fn frames(bytes: &[u8]) -> Frames<'_> {
    Frames { rest: bytes, consumed: 0 }
}

impl Frames<'_> {
    /// Octets of the messages given so far, lengths included.
    pub fn consumed(&self) -> usize {
        self.consumed
    }
}

impl<'a> Iterator for Frames<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.rest.split_first_chunk::<2>()?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (message, rest) = rest.split_at_checked(length)?;
        self.rest = rest;
        self.consumed += 2 + length;
        Some(message)
    }
}

impl FusedIterator for Frames<'_> {}
