//! D18: miners in web pages, Coinhive's family (PROTOCOLS.md section 1.9): the JSON in WebSocket messages.

use super::act::{Act, Key, Work};
use super::shape::hex_digits;
use super::token::{miner, pool};
use super::{Dialect, Heard, PROOF, SURE, Token, cryptonote, member, number, string};
use crate::wire::json::Value;

pub(super) const DIALECT: Dialect = Dialect {
    id: "web-miner",
    title: "Web miner",
    coins: "CryptoNight and RandomX coins",
    tickers: cryptonote::TICKERS,
    section: "1.9",
    narrows: None,
    anchors: &["\"site_key\"", "\"authed\"", "hash_accepted", "\"job\"", "\"submit\"", "\"verify\""],
    tokens: &[AUTH, AUTHED, JOB, SUBMIT, ACCEPTED, VERIFY],
    hear,
    work: Some(Work { tell, form: "jobs, shares, `hash_accepted`; measured by the job's target as in CryptoNote" }),
};

const AUTH: Token = miner("auth with site_key", PROOF, "`auth` `{site_key, type, user, goal}`");
const AUTHED: Token = pool("authed", PROOF, "`authed` `{token, hashes}`");
const JOB: Token = pool("web miner job", SURE, "`job` `{blob, job_id, target}` in hexadecimal");
const SUBMIT: Token = miner("web miner submit", SURE, "`submit` `{job_id, nonce: 8 hex, result: 64 hex}`");
const ACCEPTED: Token = pool("hash_accepted", PROOF, "`hash_accepted` `{hashes}`");
const VERIFY: Token = pool("web miner verify", PROOF, "`verify` `{verify_id, nonce: 8 hex, result: 64 hex, ..}`");

fn hear<'a>(object: Value<'a, '_>) -> Option<Heard<'a>> {
    let kind = string(object, "type")?;
    let given = member(object, "params").filter(Value::is_object)?;
    let is = |name| kind.eq_str(name);
    if is("auth") {
        let key = string(given, "site_key")?;
        return Some(Heard::new(AUTH).login(Some(key)).worker(string(given, "user")));
    }
    if is("authed") {
        let shaped = string(given, "token").is_some() && number(given, "hashes").is_some();
        return shaped.then(|| Heard::new(AUTHED));
    }
    if is("job") {
        return cryptonote::is_job(given).then(|| cryptonote::work(Heard::new(JOB), given));
    }
    if is("submit") {
        return cryptonote::is_share(given).then(|| Heard::new(SUBMIT));
    }
    if is("hash_accepted") {
        return number(given, "hashes").map(|_| Heard::new(ACCEPTED));
    }
    let hex = |key| string(given, key).and_then(hex_digits);
    let verifies = is("verify") && string(given, "verify_id").is_some();
    (verifies && hex("nonce") == Some(8) && hex("result") == Some(64)).then(|| Heard::new(VERIFY))
}

fn tell(object: Value<'_, '_>, act: &mut dyn FnMut(Act)) {
    let (Some(kind), Some(given)) = (string(object, "type"), member(object, "params")) else { return };
    if kind.eq_str("job") && cryptonote::is_job(given) {
        act(cryptonote::job_act(given));
    } else if kind.eq_str("submit") && cryptonote::is_share(given) {
        // Neither shares nor answers bear a number: they are answered in turn.
        let job = Key::of(member(given, "job_id"));
        act(Act::Offer { request: None, job });
    } else if kind.eq_str("hash_accepted") {
        act(Act::Reply { request: None, is_accepted: true });
    }
}
