//! Disks that are full or cannot be written, two updates at once.

use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use minewall_lab::ready;

use super::place::{BINARY, Place, Ran, names};

/// Runs a script in which `minewall` is the program with this configuration, `$LISTS` the store, `$RUN` the runtime
/// directory, in a mount namespace of its own.
fn script(place: &Place, script: &str) -> Ran {
    let config = place.path("minewall.toml");
    let all = format!(
        "minewall() {{ {BINARY} \"$@\" -c {}; echo \"code $?\"; }}\ncd {}\n{script}",
        config.display(),
        place.path("").display()
    );
    let mut command = std::process::Command::new("unshare");
    command.args(["-m", "sh", "-c", &all]).env("LISTS", place.store()).env("RUN", place.path("run"));
    command.stdin(Stdio::null()).output().unwrap().into()
}

/// A text that does not fit into 128 KiB.
fn large() -> String {
    names("a-rather-long-name-that-fills-the-disk.good.example", 4000)
}

#[test]
fn a_full_disk_leaves_the_former_generation() {
    if !ready("a_full_disk_leaves_the_former_generation") {
        return;
    }
    let place = Place::with("[lists.update]\ngrowth = 1000000\n", &[("one", "")]);
    place.serve("one", "good.example\n");
    std::fs::write(place.path("large.txt"), large()).unwrap();
    let ran = script(
        &place,
        "mkdir $LISTS; mount -t tmpfs -o size=128k none $LISTS\n\
         minewall lists update; cp large.txt one.txt; minewall lists update; minewall check good.example\n\
         minewall check n1.a-rather-long-name-that-fills-the-disk.good.example | grep entry\n\
         ls $LISTS; minewall lists update; minewall lists update --force; mount -o remount,size=4m $LISTS\n\
         minewall lists update --force; minewall check good.example; minewall lists status --json",
    );
    let said: Vec<_> = ran.out.lines().filter(|line| line.starts_with("code ")).collect();
    assert_eq!(said, ["code 0", "code 2", "code 0", "code 0", "code 2", "code 0", "code 1", "code 0"], "{ran:?}");
    assert!(ran.out.contains("by entry good.example"), "{ran:?}");
    assert!(ran.out.contains("current\ngeneration-1\n"), "nothing is left behind: {ran:?}");
    assert!(ran.err.contains("the disk is full; make room, or set lists.update.directory"), "{ran:?}");
    assert!(ran.out.contains("one: not tried before 20"), "{ran:?}");
    assert!(ran.out.contains("one: 4000 entries, 1 before"), "{ran:?}");
}

#[test]
fn a_full_scratch_fails_that_feed() {
    if !ready("a_full_scratch_fails_that_feed") {
        return;
    }
    let place = Place::with("[lists.update]\ngrowth = 1000000\n", &[("one", ""), ("two", "")]);
    place.serve("one", &large());
    place.serve("two", "good.example\n");
    let ran = script(
        &place,
        "mkdir -p $RUN/lists; mount -t tmpfs -o size=64k none $RUN/lists\n\
         minewall lists update; minewall check good.example; ls $RUN/lists",
    );
    assert!(ran.out.contains("two: 1 entries, new") && ran.out.contains("code 1\n"), "{ran:?}");
    assert!(ran.out.contains("good.example: pool") && ran.out.contains("code 0\n"), "{ran:?}");
    assert!(ran.err.contains("one: not taken") && ran.err.contains("No space left"), "{ran:?}");
    assert!(!ran.out.contains("work-"), "{ran:?}");
}

#[test]
fn a_disk_that_cannot_be_written_is_told_and_read() {
    if !ready("a_disk_that_cannot_be_written_is_told_and_read") {
        return;
    }
    let place = Place::new(&[("one", "")]);
    place.serve("one", "good.example\n");
    let ran = script(
        &place,
        "mkdir $LISTS; mount -t tmpfs none $LISTS; minewall lists update; mount -o remount,ro $LISTS\n\
         echo new.example >> one.txt; minewall lists update; minewall check good.example; minewall lists status\n\
         minewall lists rollback; minewall lists update --dry-run",
    );
    let said: Vec<_> = ran.out.lines().filter(|line| line.starts_with("code ")).collect();
    assert_eq!(said, ["code 0", "code 2", "code 0", "code 0", "code 2", "code 0"], "{ran:?}");
    assert!(ran.err.contains("Read-only file system") && ran.err.contains("set lists.update.directory"), "{ran:?}");
    assert!(ran.out.contains("+ new.example"), "{ran:?}");
    let place = Place::new(&[("one", "")]);
    std::fs::write(place.store(), "a file").unwrap();
    place.update(&[]).must(2, &["cannot make", "set lists.update.directory"]);
}

#[test]
fn one_update_at_a_time() {
    let place = Place::new(&[("one", "")]);
    // A source that keeps the first one waiting.
    let source = TcpListener::bind("127.0.0.1:0").unwrap();
    let text = std::fs::read_to_string(place.path("minewall.toml")).unwrap();
    let (file, url) = (place.path("one.txt"), format!("http://{}/", source.local_addr().unwrap()));
    let text = text.replace(&format!("file://{}", file.display()), &url);
    std::fs::write(place.path("minewall.toml"), text).unwrap();
    let mut command = place.command(Path::new(BINARY), &["lists", "update"]);
    let first = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (mut asking, _) = source.accept().unwrap();
    place.update(&[]).must(2, &["another update", "at work"]);
    place.run(&["lists", "rollback"]).must(2, &["another update"]);
    asking.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\ngood.example\n").unwrap();
    Ran::from(first.wait_with_output().unwrap()).must(0, &["one: 1 entries, new"]);
    assert!(place.lists("good.example"));
}

/// What below this directory does not belong to the user.
fn of_others(directory: &Path, user: u32) -> Vec<PathBuf> {
    let mut others = Vec::new();
    let mut waiting = vec![directory.to_owned()];
    while let Some(path) = waiting.pop() {
        let meta = std::fs::symlink_metadata(&path).unwrap();
        if meta.is_dir() {
            waiting.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
        others.extend((meta.uid() != user).then_some(path));
    }
    others
}

#[test]
fn what_root_asks_for_is_done_as_the_owner_of_the_lists() {
    if !ready("what_root_asks_for_is_done_as_the_owner_of_the_lists") {
        return;
    }
    const OWNER: u32 = 12_345;
    let place = Place::new(&[("one", "")]);
    for directory in [place.store(), place.path("run")] {
        std::fs::create_dir(&directory).unwrap();
        chown(&directory, Some(OWNER), Some(OWNER)).unwrap();
    }
    let step = |words: &[&str], says: &str| {
        place.run(words).must(0, &[says]);
        for directory in [place.store(), place.path("run")] {
            assert_eq!(of_others(&directory, OWNER), [""; 0].map(PathBuf::from), "{words:?}");
        }
    };
    place.serve("one", "first.example\n");
    step(&["lists", "update", "--dry-run"], "one: 1 entries, new");
    step(&["lists", "update"], "the lists have changed");
    place.serve("one", "second.example\n");
    step(&["lists", "update"], "the lists have changed");
    step(&["lists", "rollback"], "the former lists are in use again");
    assert!(place.path("run/lists").is_dir(), "what is worked on is worked on there");
}
