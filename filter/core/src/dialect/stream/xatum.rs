//! D20: Xatum, of Xelis and Dero pools (PROTOCOLS.md section 1.8): lines of a method, `~`, and an object.

use super::{Beginning, StreamDialect, Told, lines};
use crate::dialect::token::{PROOF, Token, miner, pool};
use crate::dialect::{number, string};
use crate::wire::json::{Scratch, Value, parse};

pub(super) const DIALECT: StreamDialect =
    StreamDialect { id: "xatum", title: "Xatum", coins: "XEL and others", section: "1.8", tokens: &[SHAKE, JOB], hear };

const SHAKE: Token = miner("Xatum shake", PROOF, "`shake~{addr, agent, algos, work}`");
const JOB: Token = pool("Xatum job", PROOF, "`job~{diff, blob, ..}`");

fn hear(beginning: Beginning<'_>) -> Option<Told<'_>> {
    let shaken = lines(beginning.client).next().and_then(|line| line.strip_prefix("shake~"));
    if let Some(object) = shaken {
        return read(object, shake);
    }
    lines(beginning.server).find_map(|line| read(line.strip_prefix("job~")?, job))
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
