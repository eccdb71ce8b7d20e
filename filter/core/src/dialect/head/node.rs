//! D17: getwork, getblocktemplate and XMRig's solo mining over HTTP (PROTOCOLS.md sections 1.2 and 1.9). Their headers are
//! those of the getwork extensions; names of mining software count only where it asks what a miner asks of a node.

use super::user::{self, login};
use super::{Asked, HeadToken, Listen};
use crate::dialect::token::{PROOF, miner, pool};
use crate::dialect::{Heard, Token};
use crate::wire::http::{Message, Response};

const NODE: &str = "node-rpc";

pub(super) const EXTENSIONS: HeadToken = request(
    miner("X-Mining-Extensions", PROOF, "a list with one of `longpoll`, `midstate`, `rollntime`, `submitold` and kin"),
    |token, asked| {
        let words = asked.field("x-mining-extensions")?.split(|octet| b" ,".contains(octet));
        let known = words.into_iter().any(|word| KNOWN.iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes())));
        known.then(|| told(token, asked))
    },
);

/// The extensions of getwork that clients name.
static KNOWN: &[&str] = &[
    "hostlist",
    "longpoll",
    "midstate",
    "noncerange",
    "reject-reason",
    "rollntime",
    "stratum",
    "submitold",
    "switchto",
    "workid",
];

pub(super) const HASHRATE: HeadToken = request(miner("X-Mining-Hashrate", PROOF, "a number"), |token, asked| {
    is_number(asked.field("x-mining-hashrate")?).then(|| told(token, asked))
});

pub(super) const HASH_DIFFICULTY: HeadToken =
    request(miner("X-Hash-Difficulty", 60, "a number, in a POST"), |token, asked| {
        let number = is_number(asked.field("x-hash-difficulty")?);
        (number && asked.is("POST")).then(|| told(token, asked))
    });

pub(super) const AGENT: HeadToken = request(
    miner(
        "mining software at a node",
        60,
        "User-Agent of mining software, in a GET of `/getheight` or `/getinfo` or a POST to `/`, `/json_rpc` or a login",
    ),
    |token, asked| (asked.is_miner && asks_a_node(asked)).then(|| told(token, asked)),
);

pub(super) const AGENT_ELSEWHERE: HeadToken = request(
    miner("mining software elsewhere", 20, "User-Agent of mining software, in any other request"),
    |token, asked| (asked.is_miner && !asks_a_node(asked)).then(|| told(token, asked)),
);

pub(super) const HEIGHT: HeadToken = request(
    miner("height asked by mining software", 40, "GET of `/getheight` or `/getinfo`, User-Agent of mining software"),
    |token, asked| (asked.is_miner && asks_height(asked)).then(|| told(token, asked)),
);

pub(super) const USER: HeadToken = request(
    miner("wallet as user", 60, "the user of Basic authentication is beyond doubt a wallet address"),
    |token, asked| {
        let read = crate::wallet::login::read(asked.user?);
        read.telling.then(|| told(token, asked))
    },
);

pub(super) const STRATUM: HeadToken = response(pool("X-Stratum", PROOF, "`stratum+..://..`"), |response| {
    let value = response.message.field("x-stratum").unwrap_or_default();
    value.get(..8).is_some_and(|start| start.eq_ignore_ascii_case(b"stratum+"))
});

pub(super) const LONG_POLLING: HeadToken =
    response(pool("X-Long-Polling", 40, "a path or an address"), |response| has(&response.message, "x-long-polling"));

pub(super) const ROLL_NTIME: HeadToken =
    response(pool("X-Roll-NTime", 60, "anything"), |response| has(&response.message, "x-roll-ntime"));

pub(super) const REJECT_REASON: HeadToken =
    response(pool("X-Reject-Reason", 40, "anything"), |response| has(&response.message, "x-reject-reason"));

const fn request(token: Token, hear: for<'a> fn(Token, &Asked<'a, '_>) -> Option<Heard<'a>>) -> HeadToken {
    HeadToken { dialect: NODE, token, hear: Listen::Request(hear) }
}

const fn response(token: Token, hear: fn(&Response<'_>) -> bool) -> HeadToken {
    HeadToken { dialect: NODE, token, hear: Listen::Response(hear) }
}

/// What was said beside the token: who asks, and by which software.
fn told<'a>(token: Token, asked: &Asked<'a, '_>) -> Heard<'a> {
    let mut heard = Heard::new(token);
    if let Some(user) = asked.user {
        login(&mut heard.said, user);
    }
    heard.said.agent = user::word(asked.agent);
    heard
}

fn asks_height(asked: &Asked<'_, '_>) -> bool {
    asked.is("GET") && matches!(asked.path, "/getheight" | "/getinfo")
}

fn asks_a_node(asked: &Asked<'_, '_>) -> bool {
    asks_height(asked)
        || asked.is("POST") && (matches!(asked.path, "/" | "/json_rpc") || super::path::login(asked).is_some())
}

fn is_number(value: &[u8]) -> bool {
    !value.is_empty() && value.iter().all(|octet| octet.is_ascii_digit() || *octet == b'.')
}

fn has(message: &Message<'_>, name: &str) -> bool {
    message.field(name).is_some_and(|value| !value.is_empty())
}
