//! D1: stratum v1 (PROTOCOLS.md section 1.6), and whatever borrows its `mining.` methods.

use super::act::{self, Act, Work};
use super::token::{miner, pool};
use super::{Dialect, Heard, PROOF, Token, calls, coinbase, member, members, string, string_at};
use crate::finding::{PoolSource, Word};
use crate::wallet::login;
use crate::wire::json::{Str, Value};

pub(super) const DIALECT: Dialect = Dialect {
    id: "stratum-v1",
    title: "Stratum v1",
    coins: "SHA-256, scrypt, X11, X16R, Lyra2, yespower, ghostrider and most others",
    tickers: &[],
    section: "1.6",
    narrows: None,
    anchors: &["mining.", "client.reconnect", "client.show_mess", "client.get_versi", "version-rolling"],
    tokens: METHODS,
    hear,
    work: Some(Work {
        tell,
        form: "jobs (`mining.notify`), shares (`mining.submit`), replies; measured by `mining.set_difficulty` in the unit of the algorithm, where that is known, or `mining.set_target`",
    }),
};

const SUBSCRIPTION: Token = pool("mining.notify subscription", PROOF, "the reply to `mining.subscribe`");
const ROLLING: Token = pool("version-rolling mask", PROOF, "the reply to `mining.configure`");

/// The methods nothing else uses, and who calls them; then the replies; then what proves only together.
static METHODS: &[Token] = &[
    miner("mining.authorize", PROOF, "`[login, password]`"),
    miner("mining.configure", PROOF, "`[extensions, {..}]`"),
    miner("mining.extranonce.subscribe", PROOF, "`[]`"),
    miner("mining.get_transactions", PROOF, "`[job]`"),
    miner("mining.multi_version", PROOF, "`[n]`"),
    pool("mining.notify", PROOF, "a list"),
    pool("mining.set_difficulty", PROOF, "`[n]`"),
    pool("mining.set_extranonce", PROOF, "`[hex, n]`"),
    pool("mining.set_target", PROOF, "`[hex]`"),
    pool("mining.set_version_mask", PROOF, "`[hex]`"),
    miner("mining.submit", PROOF, "`[login, job, ..]`"),
    miner("mining.subscribe", PROOF, "`[agent, ..]`"),
    miner("mining.suggest_difficulty", PROOF, "`[n]`"),
    miner("mining.suggest_target", PROOF, "`[hex]`"),
    pool("client.reconnect", 40, "`[host, port, ..]`"),
    pool("client.show_message", 30, "`[text]`"),
    pool("client.get_version", 30, "`[]`"),
    pool("mining.ping", 40, "a list"),
    miner("mining.pong", 40, "a list"),
    SUBSCRIPTION,
    ROLLING,
];

fn hear<'a>(object: Value<'a, '_>) -> Option<Heard<'a>> {
    calls(object, call).unwrap_or_else(|| subscription(object).or_else(|| rolling(object)))
}

/// A call: one of the methods, with parameters. Those who borrow a method that proves may give an object instead of an
/// array.
fn call<'a>(name: Str<'a>, parameters: Option<Value<'a, '_>>) -> Option<Heard<'a>> {
    let token = METHODS.iter().copied().find(|token| name.eq_str(token.name))?;
    let fits = |given: &Value<'_, '_>| given.is_array() || token.weight >= PROOF && given.is_object();
    let parameters = parameters.filter(fits)?;
    Some(match token.name {
        "mining.subscribe" => subscribe(token, parameters),
        "mining.authorize" => authorize(token, parameters),
        "mining.submit" => Heard::new(token).login(string_at(parameters, 0)),
        "mining.notify" => notify(token, parameters),
        "mining.set_difficulty" => Heard::new(token).value(Word::Difficulty, parameters.index(0)),
        "mining.set_target" => Heard::new(token).value(Word::Target, parameters.index(0)),
        "mining.suggest_difficulty" => Heard::new(token).value(Word::FixedDifficulty, parameters.index(0)),
        "mining.configure" => Heard::new(token).list(Word::Extensions, parameters.index(0)),
        "client.reconnect" => reconnect(token, parameters),
        "client.show_message" => Heard::new(token).value(Word::Message, parameters.index(0)),
        _ => Heard::new(token),
    })
}

/// A job: its coinbase tells the height and who signs the block.
fn notify<'a>(token: Token, parameters: Value<'a, '_>) -> Heard<'a> {
    let heard = Heard::new(token);
    let Some(first) = string_at(parameters, 2).filter(|_| parameters.count() >= 8) else { return heard };
    let coinbase = coinbase::read(first, string_at(parameters, 3));
    heard.count(Word::Height, coinbase.height).pool(coinbase.pool.as_deref(), PoolSource::Coinbase)
}

/// The server a pool sends its miners to.
fn reconnect<'a>(token: Token, parameters: Value<'a, '_>) -> Heard<'a> {
    let Some(mut server) = string_at(parameters, 0).map(super::bounded) else { return Heard::new(token) };
    let port = parameters.index(1);
    let port = port.and_then(|port| port.as_number().map(Into::into).or_else(|| port.as_str().map(super::bounded)));
    if let Some(port) = port {
        server.push(':');
        server += &port;
    }
    Heard::new(token).note(Word::Reconnect, Some(&server))
}

/// Hears a subscription: the software's name stands first, but some put the wallet and password there.
pub(super) fn subscribe<'a>(token: Token, parameters: Value<'a, '_>) -> Heard<'a> {
    let first = string_at(parameters, 0);
    let is_wallet = first.is_some_and(|word| login::read(&super::bounded(word)).telling);
    if is_wallet { authorize(token, parameters) } else { Heard::new(token).agent(first) }
}

/// Hears a login: wallet and rig, then the password; a few name the rig between them.
pub(super) fn authorize<'a>(token: Token, parameters: Value<'a, '_>) -> Heard<'a> {
    let heard = Heard::new(token).login(string_at(parameters, 0)).hints(string_at(parameters, 1));
    heard.secrets_behind_first(parameters)
}

/// The reply to `mining.subscribe`: `[[["mining.notify","<id>"], ...], "<extranonce1>", n]`, or with the inner pair alone.
fn subscription<'a>(object: Value<'a, '_>) -> Option<Heard<'a>> {
    let subscriptions = members(object, "result").find_map(|result| result.index(0))?;
    let names = |pair: Value<'_, '_>| {
        string_at(pair, 0).is_some_and(|name| name.eq_str("mining.notify") || name.eq_str("mining.set_difficulty"))
    };
    let found = names(subscriptions) || subscriptions.items().any(names);
    found.then(|| Heard::new(SUBSCRIPTION))
}

/// The reply to `mining.configure` (BIP 310).
fn rolling<'a>(object: Value<'a, '_>) -> Option<Heard<'a>> {
    let result = member(object, "result")?;
    member(result, "version-rolling")?.as_bool()?;
    string(result, "version-rolling.mask")?.is_hex(8).then(|| Heard::new(ROLLING))
}

/// What is told of the work.
pub(super) fn tell(object: Value<'_, '_>, act: &mut dyn FnMut(Act)) {
    act::stratum(object, |_| None, act);
}
