//! The charts of a report: what they show. `draw` makes them pictures.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;

use super::figure::{count, number};
use super::page::host;
use super::summary::{By, Summary, hours};
use super::texts::{self as t, Lang};

/// Days drawn one by one at the most; more are drawn as months.
const DAYS: usize = 62;
/// Days and hosts of the map of hours.
const MAP_DAYS: usize = 35;
const MAP_HOSTS: usize = 20;
/// Bars at the most.
const BARS: usize = 15;

/// A chart.
pub(crate) struct Chart {
    pub(crate) title: String,
    /// Whether it wants the whole width.
    pub(crate) is_wide: bool,
    pub(crate) shape: Shape,
}

/// What a chart shows.
pub(crate) enum Shape {
    /// A column for each label.
    Columns(Vec<(String, f64)>),
    /// A bar for each label, of one part for each series; the last text stands at its end.
    Bars { series: Vec<String>, rows: Vec<(String, Vec<f64>, String)> },
    /// A field for each row and column.
    Map { columns: Vec<String>, rows: Vec<(String, Vec<f64>)> },
}

/// The charts of a report.
pub(crate) fn charts(summary: &Summary<'_>, lang: Lang) -> Vec<Chart> {
    let chart = |title: t::Text, is_wide, shape| Chart { title: title.of(lang).to_owned(), is_wide, shape };
    let mut charts =
        vec![chart(t::KWH_BY_DAY, true, by_day(summary)), chart(t::HOSTS_BY_UNIT, false, by_unit(summary, lang))];
    charts.push(chart(t::COINS_SHARE, false, by_coin(summary, lang)));
    let mut map = chart(t::HOURS_BY_HOST, true, by_host(summary));
    if summary.all.hosts.len() > MAP_HOSTS {
        let most = t::GREATEST.with(lang, &[&MAP_HOSTS.to_string(), &count(summary.all.hosts.len())]);
        map.title = format!("{}: {most}", map.title);
    }
    charts.push(map);
    charts
}

/// Every day from the first on which something was seen to the end.
fn dates(summary: &Summary<'_>) -> Vec<Date> {
    let (first, last) = summary.range.days();
    let days = summary.days();
    let seen = days.first().and_then(|day| day.date.parse::<Date>().ok()).unwrap_or(last);
    let first = if summary.range.since_us == 0 { seen } else { first };
    first.series(1.day()).take_while(|date| *date <= last).collect()
}

fn by_day(summary: &Summary<'_>) -> Shape {
    let kwh: BTreeMap<_, _> = summary.days().into_iter().map(|day| (day.date, day.kwh)).collect();
    let dates = dates(summary);
    if dates.len() <= DAYS {
        let column =
            |date: &Date| (date.strftime("%m-%d").to_string(), kwh.get(&date.to_string()).copied().unwrap_or_default());
        return Shape::Columns(dates.iter().map(column).collect());
    }
    let mut months: BTreeMap<String, f64> =
        dates.iter().map(|date| (date.strftime("%Y-%m").to_string(), 0.0)).collect();
    for (date, kwh) in kwh {
        *months.entry(date.get(..7).unwrap_or_default().to_owned()).or_default() += kwh;
    }
    Shape::Columns(months.into_iter().collect())
}

fn label(name: &str, lang: Lang) -> String {
    if name.is_empty() { t::UNKNOWN.of(lang).to_owned() } else { name.to_owned() }
}

#[expect(clippy::cast_precision_loss, reason = "a length of a bar")]
fn by_unit(summary: &Summary<'_>, lang: Lang) -> Shape {
    let mut groups = summary.groups(By::Unit);
    groups.sort_by_key(|group| std::cmp::Reverse(group.sum.hosts));
    let row =
        |name: String, active: usize, ended: usize| (name, vec![active as f64, ended as f64], count(active + ended));
    let rows = groups.iter().take(BARS);
    let rows = rows.map(|group| row(label(&group.name, lang), group.sum.hosts_active, group.sum.hosts_ended));
    Shape::Bars {
        series: vec![t::LEGEND_ACTIVE.of(lang).to_owned(), t::LEGEND_ENDED.of(lang).to_owned()],
        rows: rows.collect(),
    }
}

fn by_coin(summary: &Summary<'_>, lang: Lang) -> Shape {
    let all = summary.total.kwh;
    let row = |group: &super::summary::Group<'_>| {
        let share = if all > 0.0 { format!(" ({:.0} %)", group.sum.kwh / all * 100.0) } else { String::new() };
        (label(&group.name, lang), vec![group.sum.kwh], number(group.sum.kwh) + &share)
    };
    let groups = summary.groups(By::Coin);
    let groups = groups.iter().filter(|group| group.sum.kwh > 0.0);
    Shape::Bars { series: Vec::new(), rows: groups.take(BARS).map(row).collect() }
}

fn by_host(summary: &Summary<'_>) -> Shape {
    let dates = dates(summary);
    let dates: Vec<Date> = dates.iter().skip(dates.len().saturating_sub(MAP_DAYS)).copied().collect();
    let column: BTreeMap<String, usize> = dates.iter().enumerate().map(|(at, date)| (date.to_string(), at)).collect();
    let row = |group: &super::summary::Group<'_>| {
        let mut fields = vec![0.0; dates.len()];
        let parts = summary.all.parts.iter();
        let own = parts.filter(|part| summary.all.hosts.get(part.host).is_some_and(|host| host.key == group.name));
        for (date, active_s, _) in own.flat_map(|part| &part.days) {
            if let Some(field) = column.get(date).and_then(|at| fields.get_mut(*at)) {
                *field += hours(*active_s);
            }
        }
        (group.host.map(host).unwrap_or_default(), fields)
    };
    // Hosts that were cut before they mined have no hours.
    let groups = summary.groups(By::Host);
    let groups = groups.iter().filter(|group| group.sum.hours > 0.0);
    let rows = groups.take(MAP_HOSTS).map(row).collect();
    Shape::Map { columns: dates.iter().map(|date| date.strftime("%m-%d").to_string()).collect(), rows }
}
