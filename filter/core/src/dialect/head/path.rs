//! What the paths of requests tell: the login of ethproxy over HTTP (PROTOCOLS.md section 1.3), mining at a node of Ergo
//! (1.8), and the WebSocket of web miners (1.9). Each is weak: paths are anybody's to choose.

use super::user::{self, login as read_login};
use super::{Asked, HeadToken, Listen};
use crate::dialect::token::miner;
use crate::dialect::{Heard, Token};

pub(super) const LOGIN: HeadToken = HeadToken {
    dialect: "ethproxy",
    token: miner("wallet as path", 50, "POST of `/0x 40 hex(/rig)` or `/?miner=n@0x 40 hex(@rig)`"),
    hear: Listen::Request(|token, asked| {
        let (wallet, rig) = login(asked)?;
        let mut heard = Heard::new(token);
        read_login(&mut heard.said, wallet);
        heard.said.worker = rig.and_then(user::word);
        heard.said.agent = user::word(asked.agent);
        Some(heard)
    }),
};

pub(super) const CANDIDATE: HeadToken = HeadToken {
    dialect: "ergo",
    token: miner("mining candidate", 40, "GET of `/mining/candidate`, not from a page"),
    hear: Listen::Request(|token, asked| heard(token, asked, "GET", "/mining/candidate")),
};

pub(super) const SOLUTION: HeadToken = HeadToken {
    dialect: "ergo",
    token: miner("mining solution", 60, "POST of `/mining/solution`, not from a page"),
    hear: Listen::Request(|token, asked| heard(token, asked, "POST", "/mining/solution")),
};

pub(super) const WEB_MINER: HeadToken = HeadToken {
    dialect: "web-miner",
    token: miner("web miner's path", 20, "a WebSocket asked for at `/proxy`"),
    hear: Listen::Request(|token, asked| {
        let asks = matches!(asked.path, "/proxy" | "/proxy/") && asked.request.is_websocket();
        asks.then(|| Heard::new(token))
    }),
};

/// The path of a target, which may name the server in front of it.
pub(super) fn of(target: &str) -> &str {
    match target.split_once("://") {
        Some((scheme, rest)) if scheme.bytes().all(|letter| letter.is_ascii_alphabetic()) => {
            rest.get(rest.find(['/', '?']).unwrap_or(rest.len())..).unwrap_or_default()
        }
        _ => target,
    }
}

/// Wallet and rig of an Ethereum login in the path of a POST.
pub(super) fn login<'s>(asked: &Asked<'_, 's>) -> Option<(&'s str, Option<&'s str>)> {
    let path = asked.path.strip_prefix('/').filter(|_| asked.is("POST"))?;
    let (wallet, rig) = match path.strip_prefix("?miner=") {
        Some(query) => {
            let query = query.split('&').next()?;
            let (number, login) = query.split_once('@')?;
            (!number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit() || digit == b'.')).then_some(())?;
            login.split_once('@').map_or((login, None), |(wallet, rig)| (wallet, Some(rig)))
        }
        None => path.split_once('/').map_or((path, None), |(wallet, rig)| (wallet, Some(rig))),
    };
    let digits = wallet.strip_prefix("0x").filter(|digits| digits.len() == 40)?;
    let plain = |rig: &str| {
        rig.len() <= 64 && rig.bytes().all(|letter| letter.is_ascii_alphanumeric() || b"-_.".contains(&letter))
    };
    (digits.bytes().all(|digit| digit.is_ascii_hexdigit()) && rig.is_none_or(plain)).then_some((wallet, rig))
}

/// A miner's request for exactly this. Browsers that walk a mining company's site name the page they come from.
fn heard<'a>(token: Token, asked: &Asked<'a, '_>, method: &str, path: &str) -> Option<Heard<'a>> {
    let paged =
        || ["referer", "origin", "cookie", "sec-fetch-mode"].into_iter().any(|name| asked.field(name).is_some());
    (asked.path == path && asked.is(method) && !paged()).then(|| Heard::new(token))
}
