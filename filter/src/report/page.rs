//! A report as it is laid out, in one language, before it becomes HTML or Markdown.

use minewall_core::incident::Incident;

use super::chart::{Chart, charts};
use super::figure::{count, mass, number, rate, shortened, whole};
use super::part::{Part, Parts};
use super::reasons::{self, basis, side};
use super::summary::{By, Group, Sum, Summary, pool, weights};
use super::texts::{self as t, Lang, Text};
use super::when::Range;

/// Rows of a table at the most; CSV has all.
const ROWS: usize = 200;
/// Rows of the tables of pools, coins, wallets.
const TOP: usize = 10;
/// Characters of a wallet in a table.
const WALLET: usize = 21;

/// A page.
pub(crate) struct Page {
    pub(crate) lang: Lang,
    pub(crate) title: String,
    /// What stands below the title.
    pub(crate) lead: Vec<String>,
    /// What should not be overlooked.
    pub(crate) warnings: Vec<String>,
    pub(crate) cards: Vec<Card>,
    pub(crate) charts: Vec<Chart>,
    pub(crate) sections: Vec<Section>,
}

/// One of the figures at the top.
pub(crate) struct Card {
    pub(crate) label: &'static str,
    pub(crate) value: String,
    pub(crate) note: String,
}

/// What stands in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Number,
    Text,
    /// From a moment to a moment.
    Span,
}

/// Between the two moments of a span.
pub(crate) const TO: &str = " – ";

/// A table with its title.
#[derive(Default)]
pub(crate) struct Section {
    pub(crate) title: String,
    /// The heads of the columns, and what stands below.
    pub(crate) head: Vec<(&'static str, Kind)>,
    pub(crate) rows: Vec<Vec<String>>,
    pub(crate) total: Option<Vec<String>>,
    pub(crate) notes: Vec<String>,
}

/// Lays a report out.
pub(crate) fn page(summary: &Summary<'_>, made_us: i64, lang: Lang) -> Page {
    let total = &summary.total;
    let mut sections = Vec::new();
    let is_empty = summary.all.parts.is_empty() && summary.approved.parts.is_empty();
    if !summary.all.parts.is_empty() {
        sections.push(grouped(summary, summary.by, ROWS, lang));
        sections.push(incidents(summary, lang));
        let others = [By::Unit, By::Pool, By::Coin, By::Wallet].into_iter().filter(|by| *by != summary.by);
        sections.extend(others.map(|by| grouped(summary, by, TOP, lang)));
        sections.extend(weighed(summary, lang));
    }
    if !summary.approved.parts.is_empty() {
        sections.push(approved(summary, lang));
    }
    if !is_empty {
        sections.push(bases(summary, lang));
    }
    let mut warnings = Vec::new();
    if is_empty {
        warnings.push(t::NOTHING.of(lang).to_owned());
    }
    if summary.told.bad > 0 {
        warnings.push(t::DAMAGED.with(lang, &[&whole(summary.told.bad), &whole(summary.told.lines)]));
    }
    if total.short > 0 {
        warnings.push(t::SHORT.with(lang, &[&count(total.short)]));
    }
    let cards = if is_empty { Vec::new() } else { cards(summary, lang) };
    Page {
        lang,
        title: t::REPORT.of(lang).to_owned(),
        lead: lead(summary, made_us, lang),
        warnings,
        cards,
        charts: if summary.all.parts.is_empty() { Vec::new() } else { charts(summary, lang) },
        sections,
    }
}

fn lead(summary: &Summary<'_>, made_us: i64, lang: Lang) -> Vec<String> {
    let range = &summary.range;
    let (first, last) = range.days();
    // Without --since the range begins when the first was seen.
    let seen = Some(range.date(summary.total.first_us)).filter(|_| range.since_us == 0 && summary.total.first_us > 0);
    let (first, last) = (seen.unwrap_or(first).to_string(), last.to_string());
    let parts = summary.all.parts.iter().chain(&summary.approved.parts);
    let observers: std::collections::BTreeSet<_> = parts.map(|part| part.incident.observer.as_str()).collect();
    let observers = observers.into_iter().collect::<Vec<_>>().join(", ");
    let mut lead = vec![t::SPAN.with(lang, &[&first, &last, &offset(range)])];
    if !observers.is_empty() {
        lead.push(t::MADE.with(lang, &[&moment(range, made_us), &observers]));
        lead.push(t::ESTIMATE.of(lang).to_owned());
    }
    lead
}

/// The offset from UTC of a range's days: `+08:00`.
pub(crate) fn offset(range: &Range) -> String {
    let seconds = range.offset.seconds();
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.abs() / 60;
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// A moment to the minute.
pub(crate) fn moment(range: &Range, time_us: i64) -> String {
    range.civil(time_us).strftime("%Y-%m-%d %H:%M").to_string()
}

fn cards(summary: &Summary<'_>, lang: Lang) -> Vec<Card> {
    let total = &summary.total;
    let card = |label: Text, value: String, note: String| Card { label: label.of(lang), value, note };
    let began = [total.hosts_new, total.hosts_returned, total.hosts_before].map(count);
    let bases = summary.bases();
    let factors = |factor: &dyn Fn(&super::summary::Basis) -> f64, text: Text| match bases.first().map(factor) {
        None => String::new(),
        #[expect(clippy::float_cmp, reason = "the very same setting")]
        Some(first) if bases.iter().all(|basis| factor(basis) == first) => text.with(lang, &[&first.to_string()]),
        Some(_) => t::FACTORS_DIFFER.of(lang).to_owned(),
    };
    vec![
        card(t::HOSTS, count(total.hosts), t::HOSTS_HOW.with(lang, &[&began[0], &began[1], &began[2]])),
        card(
            t::STANDING,
            format!("{} / {}", total.hosts_active, total.hosts_ended),
            t::STANDING_HOW.with(lang, &[&summary.days_quiet.to_string()]),
        ),
        card(t::RIGS, whole(total.rigs.into()), t::RIGS_HOW.with(lang, &[&count(total.incidents)])),
        card(t::HOURS, number(total.hours), t::HOURS_HOW.with(lang, &[&number(total.rig_hours)])),
        card(
            t::ENERGY,
            t::KWH_UNIT.with(lang, &[&number(total.kwh)]),
            t::ENERGY_HOW.with(lang, &[&number(total.kwh_low), &number(total.kwh_high)]),
        ),
        card(t::COAL, mass(total.coal_kg), factors(&|basis| basis.coal_factor, t::FACTOR)),
        card(t::CO2, mass(total.co2_kg), factors(&|basis| basis.co2_factor, t::FACTOR_CO2)),
    ]
}

fn known(text: &str, lang: Lang) -> String {
    if text.is_empty() { t::UNKNOWN.of(lang).to_owned() } else { text.to_owned() }
}

/// How a host is called: its address, and the name it has.
pub(crate) fn host(incident: &Incident) -> String {
    match &incident.who.hostname {
        Some(name) => format!("{} ({name})", incident.ip),
        None => incident.ip.to_string(),
    }
}

/// Who answers for the host, and where it stands.
pub(crate) fn who(incident: &Incident) -> String {
    let who = &incident.who;
    let parts = [&who.unit, &who.room, &who.person, &who.account, &who.contact];
    parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn grouped(summary: &Summary<'_>, by: By, most: usize, lang: Lang) -> Section {
    let (title, first) = match by {
        By::Unit => (t::BY_UNIT, t::UNIT),
        By::Host => (t::BY_HOST, t::HOST),
        By::Pool => (t::BY_POOL, t::POOL),
        By::Coin => (t::BY_COIN, t::COIN),
        By::Wallet => (t::BY_WALLET, t::WALLET),
    };
    let numbers = [
        t::HOSTS,
        t::NEW,
        t::RETURNED,
        t::ACTIVE,
        t::ENDED,
        t::RIGS,
        t::HOURS,
        t::SHARES,
        t::KWH,
        t::KWH_RANGE,
        t::COAL_KG,
        t::CO2_KG,
    ];
    let groups = summary.groups(by);
    let name = |group: &Group<'_>| match group.host {
        Some(incident) => host(incident),
        None => known(&shortened(&group.name, if by == By::Wallet { WALLET } else { usize::MAX }), lang),
    };
    let mut head = vec![(first.of(lang), Kind::Text)];
    if by == By::Host {
        head.push((t::WHO.of(lang), Kind::Text));
    }
    head.extend(numbers.map(|number| (number.of(lang), Kind::Number)));
    let row = |name: String, host: Option<&Incident>, sum: &Sum| {
        let mut row = vec![name];
        if by == By::Host {
            row.push(host.map(who).unwrap_or_default());
        }
        row.extend(figures(sum));
        row
    };
    let rows = groups.iter().take(most).map(|group| row(name(group), group.host, &group.sum)).collect();
    let mut notes = Vec::new();
    if groups.len() > most {
        notes.push(t::MORE.with(lang, &[&count(groups.len() - most)]));
    }
    if groups.iter().map(|group| group.sum.hosts).sum::<usize>() > summary.total.hosts {
        notes.push(t::HOSTS_TWICE.of(lang).to_owned());
    }
    let total = Some(row(t::TOTAL.of(lang).to_owned(), None, &summary.total));
    Section { title: title.of(lang).to_owned(), head, rows, total, notes }
}

fn figures(sum: &Sum) -> [String; 12] {
    [
        count(sum.hosts),
        count(sum.hosts_new),
        count(sum.hosts_returned),
        count(sum.hosts_active),
        count(sum.hosts_ended),
        whole(sum.rigs.into()),
        number(sum.hours),
        whole(sum.shares_accepted),
        number(sum.kwh),
        format!("{} – {}", number(sum.kwh_low), number(sum.kwh_high)),
        number(sum.coal_kg),
        number(sum.co2_kg),
    ]
}

fn state(part: &Part<'_>, parts: &Parts<'_>, lang: Lang) -> String {
    let is_new = parts.hosts.get(part.host).is_some_and(|host| host.began == super::part::Began::New) && part.is_new;
    let now = if part.is_active { t::ACTIVE } else { t::ENDED }.of(lang);
    let began = if part.is_returned { Some(t::RETURNED) } else { Some(t::NEW).filter(|_| is_new) };
    began.map_or_else(|| now.to_owned(), |began| format!("{}, {}", began.of(lang), now))
}

fn incidents(summary: &Summary<'_>, lang: Lang) -> Section {
    let heads = [
        (t::HOST, Kind::Text),
        (t::WHO, Kind::Text),
        (t::SEEN, Kind::Span),
        (t::STATE, Kind::Text),
        (t::COIN, Kind::Text),
        (t::POOL, Kind::Text),
        (t::WALLET, Kind::Text),
        (t::RIGS, Kind::Number),
        (t::RATE, Kind::Number),
        (t::HOURS, Kind::Number),
        (t::KWH, Kind::Number),
        (t::WEIGHTS, Kind::Number),
        (t::ID, Kind::Text),
    ];
    let mut parts: Vec<_> = summary.all.parts.iter().collect();
    parts.sort_by(|a, b| (b.last_us, &a.incident.id).cmp(&(a.last_us, &b.incident.id)));
    let row = |part: &&Part<'_>| {
        let incident = part.incident;
        let [(_, wilful), (_, infected), _] = weights(incident);
        vec![
            host(incident),
            known(&who(incident), lang),
            moment(&summary.range, part.first_us) + TO + &moment(&summary.range, part.last_us),
            state(part, &summary.all, lang),
            known(incident.coin.as_deref().unwrap_or_default(), lang),
            known(&pool(incident), lang),
            known(&shortened(incident.wallet.as_deref().unwrap_or_default(), WALLET), lang),
            incident.rigs.count.to_string(),
            incident.hashrate.map_or_else(|| "–".to_owned(), |measured| rate(measured.value)),
            number(super::summary::hours(part.tally.active_s)),
            part.kwh.map_or_else(|| "–".to_owned(), |[_, kwh, _]| number(kwh)),
            format!("{wilful} / {infected}"),
            incident.id.clone(),
        ]
    };
    let mut notes = Vec::new();
    if parts.len() > ROWS {
        notes.push(t::MORE.with(lang, &[&count(parts.len() - ROWS)]));
    }
    Section {
        title: t::INCIDENTS.of(lang).to_owned(),
        head: heads.map(|(head, kind)| (head.of(lang), kind)).to_vec(),
        rows: parts.iter().take(ROWS).map(row).collect(),
        total: None,
        notes,
    }
}

fn weighed(summary: &Summary<'_>, lang: Lang) -> Option<Section> {
    let rows: Vec<_> = summary
        .reasons()
        .iter()
        .map(|reason| {
            let text = reasons::rule(&reason.rule, &reason.text, lang);
            vec![side(reason.side, lang).to_owned(), reason.weight.to_string(), text, count(reason.hosts)]
        })
        .collect();
    let heads = [(t::SIDE, Kind::Text), (t::WEIGHT, Kind::Number), (t::REASON, Kind::Text), (t::HOSTS, Kind::Number)];
    (!rows.is_empty()).then(|| Section {
        title: t::REASONS.of(lang).to_owned(),
        head: heads.map(|(head, kind)| (head.of(lang), kind)).to_vec(),
        rows,
        total: None,
        notes: vec![t::REASONS_NOTE.of(lang).to_owned()],
    })
}

fn approved(summary: &Summary<'_>, lang: Lang) -> Section {
    let heads = [
        (t::HOST, Kind::Text),
        (t::OWNER, Kind::Text),
        (t::PURPOSE, Kind::Text),
        (t::EXPIRES, Kind::Text),
        (t::SEEN, Kind::Span),
        (t::COIN, Kind::Text),
        (t::RIGS, Kind::Number),
        (t::HOURS, Kind::Number),
        (t::KWH, Kind::Number),
    ];
    let row = |part: &Part<'_>| {
        let incident = part.incident;
        let exemption = incident.exemption.clone().unwrap_or_default();
        vec![
            host(incident),
            exemption.owner,
            exemption.reason,
            exemption.expires.unwrap_or_default(),
            moment(&summary.range, part.first_us) + TO + &moment(&summary.range, part.last_us),
            known(incident.coin.as_deref().unwrap_or_default(), lang),
            incident.rigs.count.to_string(),
            number(super::summary::hours(part.tally.active_s)),
            part.kwh.map_or_else(|| "–".to_owned(), |[_, kwh, _]| number(kwh)),
        ]
    };
    Section {
        title: t::APPROVED_TITLE.of(lang).to_owned(),
        head: heads.map(|(head, kind)| (head.of(lang), kind)).to_vec(),
        rows: summary.approved.parts.iter().take(ROWS).map(row).collect(),
        total: None,
        notes: Vec::new(),
    }
}

fn bases(summary: &Summary<'_>, lang: Lang) -> Section {
    let heads = [
        (t::ROW, Kind::Text),
        (t::BASIS, Kind::Text),
        (t::INCIDENTS, Kind::Number),
        (t::KWH, Kind::Number),
        (t::COAL_FACTOR, Kind::Number),
        (t::CO2_FACTOR, Kind::Number),
    ];
    let row = |row: &super::summary::Basis| {
        let factors = [row.coal_factor, row.co2_factor].map(|factor| factor.to_string());
        let [coal, co2] = factors;
        vec![reasons::row(&row.row, lang), basis(&row.basis, lang), count(row.incidents), number(row.kwh), coal, co2]
    };
    let without = summary.total.without_energy + summary.approved_total.without_energy;
    let mut notes = vec![t::METHOD.with(lang, &[&offset(&summary.range)])];
    if without > 0 {
        notes.insert(0, t::WITHOUT.with(lang, &[&count(without)]));
    }
    let rows: Vec<_> = summary.bases().iter().map(row).collect();
    let heads = heads.map(|(head, kind)| (head.of(lang), kind)).to_vec();
    Section {
        title: t::BASES.of(lang).to_owned(),
        head: if rows.is_empty() { Vec::new() } else { heads },
        rows,
        total: None,
        notes,
    }
}
