//! The one path: a packet comes in, a verdict and at most one record go out. Total: there is no error to return.

mod account;
mod dns;
mod follow;
mod grace;
mod look;
mod quic;
mod report;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use minewall_lists::Lists;

pub use account::{Counters, Skipped};

use crate::activity::Activity;
use crate::endpoint::{Endpoint, Protocol};
use crate::evidence::Record;
use crate::finding::Subject;
use crate::flow::key::{FlowKey, Side};
use crate::flow::table::{Handle, Meeting, Settled, Table};
use crate::inspect::flow::{DNS_PORT, Following, Link, OpenFlow};
use crate::inspect::{Ear, Form, Progress};
use crate::learned::Learned;
use crate::limits::OPEN_FLOWS;
use crate::now::Now;
use crate::policy::{Judgement, Policy};
use crate::wire::packet::{NotInspected, Packet, TcpFlags, Transport};
use crate::wire::tcp::{Resets, resets};
use look::{Spent, is_over, look};

/// What is to become of a packet. Every packet gets exactly one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is dropped; this IP packet goes to the host that asked instead.
    Answer(Vec<u8>),
    /// It passes, and the kernel need not ask about its flow again.
    Clear,
    /// Its flow is cut by the kernel, beginning with this packet.
    Cut,
    /// It is dropped; nothing is said of its flow.
    Drop,
    /// It passes; more of its flow is to be looked at.
    Look,
    /// This IP packet passes in its place.
    Replace(Vec<u8>),
    /// Its connection is cut and both ends are told: a reset goes on in its place, and one goes back. So that a server
    /// on the gateway does not wait for ever, nor a host for an answer.
    Reset(Resets),
    /// It passes although it mines: policy only observes. More of its flow is to be looked at.
    Watch,
}

/// What one packet led to.
#[derive(Debug)]
#[must_use]
pub struct Outcome {
    /// What is to become of the packet.
    pub verdict: Verdict,
    /// What is to be written down.
    pub record: Option<Box<Record>>,
    /// What the connection did that is let pass although it mines, told now and then.
    pub activity: Option<Box<Activity>>,
    /// Whether the packet is an answer to a DNS question and passes as it is, so that names can be learned from it.
    pub is_answer: bool,
    /// Whether it is one for a listed name, so that the name's addresses can be learned from it.
    pub teaches: bool,
    /// Of a connection that is cut: a reset from the host inside to the far end, an IP packet. Sent by the gateway
    /// itself it ends the connection for the kernel's tracking too, so that the next one on the same ports is another.
    pub farewell: Option<Vec<u8>>,
}

impl From<Verdict> for Outcome {
    fn from(verdict: Verdict) -> Self {
        Self { verdict, record: None, activity: None, is_answer: false, teaches: false, farewell: None }
    }
}

/// What the kernel tells of a packet besides its bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Meta {
    /// The index of the interface it came in by, of a bridge's the port; 0: unknown.
    pub ingress: u32,
    /// The hardware address it came from.
    pub source_mac: Option<[u8; 6]>,
    /// The index of the interface it goes out by, of a bridge's the port; 0: unknown, or it is for the gateway itself.
    pub egress: u32,
    /// Whether it is from or for the gateway itself.
    pub at_gateway: bool,
}

/// What an engine works by; swapped whole at reload.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Names and addresses.
    pub lists: Arc<Lists>,
    /// The operator's will.
    pub policy: Arc<Policy>,
    /// The gateway's name in records.
    pub observer: Arc<str>,
    /// Packets with payload looked at in each direction.
    pub look_packets: u32,
    /// Bytes looked at in each direction.
    pub look_bytes: usize,
}

/// The most an engine is eased.
pub const EASE_MAX: usize = 3;

/// Randomness from outside. The two are apart because record ids are published, and the order of the flow table must
/// not be guessed.
#[derive(Clone, Copy, Debug)]
pub struct Seed {
    /// Orders the flow table.
    pub flows: u64,
    /// Begins the ids of records; another one for each engine.
    pub records: u64,
}

impl From<u64> for Seed {
    /// Both alike, where nobody attacks: captures, benches, tests.
    fn from(seed: u64) -> Self {
        Self { flows: seed, records: seed }
    }
}

/// The judgement of one queue: flows, ears, counters. Same packets, times and seed: same verdicts and records.
#[derive(Debug)]
pub struct Engine {
    settings: Settings,
    /// How far the look is narrowed: the settings have what is left of it.
    ease: usize,
    look_packets: u32,
    ear: Ear,
    flows: Table<OpenFlow>,
    noted: dns::Noted,
    follows: follow::Follows,
    graces: grace::Graces,
    run: u64,
    counters: Counters,
}

impl Engine {
    /// An engine that remembers about `flows` flows.
    #[must_use]
    pub fn new(settings: Settings, flows: usize, seed: Seed) -> Self {
        let mut ear = Ear::new(Arc::clone(&settings.lists));
        ear.reads_answers = settings.policy.reads_answers;
        let open_max = OPEN_FLOWS.min(flows);
        let flows = Table::new(flows, open_max, seed.flows);
        let noted = dns::Noted::default();
        let (ease, look_packets) = (0, settings.look_packets);
        let (follows, graces) = (follow::Follows::default(), grace::Graces::default());
        let (run, counters) = (seed.records, Counters::default());
        Self { settings, ease, look_packets, ear, flows, noted, follows, graces, run, counters }
    }

    /// Takes new settings; flows stay.
    pub fn reload(&mut self, settings: Settings) {
        self.ear.lists = Arc::clone(&settings.lists);
        self.ear.reads_answers = settings.policy.reads_answers;
        self.look_packets = settings.look_packets;
        self.settings = settings;
        self.ease(self.ease);
    }

    /// Takes other addresses that listed names led to; flows stay.
    pub fn learn(&mut self, learned: Arc<Learned>) {
        self.ear.learned = learned;
    }

    /// Looks at fewer packets of a connection where time is short: at level 0 at all that are set, at each further one
    /// at half of that, and at [`EASE_MAX`] a first packet that tells nothing is enough. A message under way is
    /// followed as ever.
    pub fn ease(&mut self, level: usize) {
        self.ease = level.min(EASE_MAX);
        self.settings.look_packets = match self.ease {
            0 => self.look_packets,
            EASE_MAX => 1,
            level => (self.look_packets >> level).max(1),
        };
    }

    /// What was counted so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let forgotten = self.flows.forgotten();
        let mut counters = self.counters;
        counters.flows = self.flows.met();
        counters.following = self.follows.len() as u64;
        counters.forgotten_settled = forgotten.settled;
        counters.forgotten_undecided = forgotten.undecided;
        counters
    }

    /// Judges an IP packet, as a netfilter queue gives it.
    pub fn on_ip(&mut self, now: Now, meta: Meta, bytes: &[u8]) -> Outcome {
        self.on_packet(now, meta, Packet::from_ip(bytes))
    }

    /// Judges a captured frame; `linktype` as in the capture file (draft-ietf-opsawg-pcaplinktype).
    pub fn on_frame(&mut self, now: Now, linktype: u16, bytes: &[u8]) -> Outcome {
        let packet = Packet::from_linktype(linktype, bytes);
        let source_mac = packet.as_ref().ok().and_then(|packet| packet.source_mac);
        if packet.as_ref().is_ok_and(|packet| packet.truncated) {
            self.counters.skip(Skipped::Truncated);
        }
        self.on_packet(now, Meta { source_mac, ..Meta::default() }, packet)
    }

    fn on_packet(&mut self, now: Now, meta: Meta, packet: Result<Packet<'_>, NotInspected>) -> Outcome {
        self.counters.packets += 1;
        let packet = match packet {
            Ok(packet) => packet,
            Err(why) => {
                self.counters.skip(why.into());
                return Verdict::Look.into();
            }
        };
        match packet.transport {
            Transport::Tcp { seq, ack, flags, src_port, .. } => {
                let mut outcome = self.on_tcp(now, meta, &packet, Segment { seq, ack, flags });
                // The kernel would tell a name server whose answer is cut, but not the host that waits for it.
                let is_answer = outcome.record.as_ref().is_some_and(|record| record.question.is_some());
                let is_awaited = src_port == DNS_PORT && is_answer;
                if (meta.at_gateway || is_awaited) && outcome.verdict == Verdict::Cut {
                    outcome.verdict = resets(&packet).map_or(Verdict::Drop, Verdict::Reset);
                    outcome.farewell = None;
                }
                outcome
            }
            Transport::Udp { src_port, dst_port } => self.on_udp(now, meta, &packet, (src_port, dst_port)),
        }
    }

    fn on_udp(&mut self, now: Now, meta: Meta, packet: &Packet<'_>, ports: (u16, u16)) -> Outcome {
        match ports {
            (DNS_PORT, DNS_PORT) if is_response(packet.payload) => self.on_answer(now, meta, packet),
            (_, DNS_PORT) => self.on_question(now, meta, packet),
            (DNS_PORT, _) => self.on_answer(now, meta, packet),
            (_, to) if quic::PORTS.contains(&to) => self.on_quic(now, meta, packet),
            // The server name stands in what the client says.
            (from, _) if quic::PORTS.contains(&from) => Verdict::Look.into(),
            _ => {
                self.counters.skip(Skipped::OtherUdp);
                Verdict::Look.into()
            }
        }
    }

    fn on_tcp(&mut self, now: Now, meta: Meta, packet: &Packet<'_>, tcp: Segment) -> Outcome {
        let (key, side) = FlowKey::of(source(packet), destination(packet), Protocol::Tcp);
        let TcpFlags { syn, ack, fin, rst, .. } = tcp.flags;
        if fin || rst {
            self.follows.close(&key);
        }
        if !syn && packet.payload.is_empty() {
            return Verdict::Look.into();
        }
        if syn && !ack {
            // A connection begun anew on the same ports.
            self.flows.forget(&key);
            self.follows.end(now, &key);
        }
        let handle = match self.flows.meet(now.mono_ms, key, side, tcp.seq) {
            Meeting::Open(handle) => handle,
            Meeting::Settled(Settled::Cleared) => return Verdict::Clear.into(),
            Meeting::Settled(Settled::Cut) => {
                let is_from_host = !self.settings.policy.inside.contains(packet.destination);
                return Outcome { farewell: farewell(packet, is_from_host), ..Verdict::Cut.into() };
            }
        };
        if ack {
            self.flows.acknowledge(handle, side, tcp.ack);
        }
        let Some(flow) = self.flows.open_mut(handle) else { return Verdict::Look.into() };
        if flow.following == Following::Unknown {
            flow.following = if self.follows.has(&key) { Following::Alone } else { Following::No };
        }
        if flow.following != Following::No {
            let is_alone = flow.following == Following::Alone;
            if let Some(outcome) = self.cut_in_time(now, handle, (key, side), packet) {
                return outcome;
            }
            if is_alone {
                return self.on_followed(now, handle, (key, side), packet, tcp.seq);
            }
        }
        let Some(flow) = self.flows.open_mut(handle) else { return Verdict::Look.into() };
        let link = Link { mac: meta.source_mac, interface: meta.ingress, vlan: packet.vlan };
        let (heard, spent) = look(&mut self.ear, &mut self.counters, &self.settings, flow, (side, link), packet, tcp);
        let mut outcome = Outcome::from(Verdict::Look);
        let heard = report::resolver(&mut self.counters, &self.settings.policy, key, heard);
        let is_over = is_over(heard.progress, flow.progress(side.other()), spent)
            && !(spent == Spent::Packets && heard.progress == Progress::Unknown && Ear::awaits(flow));
        self.counters.skip_all(heard.counts);
        let mut passing = None;
        if let Some((seen, host)) = report::choose(&mut self.counters, &self.settings.policy, now, flow, side, heard) {
            let policy = &self.settings.policy;
            let judgement = self.graces.judge(policy, &seen.finding, key.end(host).ip, now);
            let mines = seen.finding.subject == Subject::Protocol && matches!(judgement, Judgement::Observe(_));
            passing = (mines || matches!(judgement, Judgement::Grace(_))).then_some(host);
            outcome = report::on_flow(&mut self.counters, &self.settings, self.run, now, flow, host, seen, &judgement);
            if matches!(judgement, Judgement::Block) {
                self.flows.settle(handle, Settled::Cut);
                self.follows.end(now, &key);
                outcome.farewell = farewell(packet, host == side);
                return outcome;
            }
        }
        // RFC 7413: data may come with the SYN, behind its sequence number.
        let seq = tcp.seq.wrapping_add(u32::from(syn));
        self.go_on(now, handle, (key, side, passing), (seq, packet.payload), is_over, outcome)
    }

    /// Follows what mines and passes; settles what was looked at to the end and is not followed.
    fn go_on(
        &mut self,
        now: Now,
        handle: Handle,
        (key, side, passing): (FlowKey, Side, Option<Side>),
        segment: (u32, &[u8]),
        is_over: bool,
        mut outcome: Outcome,
    ) -> Outcome {
        let known = self.flows.open_mut(handle).is_some_and(|flow| flow.following == Following::Beside);
        if known || passing.is_some() {
            let ends = (key, side, passing.unwrap_or(side));
            outcome.activity = self.follow(now, handle, ends, outcome.record.as_deref(), segment);
        }
        if !is_over {
            return outcome;
        }
        let is_followed = self.follows.is_worth(&key);
        let Some(flow) = self.flows.open_mut(handle) else { return outcome };
        if flow.following == Following::Beside && !is_followed {
            self.follows.let_go(now, &key);
        }
        if is_followed {
            flow.end_look();
            outcome.verdict = Verdict::Watch;
            return outcome;
        }
        if flow.form(side) == Form::Sealed {
            self.counters.skip(Skipped::Encrypted);
        }
        self.flows.settle(handle, Settled::Cleared);
        self.counters.cleared += 1;
        outcome.verdict = Verdict::Clear;
        outcome
    }
}

/// What the engine asks of a TCP header.
#[derive(Clone, Copy, Debug)]
struct Segment {
    seq: u32,
    ack: u32,
    flags: TcpFlags,
}

/// The host's reset to the far end, made from a segment of either. One that opens a connection has no far end yet.
fn farewell(packet: &Packet<'_>, is_from_host: bool) -> Option<Vec<u8>> {
    let Transport::Tcp { flags: TcpFlags { syn: false, .. }, .. } = packet.transport else { return None };
    let Resets { back, onward } = resets(packet)?;
    Some(if is_from_host { onward } else { back })
}

const fn source(packet: &Packet<'_>) -> Endpoint {
    let (Transport::Tcp { src_port, .. } | Transport::Udp { src_port, .. }) = packet.transport;
    Endpoint { ip: packet.source, port: src_port }
}

const fn destination(packet: &Packet<'_>) -> Endpoint {
    let (Transport::Tcp { dst_port, .. } | Transport::Udp { dst_port, .. }) = packet.transport;
    Endpoint { ip: packet.destination, port: dst_port }
}

/// Whether a DNS message answers (RFC 1035 section 4.1.1): a resolver may ask from the port of DNS.
fn is_response(message: &[u8]) -> bool {
    message.get(2).is_some_and(|flags| flags & 0x80 != 0)
}

/// The words of an address in records of this engine.
fn observer(settings: &Settings) -> String {
    String::from(&*settings.observer)
}

#[cfg(test)]
mod tests;
