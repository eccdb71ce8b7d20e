//! The journal written, read, damaged, and found out.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use flate2::read::MultiGzDecoder;
use minewall_core::config;
use minewall_core::evidence::timestamp;

use super::segment::{self, Segment};
use super::verify::{Report, verify};
use super::{Class, Clock, Journal};

mod faults;
mod tampering;
mod written;

/// 2026-11-24T00:00:00Z.
const MIDNIGHT_US: i64 = 1_795_478_400_000_000;
const SECOND_US: i64 = 1_000_000;

/// A directory of the test's own, removed with its content.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("minewall-journal-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// SplitMix64: the same numbers each time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }
}

/// Small segments, many checkpoints.
fn settings(directory: &Path) -> config::Journal {
    let directory = directory.to_str().unwrap().to_owned();
    config::Journal { directory, segment: 64 << 10, checkpoint: 50, ..config::Journal::default() }
}

fn open(directory: &Path) -> Journal {
    Journal::open(&settings(directory), "gw", Clock::Events(MIDNIGHT_US)).unwrap()
}

/// A line as sinks are given it.
fn record(number: u32, time_us: i64) -> String {
    format!(
        "{{\"@timestamp\":\"{}\",\"event\":{{\"kind\":\"alert\",\"action\":\"blocked\",\"reason\":\"Cut 10.0.0.{} off\",\
         \"id\":\"{number}\"}},\"source\":{{\"ip\":\"10.0.0.{}\"}},\"minewall\":{{\"worker\":\"机房-{number}\"}}}}",
        timestamp(time_us),
        number % 250,
        number % 250
    )
}

/// Writes `count` records a second apart, and an incident with each tenth.
fn fill(journal: &mut Journal, first: u32, count: u32) {
    for number in first..first + count {
        let time_us = MIDNIGHT_US + i64::from(number) * SECOND_US;
        journal.append(Class::Records, time_us, &record(number, time_us)).unwrap();
        if number % 10 == 0 {
            journal.append(Class::Incidents, time_us, &record(number, time_us)).unwrap();
        }
        journal.attend().unwrap();
    }
}

/// A journal of `count` records, stopped in good order.
fn written(directory: &Path, count: u32) {
    let mut journal = open(directory);
    fill(&mut journal, 0, count);
    journal.close().unwrap();
}

fn checked(directory: &Path) -> Report {
    verify(directory, &[], None).unwrap()
}

/// The text of a segment.
fn text(segment: &Segment) -> Vec<u8> {
    let bytes = fs::read(&segment.path).unwrap();
    if !segment.is_packed {
        return bytes;
    }
    let mut text = Vec::new();
    MultiGzDecoder::new(&*bytes).read_to_end(&mut text).unwrap();
    text
}

fn segments(directory: &Path) -> Vec<Segment> {
    Class::ALL.iter().flat_map(|class| segment::list(directory, *class).unwrap()).collect()
}
