//! Odd clocks, closed pipes, full disks, pipes for files, large captures.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::capture::{Capture, Order};
use super::program::{BINARY, Files, Ran, minewall, replay};
use super::story::{self, V4};
use super::wire::{self, DATA, Link};

fn ask(host: u32) -> Vec<u8> {
    let [a, b, c, d] = (0x0a00_0000 + host % 0x00ff_ffff).to_be_bytes();
    let host = wire::socket(&format!("{a}.{b}.{c}.{d}:4000"));
    wire::udp(host, wire::socket("203.0.113.7:53"), &wire::question("pool.example.org", 1))
}

#[test]
fn a_clock_that_goes_back_does_not_tear_a_login() {
    let files = Files::new();
    let shots = story::shots(V4);
    let mut capture = Capture::pcap(Order::Little, true, Link::Raw.number());
    let back = |number: usize| story::BEGIN_NS - number as u64 * 3_600_000_000_000;
    for (number, shot) in shots.iter().enumerate() {
        capture.frame(back(number), &shot.packet);
    }
    let file = files.write("back.pcap", capture.bytes);
    let ran = replay(&files, &[&file]);
    assert_eq!(ran.code, 0);
    let words: Vec<_> = ran.records().iter().map(story::words).collect();
    assert_eq!(words, story::FOUND.map(|(_, words)| words));
    let login = &ran.records()[2]["@timestamp"];
    assert_eq!(login, "2026-11-23T05:01:02.123456Z", "15 hours before");
}

#[test]
fn times_at_the_ends_of_the_calendar() {
    let files = Files::new();
    let mut capture = Capture::pcap(Order::Little, true, Link::Raw.number());
    for (seconds, fraction) in [(0, 0), (u32::MAX, u32::MAX), (0, u32::MAX), (1, 0)] {
        capture.stamped(seconds, fraction, &ask(1));
    }
    let pcap = files.write("times.pcap", capture.bytes);
    let mut capture = Capture::pcapng(Order::Big);
    for (resolution, offset) in [(0, 0), (6, i64::MAX), (6, i64::MIN), (0x80 | 63, -1), (127, 0), (6, 3600), (255, 5)] {
        capture.interface(Link::Raw.number(), 0, resolution, offset);
    }
    for interface in 0..7 {
        capture.packet_at(interface, u64::MAX, &ask(2));
        capture.packet_at(interface, 0, &ask(2));
    }
    let pcapng = files.write("times.pcapng", capture.bytes);
    let ran = replay(&files, &[&pcap, &pcapng]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let times: Vec<_> = ran.records().iter().map(|record| record["@timestamp"].as_str().unwrap().to_owned()).collect();
    assert_eq!(times.len(), 4 + 14);
    assert_eq!(
        times[..4],
        [
            "1970-01-01T00:00:00.000000Z",
            "2106-02-07T06:28:19.294967Z",
            "1970-01-01T00:00:04.294967Z",
            "1970-01-01T00:00:01.000000Z"
        ]
    );
    for time in &times {
        assert_eq!(time.len(), "1970-01-01T00:00:00.000000Z".len(), "{time}");
    }
    // One second before 1970, and one hour after.
    assert_eq!(times[4 + 7], "1970-01-01T00:00:00.000000Z");
    assert_eq!(times[4 + 11], "1970-01-01T01:00:00.000000Z");
    let table = minewall(&["replay", "-c", &files.config(), &pcap, &pcapng]);
    assert_eq!(table.code, 0, "{}", table.err);
    assert_eq!(table.out.matches("10.0.0.2").count(), 14);
}

/// A capture of so many questions, each a finding, or of as many connections with a little payload.
fn write_large(file: &std::path::Path, frames: u32, questions: bool) {
    let mut out = BufWriter::new(File::create(file).unwrap());
    out.write_all(&Capture::pcap(Order::Little, false, Link::Raw.number()).bytes).unwrap();
    let pool = wire::socket("203.0.113.7:8080");
    for number in 0..frames {
        let packet = if questions {
            ask(number)
        } else {
            let [_, b, c, d] = number.to_be_bytes();
            let host = wire::socket(&format!("10.{b}.{c}.{d}:4000"));
            wire::tcp(host, pool, 1, DATA, &[b'x'; 100])
        };
        let length = packet.len() as u32;
        let header = [number / 1000, number % 1000 * 1000, length, length];
        out.write_all(&header.map(u32::to_le_bytes).concat()).unwrap();
        out.write_all(&packet).unwrap();
    }
    out.flush().unwrap();
}

/// The most memory the program has held so far, in KiB; none when it has ended.
fn peak(child: &Child) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Runs it to its end, its standard output thrown away; what it said, and the most memory it held.
fn measure(arguments: &[&str]) -> (Ran, u64) {
    let command = &mut Command::new(BINARY);
    let mut child = command.args(arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut most = 0;
    let status = loop {
        most = peak(&child).unwrap_or_default().max(most);
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let mut err = String::new();
    child.stderr.unwrap().read_to_string(&mut err).unwrap();
    (Ran { code: status.code().unwrap(), out: String::new(), err }, most)
}

#[test]
fn memory_does_not_grow_with_the_capture() {
    const FRAMES: u32 = 200_000;
    let files = Files::new();
    let config = files.config();
    let file = files.path().join("large.pcap");
    let path = file.to_str().unwrap();
    for (what, questions) in [("connections", false), ("questions", true)] {
        for format in ["json", "table"] {
            let run = |frames: u32| {
                write_large(&file, frames, questions);
                let (ran, most) = measure(&["replay", "--format", format, "-c", &config, path]);
                assert_eq!(ran.code, 0, "{}", ran.err);
                (ran, most)
            };
            let (_, few) = run(FRAMES / 10);
            let (ran, many) = run(FRAMES);
            println!("{what} as {format}: {few} KiB for {}, {many} KiB for {FRAMES}; {}", FRAMES / 10, ran.err);
            assert!(ran.err.starts_with("200,000 packets"), "{}", ran.err);
            let found = if questions { "200,000 findings, 200,000 records" } else { "200,000 flows" };
            assert!(ran.err.contains(found), "{}", ran.err);
            // The tables of flows are full by then; beyond them nothing may be kept.
            assert!(many < 160 << 10, "{what} as {format}: {many} KiB");
            assert!(many < few + (64 << 10), "{what} as {format}: {few} KiB became {many} KiB");
        }
    }
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let files = Files::new();
    let file = files.path().join("large.pcap");
    write_large(&file, 5000, true);
    let config = files.config();
    for format in ["json", "table"] {
        let command = &mut Command::new(BINARY);
        command.args(["replay", "--format", format, "-c", &config]).arg(&file);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(!line.is_empty());
        let ran = child.wait_with_output().unwrap();
        assert_eq!((ran.status.code(), String::from_utf8(ran.stderr).unwrap()), (Some(0), String::new()), "{format}");
    }
    for arguments in [&["rules", "print", "--backend", "nft"][..], &["check", "pool.example.org"], &["--help"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let ran = Command::new(BINARY).args(arguments).stdout(writer).stderr(Stdio::piped()).output().unwrap();
        assert_eq!(String::from_utf8(ran.stderr).unwrap(), "", "{arguments:?}");
        assert_eq!(ran.status.code(), Some(0), "{arguments:?}");
    }
}

#[test]
fn a_full_disk_is_told() {
    let files = Files::new();
    let file = files.path().join("some.pcap");
    write_large(&file, 10, true);
    let full = File::options().write(true).open("/dev/full").unwrap();
    let command = &mut Command::new(BINARY);
    let ran = command.args(["replay", "-c", &files.config()]).arg(&file).stdout(full).output().unwrap();
    assert_eq!(ran.status.code(), Some(2));
    let said = String::from_utf8(ran.stderr).unwrap();
    assert!(said.starts_with("minewall: cannot write to standard output: No space left"), "{said}");
}

#[test]
fn a_pipe_is_read_like_a_file() {
    let files = Files::new();
    let file = files.path().join("some.pcap");
    write_large(&file, 3000, true);
    let bytes = fs::read(&file).unwrap();
    let command = &mut Command::new(BINARY);
    command.args(["replay", "--format", "json", "-c", &files.config(), "/dev/stdin"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || bytes.chunks(777).try_for_each(|chunk| stdin.write_all(chunk)));
    let ran = Ran::from(child.wait_with_output().unwrap());
    writer.join().unwrap().unwrap();
    assert_eq!((ran.code, ran.records().len()), (0, 3000), "{}", ran.err);
}
