//! Pages as Markdown, with tables as GitHub and pandoc read them.

use super::notice::Sheet;
use super::page::{Kind, Page, Section};
use super::texts as t;

/// A report.
pub(crate) fn report(page: &Page) -> String {
    let mut text = format!("# {}\n\n", cell(&page.title));
    for line in &page.lead {
        text += &format!("{}\n\n", cell(line));
    }
    for warning in &page.warnings {
        text += &format!("> **{}**\n\n", cell(warning));
    }
    for card in &page.cards {
        let note = if card.note.is_empty() { String::new() } else { format!(" ({})", cell(&card.note)) };
        text += &format!("- {}: **{}**{note}\n", cell(card.label), cell(&card.value));
    }
    for part in &page.sections {
        text += &section(part);
    }
    text
}

fn section(part: &Section) -> String {
    let mut text = format!("\n## {}\n\n", cell(&part.title));
    if !part.head.is_empty() {
        text += &row(part.head.iter().map(|(head, _)| *head));
        text += &row(part.head.iter().map(|(_, kind)| if *kind == Kind::Number { "--:" } else { "---" }));
    }
    for cells in part.rows.iter().chain(&part.total) {
        text += &row(cells.iter().map(String::as_str));
    }
    for note in &part.notes {
        text += &format!("\n{}\n", cell(note));
    }
    text
}

fn row<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    cells.fold("|".to_owned(), |row, text| row + " " + &cell(text) + " |") + "\n"
}

/// A text that means nothing to Markdown: on one line, its signs escaped.
pub(crate) fn cell(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' => escaped.push(' '),
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '~' | '!' | '$' => escaped.extend(['\\', c]),
            _ => escaped.push(c),
        }
    }
    // A rule of three dashes between cells is ours.
    if ["---", "--:"].contains(&text) { text.to_owned() } else { escaped }
}

/// A notice.
pub(crate) fn notice(sheet: &Sheet) -> String {
    let mut text = format!("# {}\n\n{}\n", cell(&sheet.title), cell(&sheet.lead));
    for (title, rows) in &sheet.blocks {
        text += &format!("\n## {}\n\n", cell(title));
        for (name, value) in rows {
            text += &format!("- {}: {}\n", cell(name), cell(value));
        }
    }
    text += &format!("\n## {}\n\n", t::EVIDENCE.of(sheet.lang));
    if let Some(missing) = &sheet.missing {
        text += &format!("{}\n", cell(missing));
    }
    if !sheet.records.is_empty() {
        text += &row(sheet.heads.into_iter());
        text += &row(sheet.heads.iter().map(|_| "---"));
        text.extend(sheet.records.iter().map(|record| row(record.iter().map(String::as_str))));
    }
    for (title, lines, mark) in [(t::MEANS, &sheet.meaning, "-"), (t::DO, &sheet.steps, "1.")] {
        text += &format!("\n## {}\n\n", title.of(sheet.lang));
        text.extend(lines.iter().map(|line| format!("{mark} {}\n", cell(line))));
    }
    text += &format!("\n## {}\n\n", t::REPLY.of(sheet.lang));
    text.extend(sheet.reply.iter().map(|name| format!("- {}: ____\n", cell(name))));
    text
}
