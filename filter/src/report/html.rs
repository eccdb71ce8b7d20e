//! Pages as HTML: self-contained, without a script, every text escaped by maud.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::chart::Chart;
use super::draw;
use super::notice::Sheet;
use super::page::{Kind, Page, Section, TO};
use super::texts::{self as t, Lang};

const STYLE: &str = include_str!("style.css");

/// A whole document.
pub(super) fn document(lang: Lang, title: &str, body: &Markup) -> String {
    html! {
        (DOCTYPE)
        html lang=(lang.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                // Nothing is fetched, whatever stands below.
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                meta name="generator" content=(concat!("minewall ", env!("CARGO_PKG_VERSION")));
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { (body) }
        }
    }
    .into_string()
        + "\n"
}

/// A report.
pub(crate) fn report(page: &Page) -> String {
    let body = html! {
        main {
            header {
                h1 { (page.title) }
                @for line in &page.lead { p { (line) } }
                @for warning in &page.warnings { p.warning { (warning) } }
            }
            @if !page.cards.is_empty() {
                dl.cards {
                    @for card in &page.cards {
                        div {
                            dt { (card.label) }
                            dd { (card.value) }
                            dd.note { (card.note) }
                        }
                    }
                }
            }
            @if !page.charts.is_empty() { div.charts { @for chart in &page.charts { (figure(chart)) } } }
            @for part in &page.sections { (section(part)) }
        }
    };
    document(page.lang, &page.title, &body)
}

fn figure(chart: &Chart) -> Markup {
    html! {
        figure.wide[chart.is_wide] {
            figcaption { (chart.title) }
            div.scroll { (PreEscaped(draw::svg(chart))) }
        }
    }
}

fn section(part: &Section) -> Markup {
    let kind = |at: usize| part.head.get(at).map(|(_, kind)| *kind);
    let class = |at: usize| kind(at).filter(|kind| *kind == Kind::Number).map(|_| "number");
    html! {
        section {
            h2 { (part.title) }
            @if !part.head.is_empty() {
                div.scroll tabindex="0" {
                    table {
                        thead { tr { @for (at, (head, _)) in part.head.iter().enumerate() {
                            th scope="col" class=[class(at)] { (head) }
                        } } }
                        tbody { @for row in &part.rows {
                            tr { @for (at, cell) in row.iter().enumerate() {
                                td class=[class(at)] {
                                    @if kind(at) == Some(Kind::Span) { (span(cell)) } @else { (cell) }
                                }
                            } }
                        } }
                        @if let Some(total) = &part.total {
                            tfoot { tr { @for (at, cell) in total.iter().enumerate() { td class=[class(at)] { (cell) } } } }
                        }
                    }
                }
            }
            @for note in &part.notes { p.note { (note) } }
        }
    }
}

/// From a moment to a moment, broken between the two only.
fn span(text: &str) -> Markup {
    let (from, to) = text.split_once(TO).unwrap_or((text, ""));
    html! { span.time { (from) @if !to.is_empty() { (TO) } } wbr; span.time { (to) } }
}

/// A notice: one page of A4.
pub(crate) fn notice(sheet: &Sheet) -> String {
    let body = html! {
        main.sheet {
            header {
                h1 { (sheet.title) }
                p { (sheet.lead) }
            }
            @for (title, rows) in &sheet.blocks {
                section {
                    h2 { (title) }
                    dl { @for (name, value) in rows { div { dt { (name) } dd { (value) } } } }
                }
            }
            section {
                h2 { (t::EVIDENCE.of(sheet.lang)) }
                @if let Some(missing) = &sheet.missing { p { (missing) } }
                @if !sheet.records.is_empty() {
                    div.scroll tabindex="0" {
                        table {
                            thead { tr { @for head in sheet.heads { th scope="col" { (head) } } } }
                            tbody { @for record in &sheet.records {
                                tr { @for (at, cell) in record.iter().enumerate() {
                                    td { @if at == 4 { code { (cell) } } @else { (cell) } }
                                } }
                            } }
                        }
                    }
                }
            }
            section {
                h2 { (t::MEANS.of(sheet.lang)) }
                ul { @for line in &sheet.meaning { li { (line) } } }
            }
            section {
                h2 { (t::DO.of(sheet.lang)) }
                ol { @for step in &sheet.steps { li { (step) } } }
            }
            section {
                h2 { (t::REPLY.of(sheet.lang)) }
                dl.reply { @for name in sheet.reply { div { dt { (name) } dd {} } } }
            }
        }
    };
    document(sheet.lang, &sheet.title, &body)
}
