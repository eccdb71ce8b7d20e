//! D20: Xatum, of Xelis and Dero pools (PROTOCOLS.md section 1.8): lines of a method, `~`, and an object.

use super::{Beginning, End, StreamDialect, Told};
use crate::dialect::token::{PROOF, Token, miner, pool};
use crate::dialect::{number, string};
use crate::wire::json::{Scratch, Value, parse};

pub(super) const DIALECT: StreamDialect = StreamDialect {
    id: "xatum",
    title: "Xatum",
    coins: "XEL and others",
    section: "1.8",
    tokens: &[SHAKE, SUBMIT, JOB],
    hear,
    awaits,
};

const SHAKE: Token = miner("Xatum shake", PROOF, "`shake~{addr, agent, algos, work}`");
const SUBMIT: Token = miner("Xatum submit", PROOF, "`submit~{data, hash: 64 hex}`");
const JOB: Token = pool("Xatum job", PROOF, "`job~{diff, blob, ..}`");

fn hear(beginning: Beginning<'_>) -> Option<Told<'_>> {
    let of_miner = |line: &str| match line.split_once('~')? {
        ("shake", object) => read(object, shake),
        ("submit", object) => read(object, submit),
        _ => None,
    };
    // The method stands at the very beginning, in whichever line.
    let is_spoken = |bytes: &[u8]| bytes.iter().take(8).any(|byte| *byte == b'~');
    let lines = |end, bytes| beginning.lines(end).take_while(move |_| is_spoken(bytes));
    let told = lines(End::Client, beginning.client).find_map(of_miner);
    told.or_else(|| lines(End::Server, beginning.server).find_map(|line| read(line.strip_prefix("job~")?, job)))
}

/// The longest line waited for, with room for many algorithms.
const LINE_MOST: usize = 1_024;

fn awaits(beginning: Beginning<'_>) -> bool {
    let begins = |bytes: &[u8], words: &[&[u8]]| {
        !bytes.is_empty() && bytes.len() <= LINE_MOST && words.iter().any(|word| super::may_begin(bytes, word))
    };
    begins(beginning.client, &[b"shake~", b"submit~", b"ping~", b"pong~"])
        || begins(beginning.server, &[b"job~", b"print~", b"success~", b"ping~", b"pong~"])
}

fn read<'a>(object: &str, hear: fn(Value<'_, '_>) -> Option<Told<'a>>) -> Option<Told<'a>> {
    let mut scratch = Scratch::default();
    parse(object.as_bytes(), &mut scratch).root().filter(Value::is_complete).and_then(hear)
}

fn shake<'a>(object: Value<'_, '_>) -> Option<Told<'a>> {
    let address = string(object, "addr")?;
    let worker = string(object, "work")?;
    object.get("algos").filter(Value::is_array)?;
    let mut told = Told::new(SHAKE);
    let bounded = crate::dialect::bounded;
    told.heard.said.coin = address.starts_with("xel:").then(|| "XEL".into());
    told.heard.said.wallet = Some(bounded(address));
    told.heard.said.worker = Some(bounded(worker)).filter(|worker: &alloc::string::String| !worker.is_empty());
    told.heard.said.agent = string(object, "agent").map(bounded);
    Some(told)
}

fn job<'a>(object: Value<'_, '_>) -> Option<Told<'a>> {
    string(object, "blob")?;
    number(object, "diff").map(|_| Told::new(JOB))
}

fn submit<'a>(object: Value<'_, '_>) -> Option<Told<'a>> {
    string(object, "data")?;
    string(object, "hash")?.is_hex(64).then(|| Told::new(SUBMIT))
}
