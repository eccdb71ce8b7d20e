//! What the rules are: the entries and chains for a configuration.

use alloc::vec;
use alloc::vec::Vec;

use super::{Action, Bits, Chain, Classes, Counter, Entry, Hook, Match, Name, Queues, Rule};
use crate::config::{Answers, Config, Mark, TcpAction};

/// The port of DNS (RFC 1035 section 4.2).
const DNS: u16 = 53;

/// The ports of QUIC whose datagrams are looked at: of HTTP (RFC 9114 section 3.1.2) and of DNS (RFC 9250 section 4.1).
const QUIC: [u16; 2] = [443, 853];

/// Each packet of the gateway passes these, so they are few, and the first word of each is the protocol.
pub(super) fn entries(config: &Config) -> Vec<Entry> {
    let mark = config.kernel.mark;
    let entry = |hook, when: &[Match], chain| Entry { hook, when: when.to_vec(), chain };
    let ours = Match::PacketMark(set(mark.cut));
    let mut entries = vec![
        entry(Hook::OutputUntracked, &[Match::UdpFrom(DNS), ours], Name::Answer),
        entry(Hook::OutputUntracked, &[Match::Tcp, ours], Name::Reset),
        entry(Hook::Prerouting, &[Match::UdpTo(DNS)], Name::Dns),
        entry(Hook::Forward, &[Match::Tcp], Name::Tcp),
        entry(Hook::Forward, &[Match::UdpToAny(&QUIC)], Name::Quic),
        entry(Hook::Input, &[Match::TcpTo(DNS), Match::NotLoopback], Name::Tcp),
    ];
    // Whatever its protocol: a packet bears our bits for no other reason.
    entries.extend(judged(mark).map(|(when, chain)| entry(Hook::ForwardJudged, &[when], chain)));
    let asks = [Match::TcpTo(DNS), Match::NotLoopback];
    entries.extend(judged(mark).map(|(when, chain)| entry(Hook::InputJudged, &[&asks[..], &[when]].concat(), chain)));
    if config.dns.answers != Answers::None {
        let answers = [Match::UdpFrom(DNS), Match::Reply];
        entries.extend([
            entry(Hook::Forward, &answers, Name::DnsAnswers),
            entry(Hook::Output, &[&answers[..], &[Match::NotToLoopback]].concat(), Name::DnsAnswers),
            entry(Hook::Output, &[Match::TcpFrom(DNS), Match::NotToLoopback], Name::Tcp),
            entry(Hook::OutputJudged, &[Match::TcpFrom(DNS), Match::NotToLoopback], Name::Settle),
        ]);
    }
    entries
}

/// CUT is looked at first: it is stronger than CLEARED and stays.
fn judged(mark: Mark) -> [(Match, Name); 2] {
    let bears_ours = Match::NotPacketMark(Bits { value: 0, mask: mark.mask() });
    [(Match::FlowMark(set(mark.cut)), Name::Cut), (bears_ours, Name::Judge)]
}

pub(super) fn chains(config: &Config, queues: Classes) -> Vec<Chain> {
    let chain = |name, rules| Chain { name, rules };
    let mark = config.kernel.mark;
    let mut chains = vec![
        chain(Name::Answer, answer(mark)),
        chain(Name::Reset, vec![strip(mark)]),
        chain(Name::Dns, dns(queues.dns)),
    ];
    if config.dns.answers != Answers::None {
        chains.push(chain(Name::DnsAnswers, dns_answers(queues.dns, config.dns.answers)));
    }
    chains.extend([
        chain(Name::Quic, quic(mark, queues.tcp)),
        chain(Name::Tcp, tcp(mark, queues)),
        chain(Name::Attempt, vec![anew(mark)]),
        chain(Name::Judge, judge(mark)),
        chain(Name::Cut, cut_flow(mark, config.tcp.action)),
    ]);
    if config.dns.answers != Answers::None {
        chains.push(chain(Name::Settle, settle(mark)));
    }
    chains
}

/// How many attempts to reach listed addresses are written down in a second; a scan is refused without so many words.
const ATTEMPTS: u32 = 100;

/// What comes on top where the kernel itself refuses: first segments are held against a set, and what is refused is
/// a flow that is cut, whether or not user space looks at it. What is under way is judged by what is said.
pub(super) fn refuse(chains: &mut Vec<Chain>, config: &Config, queues: Classes, what: Match) {
    let mark = config.kernel.mark;
    let words = if what == Match::Learned { "what a listed name leads to" } else { "a listed address" };
    let refuses = rule(&[what], Action::Goto(Name::Listed), words);
    let is_first = chains.iter().all(|chain| chain.name != Name::Listed);
    let exempt = is_first.then(|| rule(&[Match::Exempt], Action::Leave, "a host that may mine"));
    for chain in chains.iter_mut().filter(|chain| chain.name == Name::Attempt) {
        chain.rules.extend(exempt.iter().cloned().chain([refuses.clone()]));
    }
    if !is_first {
        return;
    }
    let refused = "refused, whatever user space says";
    let cut = counted(&[], Action::Save(mark.cut), Counter::Refused, refused);
    let told = [Match::AtMost(ATTEMPTS)];
    let told = counted(&told, Action::Queue(queues.tcp), Counter::AttemptsQueued, "each attempt is written down");
    chains.push(Chain { name: Name::Listed, rules: vec![cut, told] });
}

/// Behind the filters of others: what they refuse is not offloaded.
pub(super) fn offload_entries() -> Vec<Entry> {
    let entry = |when: Match| Entry { hook: Hook::ForwardFiltered, when: vec![when], chain: Name::Offload };
    [Match::Tcp].into_iter().chain(QUIC.map(Match::UdpTo)).map(entry).collect()
}

pub(super) fn offload(mark: Mark) -> Chain {
    let settled = Match::FlowMark(Bits { value: mark.cleared, mask: mark.mask() });
    Chain { name: Name::Offload, rules: vec![rule(&[settled], Action::Offload, "only what is settled is offloaded")] }
}

/// A forged answer comes from an address that is not ours: tracked, it would open a flow in the wrong direction.
fn answer(mark: Mark) -> Vec<Rule> {
    vec![rule(&[], Action::Untrack, "a forged answer opens no conntrack entry"), strip(mark)]
}

fn dns(queues: Queues) -> Vec<Rule> {
    vec![
        rule(&[Match::Loopback], Action::Leave, "the gateway asks itself"),
        rule(&[Match::Reply], Action::Leave, "an answer to a question sent from port 53"),
        counted(&[], Action::Queue(queues), Counter::DnsQueued, "every DNS question, with the address its host asked"),
    ]
}

/// Answers are seen where address translation is undone, so that they bear the address of the host that asked; forged
/// ones are not tracked and do not come here.
fn dns_answers(queues: Queues, answers: Answers) -> Vec<Rule> {
    let queue =
        counted(&[], Action::Queue(queues), Counter::AnswersQueued, "an answer, with the names that stand in it");
    let few = rule(&[Match::FewAnswers], Action::Leave, "an alias and what it leads to are two records");
    if answers == Answers::All { vec![queue] } else { vec![few, queue] }
}

fn quic(mark: Mark, queues: Queues) -> Vec<Rule> {
    vec![
        decided(mark),
        rule(&[Match::Reply], Action::Leave, "the server name stands in what the client says"),
        counted(&[], Action::Queue(queues), Counter::QuicQueued, "the client's part of a flow not yet decided"),
    ]
}

fn strip(mark: Mark) -> Rule {
    rule(&[], Action::Strip(mark.mask()), "nobody behind us sees our bits")
}

fn decided(mark: Mark) -> Rule {
    let decided = Match::NotFlowMark(Bits { value: 0, mask: mark.mask() });
    rule(&[decided], Action::Leave, "the flow is decided: settled, or left to the judge")
}

/// A connection that is over for conntrack as well, by a farewell, and whose ports serve another at once. Conntrack itself
/// would begin anew only if the farewell was the last it saw of the former.
fn anew(mark: Mark) -> Rule {
    let over = [Match::FlowMark(set(mark.cut)), Match::Expiring(CLOSED)];
    rule(&over, Action::Forget(mark.mask()), "the former connection on these ports is over")
}

/// How long conntrack keeps what was reset (`nf_conntrack_tcp_timeout_close`), in seconds; what is under way it keeps for
/// minutes or days.
const CLOSED: u32 = 10;

/// The settled majority leaves by the first rule that is not about first segments. Connections to
/// name servers wait with the questions over UDP: both of their directions, since one engine is to hear both.
fn tcp(mark: Mark, queues: Classes) -> Vec<Rule> {
    let queue = |when: &[Match], queues, comment| counted(when, Action::Queue(queues), Counter::TcpQueued, comment);
    let mut rules = vec![
        rule(&[Match::Syn], Action::Jump(Name::Attempt), "the first segment of a connection"),
        decided(mark),
        rule(&[Match::NoPayload], Action::Leave, "no payload: nothing to read"),
    ];
    if queues.differ() {
        let dns = [Match::TcpTo(DNS), Match::TcpFrom(DNS)];
        rules.extend(dns.map(|port| queue(&[port], queues.dns, "DNS over TCP, which fails as DNS does")));
    }
    rules.push(queue(&[], queues.tcp, "payload of a flow not yet decided"));
    rules
}

/// For packets that bear our bits.
fn judge(mark: Mark) -> Vec<Rule> {
    let cut = Match::PacketMark(set(mark.cut));
    let mut rules = vec![rule(&[cut], Action::Goto(Name::Cut), "the verdict on this packet is to cut")];
    rules.extend(clear(mark));
    rules
}

/// For segments of the gateway's own: user space resets their connections itself, and the resets of others, which bear
/// the mark of a cut flow as well, must reach their hosts.
fn settle(mark: Mark) -> Vec<Rule> {
    let mut rules = vec![rule(&[unmarked(mark)], Action::Leave, "no verdict on this packet")];
    rules.extend(clear(mark));
    rules
}

fn unmarked(mark: Mark) -> Match {
    Match::PacketMark(Bits { value: 0, mask: mark.mask() })
}

fn clear(mark: Mark) -> [Rule; 2] {
    let cleared = Match::PacketMark(set(mark.cleared));
    [
        counted(&[cleared], Action::Save(mark.cleared), Counter::Cleared, "the flow stays in the kernel from now on"),
        strip(mark),
    ]
}

/// The bits go before the refusal: with `fwmark_reflect` a reset inherits the mark of what it answers.
fn cut_flow(mark: Mark, cut: TcpAction) -> Vec<Rule> {
    let (tcp, udp) = match cut {
        TcpAction::Drop => (Action::Drop, Action::Drop),
        // A QUIC client that is told falls back to TCP at once.
        TcpAction::Reset => (Action::Reset, Action::Unreachable),
    };
    vec![
        rule(&[], Action::Save(mark.cut), "every later packet of the flow is cut as well"),
        strip(mark),
        counted(&[Match::Tcp], tcp, Counter::Cut, "mining is cut here"),
        counted(&[Match::Udp], udp, Counter::Cut, "mining is cut here"),
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
