//! Bytes of a list text, in any cut, to entries.

use crate::{
    entry::Entry,
    format::Format,
    parse::{
        MAX_LINE, State, is_comment,
        json::{self, Scanner, Step},
    },
    tally::Reason,
};
use alloc::{boxed::Box, string::String, vec::Vec};
use core::{error::Error, fmt};

/// Bytes of the longest text read.
const MAX_TEXT: u64 = 64 << 20;

/// Why a text is refused as a whole. What was given out of it before is not to be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unreadable {
    /// A page of the web instead of a list.
    Markup,
    /// Not a text.
    Binary,
    /// Longer than 64 MiB.
    TooLong,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Markup => "HTML or XML instead of a list; look at its address in a browser",
            Self::Binary => "not a text; a compressed list is to be unpacked first",
            Self::TooLong => "longer than 64 MiB; divide the list",
        })
    }
}

impl Error for Unreadable {}

/// Where in the text the reader is.
#[derive(Debug)]
enum Place {
    /// At the beginning of a line; only blanks were seen of it.
    Begin,
    /// Behind a `[` at the beginning of a line.
    Bracket,
    /// Within a line.
    Line,
    /// Within a line that is not read on.
    Rest,
    Json(Box<Scanner>),
}

/// Reads a list text. What it holds is bounded whatever the text is: a line of 4 KiB, 1 MiB of JSON, and of a response
/// policy zone 10 MiB of records whose partner has not come.
#[derive(Debug)]
pub struct Reader {
    state: State,
    place: Place,
    held: Vec<u8>,
    /// The line being read, counted from 1.
    line: usize,
    total: u64,
    /// The last byte was the end of a line.
    ended: bool,
    /// A line that is no comment was seen.
    begun: bool,
    failed: Option<Unreadable>,
}

/// Where entries go, or why something is none, each with its line.
pub type Sink<'s> = &'s mut dyn FnMut(Result<Entry<'_>, Reason>, usize);

impl Reader {
    /// For a text of this format.
    #[must_use]
    pub fn new(format: Format) -> Self {
        let (state, place, held) = (State::new(format), Place::Begin, Vec::new());
        Self { state, place, held, line: 1, total: 0, ended: false, begun: false, failed: None }
    }

    /// The serial of the response policy zone read, if it is one: its version.
    #[must_use]
    pub fn serial(&self) -> Option<u32> {
        self.state.serial()
    }

    /// Bytes held at the moment.
    #[must_use]
    pub fn held(&self) -> usize {
        let json = if let Place::Json(scanner) = &self.place { scanner.held() } else { 0 };
        self.held.capacity() + self.state.held() + json
    }

    /// Takes the next bytes; the entries do not depend on how the text is cut.
    ///
    /// # Errors
    /// The text is none that may be read; it stays so.
    pub fn push(&mut self, bytes: &[u8], out: Sink<'_>) -> Result<(), Unreadable> {
        if let Some(failed) = self.failed {
            return Err(failed);
        }
        let room = usize::try_from(MAX_TEXT - self.total).unwrap_or(usize::MAX);
        let mut rest = bytes.get(..room).unwrap_or(bytes);
        self.total += rest.len() as u64;
        self.ended = rest.last().map_or(self.ended, |last| *last == b'\n');
        let mut end = if bytes.len() > room { Err(Unreadable::TooLong) } else { Ok(()) };
        while !rest.is_empty() {
            match self.some(rest, out) {
                Ok(taken) => rest = rest.get(taken..).unwrap_or(&[]),
                Err(failed) => {
                    end = Err(failed);
                    break;
                }
            }
        }
        self.failed = end.err();
        end
    }

    /// The text is over.
    ///
    /// # Errors
    /// The text is none that may be read.
    pub fn end(mut self, out: Sink<'_>) -> Result<(), Unreadable> {
        if let Some(failed) = self.failed {
            return Err(failed);
        }
        let last = self.line.saturating_sub(usize::from(self.ended)).max(1);
        match self.place {
            Place::Json(_) => out(Err(Reason::Broken), last),
            Place::Rest => {}
            Place::Begin | Place::Bracket | Place::Line => self.whole_line(out)?,
        }
        self.state.end(&mut |reason, line| out(Err(reason), line.unwrap_or(last)));
        Ok(())
    }

    /// Takes some of the bytes; how many.
    fn some(&mut self, bytes: &[u8], out: Sink<'_>) -> Result<usize, Unreadable> {
        let Some(&first) = bytes.first() else { return Ok(0) };
        if first == 0 {
            return Err(Unreadable::Binary);
        }
        match &mut self.place {
            Place::Begin | Place::Bracket => self.begin(first, out),
            Place::Line => self.within(bytes, out),
            Place::Rest => {
                let end = bytes.iter().position(|byte| *byte == b'\n' || *byte == 0).unwrap_or(bytes.len());
                if bytes.get(end) == Some(&b'\n') {
                    self.next_line();
                    return Ok(end + 1);
                }
                Ok(end)
            }
            Place::Json(scanner) => {
                let line = self.line;
                let step = scanner.byte(first, &mut |entry| out(entry, line));
                self.after(step, first, out);
                Ok(1)
            }
        }
    }

    /// The first bytes of a line: is it JSON?
    fn begin(&mut self, byte: u8, out: Sink<'_>) -> Result<usize, Unreadable> {
        let bracket = matches!(self.place, Place::Bracket);
        if !bracket && byte != b'\n' && self.held.len() < MAX_LINE {
            // The mark of UTF-8, which some editors put before a text, counts as blank.
            let mark = self.line == 1 && b"\xef\xbb\xbf".contains(&byte);
            if matches!(byte, b' ' | b'\t' | b'\r') || mark {
                self.held.push(byte);
                return Ok(1);
            }
        }
        let is_json = match (self.state.takes_json(), bracket) {
            (false, _) => Some(false),
            (true, true) => json::begins(b'[', Some(byte)),
            (true, false) => json::begins(byte, None),
        };
        match is_json {
            None => {
                self.place = Place::Bracket;
                self.held.push(byte);
                Ok(1)
            }
            Some(false) => {
                self.place = Place::Line;
                Ok(0)
            }
            Some(true) => {
                self.begun = true;
                self.held.clear();
                self.place = Place::Json(Box::default());
                let line = self.line;
                for byte in bracket.then_some(b'[').into_iter().chain([byte]) {
                    if let Place::Json(scanner) = &mut self.place {
                        let step = scanner.byte(byte, &mut |entry| out(entry, line));
                        self.after(step, byte, out);
                    }
                }
                Ok(1)
            }
        }
    }

    /// After a byte of JSON.
    fn after(&mut self, step: Step, byte: u8, out: Sink<'_>) {
        match step {
            Step::More => {}
            Step::Done => self.place = Place::Begin,
            Step::Failed => {
                out(Err(Reason::Broken), self.line);
                self.place = Place::Rest;
            }
        }
        if byte == b'\n' {
            if matches!(self.place, Place::Json(_)) {
                self.line += 1;
            } else {
                self.next_line();
            }
        }
    }

    /// Bytes of a line: up to its end, or to where it is too long.
    fn within(&mut self, bytes: &[u8], out: Sink<'_>) -> Result<usize, Unreadable> {
        let room = (MAX_LINE + 1).saturating_sub(self.held.len());
        let end = bytes.iter().take(room).position(|byte| *byte == b'\n' || *byte == 0);
        let piece = bytes.get(..end.unwrap_or(room)).unwrap_or(bytes);
        self.held.extend_from_slice(piece);
        if self.held.len() > MAX_LINE {
            self.first_line()?;
            out(Err(Reason::LongLine), self.line);
            self.held.clear();
            self.place = Place::Rest;
        } else if bytes.get(piece.len()) == Some(&b'\n') {
            self.whole_line(out)?;
            self.next_line();
            return Ok(piece.len() + 1);
        } else if bytes.get(piece.len()) == Some(&0) {
            return Err(Unreadable::Binary);
        }
        Ok(piece.len())
    }

    fn next_line(&mut self) {
        self.line += 1;
        self.held.clear();
        self.place = Place::Begin;
    }

    fn whole_line(&mut self, out: Sink<'_>) -> Result<(), Unreadable> {
        self.first_line()?;
        let held = core::mem::take(&mut self.held);
        let line = self.line;
        self.state.line(line, &String::from_utf8_lossy(&held), &mut |entry| out(entry, line));
        self.held = held;
        Ok(())
    }

    /// The first line that is no comment tells whether this is a list at all.
    fn first_line(&mut self) -> Result<(), Unreadable> {
        if self.begun {
            return Ok(());
        }
        let line = self.held.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.held).trim_ascii();
        let is_list = |byte: &u8| !byte.is_ascii_control() || byte.is_ascii_whitespace();
        match line.first() {
            None => return Ok(()),
            // No format begins a line with a tag.
            Some(b'<') if line.get(1).is_some_and(|next| next.is_ascii_alphabetic() || b"!?/".contains(next)) => {
                return Err(Unreadable::Markup);
            }
            Some(_) if !line.iter().all(is_list) => return Err(Unreadable::Binary),
            Some(_) if is_comment(line) => {}
            Some(_) => self.begun = true,
        }
        Ok(())
    }
}
