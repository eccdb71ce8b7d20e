//! What of the journal is kept no longer: whole segments, the oldest first, by age and by size.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use minewall_core::config;

use super::chain::time;
use super::line::{Class, Removed};
use super::segment::{self, Segment};

const DAY_US: i64 = 86_400_000_000;

/// What is due to go, with the files: by age, then by size. The open segment always stays.
pub(super) fn due(
    directory: &Path,
    class: Class,
    settings: &config::Journal,
    now_us: i64,
) -> io::Result<Vec<(Removed, Vec<PathBuf>)>> {
    let (days, bytes) = match class {
        Class::Incidents => (settings.incidents_days, settings.incidents_bytes),
        Class::Records => (settings.records_days, settings.records_bytes),
    };
    let segments = segment::list(directory, class)?;
    let sizes: Vec<u64> =
        segments.iter().map(|segment| fs::metadata(&segment.path).map_or(0, |file| file.len())).collect();
    let mut left: u64 = sizes.iter().sum();
    let oldest_us = now_us.saturating_sub(i64::from(days) * DAY_US);
    let (mut aged, mut outgrown) = (Stretch::new("age", days.into()), Stretch::new("size", bytes));
    for ((segment, next), size) in segments.iter().zip(segments.iter().skip(1)).zip(sizes) {
        let Some(head) = next.head() else { break };
        let is_old = head.before.is_some_and(|span| span.until.as_microsecond() < oldest_us);
        let stretch = match (is_old && outgrown.paths.is_empty(), left > bytes) {
            (true, _) => &mut aged,
            (false, true) => &mut outgrown,
            (false, false) => break,
        };
        left = left.saturating_sub(size);
        let Some(before) = head.before else { break };
        let removed = stretch.removed.get_or_insert_with(|| Removed {
            time: time(now_us),
            span: before,
            hash: String::new(),
            why: stretch.why.to_owned(),
            limit: stretch.limit,
        });
        removed.span.to = next.first - 1;
        removed.span.since = removed.span.since.min(before.since);
        removed.span.until = removed.span.until.max(before.until);
        removed.hash = head.previous;
        stretch.paths.extend(both(segment));
    }
    Ok([aged, outgrown].into_iter().filter_map(|stretch| Some((stretch.removed?, stretch.paths))).collect())
}

/// Segments that go for one reason.
struct Stretch {
    why: &'static str,
    limit: u64,
    removed: Option<Removed>,
    paths: Vec<PathBuf>,
}

impl Stretch {
    const fn new(why: &'static str, limit: u64) -> Self {
        Self { why, limit, removed: None, paths: Vec::new() }
    }
}

/// The file, and its compressed form should it be there too.
fn both(segment: &Segment) -> Vec<PathBuf> {
    let packed = segment.packed();
    if segment.is_packed || !packed.exists() { vec![segment.path.clone()] } else { vec![segment.path.clone(), packed] }
}

pub(super) fn remove(directory: &Path, paths: &[PathBuf]) -> io::Result<()> {
    for path in paths {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    segment::sync(directory)
}
