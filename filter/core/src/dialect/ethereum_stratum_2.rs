//! D5: EthereumStratum/2.0.0 (EIP-1571; PROTOCOLS.md section 1.4).

use super::act::{self, Act, Key, Work};
use super::heard::hexadecimal;
use super::shape::{self, Item};
use super::token::{miner, pool};
use super::{Dialect, Heard, SURE, Token, list, member, method, parameters, string, string_at};
use crate::finding::Word;
use crate::wire::json::Value;

pub(super) const DIALECT: Dialect = Dialect {
    id: "ethereum-stratum-2",
    title: "EthereumStratum/2.0.0",
    coins: "ethash and etchash coins, ProgPoW",
    tickers: &["ETH", "ETC", "ETHW", "OCTA", "UBQ"],
    section: "1.4",
    narrows: Some("stratum-v1"),
    anchors: &["mining.", "EthereumStratum"],
    tokens: &[HELLO, WELCOME, SET, NOTIFY, HASHRATE, NOOP, BYE],
    hear,
    work: Some(Work {
        tell,
        form: "jobs (`mining.notify`), shares (`mining.submit` with the job first), replies; measured by the target in `mining.set`: 2^256 / target",
    }),
};

const HELLO: Token = miner("mining.hello", SURE, "`{agent, host, port, proto: \"EthereumStratum/2..\"}`");
const WELCOME: Token = pool("EthereumStratum/2 welcome", SURE, "result `{proto: \"EthereumStratum/2..\", ..}`");
const SET: Token = pool("mining.set", SURE, "`{epoch, target, algo, extranonce}`, two of them at least");
const NOTIFY: Token =
    pool("EthereumStratum/2 notify", SURE, "`mining.notify` `[job, hex height, 64 hex, \"0\" or \"1\"]`");
const HASHRATE: Token = miner("mining.hashrate", SURE, "`[hex, worker id]`");
const NOOP: Token = miner("mining.noop", 40, "no parameters");
const BYE: Token = miner("mining.bye", 30, "no parameters");

fn hear<'a>(object: Value<'a, '_>) -> Option<Heard<'a>> {
    let is_ours =
        |value: Value<'_, '_>| string(value, "proto").is_some_and(|name| name.starts_with("EthereumStratum/2"));
    let Some(name) = method(object) else {
        return member(object, "result").filter(|result| is_ours(*result)).map(|_| Heard::new(WELCOME));
    };
    if let Some(greeting) = parameters(object, "mining.hello") {
        return is_ours(greeting).then(|| Heard::new(HELLO).agent(string(greeting, "agent")));
    }
    if let Some(set) = parameters(object, "mining.set") {
        let keys = ["epoch", "target", "algo", "extranonce"];
        return (keys.iter().filter(|key| string(set, key).is_some()).count() >= 2).then(|| set_up(set));
    }
    if let Some(job) = list(object, "mining.notify") {
        let flag = string_at(job, 3)?;
        let shaped = shape::is(job, &[Item::Text, Item::HexOf(1, 16), Item::Hex(64), Item::Text]);
        return (shaped && (flag.eq_str("0") || flag.eq_str("1"))).then(|| {
            let height = string_at(job, 1).and_then(hexadecimal);
            Heard::new(NOTIFY).count(Word::Height, height)
        });
    }
    if let Some(told) = list(object, "mining.hashrate") {
        let shaped =
            shape::is(told, &[Item::HexOf(1, 64), Item::Text]) || shape::is(told, &[Item::Hex0xOf(1, 64), Item::Text]);
        return shaped.then(|| Heard::new(HASHRATE).count(Word::Hashrate, string_at(told, 0).and_then(hexadecimal)));
    }
    [NOOP, BYE].into_iter().find(|token| name.eq_str(token.name)).map(Heard::new)
}

/// The one algorithm that names a coin's chain is told; ethash has many.
fn set_up<'a>(set: Value<'a, '_>) -> Heard<'a> {
    let heard = Heard::new(SET).value(Word::Algorithm, member(set, "algo")).value(Word::Target, member(set, "target"));
    let is_classic = string(set, "algo").is_some_and(|algorithm| algorithm.eq_str("etchash"));
    if is_classic { heard.coin("ETC") } else { heard }
}

fn tell(object: Value<'_, '_>, act: &mut dyn FnMut(Act)) {
    if let Some(set) = parameters(object, "mining.set") {
        act::target(string(set, "target")).into_iter().for_each(|share| act(Act::Target(share)));
    } else if let Some(share) = list(object, "mining.submit") {
        act(Act::Offer { request: Key::of(member(object, "id")), job: Key::of(share.index(0)) });
    } else {
        act::stratum(object, |_| None, act);
    }
}
