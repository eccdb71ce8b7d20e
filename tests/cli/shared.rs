//! Captures of real traffic, where the environment variable `MINEWALL_SHARED` names the directory that holds them in
//! `pcaps/mining` and `pcaps/not-mining`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use minewall_lab::skipped;
use serde_json::Value;

use super::program::{Ran, minewall};

/// The captures of one kind, by name; none without the variable, which is said past the harness' capture.
fn captures(kind: &str, test: &str) -> Option<Vec<PathBuf>> {
    let Some(shared) = std::env::var_os("MINEWALL_SHARED") else {
        skipped(test, "set MINEWALL_SHARED to the directory with pcaps/");
        return None;
    };
    let directory = PathBuf::from(shared).join("pcaps").join(kind);
    let entries = fs::read_dir(&directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{} holds no capture", directory.display());
    Some(files)
}

fn replay(file: &Path) -> Ran {
    minewall(&["replay", "--format", "json", file.to_str().unwrap()])
}

/// The far ends heard to mine, with their dialect.
fn heard(records: &[Value]) -> BTreeMap<String, String> {
    let one = |record: &Value| {
        let dialect = record.pointer("/minewall/dialect")?.as_str()?.to_owned();
        let end = &record["destination"];
        Some((format!("{}:{}", end["ip"].as_str()?, end["port"]), dialect))
    };
    records.iter().filter_map(one).collect()
}

/// What mines in each capture: far end and dialect, as SOURCES.md beside the captures tells of them.
const MINING: [(&str, &[(&str, &str)]); 5] = [
    (
        "ndpi-mining.pcapng",
        &[
            ("185.71.66.39:9999", "ethproxy"),
            ("178.32.196.217:9050", "cryptonote"),
            ("94.23.199.191:3333", "equihash"),
            ("116.211.167.195:3333", "equihash"),
        ],
    ),
    ("ndpi-old-ethereum-b.pcap", &[("94.23.36.128:4444", "ethproxy"), ("91.121.222.33:4444", "ethproxy")]),
    ("ndpi-old-zcash.pcap", &[("178.32.196.217:9050", "cryptonote")]),
    ("zeek-bitcoin-mining.pcap", &[("74.84.128.158:3333", "stratum-v1"), ("113.21.199.11:3333", "stratum-v1")]),
    ("zeek-coinhive-stratum.pcap", &[("192.110.160.114:3333", "cryptonote")]),
];

#[test]
fn captures_of_mining_are_recognised() {
    let Some(files) = captures("mining", "captures_of_mining_are_recognised") else { return };
    for file in files {
        let name = file.file_name().unwrap().to_str().unwrap();
        let ran = replay(&file);
        assert_eq!(ran.code, 0, "{name}: {}", ran.err);
        let heard = heard(&ran.records());
        println!("{name}: {} records, {heard:?}", ran.records().len());
        let (_, mines) =
            MINING.iter().find(|row| row.0 == name).unwrap_or_else(|| panic!("{name} is not in the table"));
        for (end, dialect) in *mines {
            assert_eq!(heard.get(*end).map(String::as_str), Some(*dialect), "{name}: {end}");
        }
    }
}

/// Flows that mine in each capture, as SOURCES.md counts them.
const FLOWS: [(&str, usize); 5] = [
    ("ndpi-mining.pcapng", 4),
    ("ndpi-old-ethereum-b.pcap", 2),
    ("ndpi-old-zcash.pcap", 1),
    ("zeek-bitcoin-mining.pcap", 8),
    ("zeek-coinhive-stratum.pcap", 3),
];

#[test]
fn every_flow_that_mines_is_recognised_without_any_list() {
    let Some(files) = captures("mining", "every_flow_that_mines_is_recognised_without_any_list") else { return };
    let directory = std::env::temp_dir().join(format!("minewall-shared-{}", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    let configuration = directory.join("no-lists.toml");
    fs::write(&configuration, "[lists]\nshipped = false\n").unwrap();
    for file in files {
        let name = file.file_name().unwrap().to_str().unwrap();
        let arguments = ["replay", "--format", "json", "-c", configuration.to_str().unwrap(), file.to_str().unwrap()];
        let records = minewall(&arguments).records();
        let ends = |record: &Value| {
            let (source, far) = (&record["source"], &record["destination"]);
            format!("{}:{} {}:{}", source["ip"], source["port"], far["ip"], far["port"])
        };
        let flows: std::collections::BTreeSet<_> = records.iter().map(ends).collect();
        let expected = FLOWS.iter().find(|row| row.0 == name).map(|row| row.1);
        assert_eq!(Some(flows.len()), expected, "{name}: {flows:?}");
        assert!(records.iter().all(|record| record["minewall"]["layer"] == "payload"), "{name}");
    }
    fs::remove_dir_all(directory).unwrap();
}

#[test]
fn captures_without_mining_give_no_record() {
    let Some(files) = captures("not-mining", "captures_without_mining_give_no_record") else { return };
    let mut wrong = Vec::new();
    for file in files {
        let ran = replay(&file);
        assert_eq!(ran.code, 0, "{}: {}", file.display(), ran.err);
        println!("{}: {}", file.display(), ran.err);
        wrong.extend((!ran.out.is_empty()).then(|| format!("{}: {}", file.display(), ran.out)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
