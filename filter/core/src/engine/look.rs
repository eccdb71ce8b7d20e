//! Looking at a segment: into its stream, to the ear, and how much of the look is used up by then.

use super::{Counters, Segment, Settings, Skipped};
use crate::flow::key::Side;
use crate::flow::stream::{Pushed, Stream};
use crate::inspect::flow::{Link, OpenFlow};
use crate::inspect::{Ear, Form, Heard, Progress};
use crate::limits::{LOOK_MESSAGE, LOOK_OBJECTS, LOOK_PACKETS_MAX, LOOK_WORK};
use crate::policy::Mode;
use crate::wire::packet::Packet;

/// Whether a flow has been looked at to the end. While either side has a message under way, only the last bound ends
/// the look: neither side can use up the other's.
pub(super) fn is_over(here: Progress, there: Progress, spent: Spent) -> bool {
    match (here, there) {
        (Progress::Done, _) => true,
        (Progress::Always, _) | (_, Progress::Always) => false,
        (Progress::UnderWay, _) | (_, Progress::UnderWay) => spent == Spent::Wholly,
        (Progress::Objects, _) => matches!(spent, Spent::Bytes | Spent::Wholly),
        (Progress::Unknown, _) => spent != Spent::No,
    }
}

/// How much of a direction's look is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spent {
    /// The bytes are: no more are kept.
    Bytes,
    /// There is some left.
    No,
    /// The packets are, but a message under way may still be followed.
    Packets,
    /// All of it, and all patience.
    Wholly,
}

/// Takes the segment into its stream and listens.
pub(super) fn look(
    ear: &mut Ear,
    counters: &mut Counters,
    settings: &Settings,
    flow: &mut OpenFlow,
    (side, link): (Side, Link),
    packet: &Packet<'_>,
    tcp: Segment,
) -> (Heard, Spent) {
    flow.set_link(side, link);
    let mut seq = tcp.seq;
    if tcp.flags.syn {
        if !tcp.flags.ack {
            flow.initiator = Some(side);
        }
        flow.stream_mut(side).synchronise(seq);
        // RFC 7413: data may come with the SYN, behind its sequence number.
        seq = seq.wrapping_add(1);
    }
    if packet.payload.is_empty() {
        // Where connections are cut, one to a listed address is not let begin.
        if settings.policy.mode == Mode::Block {
            ear.meet(flow);
        }
        return (Heard::default(), Spent::No);
    }
    let kept = flow.kept_bytes(side, settings.look_bytes);
    let mut pushed = flow.stream_mut(side).push(seq, packet.payload, kept);
    counters.gaps += u64::from(pushed.gap);
    counters.conflicts += u64::from(pushed.conflict);
    if pushed.rebased {
        flow.begin_anew(side);
    }
    if pushed.beyond && [flow.form(side), flow.form(side.other())].contains(&Form::Dns) {
        // What is missing was not given to us and will not come: the messages go on here.
        let stream = flow.stream_mut(side);
        stream.restart(seq);
        pushed = stream.push(seq, packet.payload, kept);
    }
    let alone = if pushed.stray { ear.hear_alone(flow, side, packet.payload) } else { Heard::default() };
    let heard = if alone.finding.is_some() || !pushed.news {
        Heard { progress: flow.progress(side), ..alone }
    } else {
        follow(ear, counters, settings, flow, side, |stream| stream.take(seq, packet.payload, kept))
    };
    (heard, spent(settings, flow, side))
}

/// Listens to what is new, and while that is more of a long message than is kept, makes room for the rest and goes on.
fn follow(
    ear: &mut Ear,
    counters: &mut Counters,
    settings: &Settings,
    flow: &mut OpenFlow,
    side: Side,
    mut take_rest: impl FnMut(&mut Stream) -> Pushed,
) -> Heard {
    loop {
        let is_last = spent(settings, flow, side) == Spent::Wholly;
        let was_full = flow.stream(side).prefix().len() >= settings.look_bytes;
        let heard = ear.hear(flow, side, is_last);
        let (stream, is_text) = (flow.stream(side), flow.form(side) == Form::Text);
        let is_long = is_text && stream.passed().saturating_add(stream.prefix().len()) >= LOOK_MESSAGE;
        let is_full = stream.prefix().len() >= settings.look_bytes;
        if is_last || !was_full && !is_long {
            return heard;
        }
        if is_text && !is_long && (!is_full || ear.make_room(flow, side)) {
            if !take_rest(flow.stream_mut(side)).news || heard.finding.is_some() {
                return heard;
            }
        } else if heard.finding.is_none()
            && flow.form(side) != Form::Dns
            && matches!(heard.progress, Progress::UnderWay | Progress::Always)
        {
            // No more of it is kept: it is taken as it is.
            let is_cut_short = is_text && heard.progress == Progress::UnderWay;
            counters.skip_many(Skipped::Oversize, is_cut_short.into());
            return ear.hear(flow, side, true);
        } else {
            return heard;
        }
    }
}

/// How much of a side's look is used up. Objects are followed farther than what is kept of them.
fn spent(settings: &Settings, flow: &OpenFlow, side: Side) -> Spent {
    let (stream, is_text) = (flow.stream(side), flow.form(side) == Form::Text);
    let kept = stream.prefix().len();
    let came = stream.passed().saturating_add(kept);
    let look = if flow.progress(side) == Progress::Unknown { settings.look_bytes } else { LOOK_MESSAGE };
    let is_chatter = flow.progress(side) == Progress::Objects && flow.speech.weight == 0;
    if flow.work >= LOOK_WORK || stream.packets() as usize >= came.saturating_add(LOOK_PACKETS_MAX as usize) {
        Spent::Wholly
    } else if kept >= settings.look_bytes || is_text && came >= look || is_chatter && stream.packets() >= LOOK_OBJECTS {
        Spent::Bytes
    } else if stream.packets() >= settings.look_packets {
        Spent::Packets
    } else {
        Spent::No
    }
}
