//! What an engine counts. What is not inspected is counted by its reason, never silent.

use crate::finding::Layer;
use crate::inspect::Counts;
use crate::wire::packet::NotInspected;

/// Why bytes were not inspected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skipped {
    /// A compressed message of WebSocket.
    Compressed,
    /// A TLS session picked up in the middle.
    Encrypted,
    /// An IP fragment.
    Fragment,
    /// A link type that is not read.
    LinkType,
    /// A header that contradicts itself.
    Malformed,
    /// Not IPv4 or IPv6.
    NotIp,
    /// A proxy spoken to in a way that cannot be looked through.
    OpaqueProxy,
    /// Neither TCP nor UDP.
    OtherProtocol,
    /// UDP that is neither DNS nor QUIC.
    OtherUdp,
    /// A message longer than is followed.
    Oversize,
    /// Cut short by the capture.
    Truncated,
    /// A DNS message that could not be read.
    UnreadableDns,
    /// QUIC without a hello that could be read.
    UnreadableQuic,
}

impl Skipped {
    /// Every reason, with the words used in summaries.
    pub const ALL: [(Self, &'static str); 13] = [
        (Self::Compressed, "compressed WebSocket message"),
        (Self::Encrypted, "encrypted from before"),
        (Self::Fragment, "IP fragment"),
        (Self::LinkType, "of a link type that is not read"),
        (Self::Malformed, "malformed header"),
        (Self::NotIp, "not IP"),
        (Self::OpaqueProxy, "proxy that cannot be looked through"),
        (Self::OtherProtocol, "neither TCP nor UDP"),
        (Self::OtherUdp, "UDP other than DNS and QUIC"),
        (Self::Oversize, "longer than what is looked at"),
        (Self::Truncated, "cut short by the capture"),
        (Self::UnreadableDns, "unreadable DNS message"),
        (Self::UnreadableQuic, "QUIC that could not be read"),
    ];
}

impl From<NotInspected> for Skipped {
    fn from(why: NotInspected) -> Self {
        match why {
            NotInspected::Fragment => Self::Fragment,
            NotInspected::Malformed { .. } => Self::Malformed,
            NotInspected::NotIp(_) => Self::NotIp,
            NotInspected::OtherLinkType(_) => Self::LinkType,
            NotInspected::OtherProtocol(_) => Self::OtherProtocol,
            NotInspected::Truncated { .. } => Self::Truncated,
        }
    }
}

/// What an engine counted since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Packets judged.
    pub packets: u64,
    /// Flows first met.
    pub flows: u64,
    /// DNS questions over UDP.
    pub questions: u64,
    /// Answers to DNS questions over UDP.
    pub answers: u64,
    /// Connections to resolvers for DNS over TLS.
    pub dns_over_tls: u64,
    /// Connections to resolvers for DNS over HTTPS, over TCP.
    pub dns_over_https: u64,
    /// Connections to resolvers for DNS over QUIC, or over HTTPS over QUIC.
    pub dns_over_quic: u64,
    /// Findings, by layer in the order of [`Layer`].
    findings: [u64; 7],
    /// Records written.
    pub records: u64,
    /// Of these, what a self-test caused.
    pub tests: u64,
    /// Sightings not written down: the flow has given its records.
    pub suppressed: u64,
    /// Flows cleared.
    pub cleared: u64,
    /// Flows cut.
    pub cut: u64,
    /// Connections that are followed now, because they mine and are let pass.
    pub following: u64,
    /// Connections that were followed.
    pub followed: u64,
    /// Of these, let go before their time: all places were taken.
    pub let_go: u64,
    /// Jobs pools handed out on them.
    pub jobs: u64,
    /// Shares handed in on them.
    pub offered: u64,
    /// Shares taken.
    pub accepted: u64,
    /// Shares refused.
    pub rejected: u64,
    /// Segments that came before bytes that were missing.
    pub gaps: u64,
    /// Segments that brought other bytes for the same place.
    pub conflicts: u64,
    /// Settled flows whose place was needed.
    pub forgotten_settled: u64,
    /// Undecided flows whose place was needed.
    pub forgotten_undecided: u64,
    skipped: [u64; Skipped::ALL.len()],
}

impl Counters {
    /// Packets not inspected for this reason.
    #[must_use]
    pub fn skipped(&self, why: Skipped) -> u64 {
        self.skipped.get(why as usize).copied().unwrap_or_default()
    }

    /// Findings of this layer.
    #[must_use]
    pub fn found(&self, layer: Layer) -> u64 {
        self.findings.get(layer as usize).copied().unwrap_or_default()
    }

    /// Findings of all layers.
    #[must_use]
    pub fn findings(&self) -> u64 {
        self.findings.iter().sum()
    }

    pub(super) fn skip(&mut self, why: Skipped) {
        self.skip_many(why, 1);
    }

    pub(super) fn skip_many(&mut self, why: Skipped, times: u64) {
        if let Some(count) = self.skipped.get_mut(why as usize) {
            *count += times;
        }
    }

    /// Counts what could not be read.
    pub(super) fn skip_all(&mut self, counts: Counts) {
        let Counts { compressed, opaque, oversize, unreadable } = counts;
        self.skip_many(Skipped::UnreadableDns, unreadable);
        self.skip_many(Skipped::Compressed, compressed);
        self.skip_many(Skipped::OpaqueProxy, opaque);
        self.skip_many(Skipped::Oversize, oversize);
    }

    pub(super) fn find(&mut self, layer: Layer) {
        if let Some(count) = self.findings.get_mut(layer as usize) {
            *count += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_stands_at_its_place() {
        for (place, (why, _)) in Skipped::ALL.iter().enumerate() {
            assert_eq!(*why as usize, place);
        }
    }
}
