//! `minewall notice`: one incident on one page, with its evidence and fields to sign.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use minewall_core::incident::Incident;
use serde_json::Value;

use super::command::{give, own_offset};
use super::figure::{mass, number, rate, shortened, whole};
use super::incidents::Source;
use super::page::{moment, offset};
use super::reasons;
use super::reasons::{basis, row, side};
use super::summary::{hours, weights};
use super::texts::{self as t, Lang, Text};
use super::when::{Range, When};

/// Records, excerpts and lists are cut to what one page holds.
const RECORDS: usize = 2;
const EXCERPT: usize = 160;
const LISTED: usize = 2;
const REASONS: usize = 4;
const TEXT: usize = 110;

#[derive(Args, Debug)]
pub(crate) struct Notice {
    /// The id of the incident, or its beginning
    id: String,
    #[command(flatten)]
    source: Source,
    /// What the outside body named, word for word: its reference, public address and time
    #[arg(long, value_name = "TEXT")]
    named: Option<String>,
    /// The date by which the reply is due
    #[arg(long, value_name = "DATE")]
    due: Option<jiff::civil::Date>,
    /// The offset from UTC of times, such as +08:00; without it, that of the configuration
    #[arg(long, value_name = "OFFSET", allow_hyphen_values = true)]
    offset: Option<String>,
    /// How it is written
    #[arg(long, value_enum, default_value = "html")]
    format: Format,
    /// The language
    #[arg(long, value_enum, default_value = "en")]
    lang: Lang,
    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A page of A4, for a browser and for print
    Html,
    /// Markdown
    Md,
}

/// A notice as it is laid out.
pub(crate) struct Sheet {
    pub(crate) lang: Lang,
    pub(crate) title: String,
    pub(crate) lead: String,
    /// Titled rows of a name and a value.
    pub(crate) blocks: Vec<(&'static str, Vec<(&'static str, String)>)>,
    /// Columns and rows of the evidence, and what is said where records are missing.
    pub(crate) heads: [&'static str; 5],
    pub(crate) records: Vec<[String; 5]>,
    pub(crate) missing: Option<String>,
    pub(crate) meaning: Vec<String>,
    pub(crate) steps: Vec<String>,
    /// What the unit fills in.
    pub(crate) reply: [&'static str; 7],
}

impl Notice {
    /// Reads, lays out and writes.
    pub(crate) fn perform(self) -> Result<ExitCode> {
        let now = Timestamp::now();
        let when = When { offset: self.offset.clone(), ..When::default() };
        let range = when.range(now, &own_offset(&self.source)?)?;
        let (incidents, told) = self.source.incidents()?;
        told.warn();
        let incident = one(&incidents, &self.id)?;
        let records = self.source.records(&incident.records)?;
        let asked =
            Asked { named: self.named, due: self.due.map(|due| due.to_string()), made_us: now.as_microsecond() };
        let sheet = sheet(incident, &records, &range, &asked, self.lang);
        let text = match self.format {
            Format::Html => super::html::notice(&sheet),
            Format::Md => super::markdown::notice(&sheet),
        };
        give(self.output.as_deref(), &text)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The incident with this id, or the one whose id begins so.
///
/// # Errors
/// There is none, or there are several: these are named.
pub(crate) fn one<'a>(incidents: &'a [Incident], id: &str) -> Result<&'a Incident> {
    if let Some(exact) = incidents.iter().find(|incident| incident.id == id) {
        return Ok(exact);
    }
    let found: Vec<_> = incidents.iter().filter(|incident| !id.is_empty() && incident.id.starts_with(id)).collect();
    match found.as_slice() {
        [one] => Ok(one),
        [] => bail!("there is no incident {id:?} in what was read; `minewall report --format json` lists them"),
        several => {
            let ids: Vec<_> = several.iter().take(8).map(|incident| incident.id.as_str()).collect();
            bail!("{} incidents begin with {id:?}, name one in full: {}", several.len(), ids.join(", "))
        }
    }
}

/// What the caller adds.
pub(crate) struct Asked {
    pub(crate) named: Option<String>,
    pub(crate) due: Option<String>,
    pub(crate) made_us: i64,
}

/// Lays a notice out.
pub(crate) fn sheet(incident: &Incident, records: &[Value], range: &Range, asked: &Asked, lang: Lang) -> Sheet {
    let issued = moment(range, asked.made_us);
    let mut blocks = Vec::new();
    if let Some(named) = &asked.named {
        blocks.push((t::NAMED.of(lang), vec![(t::NAMED_TEXT.of(lang), named.clone())]));
    }
    blocks.push((t::IS_WHO.of(lang), who(incident, lang)));
    blocks.push((t::IS_WHERE.of(lang), place(incident, records, range, lang)));
    blocks.push((t::IS_WHAT.of(lang), what(incident, range, lang)));
    blocks.push((t::IS_MUCH.of(lang), much(incident, lang)));
    let shown: Vec<_> = records.iter().take(RECORDS).map(|record| evidence(record, range, lang)).collect();
    let missing = incident.records.iter().take(RECORDS).map(String::as_str).collect::<Vec<_>>().join(", ");
    let due = asked.due.as_ref().map(|due| t::DUE.with(lang, &[due])).unwrap_or_default();
    Sheet {
        lang,
        title: t::NOTICE.of(lang).to_owned(),
        lead: t::NOTICE_OF.with(lang, &[&incident.id, &incident.observer, &issued, &offset(range)]),
        blocks,
        heads: [t::TIME, t::SEEN_BY, t::RULE, t::SURE, t::EXCERPT].map(|text| text.of(lang)),
        missing: (shown.is_empty() && !missing.is_empty()).then(|| t::NO_RECORDS.with(lang, &[&missing])),
        records: shown,
        meaning: meaning(incident, lang),
        steps: [t::DO_1, t::DO_2, t::DO_3]
            .map(|text| text.of(lang).to_owned())
            .into_iter()
            .chain([t::DO_4.with(lang, &[&due])])
            .collect(),
        reply: [t::UNIT, t::PERSON, t::NATURE, t::MEASURE, t::RESULT, t::DATE, t::SIGNED].map(|text| text.of(lang)),
    }
}

type Rows = Vec<(&'static str, String)>;

/// Only those that are known.
fn known(rows: impl IntoIterator<Item = (Text, Option<String>)>, lang: Lang) -> Rows {
    let known = rows.into_iter().filter_map(|(name, value)| Some((name.of(lang), value?)));
    known.filter(|(_, value)| !value.is_empty()).collect()
}

fn who(incident: &Incident, lang: Lang) -> Rows {
    let who = incident.who.clone();
    let unit = who.unit.unwrap_or_else(|| t::UNKNOWN.of(lang).to_owned());
    known(
        [
            (t::UNIT, Some(unit)),
            (t::ROOM, who.room),
            (t::PERSON, who.person),
            (t::CONTACT, who.contact),
            (t::ACCOUNT, who.account),
        ],
        lang,
    )
}

fn place(incident: &Incident, records: &[Value], range: &Range, lang: Lang) -> Rows {
    let mac = incident.mac.clone().map(|mac| match incident.who.is_next_hop {
        true => t::NEXT_HOP.with(lang, &[&mac]),
        false => mac,
    });
    let vlan = incident.vlan.map(|vlan| format!("VLAN {vlan}"));
    let network: Vec<_> = incident.interface.clone().into_iter().chain(vlan).collect();
    let at = |record: &Value| {
        let text = |path: &str| record.pointer(path).and_then(Value::as_str);
        let port = record.pointer("/source/nat/port").and_then(Value::as_u64)?;
        let address = match text("/source/nat/ip")? {
            v6 if v6.contains(':') => format!("[{v6}]:{port}"),
            v4 => format!("{v4}:{port}"),
        };
        Some(t::AT.with(lang, &[&address, &time(record, range)]))
    };
    let mut public: Vec<_> = records.iter().filter_map(at).take(LISTED).collect();
    if public.is_empty() {
        public = incident.nat.iter().rev().take(LISTED).cloned().collect();
    }
    known(
        [
            (t::ADDRESS, Some(incident.ip.to_string())),
            (t::PUBLIC, Some(public.join(", "))),
            (t::MAC, mac),
            (t::NETWORK, Some(network.join(", "))),
            (t::NAME, incident.who.hostname.clone()),
        ],
        lang,
    )
}

fn time(record: &Value, range: &Range) -> String {
    let time = record.get("@timestamp").and_then(Value::as_str).and_then(|time| time.parse::<Timestamp>().ok());
    let civil = time.map(|time| range.civil(time.as_microsecond()).strftime("%Y-%m-%d %H:%M:%S").to_string());
    civil.unwrap_or_default()
}

/// A certainty in words.
fn sure(word: &str, lang: Lang) -> String {
    match word {
        "high" => t::HIGH.of(lang).to_owned(),
        "medium" => t::MEDIUM.of(lang).to_owned(),
        "low" => t::LOW.of(lang).to_owned(),
        other => other.to_owned(),
    }
}

fn what(incident: &Incident, range: &Range, lang: Lang) -> Rows {
    let counts = [incident.attempts, incident.blocked, incident.sessions].map(whole);
    let coin = incident.coin.as_ref().map(|coin| match &incident.coin_confidence {
        Some(word) => t::COIN_HOW.with(lang, &[coin, &sure(word, lang)]),
        None => coin.clone(),
    });
    let few = |texts: &[String]| texts.iter().take(LISTED).cloned().collect::<Vec<_>>().join(", ");
    // A pool of which no other name is known is called as its host is.
    let mut pool: Vec<_> = incident.pool.clone().into_iter().collect();
    for endpoint in incident.endpoints.iter().take(LISTED) {
        if !pool.contains(endpoint) {
            pool.push(endpoint.clone());
        }
    }
    known(
        [
            (t::FIRST, Some(moment(range, incident.first_us))),
            (t::LAST, Some(moment(range, incident.last_us))),
            (t::TIMES, Some(t::TIMES_HOW.with(lang, &[&counts[0], &counts[1], &counts[2]]))),
            (t::COIN, coin),
            (t::POOL_AT, Some(shortened(&pool.join(", "), TEXT))),
            (t::WALLET, incident.wallet.as_ref().map(|wallet| shortened(wallet, TEXT))),
            (t::SOFTWARE, Some(shortened(&few(&incident.agents), TEXT))),
            (t::WORKERS, Some(shortened(&few(&incident.rigs.workers), TEXT))),
        ],
        lang,
    )
}

fn much(incident: &Incident, lang: Lang) -> Rows {
    let measured = incident.hashrate.map(|rate_of| {
        let values = [rate_of.value, rate_of.low, rate_of.high].map(rate);
        t::RATE_HOW.with(lang, &[&values[0], &values[1], &values[2], &whole(rate_of.n)])
    });
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    let declared = incident.declared.map(|declared| t::RATE_DECLARED.with(lang, &[&rate(declared as f64)]));
    let rigs = &incident.rigs;
    let count = whole(rigs.count.into());
    let time = [number(hours(incident.total.active_s)), whole(incident.total.accepted)];
    let mut rows = vec![
        (t::RATE, measured.or(declared)),
        (
            t::RIGS,
            Some(if rigs.reason.is_empty() {
                count
            } else {
                t::RIGS_WHY.with(lang, &[&count, &reasons::rigs(&rigs.reason, lang)])
            }),
        ),
        (t::HOURS, Some(t::HOURS_OF.with(lang, &[&time[0], &time[1]]))),
    ];
    if let Some(energy) = &incident.energy {
        let kwh = [energy.kwh, energy.low_kwh, energy.high_kwh].map(number);
        let coal = [mass(energy.coal_kg), energy.coal_factor.to_string()];
        let co2 = [mass(energy.co2_kg), energy.co2_factor.to_string()];
        rows.push((t::ENERGY, Some(t::ENERGY_OF.with(lang, &[&kwh[0], &kwh[1], &kwh[2]]))));
        rows.push((t::BURNT, Some(t::BURNT_OF.with(lang, &[&coal[0], &coal[1], &co2[0], &co2[1]]))));
        rows.push((t::BASES, Some(t::BASIS_OF.with(lang, &[&row(&energy.row, lang), &basis(&energy.basis, lang)]))));
    } else {
        rows.push((t::ENERGY, Some(t::NO_ENERGY.of(lang).to_owned())));
    }
    known(rows, lang)
}

fn evidence(record: &Value, range: &Range, lang: Lang) -> [String; 5] {
    let text = |path: &str| record.pointer(path).and_then(Value::as_str).unwrap_or_default();
    let rule = match (text("/rule/name"), text("/rule/ruleset")) {
        (name, "") => name.to_owned(),
        (name, list) => format!("{name} ({list})"),
    };
    // Where no bytes of a conversation were kept, the name that was asked for is what was seen.
    let names = ["/minewall/excerpt", "/tls/client/server_name", "/dns/question/name", "/destination/domain"];
    let seen = names.into_iter().map(text).find(|text| !text.is_empty()).unwrap_or_default();
    [
        time(record, range),
        text("/minewall/layer").to_owned(),
        shortened(&rule, 40),
        sure(text("/minewall/confidence"), lang),
        seen.chars().take(EXCERPT).collect(),
    ]
}

fn meaning(incident: &Incident, lang: Lang) -> Vec<String> {
    let mut meaning = Vec::new();
    if let Some(exemption) = &incident.exemption {
        let until = exemption.expires.as_deref().unwrap_or("-");
        meaning.push(
            t::EXEMPT.with(lang, &[&shortened(&exemption.owner, TEXT), &shortened(&exemption.reason, TEXT), until]),
        );
    }
    if let Some(before) = &incident.returned_after {
        meaning.push(t::RETURNED_AFTER.with(lang, &[before]));
    }
    if incident.reasons.is_empty() {
        meaning.push(t::NO_REASONS.of(lang).to_owned());
    } else {
        let [(_, wilful), (_, infected), _] = weights(incident);
        meaning.push(t::WEIGHED.with(lang, &[&wilful.to_string(), &infected.to_string()]));
        let mut reasons_of: Vec<_> = incident.reasons.iter().collect();
        reasons_of.sort_by_key(|reason| std::cmp::Reverse(reason.weight));
        for reason in reasons_of.into_iter().take(REASONS) {
            let text = shortened(&reasons::text(&reason.rule, &reason.text, lang), TEXT);
            let weight = reason.weight.to_string();
            meaning.push(t::WEIGHED_ONE.with(lang, &[side(reason.side, lang), &weight, &text]));
        }
    }
    meaning.push(t::PEOPLE_DECIDE.of(lang).to_owned());
    meaning
}
