//! Mining protocols that are no JSON: told by the first bytes of both directions.

use alloc::vec::Vec;

use super::flow::{OpenFlow, TURNS};
use super::form::Form;
use super::speech::Telling;
use super::spoken::Spoken;
use crate::dialect::stream::{Beginning, End, STREAMS, Told, Turn};
use crate::dialect::{PROOF, Speaker, TABLE};
use crate::flow::key::Side;
use crate::limits::EXCERPT;

/// Offers the first bytes of both sides to every such protocol; gives the side that mines, where one heard anything.
pub(super) fn hear(flow: &OpenFlow, spoken: &mut Spoken, telling: &mut Telling) -> Option<Side> {
    let is_plain =
        |side| matches!(flow.form(side), Form::Text | Form::Unknown | Form::Socks | Form::SocksReply | Form::WebSocket);
    if spoken.weight >= PROOF || !is_plain(Side::Low) || !is_plain(Side::High) {
        return None;
    }
    clients(flow).into_iter().flatten().find_map(|client| hear_as(flow, client, spoken, telling))
}

/// The side that opened the connection; where that was not seen, the one that spoke first, and then the other.
fn clients(flow: &OpenFlow) -> [Option<Side>; 2] {
    let first = flow.turns().first().map(|(side, _)| *side);
    match flow.initiator {
        Some(side) => [Some(side), None],
        None => [first, first.map(Side::other)],
    }
}

fn hear_as(flow: &OpenFlow, client: Side, spoken: &mut Spoken, telling: &mut Telling) -> Option<Side> {
    let inner = |side| {
        let stream = flow.stream(side).prefix();
        stream.get(flow.reader(side).inner..).unwrap_or_default()
    };
    let turns = turns(flow, client);
    let beginning = Beginning { client: inner(client), server: inner(client.other()), turns: &turns };
    let heard = STREAMS.iter().enumerate().find_map(|(place, dialect)| Some((place, (dialect.hear)(beginning)?)));
    let (place, Told { heard, secret }) = heard?;
    let is_miner = heard.speaker == Speaker::Miner;
    let bytes = if is_miner { beginning.client } else { beginning.server };
    let new_token = spoken.add(TABLE.len() + place, heard.token, heard.weight);
    let new_word = spoken.is_of(TABLE.len() + place) && spoken.said.learn(heard.said);
    if new_token {
        telling.excerpt = excerpt(bytes, secret);
    }
    telling.new_token |= new_token;
    telling.new_word |= new_word;
    (new_token || new_word).then_some(client)
}

/// The turns of the innermost stream.
fn turns(flow: &OpenFlow, client: Side) -> Vec<Turn> {
    let mut said = [Side::Low, Side::High].map(|side| flow.reader(side).inner);
    let mut turns = Vec::with_capacity(TURNS);
    for (side, until) in flow.turns() {
        let Some(before) = said.get_mut(side.index()) else { continue };
        let octets = until.saturating_sub(*before);
        *before = (*before).max(*until);
        if octets > 0 {
            turns.push(Turn { end: if *side == client { End::Client } else { End::Server }, octets });
        }
    }
    turns
}

fn excerpt(bytes: &[u8], secret: Option<&[u8]>) -> Vec<u8> {
    let mut copy = bytes.to_vec();
    if let Some(secret) = secret {
        let start = (secret.as_ptr() as usize).wrapping_sub(bytes.as_ptr() as usize);
        if let Some(place) = copy.get_mut(start..start.saturating_add(secret.len())) {
            place.fill(b'*');
        }
    }
    copy.truncate(EXCERPT);
    copy
}
