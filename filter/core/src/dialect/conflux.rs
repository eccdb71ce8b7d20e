//! D10: Conflux (Octopus; PROTOCOLS.md section 1.8). The wallet stands in the subscription; nobody authorizes.

use super::act::{self, Act, Work};
use super::heard::whole;
use super::shape::{self, Item, is_decimal};
use super::token::{miner, pool};
use super::{Dialect, Heard, SURE, Token, bounded, list, stratum_v1, string_at};
use crate::finding::Word;
use crate::wire::json::{Str, Value};

pub(super) const DIALECT: Dialect = Dialect {
    id: "conflux",
    title: "Conflux stratum",
    coins: "CFX",
    tickers: &["CFX"],
    section: "1.8",
    narrows: Some("stratum-v1"),
    anchors: &["mining."],
    tokens: &[SUBSCRIBE, NOTIFY, SUBMIT],
    hear,
    work: Some(Work {
        tell,
        form: "jobs (`mining.notify`), shares (`mining.submit`), replies; measured by the boundary in the job: 2^256 / boundary",
    }),
};

const SUBSCRIBE: Token = miner("Conflux subscribe", SURE, "`mining.subscribe` `[cfx or 0x1 address, password]`");
const NOTIFY: Token =
    pool("Octopus notify", SURE, "`mining.notify` `[job, decimal height, 0x 64 hex, 0x 64 hex boundary]`");
const SUBMIT: Token = miner("Octopus submit", SURE, "`mining.submit` `[login, job, 0x nonce, 0x 64 hex]`");

fn hear<'a>(object: Value<'a, '_>) -> Option<Heard<'a>> {
    use Item::{Any, Hex0x, Hex0xOf, Text};
    if let Some(job) = list(object, "mining.notify") {
        let shaped = shape::is(job, &[Any, Text, Hex0x(64), Hex0x(64)]) && is_decimal(string_at(job, 1)?, 1, 12);
        let heard = || Heard::new(NOTIFY).coin("CFX").count(Word::Height, job.index(1).and_then(whole));
        return shaped.then(|| heard().value(Word::Target, job.index(3)));
    }
    if let Some(share) = list(object, "mining.submit") {
        let shaped = shape::is(share, &[Text, Any, Hex0xOf(1, 64), Hex0x(64)]);
        return shaped.then(|| Heard::new(SUBMIT).login(string_at(share, 0)).coin("CFX"));
    }
    let greeting = list(object, "mining.subscribe")?;
    is_address(string_at(greeting, 0)?).then(|| stratum_v1::authorize(SUBSCRIBE, greeting).coin("CFX"))
}

/// An address in the chain's own writing (CIP-37), or the older one whose first digit is 1 for users.
fn is_address(login: Str<'_>) -> bool {
    let word = bounded(login).to_ascii_lowercase();
    let address = word.split('.').next().unwrap_or_default();
    let body = address.strip_prefix("cfx:");
    let is_new = body.is_some_and(|body| body.len() == 42 && body.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    let is_old = address
        .strip_prefix("0x1")
        .is_some_and(|rest| rest.len() == 39 && rest.bytes().all(|byte| byte.is_ascii_hexdigit()));
    is_new || is_old
}

fn tell(object: Value<'_, '_>, act: &mut dyn FnMut(Act)) {
    act::stratum(object, |job| act::target(string_at(job, 3)), act);
}
