//! Tables of text with a known head line (RFC 4180; also with `;` or tabs), read by csv-core.

use super::{
    Line, MAX_LINE, Out, State,
    columns::{Column, Row},
};
use crate::tally::Reason;
use alloc::{boxed::Box, vec, vec::Vec};
use core::fmt;
use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

/// Columns of a table at most.
const MAX_COLUMNS: usize = 64;

/// A table whose head line was read.
pub(super) struct Table {
    columns: Vec<Option<Column>>,
    reader: Reader,
    record: Vec<u8>,
    written: usize,
    ends: Vec<usize>,
    ended: usize,
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").field("columns", &self.columns).finish_non_exhaustive()
    }
}

impl Table {
    fn new(divider: u8) -> Self {
        let reader = ReaderBuilder::new().delimiter(divider).build();
        Self {
            columns: Vec::new(),
            reader,
            record: vec![0; MAX_LINE],
            written: 0,
            ends: vec![0; MAX_COLUMNS],
            ended: 0,
        }
    }

    /// Whether a record goes on in the next line.
    pub(super) fn is_open(&self) -> bool {
        self.written > 0 || self.ended > 0
    }

    pub(super) fn held(&self) -> usize {
        size_of::<Self>() + self.record.capacity() + self.ends.capacity() * size_of::<usize>()
    }

    /// Reads a line: `Some` when a record ended with it, with its fields.
    fn line(&mut self, line: &str) -> Option<Result<Vec<&str>, Reason>> {
        let mut whole = None;
        for mut input in [line.as_bytes(), b"\n"] {
            while !input.is_empty() {
                let (Some(record), Some(ends)) = (self.record.get_mut(self.written..), self.ends.get_mut(self.ended..))
                else {
                    return Some(Err(self.reset()));
                };
                let (result, read, written, ended) = self.reader.read_record(input, record, ends);
                input = input.get(read..).unwrap_or(&[]);
                self.written += written;
                self.ended += ended;
                match result {
                    ReadRecordResult::InputEmpty => {}
                    ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => return Some(Err(self.reset())),
                    ReadRecordResult::Record => whole = Some(core::mem::take(&mut self.ended)),
                    ReadRecordResult::End => {}
                }
            }
        }
        let count = whole?;
        self.written = 0;
        let mut begin = 0;
        let mut fields = Vec::with_capacity(count);
        for &end in self.ends.get(..count)? {
            fields.push(self.record.get(begin..end).and_then(|field| core::str::from_utf8(field).ok()).unwrap_or(""));
            begin = end;
        }
        Some(Ok(fields))
    }

    fn reset(&mut self) -> Reason {
        self.reader.reset();
        (self.written, self.ended) = (0, 0);
        Reason::Broken
    }
}

/// A record that was never closed is told.
pub(super) fn end(state: &State, out: Out<'_>) {
    if state.table.as_ref().is_some_and(|table| table.is_open()) {
        out(Err(Reason::Broken));
    }
}

pub(super) fn read(state: &mut State, line: &Line<'_>, out: Out<'_>) -> bool {
    let Some(table) = &mut state.table else {
        state.table = head(line.whole);
        return state.table.is_some();
    };
    let fields = core::mem::take(&mut table.columns);
    match table.line(line.whole) {
        None => {}
        Some(Err(reason)) => out(Err(reason)),
        Some(Ok(values)) if values.len() != fields.len() => out(Err(Reason::BadColumn)),
        Some(Ok(values)) => give(&fields, &values, out),
    }
    table.columns = fields;
    true
}

fn give(columns: &[Option<Column>], values: &[&str], out: Out<'_>) {
    let mut row = Row::default();
    for (column, value) in columns.iter().zip(values) {
        if let Some(column) = column {
            row.take(*column, value, out);
        }
    }
    let mut given = false;
    row.give(&mut |entry| {
        given = true;
        out(entry);
    });
    if !given {
        out(Err(Reason::BadColumn));
    }
}

/// A head line: words alone, and among them one for hosts, or the two of an attribute.
fn head(line: &str) -> Option<Box<Table>> {
    let count = |divider: char| line.matches(divider).count();
    let divider =
        [',', ';', '\t'].into_iter().max_by_key(|&divider| count(divider)).filter(|&divider| count(divider) > 0)?;
    let mut table = Table::new(u8::try_from(divider).ok()?);
    let names = table.line(line)?.ok()?;
    let is_word = |name: &&str| name.chars().all(|c| c.is_alphanumeric() || "_- ()".contains(c));
    if !names.iter().all(is_word) {
        return None;
    }
    let columns: Vec<_> = names.iter().map(|name| Column::of(name)).collect();
    let has = |column| columns.contains(&Some(column));
    if !(has(Column::Host) || has(Column::Kind) && has(Column::Value) || has(Column::Pattern)) {
        return None;
    }
    table.columns = columns;
    Some(Box::new(table))
}
