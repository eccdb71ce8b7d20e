//! A thousand single changes, each found.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;
use crate::journal::verify::{Elsewhere, read_elsewhere};

/// What was changed, for the message of a failure.
struct Change {
    what: &'static str,
    segment: String,
    line: usize,
}

/// Puts the lines back, compressed where they were.
fn put(segment: &Segment, text: &[u8]) {
    if !segment.is_packed {
        return fs::write(&segment.path, text).unwrap();
    }
    let mut packed = GzEncoder::new(fs::File::create(&segment.path).unwrap(), Compression::fast());
    packed.write_all(text).unwrap();
    packed.finish().unwrap();
}

/// One change of a random kind at a random place.
fn change(directory: &Path, random: &mut Random) -> Change {
    let all = segments(directory);
    let segment = &all[random.below(all.len())];
    let old = text(segment);
    let mut lines: Vec<Vec<u8>> = old.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let at = random.below(lines.len());
    let name = segment.name();
    let what = match random.below(6) {
        0 => {
            let place = random.below(lines[at].len());
            let bit = 1 << random.below(8);
            lines[at][place] ^= bit;
            "a bit"
        }
        1 => {
            lines.remove(at);
            "a line deleted"
        }
        2 => {
            let other = (at + 1 + random.below(lines.len() - 1)) % lines.len();
            lines.swap(at, other);
            "two lines exchanged"
        }
        3 => {
            let twice = lines[at].clone();
            lines.insert(random.below(lines.len()), twice);
            "a line repeated"
        }
        4 => {
            let length: usize = lines.iter().map(Vec::len).sum();
            let rest = lines.concat()[..random.below(length)].to_vec();
            lines = vec![rest];
            "the end cut off"
        }
        _ => {
            fs::remove_file(&segment.path).unwrap();
            return Change { what: "a segment removed", segment: name, line: 0 };
        }
    };
    put(segment, &lines.concat());
    Change { what, segment: name, line: at + 1 }
}

/// A journal, and the checkpoints of it that another machine has.
fn original(scratch: &Scratch, count: u32, segment: u64) -> (PathBuf, Vec<Elsewhere>) {
    let path = scratch.path().join("original");
    let settings = config::Journal { segment, ..settings(&path) };
    let mut journal = Journal::open(&settings, "gw", Clock::Events(MIDNIGHT_US)).unwrap();
    fill(&mut journal, 0, count);
    journal.close().unwrap();
    let told: String = journal.take_notices().iter().map(|notice| notice.to_json() + "\n").collect();
    fs::write(scratch.path().join("seen"), told).unwrap();
    (path, read_elsewhere(&scratch.path().join("seen")).unwrap())
}

fn copy(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[test]
fn each_of_a_thousand_changes_is_found() {
    let scratch = Scratch::new();
    let (original, _) = original(&scratch, 400, 16 << 10);
    assert!(segments(&original).len() > 4);
    let changed = scratch.path().join("changed");
    let mut random = Random(6);
    let mut kinds = std::collections::BTreeMap::new();
    for round in 0..1000 {
        copy(&original, &changed);
        let change = change(&changed, &mut random);
        let report = verify(&changed, &[], None);
        assert!(
            report.as_ref().is_ok_and(|report| !report.sound),
            "round {round}: {} in {} line {} was not found",
            change.what,
            change.segment,
            change.line
        );
        *kinds.entry(change.what).or_insert(0) += 1;
    }
    assert!(kinds.len() == 6 && kinds.values().all(|count| *count > 100), "{kinds:?}");
}

#[test]
fn a_change_is_dated_between_two_checkpoints() {
    let scratch = Scratch::new();
    let (path, _) = original(&scratch, 400, 64 << 10);
    let segment = &segments(&path)[0];
    let text = String::from_utf8(text(segment)).unwrap();
    put(segment, text.replacen("\"id\":\"70\"", "\"id\":\"71\"", 1).as_bytes());
    let report = checked(&path);
    let [finding] = &report.findings[..] else { panic!("{:#?}", report.findings) };
    assert_eq!(finding.kind, "edited");
    let (after, before) = (finding.after.unwrap(), finding.before.unwrap());
    let at = MIDNIGHT_US + 70 * SECOND_US;
    assert!(after.time.as_microsecond() <= at && at <= before.time.as_microsecond(), "{finding:?}");
    assert!(after.seq < finding.seq && finding.seq < before.seq, "{finding:?}");
}

#[test]
fn who_reckons_the_hashes_anew_is_betrayed_by_the_next_signature() {
    let scratch = Scratch::new();
    let (path, _) = original(&scratch, 100, 64 << 10);
    let segment = &segments(&path)[0];
    let text = String::from_utf8(text(segment)).unwrap().replacen("\"id\":\"20\"", "\"id\":\"21\"", 1);
    let mut last = "0".repeat(64);
    let mut forged = String::new();
    for line in text.lines() {
        let (body, _) = line.rsplit_once(",\"hash\":\"").unwrap();
        last = data_encoding::HEXLOWER.encode(&<sha2::Sha256 as sha2::Digest>::digest(format!("{last}{body}")));
        forged += &format!("{body},\"hash\":\"{last}\"}}\n");
    }
    put(segment, forged.as_bytes());
    let report = checked(&path);
    assert!(report.findings.iter().any(|finding| finding.kind == "signature"), "{:#?}", report.findings);
    assert!(report.findings.iter().all(|finding| finding.kind != "edited"), "{:#?}", report.findings);
}

/// What the other chain cannot know of is the end behind the last checkpoint, and both ends cut to one another's word.
#[test]
fn both_chains_cut_to_the_same_checkpoint_are_found_by_what_was_seen_elsewhere() {
    let scratch = Scratch::new();
    let (path, seen) = original(&scratch, 60, 64 << 10);
    // Back to where 50 lines were signed, as if minewall had been killed then and begun again.
    for segment in segments(&path) {
        let text = String::from_utf8(text(&segment)).unwrap();
        let end = text.find("\"checkpoint\":").unwrap();
        let end = end + text[end..].find('\n').unwrap() + 1;
        put(&segment, &text.as_bytes()[..end]);
    }
    open(&path).close().unwrap();
    let report = checked(&path);
    assert!(report.sound, "{:#?}", report.findings);
    assert!(report.chains.iter().all(|chain| chain.unclean_starts.len() == 1), "which is told");
    let report = verify(&path, &[], Some(&seen)).unwrap();
    let kinds: Vec<_> = report.findings.iter().map(|finding| finding.kind).collect();
    assert!(kinds.contains(&"cut") || kinds.contains(&"rewritten"), "{:#?}", report.findings);
}
