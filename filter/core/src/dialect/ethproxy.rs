//! D3: ethproxy, getwork over a stream (PROTOCOLS.md section 1.3).

use super::act::{self, Act, Key, Work};
use super::heard::hexadecimal;
use super::shape::{self, Item};
use super::token::{miner, pool};
use super::{Dialect, Heard, PROOF, Token, calls, member, members, method, string, string_at};
use crate::finding::Word;
use crate::wire::json::{Str, Value};

pub(super) const DIALECT: Dialect = Dialect {
    id: "ethproxy",
    title: "ethproxy",
    coins: "ethash, etchash, ProgPoW and ZANO",
    tickers: &["ETH", "ETC", "ETHW", "OCTA", "UBQ", "QUAI", "ZANO"],
    anchors: &["eth_submit", "eth_getWork", "[\"0x"],
    section: "1.3",
    narrows: None,
    tokens: &[LOGIN, WORK, GET_WORK, SUBMIT_WORK, HASHRATE],
    hear,
    work: Some(Work {
        tell,
        form: "jobs (work arrays), shares (`eth_submitWork`), replies; measured by the target in the work: 2^256 / target",
    }),
};

const LOGIN: Token = miner("eth_submitLogin", PROOF, "`[login, password]`, `worker` beside them");
const WORK: Token = pool(
    "work array",
    PROOF,
    "result `[0x 64 hex, 0x 64 hex, 0x target, (0x height)]`; the target begins with 6 zeros or lacks them",
);
const GET_WORK: Token = miner("eth_getWork", 50, "with parameters or without");
const SUBMIT_WORK: Token = miner("eth_submitWork", 60, "`[0x 16 hex, 0x 64 hex, 0x 64 hex]`");
const HASHRATE: Token = miner("eth_submitHashrate", 60, "`[0x.., 0x 64 hex]`");

/// Leading zeros of a share target: a pool asks for 2^24 hashes at the very least, while of block and transaction
/// hashes, which node RPC also returns in arrays, one in 2^24 begins so.
const TARGET_ZEROS: &str = "0x000000";

/// Digits of a target whose leading zeros some pools leave out: 2^24 to 2^64 hashes. An address has 40.
const TARGET_DIGITS: Item = Item::Hex0xOf(48, 58);

/// What Claymore and PhoenixMiner call every rig; the rig's own name then stands in the login.
const STOCK_WORKER: &str = "eth1.0";

fn hear<'a>(object: Value<'a, '_>) -> Option<Heard<'a>> {
    calls(object, |name, parameters| call(object, name, parameters)).unwrap_or_else(|| work(object))
}

fn call<'a>(object: Value<'a, '_>, name: Str<'a>, parameters: Option<Value<'a, '_>>) -> Option<Heard<'a>> {
    let hash = |index| parameters.and_then(|list| string_at(list, index));
    if name.eq_str("eth_submitLogin") {
        let heard = Heard::new(LOGIN).login(Some(hash(0)?)).hints(hash(1)).secrets_behind_first(parameters?);
        let named = |worker: &Str<'_>| heard.said.worker.is_none() || !worker.eq_str(STOCK_WORKER);
        let worker = string(object, "worker").filter(named);
        return Some(heard.worker(worker));
    }
    // Nodes answer these too: two of them make the miner.
    if name.eq_str("eth_getWork") {
        return Some(Heard::new(GET_WORK));
    }
    if name.eq_str("eth_submitWork") {
        let shaped = hash(0)?.is_hex_0x(16) && hash(1)?.is_hex_0x(64) && hash(2)?.is_hex_0x(64);
        let heard = Heard::new(SUBMIT_WORK);
        return shaped.then(|| heard.worker(string(object, "worker")));
    }
    if name.eq_str("eth_submitHashrate") {
        let shaped = hash(0)?.starts_with("0x") && hash(1)?.is_hex_0x(64);
        let heard = Heard::new(HASHRATE).count(Word::Hashrate, hexadecimal(hash(0)?));
        return shaped.then(|| heard.worker(string(object, "worker")));
    }
    None
}

/// Work: header, seed and target of 32 bytes each, and sometimes the height.
fn work<'a>(object: Value<'a, '_>) -> Option<Heard<'a>> {
    members(object, "result").find_map(work_array)
}

fn work_array<'a>(list: Value<'a, '_>) -> Option<Heard<'a>> {
    if !list.is_array() || !(3..=4).contains(&list.count()) {
        return None;
    }
    let target = if string_at(list, 2)?.starts_with(TARGET_ZEROS) { Item::Hex0x(64) } else { TARGET_DIGITS };
    let height = match list.index(3) {
        Some(height) => Some(height.as_str().filter(|height| height.starts_with("0x"))?),
        None => None,
    };
    let heard =
        || Heard::new(WORK).value(Word::Target, list.index(2)).count(Word::Height, height.and_then(hexadecimal));
    shape::begins(list, &[Item::Hex0x(64), Item::Hex0x(64), target]).then(heard)
}

/// What is told of the work: its header is the job's id.
fn tell(object: Value<'_, '_>, act: &mut dyn FnMut(Act)) {
    let Some(name) = method(object) else {
        if let Some(work) = members(object, "result").find(|list| work_array(*list).is_some()) {
            return act(Act::Job { id: Key::of(work.index(0)), share: act::target(string_at(work, 2)) });
        }
        return act::reply(object, act);
    };
    if let Some(share) = members(object, "params").find(Value::is_array).filter(|_| name.eq_str("eth_submitWork")) {
        act(Act::Offer { request: Key::of(member(object, "id")), job: Key::of(share.index(1)) });
    }
}
