//! Texts that must not take effect, each with the last good one still in use.

use std::fs;
use std::path::Path;

use minewall_lab::ready;

use super::place::{BINARY, Place, Ran, names};

/// A feed of so many good names, fetched.
fn fetched(settings: &str, feed: &str, count: usize) -> Place {
    let place = Place::with(settings, &[("one", feed)]);
    place.serve("one", &names("good.example", count));
    place.update(&[]).must(0, &[]);
    place
}

/// The text is refused for a reason of these words, and the last good one is in use, untouched.
fn refused(place: &Place, text: &str, words: &[&str]) {
    let before = place.written();
    place.serve("one", text);
    place.update(&["--force"]).must(1, &["one: that of 20"]).must(1, words);
    assert_eq!(place.written(), before);
    assert!(place.lists("n0.good.example"), "the last good one is in use");
    let status = place.status();
    let error = status["feeds"][0]["error"].as_str().unwrap();
    assert!(words.iter().all(|word| error.contains(word)), "why is kept: {status}");
}

/// `--accept` takes it.
fn accepted(place: &Place) {
    place.update(&["one", "--accept"]).must(0, &["one: "]);
}

#[test]
fn a_feed_that_shrinks_or_grows_too_much() {
    let place = fetched("", "", 10);
    refused(&place, &names("good.example", 6), &["6 entries after 10", "shrink is 70 %", "--accept NAME"]);
    refused(&place, "", &["0 entries", "min is 1"]);
    refused(&place, &names("good.example", 31), &["31 entries after 10", "growth is 300 %"]);
    place.serve("one", &names("good.example", 30));
    place.update(&["--force"]).must(0, &["30 entries, 10 before"]);
    place.serve("one", &names("good.example", 21));
    place.update(&[]).must(0, &["21 entries, 30 before"]);
    refused(&place, &names("good.example", 14), &["shrink"]);
    accepted(&place);
    assert!(!place.lists("n14.good.example"));
    let place = fetched("[lists.update]\nshrink = 10\ngrowth = 1000\n", "", 10);
    place.serve("one", "n0.good.example\n");
    place.update(&["--force"]).must(0, &["1 entries, 10 before"]);
}

#[test]
fn a_feed_of_too_few_or_too_many_entries() {
    let place = fetched("", "min = 5\nmax = 12", 10);
    refused(&place, &names("good.example", 4), &["4 entries", "min is 5"]);
    refused(&place, &names("good.example", 13), &["13 entries", "max is 12"]);
    // What is set in the configuration is changed there.
    place.update(&["one", "--accept", "--force"]).must(1, &["max is 12"]);
}

#[test]
fn a_feed_that_is_not_a_list() {
    let place = fetched("", "", 10);
    let page = "<!DOCTYPE html>\n<html><head><title>404</title></head>\n<body>Not found</body></html>\n";
    refused(&place, page, &["it is HTML or XML instead of a list"]);
    refused(&place, "\u{1}\0\0\u{7f}ELF", &["it is not a text"]);
    let half = names("good.example", 10) + &"- - -\n".repeat(3);
    refused(&place, &half, &["of 13 entries 3 cannot be used", "rejects is 20 %", "first in line 11"]);
    place.serve("one", &(names("good.example", 12) + &"- - -\n".repeat(3)));
    place.update(&["--force"]).must(0, &["12 entries, 10 before"]);
    let place = fetched("", "rejects = 60", 10);
    place.serve("one", &half);
    place.update(&[]).must(0, &[]);
}

#[test]
fn a_feed_that_lists_what_is_never_blocked() {
    let place = fetched("[lists.update]\nguarded = 2\n", "", 10);
    let three = names("good.example", 10) + "github.com\nwww.binance.com\nbinance.com\n";
    refused(&place, &three, &["3 names that are never blocked", "guarded is 2"]);
    accepted(&place);
    for name in ["github.com", "binance.com"] {
        assert!(!place.lists(name), "what is accepted is not blocked for it");
    }
    let place = fetched("[lists.update]\nguarded = 2\n", "guarded = 3", 10);
    place.serve("one", &three);
    place.update(&[]).must(0, &[]);
}

#[test]
fn a_feed_that_lists_what_is_inside_or_allowed() {
    let allow = "inside = [\"131.188.3.0/24\"]\n[lists]\nallow = [\"www.uni.example\", \"203.0.113.9\"]\n";
    let place = fetched(allow, "", 10);
    let good = names("good.example", 10);
    refused(&place, &format!("{good}131.188.3.7:3333\n"), &["131.188.3.7 port 3333", "inside"]);
    refused(&place, &format!("{good}131.188.0.0/16\n"), &["131.188.0.0/16", "inside"]);
    refused(&place, &format!("{good}a.www.uni.example\n"), &["a.www.uni.example", "lists.allow"]);
    refused(&place, &format!("{good}uni.example\n"), &["uni.example", "lists.allow holds www.uni.example"]);
    refused(&place, &format!("{good}203.0.113.9:3333\n"), &["203.0.113.9", "lists.allow"]);
    place.serve("one", &format!("{good}uni.example\n"));
    accepted(&place);
    assert!(place.lists("uni.example") && !place.lists("www.uni.example"), "allowed all the same");
    // It is known now.
    place.serve("one", &format!("{good}uni.example\nmore.example\n"));
    place.update(&[]).must(0, &["12 entries, 11 before"]);
}

#[test]
fn a_feed_without_well_known_pools() {
    let pools =
        ["pool.supportxmr.com", "xmr.2miners.com", "stratum.braiins.com", "btc.f2pool.com", "gulf.moneroocean.stream"];
    let place = Place::with("[lists]\nshipped = false\n", &[("one", ""), ("two", "")]);
    let good = names("good.example", 10);
    let all = |pools: &[&str]| good.clone() + &pools.join("\n");
    place.serve("one", &all(&pools));
    place.serve("two", "t.example\n");
    place.update(&[]).must(0, &[]);
    place.serve("one", &all(&pools[1..]));
    place.serve("two", "t.example\nu.example\n");
    place.update(&[]).must(1, &["one: that of 20", "pool.supportxmr.com would not be listed", "two: 2 entries"]);
    assert!(place.lists("pool.supportxmr.com") && place.lists("u.example"));
    // Another list has it.
    place.serve("two", "t.example\nu.example\nsupportxmr.com\n");
    place.update(&["--force"]).must(0, &["one: 14 entries, 15 before", "two: 3 entries"]);
    assert!(place.lists("pool.supportxmr.com"));
    // The shipped lists have all.
    let place = Place::new(&[]);
    for pool in pools {
        assert!(place.lists(pool), "{pool}");
    }
}

/// Runs with another `/etc/resolv.conf`.
fn resolving(place: &Place, resolv: &str, words: &[&str]) -> Ran {
    fs::write(place.path("resolv.conf"), resolv).unwrap();
    let script =
        format!("mount --bind {} /etc/resolv.conf && exec {BINARY} \"$@\"", place.path("resolv.conf").display());
    let words = [&["-m", "sh", "-c", &script, "sh", "lists", "update"], words].concat();
    place.command(Path::new("unshare"), &words).output().unwrap().into()
}

#[test]
fn a_feed_that_lists_the_own_resolvers() {
    if !ready("a_feed_that_lists_the_own_resolvers") {
        return;
    }
    let place = fetched("", "", 10);
    let good = names("good.example", 10);
    let resolv = "# by hand\nnameserver 192.0.2.53\nnameserver 2001:db8::53%eth0\nsearch example\n";
    for address in ["192.0.2.53:443", "[2001:db8::53]:3333"] {
        place.serve("one", &format!("{good}{address}\n"));
        let ran = resolving(&place, resolv, &["--force"]);
        ran.must(1, &["one: that of 20", "a name server of this machine"]);
        resolving(&place, resolv, &["one", "--accept", "--force"]).must(1, &["a name server of this machine"]);
        assert!(place.lists("n0.good.example"));
    }
    resolving(&place, "nameserver 192.0.2.54\n", &["--force"]).must(0, &["11 entries, 10 before"]);
}
