//! One object after another, through whatever stands between them.

use memchr::memchr;

use super::{Document, Scratch, Skim, Status, parse};

/// The top-level objects of a byte stream, see [`objects`].
#[derive(Clone, Debug)]
pub struct Objects<'a> {
    bytes: &'a [u8],
    /// Where the search for the next object begins.
    at: usize,
    /// Where the object begins whose end was not found.
    unsettled: Option<usize>,
    junk: usize,
}

/// Walks over the objects of a stream's prefix. White space and NULs between objects are skipped; other
/// octets (an array around a batch, a broken line) too, but counted by [`Objects::junk`]. Behind an
/// object that is not JSON the search goes on at the next line; behind one that is too big, at its end.
pub fn objects(bytes: &[u8]) -> Objects<'_> {
    Objects { bytes, at: 0, unsettled: None, junk: 0 }
}

impl<'a> Objects<'a> {
    /// The next object and its offset. The last one may be [`Status::Incomplete`]; nothing follows it.
    /// Over a whole walk, time is linear in the stream.
    pub fn next<'s>(&mut self, scratch: &'s mut Scratch) -> Option<(usize, Document<'a, 's>)> {
        let rest = self.bytes.get(self.at..)?;
        let gap = memchr(b'{', rest).unwrap_or(rest.len());
        self.junk += junk_octets(rest.get(..gap)?);
        let start = self.at + gap;
        self.at = start;
        let text = rest.get(gap..).filter(|text| !text.is_empty())?;
        let document = parse(text, scratch);
        let len = match document.status() {
            Status::Complete { len } => Some(len),
            Status::Incomplete => None,
            Status::Invalid { at } => line_end(text, at),
            Status::TooBig { .. } => object_end(text),
        };
        if len.is_none() {
            self.unsettled = Some(start);
        }
        self.at = start + len.unwrap_or(text.len());
        Some((start, document))
    }

    /// Once [`Objects::next`] gave `None`: octets from the start that are done with. The rest must be
    /// seen again with more of the stream behind it.
    pub fn settled(&self) -> usize {
        self.unsettled.unwrap_or(self.at)
    }

    /// Octets skipped so far that were neither white space nor NUL nor part of an object. 0 for clean
    /// lines of JSON.
    pub fn junk(&self) -> usize {
        self.junk
    }
}

fn junk_octets(gap: &[u8]) -> usize {
    let quiet = |byte: &&u8| !matches!(byte, 0 | b' ' | b'\t' | b'\n' | b'\r');
    gap.iter().filter(quiet).count()
}

/// Offset behind the first line feed at or behind `from`.
fn line_end(text: &[u8], from: usize) -> Option<usize> {
    let line = memchr(b'\n', text.get(from..)?)?;
    Some(from + line + 1)
}

/// Offset behind the bracket that closes the object at the start of `text`, by counting brackets.
fn object_end(text: &[u8]) -> Option<usize> {
    let mut skim = Skim::INSIDE;
    let inside = skim.pass(text.get(1..)?);
    (!skim.is_inside()).then_some(inside + 2)
}
