//! Torn lines: whatever of the last line was written, the journal goes on behind the whole ones.

use super::*;

#[test]
fn a_line_torn_at_any_byte_is_cut_off_and_told() {
    let scratch = Scratch::new();
    let original = scratch.path().join("original");
    let mut journal = open(&original);
    fill(&mut journal, 0, 5);
    drop(journal);
    let name = segments(&original)[0].name();
    let text = fs::read(original.join(&name)).unwrap();
    let start = text[..text.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    let torn = scratch.path().join("torn");
    for end in start..text.len() {
        let _ = fs::remove_dir_all(&torn);
        fs::create_dir(&torn).unwrap();
        for entry in fs::read_dir(&original).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), torn.join(entry.file_name())).unwrap();
        }
        fs::write(torn.join(&name), &text[..end]).unwrap();
        let mut journal = open(&torn);
        let notices = journal.take_notices();
        assert_eq!(
            notices.iter().filter(|notice| notice.action == "journal-recovered").count(),
            usize::from(end > start)
        );
        fill(&mut journal, 5, 1);
        journal.close().unwrap();
        drop(journal);
        let report = checked(&torn);
        assert!(report.sound, "cut at {end}: {:?}", report.findings);
        assert_eq!(report.chains[0].entries, 5);
    }
}

#[test]
fn a_damaged_segment_stays_as_it_is_and_the_next_begins() {
    let scratch = Scratch::new();
    let mut journal = open(scratch.path());
    fill(&mut journal, 0, 20);
    drop(journal);
    let segment = &segments(scratch.path())[0];
    let mut text = text(segment);
    let middle = text.len() / 2;
    text[middle] ^= 4;
    fs::write(&segment.path, &text).unwrap();
    let mut journal = open(scratch.path());
    let notices = journal.take_notices();
    assert!(notices.iter().any(|notice| notice.reason.contains("damaged")), "{notices:?}");
    fill(&mut journal, 20, 20);
    journal.close().unwrap();
    drop(journal);
    let first = segments(scratch.path()).remove(0);
    assert_eq!(self::text(&first), text, "evidence is not mended");
    let report = checked(scratch.path());
    assert!(report.findings.iter().all(|finding| finding.segment == Some(first.name())), "{:#?}", report.findings);
    assert_eq!(report.chains[0].entries + report.chains[1].entries, 44);
}

#[test]
fn an_empty_file_and_a_half_packed_one_are_no_hindrance() {
    let scratch = Scratch::new();
    written(scratch.path(), 300);
    let packed = segments(scratch.path()).into_iter().find(|segment| segment.is_packed).unwrap();
    fs::write(scratch.path().join(format!("{}.part", packed.name())), "half").unwrap();
    // Power failed after the compressed file was there, and before the plain one was gone.
    fs::write(packed.path.with_extension(""), text(&packed)).unwrap();
    let next = checked(scratch.path()).chains[0].to + 1;
    fs::write(scratch.path().join(format!("records-{next:020}.jsonl")), "").unwrap();
    assert_eq!(read_back(scratch.path()), 300);
    let mut journal = open(scratch.path());
    fill(&mut journal, 300, 10);
    journal.close().unwrap();
    drop(journal);
    let report = checked(scratch.path());
    assert!(report.sound, "{:#?}", report.findings);
    assert_eq!(read_back(scratch.path()), 310);
    assert!(
        !fs::read_dir(scratch.path()).unwrap().any(|entry| entry
            .unwrap()
            .path()
            .extension()
            .is_some_and(|end| end == "part"))
    );
}

fn read_back(directory: &Path) -> usize {
    let entries = crate::journal::read_class(directory, Class::Records, i64::MIN, i64::MAX).unwrap();
    entries.inspect(|entry| assert!(entry.is_ok(), "{entry:?}")).count()
}
