//! The kernel rules as one value, and its rendering as text for two backends.
//!
//! What the rules do is stated once, in [`Ruleset::new`]; `nft` and `iptables` only spell it. Rules look at bits of the
//! packet mark and of the conntrack mark inside the configured mask and change no other bit.
//!
//! The way of a packet: a base chain sends it to the chain `dns` or `tcp`, which queues it; user space accepts it with
//! one of our bits in the packet mark; a later hook sends it to `judge`, which moves the bit to the conntrack mark.

mod iptables;
mod nft;

use alloc::vec;
use alloc::vec::Vec;

use crate::config::{Config, Fail, Mark, TcpAction};

pub use iptables::{iptables, iptables_remove};
pub use nft::{nft, nft_remove};

/// The port of DNS (RFC 1035 section 4.2).
const DNS: u16 = 53;

/// Data offsets of a TCP header, in words of 32 bits (RFC 9293 section 3.1).
const DATA_OFFSETS: core::ops::RangeInclusive<u16> = 5..=15;

/// The rules, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruleset {
    /// Where packets enter our chains, in the order of the hooks.
    pub entries: Vec<Entry>,
    /// Our chains.
    pub chains: Vec<Chain>,
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
    /// Passing packets, after [`Hook::Forward`].
    ForwardJudged,
    /// Packets to the gateway itself, after [`Hook::Input`].
    InputJudged,
}

/// One of our chains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// Answers to DNS questions which minewall itself sends.
    Answer,
    /// DNS questions over UDP.
    Dns,
    /// TCP segments.
    Tcp,
    /// Segments on their way out of the queue, and those of flows decided earlier.
    Judge,
    /// Segments of cut flows.
    Cut,
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
    /// It is TCP.
    Tcp,
    /// It is TCP to this port.
    TcpTo(u16),
    /// It is UDP from this port.
    UdpFrom(u16),
    /// It is UDP to this port.
    UdpTo(u16),
    /// It came over a network, not from the gateway to itself.
    NotLoopback,
    /// It runs against the direction of the flow's first packet; never holds for untracked packets.
    Reply,
    /// It is a TCP segment without payload. Where IP options or extension headers hide that, it does not hold.
    NoPayload,
    /// The packet mark under the mask is the value.
    PacketMark(Bits),
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
    /// The packet waits for user space.
    Queue(Queues),
    /// Conntrack does not see the packet.
    Untrack,
    /// The bits are set in the conntrack mark.
    Save(u32),
    /// The bits are cleared in the packet mark.
    Strip(u32),
    /// The packet is dropped and its sender is sent a TCP reset.
    Reset,
    /// The packet is dropped.
    Drop,
}

/// The queues a rule may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Queues {
    /// The number of the first.
    pub first: u16,
    /// The number of the last.
    pub last: u16,
    /// Whether packets pass while nobody has bound the queue.
    pub bypass: bool,
}

/// A counter of packets and bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counter {
    /// DNS questions given to user space.
    DnsQueued,
    /// Segments given to user space.
    TcpQueued,
    /// Segments dropped or reset.
    Cut,
    /// Flows settled: they stay in the kernel.
    Cleared,
}

impl Ruleset {
    /// The rules for a configuration, with so many queues (at least one).
    #[must_use]
    pub fn new(config: &Config, queues: u16) -> Self {
        let first = config.queue.first;
        let last = first.saturating_add(queues.saturating_sub(1));
        let queues = Queues { first, last, bypass: config.queue.fail == Fail::Open };
        let mark = config.kernel.mark;
        Self { entries: entries(mark), chains: chains(mark, queues, config.tcp.action) }
    }
}

impl Name {
    /// Every chain.
    pub const ALL: [Self; 5] = [Self::Answer, Self::Dns, Self::Tcp, Self::Judge, Self::Cut];

    /// The name in lower case.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Dns => "dns",
            Self::Tcp => "tcp_payload",
            Self::Judge => "judge",
            Self::Cut => "cut",
        }
    }
}

impl Counter {
    /// Every counter.
    pub const ALL: [Self; 4] = [Self::DnsQueued, Self::TcpQueued, Self::Cut, Self::Cleared];

    /// The name of the counter; in iptables it opens the rule's comment.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::DnsQueued => "dns_queued",
            Self::TcpQueued => "tcp_queued",
            Self::Cut => "cut",
            Self::Cleared => "cleared",
        }
    }
}

fn entries(mark: Mark) -> Vec<Entry> {
    let entry = |hook, when: &[Match], chain| Entry { hook, when: when.to_vec(), chain };
    let ours = Match::PacketMark(set(mark.cut));
    vec![
        entry(Hook::OutputUntracked, &[Match::UdpFrom(DNS), ours], Name::Answer),
        entry(Hook::Prerouting, &[Match::UdpTo(DNS), Match::NotLoopback], Name::Dns),
        entry(Hook::Forward, &[Match::Tcp], Name::Tcp),
        entry(Hook::Input, &[Match::TcpTo(DNS), Match::NotLoopback], Name::Tcp),
        entry(Hook::ForwardJudged, &[Match::Tcp], Name::Judge),
        entry(Hook::InputJudged, &[Match::TcpTo(DNS), Match::NotLoopback], Name::Judge),
    ]
}

fn chains(mark: Mark, queues: Queues, cut: TcpAction) -> Vec<Chain> {
    let chain = |name, rules| Chain { name, rules };
    vec![
        chain(Name::Answer, answer(mark)),
        chain(Name::Dns, dns(queues)),
        chain(Name::Tcp, tcp(mark, queues)),
        chain(Name::Judge, judge(mark)),
        chain(Name::Cut, cut_flow(mark, cut)),
    ]
}

/// A forged answer comes from an address that is not ours: tracked, it would open a flow in the wrong direction.
fn answer(mark: Mark) -> Vec<Rule> {
    vec![
        rule(&[], Action::Untrack, "a forged answer opens no conntrack entry"),
        rule(&[], Action::Strip(mark.mask()), "nobody behind us sees our bits"),
    ]
}

fn dns(queues: Queues) -> Vec<Rule> {
    vec![
        rule(&[Match::Reply], Action::Leave, "an answer to a question sent from port 53"),
        counted(&[], Action::Queue(queues), Counter::DnsQueued, "every DNS question, with the address its host asked"),
    ]
}

fn tcp(mark: Mark, queues: Queues) -> Vec<Rule> {
    let decided = Match::NotFlowMark(Bits { value: 0, mask: mark.mask() });
    vec![
        rule(&[decided], Action::Leave, "the flow is decided: settled, or left to the judge"),
        rule(&[Match::NoPayload], Action::Leave, "no payload: nothing to read"),
        counted(&[], Action::Queue(queues), Counter::TcpQueued, "payload of a flow not yet decided"),
    ]
}

/// CUT is looked at first: it is stronger than CLEARED and stays.
fn judge(mark: Mark) -> Vec<Rule> {
    let unmarked = Match::PacketMark(Bits { value: 0, mask: mark.mask() });
    let cleared = Match::PacketMark(set(mark.cleared));
    vec![
        rule(&[Match::FlowMark(set(mark.cut))], Action::Goto(Name::Cut), "a flow once cut stays cut"),
        rule(&[unmarked], Action::Leave, "no verdict on this packet"),
        rule(&[Match::PacketMark(set(mark.cut))], Action::Goto(Name::Cut), "the verdict on this packet is to cut"),
        counted(&[cleared], Action::Save(mark.cleared), Counter::Cleared, "the flow stays in the kernel from now on"),
        rule(&[], Action::Strip(mark.mask()), "nobody behind us sees our bits"),
    ]
}

/// The bits go before the refusal: with `fwmark_reflect` a reset inherits the mark of what it answers.
fn cut_flow(mark: Mark, cut: TcpAction) -> Vec<Rule> {
    let action = match cut {
        TcpAction::Drop => Action::Drop,
        TcpAction::Reset => Action::Reset,
    };
    vec![
        rule(&[], Action::Save(mark.cut), "every later packet of the flow is cut as well"),
        rule(&[], Action::Strip(mark.mask()), "nobody behind us sees our bits"),
        counted(&[Match::Tcp], action, Counter::Cut, "mining is cut here"),
    ]
}

fn rule(when: &[Match], action: Action, comment: &'static str) -> Rule {
    Rule { when: when.to_vec(), action, counter: None, comment }
}

fn counted(when: &[Match], action: Action, counter: Counter, comment: &'static str) -> Rule {
    Rule { counter: Some(counter), ..rule(when, action, comment) }
}

fn set(bit: u32) -> Bits {
    Bits { value: bit, mask: bit }
}

#[cfg(test)]
mod tests;
