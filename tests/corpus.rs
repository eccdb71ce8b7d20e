//! The corpus is what its catalogue and the program give, and every dialect has its share of it.

use std::path::{Path, PathBuf};

use minewall_catalogue::{Case, Corpus, Task};
use minewall_core::dialect::stream::STREAMS;
use minewall_core::dialect::{PROOF, TABLE};

/// Cases of each dialect at the least.
const MINING: usize = 3;
const NEAR_MISSES: usize = 2;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

#[test]
fn every_case_is_replayed_as_it_says() {
    let corpus = Corpus { root: root(), program: env!("CARGO_BIN_EXE_minewall").into() };
    let wrong = corpus.perform(Task::Check).unwrap();
    assert!(wrong.is_empty(), "{} things are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_dialect_has_its_cases() {
    let cases = Corpus::cases(&root()).unwrap();
    let rows = TABLE.iter().map(|row| (row.id, row.tokens)).chain(STREAMS.iter().map(|row| (row.id, row.tokens)));
    let mut wrong = Vec::new();
    for (id, tokens) in rows {
        // What never proves mining has no conversation in which it must be found.
        let weighs = tokens.iter().map(|token| u16::from(token.weight)).sum::<u16>();
        let wanted = if weighs < u16::from(PROOF) { 0 } else { MINING };
        let speaks = |case: &&Case| case.expect.as_ref().is_some_and(|expect| expect.dialect.as_deref() == Some(id));
        let mining = cases.iter().filter(speaks).count();
        let near = cases.iter().filter(|case| case.group == id && case.expect.is_none()).count();
        if mining < wanted || near < NEAR_MISSES {
            wrong.push(format!("{id}: {mining} mining cases, {near} near misses"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
