//! D15: Nervos CKB (Eaglesong; PROTOCOLS.md section 1.8), both the pool's own form and that of the ASICs.

use super::act::{self, Act, Key, Work};
use super::heard::whole;
use super::shape::{self, Item};
use super::token::{miner, pool};
use super::{Dialect, Heard, PROOF, SURE, Token, list, member, method, number, parameters, string};
use crate::finding::Word;
use crate::wire::json::{Str, Value};

pub(super) const DIALECT: Dialect = Dialect {
    id: "ckb",
    title: "CKB stratum",
    coins: "CKB",
    tickers: &["CKB"],
    section: "1.8",
    narrows: Some("stratum-v1"),
    anchors: &["ckb_submit", "ckb_getWork", "\"pow_hash\"", "\"nonce_pre\"", "mining."],
    tokens: &[LOGIN, LOGGED_IN, GET_WORK, WORK, SUBMIT, HASHRATE, NOTIFY],
    hear,
    work: Some(Work {
        tell,
        form: "jobs (work by its `pow_hash`, or `mining.notify`), shares, replies; measured by the target: 2^256 / target",
    }),
};

const LOGIN: Token = miner("ckb_submitLogin", SURE, "`{login, agent, worker}`");
const LOGGED_IN: Token = pool("CKB login result", PROOF, "result `{nonce_pre: hex, nonce_bytes: n}`");
const GET_WORK: Token = miner("ckb_getWork", 60, "any parameters");
const WORK: Token = pool("CKB work", SURE, "`{height, pow_hash: 64 hex, target: 0x..}`");
const SUBMIT: Token = miner("ckb_submitWork", SURE, "`{pow_hash, nonce}`");
const HASHRATE: Token = miner("ckb_submitHashrate", PROOF, "any parameters");
const NOTIFY: Token = pool("Eaglesong notify", SURE, "`mining.notify` `[job, 64 hex, height, 64 hex parent, bool]`");

fn hear<'a>(object: Value<'a, '_>) -> Option<Heard<'a>> {
    use Item::{Any, Flag, Hex, Number};
    let Some(name) = method(object) else { return result(member(object, "result")?) };
    if let Some(job) = list(object, "mining.notify") {
        let shaped = shape::is(job, &[Any, Hex(64), Number, Hex(64), Flag]);
        let heard = || Heard::new(NOTIFY).coin("CKB").count(Word::Height, job.index(2).and_then(whole));
        return shaped.then(heard);
    }
    let Some(given) = member(object, "params") else {
        return name.eq_str(GET_WORK.name).then(|| Heard::new(GET_WORK).coin("CKB"));
    };
    if name.eq_str(LOGIN.name) {
        let login = string(given, "login")?;
        let heard = Heard::new(LOGIN).login(Some(login)).worker(string(given, "worker")).agent(string(given, "agent"));
        let pass = string(given, "pass").or_else(|| string(given, "password"));
        return Some(heard.password(pass).coin("CKB"));
    }
    if let Some(share) = parameters(object, SUBMIT.name) {
        let shaped = hash(share) && string(share, "nonce").is_some();
        return shaped.then(|| Heard::new(SUBMIT).coin("CKB"));
    }
    let named = [HASHRATE, GET_WORK].into_iter().find(|token| name.eq_str(token.name));
    let rate = name.eq_str(HASHRATE.name).then(|| given.index(0).or_else(|| member(given, "hashrate"))).flatten();
    named.map(|token| Heard::new(token).coin("CKB").count(Word::Hashrate, rate.and_then(whole)))
}

fn result<'a>(result: Value<'a, '_>) -> Option<Heard<'a>> {
    let target = |text: Str<'_>| text.starts_with("0x");
    if hash(result) && number(result, "height").is_some() && string(result, "target").is_some_and(target) {
        let heard = Heard::new(WORK).coin("CKB").value(Word::Target, member(result, "target"));
        return Some(heard.count(Word::Height, member(result, "height").and_then(whole)));
    }
    shape::hex_digits(string(result, "nonce_pre")?)?;
    number(result, "nonce_bytes").map(|_| Heard::new(LOGGED_IN).coin("CKB"))
}

fn hash(object: Value<'_, '_>) -> bool {
    string(object, "pow_hash").is_some_and(|hash| hash.is_hex(64) || hash.is_hex_0x(64))
}

fn tell(object: Value<'_, '_>, act: &mut dyn FnMut(Act)) {
    let id = |work| Key::of(member(work, "pow_hash"));
    if let Some(work) = member(object, "result").filter(|result| hash(*result)) {
        act(Act::Job { id: id(work), share: act::target(string(work, "target")) });
    } else if let Some(share) = parameters(object, SUBMIT.name) {
        act(Act::Offer { request: Key::of(member(object, "id")), job: id(share) });
    } else {
        act::stratum(object, |_| None, act);
    }
}
