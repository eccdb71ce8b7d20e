//! An incident in words: who, what, how much, when, why, and the records that show it.

use comfy_table::{Table, presets};
use jiff::tz::Offset;
use minewall_core::evidence::printable;
use minewall_core::incident::{Day, Energy, Incident, Side, State};
use serde_json::Value;

use super::record::Sighting;
use super::sheet::Sheet;
use crate::incidents::Width;
use crate::incidents::figures::{moment, number, octets, rate_unit, scaled, span, watts};

/// The sheet.
pub(crate) fn text(incident: &Incident, records: &[Value], offset: Offset, width: Width) -> String {
    let mut sheet = Sheet::new(width.0);
    let state = match incident.state {
        State::Ended => "has ended",
        State::Opened | State::Active => "goes on",
    };
    sheet.line(&format!("Incident {} {state}", incident.id));
    sheet.line(&incident.summary());
    who(&mut sheet, incident);
    what(&mut sheet, incident);
    how_much(&mut sheet, incident);
    when(&mut sheet, incident, offset);
    why(&mut sheet, incident);
    shown(&mut sheet, incident, records, offset);
    sheet.into_text()
}

/// Texts one after the other, those that are there.
fn joined<'a>(texts: impl IntoIterator<Item = Option<&'a String>>) -> String {
    texts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn who(sheet: &mut Sheet, incident: &Incident) {
    let who = &incident.who;
    sheet.heading("Who");
    sheet.row("host", joined([Some(&incident.ip.to_string()), who.hostname.as_ref()]));
    let others: Vec<_> = who.addresses.iter().filter(|ip| **ip != incident.ip).map(ToString::to_string).collect();
    sheet.row("also seen", others.join(", "));
    let mac = incident.mac.as_ref();
    sheet.row(
        "hardware",
        mac.map(|mac| if who.is_next_hop { format!("{mac}, of a router between") } else { mac.clone() }),
    );
    let vlan = incident.vlan.map(|vlan| format!("VLAN {vlan}"));
    sheet.row("behind", joined([incident.interface.as_ref(), vlan.as_ref()]));
    sheet.row("account", who.account.clone());
    sheet.row("unit", joined([who.unit.as_ref(), who.room.as_ref()]));
    sheet.row("person", joined([who.person.as_ref(), who.contact.as_ref()]));
    sheet.row("outside as", incident.nat.join(", "));
    sheet.row("told by", who.sources.join(", "));
}

fn what(sheet: &mut Sheet, incident: &Incident) {
    sheet.heading("What");
    let sure = incident.coin_confidence.as_ref().map(|confidence| format!("confidence {confidence}"));
    let coin = incident.coin.as_ref().map(|coin| joined([Some(coin), sure.as_ref(), incident.algorithm.as_ref()]));
    sheet.row("coin", coin.or_else(|| incident.algorithm.clone()));
    sheet.row("pool", incident.pool.clone());
    sheet.row("reached at", incident.endpoints.join(", "));
    sheet.row("wallet", incident.wallet.clone());
    sheet.row("protocol", incident.dialects.join(", "));
    sheet.row("software", incident.agents.join(", "));
    sheet.row("runs on", incident.hardware.clone());
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn how_much(sheet: &mut Sheet, incident: &Incident) {
    let unit = rate_unit(incident.algorithm.as_deref());
    sheet.heading("How much (estimates)");
    if incident.rigs.count > 0 {
        sheet.row("rigs", format!("{}: {}", incident.rigs.count, incident.rigs.reason));
        sheet.row("workers", incident.rigs.workers.join(", "));
    }
    sheet.row(
        "hashrate",
        incident.hashrate.map(|rate| {
            let [value, low, high] = [rate.value, rate.low, rate.high].map(|rate| scaled(rate) + unit);
            format!("{value}, with 95 % between {low} and {high}; measured by {} shares", rate.n)
        }),
    );
    sheet.row("declared", incident.declared.map(|rate| format!("{}{unit}, as the miner says", scaled(rate as f64))));
    if let Some(energy) = &incident.energy {
        energy_rows(sheet, energy);
    }
    if incident.hashrate.is_none() && incident.declared.is_none() && incident.energy.is_none() {
        let is_cut = incident.sessions == 0 && incident.blocked > 0;
        let nothing = if is_cut { "nothing was mined: it was cut" } else { "nothing to reckon with was seen" };
        sheet.row("energy", nothing.to_owned());
    }
}

fn energy_rows(sheet: &mut Sheet, energy: &Energy) {
    sheet.row("power", format!("{} while it mines", watts(energy.watts)));
    let basis = match &*energy.basis {
        "declared" => "the declared rate",
        "measured" => "the measured rate",
        "rigs" => "the count of rigs alone",
        "watts" => "the power the miner says it draws",
        other => other,
    };
    let [low, typical, high] = [energy.low_kwh, energy.kwh, energy.high_kwh].map(number);
    sheet.row("energy", format!("{typical} kWh ({low} to {high}), by {basis} and: {}", energy.row));
    sheet.row("coal", format!("{} kg of standard coal, at {} kg a kWh", number(energy.coal_kg), energy.coal_factor));
    sheet.row("CO2", format!("{} kg, at {} kg a kg of coal", number(energy.co2_kg), energy.co2_factor));
}

fn when(sheet: &mut Sheet, incident: &Incident, offset: Offset) {
    sheet.heading(&format!("When (UTC{})", if offset == Offset::UTC { String::new() } else { offset.to_string() }));
    let [first, last] = [incident.first_us, incident.last_us].map(|time| moment(time, offset));
    sheet.row("seen", format!("{first} to {last}"));
    let total = &incident.total;
    let sessions = if incident.sessions == 1 { "session" } else { "sessions" };
    let mined = format!("{} in {} {sessions}", span(total.active_s), incident.sessions);
    sheet.row("mined", (incident.sessions > 0).then_some(mined));
    let held = match incident.suppressed {
        0 => String::new(),
        held => format!("; {held} records were held back"),
    };
    sheet.row("attempts", format!("{}, of which {} were cut{held}", incident.attempts, incident.blocked));
    if total.offered + total.jobs > 0 {
        let (jobs, offered) = (total.jobs, total.offered);
        let shares = format!("{offered} offered, {} taken, {} refused; {jobs} jobs", total.accepted, total.rejected);
        sheet.row("shares", shares);
    }
    sheet.row("carried", (total.bytes > 0).then(|| octets(total.bytes)));
    sheet.row("came back", incident.returned_after.as_ref().map(|id| format!("after incident {id} had ended")));
    if !incident.days.is_empty() {
        sheet.block(&days(&incident.days));
    }
}

fn days(days: &[Day]) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(["day", "attempts", "mined", "shares taken", "carried", "kWh"]);
    for day in days {
        let tally = &day.tally;
        table.add_row([
            printable(&day.date, 10),
            day.attempts.to_string(),
            span(tally.active_s),
            tally.accepted.to_string(),
            octets(tally.bytes),
            day.kwh.map(number).unwrap_or_default(),
        ]);
    }
    table.to_string()
}

/// Reasons, never a verdict: people decide.
fn why(sheet: &mut Sheet, incident: &Incident) {
    if let Some(exempted) = &incident.exemption {
        sheet.heading("Approved");
        let until = exempted.expires.as_ref().map(|day| format!(", until {day}")).unwrap_or_default();
        sheet.row("by", format!("{}{until}", exempted.owner));
        sheet.row("for", exempted.reason.clone());
    }
    if incident.reasons.is_empty() {
        return;
    }
    sheet.heading("What speaks for what (weight of 100; people decide)");
    for (side, label) in [(Side::Wilful, "wilful"), (Side::Infected, "infected"), (Side::Approved, "approved")] {
        let mut of_side: Vec<_> = incident.reasons.iter().filter(|reason| reason.side == side).collect();
        of_side.sort_by_key(|reason| std::cmp::Reverse(reason.weight));
        for reason in of_side {
            sheet.row(label, format!("{}  {}", reason.weight, reason.text));
        }
    }
}

fn shown(sheet: &mut Sheet, incident: &Incident, records: &[Value], offset: Offset) {
    if incident.records.is_empty() {
        return;
    }
    sheet.heading("Records that show it");
    if records.is_empty() {
        let ids = incident.records.join(", ");
        sheet.row("ids", format!("{ids}; name the journal with --journal, or files with --from, to see them"));
    }
    for record in records {
        let sighting = Sighting::of(record, offset);
        sheet.row(&sighting.time, sighting.sentence);
        sheet.row("on the wire", sighting.excerpt);
    }
}

#[cfg(test)]
mod tests {
    use minewall_core::incident::Reason;
    use serde_json::json;

    use super::*;
    use crate::report::sample;

    #[test]
    fn all_of_it_stands_on_eighty_columns() {
        let mut incident = sample::incident("0a1b2c3d4f5a6b7c");
        incident.records = vec!["r1".to_owned(), "r2".to_owned()];
        let reason = |side, weight, text: &str| Reason { side, weight, text: text.to_owned(), rule: "x".to_owned() };
        incident.reasons =
            vec![reason(Side::Infected, 20, "few"), reason(Side::Wilful, 10, "less"), reason(Side::Wilful, 40, "more")];
        let record = json!({"@timestamp": "2026-11-16T04:00:00.000000Z", "event": {"id": "r1", "reason": "Blocked it \u{1b}[2J"},
                            "minewall": {"excerpt": "{\"method\":\"login\"}"}});
        let text = text(&incident, &[record], Offset::constant(8), Width(80));
        let widest = text.lines().map(|line| line.chars().count()).max().unwrap_or_default();
        assert!(widest <= 80, "{widest}:\n{text}");
        for words in [
            "Incident 0a1b2c3d4f5a6b7c goes on",
            "  host        10.20.3.17, lab-pc-17\n",
            "  behind      lan0, VLAN 120\n",
            "  person      Li Wei, li.wei@example.edu\n",
            "  outside as  203.0.113.5:40000\n",
            "  coin        XMR, confidence high, rx/0\n",
            "10.0 kH/s, with 95 % between 8.30 kH/s and 12.0 kH/s",
            "0.24 kWh (0.080 to 0.46)",
            "240 W while it mines",
            "  seen        2026-11-16 12:00:00 to 2026-11-16 13:00:00\n",
            "121 offered, 120 taken, 1 refused; 30 jobs",
            "  wilful      40  more\n  wilful      10  less\n  infected    20  few\n",
            "  11-16 12:00 Blocked it",
            "Blocked it \\u{1b}[2J",
            "{\"method\":\"login\"}",
            "│ 2026-11-16 ┆ 5",
        ] {
            let words = words.replace("0.080", "0.08");
            assert!(text.contains(&words), "{words:?} is not in:\n{text}");
        }
    }

    #[test]
    fn what_was_cut_says_so() {
        let mut incident = sample::incident("a");
        (incident.sessions, incident.blocked, incident.hashrate, incident.energy) = (0, 5, None, None);
        let text = text(&incident, &[], Offset::UTC, Width(80));
        assert!(text.contains("  energy      nothing was mined: it was cut\n"), "{text}");
        assert!(!text.contains("hashrate"), "{text}");
    }
}
