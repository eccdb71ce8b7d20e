//! The view on a terminal, from 40 columns and 12 lines on.

use jiff::tz::Offset;
use minewall_core::evidence::printable;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Line;
use ratatui::widgets::{Paragraph, Row, Sparkline, Table, TableState};

use super::view::View;
use crate::control::{Happened, Host, Paused};
use crate::incidents::figures::{clip, head, moment, rate_unit, scaled, span, watts};

/// From so many columns on all columns of the table are shown.
const WIDE: u16 = 72;

/// From so many lines on there is room for the curve and what happened.
const HIGH: u16 = 16;

/// Lines of what happened.
const EVENTS: u16 = 5;

/// What stands over them.
pub(super) const EVENTS_TITLE: &str = "last events (UTC)";

/// Whether there are colours.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paint {
    pub(super) has_colours: bool,
}

impl Paint {
    /// As the environment says (no-color.org).
    pub(super) fn of_environment() -> Self {
        Self { has_colours: std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) }
    }

    fn colour(self, colour: Color) -> Style {
        if self.has_colours { Style::new().fg(colour) } else { Style::new() }
    }
}

/// Draws all of it.
pub(super) fn draw(frame: &mut Frame<'_>, view: &View, paint: Paint) {
    let is_high = frame.area().height >= HIGH;
    let (curve, events) = if is_high { (2, EVENTS + 1) } else { (0, 0) };
    let lines = [Constraint::Length(2), Constraint::Length(curve), Constraint::Min(2)];
    let lines = lines.into_iter().chain([Constraint::Length(events), Constraint::Length(1)]);
    let [top, curve, body, events, keys] = Layout::vertical(lines).areas(frame.area());
    heading(frame, top, view, paint);
    if is_high {
        let data = newest(view, usize::from(curve.width));
        frame.render_widget(Sparkline::default().data(&data).style(paint.colour(Color::Cyan)), curve);
        happened(frame, events, view);
    }
    let words = match &view.details {
        Some(details) => {
            let lines = details.text.lines().skip(details.line).map(Line::from);
            frame.render_widget(Paragraph::new(lines.collect::<Vec<_>>()), body);
            "q ends  arrows move  Esc goes back".to_owned()
        }
        None => {
            hosts(frame, body, view, paint);
            format!("q ends  Enter shows  s sorts: {}", view.sort.word())
        }
    };
    frame.render_widget(Paragraph::new(words).style(Style::new().add_modifier(Modifier::DIM)), keys);
}

/// What the curve has room for, the newest at the right.
fn newest(view: &View, columns: usize) -> Vec<u64> {
    let skipped = view.curve.len().saturating_sub(columns);
    let missing = columns.saturating_sub(view.curve.len());
    std::iter::repeat_n(0, missing).chain(view.curve.iter().skip(skipped).copied()).collect()
}

fn heading(frame: &mut Frame<'_>, area: Rect, view: &View, paint: Paint) {
    let columns = usize::from(area.width);
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let second = match &view.lost {
        Some(lost) => Line::styled(clip(lost, columns), paint.colour(Color::Red).add_modifier(Modifier::BOLD)),
        None => Line::from(figures_text(view, columns)),
    };
    frame.render_widget(Paragraph::new(vec![Line::styled(heading_text(view, columns), bold), second]), area);
}

/// Who looks, how, and for how long; the less important is left out where there is no room.
pub(super) fn heading_text(view: &View, columns: usize) -> String {
    let status = &view.top.status;
    let now = u64::try_from(status.time_us / 1_000_000).unwrap_or_default();
    let queues = match status.queues.len() {
        1 => "1 queue".to_owned(),
        count => format!("{count} queues"),
    };
    let parts = [
        format!("minewall on {}", clip(&status.observer, 20)),
        format!("mode {}", status.mode),
        status.paused.as_ref().map(paused).unwrap_or_default(),
        if status.ease > 0 { format!("eased {}", status.ease) } else { String::new() },
        format!("up {}", span(now.saturating_sub(status.started))),
        queues,
        status.backend.clone(),
        format!("version {}", status.version),
    ];
    fitting(&parts, columns)
}

/// `PAUSED until 14:05:00`, in UTC.
fn paused(paused: &Paused) -> String {
    let until = moment(paused.until.saturating_mul(1_000_000), Offset::UTC);
    format!("PAUSED until {}", until.split(' ').nth(1).unwrap_or_default())
}

/// What was counted in the last second; before all what should be nothing.
pub(super) fn figures_text(view: &View, columns: usize) -> String {
    let (status, rates) = (&view.top.status, view.rates);
    let a_second = |rate: f64, what: &str| {
        let rate = if rate < 1000.0 { format!("{rate:.0}") } else { scaled(rate) };
        format!("{rate} {what}/s")
    };
    let alarms = [
        (status.sum(|queue| queue.dropped), "dropped"),
        (status.lost, "records lost"),
        (status.sum(|queue| queue.waiting), "waiting"),
    ];
    let alarms = alarms.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
    let figures = [
        a_second(rates.packets, "packets"),
        a_second(rates.cut, "cut"),
        a_second(rates.flows, "flows"),
        a_second(rates.questions, "DNS"),
        format!("{} open", view.top.open),
        power(view),
    ];
    let parts: Vec<_> = alarms.chain(figures).collect();
    fitting(&parts, columns)
}

/// All power together, an estimate.
fn power(view: &View) -> String {
    let sum: f64 = view.top.hosts.iter().filter_map(|host| host.watts).sum();
    if sum > 0.0 { format!("about {}", watts(sum)) } else { String::new() }
}

/// As many of the parts as there is room for, from the first on.
fn fitting(parts: &[String], columns: usize) -> String {
    let mut text = String::new();
    for part in parts.iter().filter(|part| !part.is_empty()) {
        let space = if text.is_empty() { "" } else { "  " };
        if text.chars().count() + space.len() + part.chars().count() > columns {
            break;
        }
        text = text + space + part;
    }
    text
}

fn hosts(frame: &mut Frame<'_>, area: Rect, view: &View, paint: Paint) {
    let rows = view.rows();
    if rows.is_empty() {
        frame.render_widget(Paragraph::new("nothing mines"), area);
        return;
    }
    let is_wide = area.width >= WIDE;
    let now_us = view.top.status.time_us;
    let cells = |host: &&Host| {
        let style = if is_cut(host) { Style::new().add_modifier(Modifier::DIM) } else { paint.colour(Color::Yellow) };
        Row::new(kept(columns(host, now_us), is_wide)).style(style)
    };
    let header = Row::new(kept(HEADER, is_wide)).style(Style::new().add_modifier(Modifier::UNDERLINED));
    let widths = kept([16, 12, 5, 14, 4, 10, 6, 6].map(Constraint::Max), is_wide);
    let table = Table::new(rows.iter().map(cells), widths).header(header);
    let table = table.row_highlight_style(Style::new().add_modifier(Modifier::REVERSED));
    let mut state = TableState::new().with_selected(view.place());
    frame.render_stateful_widget(table, area, &mut state);
}

/// The columns of the table.
pub(super) const HEADER: [&str; 8] = ["host", "unit", "coin", "pool", "rigs", "rate", "power", "for"];

/// Those there is room for.
fn kept<T>(columns: [T; 8], is_wide: bool) -> Vec<T> {
    let kept = |(at, column): (usize, T)| (is_wide || [0, 2, 5, 6].contains(&at)).then_some(column);
    columns.into_iter().enumerate().filter_map(kept).collect()
}

const fn is_cut(host: &Host) -> bool {
    host.sessions == 0 && host.blocked > 0
}

/// A row. What was cut has no rate, and says so; a rate the miner says has a question mark.
pub(super) fn columns(host: &Host, now_us: i64) -> [String; 8] {
    let text = |text: Option<&String>, most: usize| text.map(|text| head(text, most)).unwrap_or_default();
    let unit = rate_unit(host.algorithm.as_deref());
    let rate = host.hashrate.map(|rate| format!("{}{unit}{}", scaled(rate), if host.is_measured { "" } else { "?" }));
    let seconds = u64::try_from(now_us.saturating_sub(host.first_us) / 1_000_000).unwrap_or_default();
    [
        clip(host.name.as_ref().unwrap_or(&host.ip), 16),
        text(host.unit.as_ref(), 12),
        text(host.coin.as_ref(), 5),
        text(host.pool.as_ref(), 14),
        if host.rigs > 0 { host.rigs.to_string() } else { String::new() },
        rate.unwrap_or_else(|| if is_cut(host) { format!("cut {}", host.blocked) } else { String::new() }),
        host.watts.map(watts).unwrap_or_default(),
        largest(&span(seconds)),
    ]
}

/// Of a length of time the larger unit.
fn largest(span: &str) -> String {
    span.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

fn happened(frame: &mut Frame<'_>, area: Rect, view: &View) {
    let title = Line::styled(EVENTS_TITLE, Style::new().add_modifier(Modifier::UNDERLINED));
    let columns = usize::from(area.width);
    let lines = view.top.events.iter().take(EVENTS.into()).map(|event| Line::from(event_text(event, columns)));
    frame.render_widget(Paragraph::new(std::iter::once(title).chain(lines).collect::<Vec<_>>()), area);
}

/// `12:00:07 10.0.0.5 mines XMR ..`, in UTC.
pub(super) fn event_text(event: &Happened, columns: usize) -> String {
    let time = moment(event.time_us, Offset::UTC);
    let time = time.split(' ').nth(1).unwrap_or_default();
    let what = printable(&event.what, usize::MAX);
    format!("{time} {what}").chars().take(columns).collect()
}
