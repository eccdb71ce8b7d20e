//! JSON, byte by byte, since it is often one line of megabytes: objects whose keys are known, arrays of hosts. Bounds: 16
//! levels, and what [`Row`] holds of each.

use super::{
    MAX_LINE, Out,
    columns::{Column, Row},
};
use crate::tally::Reason;
use alloc::{boxed::Box, string::String, vec::Vec};

/// Levels of objects and arrays.
const MAX_DEPTH: usize = 16;
/// Bytes of a number or a literal.
const MAX_WORD: usize = 32;

/// What became of a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// There is more to come.
    More,
    /// The value is whole.
    Done,
    /// This is not JSON, or deeper than is read.
    Failed,
}

/// What may stand next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Expect {
    #[default]
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    Colon,
    CommaOrEnd,
}

/// The token under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Token {
    #[default]
    None,
    /// A string; whether a backslash came before.
    Text(bool),
    /// A character by its number: digits to come, and the number up to now.
    Number(u8, u32),
    /// A number or a literal.
    Word,
}

/// An object or an array that is open.
#[derive(Debug)]
struct Level {
    /// Of an object; an array has none.
    row: Option<Box<Row>>,
    /// What the key before the value, or before the array, says.
    column: Option<Column>,
}

/// A reader of one value.
#[derive(Debug, Default)]
pub(crate) struct Scanner {
    levels: Vec<Level>,
    expect: Expect,
    token: Token,
    text: Vec<u8>,
    /// The text is longer than what is kept of it.
    over: bool,
}

/// Whether a line that begins so is JSON: `{`, or `[` before a value, as no other format has it.
pub(crate) fn begins(first: u8, second: Option<u8>) -> Option<bool> {
    match (first, second) {
        (b'{', _) => Some(true),
        (b'[', Some(second)) => Some(second.is_ascii_whitespace() || b"{\"[]".contains(&second)),
        (b'[', None) => None,
        _ => Some(false),
    }
}

impl Scanner {
    /// Bytes held at the moment.
    pub(crate) fn held(&self) -> usize {
        let rows = self.levels.iter().filter_map(|level| level.row.as_ref());
        self.text.capacity() + self.levels.capacity() * size_of::<Level>() + rows.map(|row| row.held()).sum::<usize>()
    }

    /// Takes the next byte.
    pub(crate) fn byte(&mut self, byte: u8, out: Out<'_>) -> Step {
        match self.token {
            Token::None => self.structure(byte, out),
            Token::Text(false) => match byte {
                b'"' => self.text_ends(out),
                b'\\' => self.go_on(Token::Text(true)),
                0..0x20 => Step::Failed,
                _ => {
                    self.keep(byte);
                    Step::More
                }
            },
            Token::Text(true) => {
                let plain = match byte {
                    b'"' | b'\\' | b'/' => byte,
                    b'b' | b'f' | b'n' | b'r' | b't' => b' ',
                    b'u' => return self.go_on(Token::Number(4, 0)),
                    _ => return Step::Failed,
                };
                self.keep(plain);
                self.go_on(Token::Text(false))
            }
            Token::Number(left, code) => {
                let Some(digit) = char::from(byte).to_digit(16) else { return Step::Failed };
                let code = code << 4 | digit;
                if left > 1 {
                    return self.go_on(Token::Number(left - 1, code));
                }
                let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
                character.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| self.keep(byte));
                self.go_on(Token::Text(false))
            }
            Token::Word if byte.is_ascii_alphanumeric() || b"+-.".contains(&byte) => {
                self.keep(byte);
                if self.text.len() > MAX_WORD { Step::Failed } else { Step::More }
            }
            Token::Word => {
                let is_word = matches!(self.text.as_slice(), b"true" | b"false" | b"null")
                    || self.text.first().is_some_and(|first| first.is_ascii_digit() || *first == b'-');
                if !is_word {
                    return Step::Failed;
                }
                match self.value_ends(out) {
                    Step::More => self.structure(byte, out),
                    step => step,
                }
            }
        }
    }

    fn go_on(&mut self, token: Token) -> Step {
        self.token = token;
        Step::More
    }

    fn keep(&mut self, byte: u8) {
        if self.text.len() < MAX_LINE {
            self.text.push(byte);
        } else {
            self.over = true;
        }
    }

    fn begin(&mut self, token: Token) -> Step {
        self.text.clear();
        self.over = false;
        self.go_on(token)
    }

    /// A byte between tokens.
    fn structure(&mut self, byte: u8, out: Out<'_>) -> Step {
        if matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
            return Step::More;
        }
        let value = matches!(self.expect, Expect::Value | Expect::ValueOrEnd);
        match (byte, self.expect) {
            (b'{', _) if value => self.open(Some(Box::default()), Expect::KeyOrEnd),
            (b'[', _) if value => self.open(None, Expect::ValueOrEnd),
            (b'"', Expect::Key | Expect::KeyOrEnd) => self.begin(Token::Text(false)),
            (b'"', _) if value => self.begin(Token::Text(false)),
            (b'a'..=b'z' | b'0'..=b'9' | b'-', _) if value => {
                self.begin(Token::Word);
                self.keep(byte);
                Step::More
            }
            (b':', Expect::Colon) => self.then(Expect::Value),
            (b',', Expect::CommaOrEnd) => {
                let in_object = self.levels.last().is_some_and(|level| level.row.is_some());
                self.then(if in_object { Expect::Key } else { Expect::Value })
            }
            (b'}', Expect::KeyOrEnd | Expect::CommaOrEnd) if self.is_in(true) => self.close(out),
            (b']', Expect::ValueOrEnd | Expect::CommaOrEnd) if self.is_in(false) => self.close(out),
            _ => Step::Failed,
        }
    }

    fn is_in(&self, object: bool) -> bool {
        self.levels.last().is_some_and(|level| level.row.is_some() == object)
    }

    fn then(&mut self, expect: Expect) -> Step {
        self.expect = expect;
        Step::More
    }

    fn open(&mut self, row: Option<Box<Row>>, expect: Expect) -> Step {
        if self.levels.len() >= MAX_DEPTH {
            return Step::Failed;
        }
        let outer = self.levels.last();
        // An array that nothing names is one of hosts if it is all there is.
        let column = outer.map_or(Some(Column::Host), |outer| outer.column);
        self.levels.push(Level { column: if row.is_some() { None } else { column }, row });
        self.then(expect)
    }

    fn close(&mut self, out: Out<'_>) -> Step {
        if let Some(row) = self.levels.pop().and_then(|level| level.row) {
            row.give(out);
        }
        self.after_value()
    }

    fn after_value(&mut self) -> Step {
        self.expect = Expect::CommaOrEnd;
        if self.levels.is_empty() { Step::Done } else { Step::More }
    }

    /// A string is over: a key or a value.
    fn text_ends(&mut self, out: Out<'_>) -> Step {
        if !matches!(self.expect, Expect::Key | Expect::KeyOrEnd) {
            return self.value_ends(out);
        }
        self.token = Token::None;
        let column = core::str::from_utf8(&self.text).ok().filter(|_| !self.over).and_then(Column::of);
        if let Some(level) = self.levels.last_mut() {
            level.column = column;
        }
        self.then(Expect::Colon)
    }

    /// A string, a number or a literal that is a value.
    fn value_ends(&mut self, out: Out<'_>) -> Step {
        self.token = Token::None;
        let column = self.levels.last().map_or(Some(Column::Host), |level| level.column);
        if let Some(column) = column {
            let text = String::from_utf8_lossy(&self.text);
            match self.levels.iter_mut().rev().find_map(|level| level.row.as_mut()) {
                _ if self.over => out(Err(Reason::LongLine)),
                Some(row) => row.take(column, &text, out),
                None => {
                    let mut row = Row::default();
                    row.take(column, &text, out);
                    row.give(out);
                }
            }
        }
        self.after_value()
    }
}
