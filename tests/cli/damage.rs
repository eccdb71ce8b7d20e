//! Damaged captures: what stands before the damage is used, then one clear error and exit code 2.

use super::capture::{Capture, Order};
use super::program::{Files, minewall, replay};
use super::story;
use super::wire::{self, Link};

/// A question for the listed name by the host 10.1.x.y.
fn ask(host: usize) -> Vec<u8> {
    let host = wire::socket(&format!("10.1.{}.{}:4000", host / 256, host % 256));
    wire::udp(host, wire::socket("203.0.113.7:53"), &wire::question("pool.example.org", 1))
}

fn address(host: usize) -> String {
    format!("10.1.{}.{}", host / 256, host % 256)
}

/// Captures of three questions; `frames` tells how many are whole at a length at which the capture is sound.
struct Kind {
    name: &'static str,
    make: fn(usize) -> Capture,
    /// How many of `sound` come before the first frame.
    before: usize,
}

const KINDS: [Kind; 3] = [
    Kind {
        name: "pcap",
        make: |host| {
            let mut capture = Capture::pcap(Order::Little, true, Link::Ethernet.number());
            (0..3).for_each(|_| capture.frame(story::BEGIN_NS, &Link::Ethernet.frame(&ask(host), true)));
            capture
        },
        before: 1,
    },
    Kind {
        name: "pcapng",
        make: |host| {
            let mut capture = Capture::pcapng(Order::Big);
            capture.interface(Link::Cooked.number(), 0, 9, 0);
            (0..3).for_each(|_| capture.packet(0, story::BEGIN_NS, &Link::Cooked.frame(&ask(host), true)));
            capture
        },
        before: 2,
    },
    Kind {
        name: "simple",
        make: |host| {
            let mut capture = Capture::pcapng(Order::Little);
            capture.interface(Link::Raw.number(), 0, 6, 0);
            let packet = ask(host);
            (0..3).for_each(|_| capture.simple(&packet, packet.len()));
            capture
        },
        before: 2,
    },
];

#[test]
fn cut_at_every_length() {
    for kind in KINDS {
        let files = Files::new();
        let whole = (kind.make)(0).bytes.len();
        // Each cut has a host of its own, so that one run reads them all.
        let names: Vec<_> = (0..=whole)
            .map(|length| files.write(&format!("{length}.cut"), &(kind.make)(length).bytes[..length]))
            .collect();
        let ran = replay(&files, &names.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(ran.code, 2);
        let records = ran.records();
        for (length, name) in names.iter().enumerate() {
            let capture = (kind.make)(length);
            let what = format!("{} cut at {length} of {whole}", kind.name);
            let passed = capture.sound.iter().filter(|end| **end <= length).count();
            let frames = passed.saturating_sub(kind.before);
            let found = records.iter().filter(|record| record["source"]["ip"] == address(length)).count();
            assert_eq!(found, frames, "{what}");
            let errors: Vec<_> = ran.err.lines().filter(|line| line.contains(&format!("{name}: "))).collect();
            let is_sound = capture.sound.contains(&length);
            assert_eq!(errors.len(), usize::from(!is_sound), "{what}: {errors:?}");
            let at = passed.checked_sub(1).map_or(0, |last| capture.sound[last]);
            for error in errors {
                let told = match length {
                    0 => "it is empty".to_owned(),
                    1..4 => "it is neither pcap nor pcapng".to_owned(),
                    _ if passed == 0 => "its header, at byte 0, is cut short or damaged".to_owned(),
                    _ => format!("it is cut short at byte {at}; everything before was used"),
                };
                assert_eq!(error, format!("minewall: in the capture {name}: {told}"), "{what}");
            }
        }
    }
}

#[test]
fn a_cut_between_frames_is_no_damage() {
    for kind in KINDS {
        let files = Files::new();
        let capture = (kind.make)(1);
        for (number, end) in capture.sound.iter().enumerate() {
            let file = files.write("sound.cut", &capture.bytes[..*end]);
            let ran = replay(&files, &[&file]);
            assert_eq!(ran.code, 0, "{} cut at {end}: {}", kind.name, ran.err);
            assert_eq!(ran.records().len(), (number + 1).saturating_sub(kind.before));
        }
    }
}

#[test]
fn damaged_lengths_are_told_with_their_byte() {
    let pcap = (KINDS[0].make)(1);
    let enhanced = (KINDS[1].make)(1);
    let simple = (KINDS[2].make)(1);
    let (second, second_ng, second_simple) = (pcap.sound[1], enhanced.sound[2], simple.sound[2]);
    let word = |number: u32, order: Order| order.u32(number);
    let cases: [(&str, &Capture, usize, [u8; 4], usize, &str); 8] = [
        ("caplen of 4 GiB", &pcap, second + 8, [0xff; 4], second, "a length beyond 16 MiB"),
        ("caplen beyond the file", &pcap, second + 8, word(4096, Order::Little), second, ""),
        ("block of 4 GiB", &enhanced, second_ng + 4, [0xff, 0xff, 0xff, 0xf0], second_ng, "a length beyond 16 MiB"),
        ("block of 4 bytes", &enhanced, second_ng + 4, word(4, Order::Big), second_ng, "contradicts itself"),
        ("caplen beyond its block", &enhanced, second_ng + 20, word(4096, Order::Big), second_ng, ""),
        ("interface", &enhanced, second_ng + 8, word(9, Order::Big), second_ng, "interface 9, which was not described"),
        ("end of block", &simple, simple.sound[3] - 4, word(12, Order::Little), second_simple, "ends as one of 12"),
        ("length 12", &simple, second_simple + 4, word(12, Order::Little), second_simple, "contradicts itself"),
    ];
    for (what, capture, at, bytes, place, words) in cases {
        let files = Files::new();
        let mut damaged = capture.bytes.clone();
        damaged[at..at + 4].copy_from_slice(&bytes);
        let file = files.write("damaged", damaged);
        let ran = replay(&files, &[&file]);
        assert_eq!(ran.code, 2, "{what}");
        assert_eq!(ran.records().len(), 1, "{what}: {}", ran.err);
        let errors: Vec<_> = ran.err.lines().filter(|line| line.starts_with("minewall:")).collect();
        assert_eq!(errors.len(), 1, "{what}: {}", ran.err);
        assert!(errors[0].contains(&format!(" at byte {place}")) && errors[0].contains(words), "{what}: {}", errors[0]);
        assert!(ran.err.contains("1 finding, 1 record"), "{what}: {}", ran.err);
    }
}

#[test]
fn a_frame_longer_than_any_snap_length_is_damage() {
    let files = Files::new();
    let mut capture = Capture::pcap(Order::Little, false, Link::Raw.number());
    capture.frame(story::BEGIN_NS, &ask(1));
    let at = capture.bytes.len();
    capture.frame(story::BEGIN_NS, &vec![0; 262_145]);
    capture.frame(story::BEGIN_NS, &ask(1));
    let file = files.write("long.pcap", capture.bytes);
    let ran = replay(&files, &[&file]);
    assert_eq!((ran.code, ran.records().len()), (2, 1));
    assert!(ran.err.contains(&format!("damaged at byte {at} (a frame of 262145 bytes)")), "{}", ran.err);
}

#[test]
fn blocks_larger_than_the_buffer_are_passed_over() {
    let files = Files::new();
    let mut capture = Capture::pcapng(Order::Little);
    capture.interface(Link::Raw.number(), 0, 6, 0);
    capture.block(0x0bad_f00d, &vec![7; 3 << 20]);
    capture.packet(0, story::BEGIN_NS, &ask(1));
    let file = files.write("large.pcapng", capture.bytes);
    let ran = replay(&files, &[&file]);
    assert_eq!((ran.code, ran.records().len()), (0, 1), "{}", ran.err);
}

#[test]
fn no_byte_can_make_it_panic() {
    for kind in KINDS {
        let whole = (kind.make)(0).bytes;
        for value in [0x00, 0x7f, 0xff] {
            let files = Files::new();
            let names: Vec<_> = (0..whole.len())
                .map(|at| {
                    let mut bytes = whole.clone();
                    bytes[at] = if bytes[at] == value { value ^ 0x55 } else { value };
                    files.write(&format!("{at}.odd"), bytes)
                })
                .collect();
            let ran = replay(&files, &names.iter().map(String::as_str).collect::<Vec<_>>());
            assert!(matches!(ran.code, 0 | 2), "{}", ran.err);
            assert!(!ran.err.contains("panicked"), "{}", ran.err);
            assert!(ran.err.contains(" captures; "), "no summary: {}", ran.err);
            ran.records();
        }
    }
}

#[test]
fn what_is_no_capture_is_named_and_the_others_are_read() {
    let files = Files::new();
    let sound = (KINDS[0].make)(1).bytes;
    let first = files.write("first.pcap", &sound);
    let cut = files.write("cut.pcap", &(KINDS[0].make)(2).bytes[..sound.len() - 1]);
    let empty = files.write("empty.pcap", "");
    let text = files.write("notes.txt", "these are not the packets you are looking for\n");
    let last = files.write("last.pcapng", (KINDS[1].make)(3).bytes);
    let directory = files.path().to_str().unwrap().to_owned();
    let missing = format!("{directory}/missing.pcap");
    let ran = replay(&files, &[&first, &cut, &empty, &text, &directory, &missing, &last]);
    assert_eq!(ran.code, 2);
    let count = |host| ran.records().iter().filter(|record| record["source"]["ip"] == address(host)).count();
    assert_eq!([1, 2, 3].map(count), [3, 2, 3]);
    let errors: Vec<_> = ran.err.lines().filter(|line| line.starts_with("minewall:")).collect();
    let told = [
        (&cut, "it is cut short at byte "),
        (&empty, "it is empty"),
        (&text, "it is neither pcap nor pcapng"),
        (&directory, "it is a directory; name the captures in it"),
        (&missing, "cannot open it: No such file or directory"),
    ];
    assert_eq!(errors.len(), told.len(), "{}", ran.err);
    for (error, (file, words)) in errors.iter().zip(told) {
        assert!(error.starts_with(&format!("minewall: in the capture {file}: {words}")), "{error}");
    }
    assert!(ran.err.contains("in 3 captures; "), "{}", ran.err);
    // One that is damaged among one: the same code in either format.
    assert_eq!(minewall(&["replay", &cut]).code, 2);
    assert_eq!(minewall(&["replay", &missing]).code, 2);
    assert_eq!(minewall(&["replay"]).code, 2);
}
