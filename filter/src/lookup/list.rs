//! Many questions at once: CSV in, CSV out, in the same order.

use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};

use super::{Lookup, Public, Question, rank, time};
use crate::report::harmless;
use crate::{journal, output};

/// Questions in one list.
const MOST: usize = 100_000;

const HEADER: [&str; 18] = [
    "address",
    "port",
    "time",
    "certainty",
    "inside",
    "inside_port",
    "mac",
    "hostname",
    "account",
    "unit",
    "room",
    "person",
    "contact",
    "far",
    "why",
    "record",
    "incident",
    "others",
];

/// Answers each row with its surest host. How many were answered, of how many.
pub(super) fn answer(lookup: &Lookup, path: &Path) -> Result<(usize, usize)> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_path(path)
        .with_context(|| format!("cannot read {}", path.display()))?;
    let mut questions = Vec::new();
    for (at, row) in reader.records().enumerate() {
        let row = row.with_context(|| format!("cannot read {}", path.display()))?;
        let field = |at: usize| row.get(at).unwrap_or_default();
        // A byte order mark comes from spreadsheets.
        let address = field(0).trim_start_matches('\u{feff}');
        if at == 0 && address.parse::<std::net::IpAddr>().is_err() && field(2).parse::<jiff::civil::DateTime>().is_err()
        {
            continue;
        }
        let question = question(lookup, address, field(1), field(2));
        questions.push(question.with_context(|| format!("line {} of {}", at + 1, path.display()))?);
        if questions.len() > MOST {
            bail!("{} has more than {MOST} rows; split it", path.display());
        }
    }
    let index = lookup.index(&questions)?;
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(HEADER)?;
    let mut answered = 0;
    for question in &questions {
        let answers = rank::answers(&index, question);
        let port = question.public.port.map(|port| port.to_string()).unwrap_or_default();
        let mut row = vec![question.public.ip.to_string(), port, time(question.at_us)];
        if let Some(best) = answers.first() {
            answered += 1;
            let (host, who) = (&best.seen.host, &best.seen.host.who);
            row.extend([best.certainty.as_str().to_owned(), harmless(&host.ip)]);
            row.push(best.seen.inside_port.map(|port| port.to_string()).unwrap_or_default());
            let known = [&host.mac, &who.hostname, &who.account, &who.unit, &who.room, &who.person, &who.contact];
            row.extend(known.into_iter().map(|text| text.as_deref().map_or_else(String::new, harmless)));
            row.extend([harmless(&best.seen.far), harmless(&best.why)]);
            row.push(best.seen.record.clone().unwrap_or_default());
            row.extend([best.incident.unwrap_or_default().to_owned(), (answers.len() - 1).to_string()]);
        }
        row.resize(HEADER.len(), String::new());
        writer.write_record(&row)?;
    }
    let text = String::from_utf8(writer.into_inner().map_err(|error| anyhow!("{error}"))?)?;
    output::write(&text)?;
    Ok((answered, questions.len()))
}

fn question(lookup: &Lookup, address: &str, port: &str, at: &str) -> Result<Question> {
    let ip = address.parse().map_err(|_| anyhow!("{address:?} is no address; a row is address,port,time"))?;
    let port = match port {
        "" | "-" | "0" => None,
        port => Some(port.parse().map_err(|_| anyhow!("{port:?} is no port"))?),
    };
    let at_us = journal::at(at, lookup.offset).map_err(|wrong| anyhow!(wrong))?;
    Ok(Question { public: Public { ip, port }, at_us, within_us: lookup.within, far: None })
}
