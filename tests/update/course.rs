//! What is fetched is used, what has not changed is not written, what is rolled back stays away.

use std::fs;

use super::place::{Place, names};

#[test]
fn what_is_fetched_is_used_and_what_has_not_changed_is_not_written() {
    let place = Place::new(&[("one", ""), ("two", "category = \"malware\"\ntrust = \"low\"")]);
    place.serve("one", &names("one.example", 3));
    place.serve("two", "0.0.0.0 bot.example\n# a remark\n0.0.0.0 127.0.0.1\n");
    assert!(!place.lists("n0.one.example"));
    place.update(&["two", "--accept"]).must(0, &["two: 1 entries, new", "no minewall runs here"]);
    place.update(&[]).must(0, &["one: 3 entries, new", "two: unchanged"]);
    assert!(place.lists("n0.one.example") && place.lists("a.bot.example"));
    let told = place.run(&["check", "bot.example"]);
    told.must(0, &["malware, by entry bot.example and below, of list two", "confidence low"]);

    let before = place.written();
    let again = place.update(&[]);
    again.must(0, &["one: unchanged", "two: unchanged"]);
    assert!(!again.out.contains("changed;"), "{again:?}");
    assert_eq!(place.written(), before, "nothing new, nothing written");

    place.serve("one", &names("one.example", 4));
    place.update(&[]).must(0, &["one: 4 entries, 3 before", "two: unchanged"]);
    assert!(place.lists("n3.one.example") && place.lists("bot.example"));
    assert_eq!(place.entries(), ["current", "generation-2", "generation-3"]);
    let file = |generation: u32, feed: &str| place.store().join(format!("generation-{generation}/{feed}.list"));
    let inode = |generation, feed| place.written()[&file(generation, feed)].0;
    assert_eq!(inode(2, "two"), inode(3, "two"), "the same file");
    assert_ne!(inode(2, "one"), inode(3, "one"));
    assert!(fs::read_dir(place.path("run/lists")).unwrap().all(|entry| entry.unwrap().file_name() == "attempts.json"));
}

#[test]
fn a_dry_run_tells_the_difference_and_writes_nothing() {
    let place = Place::new(&[("one", "")]);
    place.serve("one", "a.example\nb.example\n");
    place.update(&["--dry-run"]).must(0, &["one: 2 entries, new; +2 -0", "+ a.example"]);
    assert!(!place.store().exists() && !place.path("run/lists/attempts.json").exists());
    place.update(&[]).must(0, &[]);
    let before = place.written();
    place.serve("one", "b.example\nc.example\nd.example\n");
    place.update(&["--dry-run"]).must(0, &["3 entries, 2 before; +2 -1", "+ c.example", "- a.example"]);
    place.serve("one", "<html>\n");
    for _ in 0..2 {
        place.update(&["--dry-run"]).must(1, &["one: that of ", "HTML"]);
    }
    assert_eq!(place.written(), before);
    assert!(place.lists("a.example") && !place.lists("c.example"));
}

#[test]
fn what_is_rolled_back_is_not_taken_until_it_changes() {
    let place = Place::new(&[("one", ""), ("two", "")]);
    place.serve("one", "a.example\n");
    place.serve("two", "t.example\n");
    place.run(&["lists", "rollback"]).must(2, &["nothing is rolled back", "no former generation"]);
    place.update(&[]).must(0, &[]);
    place.run(&["lists", "rollback"]).must(2, &["no former generation"]);
    place.serve("one", "a.example\nwrong.example\n");
    place.update(&[]).must(0, &["2 entries, 1 before"]);
    assert!(place.lists("wrong.example"));
    place.run(&["lists", "rollback"]).must(0, &["in use again", "one: 1 entries", "one: what was rolled back"]);
    assert!(!place.lists("wrong.example") && place.lists("a.example") && place.lists("t.example"));
    place.run(&["lists", "rollback"]).must(2, &["no former generation"]);
    for _ in 0..2 {
        place.update(&[]).must(0, &["one: as it was when it was rolled back", "two: unchanged"]);
        assert!(!place.lists("wrong.example"));
    }
    // Another feed goes on.
    place.serve("two", "t.example\nu.example\n");
    place.update(&[]).must(0, &["one: as it was when it was rolled back", "two: 2 entries"]);
    assert!(!place.lists("wrong.example") && place.lists("u.example"));
    place.update(&["one", "--accept"]).must(0, &["one: 2 entries"]);
    assert!(place.lists("wrong.example"));
    place.run(&["lists", "rollback"]).must(0, &[]);
    place.serve("one", "a.example\nright.example\n");
    place.update(&[]).must(0, &["one: 2 entries, 1 before"]);
    assert!(place.lists("right.example") && !place.lists("wrong.example"));
}

#[test]
fn a_feed_that_fails_is_left_alone_for_a_while_and_the_others_go_on() {
    let place = Place::new(&[("absent", ""), ("one", "")]);
    place.serve("one", "a.example\n");
    let ran = place.update(&[]);
    ran.must(1, &["absent: not taken, and there is no former version", "No such file", "one: 1 entries"]);
    assert!(ran.err.contains("absent") && !ran.out.contains("absent"), "what went wrong is on standard error: {ran:?}");
    assert!(place.lists("a.example"));
    place.serve("absent", "b.example\n");
    place.update(&[]).must(0, &["absent: not tried before 20", "--force", "No such file"]);
    assert!(!place.lists("b.example"));
    let status = place.status();
    let row = &status["feeds"][0];
    assert_eq!((row["name"].as_str(), row["failures"].as_u64()), (Some("absent"), Some(1)), "{status}");
    assert!(row["error"].as_str().unwrap().contains("No such file") && row["alarm"] == true, "{status}");
    let wait = row["next_try"].as_i64().unwrap() - now();
    assert!((840..=900).contains(&wait), "{wait}");
    place.update(&["--force"]).must(0, &["absent: 1 entries, new"]);
    assert!(place.lists("b.example"));
    let status = place.status();
    assert_eq!((&status["feeds"][0]["error"], &status["feeds"][0]["alarm"]), (&().into(), &false.into()), "{status}");
}

pub(super) fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    since.as_secs().try_into().unwrap()
}

#[test]
fn status_shows_age_and_alarms() {
    let place = Place::new(&[("one", "")]);
    place.run(&["lists", "status"]).must(1, &["never (!)", "nothing has been fetched yet"]);
    place.serve("one", "a.example\n\u{1b}[31m\n");
    place.update(&["one", "--accept"]).must(0, &[]);
    let shown = place.run(&["lists", "status"]);
    shown.must(0, &["one", "pool", "s ago", "generation 1 in "]);
    assert!(!shown.out.contains('\u{1b}') && !shown.out.contains("(!)"), "{shown:?}");
    // Eight days pass: what is known lies in the past.
    for file in ["lists/generation-1/state.json", "run/lists/attempts.json"] {
        let text = fs::read_to_string(place.path(file)).unwrap();
        let age = |text: &str, key: &str| {
            let (before, rest) = text.split_once(&format!("\"{key}\": ")).unwrap();
            let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap();
            let then = rest[..digits].parse::<i64>().unwrap() - 8 * 86_400;
            format!("{before}\"{key}\": {then}{}", &rest[digits..])
        };
        fs::write(place.path(file), age(&text, if file.ends_with("state.json") { "fetched" } else { "checked" }))
            .unwrap();
    }
    place.run(&["lists", "status"]).must(1, &["8 d ago (!)"]);
    let status = place.status();
    assert_eq!(status["feeds"][0]["alarm"], true, "{status}");
    assert_eq!((&status["generation"], &status["feeds"][0]["entries"]), (&1.into(), &1.into()), "{status}");
    // It is as it was, but looked at.
    place.update(&[]).must(0, &["unchanged"]);
    place.run(&["lists", "status"]).must(0, &["one"]);
}

#[test]
fn feeds_come_and_go_with_the_configuration() {
    let place = Place::new(&[]);
    place.update(&[]).must(0, &["no feed is configured"]);
    place.run(&["lists", "status"]).must(0, &["no feed is configured"]);
    assert_eq!(place.update(&["--quiet"]).must(0, &[]).out, "");
    place.update(&["one"]).must(2, &["no feed is called \"one\""]);
    place.configure("", &[("one", ""), ("two", "")]);
    place.serve("one", "a.example\n");
    place.serve("two", "b.example\n");
    assert_eq!(place.update(&["--quiet"]).must(0, &[]).out, "");
    place.update(&["three"]).must(2, &["no feed is called \"three\"", "one, two"]);
    place.update(&["--accept"]).must(2, &["<NAME>"]);
    place.configure("", &[("two", "")]);
    assert!(!place.lists("a.example") && place.lists("b.example"));
    place.update(&[]).must(0, &["two: unchanged", "the lists have changed"]);
    assert!(!place.store().join("current/one.list").exists());
    // Another place for the same feed: it may be smaller there.
    place.serve("two", &names("b.example", 100));
    place.update(&["--accept", "two"]).must(0, &[]);
    place.serve("other", "c.example\n");
    let text = fs::read_to_string(place.path("minewall.toml")).unwrap();
    fs::write(place.path("minewall.toml"), text.replace("two.txt", "other.txt")).unwrap();
    place.update(&[]).must(0, &["two: 1 entries, new"]);
    assert!(place.lists("c.example"));
}

/// The lines that cron and systemd run; OpenWrt's are tried in tests/openwrt.
#[test]
fn what_is_run_by_the_clock_is_a_command() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let place = Place::new(&[("one", "")]);
    place.serve("one", "first.example\n");
    for file in ["filter/debian/minewall.cron.d", "filter/debian/minewall-lists.service"] {
        let text = fs::read_to_string(root.join(file)).unwrap();
        let run = |line: &&str| line.contains("minewall lists ") && !line.starts_with('#');
        let line = text.lines().find(run).unwrap_or_else(|| panic!("{file} runs nothing"));
        let (_, words) = line.split_once("minewall lists ").unwrap();
        let words: Vec<_> = words.trim_end_matches("; }").split(' ').collect();
        let words: Vec<_> = words.into_iter().filter(|word| *word != "--jitter").collect();
        place.run(&[&["lists"], &words[..]].concat()).must(0, &[]);
        assert!(place.lists("first.example"), "{file}");
        if file.contains("cron") {
            assert!(line.contains("--jitter"), "{file}: all gateways would ask at once");
            let fields: Vec<_> = line.split_whitespace().take(5).collect();
            let plain = |field: &&str| field.chars().all(|c| c.is_ascii_digit() || "*/".contains(c));
            assert!(fields.iter().all(plain), "{file}: {fields:?}");
        }
    }
    let timer = fs::read_to_string(root.join("filter/debian/minewall-lists.timer")).unwrap();
    assert!(timer.contains("\nRandomizedDelaySec="), "{timer}");
}
