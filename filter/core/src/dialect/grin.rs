//! D13: Grin (PROTOCOLS.md section 1.8). Its login is CryptoNote's, its jobs are its own.

use super::act::{self, Act, Key, Work};
use super::heard::whole;
use super::shape::{hex_digits, is_list_of_integers};
use super::token::{miner, pool};
use super::{Dialect, Heard, PROOF, SURE, Token, member, method, number, parameters, string};
use crate::finding::Word;
use crate::wallet::login;
use crate::wire::json::Value;

pub(super) const DIALECT: Dialect = Dialect {
    id: "grin",
    title: "Grin stratum",
    coins: "GRIN",
    tickers: &["GRIN"],
    section: "1.8",
    narrows: Some("cryptonote"),
    anchors: &["\"login\"", "getjobtemplate", "\"pre_pow\"", "\"submit\"", "\"stale\""],
    tokens: &[JOB, SUBMIT, LOGIN, GET_JOB, STATUS],
    hear,
    work: Some(Work {
        tell,
        form: "jobs (`job`, and in the reply to `getjobtemplate`), shares (`submit`), replies with `\"ok\"`; not measured",
    }),
};

const LOGIN: Token =
    miner("Grin login", PROOF, "`login` with a string `id`, and a grin1 address or a Grin miner's name");
const GET_JOB: Token = miner("getjobtemplate", 60, "any parameters");
const JOB: Token = pool("Grin job", SURE, "`pre_pow` of 200 hex or more, `job_id`, `height` and `difficulty`");
const SUBMIT: Token = miner("Grin submit", SURE, "`{edge_bits, height, job_id, nonce, pow: [32 to 64 integers]}`");
const STATUS: Token = pool("Grin status", 50, "result `{accepted, rejected, stale, ..}`");

/// How Grin's own miners introduce themselves.
static AGENTS: &[&str] = &["grin", "mimblewimble"];

fn hear<'a>(object: Value<'a, '_>) -> Option<Heard<'a>> {
    // Replies name the method they answer.
    if let Some(result) = member(object, "result") {
        let told = ["accepted", "rejected", "stale"].iter().all(|key| number(result, key).is_some());
        return job(result).or_else(|| told.then(|| Heard::new(STATUS)));
    }
    if let Some(given) = parameters(object, "login") {
        return log_in(object, given);
    }
    if let Some(given) = parameters(object, "job") {
        return job(given);
    }
    if let Some(share) = parameters(object, "submit") {
        let counted = ["edge_bits", "height", "nonce"].iter().all(|key| number(share, key).is_some());
        let solved = member(share, "pow").is_some_and(|pow| is_list_of_integers(pow, 32, 64));
        let heard = || Heard::new(SUBMIT).coin("GRIN").note(Word::Algorithm, algorithm(share));
        return (counted && solved).then(|| heard().count(Word::Height, member(share, "height").and_then(whole)));
    }
    method(object)?.eq_str("getjobtemplate").then(|| Heard::new(GET_JOB))
}

fn job<'a>(job: Value<'a, '_>) -> Option<Heard<'a>> {
    let header = string(job, "pre_pow")?;
    let counted = ["difficulty", "height", "job_id"].iter().all(|key| number(job, key).is_some());
    (counted && hex_digits(header)? >= 200).then(|| {
        let heard = Heard::new(JOB).coin("GRIN").value(Word::Difficulty, member(job, "difficulty"));
        heard.count(Word::Height, member(job, "height").and_then(whole))
    })
}

/// The algorithm, by the size of its graph.
fn algorithm(share: Value<'_, '_>) -> Option<&'static str> {
    match member(share, "edge_bits")?.as_u64()? {
        29 => Some("cuckaroo29"),
        31 => Some("cuckatoo31"),
        32 => Some("cuckatoo32"),
        _ => None,
    }
}

fn log_in<'a>(object: Value<'a, '_>, given: Value<'a, '_>) -> Option<Heard<'a>> {
    string(object, "id")?;
    let user = string(given, "login")?;
    let pass = string(given, "pass")?;
    let agent = string(given, "agent");
    let lower = agent.map(|agent| super::bounded(agent).to_ascii_lowercase()).unwrap_or_default();
    let pays = login::read(&super::bounded(user)).coin == Some("GRIN");
    let named = AGENTS.iter().any(|name| lower.starts_with(name));
    (pays || named).then(|| Heard::new(LOGIN).login(Some(user)).agent(agent).password(Some(pass)).coin("GRIN"))
}

fn tell(object: Value<'_, '_>, act: &mut dyn FnMut(Act)) {
    let told = member(object, "result").or_else(|| parameters(object, "job"));
    if let Some(told) = told.filter(|told| job(*told).is_some()) {
        act(Act::Job { id: Key::of(member(told, "job_id")), share: None });
    } else if let Some(share) = parameters(object, "submit").filter(|_| member(object, "result").is_none()) {
        act(Act::Offer { request: Key::of(member(object, "id")), job: Key::of(member(share, "job_id")) });
    }
    act::reply(object, act);
}
