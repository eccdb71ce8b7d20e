//! D17: mining at a node (PROTOCOLS.md sections 1.2 and 1.9): the JSON bodies of getwork, getblocktemplate and kin,
//! over HTTP. Nodes are asked by explorers and wallets too: but for getwork itself, it takes two of these.

use super::heard::whole;
use super::shape::hex_digits;
use super::token::{miner, pool};
use super::{Dialect, Heard, PROOF, Token, member, method, number, string, string_at};
use crate::finding::Word;
use crate::wire::json::{Str, Value};

pub(super) const DIALECT: Dialect = Dialect {
    id: "node-rpc",
    title: "getwork and getblocktemplate",
    coins: "any, from one's own node or an old pool",
    tickers: &[],
    section: "1.9, 1.2",
    narrows: None,
    anchors: &[
        "getwork",
        "getblocktemplate",
        "get_block_templa",
        "submitblock",
        "submit_block",
        "\"target\"",
        "previousblockhas",
        "blocktemplate_bl",
        "get_miner_data",
        "auxblock",
    ],
    tokens: &[
        GET_WORK,
        SUBMIT_WORK,
        WORK,
        GET_TEMPLATE,
        GET_TEMPLATE_FOR,
        TEMPLATE,
        BLOB,
        SUBMIT,
        MINER,
        GET_AUX,
        SUBMIT_AUX,
    ],
    hear,
    work: None,
};

const GET_WORK: Token = miner("getwork", 40, "`[]`");
const SUBMIT_WORK: Token = miner("getwork submission", PROOF, "`getwork` `[256 hex]`");
const WORK: Token = pool("getwork result", PROOF, "result `{data: 256 hex, target: 64 hex, ..}`");
const GET_TEMPLATE: Token = miner("getblocktemplate", 40, "or `get_block_template`, a list");
const GET_TEMPLATE_FOR: Token = miner("getblocktemplate for a wallet", 60, "`{wallet_address, ..}`");
const TEMPLATE: Token = pool("block template", 40, "result `{previousblockhash, bits, height, coinbasevalue, ..}`");
const BLOB: Token = pool("CryptoNote block template", 40, "result `{blocktemplate_blob, prev_hash, difficulty, ..}`");
const SUBMIT: Token = miner("submitblock", 60, "or `submit_block`, `[160 hex or more, ..]`");
const MINER: Token = miner("get_miner_data", 30, "any parameters");
const GET_AUX: Token = miner("getauxblock", 40, "or `createauxblock`, a list");
const SUBMIT_AUX: Token = miner("submitauxblock", 60, "or `getauxblock`, `[64 hex, hex]`");

fn hear<'a>(object: Value<'a, '_>) -> Option<Heard<'a>> {
    let Some(name) = method(object) else { return result(member(object, "result")?) };
    let is = |names: [&str; 2]| names.iter().any(|known| name.eq_str(known));
    if name.eq_str("get_miner_data") {
        return Some(Heard::new(MINER));
    }
    let given = member(object, "params")?;
    let first = string_at(given, 0).and_then(hex_digits);
    if name.eq_str("getwork") {
        if first == Some(256) {
            return Some(Heard::new(SUBMIT_WORK));
        }
        return (given.is_array() && given.is_complete() && given.count() == 0).then(|| Heard::new(GET_WORK));
    }
    if is(["getblocktemplate", "get_block_template"]) {
        if let Some(wallet) = string(given, "wallet_address") {
            return Some(Heard::new(GET_TEMPLATE_FOR).login(Some(wallet)));
        }
        return given.is_array().then(|| Heard::new(GET_TEMPLATE));
    }
    if is(["submitblock", "submit_block"]) {
        return (first? >= 160).then(|| Heard::new(SUBMIT));
    }
    if is(["getauxblock", "submitauxblock"]) && first == Some(64) {
        return string_at(given, 1).and_then(hex_digits).map(|_| Heard::new(SUBMIT_AUX));
    }
    (is(["getauxblock", "createauxblock"]) && given.is_array()).then(|| Heard::new(GET_AUX))
}

fn result<'a>(result: Value<'a, '_>) -> Option<Heard<'a>> {
    let text = |key| string(result, key);
    let hex = |key, digits| text(key).is_some_and(|text: Str<'_>| text.is_hex(digits));
    if hex("data", 256) && hex("target", 64) {
        return Some(Heard::new(WORK).value(Word::Target, member(result, "target")));
    }
    if hex("previousblockhash", 64) && hex("bits", 8) && number(result, "height").is_some() {
        return number(result, "coinbasevalue").map(|_| height(Heard::new(TEMPLATE), result));
    }
    let shaped = hex("prev_hash", 64) && number(result, "difficulty").is_some();
    (shaped && text("blocktemplate_blob").and_then(hex_digits)? >= 152).then(|| height(Heard::new(BLOB), result))
}

fn height<'a>(heard: Heard<'a>, template: Value<'a, '_>) -> Heard<'a> {
    heard.count(Word::Height, member(template, "height").and_then(whole))
}
