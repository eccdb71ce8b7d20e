//! D20: the messages of the agent of BTC.com behind its lines of JSON (PROTOCOLS.md section 1.9; read in btcagent's
//! sources and its protocol page). One is `7f`, a command, its whole length in 2 octets, and a body. Those for Ethereum
//! have other lengths and are not heard.

use super::fields::{Fields, printable};
use super::{Beginning, StreamDialect, Told, word};
use crate::dialect::token::{PROOF, Token, miner, pool};

pub(super) const DIALECT: StreamDialect = StreamDialect {
    id: "btccom-agent-messages",
    title: "BTC.com agent, its messages",
    coins: "SHA-256 and others of the BTC.com pools",
    section: "1.9",
    tokens: &[REGISTER, REQUESTS, ANSWERS],
    hear,
    awaits,
};

const REGISTER: Token = miner(
    "agent register worker",
    PROOF,
    "`7f 01`, the length, a session, agent and worker of printable characters, each with a NUL behind it",
);
const REQUESTS: Token = miner(
    "agent requests",
    PROOF,
    "three messages from the first byte on, lines of JSON apart: shares, workers registered and unregistered; each of \
     its length",
);
const ANSWERS: Token = pool(
    "agent answers",
    PROOF,
    "three messages from the first byte on, lines of JSON apart: difficulties, answers to shares; each of its length",
);

const MAGIC: u8 = 0x7f;
/// Lines and messages looked at: the agent's four lines, a job now and then, and three messages.
const LOOKED_AT: usize = 16;
/// Messages that prove it.
const ENOUGH: usize = 3;

fn hear(beginning: Beginning<'_>) -> Option<Told<'_>> {
    let from_agent = count(beginning.client, is_request);
    if let Some((agent, worker)) = from_agent.registered {
        let mut told = Told::new(REGISTER);
        told.heard.said.agent = word(agent);
        told.heard.said.worker = word(worker);
        return Some(told);
    }
    if from_agent.messages >= ENOUGH {
        return Some(Told::new(REQUESTS));
    }
    (count(beginning.server, is_answer).messages >= ENOUGH).then(|| Told::new(ANSWERS))
}

/// The longest message waited for: a registration with two long words.
const MESSAGE_MOST: u32 = 600;

fn awaits(beginning: Beginning<'_>) -> bool {
    let may_follow = |counted: Counted<'_>, commands: &[u8]| {
        let mut rest = Fields(counted.rest);
        let Some(magic) = rest.u8() else { return (1..ENOUGH).contains(&counted.messages) };
        let command = rest.u8().is_none_or(|command| commands.contains(&command));
        magic == MAGIC && command && rest.number(2).is_none_or(|length| length <= MESSAGE_MOST)
    };
    may_follow(count(beginning.client, is_request), &[1, 2, 3, 4, 0x12, 0x13])
        || may_follow(count(beginning.server, is_answer), &[5, 0x10])
}

#[derive(Default)]
struct Counted<'a> {
    messages: usize,
    registered: Option<(&'a str, &'a str)>,
    /// What is behind them.
    rest: &'a [u8],
}

/// Counts the messages from the first byte on, up to the first thing that is neither message nor line of JSON.
fn count<'a>(bytes: &'a [u8], fits: fn(u8, Fields<'_>) -> bool) -> Counted<'a> {
    let mut counted = Counted::default();
    let mut rest = Fields(bytes);
    for _ in 0..LOOKED_AT {
        counted.rest = rest.0;
        match rest.0.first() {
            Some(b'{') => {
                let Some(end) = memchr::memchr(b'\n', rest.0) else { break };
                rest.take(end + 1);
            }
            Some(&MAGIC) => {
                let Some((command, body)) = message(&mut rest).filter(|(command, body)| fits(*command, *body)) else {
                    break;
                };
                counted.messages += 1;
                if command == 1 {
                    counted.registered = counted.registered.or_else(|| registered(body));
                }
            }
            _ => break,
        }
    }
    counted
}

fn message<'a>(bytes: &mut Fields<'a>) -> Option<(u8, Fields<'a>)> {
    bytes.u8().filter(|magic| *magic == MAGIC)?;
    let command = bytes.u8()?;
    let length = usize::from(bytes.u16()?).checked_sub(4)?;
    Some((command, Fields(bytes.take(length)?)))
}

fn is_request(command: u8, body: Fields<'_>) -> bool {
    match command {
        0x01 => registered(body).is_some(),
        0x02 => body.0.len() == 11,
        0x03 | 0x12 => body.0.len() == 15,
        0x04 => body.0.len() == 2,
        0x13 => body.0.len() == 19,
        _ => false,
    }
}

fn is_answer(command: u8, mut body: Fields<'_>) -> bool {
    match command {
        0x05 => {
            let power = body.u8().is_some_and(|power| power < 64);
            let sessions = body.u16().filter(|sessions| *sessions > 0);
            power && sessions.is_some_and(|sessions| body.0.len() == 2 * usize::from(sessions))
        }
        // The number of the share and what became of it.
        0x10 => body.0.len() == 6,
        _ => false,
    }
}

/// Agent and worker of a registration; not both may be empty.
fn registered(body: Fields<'_>) -> Option<(&str, &str)> {
    let mut words = body.0.get(2..)?.strip_suffix(&[0])?.split(|octet| *octet == 0);
    let (agent, worker) = (printable(words.next()?)?, printable(words.next()?)?);
    (words.next().is_none() && agent.len() + worker.len() >= 2).then_some((agent, worker))
}
