//! D20: Duino-Coin (PROTOCOLS.md section 1.9). The server speaks first, with its version; then lines of commas. The
//! miner for PCs ends none of its lines (read in its sources): there a turn is a line.

use super::{Beginning, End, StreamDialect, Told, word};
use crate::dialect::token::{PROOF, Token, miner, pool};
use crate::finding::Word;

pub(super) const DIALECT: StreamDialect = StreamDialect {
    id: "duino-coin",
    title: "Duino-Coin",
    coins: "DUCO",
    section: "1.9",
    tokens: &[ASK, SHARE, JOB, ANSWER],
    hear,
    awaits,
};

const ASK: Token = miner("Duino-Coin job request", PROOF, "`JOB,user,difficulty or board(,key)`");
const SHARE: Token =
    miner("Duino-Coin share", PROOF, "`nonce,hashes a second,.. Miner version,rig,..`, 5 fields or more");
const JOB: Token = pool("Duino-Coin job", PROOF, "a version as first line, then `40 hex,40 hex,number`");
const ANSWER: Token =
    pool("Duino-Coin answer", PROOF, "`40 hex,40 hex,number` and, before or behind it, `GOOD`, `BLOCK` or `BAD,..`");

/// Difficulties and boards a job is asked for.
static LEVELS: &[&str] =
    &["LOW", "MEDIUM", "NET", "EXTREME", "AVR", "ESP8266", "ESP8266H", "ESP32", "ARM", "DUE", "MEGA"];

fn hear(beginning: Beginning<'_>) -> Option<Told<'_>> {
    let told = match beginning.client.first() {
        Some(b'J' | b'0'..=b'9') => {
            let lines = beginning.lines(End::Client).chain(beginning.sayings(End::Client));
            // The request names the user, the share the rig: the first is the token, both are said.
            lines.filter_map(from_miner).reduce(|mut first, next| {
                first.heard.said.learn(next.heard.said);
                first
            })
        }
        _ => None,
    };
    told.or_else(|| match beginning.server.first() {
        Some(b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'G') => {
            from_pool(beginning.lines(End::Server)).or_else(|| from_pool(beginning.sayings(End::Server)))
        }
        _ => None,
    })
}

/// What is waited for: a version, a request, a job and an answer.
const TALK_MOST: usize = 384;

fn awaits(beginning: Beginning<'_>) -> bool {
    let Beginning { client, server, .. } = beginning;
    let is_text = |bytes: &[u8]| bytes.iter().all(|octet| matches!(octet, b' '..=b'~' | b'\r' | b'\n'));
    // Numbers and hashes end: the nonce of a share, or a hash, perhaps with the version right in front.
    let begins = |bytes: &[u8], most| {
        let first = bytes.split(|octet| b",\r\n".contains(octet)).next().unwrap_or_default();
        first.len() <= most && first.iter().all(|octet| octet.is_ascii_hexdigit() || *octet == b'.')
    };
    client.len() + server.len() <= TALK_MOST
        && (super::may_begin(client, b"JOB,") || begins(client, 20))
        && (begins(server, 44) || super::may_begin(server, b"GOOD\n") || super::may_begin(server, b"BLOCK\n"))
        && is_text(client)
        && is_text(server)
}

fn from_miner(line: &str) -> Option<Told<'_>> {
    let mut fields = line.split(',');
    let (first, second, third) = (fields.next()?, fields.next()?, fields.next()?);
    let fourth = fields.next();
    if first == "JOB" {
        let asked = !second.is_empty() && LEVELS.contains(&third) && fields.next().is_none();
        return asked.then(|| said(ASK, Some(second), None, None, fourth));
    }
    let counted = is_number(first, false) && is_number(second, true) && is_software(third);
    let rig = fourth.filter(|rig| !rig.is_empty());
    (counted && fields.next().is_some()).then(|| {
        let told = said(SHARE, None, rig, Some(third), None);
        Told { heard: told.heard.note(Word::Hashrate, second.split('.').next()), ..told }
    })
}

/// `Official PC Miner 4.1`: the word, and a version behind it.
fn is_software(name: &str) -> bool {
    let behind = name.split_once("Miner ").map(|(_, version)| version);
    behind.is_some_and(|version| version.contains('.') && is_number(version, true))
}

fn from_pool<'a>(lines: impl Iterator<Item = &'a str>) -> Option<Told<'a>> {
    let mut lines = lines.peekable();
    let is_version = |line: &&str| line.len() <= 4 && line.contains('.') && is_number(line, true);
    let begun = lines.next_if(is_version).is_some();
    let (mut job, mut answer) = (false, false);
    for line in lines {
        job |= is_job(line);
        answer |= matches!(line, "GOOD" | "BLOCK") || line.starts_with("BAD,");
        if job && (begun || answer) {
            return Some(said(if begun { JOB } else { ANSWER }, None, None, None, None));
        }
    }
    None
}

fn is_job(line: &str) -> bool {
    let is_hash = |field: &str| field.len() == 40 && field.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut fields = line.split(',');
    let hashes = fields.next().is_some_and(is_hash) && fields.next().is_some_and(is_hash);
    hashes && fields.next().is_some_and(|number| is_number(number, false)) && fields.next().is_none()
}

fn said<'a>(
    token: Token,
    user: Option<&str>,
    rig: Option<&str>,
    agent: Option<&str>,
    key: Option<&'a str>,
) -> Told<'a> {
    let mut told = Told::new(token);
    told.heard.said.coin = Some("DUCO".into());
    told.heard.said.wallet = user.and_then(word);
    told.heard.said.worker = rig.and_then(word);
    told.heard.said.agent = agent.and_then(word);
    told.secret = key.filter(|key| !key.is_empty()).map(str::as_bytes);
    told
}

fn is_number(text: &str, point: bool) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit() || point && byte == b'.';
    !text.is_empty() && text.bytes().all(is_digit) && text.bytes().filter(|byte| *byte == b'.').count() <= 1
}
