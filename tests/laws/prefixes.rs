//! Every prefix of every conversation.

use minewall_core::engine::Verdict;
use minewall_core::policy::Mode;

use super::talk::{Carried, Talk, bursts, cases, engine};

const CARRIED: Carried = Carried { v6: false, syn: true, begin: [1_000, 77_000] };

/// Every prefix of what each side says has one verdict, whatever comes: before the end of a near miss, nothing is found.
#[test]
fn no_prefix_of_a_near_miss_raises_anything() {
    let mut engine = engine(Mode::Block, 1_024);
    let mut wrong = Vec::new();
    let mut tried = 0_usize;
    for case in cases() {
        let bursts = bursts(&case);
        for (number, burst) in bursts.iter().enumerate() {
            for at in 1..=burst.octets.len() {
                let mut talk = Talk::new(&case, &mut engine, CARRIED);
                for before in &bursts[..number] {
                    talk.say(before.side, 0, &before.octets);
                    talk.end(before);
                }
                let verdict = talk.say(burst.side, 0, &burst.octets[..at]);
                tried += 1;
                let is_cut = verdict == Verdict::Cut;
                if case.expect.is_none() && (is_cut || talk.found.is_some()) {
                    wrong.push(format!("{} at {at} of burst {number}: {:?}", case.directory(), talk.found));
                    break;
                }
                assert!(
                    is_cut || matches!(verdict, Verdict::Look | Verdict::Clear),
                    "{}: {verdict:?}",
                    case.directory()
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
    assert!(tried > 50_000, "only {tried} prefixes");
}

/// The same where every octet has a packet of its own.
#[test]
fn near_misses_octet_by_octet_raise_nothing() {
    let mut engine = engine(Mode::Block, 1_024);
    let mut wrong = Vec::new();
    for case in cases().into_iter().filter(|case| case.expect.is_none()) {
        let mut talk = Talk::new(&case, &mut engine, CARRIED);
        for burst in &bursts(&case) {
            for at in 0..burst.octets.len() {
                talk.say(burst.side, at, &burst.octets[at..=at]);
            }
            talk.end(burst);
        }
        if let Some(found) = talk.found {
            wrong.push(format!("{}: {found:?}", case.directory()));
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}
