//! D2: CryptoNote login, as XMRig and its kin speak it (PROTOCOLS.md section 1.2).

use alloc::string::String;

use super::Speaker::{Miner, Pool};
use super::{Dialect, Heard, PROOF, agent, bounded, calls, members, string, strings};
use crate::wallet::login;
use crate::wire::json::{Str, Value};

pub(super) const DIALECT: Dialect = Dialect {
    id: "cryptonote",
    title: "CryptoNote login",
    coins: "RandomX, CryptoNight, Argon2 and GhostRider coins",
    anchors: &["\"login\"", "\"job\"", "\"job_id\"", "keepalived", "KEEPALIVED", "\"submit\""],
    hear,
};

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
    kept.then(|| Heard::new(Miner, "keepalived", PROOF))
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
    let mut heard = Heard::new(Miner, "login", weight.min(PROOF)).login(wallet.or(Some(user))).agent(software);
    if let Some(rig) = string(parameters, "rigid").map(bounded).filter(|rig| !rig.is_empty()) {
        heard.said.worker = Some(rig);
    }
    Some(heard)
}

/// Whether `algo` is a list of names such as `rx/0` and `cn/r`.
fn names_algorithms(parameters: Value<'_, '_>) -> bool {
    let is_name = |name: Str<'_>| name.starts_with("rx/") || name.starts_with("cn/") || name.starts_with("argon2/");
    members(parameters, "algo").any(|list| list.items().filter_map(|name| name.as_str()).any(is_name))
}

/// A job: the block to hash, its id and the target, in hexadecimal.
fn job<'a>(job: Value<'a, '_>) -> Option<Heard<'a>> {
    let blob = string(job, "blob")?;
    let target = string(job, "target")?;
    // A job id stands beside them as a string; the shortest blob known is 76 bytes.
    string(job, "job_id")?;
    let shaped = blob.raw().len() >= 152 && blob.is_hex(blob.raw().len()) && (target.is_hex(8) || target.is_hex(16));
    let mut heard = shaped.then(|| Heard::new(Pool, "job", PROOF))?;
    heard.said.coin = coin(job);
    Some(heard)
}

fn coin(job: Value<'_, '_>) -> Option<String> {
    let algorithm = string(job, "algo")?;
    let row = COINS.iter().find(|(name, _)| algorithm.eq_str(name))?;
    Some(row.1.into())
}

/// A share: nonce of 4 bytes and hash of 32.
fn submit<'a>(parameters: Value<'a, '_>) -> Option<Heard<'a>> {
    string(parameters, "job_id")?;
    let shaped = string(parameters, "nonce")?.is_hex(8) && string(parameters, "result")?.is_hex(64);
    shaped.then(|| Heard::new(Miner, "submit", PROOF))
}

/// What a pool answers: the login's reply with a job in it, a bare job (a stream picked up in the middle of one), or
/// the echo of a keepalive.
fn reply<'a>(object: Value<'a, '_>) -> Option<Heard<'a>> {
    let result = |result| {
        let kept = string(result, "status").is_some_and(|status| status.eq_str("KEEPALIVED"));
        let work = members(result, "job").find_map(job);
        work.or_else(|| kept.then(|| Heard::new(Pool, "KEEPALIVED", 60)))
    };
    members(object, "result").find_map(result).or_else(|| job(object))
}
