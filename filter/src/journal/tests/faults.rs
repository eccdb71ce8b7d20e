//! Torn lines, killed writers, full disks: the journal goes on behind the last whole line.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

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

/// This test's binary again, as another process, in which `name` finds `directory` in its environment.
fn again(name: &str, directory: &Path) -> Command {
    let mut command = Command::new("unshare");
    let mount = format!("mount -t tmpfs -o size=400k none {} || exit 9; exec \"$0\" \"$@\"", directory.display());
    command.args(["-m", "sh", "-c", &mount]).arg(std::env::current_exe().unwrap());
    command.args(["--exact", "--nocapture", name]).env(CHILD, directory);
    command.stdin(Stdio::null());
    command
}

const CHILD: &str = "MINEWALL_JOURNAL_TEST";

#[test]
fn a_full_disk_loses_nothing_that_was_written() {
    const NAME: &str = "journal::tests::faults::a_full_disk_loses_nothing_that_was_written";
    if let Some(directory) = std::env::var_os(CHILD) {
        return on_a_full_disk(Path::new(&directory));
    }
    if !minewall_lab::ready("a_full_disk_loses_nothing_that_was_written") {
        return;
    }
    let scratch = Scratch::new();
    let ran = again(NAME, scratch.path()).output().unwrap();
    assert!(ran.status.success(), "{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(String::from_utf8_lossy(&ran.stdout).contains("was full"), "{ran:?}");
}

/// In a file system of 400 KiB.
fn on_a_full_disk(directory: &Path) {
    let path = directory.join("journal");
    let filler = directory.join("filler");
    fs::write(&filler, vec![0; 200 << 10]).unwrap();
    let mut journal = open(&path);
    let mut written = 0;
    let error = loop {
        let time_us = MIDNIGHT_US + written * SECOND_US;
        let line = record(u32::try_from(written).unwrap(), time_us);
        match journal.append(Class::Records, time_us, &line) {
            Err(error) => break error,
            Ok(()) => written += 1,
        }
    };
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
    drop(journal);
    // While it is full, opening it again fails, and changes nothing.
    assert!(
        Journal::open(&settings(&path), "gw", Clock::Events(MIDNIGHT_US))
            .is_err_and(|error| error.kind() == std::io::ErrorKind::StorageFull)
    );
    fs::remove_file(&filler).unwrap();
    let mut journal = open(&path);
    let time_us = MIDNIGHT_US + written * SECOND_US;
    journal.append(Class::Records, time_us, &record(u32::try_from(written).unwrap(), time_us)).unwrap();
    journal.close().unwrap();
    drop(journal);
    let report = checked(&path);
    assert!(report.sound, "{:#?}", report.findings);
    assert_eq!(report.chains[0].entries, u64::try_from(written).unwrap() + 1);
    println!("was full after {written} lines");
}

#[test]
fn a_killed_writer_loses_no_line_that_was_written() {
    const NAME: &str = "journal::tests::faults::a_killed_writer_loses_no_line_that_was_written";
    if let Some(directory) = std::env::var_os(CHILD) {
        return write_for_ever(Path::new(&directory));
    }
    let scratch = Scratch::new();
    let mut random = Random(19);
    for round in 0..12 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--nocapture", NAME])
            .env(CHILD, scratch.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let wanted = 1 + random.below(700);
        let told = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let last = told.filter_map(|line| line.strip_prefix("wrote ")?.parse::<u64>().ok()).nth(wanted).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        open(scratch.path()).close().unwrap();
        let report = checked(scratch.path());
        assert!(report.sound, "round {round}: {:#?}", report.findings);
        assert!(report.chains[0].entries >= last, "round {round}: {} of {last}", report.chains[0].entries);
    }
}

/// Goes on until it is killed.
fn write_for_ever(directory: &Path) {
    let mut journal = open(directory);
    let mut entries = checked(directory).chains[0].entries;
    loop {
        let time_us = MIDNIGHT_US + i64::try_from(entries).unwrap() * SECOND_US;
        journal.append(Class::Records, time_us, &record(u32::try_from(entries).unwrap(), time_us)).unwrap();
        journal.attend().unwrap();
        entries += 1;
        println!("wrote {entries}");
    }
}
