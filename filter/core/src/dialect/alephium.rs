//! D11: Alephium (PROTOCOLS.md section 1.8).

use super::act::{self, Act, Key, Measure, Work};
use super::heard::hexadecimal;
use super::shape::{self, Item};
use super::token::{miner, pool};
use super::{Dialect, Heard, SURE, Token, list, member, mentions, method, parameters, stratum_v1, string, string_at};
use crate::finding::Word;
use crate::wire::json::Value;

pub(super) const DIALECT: Dialect = Dialect {
    id: "alephium",
    title: "Alephium stratum",
    coins: "ALPH",
    tickers: &["ALPH"],
    section: "1.8",
    narrows: Some("ethereum-stratum-1"),
    anchors: &["mining.", "AlephiumStratum", "alph_submitHash"],
    tokens: &[HELLO, WELCOME, SUBSCRIBE, NOTIFY, SUBMIT, HASHRATE],
    hear,
    work: Some(Work {
        tell,
        form: "jobs (`mining.notify`, as many as chains, counted once), shares, replies; measured by `mining.set_difficulty`, 2^34 hashes each, or `mining.set_target`",
    }),
};

const PROTOCOL: &str = "AlephiumStratum/";
const HELLO: Token = miner("Alephium hello", SURE, "`mining.hello` `[agent, ..]`");
const WELCOME: Token = pool("AlephiumStratum welcome", SURE, "result `[\"AlephiumStratum/..\", ..]`");
const SUBSCRIBE: Token = miner("AlephiumStratum subscribe", SURE, "`mining.subscribe` with `\"AlephiumStratum/..\"`");
const NOTIFY: Token = pool("Alephium notify", SURE, "`mining.notify` of objects with `headerBlob` and `jobId`");
const SUBMIT: Token = miner("Alephium submit", SURE, "`mining.submit` `{jobId, fromGroup, toGroup, nonce, worker}`");
const HASHRATE: Token = miner("alph_submitHashrate", SURE, "a list");

fn hear<'a>(object: Value<'a, '_>) -> Option<Heard<'a>> {
    if method(object).is_none() {
        return mentions(member(object, "result")?, PROTOCOL).then(|| Heard::new(WELCOME).coin("ALPH"));
    }
    if let Some(greeting) = list(object, "mining.hello") {
        let agent = string_at(greeting, 0)?;
        return Some(Heard::new(HELLO).agent(Some(agent)).coin("ALPH"));
    }
    if let Some(greeting) = list(object, "mining.subscribe") {
        return mentions(greeting, PROTOCOL).then(|| stratum_v1::subscribe(SUBSCRIBE, greeting).coin("ALPH"));
    }
    if let Some(jobs) = parameters(object, "mining.notify") {
        let is_job = |job: Value<'_, '_>| {
            string(job, "headerBlob").is_some() && member(job, "jobId").is_some() && member(job, "fromGroup").is_some()
        };
        let found = Some(jobs).filter(|jobs| is_job(*jobs)).or_else(|| jobs.items().find(|job| is_job(*job)))?;
        return Some(Heard::new(NOTIFY).coin("ALPH").value(Word::Target, member(found, "targetBlob")));
    }
    if let Some(share) = parameters(object, "mining.submit") {
        return submit(share).or_else(|| submit(share.index(0)?));
    }
    let told = list(object, "alph_submitHashrate")?;
    let shaped = shape::begins(told, &[Item::Hex0xOf(1, 64)]) || shape::begins(told, &[Item::HexOf(1, 64)]);
    shaped.then(|| Heard::new(HASHRATE).coin("ALPH").count(Word::Hashrate, string_at(told, 0).and_then(hexadecimal)))
}

fn submit<'a>(share: Value<'a, '_>) -> Option<Heard<'a>> {
    let grouped = member(share, "fromGroup")?.as_u64().is_some() && member(share, "toGroup")?.as_u64().is_some();
    string(share, "nonce")?;
    grouped.then(|| Heard::new(SUBMIT).login(string(share, "worker")).coin("ALPH"))
}

/// A message with jobs of all chains is one job; which of them a share is for makes no difference to how hard it is.
fn tell(object: Value<'_, '_>, act: &mut dyn FnMut(Act)) {
    if parameters(object, "mining.notify").is_some() {
        act(Act::Job { id: None, share: None });
    } else if parameters(object, "mining.submit").is_some() {
        act(Act::Offer { request: Key::of(member(object, "id")), job: None });
    } else {
        act::stratum(object, |_| None, &mut |told| match told {
            // A hash can be of one of 16 chains, and counts for the job's only.
            Act::Target(share @ Measure::Hashes(_)) => act(Act::Target(share.times(16.0))),
            told => act(told),
        });
    }
}
