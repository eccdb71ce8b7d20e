//! Mining protocols that are no JSON: told by the first bytes of both directions.

use alloc::vec::Vec;

use super::excerpt;
use super::flow::OpenFlow;
use super::form::Form;
use super::speech::{self, Telling};
use super::spoken::Spoken;
use crate::dialect::stream::{self, Beginning, End, TURNS, Told, Turn};
use crate::dialect::{PROOF, Speaker, TABLE};
use crate::flow::key::Side;
use crate::limits::EXCERPT;

/// Offers the first bytes of both sides to every such protocol; gives the side that mines, where one heard anything.
pub(super) fn hear(flow: &OpenFlow, spoken: &mut Spoken, telling: &mut Telling) -> Option<Side> {
    // Where one of them is proven, it may say more; another dialect is not left for them.
    let is_other = spoken.dialect.is_some_and(|known| known < TABLE.len());
    if spoken.weight >= PROOF && is_other || !is_offered(flow) {
        return None;
    }
    // Where later copies of bytes differ, the other reading is heard too.
    let differ = [Side::Low, Side::High].into_iter().any(|side| flow.stream(side).later_prefix().is_some());
    let mut told = None;
    for later in [false, true].into_iter().take(1 + usize::from(differ)) {
        let as_client = |client| hear_as(flow, (client, later), spoken, telling);
        told = told.or_else(|| clients(flow).into_iter().flatten().find_map(as_client));
    }
    told
}

/// The side that opened the connection; where that was not seen, the one that spoke first, and then the other.
fn clients(flow: &OpenFlow) -> [Option<Side>; 2] {
    let first = flow.turns().first().map(|(side, _)| *side);
    match flow.initiator {
        Some(side) => [Some(side), None],
        None => [first, first.map(Side::other)],
    }
}

/// Whether one of them waits for more, however small the pieces.
pub(super) fn awaits(flow: &OpenFlow) -> bool {
    is_offered(flow)
        && clients(flow).into_iter().flatten().any(|client| {
            let (turns, count) = turns(flow, client);
            stream::awaits(beginning(flow, (client, false), turns.get(..count).unwrap_or_default()))
        })
}

/// Whether the first bytes are there, and are not plainly something else.
fn is_offered(flow: &OpenFlow) -> bool {
    let is_plain = |form| matches!(form, Form::Text | Form::Unknown | Form::Socks | Form::SocksReply | Form::WebSocket);
    [Side::Low, Side::High].into_iter().all(|side| is_plain(flow.form(side)) && flow.stream(side).passed() == 0)
}

/// What was said first, in the reading of the first or of the later copies.
fn beginning<'a>(flow: &'a OpenFlow, (client, later): (Side, bool), turns: &'a [Turn]) -> Beginning<'a> {
    let inner = |side| {
        let stream = flow.stream(side);
        let stream = stream.later_prefix().filter(|_| later).unwrap_or_else(|| stream.prefix());
        stream.get(flow.reader(side).inner..).unwrap_or_default()
    };
    Beginning { client: inner(client), server: inner(client.other()), turns }
}

fn hear_as(flow: &OpenFlow, (client, later): (Side, bool), spoken: &mut Spoken, telling: &mut Telling) -> Option<Side> {
    let (turns, count) = turns(flow, client);
    let beginning = beginning(flow, (client, later), turns.get(..count).unwrap_or_default());
    // A connection may be heard with a weak token of one and a proof of another: the proof is kept.
    let (place, Told { heard, secret }) = stream::hear(beginning).next()?;
    let is_miner = heard.speaker == Speaker::Miner;
    let bytes = if is_miner { beginning.client } else { beginning.server };
    speech::take(spoken, telling, TABLE.len() + place, heard, |_| excerpt(bytes, secret)).then_some(client)
}

/// The turns of the innermost stream, the first ones of the array.
fn turns(flow: &OpenFlow, client: Side) -> ([Turn; TURNS], usize) {
    let mut said = [Side::Low, Side::High].map(|side| flow.reader(side).inner);
    let mut turns = [Turn { end: End::Client, octets: 0 }; TURNS];
    let mut count = 0;
    for (side, until) in flow.turns() {
        let Some(before) = said.get_mut(side.index()) else { continue };
        let octets = until.saturating_sub(*before);
        *before = (*before).max(*until);
        if let Some(turn) = turns.get_mut(count).filter(|_| octets > 0) {
            *turn = Turn { end: if *side == client { End::Client } else { End::Server }, octets };
            count += 1;
        }
    }
    (turns, count)
}

/// The first bytes as evidence, without the password in them.
fn excerpt(bytes: &[u8], secret: Option<&[u8]>) -> Vec<u8> {
    let mut copy = bytes.to_vec();
    if let Some(secret) = secret {
        excerpt::mask(&mut copy, bytes, secret);
    }
    copy.truncate(EXCERPT);
    copy
}
