//! D2: CryptoNote login, as XMRig and its kin speak it (PROTOCOLS.md section 1.2).

use alloc::string::String;

use super::shape::hex_digits;
use super::token::{miner, pool};
use super::{Dialect, Heard, PROOF, Token, agent, bounded, calls, members, number, string, strings};
use crate::wallet::login;
use crate::wire::json::{Str, Value};

pub(super) const DIALECT: Dialect = Dialect {
    id: "cryptonote",
    title: "CryptoNote login",
    coins: "RandomX, CryptoNight, Argon2 and GhostRider coins",
    section: "1.2",
    narrows: None,
    anchors: &["\"login\"", "\"job\"", "\"job_id\"", "keepalived", "KEEPALIVED", "\"submit\"", "\"extra_nonce\""],
    tokens: &[LOGIN, JOB, EXTRA_NONCE, SUBMIT, KEEPALIVED, KEPT],
    hear,
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

/// Algorithms of a job that one well-known coin uses (PROTOCOLS.md section 2.3).
static COINS: &[(&str, &str)] = &[
    ("cn-heavy/xhv", "XHV"),
    ("cn/ccx", "CCX"),
    ("cn/half", "MSR"),
    ("cn/upx2", "UPX2"),
    ("rx/0", "XMR"),
    ("rx/arq", "ARQ"),
    ("rx/graft", "GRFT"),
    ("rx/keva", "KVA"),
    ("rx/sfx", "SFX"),
    ("rx/wow", "WOW"),
    ("rx/yada", "YDA"),
];

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
    heard = heard.secret(pass).worker(string(parameters, "rigid"));
    heard.weight = weight.min(PROOF);
    Some(heard)
}

/// Whether `algo` is a list of names such as `rx/0` and `cn/r`.
fn names_algorithms(parameters: Value<'_, '_>) -> bool {
    let is_name = |name: Str<'_>| name.starts_with("rx/") || name.starts_with("cn/") || name.starts_with("argon2/");
    members(parameters, "algo").any(|list| list.items().filter_map(|name| name.as_str()).any(is_name))
}

fn job<'a>(job: Value<'a, '_>) -> Option<Heard<'a>> {
    let mut heard = is_job(job).then(|| Heard::new(JOB))?;
    heard.said.coin = coin(job);
    Some(heard)
}

/// Whether this is a job: the block to hash, its id and the target, in hexadecimal.
pub(super) fn is_job(job: Value<'_, '_>) -> bool {
    // A job id stands beside them as a string; the shortest blob known is 76 bytes.
    let named = string(job, "job_id").is_some();
    let blob = string(job, "blob").and_then(hex_digits).is_some_and(|digits| digits >= 152);
    named && blob && string(job, "target").is_some_and(|target| target.is_hex(8) || target.is_hex(16))
}

fn coin(job: Value<'_, '_>) -> Option<String> {
    let algorithm = string(job, "algo")?;
    let row = COINS.iter().find(|(name, _)| algorithm.eq_str(name))?;
    Some(row.1.into())
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
        let work = members(result, "job").find_map(job);
        work.or_else(|| kept.then(|| Heard::new(KEPT))).or_else(|| extra_nonce(result))
    };
    members(object, "result").find_map(result).or_else(|| job(object))
}

/// What pools of GhostRider answer a login with, instead of a job.
fn extra_nonce<'a>(result: Value<'a, '_>) -> Option<Heard<'a>> {
    let nonce = string(result, "extra_nonce").and_then(hex_digits).is_some_and(|digits| digits > 0);
    let sized = string(result, "algo").is_some() && number(result, "extra_nonce2_size").is_some();
    (nonce && sized).then(|| Heard::new(EXTRA_NONCE))
}
