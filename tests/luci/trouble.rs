//! What is not as it should be: commands that fail, lists that are old, a gateway whose day is another.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};

use super::browser::Browser;
use super::school::{School, failed, said, status, today, until_today};
use crate::report::sample;

/// A school where `status` is changed so before it is told.
fn school(change: impl Fn(&mut Value) + Send + Sync + 'static) -> School {
    School::saying(until_today(sample::fortnight(false)), "en", true, move |words| {
        let mut status = (words[1] == "status").then(status)?;
        change(&mut status);
        Some(said(status.to_string()))
    })
}

#[test]
fn a_list_is_called_old_where_its_feed_is_and_nowhere_else() {
    let school = school(|status| {
        let now = Timestamp::now().as_second();
        let (old, new) = (now - 40 * 86_400, now - 3_600);
        status["lists"] = json!([
            { "name": "shipped", "entries": 5, "date": old }, { "name": "left-alone", "entries": 6, "date": old },
            { "name": "looked-at", "entries": 7, "date": old }, { "name": "fetched", "entries": 8, "date": new },
        ]);
        status["feeds"] = json!([
            { "name": "left-alone", "checked": now - 8 * 86_400, "failures": 0 },
            { "name": "looked-at", "checked": new, "failures": 0 },
            { "name": "fetched", "checked": null, "failures": 3 },
        ]);
    });
    let mut browser = school.browser();
    browser.open(&school.router.page("overview"));
    let rows = "[...document.querySelectorAll('.tr')].filter((row) => row.querySelector('[data-title=Age]')";
    let names = browser.run(&format!("{rows}).map((row) => row.children[0].innerText)"));
    assert_eq!(names, json!(["shipped", "left-alone", "looked-at", "fetched"]));
    let old = browser.run(&format!("{rows}?.querySelector('.mw-warn')).map((row) => row.children[0].innerText)"));
    assert_eq!(old, json!(["left-alone"]));
}

#[test]
fn a_signed_feed_past_its_time_is_told() {
    let mut feed = json!({
        "name": "campus", "category": "pool", "url": "https://lists.example.org/manifest.toml", "entries": 9, "rejected": 0,
        "fetched": 1_795_000_000, "checked": 1_795_000_000, "age": 60, "version": 7, "valid_until": 1_796_256_000,
        "expired": false, "alarm": false, "error": null, "failures": 0, "next_try": null,
    });
    let holds = feed.clone();
    feed["name"] = json!("stale");
    (feed["expired"], feed["alarm"]) = (json!(true), json!(true));
    let past = feed.clone();
    feed["name"] = json!("gone");
    (feed["error"], feed["next_try"]) = (json!("was valid until 2026-12-03"), json!(1_796_259_600));
    let lists = json!({ "generation": 3, "former_generation": 2, "problems": [], "feeds": [holds, past, feed] });
    let school =
        School::saying(Vec::new(), "en", true, move |words| (words[1] == "lists").then(|| said(lists.to_string())));
    let mut browser = school.browser();
    browser.open(&school.router.page("lists"));
    let state = |browser: &mut Browser, row: u32| {
        browser.text(&format!("document.querySelectorAll('#mw-feeds .tr')[{row}].querySelectorAll('.td')[1].innerText"))
    };
    assert_eq!(state(&mut browser, 1), "current\nversion 7, signed as valid until 2026-12-03 00:00");
    let past = "past its time\nVersion 7 was signed as valid until 2026-12-03 00:00. It is used still; ask its maker for a newer one.";
    assert_eq!(state(&mut browser, 2), past);
    let failed = "failed\nwas valid until 2026-12-03\ntried again from 2026-12-03 01:00\n";
    assert_eq!(state(&mut browser, 3), format!("{failed}{past}"));
}

#[test]
fn why_records_are_not_shown_is_told() {
    let school = School::saying(until_today(sample::fortnight(false)), "en", true, |words| {
        (words[1] == "show").then(|| failed("the journal is locked"))
    });
    let mut browser = school.browser();
    let told = "document.querySelector('.modal')?.innerText.includes('Records may be missing: the journal is locked')";
    for is_old in [false, true] {
        if is_old {
            school.router.is_deaf();
        }
        browser.open(&school.router.page("incidents"));
        browser.click("#mw-incidents button");
        browser.wait(told);
    }
}

#[test]
fn nothing_to_choose_is_said_too() {
    let school = School::of(Vec::new(), "en", true);
    let mut browser = school.browser();
    browser.open(&school.router.page("incidents"));
    browser.wait("document.body.innerText.includes('No mining was seen.')");
    for (id, text) in [("coin", "any coin"), ("pool", "any pool")] {
        assert_eq!(browser.text(&format!("document.getElementById('mw-{id}').innerText")), text);
    }
}

#[test]
fn a_fetch_that_nothing_is_heard_of_has_not_failed() {
    let school = School::new("en", true);
    let mut browser = school.browser();
    // As where the connection breaks.
    browser.before(
        "const send = XMLHttpRequest.prototype.send; XMLHttpRequest.prototype.send = function(body) { \
         if (String(body).includes('update')) setTimeout(() => this.onerror(), 0); else send.call(this, body); };",
    );
    browser.open(&school.router.page("lists"));
    browser.click("#mw-update");
    browser.wait("document.getElementById('mw-said').innerText.includes('What was begun goes on')");
    browser.wait("!document.getElementById('mw-update').disabled && !document.getElementById('mw-retry').disabled");
}

#[test]
fn a_long_list_is_cut_short_and_says_so() {
    let incidents = (0..205).map(|number| sample::incident(&format!("5f0c9a1e77b2d4c3-{number}"))).collect();
    let school = School::of(until_today(incidents), "en", true);
    let mut browser = school.browser();
    browser.open(&school.router.page("incidents"));
    assert_eq!(browser.run("document.querySelectorAll('#mw-incidents .tr:not(.table-titles)').length"), 200);
    let shown = browser.text("document.querySelector('.mw-page').innerText");
    assert!(shown.contains("205 of 205") && shown.contains("5 more are not shown"), "{shown}");
}

#[test]
fn today_is_the_gateways() {
    let tomorrow = today().saturating_add(1.day()).to_string();
    let told = tomorrow.clone();
    let school = school(move |status| status["today"] = json!(told));
    let mut browser = school.browser();
    browser.open(&school.router.page("overview"));
    let last = browser.text("[...document.querySelectorAll('.mw-column-label')].pop().textContent");
    assert_eq!(last, tomorrow[5..]);
    let tile = "[...document.querySelectorAll('.mw-tile')].find((tile) => tile.innerText.includes('Sightings today'))";
    assert_eq!(browser.text(&format!("{tile}.querySelector('.mw-tile-value').innerText")), "0");
    assert!(browser.text("document.body.innerText").contains("Nothing was seen today."));
}

/// What commands that tell incidents are to do.
#[derive(Default)]
struct Ways {
    past_fails: AtomicBool,
    live_fails: AtomicBool,
}

#[test]
fn what_cannot_be_read_is_told_and_what_was_read_stays() {
    trouble(false);
}

#[test]
fn what_cannot_be_read_is_told_by_an_older_openwrt_too() {
    trouble(true);
}

fn trouble(is_old: bool) {
    let ways = Arc::new(Ways::default());
    ways.past_fails.store(true, Ordering::Release);
    ways.live_fails.store(true, Ordering::Release);
    let told = Arc::clone(&ways);
    let incidents = until_today(sample::fortnight(false));
    let count = incidents.len();
    let school = School::saying(incidents, "en", true, move |words| {
        let is_live = words.iter().any(|word| word == "--live");
        let fails = if is_live { &told.live_fails } else { &told.past_fails };
        let error = "the journal cannot be read: restart minewall";
        (words[1] == "incidents" && fails.load(Ordering::Acquire)).then(|| failed(error))
    });
    let mut browser = school.browser();
    if is_old {
        school.router.is_deaf();
    }
    let trouble = "(document.getElementById('mw-trouble')?.innerText ?? '')";
    let rows = "document.querySelectorAll('#mw-incidents .tr:not(.table-titles)').length";

    browser.open(&school.router.page("overview"));
    browser.wait(&format!("{trouble}.includes('restart minewall')"));
    assert!(!browser.text("document.body.innerText").contains("Nothing was seen today."), "nobody knows");
    browser.open(&school.router.page("incidents"));
    let shown = browser.text("document.body.innerText");
    assert!(shown.contains("Incidents cannot be read:") && shown.contains("restart minewall"), "{shown}");
    assert!(!shown.contains("No mining was seen."), "nobody knows: {shown}");

    // Those of today alone; then all of them, though the first attempt failed.
    ways.live_fails.store(false, Ordering::Release);
    browser.wait(&format!("{rows} > 0 && {trouble}.includes('Some incidents may be missing')"));
    ways.past_fails.store(false, Ordering::Release);
    browser.wait(&format!("{rows} === {count} && {trouble} === ''"));

    // It fails again: they stay.
    ways.live_fails.store(true, Ordering::Release);
    browser.wait(&format!("{rows} === {count} && {trouble}.includes('restart minewall')"));
}

#[test]
fn a_page_asks_once_when_it_is_opened() {
    let school = School::new("en", true);
    let mut browser = school.browser();
    // Time stands still for what is done again and again.
    browser.before("window.setInterval = () => 1;");
    for (page, commands) in [
        ("overview", &["status", "incidents", "incidents", "doctor"][..]),
        ("incidents", &["status", "incidents", "incidents"]),
        ("lists", &["lists", "status"]),
    ] {
        browser.open(&school.router.page(page));
        if page == "overview" {
            browser.wait("document.querySelector('#mw-doctor .alert-message')");
        }
        // Whatever was asked for meanwhile was asked for before this.
        browser.run("fetch('/luci-static/texts.js').then((told) => told.text())");
        let mut ran: Vec<_> = school.router.ran();
        ran.iter_mut().for_each(|line| *line = line.split(' ').nth(1).unwrap().to_owned());
        let mut wanted = commands.to_vec();
        ran.sort();
        wanted.sort_unstable();
        assert_eq!(ran, wanted, "{page}");
    }
}
