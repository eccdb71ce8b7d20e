//! Every page at both widths and in both languages; filters, files for others, a hostile name, fetching, rights. With
//! `MINEWALL_SHOTS` set to a directory, pictures are left there.

use std::fs;

use minewall_core::incident::State;
use serde_json::{Value, json};

use super::browser::Browser;
use super::school::{School, looks_right, picture, said, status, until_today};
use crate::cli::program::minewall;
use crate::report::sample;

const PAGES: [&str; 4] = ["overview", "incidents", "lists", "settings"];

/// The name a host gives itself to run a script in the page of whoever looks.
const HOSTILE: &str = "<img src=x onerror=\"document.body.dataset.hit='yes'\">";

/// Words that a page must show.
fn words(page: &str, lang: &str) -> &'static [&'static str] {
    match (page, lang) {
        ("overview", "en") => &["Cuts mining", "Sightings today", "Queues"],
        ("overview", _) => &["挖矿"],
        ("incidents", "en") => &["NiceHash", "Details"],
        ("incidents", _) => &["矿池", "币种"],
        ("lists", "en") => &["nocoin", "failed", "signed as valid until", "Prof. Chen"],
        ("lists", _) => &["失败", "签名有效期至", "豁免主机"],
        ("settings", "en") => &["192.168.1.0/24", "Kernel and resources"],
        _ => &["内核与资源"],
    }
}

fn every_page(lang: &'static str) {
    let school = School::new(lang, true);
    school.fetch();
    let mut browser = school.browser();
    for (width, height) in [(1280, 900), (390, 844)] {
        browser.size(width, height);
        for page in PAGES {
            browser.open(&school.router.page(page));
            if page == "overview" {
                browser.wait("!document.querySelector('#mw-doctor .spinning') && document.querySelector('#mw-doctor').children.length");
            }
            let shown =
                browser.text("document.body.innerText + [...document.querySelectorAll('input')].map((e) => e.value)");
            for word in words(page, lang) {
                assert!(shown.contains(word), "{page} {lang}: no {word} in {shown}");
            }
            looks_right(&mut browser, width);
            browser.picture(&picture(&school.files, &format!("luci-{page}-{lang}-{width}.png")), 2700);
            if page == "incidents" {
                browser.click("button[data-incident$='-1']");
                browser.wait("document.body.classList.contains('modal-overlay-active')");
                let told = browser.text("document.querySelector('.modal').innerText");
                assert!(told.contains("method") && told.contains("kWh") | told.contains("千瓦时"), "{told}");
                // The dialog is higher than the window: it is shown whole for the picture.
                browser.run("document.getElementById('modal_overlay').style.position = 'absolute'; document.getElementById('modal_overlay').style.bottom = 'auto'; document.getElementById('view').style.display = 'none'");
                looks_right(&mut browser, width);
                browser.picture(&picture(&school.files, &format!("luci-detail-{lang}-{width}.png")), 2600);
            }
        }
    }
    assert_eq!(school.router.refused(), Vec::<String>::new());
}

#[test]
fn every_page_shows_whole_in_english() {
    every_page("en");
}

#[test]
fn every_page_shows_whole_in_chinese() {
    every_page("zh-cn");
}

/// The texts of the first cells of all rows but the first.
const HOSTS: &str = "[...document.querySelectorAll('#mw-incidents .tr:not(.table-titles)')].map((row) => row.querySelectorAll('.td')[1].innerText)";

#[test]
fn incidents_are_filtered_and_handed_out_as_files() {
    let school = School::new("en", true);
    let mut browser = school.browser();
    browser.size(1280, 900);
    browser.downloads_to(school.files.path());
    browser.open(&(school.router.page("incidents") + "?host=pc-1"));
    let hosts = browser.run(HOSTS);
    let hosts: Vec<_> = hosts.as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(!hosts.is_empty() && hosts.iter().all(|host| host.contains("pc-1")), "{hosts:?}");
    let set = |browser: &mut Browser, id: &str, value: &str| {
        let event = if id == "mw-host" { "input" } else { "change" };
        browser.run(&format!(
            "(() => {{ const field = document.getElementById('{id}'); field.value = {}; field.dispatchEvent(new Event('{event}')); }})()",
            json!(value)
        ));
    };
    set(&mut browser, "mw-host", "nobody");
    assert_eq!(browser.run(HOSTS), json!([]));
    set(&mut browser, "mw-host", "");
    set(&mut browser, "mw-state", "ended");
    let all = until_today(sample::fortnight(false));
    let ended = all.iter().filter(|incident| incident.state == State::Ended).count();
    assert_eq!(browser.run(HOSTS).as_array().unwrap().len(), ended);
    set(&mut browser, "mw-pool", "NiceHash");
    let nicehash = all
        .iter()
        .filter(|incident| incident.state == State::Ended && incident.pool.as_deref() == Some("NiceHash"))
        .count();
    assert_eq!(browser.run(HOSTS).as_array().unwrap().len(), nicehash);

    set(&mut browser, "mw-pool", "");
    set(&mut browser, "mw-state", "");
    browser.click("#mw-csv");
    browser.click("#mw-json");
    let file = |kind: &str| {
        let found = minewall_lab::until(std::time::Duration::from_secs(30), || {
            let entries = fs::read_dir(school.files.path()).unwrap().flatten().map(|entry| entry.path());
            entries.into_iter().find(|path| {
                path.extension().is_some_and(|end| end == kind) && path.to_string_lossy().contains("minewall-2")
            })
        });
        fs::read_to_string(found.unwrap_or_else(|| panic!("no {kind} was handed out"))).unwrap()
    };
    // The same file as the program itself writes.
    let lines = school.files.path().join("minewall.jsonl");
    let own = minewall(&["incidents", "--from", lines.to_str().unwrap(), "--format", "csv"]);
    let sorted = |text: &str| {
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(&file("csv")), sorted(&own.out));
    let handed: Vec<Value> = serde_json::from_str(&file("json")).unwrap();
    assert_eq!(handed.len(), all.len());
}

#[test]
fn html_in_what_others_say_stays_text() {
    let mut incidents = until_today(sample::fortnight(false));
    let incident = &mut incidents[0];
    let hostile = || Some(HOSTILE.to_owned());
    (incident.who.hostname, incident.who.unit, incident.who.person) = (hostile(), hostile(), hostile());
    (incident.wallet, incident.pool, incident.coin) = (hostile(), hostile(), hostile());
    (incident.agents, incident.rigs.workers) = (vec![HOSTILE.to_owned()], vec![HOSTILE.to_owned()]);
    (incident.endpoints, incident.dialects) = (vec![HOSTILE.to_owned()], vec![HOSTILE.to_owned()]);
    (incident.reasons[0].text, incident.reasons[0].rule) = (HOSTILE.to_owned(), "none".to_owned());
    let school = School::saying(incidents, "en", true, |words| {
        let told = match words[1].as_str() {
            "status" => {
                let mut status = status();
                (status["sinks"][0]["name"], status["lists"][0]["name"]) = (json!(HOSTILE), json!(HOSTILE));
                status["paused"] =
                    json!({ "since": 0, "until": 0, "observe": true, "reason": HOSTILE, "by": { "login": HOSTILE } });
                status
            }
            "doctor" => {
                json!({ "results": [{ "state": "warn", "what": HOSTILE, "seen": HOSTILE, "remedy": HOSTILE }] })
            }
            "lists" => json!({
                "generation": 1, "problems": [HOSTILE],
                "feeds": [{ "name": HOSTILE, "category": HOSTILE, "url": HOSTILE, "entries": null, "rejected": null, "error": HOSTILE }]
            }),
            _ => return None,
        };
        Some(said(told.to_string()))
    });
    let mut browser = school.browser();
    browser.size(1280, 900);
    let nothing =
        "[document.body.dataset.hit ?? 'no', document.querySelectorAll('#maincontent img, .modal img').length]";
    for (page, place) in [("overview", "#mw-doctor"), ("lists", "#mw-feeds"), ("incidents", "#mw-incidents")] {
        browser.open(&school.router.page(page));
        browser.wait(&format!("document.querySelector('{place}').innerText.includes({})", json!(HOSTILE)));
        assert_eq!(browser.run(nothing), json!(["no", 0]), "{page}");
    }
    browser.run(&format!("[...document.querySelectorAll('#mw-incidents .tr')].find((row) => row.innerText.includes({})).querySelector('button').click()", json!(HOSTILE)));
    browser.wait(&format!("document.querySelector('.modal').innerText.includes({})", json!(HOSTILE)));
    // Everything of it is there, and is text.
    let times = format!("document.querySelector('.modal').innerText.split({}).length > 9", json!(HOSTILE));
    assert_eq!(browser.run(&times), true);
    assert_eq!(browser.run(nothing), json!(["no", 0]));
}

#[test]
fn lists_are_fetched_and_shown() {
    let school = School::new("en", true);
    let mut browser = school.browser();
    browser.size(1280, 900);
    browser.open(&school.router.page("lists"));
    browser.click("#mw-update");
    browser.wait("document.getElementById('mw-said').innerText.includes('gone')");
    browser.wait("document.getElementById('mw-feeds').innerText.includes('current')");
    let told = browser.text("document.getElementById('mw-feeds').innerText");
    assert!(told.contains("failed") && told.contains("Generation"), "{told}");
    browser.picture(&picture(&school.files, "luci-fetched-en-1280.png"), 2400);
    looks_right(&mut browser, 1280);
    assert!(school.router.ran().iter().any(|line| line.ends_with("lists update -c /var/etc/minewall/minewall.toml")));
}

#[test]
fn who_may_only_look_changes_nothing() {
    let school = School::new("en", false);
    let mut browser = school.browser();
    browser.size(1280, 900);
    browser.open(&school.router.page("overview"));
    assert_eq!(school.router.refused(), Vec::<String>::new());
    browser.click("#mw-pause");
    browser.click("#mw-pause-do");
    browser.wait("document.querySelector('.alert-message.error')?.innerText.includes('Permission denied')");
    assert_eq!(
        school.router.refused(),
        ["/usr/sbin/minewall pause -c /var/etc/minewall/minewall.toml --reason LuCI 10m"]
    );
    browser.open(&school.router.page("lists"));
    browser.click("#mw-update");
    browser.wait("document.getElementById('mw-said').innerText.includes('Forbidden')");
    assert!(
        school.router.refused().iter().all(|line| line.ends_with("lists update -c /var/etc/minewall/minewall.toml"))
    );
}
