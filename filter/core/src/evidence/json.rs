//! Records as one line of JSON in Elastic Common Schema names (docs/records.md). One row of a table is one field; what
//! is absent is left out.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Write;
use core::net::IpAddr;

use serde_json::Value as Json;

use super::sentence::sentence;
use super::text::{excerpt, printable, timestamp};
use super::{Action, Loss, Notice, Record};
use crate::finding::{Form, Row, Said, WORDS};

/// The version of the Elastic Common Schema the names are taken from.
const ECS_VERSION: &str = "8.11.0";
/// Bytes kept of a domain name: 255 by RFC 1035 section 2.3.4, some of which may be written out.
const NAME: usize = 320;
/// Bytes kept of words the operator wrote.
const NOTE: usize = 256;
/// Addresses of a host, and sources, that are written at the most.
const LISTED: usize = 16;
/// Bytes kept of the sentence.
const SENTENCE: usize = 1024;
/// Bytes kept of each text in a line that would be too long otherwise: a Monero address with payment id has 106.
const SHORT: usize = 120;

/// The size no shortened line exceeds, whatever the wire said (a test holds it).
pub const SHORTENED_BYTES: usize = 8_192 - 512;

/// One field: its ECS path, the bytes kept of its text, and where it comes from. Fields of one object stand together.
pub(super) struct Field<T> {
    pub(super) path: &'static str,
    bytes: usize,
    /// The bytes a line keeps that would be too long; 0: it goes without the field.
    short: usize,
    read: for<'a> fn(&'a T) -> Option<Value<'a>>,
}

/// What a field holds.
enum Value<'a> {
    /// Words that may come from the wire or from the operator: made printable and bounded.
    Text(Cow<'a, str>),
    /// ASCII of our own making.
    Plain(String),
    Number(u64),
    Flag,
    Words(Vec<&'a str>),
    /// As words, each made printable and bounded.
    Texts(Vec<Cow<'a, str>>),
}

/// How much of a record is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    Whole,
    WithoutExcerpt,
    Short,
}

impl Record {
    /// The record as one line of JSON in UTF-8, without the line's end.
    #[must_use]
    pub fn to_json(&self) -> String {
        line(self, Extent::Whole)
    }

    /// The record as one line of ASCII JSON (everything else as `\uXXXX`) of at most `max_bytes`.
    ///
    /// A line that would be longer is written without the excerpt, and if that is not enough with its texts cut to
    /// 120 bytes and without the words that matter less; it then says `minewall.shortened`. `max_bytes` below [`SHORTENED_BYTES`] cannot be promised.
    #[must_use]
    pub fn to_ascii_json(&self, max_bytes: usize) -> String {
        let whole = ascii(line(self, Extent::Whole));
        if whole.len() <= max_bytes {
            return whole;
        }
        let without = ascii(line(self, Extent::WithoutExcerpt));
        if without.len() <= max_bytes { without } else { ascii(line(self, Extent::Short)) }
    }

    /// One sentence for people: what was done, to whom, and why (`event.reason`).
    #[must_use]
    pub fn summary(&self) -> String {
        printable(&sentence(self), SENTENCE)
    }
}

impl Loss {
    /// The loss as one line of ASCII JSON, at most 2 KiB, without the line's end.
    #[must_use]
    pub fn to_json(&self) -> String {
        ascii(line(self, Extent::Short))
    }
}

impl Notice {
    /// The notice as one line of ASCII JSON, without the line's end.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut line = Line { out: String::from("{"), open: Vec::new() };
        NOTICE.iter().for_each(|field| line.write(field, self, Extent::Whole));
        for (name, text) in &self.fields {
            line.put_in("minewall", name, &Json::from(printable(text, SENTENCE)));
        }
        ascii(line.end())
    }
}

/// What is written as a line: its fields, those of the words, and the fields after them.
pub(super) trait Written: Sized + 'static {
    const FIELDS: &'static [Field<Self>];
    const FIELDS_AFTER_WORDS: &'static [Field<Self>];

    fn said(&self) -> Option<&Said>;
}

impl Written for Record {
    const FIELDS: &'static [Field<Self>] = RECORD;
    const FIELDS_AFTER_WORDS: &'static [Field<Self>] = RECORD_AFTER_WORDS;

    fn said(&self) -> Option<&Said> {
        Some(&self.finding.said)
    }
}

impl Written for Loss {
    const FIELDS: &'static [Field<Self>] = LOSS;
    const FIELDS_AFTER_WORDS: &'static [Field<Self>] = &[];

    fn said(&self) -> Option<&Said> {
        None
    }
}

/// The fields of a Record, in the order they are written; those of [`WORDS`] follow. docs/records.md explains each; a
/// test holds both together.
#[rustfmt::skip]
pub(super) const RECORD: &[Field<Record>] = &[
    field("@timestamp", |r| plain(timestamp(r.time_us))),
    field("event.kind", |_| plain("alert")),
    field("event.category", |_| Some(Value::Words(["network", "intrusion_detection"].into()))),
    field("event.type", |r| Some(Value::Words(match r.action {
        Action::Blocked => ["denied"].into(),
        Action::Observed => ["allowed"].into(),
    }))),
    field("event.action", |r| plain(r.action.as_str())),
    text("event.reason", SENTENCE, |r| words(sentence(r))),
    brief("event.id", NOTE, 48, |r| words(&*r.id)),
    field("source.ip", |r| plain(r.source.ip.to_string())),
    field("source.port", |r| number(r.source.port)),
    field("source.mac", |r| plain(mac(r.source_mac?))),
    field("source.nat.ip", |r| plain(r.nat?.ip.to_string())),
    field("source.nat.port", |r| number(r.nat?.port)),
    brief("source.domain", NAME, 64, |r| words(r.who.as_ref()?.hostname.as_deref()?)),
    brief("source.user.name", NOTE, 48, |r| words(r.who.as_ref()?.account.as_deref()?)),
    field("destination.ip", |r| plain(r.destination.ip.to_string())),
    field("destination.port", |r| number(r.destination.port)),
    text("destination.domain", NAME, |r| words(r.destination_domain.as_deref()?)),
    field("network.type", |r| plain(match r.destination.ip { IpAddr::V4(_) => "ipv4", IpAddr::V6(_) => "ipv6" })),
    field("network.transport", |r| plain(r.transport.as_str())),
    field("network.protocol", |r| plain(r.protocol)),
    field("network.vlan.id", |r| plain(r.vlan?.to_string())),
    text("dns.question.name", NAME, |r| words(&*r.question.as_ref()?.name)),
    brief("dns.question.type", NOTE, 16, |r| words(&*r.question.as_ref()?.kind)),
    text("tls.client.server_name", NAME, |r| words(r.server_name.as_deref()?)),
    text("rule.name", NAME, |r| words(&*r.finding.rule)),
    text("rule.ruleset", NOTE, |r| words(&*r.finding.ruleset)),
    text("observer.name", NAME, |r| words(&*r.observer)),
    field("observer.ingress.interface.id", |r| plain(some(r.interface_index)?.to_string())),
    brief("observer.ingress.interface.name", NOTE, 16, |r| words(r.interface.as_deref()?)),
    field("ecs.version", |_| plain(ECS_VERSION)),
    field("minewall.layer", |r| plain(r.finding.layer.as_str())),
    field("minewall.category", |r| plain(r.finding.subject.as_str())),
    field("minewall.confidence", |r| plain(r.finding.confidence.as_str())),
    field("minewall.dialect", |r| plain(r.finding.dialect?)),
    field("minewall.test", |r| r.finding.is_test().then_some(Value::Flag)),
];

/// The fields of a Record behind the words.
#[rustfmt::skip]
pub(super) const RECORD_AFTER_WORDS: &[Field<Record>] = &[
    brief("minewall.unit", NOTE, 48, |r| words(r.who.as_ref()?.unit.as_deref()?)),
    brief("minewall.room", NOTE, 48, |r| words(r.who.as_ref()?.room.as_deref()?)),
    brief("minewall.person", NOTE, 48, |r| words(r.who.as_ref()?.person.as_deref()?)),
    spare("minewall.contact", |r| words(r.who.as_ref()?.contact.as_deref()?)),
    field("minewall.mac_is_next_hop", |r| r.who.as_ref()?.is_next_hop.then_some(Value::Flag)),
    field("minewall.lease_mac", |r| plain(r.who.as_ref()?.lease_mac.as_deref()?)),
    spare("minewall.addresses", |r| texts(r.who.as_ref()?.addresses.iter().map(|ip| Cow::from(ip.to_string())))),
    spare("minewall.identity_sources", |r| texts(r.who.as_ref()?.sources.iter().map(|name| Cow::from(&**name)))),
    text("minewall.exemption.owner", NOTE, |r| words(&*r.exemption.as_ref()?.owner)),
    text("minewall.exemption.reason", NOTE, |r| words(&*r.exemption.as_ref()?.reason)),
    brief("minewall.exemption.expires", NOTE, 16, |r| words(r.exemption.as_ref()?.expires.as_deref()?)),
    field("minewall.grace_until", |r| plain(timestamp(r.grace_until_us?))),
    field(EXCERPT, |r| plain(excerpt(&r.finding.excerpt))),
];

/// The field that is left out first; the last of `minewall`, so that the flag may stand in its place.
const EXCERPT: &str = "minewall.excerpt";
/// Says that the line was too long for its sink and what is left of it is not all.
pub(super) const SHORTENED_FLAG: &str = "minewall.shortened";

/// The fields of a Notice, before those of its own.
#[rustfmt::skip]
const NOTICE: &[Field<Notice>] = &[
    field("@timestamp", |n| plain(timestamp(n.time_us))),
    field("event.kind", |_| plain("event")),
    field("event.action", |n| plain(n.action)),
    text("event.reason", SENTENCE, |n| words(&*n.reason)),
    text("observer.name", NAME, |n| words(&*n.observer)),
    field("ecs.version", |_| plain(ECS_VERSION)),
];

/// The fields of a Loss.
#[rustfmt::skip]
pub(super) const LOSS: &[Field<Loss>] = &[
    field("@timestamp", |l| plain(timestamp(l.time_us))),
    field("event.kind", |_| plain("event")),
    field("event.action", |_| plain("records-lost")),
    text("event.reason", NAME, |l| words(format!("Lost {} records on their way to the sink {}", l.lost, l.sink))),
    text("observer.name", NAME, |l| words(&*l.observer)),
    field("ecs.version", |_| plain(ECS_VERSION)),
    field("minewall.lost", |l| Some(Value::Number(l.lost as u64))),
    text("minewall.sink", NAME, |l| words(&*l.sink)),
];

const fn field<T>(path: &'static str, read: for<'a> fn(&'a T) -> Option<Value<'a>>) -> Field<T> {
    text(path, NOTE, read)
}

/// A field that a line that would be too long goes without.
const fn spare<T>(path: &'static str, read: for<'a> fn(&'a T) -> Option<Value<'a>>) -> Field<T> {
    Field { path, bytes: NOTE, short: 0, read }
}

const fn text<T>(path: &'static str, bytes: usize, read: for<'a> fn(&'a T) -> Option<Value<'a>>) -> Field<T> {
    Field { path, bytes, short: SHORT, read }
}

/// A text that a line that would be too long keeps only so much of: what is longer was not meant well.
const fn brief<T>(
    path: &'static str,
    bytes: usize,
    short: usize,
    read: for<'a> fn(&'a T) -> Option<Value<'a>>,
) -> Field<T> {
    Field { path, bytes, short, read }
}

fn plain(text: impl Into<String>) -> Option<Value<'static>> {
    Some(Value::Plain(text.into()))
}

fn words<'a>(text: impl Into<Cow<'a, str>>) -> Option<Value<'a>> {
    Some(Value::Text(text.into()))
}

/// Several texts, [`LISTED`] at the most.
fn texts<'a>(texts: impl Iterator<Item = Cow<'a, str>>) -> Option<Value<'a>> {
    Some(Value::Texts(texts.take(LISTED).collect()))
}

fn number(number: u16) -> Option<Value<'static>> {
    Some(Value::Number(number.into()))
}

fn some(index: u32) -> Option<u32> {
    (index != 0).then_some(index)
}

/// The form of ECS: RFC 7042 with hyphens, upper case.
pub(crate) fn mac([a, b, c, d, e, f]: [u8; 6]) -> String {
    format!("{a:02X}-{b:02X}-{c:02X}-{d:02X}-{e:02X}-{f:02X}")
}

fn line<T: Written>(of: &T, extent: Extent) -> String {
    let mut line = Line { out: String::from("{"), open: Vec::new() };
    T::FIELDS.iter().for_each(|field| line.write(field, of, extent));
    for row in WORDS.iter().filter(|row| extent != Extent::Short || row.is_brief) {
        let said = of.said().and_then(|said| said.get(row.word));
        let bytes = if extent == Extent::Short { row.bytes.min(SHORT) } else { row.bytes };
        line.write_value(row.path, bytes, said.and_then(|text| value(row, text)));
    }
    T::FIELDS_AFTER_WORDS.iter().for_each(|field| line.write(field, of, extent));
    line.end()
}

/// What a word says, in its form.
fn value<'a>(row: &Row, text: &'a str) -> Option<Value<'a>> {
    match row.form {
        Form::Flag => Some(Value::Flag),
        Form::List => Some(Value::Words(text.split_ascii_whitespace().collect())),
        Form::Number => text.parse().ok().map(Value::Number),
        Form::Name | Form::Text => words(text),
    }
}

/// Text with everything but ASCII as JSON escapes: in JSON, other characters stand in strings only.
pub(crate) fn ascii(json: String) -> String {
    if json.is_ascii() {
        return json;
    }
    let mut out = String::with_capacity(json.len() * 2);
    for c in json.chars() {
        if c.is_ascii() {
            out.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            let _ = write!(out, "\\u{unit:04x}");
        }
    }
    out
}

/// A JSON object under construction: dotted paths become nested objects.
struct Line {
    out: String,
    open: Vec<&'static str>,
}

impl Line {
    fn write<T>(&mut self, field: &Field<T>, of: &T, extent: Extent) {
        if extent != Extent::Whole && field.path == EXCERPT {
            self.put(SHORTENED_FLAG, &Json::Bool(true));
            return;
        }
        let bytes = if extent == Extent::Short { field.bytes.min(field.short) } else { field.bytes };
        if bytes > 0 {
            self.write_value(field.path, bytes, (field.read)(of));
        }
    }

    fn write_value(&mut self, path: &'static str, bytes: usize, value: Option<Value<'_>>) {
        let value = match value {
            Some(Value::Text(text)) => Json::from(printable(&text, bytes)),
            Some(Value::Plain(text)) => Json::from(text),
            Some(Value::Number(number)) => Json::from(number),
            Some(Value::Flag) => Json::Bool(true),
            Some(Value::Words(words)) => Json::from(words),
            Some(Value::Texts(texts)) if texts.is_empty() => return,
            Some(Value::Texts(texts)) => texts.iter().map(|text| printable(text, bytes)).collect(),
            None => return,
        };
        if value != "" {
            self.put(path, &value);
        }
    }

    fn put(&mut self, path: &'static str, value: &Json) {
        let mut parts: Vec<&'static str> = path.split('.').collect();
        let name = parts.pop().unwrap_or_default();
        let shared = self.open.iter().zip(&parts).take_while(|(open, part)| open == part).count();
        self.close_to(shared);
        if !self.out.ends_with('{') {
            self.out.push(',');
        }
        for part in parts.into_iter().skip(shared) {
            // Writing to a String cannot fail.
            let _ = write!(self.out, "\"{part}\":{{");
            self.open.push(part);
        }
        let _ = write!(self.out, "\"{name}\":{value}");
    }

    /// Puts a member into the object `parent` of the outermost one.
    fn put_in(&mut self, parent: &'static str, name: &str, value: &Json) {
        if self.open != [parent] {
            self.close_to(0);
            let _ = write!(self.out, ",\"{parent}\":{{");
            self.open.push(parent);
        } else {
            self.out.push(',');
        }
        let _ = write!(self.out, "{}:{value}", Json::from(name));
    }

    fn close_to(&mut self, depth: usize) {
        while self.open.len() > depth {
            self.open.pop();
            self.out.push('}');
        }
    }

    fn end(mut self) -> String {
        self.close_to(0);
        self.out.push('}');
        self.out
    }
}
