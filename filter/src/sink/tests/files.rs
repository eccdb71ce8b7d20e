use std::io::Write;

use super::*;

fn lines(path: &Path) -> Vec<String> {
    fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
}

fn numbers(path: &Path) -> Vec<u32> {
    ids(lines(path).iter().map(String::as_str))
}

#[test]
fn records_are_lines_in_order_and_utf8() {
    let scratch = Scratch::new();
    let path = scratch.join("records.json");
    let sinks = start(file(&path));
    for number in 0..1000 {
        send(&sinks, [number]);
        wait_until("room in the channel", || count(&sinks).waiting < 64);
    }
    let counts = sinks.close(Duration::from_secs(10));
    assert_eq!((counts[0].sent, counts[0].lost, counts[0].waiting), (1000, 0, 0));
    assert_eq!(numbers(&path), Vec::from_iter(0..1000));
    assert!(fs::read_to_string(&path).unwrap().contains("机房"));
    assert_eq!(lines(&path)[7], record(7).to_json());
}

#[test]
fn a_renamed_file_is_opened_anew_on_demand() {
    let scratch = Scratch::new();
    let (path, old) = (scratch.join("records.json"), scratch.join("records.json.1"));
    let sinks = start(file(&path));
    send(&sinks, 0..5);
    wait_until("5 sent", || count(&sinks).sent == 5);
    fs::rename(&path, &old).unwrap();
    send(&sinks, 5..7);
    wait_until("7 sent", || count(&sinks).sent == 7);
    sinks.reopen();
    wait_until("the new file, without a record", || path.exists());
    send(&sinks, 7..10);
    sinks.close(Duration::from_secs(10));
    assert_eq!(numbers(&old), Vec::from_iter(0..7));
    assert_eq!(numbers(&path), Vec::from_iter(7..10));
}

#[test]
fn a_removed_file_is_made_anew() {
    let scratch = Scratch::new();
    let path = scratch.join("records.json");
    let sinks = start(file(&path));
    send(&sinks, [0]);
    wait_until("1 sent", || count(&sinks).sent == 1);
    fs::remove_file(&path).unwrap();
    send(&sinks, [1]);
    let counts = sinks.close(Duration::from_secs(10));
    assert_eq!((counts[0].sent, counts[0].lost), (2, 0));
    assert_eq!(numbers(&path), [1]);
}

#[test]
fn a_line_cut_off_stays_alone() {
    let scratch = Scratch::new();
    let path = scratch.join("records.json");
    fs::File::create(&path).unwrap().write_all(b"{\"event\":{\"id\":\"9\"}}\n{\"@timest").unwrap();
    let sinks = start(file(&path));
    send(&sinks, 0..2);
    sinks.close(Duration::from_secs(10));
    let lines = lines(&path);
    assert_eq!((lines.len(), &*lines[1]), (4, "{\"@timest"));
    assert_eq!(ids(lines[2..].iter().map(String::as_str)), [0, 1]);
}

#[test]
fn a_directory_that_goes_and_comes_back_costs_nothing() {
    let scratch = Scratch::new();
    let (directory, away) = (scratch.join("log"), scratch.join("away"));
    fs::create_dir(&directory).unwrap();
    let path = directory.join("records.json");
    let sinks = start(file(&path));
    fs::rename(&directory, &away).unwrap();
    sinks.reopen();
    wait_until("an error", || count(&sinks).errors > 0);
    assert!(!count(&sinks).connected);
    send(&sinks, 0..10);
    fs::create_dir(&directory).unwrap();
    let counts = sinks.close(Duration::from_secs(10));
    assert_eq!((counts[0].sent, counts[0].lost), (10, 0));
    assert_eq!(numbers(&path), Vec::from_iter(0..10));
}

#[test]
fn a_full_disk_loses_and_says_so() {
    let sinks = start(file(Path::new("/dev/full")));
    send(&sinks, 0..200);
    wait_until("errors", || count(&sinks).errors > 2);
    let before = count(&sinks);
    // One is in the thread's hand, 64 wait in the channel.
    assert!(before.lost >= 200 - 65, "{before:?}");
    let counts = sinks.close(Duration::from_millis(50));
    assert_eq!((counts[0].sent, counts[0].lost + counts[0].waiting), (0, 200));
}

#[test]
fn a_file_that_cannot_be_written_is_told_at_the_start() {
    let scratch = Scratch::new();
    let error = |path: &Path| format!("{:#}", Sinks::start_at(&[file(path)], "gw", FAST).err().unwrap());
    let missing = error(&scratch.join("no/such/records.json"));
    assert!(missing.contains("create the directory") && missing.contains("no/such"), "{missing}");
    let directory = error(&scratch.0);
    assert!(directory.contains("name a file in it"), "{directory}");
}
