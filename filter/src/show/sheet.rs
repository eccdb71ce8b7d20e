//! A sheet of paper: headings, and lines of a label and a text that is broken between words.

use minewall_core::evidence::printable;

/// Columns before the texts.
const LABEL: usize = 14;

/// What is broken no further, however narrow the terminal.
const LEAST: usize = 20;

/// The widest line: longer ones are hard to read.
const WIDEST: usize = 110;

/// The sheet so far.
pub(super) struct Sheet {
    text: String,
    columns: usize,
}

impl Sheet {
    /// An empty one, for so many columns.
    pub(super) fn new(columns: usize) -> Self {
        Self { text: String::new(), columns: columns.min(WIDEST) }
    }

    /// Begins a part.
    pub(super) fn heading(&mut self, heading: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text += heading;
        self.text.push('\n');
    }

    /// A line of the whole width.
    pub(super) fn line(&mut self, line: &str) {
        for line in wrapped(&printable(line, usize::MAX), self.columns) {
            self.text += &line;
            self.text.push('\n');
        }
    }

    /// A label and its text; nothing without a text.
    pub(super) fn row(&mut self, label: &str, text: impl Into<Option<String>>) {
        let Some(text) = text.into().filter(|text| !text.is_empty()) else { return };
        let lines = wrapped(&printable(&text, usize::MAX), self.columns.saturating_sub(LABEL).max(LEAST));
        for (at, line) in lines.iter().enumerate() {
            let label = if at == 0 { label } else { "" };
            self.text += &format!("  {label:width$}{line}\n", width = LABEL - 2);
        }
    }

    /// Lines laid out by others.
    pub(super) fn block(&mut self, block: &str) {
        for line in block.lines() {
            self.text += &format!("  {line}\n");
        }
    }

    /// All of it.
    pub(super) fn into_text(self) -> String {
        self.text
    }
}

/// Broken between words; a word that is longer than a line is broken within. A character beyond ASCII counts as two
/// columns, the most it can take.
fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let wide = |text: &str| text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum::<usize>();
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let mut word = word.to_owned();
        while let Some(line) = lines.last_mut() {
            let used = wide(line);
            let space = usize::from(used > 0);
            if used + space + wide(&word) <= columns {
                line.push_str(if space > 0 { " " } else { "" });
                line.push_str(&word);
                break;
            }
            if used > 0 {
                lines.push(String::new());
                continue;
            }
            // Of an empty line it takes all, and one character at least.
            let mut left = columns;
            let fits = word.char_indices().take_while(|(at, c)| {
                let width = if c.is_ascii() { 1 } else { 2 };
                let is_in = *at == 0 || left >= width;
                left = left.saturating_sub(width);
                is_in
            });
            let end = fits.last().map_or(word.len(), |(at, c)| at + c.len_utf8());
            let rest = word.split_off(end);
            line.push_str(&word);
            if rest.is_empty() {
                break;
            }
            word = rest;
            lines.push(String::new());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_broken_between_words_or_where_they_must() {
        assert_eq!(wrapped("one two three", 8), ["one two", "three"]);
        assert_eq!(wrapped("a 0123456789 b", 4), ["a", "0123", "4567", "89 b"]);
        assert_eq!(wrapped("", 4), [""]);
        assert_eq!(wrapped("矿池矿池", 4), ["矿池", "矿池"]);
        for columns in 1..12 {
            let lines = wrapped("some words, somelongerwords, and 矿池 too", columns);
            let widest = lines.iter().map(|line| line.chars().count()).max();
            assert!(widest <= Some(columns), "{columns}: {lines:?}");
            assert_eq!(lines.concat().replace(' ', ""), "somewords,somelongerwords,and矿池too");
        }
    }

    #[test]
    fn what_has_no_text_has_no_line() {
        let mut sheet = Sheet::new(30);
        sheet.heading("Who");
        sheet.row("host", "10.0.0.1 lab-pc-17 \u{1b}[2J".to_owned());
        sheet.row("unit", None);
        sheet.row("room", String::new());
        assert_eq!(sheet.into_text(), "Who\n  host        10.0.0.1 lab-pc-17\n              \\u{1b}[2J\n");
    }
}
