//! D6: KawPow and other ProgPoW over stratum (PROTOCOLS.md section 1.5).

use super::act::{self, Act, Work};
use super::heard::whole;
use super::shape::{self, Item};
use super::token::{miner, pool};
use super::{Dialect, Heard, PROOF, SURE, Token, list, member, string_at};
use crate::finding::Word;
use crate::wire::json::Value;

pub(super) const DIALECT: Dialect = Dialect {
    id: "kawpow",
    title: "KawPow and ProgPoW stratum",
    coins: "RVN, XNA, CLORE, NEOX, MEWC, EVR, FIRO, QUAI",
    tickers: &["RVN", "XNA", "CLORE", "NEOX", "MEWC", "EVR", "FIRO", "QUAI"],
    section: "1.5",
    narrows: Some("stratum-v1"),
    anchors: &["mining."],
    tokens: &[NOTIFY, SUBMIT, SUBSCRIBE],
    hear,
    work: Some(Work {
        tell,
        form: "jobs (`mining.notify`), shares (`mining.submit`), replies; measured by the target in the job, or `mining.set_target`: 2^256 / target; or `mining.set_difficulty`, 2^32 hashes each",
    }),
};

const NOTIFY: Token =
    pool("ProgPoW notify", SURE, "`mining.notify` `[job, 64 hex, 64 hex, 64 hex, bool, height, 8 hex bits]`");
const SUBMIT: Token = miner(
    "ProgPoW submit",
    SURE,
    "`mining.submit` `[login, job, 0x 16 hex, 0x 64 hex, 0x 64 hex]`, no `worker` beside it",
);
const SUBSCRIBE: Token = miner("kawpowminer subscribe", PROOF, "`mining.subscribe` `[\"kawpowminer/..\", ..]`");

fn hear<'a>(object: Value<'a, '_>) -> Option<Heard<'a>> {
    use Item::{Flag, Hex, Hex0x, Number, Text};
    if let Some(job) = list(object, "mining.notify") {
        let shaped = shape::is(job, &[Text, Hex(64), Hex(64), Hex(64), Flag, Number, Hex(8)]);
        let heard = || Heard::new(NOTIFY).count(Word::Height, job.index(5).and_then(whole));
        return shaped.then(|| heard().value(Word::Target, job.index(3)));
    }
    if let Some(share) = list(object, "mining.submit") {
        // Another dialect's share looks the same but names the rig beside it: the whole object must be there.
        let alone = object.is_complete() && member(object, "worker").is_none();
        let shaped = alone && shape::is(share, &[Text, Text, Hex0x(16), Hex0x(64), Hex0x(64)]);
        return shaped.then(|| Heard::new(SUBMIT).login(string_at(share, 0)));
    }
    let greeting = list(object, "mining.subscribe")?;
    let agent = string_at(greeting, 0).filter(|agent| agent.starts_with("kawpowminer"))?;
    Some(Heard::new(SUBSCRIBE).agent(Some(agent)))
}

fn tell(object: Value<'_, '_>, act: &mut dyn FnMut(Act)) {
    act::stratum(object, |job| act::target(string_at(job, 3).filter(|text| text.is_hex(64))), act);
}
