//! D12: Beam (PROTOCOLS.md section 1.8). Everything stands at the top level; there are no `params`.

use super::act::{Act, Key, Measure, Work};
use super::heard::whole;
use super::shape::hex_digits;
use super::token::{miner, pool};
use super::{Dialect, Heard, PROOF, SURE, Token, member, method, number, string};
use crate::finding::Word;
use crate::wallet::login;
use crate::wire::json::{Str, Value};

pub(super) const DIALECT: Dialect = Dialect {
    id: "beam",
    title: "Beam stratum",
    coins: "BEAM",
    tickers: &["BEAM"],
    section: "1.8",
    narrows: None,
    anchors: &["\"api_key\"", "\"job\"", "\"solution\"", "\"nonceprefix\""],
    tokens: &[LOGIN, JOB, SOLUTION, RESULT],
    hear,
    work: Some(Work {
        tell,
        form: "jobs, shares (`solution`), results with code 1; measured by the job's packed difficulty",
    }),
};

const LOGIN: Token = miner(
    "Beam login",
    PROOF,
    "`login` with `api_key` beside it (40), `\"id\": \"login\"` and nothing else (+60), a hexadecimal address (+60)",
);
const JOB: Token = pool("Beam job", SURE, "`job` with `input` of 64 hex, `difficulty` and `height` beside it");
const SOLUTION: Token =
    miner("Beam solution", SURE, "`solution` with `nonce` of 16 hex and `output` of 208 hex beside it");
const RESULT: Token =
    pool("Beam login result", PROOF, "`result` with `nonceprefix`, `forkheight` and `code` beside it");

fn hear<'a>(object: Value<'a, '_>) -> Option<Heard<'a>> {
    let name = method(object)?;
    let hex = |key, digits| string(object, key).is_some_and(|text: Str<'_>| text.is_hex(digits));
    if name.eq_str("login") {
        return log_in(object);
    }
    if name.eq_str("job") {
        let shaped = hex("input", 64) && number(object, "difficulty").is_some() && number(object, "height").is_some();
        let heard = || Heard::new(JOB).coin("BEAM").value(Word::Difficulty, member(object, "difficulty"));
        return shaped.then(|| heard().count(Word::Height, member(object, "height").and_then(whole)));
    }
    if name.eq_str("solution") {
        return (hex("nonce", 16) && hex("output", 208)).then(|| Heard::new(SOLUTION).coin("BEAM"));
    }
    let prefixed = string(object, "nonceprefix").and_then(hex_digits).is_some_and(|digits| digits > 0);
    let told = prefixed && number(object, "forkheight").is_some() && number(object, "code").is_some();
    (name.eq_str("result") && told).then(|| Heard::new(RESULT).coin("BEAM"))
}

/// Many services take an `api_key`; none takes it beside the method, called by an id that is the method's name.
fn log_in<'a>(object: Value<'a, '_>) -> Option<Heard<'a>> {
    let key = string(object, "api_key")?;
    let called = string(object, "id").is_some_and(|id| id.eq_str("login"));
    let alone = object.is_complete() && object.count() == 4 && string(object, "jsonrpc").is_some();
    let word = super::bounded(key);
    let wallet = login::read(&word).wallet;
    let is_address = (62..=68).contains(&wallet.len()) && wallet.bytes().all(|byte| byte.is_ascii_hexdigit());
    let signs = [(called && alone, 60), (is_address, 60)];
    let weight = signs.iter().filter(|(seen, _)| *seen).fold(40_u8, |sum, (_, weight)| sum.saturating_add(*weight));
    let mut heard = Heard::new(LOGIN).login(Some(key)).coin("BEAM");
    heard.weight = weight.min(PROOF);
    Some(heard)
}

fn tell(object: Value<'_, '_>, act: &mut dyn FnMut(Act)) {
    let Some(name) = method(object) else { return };
    let id = Key::of(member(object, "id"));
    if name.eq_str("job") {
        act(Act::Job { id, share: member(object, "difficulty").and_then(|packed| unpacked(packed.as_u64()?)) });
    } else if name.eq_str("solution") {
        act(Act::Offer { request: id, job: id });
    } else if let Some(code) = number(object, "code").filter(|_| name.eq_str("result")) {
        act(Act::Reply { request: id, is_accepted: code == 1.0 });
    }
}

/// A packed difficulty: below the leading one 24 bits, above them the exponent.
fn unpacked(packed: u64) -> Option<Measure> {
    let exponent = packed.checked_shr(24).filter(|exponent| *exponent < 256)?;
    let mantissa = (1 << 24 | packed & 0x00ff_ffff) as f64 / f64::from(1_u32 << 24);
    Some(Measure::Hashes(mantissa * f64::from_bits((1023 + exponent) << 52)))
}
