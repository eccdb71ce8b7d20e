//! Making an object under way shorter, so that what comes behind long things can be kept and read.

use alloc::vec::Vec;
use core::ops::Range;

use memchr::memchr2;

use super::{Skim, Str};
use crate::wire::limits::JSON_DEPTH_MAX;

/// What is left of long things. Counts are such that what was made shorter still is longer than anything counted
/// exactly, and strings are cut to an odd length, so that no hexadecimal text comes out whole.
#[derive(Clone, Copy, Debug)]
struct Measure {
    /// Octets of a string.
    text: usize,
    /// Items of an array.
    items: usize,
    /// Members of an object whose names nobody asks for.
    members: usize,
    /// Containers inside each other; deeper ones are emptied.
    depth: usize,
    /// So many of the names asked for are kept.
    names: usize,
}

/// From the gentlest to the hardest; the next is taken where one does not make enough room. The longest string that
/// means anything is a 200,9 Equihash solution of 2,694 digits; of `mining.extranonce.subscribe` all letters may be
/// escaped, that makes 162 octets.
const MEASURES: [Measure; 4] = [
    Measure { text: 3_071, items: 64, members: 64, depth: JSON_DEPTH_MAX, names: usize::MAX },
    Measure { text: 511, items: 48, members: 16, depth: 8, names: usize::MAX },
    Measure { text: 191, items: 24, members: 4, depth: 4, names: usize::MAX },
    Measure { text: 191, items: 24, members: 2, depth: 1, names: 5 },
];

/// Digits of a number in one run: a double has 17, and large targets in decimal have 78.
const DIGITS: usize = 95;

/// Which of the names asked for this is, in the order of their importance; `None` if nobody asks for it.
pub type Asked = fn(Str<'_>) -> Option<usize>;

/// Gives the parts of an object, whole or under way, that may be taken out of it, at least an eighth of it; `None` if that cannot
/// be had. What is left, with whatever follows, reads like the whole but for long things, which are shorter: white
/// space between tokens; strings and numbers; items of arrays; members nobody asks for, and those that come again and
/// again, but for the first and the last; what is nested deep. The gentlest measure that makes enough room is taken.
///
/// If the [`Skim`] that comes back [is inside](Skim::is_inside), the text ends inside a container all of whose inside
/// is to be taken out: what follows must be passed over with it. `object` begins with its brace and is well-formed as
/// far as it goes, else what comes out means nothing. Time is linear but for sorting the parts.
pub fn fold(object: &[u8], asked: Asked, cuts: &mut Vec<Range<usize>>) -> Option<Skim> {
    for measure in MEASURES {
        cuts.clear();
        let mut folder = Folder { bytes: object, at: 0, asked, measure, cuts, frames: Vec::new(), latest: Vec::new() };
        let left = folder.run();
        merge(cuts);
        if cuts.iter().map(ExactSizeIterator::len).sum::<usize>() >= (object.len() / 8).max(1) {
            return Some(left);
        }
    }
    cuts.clear();
    None
}

/// A copy of an object without the parts [`fold`] gives; `None` if there are none.
pub fn folded(object: &[u8], asked: Asked) -> Option<Vec<u8>> {
    let mut cuts = Vec::new();
    fold(object, asked, &mut cuts)?;
    let mut copy = Vec::new();
    let mut at = 0;
    for cut in cuts {
        copy.extend_from_slice(object.get(at..cut.start)?);
        at = cut.end;
    }
    copy.extend_from_slice(object.get(at..)?);
    Some(copy)
}

/// Sorts the parts, and joins what overlaps.
fn merge(cuts: &mut Vec<Range<usize>>) {
    cuts.sort_unstable_by_key(|cut| cut.start);
    cuts.dedup_by(|next, before| {
        let touches = next.start <= before.end;
        if touches {
            before.end = before.end.max(next.end);
        }
        touches
    });
}

struct Folder<'a, 'c> {
    bytes: &'a [u8],
    at: usize,
    asked: Asked,
    measure: Measure,
    cuts: &'c mut Vec<Range<usize>>,
    /// The open containers.
    frames: Vec<Frame>,
    /// Members asked for in the open containers: how deep, which name, and the last of them but the first.
    latest: Vec<(usize, usize, Option<Range<usize>>)>,
}

/// An open container.
struct Frame {
    is_object: bool,
    /// Whether a member's name comes next.
    is_before_name: bool,
    /// Where the item or member under way begins, with the comma in front of it.
    from: usize,
    /// The name of the member under way, if it is asked for.
    name: Option<usize>,
    /// Items, or members nobody asks for.
    count: usize,
}

impl Folder<'_, '_> {
    fn run(&mut self) -> Skim {
        while let Some(byte) = self.bytes.get(self.at) {
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' => self.white_space(),
                b'"' => self.string(),
                b'0'..=b'9' => self.digits(),
                b'{' | b'[' => {
                    let left = self.open(*byte == b'{');
                    if left.is_inside() {
                        return left;
                    }
                }
                b'}' | b']' => {
                    self.finish();
                    self.frames.pop();
                    let depth = self.frames.len();
                    self.latest.truncate(self.latest.partition_point(|(at, ..)| *at <= depth));
                    self.at += 1;
                    if depth == 0 {
                        break;
                    }
                }
                b',' => {
                    self.finish();
                    if let Some(frame) = self.frames.last_mut() {
                        (frame.from, frame.name, frame.is_before_name) = (self.at, None, frame.is_object);
                    }
                    self.at += 1;
                }
                _ => self.at += 1,
            }
        }
        Skim::default()
    }

    fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn cut(&mut self, start: usize, end: usize) {
        if start < end {
            self.cuts.push(start..end);
        }
    }

    /// One octet stays at the end of the text: what follows is not to grow together with what is before.
    fn white_space(&mut self) {
        let len = self.rest().iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count();
        let end = self.at + len;
        self.cut(self.at, end.min(self.bytes.len() - 1));
        self.at = end;
    }

    fn digits(&mut self) {
        let end = self.at + self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.cut(self.at + DIGITS, end);
        self.at = end;
    }

    fn string(&mut self) {
        let start = self.at + 1;
        let most = start + self.measure.text;
        // Where it may be cut, and how far it is whole: not inside an escape.
        let (mut first, mut at, mut is_escaped) = (most, start, false);
        let (end, is_ended) = loop {
            let Some(found) = self.bytes.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) else {
                break (self.bytes.len(), false);
            };
            at += found;
            if self.bytes.get(at) == Some(&b'"') {
                break (at, true);
            }
            is_escaped = true;
            let behind = at + if self.bytes.get(at + 1) == Some(&b'u') { 6 } else { 2 };
            if (at..behind).contains(&most) {
                first = at;
            }
            if behind > self.bytes.len() {
                break (at, false);
            }
            at = behind;
        };
        while first > start && self.bytes.get(first).is_some_and(|byte| byte & 0xc0 == 0x80) {
            first -= 1;
        }
        self.cut(first, end);
        self.at = if is_ended { end + 1 } else { self.bytes.len() };
        let asked = self.asked;
        if let Some(frame) = self.frames.last_mut().filter(|frame| frame.is_before_name) {
            frame.is_before_name = false;
            let name = Str::new(self.bytes.get(start..end).unwrap_or_default(), is_escaped);
            frame.name = asked(name).filter(|name| is_ended && *name < self.measure.names);
        }
    }

    fn open(&mut self, is_object: bool) -> Skim {
        self.at += 1;
        let mut skim = Skim::default();
        if self.frames.len() < self.measure.depth {
            self.frames.push(Frame { is_object, is_before_name: is_object, from: self.at, name: None, count: 0 });
        } else {
            skim = Skim::INSIDE;
            let end = self.at + skim.pass(self.rest());
            self.cut(self.at, end);
            self.at = end + 1;
        }
        skim
    }

    /// Judges the item or member that ends here. The first of a container always stays, so a comma stands before all
    /// that go.
    fn finish(&mut self) {
        let depth = self.frames.len();
        let Some(frame) = self.frames.last_mut() else { return };
        let here = frame.from..self.at;
        let Some(name) = frame.name else {
            frame.count += 1;
            let most = if frame.is_object { self.measure.members } else { self.measure.items };
            if frame.count > most {
                self.cuts.push(here);
            }
            return;
        };
        let mut latest = self.latest.iter_mut().rev().take_while(|(at, ..)| *at == depth);
        match latest.find(|(_, known, _)| *known == name) {
            Some((.., latest)) => self.cuts.extend(latest.replace(here)),
            None => self.latest.push((depth, name, None)),
        }
    }
}
