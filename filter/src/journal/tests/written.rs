//! What is written stands there, over segments, restarts and retention, and is signed.

use std::process::Command;
use std::time::Duration;

use super::*;
use crate::journal::verify::read_elsewhere;
use crate::journal::{read, read_class};

fn ids(directory: &Path, class: Class) -> Vec<String> {
    let entries = read_class(directory, class, i64::MIN, i64::MAX).unwrap();
    entries.map(|entry| entry.unwrap().value["event"]["id"].as_str().unwrap_or("-").to_owned()).collect()
}

#[test]
fn what_is_written_is_read_and_sound() {
    let scratch = Scratch::new();
    written(scratch.path(), 1000);
    let report = checked(scratch.path());
    assert!(report.sound, "{:#?}", report.findings);
    let [records, incidents] = &report.chains[..] else { panic!("{report:?}") };
    assert_eq!((records.entries, incidents.entries), (1000, 100));
    assert!(records.segments > 3 && records.checkpoints > 10, "{records:?}");
    assert_eq!((records.unsigned, incidents.unsigned), (0, 0));
    assert!(segments(scratch.path()).iter().any(|segment| segment.is_packed));
    assert_eq!(ids(scratch.path(), Class::Records), (0..1000).map(|id| id.to_string()).collect::<Vec<_>>());
    let (since, until) = (MIDNIGHT_US + 200 * SECOND_US, MIDNIGHT_US + 300 * SECOND_US);
    let both: Vec<_> = read(scratch.path(), since, until).unwrap().map(Result::unwrap).collect();
    assert_eq!(both.len(), 101 + 11);
    assert!(both.is_sorted_by_key(|entry| entry.time_us));
    assert_eq!(both[0].value["source"]["ip"], "10.0.0.200");
}

#[test]
fn a_program_of_other_makers_follows_the_chain() {
    let scratch = Scratch::new();
    written(scratch.path(), 30);
    let script = r#"
import hashlib, re, sys
last = "0" * 64
for line in open(sys.argv[1]):
    text, hash = re.fullmatch(r'(.*),"hash":"([0-9a-f]{64})"}\n', line).groups()
    assert hashlib.sha256((last + text).encode()).hexdigest() == hash
    last = hash
print("good")"#;
    let path = &segments(scratch.path())[0].path;
    let ran = Command::new("python3").args(["-c", script]).arg(path).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "good\n", "{ran:?}");
}

#[test]
fn it_goes_on_after_a_stop_and_says_when_there_was_none() {
    let scratch = Scratch::new();
    written(scratch.path(), 100);
    let mut journal = open(scratch.path());
    fill(&mut journal, 100, 30);
    assert!(checked(scratch.path()).sound, "while it is written");
    drop(journal);
    // A program that another test starts just now holds the lock until it is another program.
    let let_go = || Some(checked(scratch.path())).filter(|report| report.writer.is_none());
    let report = minewall_lab::until(Duration::from_secs(10), let_go).unwrap();
    assert!(report.findings.iter().all(|finding| finding.kind == "unfinished"), "{:?}", report.findings);
    assert_eq!(report.findings.len(), 2);
    open(scratch.path()).close().unwrap();
    let report = checked(scratch.path());
    assert!(report.sound, "{:?}", report.findings);
    assert_eq!(report.chains.iter().map(|chain| chain.unclean_starts.len()).sum::<usize>(), 2);
    assert_eq!(ids(scratch.path(), Class::Records).len(), 130);
}

#[test]
fn a_second_writer_is_refused() {
    let scratch = Scratch::new();
    let _first = open(scratch.path());
    let error = Journal::open(&settings(scratch.path()), "gw", Clock::System).err().unwrap();
    assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");
    assert_eq!(checked(scratch.path()).writer, Some(std::process::id()));
}

#[test]
fn a_day_begins_a_segment_and_old_ones_go_with_a_word() {
    let scratch = Scratch::new();
    let day_us = 86_400 * SECOND_US;
    let settings = config::Journal { records_days: 3, incidents_days: 30, ..settings(scratch.path()) };
    let mut journal = Journal::open(&settings, "gw", Clock::Events(MIDNIGHT_US)).unwrap();
    for day in 0..10 {
        for number in 0..20 {
            let time_us = MIDNIGHT_US + day * day_us + i64::from(number) * SECOND_US;
            journal.append(Class::Records, time_us, &record(number, time_us)).unwrap();
            journal.append(Class::Incidents, time_us, &record(number, time_us)).unwrap();
            while journal.is_packing() {
                std::thread::yield_now();
            }
            journal.attend().unwrap();
        }
    }
    journal.close().unwrap();
    let report = checked(scratch.path());
    assert!(report.sound, "{:?}", report.findings);
    let [records, incidents] = &report.chains[..] else { panic!("{report:?}") };
    assert_eq!((records.segments, incidents.segments), (4, 10));
    assert_eq!((records.entries, incidents.entries), (80, 200));
    assert_eq!(records.removed.last().map(|removed| removed.span.to + 1), Some(records.from));
    // Of the rest, the oldest segment is taken away by hand.
    fs::remove_file(&segments(scratch.path())[0].path).unwrap();
    let report = checked(scratch.path());
    assert!(report.findings.iter().any(|finding| finding.what.contains("no line says")), "{:?}", report.findings);
}

#[test]
fn what_is_too_large_goes_with_a_word() {
    let scratch = Scratch::new();
    // Compressed, the segments have a few KiB each.
    let settings = config::Journal { records_bytes: 64 << 10, ..settings(scratch.path()) };
    let mut journal = Journal::open(&settings, "gw", Clock::Events(MIDNIGHT_US)).unwrap();
    for first in (0..5000).step_by(100) {
        fill(&mut journal, first, 100);
        while journal.is_packing() {
            std::thread::yield_now();
        }
    }
    journal.close().unwrap();
    let report = checked(scratch.path());
    assert!(report.sound, "{:?}", report.findings);
    let removed = &report.chains[0].removed;
    assert!(!removed.is_empty() && removed.iter().all(|removed| removed.why == "size"), "{removed:?}");
    assert_eq!(report.chains[1].removed, []);
}

#[test]
fn checkpoints_seen_elsewhere_are_held_against_it() {
    let scratch = Scratch::new();
    let mut journal = open(scratch.path());
    fill(&mut journal, 0, 300);
    journal.close().unwrap();
    let told: Vec<_> =
        journal.take_notices().iter().map(|notice| format!("Nov 24 gw minewall: {}\n", notice.to_json())).collect();
    drop(journal);
    assert!(told.len() > 10);
    let file = scratch.path().join("seen");
    fs::write(&file, told.concat()).unwrap();
    let seen = read_elsewhere(&file).unwrap();
    assert_eq!(seen.len(), told.len());
    let report = verify(scratch.path(), &[], Some(&seen)).unwrap();
    assert!(report.sound, "{:?}", report.findings);
    assert_eq!(report.elsewhere.unwrap().fit, seen.len());
    // Who has the key writes all of it anew, without some records.
    let key = fs::read(scratch.path().join("key")).unwrap();
    for segment in segments(scratch.path()) {
        fs::remove_file(&segment.path).unwrap();
    }
    fs::write(scratch.path().join("key"), key).unwrap();
    let mut journal = open(scratch.path());
    fill(&mut journal, 3, 297);
    journal.close().unwrap();
    drop(journal);
    assert!(checked(scratch.path()).sound, "by itself it is");
    let report = verify(scratch.path(), &[], Some(&seen)).unwrap();
    assert!(report.findings.iter().any(|finding| finding.kind == "rewritten"), "{:?}", report.findings);
    // Or with a key of his own.
    for name in ["key", "key.pub"] {
        fs::remove_file(scratch.path().join(name)).unwrap();
    }
    for segment in segments(scratch.path()) {
        fs::remove_file(&segment.path).unwrap();
    }
    written(scratch.path(), 300);
    assert!(checked(scratch.path()).sound);
    let report = verify(scratch.path(), &[], Some(&seen)).unwrap();
    assert!(report.findings.iter().any(|finding| finding.kind == "key"), "{:?}", report.findings);
}
