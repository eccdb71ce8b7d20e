//! D2: CryptoNote login, as XMRig and its kin speak it (PROTOCOLS.md section 1.2).

use super::act::{self, Act, Key, Measure, Work};
use super::heard::whole;
use super::shape::{hex_digits, is_decimal};
use super::token::{miner, pool};
use super::{Dialect, Heard, PROOF, Token, agent, bounded, calls, member, members, method, number, string, strings};
use crate::finding::{PoolSource, Word};
use crate::wallet::{coin, login};
use crate::wire::json::{Str, Value};

pub(super) const DIALECT: Dialect = Dialect {
    id: "cryptonote",
    title: "CryptoNote login",
    coins: "RandomX, CryptoNight, Argon2 and GhostRider coins",
    tickers: TICKERS,
    section: "1.2",
    narrows: None,
    anchors: &["\"login\"", "\"job\"", "\"job_id\"", "keepalived", "KEEPALIVED", "\"submit\"", "\"extra_nonce\""],
    tokens: &[LOGIN, JOB, EXTRA_NONCE, SUBMIT, KEEPALIVED, KEPT],
    hear,
    work: Some(Work {
        tell,
        form: "jobs (`job`, and in the reply to `login`), shares (`submit`), replies with `{status: \"OK\"}`; measured by the job's target: (2^32 - 1) / t of 4 bytes, (2^64 - 1) / t of 8, low byte first",
    }),
};

const LOGIN: Token = miner(
    "login",
    PROOF,
    "`{login, pass, agent, rigid, algo}`: 30, and more for each: `pass` 20, which is `x` 10, `agent` 10, a miner's 60, \
     a wallet 60, `rigid` 10, names of algorithms 50",
);
const JOB: Token = pool("job", PROOF, "`{blob: 152 hex or more, job_id, target: 8 or 16 hex}`, called or in a result");
const EXTRA_NONCE: Token =
    pool("login with extra_nonce", PROOF, "result `{algo, extra_nonce: hex, extra_nonce2_size: n}`");
const SUBMIT: Token = miner("submit", PROOF, "`{job_id, nonce: 8 hex, result: 64 hex}`");
const KEEPALIVED: Token = miner("keepalived", PROOF, "`{id}`");
const KEPT: Token = pool("KEEPALIVED", 60, "result `{status: \"KEEPALIVED\"}`");

/// The coins of the algorithms CryptoNote logins are used for (PROTOCOLS.md section 2.3).
pub(super) static TICKERS: &[&str] = &[
    "XMR", "ZEPH", "SAL", "XTM", "QRL", "WOW", "ARQ", "GRFT", "SFX", "YDA", "KVA", "SUMO", "MSR", "CCX", "UPX2", "XHV",
    "TUBE", "TRTL", "TLO", "AEON", "WRKZ", "XLA", "RTM", "BTRM", "DERO", "DNX", "OXEN",
];

/// The algorithm whose declared hashrate is told, of several.
const USUAL: &str = "rx/0";

fn hear<'a>(object: Value<'a, '_>) -> Option<Heard<'a>> {
    calls(object, call).unwrap_or_else(|| reply(object))
}

fn call<'a>(name: Str<'a>, parameters: Option<Value<'a, '_>>) -> Option<Heard<'a>> {
    // Chat and door-phone protocols call `login` too, with arrays.
    let parameters = parameters.filter(Value::is_object)?;
    if name.eq_str("login") {
        return log_in(parameters);
    }
    if name.eq_str("job") {
        return job(parameters);
    }
    if name.eq_str("submit") {
        return submit(parameters);
    }
    let kept = name.eq_str("keepalived") && string(parameters, "id").is_some();
    kept.then(|| Heard::new(KEEPALIVED))
}

/// A login. Many protocols know one, so it takes signs that agree: each adds its weight.
fn log_in<'a>(parameters: Value<'a, '_>) -> Option<Heard<'a>> {
    let user = string(parameters, "login")?;
    let pass = string(parameters, "pass");
    let software = string(parameters, "agent");
    let wallet = strings(parameters, "login").find(|word| login::read(&bounded(*word)).telling);
    let signs = [
        (pass.is_some(), 20),
        (strings(parameters, "pass").any(|pass| pass.eq_str("x")), 10),
        (software.is_some(), 10),
        (strings(parameters, "agent").any(agent::is_known), 60),
        (wallet.is_some(), 60),
        (string(parameters, "rigid").is_some(), 10),
        (names_algorithms(parameters), 50),
    ];
    let weight = signs.iter().filter(|(seen, _)| *seen).fold(30_u8, |sum, (_, weight)| sum.saturating_add(*weight));
    let mut heard = Heard::new(LOGIN).login(wallet.or(Some(user))).agent(software);
    heard = heard.password(pass).worker(string(parameters, "rigid")).value(Word::Mode, member(parameters, "mode"));
    heard = heard.value(Word::Algorithm, only_algorithm(parameters)).count(Word::Hashrate, hashrate(parameters));
    heard.weight = weight.min(PROOF);
    Some(heard)
}

/// The algorithm of a miner that knows one only; of several, the job tells which is mined.
fn only_algorithm<'a, 's>(parameters: Value<'a, 's>) -> Option<Value<'a, 's>> {
    let named = member(parameters, "algo")?;
    if named.is_array() { named.index(0).filter(|_| named.count() == 1 && named.is_complete()) } else { Some(named) }
}

/// What the miner says it reaches with the usual algorithm, or with its only one.
fn hashrate(parameters: Value<'_, '_>) -> Option<u64> {
    let rates = member(parameters, "algo-perf").filter(Value::is_object)?;
    let usual =
        member(rates, USUAL).or_else(|| rates.entries().next().filter(|_| rates.count() == 1).map(|(_, rate)| rate));
    usual?.as_number()?.split('.').next()?.parse().ok()
}

/// Whether `algo` is a list of names such as `rx/0` and `cn/r`.
fn names_algorithms(parameters: Value<'_, '_>) -> bool {
    let is_name = |name: Str<'_>| name.starts_with("rx/") || name.starts_with("cn/") || name.starts_with("argon2/");
    members(parameters, "algo").any(|list| list.items().filter_map(|name| name.as_str()).any(is_name))
}

fn job<'a>(job: Value<'a, '_>) -> Option<Heard<'a>> {
    is_job(job).then(|| work(Heard::new(JOB), job))
}

/// Notes what a job tells besides its work.
pub(super) fn work<'a>(heard: Heard<'a>, job: Value<'a, '_>) -> Heard<'a> {
    let coin = string(job, "algo").and_then(|name| coin::of_algorithm(&bounded(name)).first());
    let heard = heard
        .value(Word::Algorithm, member(job, "algo"))
        .value(Word::Target, member(job, "target"))
        // Pools that do not tell it send a zero.
        .count(Word::Height, member(job, "height").and_then(whole).filter(|height| *height > 0));
    match coin {
        Some(coin) => heard.coin(coin),
        None => heard,
    }
}

/// Whether this is a job: the block to hash, its id and the target, in hexadecimal.
pub(super) fn is_job(job: Value<'_, '_>) -> bool {
    // A job id stands beside them as a string; the shortest blob known is 76 bytes.
    let named = string(job, "job_id").is_some();
    let blob = string(job, "blob").and_then(hex_digits).is_some_and(|digits| digits >= 152);
    named && blob && string(job, "target").is_some_and(|target| target.is_hex(8) || target.is_hex(16))
}

fn submit<'a>(parameters: Value<'a, '_>) -> Option<Heard<'a>> {
    is_share(parameters).then(|| Heard::new(SUBMIT))
}

/// Whether this is a share: nonce of 4 bytes and hash of 32.
pub(super) fn is_share(share: Value<'_, '_>) -> bool {
    let hex = |key, digits| string(share, key).is_some_and(|text: Str<'_>| text.is_hex(digits));
    string(share, "job_id").is_some() && hex("nonce", 8) && hex("result", 64)
}

/// What a pool answers: the login's reply with a job in it, a bare job (a stream picked up in the middle of one), or
/// the echo of a keepalive.
fn reply<'a>(object: Value<'a, '_>) -> Option<Heard<'a>> {
    let result = |result| {
        let kept = string(result, "status").is_some_and(|status| status.eq_str("KEEPALIVED"));
        let work = members(result, "job").find_map(|given| Some(logged_in(job(given)?, result, given)));
        work.or_else(|| kept.then(|| Heard::new(KEPT))).or_else(|| extra_nonce(result))
    };
    members(object, "result").find_map(result).or_else(|| job(object))
}

/// Notes what the reply to a login tells of the pool.
fn logged_in<'a>(heard: Heard<'a>, result: Value<'a, '_>, job: Value<'a, '_>) -> Heard<'a> {
    let has = |key| member(job, key).is_some() || member(result, key).is_some();
    let heard = heard.list(Word::Extensions, member(result, "extensions"));
    let style = string(result, "id").and_then(|id| style(id, has("motd") || has("variant"), has("algo")));
    heard.pool(style, PoolSource::Reply)
}

/// The pool, or its software, by the way it numbers miners and by what its jobs hold (PROTOCOLS.md sections 1.2 and 2.5):
/// pools of one algorithm that number the same way do not name it.
fn style(id: Str<'_>, is_chatty: bool, names_algorithm: bool) -> Option<&'static str> {
    let is_uuid = id.len_decoded() == 36 && id.chars().filter(|letter| *letter == '-').count() == 4;
    if is_uuid && is_chatty {
        return Some("HashVault");
    }
    if is_decimal(id, 12, 19) && names_algorithm {
        return Some("MoneroOcean");
    }
    id.is_hex(16).then_some("xmrig-proxy")
}

/// What pools of GhostRider answer a login with, instead of a job.
fn extra_nonce<'a>(result: Value<'a, '_>) -> Option<Heard<'a>> {
    let nonce = string(result, "extra_nonce").and_then(hex_digits).is_some_and(|digits| digits > 0);
    let sized = string(result, "algo").is_some() && number(result, "extra_nonce2_size").is_some();
    (nonce && sized).then(|| Heard::new(EXTRA_NONCE).value(Word::Algorithm, member(result, "algo")))
}

/// What is told of the work.
fn tell(object: Value<'_, '_>, act: &mut dyn FnMut(Act)) {
    let Some(name) = method(object) else {
        let jobs = members(object, "result").flat_map(|result| members(result, "job")).chain([object]);
        jobs.filter(|job| is_job(*job)).for_each(|job| act(job_act(job)));
        return act::reply(object, act);
    };
    for given in members(object, "params").filter(Value::is_object) {
        if name.eq_str("job") && is_job(given) {
            act(job_act(given));
        } else if name.eq_str("submit") && is_share(given) {
            act(offer(object, given));
        }
    }
}

/// The job as an act.
pub(super) fn job_act(job: Value<'_, '_>) -> Act {
    Act::Job { id: Key::of(member(job, "job_id")), share: string(job, "target").and_then(share) }
}

/// The share as an act.
pub(super) fn offer(object: Value<'_, '_>, share: Value<'_, '_>) -> Act {
    Act::Offer { request: Key::of(member(object, "id")), job: Key::of(member(share, "job_id")) }
}

/// How hard a share is by a target of 4 or 8 bytes, low byte first.
fn share(target: Str<'_>) -> Option<Measure> {
    let text = target.to_string_bounded(16);
    let value = u64::from_str_radix(&text, 16).ok().filter(|value| *value > 0)?.swap_bytes();
    let (value, all) = if text.len() == 8 { (value >> 32, u64::from(u32::MAX)) } else { (value, u64::MAX) };
    Some(Measure::Hashes(all as f64 / value as f64))
}
