//! What the heads of HTTP/1 messages say of mining: one row of [`HEADS`] each. A row names the dialect it belongs to, so
//! that its weight adds up with what that dialect hears in the bodies of the same flow.

use alloc::vec::Vec;

use super::{Dialect, Heard, TABLE, Token, agent};
use crate::wire::http::{Request, Response};

mod node;
mod path;
mod user;

/// Every token of heads.
pub static HEADS: &[HeadToken] = &[
    node::EXTENSIONS,
    node::HASHRATE,
    node::HASH_DIFFICULTY,
    node::AGENT,
    node::AGENT_ELSEWHERE,
    node::HEIGHT,
    node::USER,
    node::STRATUM,
    node::LONG_POLLING,
    node::ROLL_NTIME,
    node::REJECT_REASON,
    path::LOGIN,
    path::CANDIDATE,
    path::SOLUTION,
    path::WEB_MINER,
];

/// The dialects whose objects HTTP bodies carry, to whatever path. Those of other dialects stand in bodies as quotations.
static SPOKEN: &[&str] = &["ethproxy", "node-rpc"];

/// Whether miners and nodes say this dialect's objects in HTTP bodies.
#[must_use]
pub fn is_spoken_over_http(dialect: &Dialect) -> bool {
    SPOKEN.contains(&dialect.id)
}

/// One thing heard in heads.
#[derive(Clone, Copy, Debug)]
pub struct HeadToken {
    /// The id of the dialect of [`TABLE`] it counts for.
    pub dialect: &'static str,
    /// What it is.
    pub token: Token,
    /// Listens to one head.
    pub hear: Listen,
}

/// Fields that hold passwords, or what is as good.
static SECRET: &[&str] = &["authorization", "cookie", "proxy-authorization"];

/// Which heads a row listens to, and how.
#[derive(Clone, Copy, Debug)]
pub enum Listen {
    /// Those of requests.
    Request(for<'a> fn(Token, &Asked<'a, '_>) -> Option<Heard<'a>>),
    /// Those of responses.
    Response(fn(&Response<'_>) -> bool),
}

/// A request, with what several rows look at.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a, 's> {
    /// The request.
    pub request: &'s Request<'a>,
    /// The user of Basic authentication.
    pub user: Option<&'s str>,
    /// The path and what follows it, without the server's name in front.
    pub path: &'s str,
    /// The value of User-Agent.
    pub agent: &'s str,
    /// Whether that is mining software.
    pub is_miner: bool,
}

impl<'a> Asked<'a, '_> {
    fn field(&self, name: &str) -> Option<&'a [u8]> {
        self.request.message.field(name)
    }

    fn is(&self, method: &str) -> bool {
        self.request.method == method.as_bytes()
    }
}

/// What the head of a request tells, each with its dialect's place in [`TABLE`]. Its secrets are the values of fields
/// that hold a password. `scratch` is only worked in.
pub fn hear_request<'a>(
    request: &Request<'a>,
    scratch: &mut Vec<u8>,
) -> impl Iterator<Item = (usize, Heard<'a>)> + use<'a> {
    let user = request.user(scratch).and_then(|user| core::str::from_utf8(user).ok());
    let text = |octets| core::str::from_utf8(octets).unwrap_or_default();
    let agent = request.message.field("user-agent").map(text).unwrap_or_default();
    let is_miner = agent::is_known_product(agent);
    let asked = Asked { request, user, path: path::of(text(request.target)), agent, is_miner };
    let rows = HEADS.iter().filter_map(|row| match row.hear {
        Listen::Request(hear) => {
            let mut heard = hear(row.token, &asked)?;
            heard.secrets.extend(SECRET.iter().filter_map(|name| request.message.field(name)));
            Some((place(row)?, heard))
        }
        Listen::Response(_) => None,
    });
    rows.collect::<Vec<_>>().into_iter()
}

/// What the head of a response tells, likewise.
pub fn hear_response<'a>(response: &Response<'a>) -> impl Iterator<Item = (usize, Heard<'a>)> {
    HEADS.iter().filter_map(move |row| match row.hear {
        Listen::Response(hear) => hear(response).then_some((place(row)?, Heard::new(row.token))),
        Listen::Request(_) => None,
    })
}

fn place(row: &HeadToken) -> Option<usize> {
    TABLE.iter().position(|dialect| dialect.id == row.dialect)
}

#[cfg(test)]
mod tests;
