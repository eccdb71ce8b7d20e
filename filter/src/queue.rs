//! A netfilter queue: packets wait in it until they are answered.

pub(crate) mod counters;
mod message;
mod one;
mod socket;

use std::io::Result;
use std::sync::Arc;

use anyhow::Context;
use minewall_core::config::{Fail, Mark, Queue as Settings, Reader};
use minewall_core::engine::{Meta, Verdict};
use minewall_core::limits::LOOK_MESSAGE;
use minewall_core::wire::tcp::Resets;

use crate::inject::Neighbour;
pub(crate) use counters::Latency;
use message::{Decision, Packet, Terms};
use one::One;
use socket::Socket;

/// Headers in front of the bytes looked at: IPv6 with extension headers and TCP with options.
const HEADERS: usize = 256;

/// One bound queue.
pub(crate) struct Queue {
    number: u16,
    source: Source,
    latency: Arc<Latency>,
    mark: Mark,
    fail: Fail,
}

impl Queue {
    /// Binds queue `number`, whose packets meet this verdict when nobody answers; of each packet as much is copied out of the kernel as is followed of a long message, however
    /// few bytes are kept of it: what is left out of a merged segment would be a hole in the stream.
    ///
    /// # Errors
    /// Another program is bound to it, the capability is missing, or the kernel has no queue.
    pub(crate) fn bind(
        number: u16,
        fail: Fail,
        settings: &Settings,
        mark: Mark,
        look_bytes: usize,
    ) -> anyhow::Result<Self> {
        let what = || format!("cannot bind netfilter queue {number}");
        let taken = || {
            format!(
                "another program is bound to it (see /proc/net/netfilter/nfnetlink_queue), the right to is missing, or \
                 a kernel feature: netfilter queue (CONFIG_NETFILTER_NETLINK_QUEUE, module nfnetlink_queue); set \
                 queue.first to a free number, such as {}",
                number.saturating_add(100)
            )
        };
        let copy = u16::try_from(look_bytes.max(LOOK_MESSAGE) + HEADERS).unwrap_or(u16::MAX);
        let terms = Terms { number, copy, length: settings.length, fail_open: fail == Fail::Open };
        let latency = Arc::new(Latency::default());
        let source = match settings.reader {
            Reader::Burst => Socket::bind(terms, Arc::clone(&latency)).map(Source::Burst),
            Reader::Nfq => One::bind(terms, Arc::clone(&latency)).map(Source::One),
        };
        let source = source.with_context(taken).with_context(what)?;
        Ok(Self { number, source, latency, mark, fail })
    }

    /// Its number.
    pub(crate) const fn number(&self) -> u16 {
        self.number
    }

    /// Its number, and how long packets wait in it.
    pub(crate) fn watched(&self) -> (u16, Arc<Latency>) {
        (self.number, Arc::clone(&self.latency))
    }

    /// The next packet; none if none came for a while.
    ///
    /// # Errors
    /// The queue is gone.
    pub(crate) fn next(&mut self) -> Result<Option<Waiting<'_>>> {
        let packet = self.source.next()?;
        Ok(packet.map(|packet| Waiting { queue: self, packet, is_decided: false }))
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        if let Source::Burst(socket) = &mut self.source {
            socket.leave(self.fail == Fail::Open);
        }
    }
}

/// Where the packets come from.
enum Source {
    Burst(Socket),
    One(One),
}

impl Source {
    fn next(&mut self) -> Result<Option<Packet>> {
        match self {
            Self::Burst(socket) => socket.next(),
            Self::One(one) => one.next(),
        }
    }

    fn bytes(&self, packet: &Packet) -> &[u8] {
        match self {
            Self::Burst(socket) => socket.bytes(packet),
            Self::One(one) => one.bytes(),
        }
    }

    fn decide(&mut self, packet: &Packet, decision: Decision<'_>) {
        match self {
            Self::Burst(socket) => socket.decide(packet, decision),
            Self::One(one) => one.decide(decision),
        }
    }
}

/// A packet that waits for its verdict. Answering consumes it; one that is dropped unanswered, by whatever path,
/// meets the fail verdict.
pub(crate) struct Waiting<'a> {
    queue: &'a mut Queue,
    packet: Packet,
    is_decided: bool,
}

impl Waiting<'_> {
    /// The packet, beginning with its IP header.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.queue.source.bytes(&self.packet)
    }

    /// What the kernel tells besides.
    pub(crate) const fn meta(&self) -> Meta {
        self.packet.meta
    }

    /// Its sender, if it came in by a port of a bridge.
    pub(crate) fn neighbour(&self) -> Option<Neighbour> {
        let [port, _] = self.packet.ports;
        self.packet.meta.source_mac.filter(|_| port != 0).map(|mac| Neighbour { port, mac })
    }

    /// Whether it passes from one port of a bridge to another, and no route is asked for.
    pub(crate) const fn is_bridged(&self) -> bool {
        self.packet.ports[1] != 0
    }

    /// Gives the verdict. It is sent with those of the packets that came together with this one.
    pub(crate) fn answer(mut self, verdict: &Verdict) {
        let mark = self.queue.mark;
        let (passes, bit, bytes) = match verdict {
            Verdict::Answer(_) | Verdict::Drop => (false, None, None),
            Verdict::Clear => (true, Some(mark.cleared), None),
            Verdict::Cut => (true, Some(mark.cut), None),
            Verdict::Look | Verdict::Watch => (true, None, None),
            Verdict::Reset(Resets { onward: other, .. }) | Verdict::Replace(other) => (true, None, Some(&other[..])),
        };
        // Other users' bits stay as they are.
        let mark = bit.map(|bit| self.packet.mark & !mark.mask() | bit);
        self.is_decided = true;
        self.queue.source.decide(&self.packet, Decision { passes, mark, bytes });
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if !self.is_decided {
            let passes = self.queue.fail == Fail::Open;
            self.queue.source.decide(&self.packet, Decision { passes, ..Decision::default() });
        }
    }
}
