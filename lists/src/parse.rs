//! One line of a list text to entries: one reader a format, and one table of them.

mod adblock;
mod addresses;
mod columns;
mod csv;
mod dnsmasq;
mod hosts;
pub(crate) mod json;
mod misp;
mod nft;
mod own;
mod plain;
mod rpz;
mod suricata;
mod unbound;
mod urls;
mod word;

use crate::{entry::Entry, format::Format, tally::Reason};
use alloc::boxed::Box;

pub use word::ascii;
pub(crate) use word::{below, name};

/// Bytes of the longest line read.
pub(crate) const MAX_LINE: usize = 4096;
/// Ports an entry states at most.
pub(crate) const MAX_PORTS: usize = 256;

/// Where entries go, and why something is none.
pub(crate) type Out<'o> = &'o mut dyn FnMut(Result<Entry<'_>, Reason>);

/// A line that is neither blank nor a comment.
struct Line<'a> {
    /// Without blanks around it.
    whole: &'a str,
    /// And without a comment behind it.
    bare: &'a str,
    indented: bool,
}

/// A reader gives out the entries of a line and says whether the line was of its format.
type Read = fn(&mut State, &Line<'_>, Out<'_>) -> bool;

/// Every format; the first that claims a line reads it. JSON alone is read byte by byte.
const READERS: &[(Format, Read)] = &[
    (Format::Own, own::read),
    (Format::Suricata, suricata::read),
    (Format::AdBlock, adblock::read),
    (Format::Nft, nft::read),
    (Format::Dnsmasq, dnsmasq::read),
    (Format::Unbound, unbound::read),
    (Format::Misp, misp::read),
    (Format::Hosts, hosts::read),
    (Format::Rpz, rpz::read),
    (Format::Addresses, addresses::read),
    (Format::Urls, urls::read),
    (Format::Csv, csv::read),
    (Format::Plain, plain::read),
];

/// What is remembered from line to line. Bounded, whatever the lines are.
#[derive(Debug, Default)]
pub(crate) struct State {
    format: Format,
    /// The line being read, counted from 1.
    number: usize,
    /// The text said that it is of this format.
    adblock: bool,
    nft: nft::Place,
    redirected: unbound::Redirected,
    rpz: rpz::Zone,
    table: Option<Box<csv::Table>>,
}

impl State {
    pub(crate) fn new(format: Format) -> Self {
        Self { format, adblock: format == Format::AdBlock, ..Self::default() }
    }

    /// Whether JSON may begin with the next line.
    pub(crate) fn takes_json(&self) -> bool {
        let within = self.nft.is_open() || self.table.is_some() || self.rpz.is_open();
        matches!(self.format, Format::Auto | Format::Json | Format::Misp) && !within
    }

    /// The serial of the zone read.
    pub(crate) fn serial(&self) -> Option<u32> {
        self.rpz.serial()
    }

    /// Bytes held at the moment.
    pub(crate) fn held(&self) -> usize {
        self.rpz.held() + self.table.as_ref().map_or(0, |table| table.held())
    }

    /// Reads a line. Nothing is given out for blank lines and comments.
    pub(crate) fn line(&mut self, number: usize, line: &str, out: Out<'_>) {
        self.number = number;
        let line = if number == 1 { line.trim_start_matches('\u{feff}') } else { line };
        let indented = line.starts_with([' ', '\t']);
        let whole = line.trim();
        let goes_on = self.table.as_ref().is_some_and(|table| table.is_open());
        if !goes_on
            && (whole.is_empty() || is_comment(whole.as_bytes()) && !(self.adblock && adblock::is_cosmetic(whole)))
        {
            return;
        }
        if whole.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
            return out(Err(Reason::Unprintable));
        }
        let line = Line { whole, bare: without_comment(whole), indented };
        if !self.read(&line, out) {
            out(Err(Reason::UnknownShape));
        }
    }

    fn read(&mut self, line: &Line<'_>, out: Out<'_>) -> bool {
        // What spans lines goes on before any other format is tried.
        let open = [
            (self.table.is_some(), csv::read as Read),
            (self.nft.is_open(), nft::read),
            (self.rpz.is_open(), rpz::read),
        ];
        if let Some((_, read)) = open.iter().find(|(open, _)| *open) {
            return read(self, line, out);
        }
        let wanted = self.format;
        if wanted == Format::Auto && is_plainly_a_name(line.bare) {
            return plain::read(self, line, out);
        }
        let mut fitting = READERS.iter().filter(|(format, _)| wanted == Format::Auto || *format == wanted);
        fitting.any(|(_, read)| read(self, line, out))
    }

    /// The text is over: what was left open is told, with its line where there is one.
    pub(crate) fn end(&mut self, out: &mut dyn FnMut(Reason, Option<usize>)) {
        let mut tell = |entry: Result<Entry<'_>, Reason>| {
            if let Err(reason) = entry {
                out(reason, None);
            }
        };
        self.nft.end(&mut tell);
        self.redirected.end(&mut tell);
        csv::end(self, &mut tell);
        if self.rpz.is_open() {
            tell(Err(Reason::Broken));
        }
        self.rpz.end().into_iter().for_each(|line| out(Reason::BelowOnly, Some(line as usize)));
    }
}

/// Whether a line says nothing in any format.
pub(crate) fn is_comment(line: &[u8]) -> bool {
    ["#", ";", "!", "//"].iter().any(|mark| line.starts_with(mark.as_bytes()))
}

/// The line up to a comment behind it.
fn without_comment(line: &str) -> &str {
    let bytes = line.as_bytes();
    let begins = |at: usize| match bytes.get(at..) {
        Some([b'#' | b';', ..] | [b'/', b'/', b' ', ..]) => true,
        Some(_) | None => false,
    };
    let blanks = bytes.iter().enumerate().filter(|(_, byte)| matches!(byte, b' ' | b'\t'));
    let end = blanks.map(|(at, _)| at + 1).find(|at| begins(*at));
    end.and_then(|end| line.get(..end)).unwrap_or(line).trim_end()
}

/// Whether no other format than that of plain names can claim the line: most lines of long lists are so.
fn is_plainly_a_name(line: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    let top = line.rsplit_once('.').map_or("", |(_, top)| top);
    top.bytes().any(|byte| byte.is_ascii_alphabetic()) && line.bytes().all(plain)
}
