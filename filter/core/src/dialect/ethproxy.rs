//! D3: ethproxy, getwork over a stream (PROTOCOLS.md section 1.3).

use super::Speaker::{Miner, Pool};
use super::{Dialect, Heard, PROOF, calls, members, string, string_at};
use crate::wire::json::{Str, Value};

pub(super) const DIALECT: Dialect = Dialect {
    id: "ethproxy",
    title: "ethproxy",
    coins: "ethash, etchash, ProgPoW and ZANO",
    anchors: &["eth_submit", "eth_getWork", "\"0x000000"],
    hear,
};

/// Leading zeros of a share target: a pool asks for 2^24 hashes at the very least, while of block and transaction
/// hashes, which node RPC also returns in arrays, one in 2^24 begins so.
const TARGET_ZEROS: &str = "0x000000";

/// What Claymore and PhoenixMiner call every rig; the rig's own name then stands in the login.
const STOCK_WORKER: &str = "eth1.0";

fn hear<'a>(object: Value<'a, '_>) -> Option<Heard<'a>> {
    calls(object, |name, parameters| call(object, name, parameters)).unwrap_or_else(|| work(object))
}

fn call<'a>(object: Value<'a, '_>, name: Str<'a>, parameters: Option<Value<'a, '_>>) -> Option<Heard<'a>> {
    let hash = |index| parameters.and_then(|list| string_at(list, index));
    if name.eq_str("eth_submitLogin") {
        let mut heard =
            Heard::new(Miner, "eth_submitLogin", PROOF).login(Some(hash(0)?)).secrets_behind_first(parameters?);
        if let Some(worker) = string(object, "worker").map(super::bounded).filter(|worker| !worker.is_empty())
            && (worker != STOCK_WORKER || heard.said.worker.is_none())
        {
            heard.said.worker = Some(worker);
        }
        return Some(heard);
    }
    // Nodes answer these too: two of them make the miner.
    if name.eq_str("eth_getWork") {
        return Some(Heard::new(Miner, "eth_getWork", 50));
    }
    if name.eq_str("eth_submitWork") {
        let shaped = hash(0)?.is_hex_0x(16) && hash(1)?.is_hex_0x(64) && hash(2)?.is_hex_0x(64);
        let heard = Heard::new(Miner, "eth_submitWork", 60);
        return shaped.then(|| worker_of(object, heard));
    }
    if name.eq_str("eth_submitHashrate") {
        let shaped = hash(0)?.starts_with("0x") && hash(1)?.is_hex_0x(64);
        let heard = Heard::new(Miner, "eth_submitHashrate", 60);
        return shaped.then(|| worker_of(object, heard));
    }
    None
}

fn worker_of<'a>(object: Value<'a, '_>, mut heard: Heard<'a>) -> Heard<'a> {
    heard.said.worker = string(object, "worker").map(super::bounded).filter(|worker| !worker.is_empty());
    heard
}

/// Work: header, seed and target of 32 bytes each, and sometimes the height.
fn work<'a>(object: Value<'a, '_>) -> Option<Heard<'a>> {
    members(object, "result").find_map(work_array)
}

fn work_array<'a>(list: Value<'a, '_>) -> Option<Heard<'a>> {
    if !list.is_array() || !(3..=4).contains(&list.count()) {
        return None;
    }
    let hash = |index| string_at(list, index).filter(|text: &Str<'_>| text.is_hex_0x(64));
    let target = hash(2)?;
    let height = match list.index(3) {
        Some(height) => height.as_str()?.starts_with("0x"),
        None => true,
    };
    let shaped = hash(0).is_some() && hash(1).is_some() && target.starts_with(TARGET_ZEROS) && height;
    shaped.then(|| Heard::new(Pool, "work array", PROOF))
}
