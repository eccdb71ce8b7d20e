//! The spool by itself: order, bounds, torn files, a killed writer, a full disk.

use std::io::{BufRead, BufReader, ErrorKind};
use std::process::{Command, Stdio};

use super::super::spool::{Found, Spool, check};
use super::*;

const KIND: &str = "test";
const MIB: u64 = 1 << 20;

fn open(scratch: &Scratch) -> (Spool, Found) {
    try_open(scratch).unwrap()
}

/// A child of another test has this one's files open for a moment, until it is what it is to be; the lock too.
fn try_open(scratch: &Scratch) -> std::io::Result<(Spool, Found)> {
    let mut opened = Spool::open(&scratch.0, KIND, MIB);
    wait_until("the spool is free", || {
        if opened.as_ref().is_err_and(|error| error.kind() == ErrorKind::WouldBlock) {
            opened = Spool::open(&scratch.0, KIND, MIB);
        }
        opened.as_ref().err().is_none_or(|error| error.kind() != ErrorKind::WouldBlock)
    });
    opened
}

fn put(spool: &mut Spool, numbers: std::ops::Range<usize>) {
    for number in numbers {
        assert_eq!(spool.push(&message(number)).unwrap(), 0);
    }
}

/// What message so-and-so says: short and long ones, so that ends fall everywhere.
fn message(number: usize) -> String {
    format!("{number} {}", "é".repeat(number * 7 % 90))
}

fn number(message: &str) -> usize {
    let number = message.split(' ').next().unwrap().parse().unwrap();
    assert_eq!(*message, self::message(number), "a message came whole");
    number
}

/// Takes everything out, so many at a time.
fn drain(spool: &mut Spool, most: usize) -> Vec<usize> {
    let mut numbers = Vec::new();
    while !spool.is_empty() {
        let (messages, torn) = spool.front(most).unwrap();
        assert_eq!(torn, 0);
        assert_eq!(spool.advance(messages.len()), messages.len());
        numbers.extend(messages.iter().map(|message| number(message)));
    }
    numbers
}

fn files(scratch: &Scratch) -> Vec<PathBuf> {
    let paths = fs::read_dir(&scratch.0).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = paths.filter(|path| path.extension().is_some_and(|end| end == "spool")).collect();
    paths.sort();
    paths
}

#[test]
fn what_goes_in_comes_out_in_order_over_restarts() {
    let scratch = Scratch::new();
    let (mut spool, found) = open(&scratch);
    assert_eq!(found, Found::default());
    let (mut put, mut taken) = (0, Vec::new());
    for round in 0..20 {
        for _ in 0..300 {
            assert_eq!(spool.push(&message(put)).unwrap(), 0);
            put += 1;
        }
        for _ in 0..round * 2 {
            let (messages, _) = spool.front(7).unwrap();
            // All but the last of them.
            let count = messages.len().saturating_sub(1);
            assert_eq!(spool.advance(count), count);
            taken.extend(messages.iter().take(count).map(|message| number(message)));
        }
        if round % 3 == 0 {
            drop(spool);
            let (again, found) = open(&scratch);
            assert_eq!(found, Found { entries: put - taken.len(), torn: 0 });
            spool = again;
        }
    }
    taken.extend(drain(&mut spool, 50));
    assert_eq!(taken, Vec::from_iter(0..put));
    assert!(files(&scratch).is_empty(), "nothing is left behind");
}

#[test]
fn what_is_put_in_front_comes_first() {
    let scratch = Scratch::new();
    let (mut spool, _) = open(&scratch);
    put(&mut spool, 10..15);
    spool.front(2).unwrap();
    spool.advance(2);
    // 10 and 11 were handed over, and are put back.
    let front: Vec<_> = (7..12).map(message).collect();
    assert_eq!(spool.push_front(front.iter().map(|message| &**message)).unwrap(), 0);
    spool.push(&message(15)).unwrap();
    drop(spool);
    assert_eq!(drain(&mut open(&scratch).0, 3), Vec::from_iter(7..16));
    let (mut spool, _) = open(&scratch);
    spool.push_front([&*message(0)].into_iter()).unwrap();
    spool.push(&message(1)).unwrap();
    assert_eq!(drain(&mut spool, 1), [0, 1]);
}

#[test]
fn a_full_spool_drops_the_oldest_and_counts_them() {
    let scratch = Scratch::new();
    let (mut spool, _) = open(&scratch);
    let mut dropped = 0;
    for number in 0..20_000 {
        dropped += spool.push(&message(number)).unwrap();
    }
    let used: u64 = files(&scratch).iter().map(|path| fs::metadata(path).unwrap().len()).sum();
    assert!(used <= MIB && used > MIB * 7 / 8, "{used}");
    assert!(dropped > 0);
    assert_eq!(drain(&mut spool, 100), Vec::from_iter(dropped..20_000));
}

#[test]
fn those_looked_at_may_be_dropped_meanwhile() {
    let scratch = Scratch::new();
    let (mut spool, _) = open(&scratch);
    put(&mut spool, 0..10);
    assert_eq!(spool.front(5).unwrap().0.len(), 5);
    let mut dropped = 0;
    let mut next = 10;
    while dropped == 0 {
        dropped = spool.push(&message(next)).unwrap();
        next += 1;
    }
    assert_eq!(spool.advance(5), 0, "they were counted as dropped");
    assert_eq!(drain(&mut spool, 5), Vec::from_iter(dropped..next));
}

#[test]
fn a_file_cut_at_any_length_gives_what_is_whole_in_it() {
    let scratch = Scratch::new();
    let (mut spool, _) = open(&scratch);
    let mut ends = vec![64];
    for number in 0..6 {
        spool.push(&message(number)).unwrap();
        ends.push(fs::metadata(&files(&scratch)[0]).unwrap().len());
    }
    drop(spool);
    let file = files(&scratch).remove(0);
    let whole = fs::read(&file).unwrap();
    for length in 0..=whole.len() {
        fs::write(&file, &whole[..length]).unwrap();
        let (mut spool, found) = open(&scratch);
        let entries = ends.iter().filter(|end| **end <= length as u64).count().saturating_sub(1);
        let torn = usize::from(length > 64 && !ends.contains(&(length as u64)));
        assert_eq!(found, Found { entries, torn }, "cut to {length}");
        // What comes afterwards is not lost with it.
        spool.push(&message(9)).unwrap();
        let mut expected = Vec::from_iter(0..entries);
        expected.push(9);
        assert_eq!(drain(&mut spool, 2), expected, "cut to {length}");
    }
}

#[test]
fn any_byte_may_be_wrong() {
    let scratch = Scratch::new();
    let (mut spool, _) = open(&scratch);
    put(&mut spool, 0..6);
    spool.front(1).unwrap();
    spool.advance(1);
    drop(spool);
    let file = files(&scratch).remove(0);
    let whole = fs::read(&file).unwrap();
    for at in 0..whole.len() {
        let mut wrong = whole.clone();
        wrong[at] ^= 0x15;
        fs::write(&file, &wrong).unwrap();
        match try_open(&scratch) {
            Ok((mut spool, Found { entries, .. })) => {
                let numbers = drain(&mut spool, 2);
                assert_eq!(numbers.len(), entries);
                // A wrong place has the file read from its beginning.
                let first = *numbers.first().unwrap_or(&1);
                assert!(first <= 1 && numbers == Vec::from_iter(first..first + entries), "byte {at}: {numbers:?}");
            }
            Err(error) => assert!(at < 48 && error.kind() == ErrorKind::InvalidData, "byte {at}: {error}"),
        }
    }
    fs::write(&file, &whole).unwrap();
    assert_eq!(drain(&mut open(&scratch).0, 9), [1, 2, 3, 4, 5]);
}

#[test]
fn one_at_a_time_and_of_one_kind() {
    let scratch = Scratch::new();
    let (mut spool, _) = open(&scratch);
    let error = Spool::open(&scratch.0, KIND, MIB).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    spool.push("0 ").unwrap();
    drop(spool);
    let error = check(&scratch.0, "other").unwrap_err().to_string();
    assert!(error.contains("another kind") && error.contains("another directory"), "{error}");
    check(&scratch.0, KIND).unwrap();
    check(&scratch.join("not/there/yet"), KIND).unwrap();
    fs::write(scratch.join("file"), "").unwrap();
    let error = check(&scratch.join("file/below"), KIND).unwrap_err().to_string();
    assert!(error.contains("no directory"), "{error}");
}

/// This test binary as another process that does `work` in the directory.
fn child(work: &str, directory: &Path, around: &[&str]) -> Command {
    let own = env::current_exe().unwrap();
    let mut words: Vec<&std::ffi::OsStr> = around.iter().map(AsRef::as_ref).collect();
    words.push(own.as_ref());
    let mut command = Command::new(words.remove(0));
    command.args(words).args(["--exact", "--ignored", "--nocapture", "sink::tests::spool::as_a_child"]);
    command.env("MINEWALL_SPOOL", directory).env("MINEWALL_SPOOL_WORK", work);
    command
}

#[test]
#[ignore = "started by the others, in a process of its own"]
fn as_a_child() {
    let directory = PathBuf::from(env::var_os("MINEWALL_SPOOL").unwrap());
    match env::var("MINEWALL_SPOOL_WORK").unwrap().as_str() {
        "forever" => work_forever(&directory),
        _ => fill_the_disk(&directory),
    }
}

/// Puts and takes, and says what it did after it was done.
fn work_forever(directory: &Path) {
    let (mut spool, _) = Spool::open(directory, KIND, 1 << 30).unwrap();
    let mut out = std::io::stdout().lock();
    let (mut put, mut taken) = (0, 0);
    loop {
        for _ in 0..5 {
            spool.push(&message(put)).unwrap();
            put += 1;
        }
        let (messages, _) = spool.front(4).unwrap();
        taken += spool.advance(messages.len());
        if put % 500 == 0 {
            let front: Vec<_> = messages.iter().map(|message| &**message).collect();
            taken -= front.len();
            spool.push_front(front.into_iter()).unwrap();
        }
        std::io::Write::write_all(&mut out, format!("\n@{put} {taken}\n").as_bytes()).unwrap();
    }
}

#[test]
fn a_writer_killed_at_any_moment_loses_nothing() {
    for round in 0..25_u64 {
        let scratch = Scratch::new();
        let mut child = child("forever", &scratch.0, &[]).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut said = lines.filter_map(|line| {
            let (put, taken) = line.strip_prefix('@')?.split_once(' ')?;
            Some((put.parse::<usize>().ok()?, taken.parse::<usize>().ok()?))
        });
        let mut last = said.next().unwrap();
        thread::sleep(Duration::from_micros(round * 1_371 % 20_000));
        child.kill().unwrap();
        child.wait().unwrap();
        last = said.last().unwrap_or(last);
        let (put, taken) = last;
        let (mut spool, found) = Spool::open(&scratch.0, KIND, 1 << 30).unwrap();
        let numbers = drain(&mut spool, 10);
        // Between the last word and the end it may have put five more and taken four more, and put four back.
        let first = numbers[0];
        assert!((taken.saturating_sub(4)..=taken + 4).contains(&first), "{first} of {last:?}");
        let end = *numbers.last().unwrap();
        assert!((put - 1..=put + 4).contains(&end), "{end} of {last:?}");
        let mut each = numbers.clone();
        each.sort_unstable();
        each.dedup();
        assert_eq!(each, Vec::from_iter(first..=end), "nothing between is missing");
        assert!(numbers.len() - each.len() <= 4 && found.torn <= 1, "{found:?}");
    }
}

fn fill_the_disk(directory: &Path) {
    let (mut spool, _) = Spool::open(directory, KIND, 64 * MIB).unwrap();
    let (mut put, mut taken) = (0, Vec::new());
    for _ in 0..3 {
        let error = loop {
            match spool.push(&message(put)) {
                Ok(dropped) => assert_eq!(dropped, 0),
                Err(error) => break error,
            }
            put += 1;
        };
        assert_eq!(error.kind(), ErrorKind::StorageFull);
        assert!(spool.push_front([&*"x".repeat(900_000)].into_iter()).is_err(), "there is no room for that either");
        // Room comes with what is handed over.
        let until = taken.len() + put / 2;
        while taken.len() < until.min(put) {
            let (messages, _) = spool.front(10).unwrap();
            spool.advance(messages.len());
            taken.extend(messages.iter().map(|message| number(message)));
        }
    }
    drop(spool);
    let (mut spool, found) = Spool::open(directory, KIND, 64 * MIB).unwrap();
    assert_eq!(found, Found { entries: put - taken.len(), torn: 0 });
    taken.extend(drain(&mut spool, 10));
    assert_eq!(taken, Vec::from_iter(0..put));
}

#[test]
fn a_full_disk_is_an_error_and_damages_nothing() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("SKIPPED: only root can mount a small disk");
        return;
    }
    let scratch = Scratch::new();
    let mount = format!("mount -t tmpfs -o size=1m none {} && exec \"$@\"", scratch.0.display());
    let output = child("fill", &scratch.0, &["unshare", "-m", "sh", "-c", &mount, "sh"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
