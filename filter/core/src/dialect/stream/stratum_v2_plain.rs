//! D19: Stratum V2 in the clear, as it may be spoken in a local network (PROTOCOLS.md section 5.5; the messages' fields
//! as in sv2-spec). A frame is an extension (2 octets, the highest bit set for messages to a channel), a type (1), a
//! length (3), and the payload.

use super::fields::Fields;
use super::{Beginning, StreamDialect, Told, word};
use crate::dialect::token::{PROOF, Token, miner, pool};

pub(super) const DIALECT: StreamDialect = StreamDialect {
    id: "stratum-v2-plain",
    title: "Stratum V2 in the clear",
    coins: "SHA-256",
    section: "5.5",
    tokens: &[SETUP, REQUESTS, ANSWERS],
    hear,
    awaits,
};

const SETUP: Token = miner(
    "Stratum V2 SetupConnection",
    PROOF,
    "`00 00 00`, the length, protocol 0 to 2, versions from 2 on, flags, host, port, vendor, hardware, firmware, device",
);
const REQUESTS: Token = miner(
    "Stratum V2 requests",
    PROOF,
    "two messages one behind the other from the first byte on: a channel opened or updated, shares; each of its length",
);
const ANSWERS: Token = pool(
    "Stratum V2 answers",
    PROOF,
    "two messages one behind the other from the first byte on: success, a channel, jobs, targets, block hashes; each of \
     its length",
);

/// One message: its type, whether it goes to a channel, and how long its payload is, at least and at most.
type Row = (u8, Option<bool>, usize, usize);

static OF_MINER: &[Row] = &[
    (0x10, Some(false), 41, 296),
    (0x13, Some(false), 43, 298),
    (0x16, Some(true), 40, 40),
    (0x18, Some(true), 5, 260),
    (0x1a, Some(true), 24, 24),
    (0x1b, Some(true), 25, 57),
];

static OF_POOL: &[Row] = &[
    (0x01, Some(false), 6, 6),
    (0x11, Some(false), 45, 77),
    (0x14, Some(false), 43, 79),
    // The specification's table has changed its mind about the channel bit of this one.
    (0x15, None, 45, 49),
    (0x1c, Some(true), 20, 20),
    (0x1d, Some(true), 9, 264),
    (0x1f, Some(true), 18, 16_384),
    (0x20, Some(true), 48, 48),
    (0x21, Some(true), 36, 36),
];

/// A whole frame.
struct Frame<'a> {
    is_to_channel: bool,
    kind: u8,
    payload: &'a [u8],
}

fn hear(beginning: Beginning<'_>) -> Option<Told<'_>> {
    // Of the sixteen low bits of the extension only the core protocol's, 0, is known here.
    let begins = |bytes: &[u8]| matches!(bytes, [0, 0 | 0x80, ..]);
    if begins(beginning.client) {
        let mut client = Fields(beginning.client);
        let first = frame(&mut client).filter(|frame| !frame.is_to_channel && frame.kind == 0);
        if let Some(told) = first.and_then(|frame| setup(frame.payload)) {
            return Some(told);
        }
        if is_pair(beginning.client, OF_MINER) {
            return Some(Told::new(REQUESTS));
        }
    }
    (begins(beginning.server) && is_pair(beginning.server, OF_POOL)).then(|| Told::new(ANSWERS))
}

/// The longest message waited for: a setup with long texts.
const MESSAGE_MOST: u32 = 1_024;

fn awaits(beginning: Beginning<'_>) -> bool {
    let may_be = |bytes: &[u8], kinds: &dyn Fn(u8) -> bool| {
        let mut rest = Fields(bytes);
        let mut behind = rest;
        if let Some(first) = frame(&mut behind) {
            rest = behind;
            // What is complete was heard already, or is something else.
            if first.kind == 0 || !kinds(first.kind) || frame(&mut behind).is_some() {
                return false;
            }
        }
        if rest.is_empty() {
            return !bytes.is_empty();
        }
        let Some(extension) = rest.u8().filter(|low| *low == 0).map(|_| rest.u8().unwrap_or(0)) else { return false };
        let kind = rest.u8().is_none_or(kinds);
        matches!(extension, 0 | 0x80) && kind && rest.number(3).is_none_or(|length| length <= MESSAGE_MOST)
    };
    let has = |rows: &[Row], kind| rows.iter().any(|row| row.0 == kind);
    may_be(beginning.client, &|kind| kind == 0 || has(OF_MINER, kind))
        || may_be(beginning.server, &|kind| has(OF_POOL, kind))
}

fn frame<'a>(bytes: &mut Fields<'a>) -> Option<Frame<'a>> {
    let extension = bytes.u16().filter(|extension| matches!(extension, 0 | 0x8000))?;
    let kind = bytes.u8()?;
    let payload = bytes.counted(3)?;
    Some(Frame { is_to_channel: extension != 0, kind, payload })
}

fn is_pair(bytes: &[u8], rows: &[Row]) -> bool {
    let mut bytes = Fields(bytes);
    let mut fits = || {
        frame(&mut bytes).is_some_and(|frame| {
            rows.iter().any(|(kind, to_channel, least, most)| {
                *kind == frame.kind
                    && to_channel.is_none_or(|to_channel| to_channel == frame.is_to_channel)
                    && (*least..=*most).contains(&frame.payload.len())
            })
        })
    };
    fits() && fits()
}

/// Reads `SetupConnection`, strictly: every field in its range, and nothing behind the last.
fn setup<'a>(payload: &[u8]) -> Option<Told<'a>> {
    let mut fields = Fields(payload);
    fields.u8().filter(|protocol| *protocol <= 2)?;
    let least = fields.u16().filter(|version| *version == 2)?;
    fields.u16().filter(|version| (least..=16).contains(version))?;
    fields.number(4).filter(|flags| *flags <= 0xff)?;
    fields.text().filter(|host| !host.is_empty())?;
    fields.u16()?;
    let vendor = fields.text().filter(|vendor| !vendor.is_empty())?;
    let (hardware, firmware, device) = (fields.text()?, fields.text()?, fields.text()?);
    if !fields.is_empty() {
        return None;
    }
    let mut told = Told::new(SETUP);
    let parts = [vendor, hardware, firmware].into_iter().filter(|part| !part.is_empty());
    let agent: alloc::vec::Vec<_> = parts.collect();
    told.heard.said.agent = word(&agent.join(" "));
    told.heard.said.worker = word(device);
    Some(told)
}
