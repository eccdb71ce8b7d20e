//! A day at a school, made up (tests/catalogue/src/day): what minewall tells of it, against what is true of it.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use minewall_catalogue::Random;
use minewall_catalogue::day::{Day, Mining, Run};
use minewall_core::incident::{Hashrate, Incident, Side};
use serde_json::Value;

use crate::cli::program::{Files, Ran, minewall};
use crate::report::browser::Browser;
use crate::report::pages::keep;

const HOUR_US: i64 = 3_600_000_000;

/// Days whose rates are looked at.
const DAYS: u32 = 6;

/// A day, and the journal minewall made of its capture.
struct Lab {
    day: Day,
    files: Files,
    journal: String,
    config: String,
}

impl Lab {
    fn new(name: &str) -> Self {
        Self::with(name, "")
    }

    /// With more settings, after those of the identity.
    fn with(name: &str, more: &str) -> Self {
        let (day, files) = (Day::new(name).unwrap(), Files::new());
        let capture = files.write("day.pcap", &day.capture);
        let inventory = files.write("inventory.csv", day.inventory());
        let log = files.write("nat.log", day.nat_log());
        let settings = format!("observer.name = \"gw\"\n[identity]\nusual = false\ninventory = {inventory:?}\n{more}");
        let config = files.write("minewall.toml", settings + &day.register());
        let journal = files.path().join("journal").to_str().unwrap().to_owned();
        let common = ["--format", "json", "-c", &config, "--journal", &journal, "--nat-log", &log];
        let ran = minewall(&[&["replay"], &common[..], &[&capture]].concat());
        assert_eq!(ran.code, 0, "{}", ran.err);
        Self { day, files, journal, config }
    }

    fn ask(&self, command: &str, more: &[&str]) -> Ran {
        let ran = minewall(&[&[command, "-c", &self.config, "--journal", &self.journal], more].concat());
        assert_eq!(ran.code, 0, "{command}: {}", ran.err);
        ran
    }

    /// The incidents of each host, the oldest first.
    fn incidents(&self) -> BTreeMap<String, Vec<Incident>> {
        let told = self.ask("incidents", &["--since", "2026-11-01", "--format", "json"]).out;
        let mut hosts: BTreeMap<String, Vec<Incident>> = BTreeMap::new();
        for incident in serde_json::Deserializer::from_str(&told).into_iter::<Incident>() {
            let incident = incident.unwrap();
            hosts.entry(incident.ip.to_string()).or_default().push(incident);
        }
        hosts.values_mut().for_each(|all| all.sort_by_key(|incident| incident.first_us));
        hosts
    }
}

/// The day all tests here but one look at.
fn lab() -> &'static Lab {
    static LAB: OnceLock<Lab> = OnceLock::new();
    LAB.get_or_init(|| Lab::new("day"))
}

/// Seconds from first to last, runs less than an hour apart counted as one.
fn seconds<'a>(runs: impl Iterator<Item = &'a Run>) -> f64 {
    let mut spans: Vec<(i64, i64)> = runs.map(|run| (run.begun_us, run.ended_us)).collect();
    spans.sort_unstable();
    let mut joined: Vec<(i64, i64)> = Vec::new();
    for (from, to) in spans {
        match joined.last_mut() {
            Some((_, end)) if from - *end < HOUR_US => *end = to.max(*end),
            _ => joined.push((from, to)),
        }
    }
    joined.iter().map(|(from, to)| (to - from) as f64 / 1e6).sum()
}

fn rig_seconds(mining: &Mining) -> f64 {
    (0..mining.rigs).map(|rig| seconds(mining.runs.iter().filter(|run| run.rig == rig))).sum()
}

/// kWh by the rows of PROTOCOLS.md section 4 for what mines on this day: watts for each unit of hashes, watts of the rest.
fn kwh(mining: &Mining) -> f64 {
    let (unit, watts, rest) = match mining.coin {
        "BTC" => (1e12, 30.0, 0.0),
        "ETC" => (1e6, 2.1, 60.0),
        "RVN" => (1e6, 5.0, 60.0),
        _ => (1e3, 12.0, 50.0),
    };
    let sum = |of: fn(&Run) -> f64| mining.runs.iter().map(of).sum::<f64>();
    let hashes = sum(|run| run.hashes) * sum(|run| run.offered as f64) / sum(|run| run.accepted as f64);
    (hashes / unit * watts + rest * rig_seconds(mining)) / 3.6e6
}

fn sum(incidents: &[Incident], of: impl Fn(&Incident) -> f64) -> f64 {
    incidents.iter().map(of).sum()
}

/// Whether the two differ by no more than this part of the second.
fn is_near(told: f64, truth: f64, part: f64) -> bool {
    (told - truth).abs() <= part * truth
}

#[test]
fn every_host_that_mines_is_told_with_its_coin_wallet_rigs_and_hours() {
    let lab = lab();
    let told = lab.incidents();
    let mut hosts: Vec<String> = lab.day.minings.iter().map(|mining| mining.host.to_string()).collect();
    hosts.sort();
    assert_eq!(told.keys().cloned().collect::<Vec<_>>(), hosts, "who mines, and nobody else");
    for mining in &lab.day.minings {
        let (host, incidents) = (mining.host.to_string(), &told[&mining.host.to_string()]);
        for incident in incidents {
            assert_eq!(incident.coin.as_deref(), Some(mining.coin), "{host}");
            assert_eq!(incident.wallet.as_deref(), Some(&*mining.wallet), "{host}");
            assert_eq!(incident.rigs.count, mining.rigs, "{host}: {:?}", incident.rigs);
            assert_eq!(incident.rigs.workers, mining.workers, "{host}");
            assert_eq!(incident.who.unit.as_deref(), Some(mining.unit.name()), "{host}");
            assert_eq!(incident.exemption.is_some(), mining.is_approved, "{host}");
        }
        let runs = &mining.runs;
        let offered: u64 = runs.iter().map(|run| run.offered).sum();
        let accepted: u64 = runs.iter().map(|run| run.accepted).sum();
        assert_eq!(incidents.iter().map(|incident| incident.total.offered).sum::<u64>(), offered, "{host}");
        assert_eq!(incidents.iter().map(|incident| incident.total.accepted).sum::<u64>(), accepted, "{host}");
        assert_eq!(incidents.iter().map(|incident| incident.total.measured).sum::<u64>(), accepted, "{host}");
        // Whole seconds are told, one may be cut off each incident.
        let cut = incidents.len() as f64 * f64::from(mining.rigs);
        let active = sum(incidents, |incident| incident.total.active_s as f64);
        let rigs = sum(incidents, |incident| incident.total.rig_s as f64);
        assert!((active - seconds(runs.iter())).abs() <= cut, "{host}: {active} s, not {}", seconds(runs.iter()));
        assert!((rigs - rig_seconds(mining)).abs() <= cut, "{host}: {rigs} s of rigs, not {}", rig_seconds(mining));
        let (energy, truth) = (sum(incidents, |incident| incident.energy.as_ref().unwrap().kwh), kwh(mining));
        assert!(is_near(energy, truth, 0.01), "{host}: {energy} kWh, not {truth}");
    }
}

#[test]
fn most_intervals_hold_the_true_rate() {
    let (mut held, mut all, mut missed) = (0, 0, String::new());
    // More of them by hand: MINEWALL_DAYS=80.
    let days = std::env::var("MINEWALL_DAYS").ok().and_then(|days| days.parse().ok()).unwrap_or(DAYS);
    for number in 0..days {
        let other = (number > 0).then(|| Lab::new(&format!("day {number}")));
        let lab = other.as_ref().unwrap_or_else(|| lab());
        let told = lab.incidents();
        for mining in &lab.day.minings {
            for incident in &told[&mining.host.to_string()] {
                let Hashrate { low, high, n, .. } = incident.hashrate.unwrap();
                let truth = mining.taken_a_second;
                all += 1;
                held += i32::from(low <= truth && truth <= high);
                if !(low <= truth && truth <= high) {
                    missed += &format!("{} ({}): {low} to {high} of {n}, not {truth}\n", mining.host, mining.coin);
                }
            }
        }
    }
    println!("{held} of {all} intervals hold the true rate\n{missed}");
    // Of few intervals chance may take more than one in twenty; of those of 80 days (1,360) no more than that were missed.
    let all = f64::from(all);
    let slack = if days < 80 { 3.0 * (all * 0.05 * 0.95).sqrt() } else { 0.0 };
    assert!(f64::from(held) >= all * 0.95 - slack, "{held} of {all}:\n{missed}");
}

#[test]
fn reasons_speak_for_what_is_true() {
    let lab = lab();
    let told = lab.incidents();
    for mining in &lab.day.minings {
        for incident in &told[&mining.host.to_string()] {
            let weight = |side| -> u32 {
                let reasons = incident.reasons.iter().filter(|reason| reason.side == side);
                reasons.map(|reason| u32::from(reason.weight)).sum()
            };
            let (wilful, infected, approved) = (weight(Side::Wilful), weight(Side::Infected), weight(Side::Approved));
            let words = format!("{} ({}): {:?}", mining.host, mining.coin, incident.reasons);
            assert_eq!(approved > 0, mining.is_approved, "{words}");
            assert!(mining.is_approved || (infected > wilful) == mining.is_infected, "{words}");
        }
    }
}

#[test]
fn the_report_sums_up_what_is_true() {
    let lab = lab();
    let range = ["--since", "2026-11-24", "--until", "2026-11-24", "--format", "json"];
    let report: Value = serde_json::from_str(&lab.ask("report", &range).out).unwrap();
    let (approved, others): (Vec<_>, Vec<_>) = lab.day.minings.iter().partition(|mining| mining.is_approved);
    for (part, minings) in [("total", &others), ("approved", &approved)] {
        let told = &report[part];
        let told = if told.get("total").is_some() { &told["total"] } else { told };
        let number = |name: &str| told[name].as_f64().unwrap_or_else(|| panic!("{part}.{name}: {told}"));
        assert_eq!(number("hosts"), minings.len() as f64, "{part}");
        assert_eq!(number("hosts_new"), minings.len() as f64, "{part}");
        assert_eq!(number("rigs"), f64::from(minings.iter().map(|mining| mining.rigs).sum::<u32>()), "{part}");
        assert_eq!(number("shares_accepted"), minings.iter().map(|mining| mining.accepted()).sum::<u64>() as f64);
        let hours: f64 = minings.iter().map(|mining| seconds(mining.runs.iter())).sum::<f64>() / 3600.0;
        assert!(is_near(number("hours"), hours, 0.001), "{part}: {} hours, not {hours}", number("hours"));
        let kwh: f64 = minings.iter().map(|mining| kwh(mining)).sum();
        assert!(is_near(number("kwh"), kwh, 0.01), "{part}: {} kWh, not {kwh}", number("kwh"));
    }
    let zh = lab.ask("report", &[&range[..4], &["--lang", "zh", "--format", "html"]].concat()).out;
    assert!(zh.contains("图书馆") && zh.contains("Dormitory 4"), "units stand in the page");
}

/// The pictures of docs/report.md.
#[test]
fn its_report_and_notice_show_whole() {
    let (lab, files) = (lab(), Files::new());
    let browser = Browser::new(files.path());
    let range = &["--since", "2026-11-24", "--until", "2026-11-24"][..];
    let named = &["00000000-3", "--named", "No. 17: 203.0.113.6:20036, 2026-11-24 01:00", "--due", "2026-12-08"][..];
    for (command, asked, lang, width, height) in
        [("report", range, "en", 1280, 1500), ("report", range, "zh", 1280, 1500), ("notice", named, "zh", 900, 1640)]
    {
        let page = files.path().join(format!("day-{command}-{lang}.html"));
        let made = ["--offset", "+08:00", "--lang", lang, "--format", "html", "-o", page.to_str().unwrap()];
        lab.ask(command, &[asked, &made].concat());
        let shown = browser.measure(&page, width);
        assert!(shown.width == width && shown.wider.is_empty(), "{shown:?}");
        let (picture, console) = browser.picture(&page, width, height);
        assert!(console.is_empty(), "{console:?}");
        keep(&picture);
    }
}

#[test]
fn whoever_had_a_public_address_and_port_is_found() {
    let lab = lab();
    let mut random = Random::from_text("lookups");
    let is_mining = |ip: std::net::Ipv4Addr| lab.day.minings.iter().any(|mining| mining.host == ip);
    // What an outside body samples: packets of connections to pools.
    let flows: Vec<_> =
        lab.day.translations.iter().filter(|flow| flow.is_tcp && is_mining(*flow.inside.ip())).collect();
    let pools: Vec<_> = flows.into_iter().filter(|flow| flow.inside.port() < 50_000).collect();
    let (mut list, mut truth) = (String::from("address,port,time\n"), Vec::new());
    for _ in 0..1_000 {
        let flow = pools[random.below(pools.len())];
        let at_us = flow.begun_us + random.below((flow.ended_us - flow.begun_us) as usize) as i64;
        let time = minewall_core::evidence::timestamp(at_us);
        list += &format!("{},{},{time}\n", flow.public.ip(), flow.public.port());
        truth.push(flow.inside.ip().to_string());
    }
    let list = lab.files.write("sampled.csv", list);
    let answers = lab.ask("lookup", &["--list", &list]).out;
    let mut reader = csv::Reader::from_reader(answers.trim_start_matches('\u{feff}').as_bytes());
    let heads = reader.headers().unwrap().clone();
    let column = heads.iter().position(|head| head == "host" || head == "inside" || head == "inside_ip").unwrap();
    let found: Vec<String> = reader.records().map(|row| row.unwrap()[column].to_owned()).collect();
    assert_eq!(found.len(), truth.len());
    let rows: Vec<&str> = answers.lines().skip(1).collect();
    let wrong: Vec<String> = found
        .iter()
        .zip(&truth)
        .zip(rows)
        .filter(|((found, truth), _)| found != truth)
        .map(|((_, truth), row)| format!("not {truth}: {row}"))
        .collect();
    assert!(wrong.is_empty(), "of 1,000 the wrong host was named {} times:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_journal_of_the_day_is_as_it_was_written() {
    let lab = lab();
    let ran = minewall(&["journal", "verify", "--journal", &lab.journal]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
}

/// Every line of the journal, as `journal show` gives it.
fn text_of(journal: &str) -> String {
    let ran = minewall(&["journal", "show", "--journal", journal, "--since", "2026-11-01", "--format", "json"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    ran.out
}

#[test]
fn an_edit_is_found_and_dated() {
    let lab = Lab::new("day");
    let segments: Vec<_> = std::fs::read_dir(&lab.journal).unwrap().map(|entry| entry.unwrap().path()).collect();
    let segment = segments.iter().find(|path| path.extension().is_some_and(|ending| ending == "jsonl")).unwrap();
    let text = std::fs::read_to_string(segment).unwrap();
    let edited = text.replacen("\"active\"", "\"ended_\"", 1).replacen("10.1.", "10.9.", 1);
    assert_ne!(text, edited);
    std::fs::write(segment, edited).unwrap();
    let ran = minewall(&["journal", "verify", "--journal", &lab.journal]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("2026-11-2"), "it is not dated: {}", ran.out);
    let key = minewall(&["journal", "key", "--journal", &lab.journal]);
    assert_eq!((key.code, key.out.trim().len()), (0, 64), "{key:?}");
}

#[test]
fn what_is_not_to_be_kept_stands_nowhere_in_the_journal() {
    let secret = Files::new();
    let secret = secret.path().join("key");
    let rules = "{ addresses = \"hash\", macs = \"none\", persons = \"none\", workers = \"none\", wallets = \"mask\" }";
    let lab = Lab::with("day", &format!("[privacy]\njournal = {rules}\nsecret = {secret:?}\n"));
    let text = text_of(&lab.journal);
    assert!(text.contains("btc.2miners.com"), "what is kept is kept: {}", &text[..text.len().min(400)]);
    for host in &lab.day.hosts {
        let mac = host.mac.map(|byte| format!("{byte:02X}")).join("-");
        let own = [format!("\"{}\"", host.ip), format!("{} ", host.ip), mac, host.person(), host.contact()];
        let found = own.iter().find(|word| text.contains(word.as_str()));
        assert_eq!(
            found,
            None,
            "{}",
            text.lines().find(|line| line.contains(found.unwrap().as_str())).unwrap_or_default()
        );
    }
    for mining in &lab.day.minings {
        assert!(!text.contains(&mining.wallet), "{}", mining.wallet);
        let worker = mining.workers.iter().find(|worker| text.contains(&format!("\"{worker}\"")));
        assert_eq!(worker, None);
    }
    assert!(!text.contains("Prof. Lin"), "who answers for the exemption");
}
