//! Sections of manual pages as troff: what is text is escaped by the crate roff, which clap_mangen is made with.

use std::io;

use clap_mangen::roff::{Inline, Roff, bold, roman};

/// Lines are not stretched to the right margin: addresses and settings are longer than what there is to stretch.
pub(super) const LEFT: &[u8] = b".ad l\n";

/// A page that grows by sections.
#[derive(Default)]
pub(super) struct Sections {
    roff: Roff,
    /// Whether something stands below the last heading: only then does a paragraph need a space above.
    has_begun: bool,
}

impl Sections {
    /// Begins a section.
    pub(super) fn section(&mut self, name: &str) -> &mut Self {
        self.heading("SH", name)
    }

    /// Begins a part of a section.
    pub(super) fn part(&mut self, name: &str) -> &mut Self {
        self.heading("SS", name)
    }

    fn heading(&mut self, kind: &str, name: &str) -> &mut Self {
        self.roff.control(kind, [name]);
        self.has_begun = false;
        self
    }

    fn space(&mut self) {
        if std::mem::replace(&mut self.has_begun, true) {
            self.roff.control("PP", []);
        }
    }

    /// A paragraph.
    pub(super) fn paragraph(&mut self, text: &str) -> &mut Self {
        self.space();
        self.roff.text([roman(text)]);
        self
    }

    /// Terms with what is said of them, indented.
    pub(super) fn item(&mut self, terms: &[&str], text: &str) -> &mut Self {
        self.has_begun = true;
        for (at, term) in terms.iter().enumerate() {
            self.roff.control(if at == 0 { "TP" } else { "TQ" }, []).text([bold(*term)]);
        }
        if !text.is_empty() {
            self.roff.text([roman(text)]);
        }
        self
    }

    /// Lines as they are typed.
    pub(super) fn typed<'a>(&mut self, lines: impl IntoIterator<Item = &'a str>) -> &mut Self {
        self.space();
        self.roff.control("EX", []);
        for line in lines {
            self.roff.text([roman(line)]);
        }
        self.roff.control("EE", []);
        self
    }

    /// Pages, as `minewall.toml(5)`.
    pub(super) fn pages(&mut self, pages: &[(&str, &str)]) -> &mut Self {
        let last = pages.len().saturating_sub(1);
        let each = pages.iter().enumerate().flat_map(|(at, (name, section))| -> [Inline; 2] {
            [bold(*name), roman(format!("({section}){}", if at == last { "" } else { ", " }))]
        });
        let line: Vec<Inline> = each.collect();
        self.roff.text(line);
        self
    }

    /// All of it.
    ///
    /// # Errors
    /// None: it is written to memory.
    pub(super) fn written(&self) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        self.roff.to_writer(&mut text)?;
        Ok(text)
    }
}

/// What was written section by section as one page: how an apostrophe is written need not be defined again, and a line
/// break beside a space is none.
pub(super) fn joined(sections: &[u8]) -> Vec<u8> {
    let is_preamble = |line: &[u8]| line.starts_with(b".ie \\n(.g") || line.starts_with(b".el .ds Aq");
    let lines: Vec<&[u8]> = sections.split_inclusive(|byte| *byte == b'\n').collect();
    let spaces: [&[u8]; 2] = [b".sp\n", b"\n"];
    let is_space = |at: Option<usize>| at.and_then(|at| lines.get(at)).is_some_and(|line| spaces.contains(line));
    let kept = lines.iter().enumerate().filter(|(at, line)| {
        let is_idle = **line == b".br\n" && (is_space(at.checked_sub(1)) || is_space(Some(at + 1)));
        !is_preamble(line) && !is_idle
    });
    kept.flat_map(|(_, line)| *line).copied().collect()
}
