//! The loop: inputs are changed, and those that took a new way are kept to be changed again.

use crate::{
    law::{self, Ways},
    mutate::{Random, mutate},
};
use minewall_lists::Format;
use std::{
    collections::HashSet,
    fs, io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    time::{Duration, Instant},
};

/// Inputs kept at most.
const MAX_KEPT: usize = 4096;

/// What a search saw.
#[derive(Debug)]
pub struct Seen {
    /// Inputs tried.
    pub tried: u64,
    /// Ways taken.
    pub ways: usize,
    /// The input that broke the law, if one did.
    pub broken: Option<Vec<u8>>,
}

/// The golden cases of the formats, as inputs of [`law::lists`]: in their own format, and to be found out.
///
/// # Errors
/// A case cannot be read.
pub fn seeds(formats: &Path) -> io::Result<Vec<Vec<u8>>> {
    let mut seeds = Vec::new();
    for format in Format::all() {
        for entry in fs::read_dir(formats.join(format.as_str()))? {
            let path = entry?.path();
            if path.extension().is_some_and(|ending| ending == "list") {
                let text = fs::read(path)?;
                for format in [format, Format::Auto] {
                    seeds.push([&[law::chooses(format), 6], text.as_slice()].concat());
                }
            }
        }
    }
    seeds.sort();
    Ok(seeds)
}

/// Looks for an input that breaks the law, for so long. The same seed and number of inputs give the same search.
pub fn run(law: fn(&[u8]) -> Ways, seeds: Vec<Vec<u8>>, seed: u64, time: Duration) -> Seen {
    let (mut random, mut ways, mut kept) = (Random(seed), HashSet::new(), seeds.clone());
    let mut tried = 0;
    let mut waiting = seeds.into_iter();
    let started = Instant::now();
    loop {
        let input = waiting.next().unwrap_or_else(|| {
            let mut input = random.pick(&kept).cloned().unwrap_or_default();
            let other = random.pick(&kept).cloned().unwrap_or_default();
            mutate(&mut input, &other, &mut random);
            input
        });
        tried += 1;
        match catch_unwind(AssertUnwindSafe(|| law(&input))) {
            Err(_) => return Seen { tried, ways: ways.len(), broken: Some(input) },
            Ok(way) => {
                if ways.insert(way) && kept.len() < MAX_KEPT {
                    kept.push(input);
                }
            }
        }
        if started.elapsed() >= time {
            return Seen { tried, ways: ways.len(), broken: None };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_law_that_can_be_broken_is() {
        let law = |input: &[u8]| {
            assert!(!input.windows(4).any(|word| word == b"xn--"), "found");
            input.len() as Ways
        };
        let seen = run(law, vec![b"\0\0a.b\n".to_vec()], 1, Duration::from_secs(60));
        assert!(seen.broken.is_some_and(|input| input.windows(4).any(|word| word == b"xn--")));
    }
}
