use std::collections::BTreeSet;

use jiff::Timestamp;
use minewall_core::incident::{Day, Exempted, Incident, Reason, Side, State, Tally};
use proptest::prelude::*;

use super::incidents::Told;
use super::sample::{self, HOUR_US, MONDAY_US, fortnight};
use super::summary::{Asked, By, Sum, Summary};
use super::texts::Lang;
use super::when::When;
use super::{csv, json, markdown, notice, page};

const EVERY: [By; 5] = [By::Unit, By::Host, By::Pool, By::Coin, By::Wallet];

fn asked(since: &str, until: &str, by: By) -> Asked {
    let when = When { since: Some(since.to_owned()), until: Some(until.to_owned()), offset: None };
    let now: Timestamp = "2026-11-30T00:00:00Z".parse().unwrap();
    let range = when.range(now, "+08:00").unwrap();
    Asked { range, days_quiet: 3, by, now_us: now.as_microsecond() }
}

fn summary<'a>(incidents: &'a [Incident], since: &str, until: &str, by: By) -> Summary<'a> {
    Summary::of(incidents, asked(since, until, by), Told::default())
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0)
}

/// What adds up over groups.
fn adds_up(total: &Sum, sums: &[Sum]) {
    let whole = |of: &dyn Fn(&Sum) -> u64| assert_eq!(of(total), sums.iter().map(of).sum::<u64>());
    whole(&|sum| sum.incidents as u64);
    whole(&|sum| sum.attempts);
    whole(&|sum| sum.bytes);
    whole(&|sum| sum.shares_accepted);
    whole(&|sum| sum.shares_rejected);
    whole(&|sum| sum.without_energy as u64);
    for of in [
        |sum: &Sum| sum.hours,
        |sum: &Sum| sum.rig_hours,
        |sum: &Sum| sum.kwh_low,
        |sum: &Sum| sum.kwh,
        |sum: &Sum| sum.kwh_high,
        |sum: &Sum| sum.coal_kg,
        |sum: &Sum| sum.co2_kg,
    ] {
        let added = sums.iter().map(of).sum::<f64>();
        assert!(near(of(total), added), "{} is not {added}", of(total));
    }
}

#[test]
fn the_figures_of_a_fortnight_are_those_it_was_made_of() {
    let incidents = fortnight(false);
    let summary = summary(&incidents, "2026-11-16", "2026-11-29", By::Unit);
    let others: Vec<_> = incidents.iter().filter(|incident| incident.exemption.is_none()).collect();
    let total = &summary.total;
    // 3 who mine, 12 infected of which one came back, 5 that were cut.
    assert_eq!((total.hosts, total.incidents, total.without_energy), (20, 21, 5));
    assert_eq!((total.hosts_new, total.hosts_returned, total.hosts_before), (19, 1, 0));
    assert_eq!((total.hosts_active, total.hosts_ended), (7, 13));
    assert_eq!(total.rigs, 4 + 2 + 1 + 12);
    assert_eq!((total.units.len(), total.coins.len(), total.wallets.len()), (6, 4, 4));
    let kwh: f64 = others.iter().filter_map(|incident| incident.energy.as_ref()).map(|energy| energy.kwh).sum();
    let seconds: u64 = others.iter().map(|incident| incident.total.active_s).sum();
    assert!(near(total.kwh, kwh) && near(total.coal_kg, kwh * 0.404) && near(total.co2_kg, kwh * 0.404 * 2.46));
    assert!(near(total.hours, super::summary::hours(seconds)));
    assert_eq!((summary.approved_total.hosts, summary.approved_total.rigs), (1, 2));
    let days = summary.days();
    assert_eq!(days.len(), 14);
    assert!(near(days.iter().map(|day| day.kwh).sum(), kwh), "every day counts");
}

#[test]
fn only_the_days_asked_for_count() {
    let incidents = fortnight(false);
    let (since, until) = ("2026-11-18", "2026-11-20");
    let summary = summary(&incidents, since, until, By::Coin);
    let inside = |day: &&Day| day.date.as_str() >= since && day.date.as_str() <= until;
    let others = incidents.iter().filter(|incident| incident.exemption.is_none());
    let days: Vec<_> = others.flat_map(|incident| incident.days.iter().filter(inside)).collect();
    assert!(near(summary.total.kwh, days.iter().filter_map(|day| day.kwh).sum()));
    assert_eq!(summary.total.attempts, days.iter().map(|day| day.attempts).sum::<u64>());
    assert_eq!(summary.total.shares_accepted, days.iter().map(|day| day.tally.accepted).sum::<u64>());
    assert!(summary.total.kwh_low < summary.total.kwh && summary.total.kwh < summary.total.kwh_high);
    assert!(summary.total.hosts_before > 0 && summary.total.first_us >= summary.range.since_us);
    assert!(summary.total.last_us < summary.range.until_us);
    // Two days before and after there was nothing.
    assert!(self::summary(&incidents, "2026-11-01", "2026-11-15", By::Coin).all.parts.is_empty());
}

#[test]
fn groups_add_up_to_the_total_and_each_host_counts_once() {
    let incidents = fortnight(true);
    for (since, until) in [("2026-11-16", "2026-11-29"), ("2026-11-18", "2026-11-20"), ("2026-11-29", "2026-11-29")] {
        for by in EVERY {
            let summary = summary(&incidents, since, until, by);
            let sums: Vec<_> = summary.groups(by).into_iter().map(|group| group.sum).collect();
            adds_up(&summary.total, &sums);
            let hosts: usize = sums.iter().map(|sum| sum.hosts).sum();
            let has_each_once = matches!(by, By::Unit | By::Host);
            assert!(if has_each_once { hosts == summary.total.hosts } else { hosts >= summary.total.hosts }, "{by:?}");
            let rigs: u32 = sums.iter().map(|sum| sum.rigs).sum();
            assert!(!has_each_once || rigs == summary.total.rigs);
        }
    }
}

#[test]
fn a_host_is_one_hardware_address_unless_that_is_a_routers() {
    let host = |id: &str, ip: &str, mac: Option<&str>, is_next_hop: bool| {
        let mut incident = Incident { ip: ip.parse().unwrap(), mac: mac.map(str::to_owned), ..sample::incident(id) };
        incident.who.is_next_hop = is_next_hop;
        incident
    };
    let (a, b, router) = (Some("02-00-00-00-00-0A"), Some("02-00-00-00-00-0B"), Some("02-00-00-00-00-01"));
    for (incidents, hosts) in [
        (vec![host("1", "10.0.0.1", a, false), host("2", "2001:db8::1", a, false)], 1),
        (vec![host("1", "10.0.0.1", a, false), host("2", "10.0.0.1", None, false)], 1),
        (vec![host("1", "10.0.0.1", a, false), host("2", "10.0.0.1", b, false)], 2),
        // Whose the address was when no hardware address was seen, nobody can say.
        (vec![host("1", "10.0.0.1", a, false), host("2", "10.0.0.1", b, false), host("3", "10.0.0.1", None, false)], 3),
        (vec![host("1", "10.0.0.1", router, true), host("2", "10.0.0.2", router, true)], 2),
    ] {
        let summary = summary(&incidents, "2026-11-16", "2026-11-16", By::Host);
        assert_eq!((summary.total.hosts, summary.groups(By::Host).len()), (hosts, hosts), "{incidents:?}");
        // All of these incidents name the same two rigs.
        assert_eq!(summary.total.rigs as usize, 2 * hosts);
    }
}

#[test]
fn what_ended_is_what_was_not_seen_for_days_and_nothing_is_quiet_in_the_future() {
    let mut incident = sample::incident("1");
    let active = |incident: &Incident, until: &str| {
        let incidents = [incident.clone()];
        summary(&incidents, "2026-11-16", until, By::Host).total.hosts_active
    };
    assert_eq!(
        [active(&incident, "2026-11-16"), active(&incident, "2026-11-18"), active(&incident, "2026-11-19")],
        [1, 1, 0]
    );
    // Told as ended after an hour without a sighting: still three days are waited for.
    incident.state = State::Ended;
    assert_eq!(active(&incident, "2026-11-18"), 1);
    // 2026-11-29 evening; the range ends in a time to come.
    incident.last_us = MONDAY_US + (13 * 24 + 20) * HOUR_US;
    incident.days.push(Day { date: "2026-11-29".to_owned(), attempts: 1, ..Day::default() });
    assert_eq!(active(&incident, "2027-01-31"), 1);
}

#[test]
fn days_that_are_known_no_more_are_said() {
    let mut incident = sample::incident("1");
    incident.first_us -= 40 * 24 * HOUR_US;
    let incidents = [incident];
    let whole = summary(&incidents, "2026-10-01", "2026-11-16", By::Host);
    assert_eq!((whole.total.short, whole.total.shares_accepted), (0, 120));
    let part = summary(&incidents, "2026-10-01", "2026-11-01", By::Host);
    assert_eq!((part.total.short, part.total.hosts, part.total.shares_accepted), (1, 1, 0));
    assert!(!page::page(&part, 0, Lang::En).warnings.is_empty());
}

#[test]
fn csv_is_read_back_as_it_was_meant() {
    let incidents = fortnight(true);
    for by in EVERY {
        let summary = summary(&incidents, "2026-11-16", "2026-11-29", by);
        let text = csv::csv(&summary, true).unwrap();
        let rows = text.strip_prefix('\u{feff}').unwrap();
        assert!(rows.ends_with("\r\n") && !rows.replace("\r\n", "").contains('\n'));
        let mut reader = ::csv::Reader::from_reader(rows.as_bytes());
        assert!(reader.headers().unwrap().iter().eq(csv::COLUMNS));
        let at = |name: &str| csv::COLUMNS.iter().position(|column| *column == name).unwrap();
        let records: Vec<_> = reader.records().map(Result::unwrap).collect();
        let (approved, others): (Vec<_>, Vec<_>) = records.iter().partition(|record| &record[at("approved")] == "yes");
        assert_eq!((others.len(), approved.len()), (summary.groups(by).len(), 1));
        let kwh: f64 = others.iter().map(|record| record[at("kwh")].parse::<f64>().unwrap()).sum();
        assert!((kwh - summary.total.kwh).abs() < 0.001 * others.len() as f64, "{kwh}");
    }
}

#[test]
fn json_says_the_same_as_the_sums() {
    let incidents = fortnight(false);
    let summary = summary(&incidents, "2026-11-16", "2026-11-29", By::Coin);
    let told: serde_json::Value = serde_json::from_str(&json::json(&summary, MONDAY_US).unwrap()).unwrap();
    assert_eq!(told["total"]["hosts"], 20);
    assert_eq!(told["approved"]["incidents"][0]["exemption"]["owner"], "Prof. Chen");
    assert_eq!(told["incidents"].as_array().unwrap().len(), 21);
    assert_eq!(told["range"]["last_day"], "2026-11-29");
    assert_eq!(told["made"], "2026-11-16T00:00:00+08:00");
    let page = include_str!("../../../docs/report.md");
    for (key, value) in told.as_object().unwrap() {
        assert!(page.contains(&format!("| `{key}` |")), "docs/report.md does not tell of {key}");
        let members = value.as_object().or_else(|| value.as_array()?.first()?.as_object());
        for member in members.into_iter().flat_map(|members| members.keys()) {
            assert!(page.contains(&format!("`{member}`")), "docs/report.md does not tell of {key}.{member}");
        }
    }
    let columns = csv::COLUMNS.map(|column| format!("`{column}`")).join(", ");
    let flat = page.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains(&columns), "docs/report.md does not name the columns {columns}");
}

#[test]
fn an_incident_is_found_by_the_beginning_of_its_id() {
    let incidents = fortnight(false);
    assert_eq!(notice::one(&incidents, "5f0c9a1e77b2d4c3-1").unwrap().coin.as_deref(), Some("ETC"));
    assert_eq!(notice::one(&incidents, "5f0c9a1e77b2d4c3-40").unwrap().id, "5f0c9a1e77b2d4c3-40");
    for (id, words) in [
        ("5f", ["22 incidents begin", "in full"]),
        ("x", ["no incident", "--format json"]),
        ("", ["no incident", "--format json"]),
    ] {
        let error = notice::one(&incidents, id).unwrap_err().to_string();
        assert!(words.iter().all(|word| error.contains(word)), "{error}");
    }
}

/// An incident in which every text is this one.
fn named(text: &str) -> Incident {
    let some = || Some(text.to_owned());
    let mut incident = sample::incident("1");
    incident.observer = text.to_owned();
    incident.who.hostname = some();
    incident.who.unit = some();
    incident.who.room = some();
    incident.who.person = some();
    incident.who.contact = some();
    incident.who.account = some();
    incident.mac = some();
    incident.interface = some();
    incident.nat = vec![text.to_owned()];
    (incident.pool, incident.wallet, incident.coin, incident.algorithm) = (some(), some(), some(), some());
    incident.endpoints = vec![text.to_owned()];
    incident.agents = vec![text.to_owned()];
    incident.rigs.workers = vec![text.to_owned(); 3];
    incident.rigs.reason = text.to_owned();
    incident.returned_after = some();
    incident.records = vec![text.to_owned()];
    incident.reasons = vec![Reason { side: Side::Wilful, weight: 9, text: text.to_owned(), rule: text.to_owned() }];
    if let Some(energy) = &mut incident.energy {
        (energy.row, energy.basis) = (text.to_owned(), text.to_owned());
    }
    incident
}

/// Both pages, as Markdown and, where it is built in, as HTML, of two incidents that bear this text.
fn pages(text: &str) -> Vec<String> {
    let exemption = Exempted { owner: text.to_owned(), reason: text.to_owned(), expires: Some(text.to_owned()) };
    let approved = Incident { exemption: Some(exemption), id: "2".to_owned(), ..named(text) };
    let incidents = [named(text), approved];
    let summary = summary(&incidents, "2026-11-16", "2026-11-29", By::Host);
    let page = page::page(&summary, MONDAY_US, Lang::Zh);
    let record = serde_json::json!({
        "@timestamp": text, "rule": {"name": text, "ruleset": text}, "source": {"nat": {"ip": text, "port": 1}},
        "minewall": {"layer": text, "confidence": text, "excerpt": text},
    });
    let asked = notice::Asked { named: Some(text.to_owned()), due: Some(text.to_owned()), made_us: MONDAY_US };
    let sheet = notice::sheet(&incidents[1], &[record], &summary.range, &asked, Lang::Zh);
    vec![markdown::report(&page), markdown::notice(&sheet), super::html::report(&page), super::html::notice(&sheet)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_becomes_markup(hostile in r#"[a-z]([<>&"'`|*_\[\]!$~/=#a-z一-龥\n-]|<script>|--><img |</svg>|\]\]>|&lt;|<!--){0,30}"#) {
        let (told, plain) = (pages(&hostile), pages("x"));
        for (told, plain) in told.iter().zip(&plain) {
            let signs = |text: &str| text.matches('<').count();
            prop_assert_eq!(signs(told), signs(plain));
        }
        // Markdown: as many lines, and on each as many cells.
        for (told, plain) in told.iter().zip(&plain).take(2) {
            let cells = |text: &str| {
                let bare = text.replace("\\\\", "").replace("\\|", "");
                bare.lines().map(|line| line.matches('|').count()).collect::<Vec<_>>()
            };
            prop_assert_eq!(cells(told), cells(plain));
        }
    }

    #[test]
    fn sums_of_groups_equal_the_total(
        many in prop::collection::vec((0..6_u8, 0..4_u8, 0..3_u8, 0..3_u8, 0..13_u32, 0..5_u32, 0.0..50.0_f64, any::<bool>()), 0..40),
        since in 16..30_u32,
        days in 0..13_u32,
    ) {
        let made = many.iter().enumerate().map(|(id, (host, unit, coin, wallet, day, long, kwh, has_mac))| {
            let mut incident = sample::incident(&id.to_string());
            let days = (*day..=(*day + long).min(13)).map(|day| {
                let tally = Tally { active_s: 3600 * u64::from(day), accepted: u64::from(day), ..Tally::default() };
                Day { date: sample::date(day), attempts: 1, tally, kwh: Some(*kwh) }
            }).collect::<Vec<_>>();
            let count = days.len() as u64;
            incident.first_us = MONDAY_US + i64::from(*day) * 24 * HOUR_US + HOUR_US;
            incident.last_us = MONDAY_US + i64::from((*day + long).min(13)) * 24 * HOUR_US + 2 * HOUR_US;
            incident.time_us = incident.last_us;
            incident.total = Tally {
                active_s: days.iter().map(|day| day.tally.active_s).sum(),
                accepted: days.iter().map(|day| day.tally.accepted).sum(),
                ..Tally::default()
            };
            incident.attempts = count;
            if let Some(energy) = &mut incident.energy {
                energy.kwh = kwh * count as f64;
                (energy.low_kwh, energy.high_kwh) = (energy.kwh / 3.0, energy.kwh * 2.0);
            }
            incident.days = days;
            incident.ip = format!("10.0.0.{host}").parse().unwrap();
            incident.mac = has_mac.then(|| format!("02-00-00-00-00-{:02X}", host % 4));
            incident.who.unit = Some(unit.to_string()).filter(|_| *unit > 0);
            incident.coin = Some(coin.to_string());
            incident.wallet = Some(wallet.to_string());
            incident
        }).collect::<Vec<_>>();
        let until = (since + days).min(30);
        let summary = summary(&made, &format!("2026-11-{since}"), &format!("2026-11-{until}"), By::Unit);
        for by in EVERY {
            let groups = summary.groups(by);
            adds_up(&summary.total, &groups.iter().map(|group| group.sum.clone()).collect::<Vec<_>>());
            let names: BTreeSet<_> = groups.iter().map(|group| &group.name).collect();
            prop_assert_eq!(names.len(), groups.len());
            if matches!(by, By::Unit | By::Host) {
                prop_assert_eq!(groups.iter().map(|group| group.sum.hosts).sum::<usize>(), summary.total.hosts);
            }
        }
        let by_day: f64 = summary.days().iter().map(|day| day.kwh).sum();
        prop_assert!(near(by_day, summary.total.kwh));
        prop_assert_eq!(summary.total.hosts, summary.total.hosts_active + summary.total.hosts_ended);
        prop_assert_eq!(summary.total.hosts, summary.total.hosts_new + summary.total.hosts_before + summary.total.hosts_returned);
    }
}

#[test]
fn a_page_fetches_nothing_and_runs_nothing() {
    for is_chinese in [false, true] {
        let incidents = fortnight(is_chinese);
        let summary = summary(&incidents, "2026-11-16", "2026-11-29", By::Unit);
        let lang = if is_chinese { Lang::Zh } else { Lang::En };
        let range = summary.range.clone();
        let asked = notice::Asked { named: None, due: None, made_us: MONDAY_US };
        let sheet = notice::sheet(&incidents[0], &[], &range, &asked, lang);
        for text in [super::html::report(&page::page(&summary, MONDAY_US, lang)), super::html::notice(&sheet)] {
            for word in
                ["http://", "https://", "<script", "src=", "href=", "url(", "@import", "<link", "<iframe", "onload"]
            {
                assert!(!text.contains(word), "{word}");
            }
            assert!(text.contains("default-src 'none'") && text.contains(&format!("lang=\"{}\"", lang.tag())));
        }
    }
}
