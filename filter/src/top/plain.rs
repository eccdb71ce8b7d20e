//! The view as text, for pipes and mails.

use comfy_table::{ContentArrangement, Table, presets};

use super::draw::{EVENTS_TITLE, HEADER, columns, event_text, figures_text, heading_text};
use super::view::View;
use crate::incidents::Width;

/// All of it, once.
pub(super) fn text(view: &View, width: Width) -> String {
    let mut text = format!("{}\n{}\n\n", heading_text(view, width.0), figures_text(view, width.0));
    let rows = view.rows();
    if rows.is_empty() {
        text += "nothing mines\n";
    } else {
        let mut table = Table::new();
        table.load_style(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(u16::try_from(width.0).unwrap_or(u16::MAX)).set_header(HEADER);
        for row in &rows {
            table.add_row(columns(row, view.top.status.time_us));
        }
        text += &format!("{table}\n");
        if view.top.open > rows.len() {
            text += &format!("and {} more: minewall incidents --live\n", view.top.open - rows.len());
        }
    }
    if !view.top.events.is_empty() {
        text += &format!("{EVENTS_TITLE}\n");
    }
    for event in &view.top.events {
        text += &format!("{}\n", event_text(event, width.0));
    }
    text
}
