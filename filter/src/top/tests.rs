use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::draw::{Paint, draw};
use super::plain;
use super::view::{Sort, View};
use crate::control::{Happened, Host, Paused, QueueStatus, Status, Top};
use crate::incidents::Width;

const NOW_US: i64 = 1_795_000_000_000_000;

fn host(ip: &str, watts: Option<f64>, minutes: i64) -> Host {
    let (sessions, blocked) = if watts.is_some() { (1, 0) } else { (0, 7) };
    Host {
        id: format!("id-{ip}"),
        ip: ip.to_owned(),
        unit: Some("School of Physics".to_owned()),
        coin: Some("XMR".to_owned()),
        pool: Some("SupportXMR".to_owned()),
        rigs: watts.map_or(0, |watts| if watts > 200.0 { 2 } else { 1 }),
        hashrate: watts.map(|watts| watts * 83.0),
        is_measured: watts.is_some_and(|watts| watts > 200.0),
        watts,
        sessions,
        blocked,
        first_us: NOW_US - minutes * 60_000_000,
        ..Host::default()
    }
}

fn top(second: i64) -> Top {
    let packets = 1_000 * u64::try_from(second).unwrap();
    let queue = |number, cut| QueueStatus { number, packets, cut, flows: packets / 100, ..QueueStatus::default() };
    Top {
        status: Status {
            version: "0.1.0".to_owned(),
            process: 7,
            observer: "gw1".to_owned(),
            mode: "observe".to_owned(),
            backend: "nft".to_owned(),
            started: 1_795_000_000 - 7_260,
            time_us: NOW_US + second * 1_000_000,
            queues: vec![queue(4700, 3), queue(4701, 0)],
            ..Status::default()
        },
        hosts: vec![host("10.20.3.17", Some(120.0), 90), host("10.20.3.9", None, 3), host("10.20.4.1", Some(240.0), 5)],
        open: 3,
        events: vec![Happened { time_us: NOW_US, what: "10.20.4.1 mines XMR\u{1b}[2J".to_owned() }],
    }
}

fn view() -> View {
    let mut view = View::new(top(1));
    view.take(top(2));
    view.take(top(3));
    view
}

fn drawn(view: &View, columns: u16, lines: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(columns, lines)).unwrap();
    terminal.draw(|frame| draw(frame, view, Paint { has_colours: false })).unwrap();
    let buffer = terminal.backend().buffer();
    let symbols: Vec<_> = buffer.content().iter().map(ratatui::buffer::Cell::symbol).collect();
    symbols.chunks(usize::from(columns)).map(|line| line.concat().trim_end().to_owned() + "\n").collect()
}

#[test]
fn it_stands_on_eighty_by_twenty_four() {
    let golden = "\
minewall on gw1  mode observe  up 2 h 1 min  2 queues  nft  version 0.1.0
2.00 k packets/s  0 cut/s  20 flows/s  0 DNS/s  3 open  about 360 W
                                                                              ██
                                                                              ██
host             unit         coin  pool           rigs rate       power  for
10.20.4.1        School of P… XMR   SupportXMR     2    19.9 kH/s  240 W  5 min
10.20.3.17       School of P… XMR   SupportXMR     1    9.96 kH/s? 120 W  1 h
10.20.3.9        School of P… XMR   SupportXMR          cut 7             3 min









last events (UTC)
11:06:40 10.20.4.1 mines XMR\\u{1b}[2J




q ends  Enter shows  s sorts: power
";
    assert_eq!(drawn(&view(), 80, 24), golden);
}

#[test]
fn it_stands_on_forty_by_twelve() {
    let golden = "\
minewall on gw1  mode observe
2.00 k packets/s  0 cut/s  20 flows/s
host             coin  rate       power
10.20.4.1        XMR   19.9 kH/s  240 W
10.20.3.17       XMR   9.96 kH/s? 120 W
10.20.3.9        XMR   cut 7





q ends  Enter shows  s sorts: power
";
    assert_eq!(drawn(&view(), 40, 12), golden);
}

#[test]
fn it_draws_on_any_size_without_colours_where_there_are_to_be_none() {
    for (columns, lines) in [(1, 1), (3, 2), (10, 5), (71, 15), (72, 16), (300, 90)] {
        drawn(&view(), columns, lines);
    }
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
    let mut view = view();
    view.lose("gone".to_owned());
    for has_colours in [false, true] {
        terminal.draw(|frame| draw(frame, &view, Paint { has_colours })).unwrap();
        let cells = terminal.backend().buffer().content();
        let plain = ratatui::style::Color::Reset;
        assert_eq!(cells.iter().any(|cell| cell.fg != plain || cell.bg != plain), has_colours);
    }
}

#[test]
fn rows_are_sorted_and_the_chosen_one_stays_chosen() {
    let mut view = view();
    let ips = |view: &View| view.rows().iter().map(|row| row.ip.clone()).collect::<Vec<_>>();
    assert_eq!(ips(&view), ["10.20.4.1", "10.20.3.17", "10.20.3.9"]);
    view.go(1);
    assert_eq!(view.chosen().as_deref(), Some("id-10.20.3.17"));
    while view.sort != Sort::Since {
        view.sort = view.sort.next();
    }
    assert_eq!(ips(&view), ["10.20.3.17", "10.20.4.1", "10.20.3.9"]);
    assert_eq!((view.place(), view.chosen().as_deref()), (Some(0), Some("id-10.20.3.17")));
    view.go(isize::MAX);
    assert_eq!(view.place(), Some(2));
    view.go(isize::MIN);
    view.go(-1);
    assert_eq!(view.place(), Some(0));
    let mut less = top(4);
    less.hosts.retain(|host| host.ip != "10.20.3.17");
    view.take(less);
    assert_eq!(view.place(), Some(0), "the first, where the chosen one has gone");
    view.take(Top::default());
    view.go(1);
    assert_eq!((view.place(), view.chosen()), (None, None));
}

#[test]
fn figures_of_a_second_are_of_one_daemon_and_of_two_looks() {
    let mut view = View::new(top(1));
    assert!(!view.has_rates());
    view.take(top(1));
    assert!(!view.has_rates(), "told twice of one look");
    view.take(top(3));
    assert_eq!((view.rates.packets, view.rates.flows, view.rates.cut), (2_000.0, 20.0, 0.0));
    let mut new = top(4);
    new.status.process = 8;
    view.take(new);
    assert_eq!(view.rates.packets, 0.0, "another process began anew");
    view.lose("gone".to_owned());
    assert!(drawn(&view, 40, 12).contains("gone"));
}

#[test]
fn all_of_an_incident_is_moved_through() {
    let mut view = view();
    view.detail(Ok((0..30).map(|line| format!("line {line}\n")).collect()));
    assert!(drawn(&view, 40, 12).contains("line 0\n"));
    view.go(10);
    assert!(drawn(&view, 40, 12).contains("\nline 10\n") && !drawn(&view, 40, 12).contains("line 9\n"));
    view.go(isize::MAX);
    assert!(drawn(&view, 40, 12).contains("\nline 29\n"));
}

#[test]
fn a_pause_is_seen_at_once() {
    let mut paused = top(4);
    paused.status.paused = Some(Paused { until: NOW_US / 1_000_000, ..Paused::default() });
    let mut view = view();
    view.take(paused);
    let words = "minewall on gw1  mode observe  PAUSED until 11:06:40\n";
    assert!(drawn(&view, 60, 12).starts_with(words), "{}", drawn(&view, 60, 12));
}

#[test]
fn once_is_plain_text() {
    let text = plain::text(&view(), Width(80));
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    for words in ["minewall on gw1  mode observe", "2.00 k packets/s", "10.20.4.1", "cut 7", "XMR\\u{1b}[2J"] {
        assert!(text.contains(words), "{words}:\n{text}");
    }
}
