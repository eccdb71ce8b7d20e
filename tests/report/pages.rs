//! What a person sees. With `MINEWALL_SHOTS` set to a directory, pages and pictures are left there.

use std::fs;
use std::path::{Path, PathBuf};

use minewall_core::incident::Incident;
use serde_json::Value;

use super::browser::Browser;
use super::sample;
use crate::cli::program::{Files, minewall};

const RANGE: [&str; 6] = ["--since", "2026-11-16", "--until", "2026-11-29", "--offset", "+08:00"];
const RETURNED: &str = "5f0c9a1e77b2d4c3-11b";

pub(crate) fn keep(path: &Path) {
    if let Ok(to) = std::env::var("MINEWALL_SHOTS") {
        fs::copy(path, Path::new(&to).join(path.file_name().unwrap())).unwrap();
    }
}

/// The incidents as a sink writes them, with a record each.
pub(crate) fn lines(incidents: &[Incident]) -> String {
    incidents.iter().map(|incident| record(incident) + "\n" + &incident.to_json() + "\n").collect()
}

/// The record an incident began with.
fn record(incident: &Incident) -> String {
    let (address, port) = incident.nat[0].rsplit_once(':').unwrap();
    let coin = incident.coin.as_deref().unwrap_or_default();
    let wallet = incident.wallet.as_deref().unwrap_or("bc1q");
    let login = if incident.dialects == ["cryptonote"] {
        format!("{{\"id\":1,\"method\":\"login\",\"params\":{{\"login\":\"{wallet}\",\"pass\":\"*\"}}}}\\x0a")
    } else {
        format!("{{\"id\":1,\"method\":\"mining.authorize\",\"params\":[\"{wallet}.rig\",\"x\"]}}\\x0a")
    };
    let reason =
        format!("Let {} talk to {}: a login was heard (rule login of dialects)", incident.ip, incident.endpoints[0]);
    let excerpt: String = login.chars().take(256).collect();
    serde_json::json!({
        "@timestamp": minewall_core::evidence::timestamp(incident.first_us),
        "event": {"kind": "alert", "action": "observed", "id": incident.records[0], "reason": reason},
        "source": {"ip": incident.ip, "port": 40_321, "nat": {"ip": address, "port": port.parse::<u16>().unwrap()}},
        "rule": {"name": "login", "ruleset": "dialects"},
        "minewall": {"layer": "payload", "confidence": "high", "coin": coin, "excerpt": excerpt},
    })
    .to_string()
}

/// A report and a notice in a language, as files.
fn pages(files: &Files, lang: &str) -> [PathBuf; 2] {
    let lines_of = files.write(&format!("{lang}.jsonl"), lines(&sample::fortnight(lang == "zh")));
    let [report, notice] = ["report", "notice"].map(|name| files.path().join(format!("{name}-{lang}.html")));
    let common = ["--from", &lines_of, "--lang", lang, "--format", "html", "-o"];
    let ran = minewall(&[&["report"], &RANGE[..], &common, &[report.to_str().unwrap()]].concat());
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, "", ""));
    let named = ["--named", "No. 17: 203.0.113.6:40451, 2026-11-28 10:00", "--due", "2026-12-05", "--offset", "+08:00"];
    let ran = minewall(&[&["notice", RETURNED], &named[..], &common, &[notice.to_str().unwrap()]].concat());
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, "", ""));
    [report, notice]
}

/// Width and height of a PNG.
fn size(png: &[u8]) -> (u32, u32) {
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"));
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}

fn looked_at(lang: &str) {
    let files = Files::new();
    let browser = Browser::new(files.path());
    let blank = files.write("blank.html", "<!DOCTYPE html><title>blank</title>");
    for page in pages(&files, lang) {
        keep(&page);
        for (width, height) in [(1280, 1900), (390, 1900)] {
            let shown = browser.measure(&page, width);
            assert_eq!((shown.window, shown.width), (width, width), "{shown:?}");
            assert!(shown.wider.is_empty() && shown.height > 1000, "{shown:?}");
            let (picture, console) = browser.picture(&page, width, height);
            assert!(console.is_empty(), "{console:?}");
            let (nothing, _) = browser.picture(Path::new(&blank), width, height);
            let [png, nothing] = [&picture, &nothing].map(|path| fs::read(path).unwrap());
            assert_eq!((size(&png), size(&nothing)), ((width, height), (width, height)));
            assert!(png.len() > 10 * nothing.len(), "{} of {}", png.len(), nothing.len());
            keep(&picture);
        }
    }
}

#[test]
fn a_browser_shows_pages_in_english_whole_at_both_widths() {
    looked_at("en");
}

#[test]
fn a_browser_shows_pages_in_chinese_whole_at_both_widths() {
    looked_at("zh");
}

/// Pages of a PDF as Chromium writes it.
fn sheets(pdf: &[u8]) -> usize {
    String::from_utf8_lossy(pdf).matches("/Type /Page\n").count()
}

#[test]
fn a_notice_is_one_sheet_of_paper_however_much_there_is_to_say() {
    let files = Files::new();
    let browser = Browser::new(files.path());
    for lang in ["en", "zh"] {
        let [report, notice] = pages(&files, lang);
        assert_eq!(sheets(&browser.print(&notice)), 1);
        assert!(sheets(&browser.print(&report)) > 1);
    }
    let mut full = sample::fortnight(false).remove(0);
    full.agents = vec!["a very long name of mining software ".repeat(12); 16];
    full.rigs.workers = (0..64).map(|rig| format!("a-long-name-of-a-rig-{rig}")).collect();
    full.endpoints = (0..16).map(|pool| format!("a-long-name-of-a-pool-{pool}.example.org:3333")).collect();
    full.nat = (0..16).map(|port| format!("[2001:db8:ffff:ffff:ffff:ffff:ffff:ffff]:{}", 40_000 + port)).collect();
    full.wallet = Some("w".repeat(448));
    full.reasons = vec![full.reasons[0].clone(); 12];
    full.reasons.iter_mut().for_each(|reason| reason.text = "a reason that is told at some length ".repeat(3));
    full.returned_after = Some("5f0c9a1e77b2d4c3-0".to_owned());
    full.exemption = Some(minewall_core::incident::Exempted {
        owner: "o".repeat(60),
        reason: "a reason that is told at some length ".repeat(4),
        expires: Some("2027-01-31".to_owned()),
    });
    full.records = (0..8).map(|record| format!("r{record}")).collect();
    let record = |id: &String| {
        serde_json::json!({
            "@timestamp": "2026-11-16T01:20:00.000000Z",
            "event": {"id": id},
            "source": {"nat": {"ip": "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "port": 65_535}},
            "rule": {"name": "n".repeat(320), "ruleset": "s".repeat(256)},
            "minewall": {"layer": "behaviour", "confidence": "medium", "excerpt": "\\x00".repeat(256)},
        })
        .to_string()
            + "\n"
    };
    let records: String = full.records.iter().map(record).collect();
    let lines_of = files.write("full.jsonl", records + &full.to_json() + "\n");
    for lang in ["en", "zh"] {
        let page = files.path().join(format!("full-{lang}.html"));
        let ran = minewall(&["notice", &full.id, "--from", &lines_of, "--lang", lang, "-o", page.to_str().unwrap()]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert_eq!(sheets(&browser.print(&page)), 1, "{lang}");
        keep(&page);
    }
}

#[test]
fn all_formats_tell_the_same_hosts() {
    let files = Files::new();
    let lines_of = files.write("a.jsonl", lines(&sample::fortnight(false)));
    let report = |more: &[&str]| minewall(&[&["report", "--from", &lines_of], &RANGE[..], more].concat());
    let told: Value = serde_json::from_str(&report(&["--format", "json"]).out).unwrap();
    assert_eq!(told["total"]["hosts"], 20);
    let csv = report(&["--format", "csv", "--by", "host"]);
    assert_eq!(csv.out.lines().count(), 1 + 20 + 1);
    assert!(report(&["--format", "csv", "--bom"]).out.starts_with('\u{feff}'));
    let page = report(&["--format", "md", "--lang", "zh"]);
    assert!(page.out.contains("- 主机: **20**"), "{}", page.out);
    let by_days = report(&["--format", "json", "--days-quiet", "1"]);
    let told: Value = serde_json::from_str(&by_days.out).unwrap();
    assert_eq!(told["range"]["days_quiet"], 1);
}

#[test]
fn what_cannot_be_told_is_told_with_the_remedy() {
    let files = Files::new();
    let text = lines(&sample::fortnight(false));
    let torn = files.write("torn.jsonl", text.get(..text.len() - 40).unwrap());
    let ran = minewall(&["report", "--from", &torn, "--format", "md", "--since", "2026-11-16"]);
    assert_eq!(ran.code, 0);
    assert!(ran.err.contains("1 of 44 lines could not be read") && ran.out.contains("1 of 44 lines"), "{}", ran.err);
    let before = minewall(&["report", "--from", &torn, "--until", "2026-11-01", "--format", "md"]);
    assert_eq!(before.code, 1);
    assert!(before.out.contains("No mining was seen"), "{}", before.out);
    for (arguments, words) in [
        (&["report", "--from", "/nowhere"][..], &["cannot read /nowhere"][..]),
        (&["report", "--from", &torn, "--since", "soon"], &["--since", "last-week"]),
        (&["report", "--from", &torn, "--format", "md", "--bom"], &["--bom", "csv"]),
        (&["report", "--from", &torn, "-o", "/nowhere/r.html"], &["cannot write /nowhere/r.html"]),
        (&["notice", "5f0c", "--from", &torn], &["begin with", "in full"]),
        (&["notice", "none", "--from", &torn], &["no incident"]),
        (&["notice", "none", "--from", &torn, "--due", "soon"], &["--due"]),
    ] {
        let ran = minewall(arguments);
        assert!(ran.code == 2 && words.iter().all(|word| ran.err.contains(word)), "{arguments:?}: {}", ran.err);
        assert_eq!(ran.out, "");
    }
}
