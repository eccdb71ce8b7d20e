//! D20: Duino-Coin (PROTOCOLS.md section 1.9). The server speaks first, with its version; then lines of commas.

use super::{Beginning, StreamDialect, Told, lines};
use crate::dialect::token::{PROOF, Token, miner, pool};
use crate::finding::Word;

pub(super) const DIALECT: StreamDialect = StreamDialect {
    id: "duino-coin",
    title: "Duino-Coin",
    coins: "DUCO",
    section: "1.9",
    tokens: &[ASK, SHARE, JOB],
    hear,
};

const ASK: Token = miner("Duino-Coin job request", PROOF, "`JOB,user,difficulty or board(,key)`");
const SHARE: Token = miner("Duino-Coin share", PROOF, "`nonce,hashes a second,.. Miner ..,rig,..`, 5 fields or more");
const JOB: Token = pool("Duino-Coin job", PROOF, "a version as first line, then `40 hex,40 hex,number`");

/// Difficulties and boards a job is asked for.
static LEVELS: &[&str] =
    &["LOW", "MEDIUM", "NET", "EXTREME", "AVR", "ESP8266", "ESP8266H", "ESP32", "ARM", "DUE", "MEGA"];

fn hear(beginning: Beginning<'_>) -> Option<Told<'_>> {
    lines(beginning.client).find_map(from_miner).or_else(|| job(beginning.server))
}

fn from_miner(line: &str) -> Option<Told<'_>> {
    let mut fields = line.split(',');
    let (first, second, third) = (fields.next()?, fields.next()?, fields.next()?);
    let fourth = fields.next();
    if first == "JOB" {
        let asked = !second.is_empty() && LEVELS.contains(&third) && fields.next().is_none();
        return asked.then(|| said(ASK, Some(second), None, None, fourth));
    }
    let counted = is_number(first, false) && is_number(second, true) && third.contains("Miner");
    let rig = fourth.filter(|rig| !rig.is_empty());
    (counted && fields.next().is_some()).then(|| {
        let told = said(SHARE, None, rig, Some(third), None);
        Told { heard: told.heard.note(Word::Hashrate, second.split('.').next()), ..told }
    })
}

fn job(bytes: &[u8]) -> Option<Told<'_>> {
    let mut lines = lines(bytes);
    let version = lines.next().filter(|line| line.len() <= 4 && line.contains('.') && is_number(line, true));
    let is_hash = |field: &str| field.len() == 40 && field.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_job = |line: &str| {
        let mut fields = line.split(',');
        let hashes = fields.next().is_some_and(is_hash) && fields.next().is_some_and(is_hash);
        hashes && fields.next().is_some_and(|number| is_number(number, false)) && fields.next().is_none()
    };
    (version.is_some() && lines.any(is_job)).then(|| said(JOB, None, None, None, None))
}

fn said<'a>(
    token: Token,
    user: Option<&str>,
    rig: Option<&str>,
    agent: Option<&str>,
    key: Option<&'a str>,
) -> Told<'a> {
    let bounded = |word: &str| word.chars().take(crate::limits::WORD).collect();
    let mut told = Told::new(token);
    told.heard.said.coin = Some("DUCO".into());
    told.heard.said.wallet = user.map(bounded);
    told.heard.said.worker = rig.map(bounded);
    told.heard.said.agent = agent.map(bounded);
    told.secret = key.filter(|key| !key.is_empty()).map(str::as_bytes);
    told
}

fn is_number(text: &str, point: bool) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit() || point && byte == b'.';
    !text.is_empty() && text.bytes().all(is_digit) && text.bytes().filter(|byte| *byte == b'.').count() <= 1
}
