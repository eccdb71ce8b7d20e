//! What is not as it should be: commands that fail, lists that are old, a gateway whose day is another.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};

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
        ("incidents", &["incidents"; 2]),
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
