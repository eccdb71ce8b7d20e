//! The kernel rules as one value, and its rendering as text for two backends.
//!
//! What the rules do is stated once, in [`Ruleset::new`]; `nft` and `iptables` only spell it. Rules look at bits of the
//! packet mark and of the conntrack mark inside the configured mask and change no other bit.
//!
//! The way of a packet: a base chain sends it to one of the chains that queue; user space accepts it with one of our bits
//! in the packet mark; a later hook sends it to `judge`, which moves the bit to the conntrack mark.

mod chains;
mod iptables;
mod nft;
mod pending;
mod queues;
mod sets;

use alloc::string::String;
use alloc::vec::Vec;

use crate::config::Config;

pub use iptables::{PREFIX, ipset, ipset_create, ipset_destroy, ipset_probe, iptables, iptables_remove};
pub use nft::{TABLE, nft, nft_learned, nft_remove, nft_sets};
pub use pending::{COMMENT, Pending, pending_remove};
pub use queues::{Classes, Queues};
pub use sets::{Element, Sets};

/// Data offsets of a TCP header, in words of 32 bits (RFC 9293 section 3.1), the frequent ones first: with time stamps,
/// without options, of first segments, with a selective acknowledgement.
const DATA_OFFSETS: [u16; 11] = [8, 5, 10, 11, 7, 6, 9, 12, 13, 14, 15];

/// The rules, whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ruleset {
    /// Where packets enter our chains, in the order of the hooks.
    pub entries: Vec<Entry>,
    /// Our chains.
    pub chains: Vec<Chain>,
    /// The devices between which settled flows are offloaded; none: we have no flowtable.
    pub devices: Vec<String>,
    /// What is refused by its address alone.
    pub sets: Sets,
    /// Where packets wait.
    pub queues: Classes,
}

/// The internet protocol a text is for; `nft` text is for both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

/// A place in the kernel's path from which packets enter our chains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hook {
    /// Locally made packets before conntrack sees them.
    OutputUntracked,
    /// Arriving packets, tracked, with the addresses their sender wrote.
    Prerouting,
    /// Passing packets.
    Forward,
    /// Packets to the gateway itself.
    Input,
    /// Packets of the gateway itself, tracked.
    Output,
    /// Passing packets, after [`Hook::Forward`].
    ForwardJudged,
    /// Passing packets that the filters of others let through.
    ForwardFiltered,
    /// Packets to the gateway itself, after [`Hook::Input`].
    InputJudged,
    /// Packets of the gateway itself, after [`Hook::Output`].
    OutputJudged,
}

/// One of our chains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// Answers to DNS questions which minewall itself sends.
    Answer,
    /// Resets which minewall itself sends.
    Reset,
    /// DNS questions over UDP.
    Dns,
    /// Answers to DNS questions over UDP.
    DnsAnswers,
    /// Datagrams to ports of QUIC.
    Quic,
    /// TCP segments.
    Tcp,
    /// Packets on their way out of the queue, with a verdict on their flow.
    Judge,
    /// Segments of the gateway's own on their way out of the queue.
    Settle,
    /// Packets of cut flows.
    Cut,
    /// Packets of settled flows.
    Offload,
    /// The first segments of connections, before anything is known of them.
    Attempt,
    /// The first segments of connections to listed addresses.
    Listed,
}

/// Packets at a hook that match go through a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where.
    pub hook: Hook,
    /// Which packets.
    pub when: Vec<Match>,
    /// The chain they go through; what it does not decide goes on behind the hook.
    pub chain: Name,
}

/// Rules, read from the first to the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Its name.
    pub name: Name,
    /// Its rules; behind the last one the packet leaves.
    pub rules: Vec<Rule>,
}

/// One rule: packets to which all matches apply meet the action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Which packets; empty: all.
    pub when: Vec<Match>,
    /// What is done.
    pub action: Action,
    /// The counter it advances.
    pub counter: Option<Counter>,
    /// What it is for.
    pub comment: &'static str,
}

/// A property of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// It opens a TCP connection.
    Syn,
    /// It is TCP to an address and port in [`Sets::listed`].
    Listed,
    /// It is TCP to an address and port in the set of learned ones.
    Learned,
    /// It is from an address in [`Sets::exempt`].
    Exempt,
    /// It is one of so many a second, and of twice as many at once.
    AtMost(u32),
    /// It is TCP.
    Tcp,
    /// It is TCP from this port.
    TcpFrom(u16),
    /// It is TCP to this port.
    TcpTo(u16),
    /// It is UDP.
    Udp,
    /// It is UDP from this port.
    UdpFrom(u16),
    /// It is UDP to this port.
    UdpTo(u16),
    /// It is UDP to one of these ports.
    UdpToAny(&'static [u16]),
    /// It came from the gateway to itself.
    Loopback,
    /// It came over a network, not from the gateway to itself.
    NotLoopback,
    /// It goes out over a network, not from the gateway to itself.
    NotToLoopback,
    /// It runs against the direction of the flow's first packet; never holds for untracked packets.
    Reply,
    /// It is a TCP segment without payload. Where IP options or extension headers hide that, it does not hold.
    NoPayload,
    /// It is a DNS message over UDP with at most one answer record. Where IP options or extension headers hide that, it
    /// does not hold.
    FewAnswers,
    /// Conntrack forgets its flow within so many seconds if nothing more comes.
    Expiring(u32),
    /// The packet mark under the mask is the value.
    PacketMark(Bits),
    /// The packet mark under the mask is something else.
    NotPacketMark(Bits),
    /// The conntrack mark under the mask is the value; never holds for untracked packets.
    FlowMark(Bits),
    /// The conntrack mark under the mask is something else; never holds for untracked packets.
    NotFlowMark(Bits),
}

/// A value of the bits in a mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bits {
    /// The bits; none outside the mask.
    pub value: u32,
    /// The bits looked at.
    pub mask: u32,
}

/// What a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The packet leaves our chains as it is.
    Leave,
    /// The packet goes to the chain for good.
    Goto(Name),
    /// The packet goes through the chain, and then on.
    Jump(Name),
    /// The packet waits for user space.
    Queue(Queues),
    /// Conntrack does not see the packet.
    Untrack,
    /// The bits are set in the conntrack mark.
    Save(u32),
    /// The bits are cleared in the conntrack mark.
    Forget(u32),
    /// The bits are cleared in the packet mark.
    Strip(u32),
    /// The packet is dropped and its sender is sent a TCP reset.
    Reset,
    /// The packet is dropped and its sender is told that the port is unreachable.
    Unreachable,
    /// The packet is dropped.
    Drop,
    /// Later packets of the flow go by our flowtable.
    Offload,
}

/// A counter of packets and bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counter {
    /// DNS questions given to user space.
    DnsQueued,
    /// Answers to DNS questions given to user space.
    AnswersQueued,
    /// Datagrams to ports of QUIC given to user space.
    QuicQueued,
    /// Segments given to user space.
    TcpQueued,
    /// First segments to listed addresses given to user space.
    AttemptsQueued,
    /// First segments to listed addresses; more than were queued when they come as a flood.
    Refused,
    /// Packets dropped or refused, first segments among them.
    Cut,
    /// Flows settled: they stay in the kernel.
    Cleared,
}

impl Ruleset {
    /// The rules for a configuration, with so many queues (at least one), for each class where they have their own.
    #[must_use]
    pub fn new(config: &Config, queues: u16) -> Self {
        let queues = Classes::new(&config.queue, queues);
        Self {
            entries: chains::entries(config),
            chains: chains::chains(config, queues),
            devices: Vec::new(),
            sets: Sets::default(),
            queues,
        }
    }

    /// The same rules with a flowtable of ours for settled flows between these devices; without any, with none.
    #[must_use]
    pub fn offloading(mut self, config: &Config, devices: Vec<String>) -> Self {
        self.entries.retain(|entry| entry.chain != Name::Offload);
        self.chains.retain(|chain| chain.name != Name::Offload);
        if !devices.is_empty() {
            self.entries.extend(chains::offload_entries());
            self.chains.push(chains::offload(config.kernel.mark));
        }
        self.devices = devices;
        self
    }
}

impl Name {
    /// Every chain.
    pub const ALL: [Self; 12] = [
        Self::Answer,
        Self::Reset,
        Self::Dns,
        Self::DnsAnswers,
        Self::Quic,
        Self::Tcp,
        Self::Judge,
        Self::Settle,
        Self::Cut,
        Self::Offload,
        Self::Attempt,
        Self::Listed,
    ];

    /// The name in lower case.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Reset => "resets",
            Self::Dns => "dns",
            Self::DnsAnswers => "dns_answers",
            Self::Quic => "quic",
            Self::Tcp => "tcp_payload",
            Self::Judge => "judge",
            Self::Settle => "settle",
            Self::Cut => "cut",
            Self::Offload => "offloaded",
            Self::Attempt => "attempts",
            Self::Listed => "listed",
        }
    }
}

impl Counter {
    /// Every counter.
    pub const ALL: [Self; 8] = [
        Self::DnsQueued,
        Self::AnswersQueued,
        Self::QuicQueued,
        Self::TcpQueued,
        Self::AttemptsQueued,
        Self::Refused,
        Self::Cut,
        Self::Cleared,
    ];

    /// The name of the counter; in iptables it opens the rule's comment.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::DnsQueued => "dns_queued",
            Self::AnswersQueued => "answers_queued",
            Self::QuicQueued => "quic_queued",
            Self::TcpQueued => "tcp_queued",
            Self::AttemptsQueued => "attempts_queued",
            Self::Refused => "refused",
            Self::Cut => "cut",
            Self::Cleared => "cleared",
        }
    }
}

#[cfg(test)]
mod tests;
