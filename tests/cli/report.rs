//! `minewall lists report`: recall against a yardstick, false hits among names that must not be listed.

use std::path::{Path, PathBuf};

use minewall_lab::skipped;

use super::program::{Files, minewall};

fn benign() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/benign/top-sites.txt")
}

#[test]
fn no_site_that_people_visit_is_listed() {
    let ran = minewall(&["lists", "report", "--benign", benign().to_str().unwrap(), "--json"]);
    let told: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, &told["benign"]["hits"]), (0, &0.into()), "{told}");
    assert!(told["benign"]["names"].as_u64() > Some(650), "{told}");
}

#[test]
fn what_is_found_and_missed_is_counted() {
    let files = Files::new();
    let list = files.write("own.list", "a.example\nb.c.example\n");
    let config =
        files.write("c.toml", format!("[lists]\nshipped = false\n[[lists.file]]\nname = \"own\"\npath = {list:?}\n"));
    let rows = "domain,apex,confidence\na.example,a.example,high\nx.a.example,a.example,high\nc.example,c.example,high\n\
                d.example,d.example,high\nD.example.,d.example,high\ne.example,e.example,low\n";
    let yardstick = files.write("yardstick.csv", rows);
    let report =
        |more: &[&str]| minewall(&[&["lists", "report", "-c", &config, "--yardstick", &yardstick], more].concat());
    let told: serde_json::Value = serde_json::from_str(&report(&["--where", "confidence=high", "--json"]).out).unwrap();
    let recall = &told["recall"];
    for (key, want) in [("names", 4), ("found", 2), ("exact", 1), ("operators", 3), ("operators_found", 1)] {
        assert_eq!(recall[key], want, "{key}: {recall}");
    }
    assert_eq!(recall["missed"], serde_json::json!(["c.example", "d.example"]));
    let ran = report(&["--where", "confidence=high", "--show", "1"]);
    for words in
        ["found                         2   50.0 %", "missed: c.example\nmissed: 1 more (--show)", "by list own"]
    {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
    assert_eq!((ran.code, report(&["--least", "40"]).code, report(&["--least", "41"]).code), (0, 0, 1));

    let ranks = files.write("ranks.csv", "1,www.example.org\n2,www.a.example\n");
    let ran = minewall(&["lists", "report", "-c", &config, "--benign", &ranks]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("wrongly listed: www.a.example (custom, entry a.example of list own)"), "{}", ran.out);
}

#[test]
fn what_cannot_be_reported_on_is_told() {
    let files = Files::new();
    let names = files.write("names", "a.example\nb.example\n");
    let table = files.write("table.csv", "domain,apex\na.example,a.example\n");
    let empty = files.write("empty", "");
    for (words, told) in [
        (&[][..], "nothing to report on; name a file with --yardstick or --benign"),
        (&["--yardstick", "/nonexistent"], "cannot use /nonexistent: "),
        (&["--benign", &empty], "it is empty"),
        (&["--yardstick", &names, "--where", "a=b"], "--where needs a CSV file"),
        (&["--yardstick", &table, "--where", "trust=high"], "it has no column \"trust\""),
        (&["--yardstick", &table, "--where", "high"], "write COLUMN=VALUE"),
    ] {
        let ran = minewall(&[&["lists", "report"], words].concat());
        assert!(ran.code == 2 && ran.err.contains(told), "{words:?}: {}", ran.err);
    }
}

#[test]
fn the_shipped_lists_find_the_hosts_that_pools_publish() {
    let Some(shared) = std::env::var_os("MINEWALL_SHARED") else {
        skipped("the yardstick of lists", "set MINEWALL_SHARED to the directory with lists/");
        return;
    };
    let yardstick = PathBuf::from(shared).join("lists/pools.csv");
    let (yardstick, high) = (yardstick.to_str().unwrap(), "confidence=high");
    let ran = minewall(&["lists", "report", "--yardstick", yardstick, "--where", high, "--least", "98"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
}
