//! How much of an incident is written: all of it, within bounds; or less, where a sink takes short lines only.

use alloc::string::String;
use alloc::vec::Vec;

use super::Incident;
use crate::evidence::printable;
use crate::limits;

/// How much of everything is kept.
#[derive(Clone, Copy)]
pub(super) struct Extent {
    /// Bytes of a text.
    text: usize,
    /// Bytes of the sentence.
    pub(super) sentence: usize,
    /// Days, the last ones.
    days: usize,
    /// Names of workers.
    workers: usize,
    /// Of every other list.
    list: usize,
    /// Reasons, the weightiest.
    reasons: usize,
}

/// From all to the least. The last one fits [`crate::evidence::SHORTENED_BYTES`] whatever was said (a test holds it).
pub(super) const EXTENTS: [Extent; 4] = [
    Extent {
        text: limits::WORD,
        sentence: 1_024,
        days: limits::INCIDENT_DAYS,
        workers: limits::RIGS,
        list: 16,
        reasons: 32,
    },
    Extent { text: limits::WORD, sentence: 512, days: 7, workers: 16, list: 4, reasons: 32 },
    Extent { text: 120, sentence: 400, days: 2, workers: 4, list: 2, reasons: 8 },
    Extent { text: 80, sentence: 240, days: 1, workers: 1, list: 1, reasons: 4 },
];

impl Incident {
    /// The incident with every text made printable and everything within these bounds.
    pub(super) fn within(&self, extent: Extent) -> Self {
        let mut kept = self.clone();
        let text = |text: &mut String| *text = printable(text, extent.text);
        let maybe = |value: &mut Option<String>| value.iter_mut().for_each(text);
        let last = |list: &mut Vec<String>, most: usize| {
            list.drain(..list.len().saturating_sub(most));
            list.iter_mut().for_each(text);
        };
        kept.days.drain(..kept.days.len().saturating_sub(extent.days));
        for list in [&mut kept.nat, &mut kept.endpoints, &mut kept.dialects, &mut kept.agents] {
            last(list, extent.list);
        }
        kept.rigs.workers.truncate(extent.workers);
        kept.rigs.workers.iter_mut().for_each(text);
        kept.records.truncate(extent.list.max(1));
        kept.records.iter_mut().for_each(text);
        for value in [&mut kept.id, &mut kept.observer, &mut kept.rigs.reason] {
            text(value);
        }
        let who = &mut kept.who;
        who.addresses.truncate(extent.list);
        last(&mut who.sources, extent.list.max(1));
        for value in
            [&mut who.hostname, &mut who.account, &mut who.unit, &mut who.room, &mut who.person, &mut who.contact]
        {
            maybe(value);
        }
        maybe(&mut who.lease_mac);
        for value in [&mut kept.mac, &mut kept.interface, &mut kept.pool, &mut kept.coin, &mut kept.coin_confidence] {
            maybe(value);
        }
        for value in [&mut kept.wallet, &mut kept.algorithm, &mut kept.hardware, &mut kept.returned_after] {
            maybe(value);
        }
        if let Some(exemption) = &mut kept.exemption {
            text(&mut exemption.owner);
            text(&mut exemption.reason);
            maybe(&mut exemption.expires);
        }
        if let Some(energy) = &mut kept.energy {
            text(&mut energy.row);
            text(&mut energy.basis);
        }
        if kept.reasons.len() > extent.reasons {
            kept.reasons.sort_by_key(|reason| core::cmp::Reverse(reason.weight));
            kept.reasons.truncate(extent.reasons);
        }
        for reason in &mut kept.reasons {
            text(&mut reason.text);
            text(&mut reason.rule);
        }
        kept
    }
}
