//! D9: Ergo (Autolykos2; PROTOCOLS.md section 1.8). Only its jobs differ from stratum v1.

use super::act::{self, Act, Work};
use super::heard::whole;
use super::shape::{self, Item, is_decimal};
use super::token::pool;
use super::{Dialect, Heard, SURE, Token, list, string_at};
use crate::finding::Word;
use crate::wire::json::Value;

pub(super) const DIALECT: Dialect = Dialect {
    id: "ergo",
    title: "Ergo stratum",
    coins: "ERG",
    tickers: &["ERG"],
    section: "1.8",
    narrows: Some("stratum-v1"),
    anchors: &["mining."],
    tokens: &[NOTIFY],
    hear,
    work: Some(Work {
        tell,
        form: "jobs (`mining.notify`), shares (`mining.submit`), replies; measured by the decimal target in the job: 2^256 / target",
    }),
};

const NOTIFY: Token = pool(
    "Autolykos2 notify",
    SURE,
    "`mining.notify` `[job, height, 64 hex, \"\", \"\", version, 50 to 78 decimal digits, ..]`",
);

fn hear<'a>(object: Value<'a, '_>) -> Option<Heard<'a>> {
    use Item::{Any, Empty, Hex, Numeral, Text};
    let job = list(object, "mining.notify")?;
    let shaped = shape::begins(job, &[Any, Numeral, Hex(64), Empty, Empty, Any, Text]);
    // The target as a decimal number of up to 256 bits is Ergo's alone.
    (shaped && is_decimal(string_at(job, 6)?, 50, 78)).then(|| {
        let heard = Heard::new(NOTIFY).coin("ERG").count(Word::Height, job.index(1).and_then(whole));
        heard.value(Word::Target, job.index(6))
    })
}

fn tell(object: Value<'_, '_>, act: &mut dyn FnMut(Act)) {
    act::stratum(object, |job| act::decimal_target(string_at(job, 6)), act);
}
