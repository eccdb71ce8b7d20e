//! What is remembered of a flow while nothing is decided about it.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::dialect::PROOF;
use crate::endpoint::Protocol;
use crate::flow::key::{FlowKey, Side};
use crate::flow::stream::Stream;
use crate::flow::table::Renew;
use crate::limits::{DNS_TCP_ANSWER, DNS_TCP_MESSAGE, TURNS};
use crate::wire::json::Skim;

use super::form::{Form, form_of};
use super::spoken::Spoken;
use super::{Listed, Progress, Quic};

/// The port of DNS (RFC 1035 section 4.2).
pub const DNS_PORT: u16 = 53;

/// Lists' words kept of one flow: both ends, what a proxy was asked for, the name inside, and one to spare.
pub const LISTED: usize = 5;

/// An undecided flow.
#[derive(Debug, Default)]
pub struct OpenFlow {
    key: Option<FlowKey>,
    sides: [OneSide; 2],
    /// Who said how much in one go: the side, and the octets it had said by then.
    turns: Vec<(Side, usize)>,
    /// The side that opened the connection, where that was seen.
    pub initiator: Option<Side>,
    /// The dialect heard and what was heard of it so far.
    pub speech: Spoken,
    /// The server name of the TLS hello, or the host an HTTP request named; empty where there is none.
    pub server_name: String,
    /// Whether that stood in a hello.
    pub is_greeted: bool,
    /// What a proxy was asked to reach.
    pub target: Option<Target>,
    /// Lists' words on names and addresses of this flow, at most [`LISTED`].
    pub listed: Vec<Listed>,
    /// What the client of a QUIC connection has sent.
    pub quic: Option<Box<Quic>>,
    /// Bytes read so far, each as often as it was read.
    pub work: usize,
    /// Records this flow gave.
    pub reported: u8,
    /// Whether both ends were looked up among the listed addresses.
    pub address_known: bool,
    /// Whether it is followed.
    pub following: Following,
}

/// Whether a connection is followed: it mines and is let pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Following {
    /// It is, and looked at no longer.
    Alone,
    /// It is, and still looked at.
    Beside,
    /// It is not.
    No,
    /// Not known yet: one that is followed may have lost its place in the table.
    #[default]
    Unknown,
}

/// What is remembered of one direction.
#[derive(Debug, Default)]
struct OneSide {
    stream: Stream,
    reader: Reader,
    /// What is to be expected after what it said last.
    progress: Progress,
    link: Link,
}

/// Where one side stands, as seen from the gateway.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// The hardware address its packets came from.
    pub mac: Option<[u8; 6]>,
    /// The index of the interface they came in by; 0: unknown.
    pub interface: u32,
    /// Their VLAN.
    pub vlan: Option<u16>,
}

/// What a proxy was asked to reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The protocol it was asked in (`socks5`, `http-connect`, ...).
    pub by: &'static str,
    /// Name or address, and port, as a URI's authority.
    pub authority: String,
    /// The name, where it is one.
    pub name: Option<String>,
}

/// How far one side's bytes were read, and as what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reader {
    /// What the innermost bytes are.
    pub form: Form,
    /// How far they were read.
    pub place: Place,
    /// Where the innermost stream begins, behind what proxies were told.
    pub inner: usize,
    /// Layers taken off before it that both sides have: tunnels and upgrades.
    pub layers: u8,
    /// What the last HTTP request asked for.
    pub asked: Asked,
    /// Behind the beginning of the HTTP head that was heard last; 0: none.
    pub head: usize,
}

/// What an HTTP request asks for, as far as the answer is to be read by it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Asked {
    /// Something is called: the answer may be a pool's.
    Call,
    /// No request was seen.
    #[default]
    Nothing,
    /// A page or file, which may quote anything.
    Page,
}

/// How far a direction's text was read, and what stood there that was no JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Bytes done with.
    pub read: usize,
    /// Bytes looked at: those of an object under way come up again.
    pub seen: usize,
    /// Where the bytes looked at end in the object under way.
    pub inside: Skim,
    /// Where they end in a container that is not kept: what comes of its inside is passed over.
    pub folded: Skim,
    /// Lines with something else than objects in them.
    pub junk_lines: u8,
    /// Whether something else stands in this line, before what is to be read.
    pub is_dirty: bool,
}

impl Reader {
    /// Takes a header off: what begins behind `octets` more is something else.
    pub(super) fn pass(&mut self, octets: usize) {
        let read = self.place.read.saturating_add(octets);
        *self = Self { place: Place { read, ..Place::default() }, inner: read, layers: self.layers, ..Self::default() };
    }

    /// Takes a layer off that the other side has too.
    pub(super) fn peel(&mut self, octets: usize) {
        self.pass(octets);
        self.layers = self.layers.saturating_add(1);
    }

    /// The bytes that are not done with.
    pub(super) fn rest<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        bytes.get(self.place.read..).unwrap_or_default()
    }
}

impl Renew for OpenFlow {
    /// In place: a new flow begins with the memory of an old one.
    fn renew(&mut self, key: FlowKey, _: Side) {
        let Self {
            key: own,
            sides,
            turns,
            initiator,
            speech,
            server_name,
            is_greeted,
            target,
            listed,
            quic,
            work,
            reported,
            address_known,
            following,
        } = self;
        for side in sides {
            side.stream.clear();
            (side.reader, side.progress, side.link) = (Reader::default(), Progress::Unknown, Link::default());
        }
        turns.clear();
        server_name.clear();
        listed.clear();
        if !speech.is_silent() {
            *speech = Spoken::default();
        }
        (*own, *initiator, *target, *quic) = (Some(key), None, None, None);
        (*work, *reported, *address_known, *is_greeted) = (0, 0, false, false);
        *following = Following::Unknown;
    }
}

impl OpenFlow {
    const fn side(&self, side: Side) -> &OneSide {
        let [low, high] = &self.sides;
        match side {
            Side::High => high,
            Side::Low => low,
        }
    }

    const fn side_mut(&mut self, side: Side) -> &mut OneSide {
        let [low, high] = &mut self.sides;
        match side {
            Side::High => high,
            Side::Low => low,
        }
    }

    /// The flow's key; `None` only before its first packet.
    #[must_use]
    pub const fn key(&self) -> Option<FlowKey> {
        self.key
    }

    /// The server name of the TLS hello, or the host an HTTP request named.
    #[must_use]
    pub fn server_name(&self) -> Option<&str> {
        Some(&*self.server_name).filter(|name| !name.is_empty())
    }

    /// What this side sends.
    #[must_use]
    pub const fn stream(&self, side: Side) -> &Stream {
        &self.side(side).stream
    }

    /// What this side sends, to be grown.
    pub const fn stream_mut(&mut self, side: Side) -> &mut Stream {
        &mut self.side_mut(side).stream
    }

    /// How far this side's bytes were read, and as what.
    #[must_use]
    pub const fn reader(&self, side: Side) -> Reader {
        self.side(side).reader
    }

    /// Notes how far this side's bytes were read, and as what.
    pub const fn set_reader(&mut self, side: Side, reader: Reader) {
        self.side_mut(side).reader = reader;
    }

    /// What this side's bytes are, behind what was told to proxies.
    #[must_use]
    pub const fn form(&self, side: Side) -> Form {
        self.side(side).reader.form
    }

    /// What is to be expected after what this side said last.
    #[must_use]
    pub const fn progress(&self, side: Side) -> Progress {
        self.side(side).progress
    }

    /// Notes what is to be expected after what this side said.
    pub const fn set_progress(&mut self, side: Side, progress: Progress) {
        self.side_mut(side).progress = progress;
    }

    /// Where this side stands.
    #[must_use]
    pub const fn link(&self, side: Side) -> Link {
        self.side(side).link
    }

    /// Notes where this side stands.
    pub const fn set_link(&mut self, side: Side, link: Link) {
        self.side_mut(side).link = link;
    }

    /// The side that is asked, when the flow goes to a name server.
    #[must_use]
    pub fn dns_server(&self) -> Option<Side> {
        let key = self.key.filter(|key| key.protocol() == Protocol::Tcp)?;
        [Side::Low, Side::High].into_iter().find(|side| key.end(*side).port == DNS_PORT)
    }

    /// Bytes of this side that are kept, where `look_bytes` are looked at: what is read of a DNS message must fit.
    #[must_use]
    pub fn kept_bytes(&self, side: Side, look_bytes: usize) -> usize {
        match self.dns_server() {
            Some(server) if server == side => look_bytes.max(DNS_TCP_ANSWER),
            Some(_) => look_bytes.max(DNS_TCP_MESSAGE),
            None => look_bytes,
        }
    }

    /// Keeps a list's word, once.
    pub fn note_listed(&mut self, listed: Listed) {
        let known = self.listed.iter().any(|known| known.finding.reason == listed.finding.reason);
        if !known && self.listed.len() < LISTED {
            self.listed.push(listed);
        }
    }

    /// Whether a mining protocol is proven.
    #[must_use]
    pub const fn speaks_mining(&self) -> bool {
        self.speech.weight >= PROOF
    }

    /// Gives back what was held to look at: others follow it from here.
    pub fn end_look(&mut self) {
        self.following = Following::Alone;
        self.sides.iter_mut().for_each(|side| side.stream.clear());
        self.speech = Spoken::default();
        self.listed.clear();
    }

    /// Forgets what was made of this side's bytes: they begin elsewhere.
    pub fn begin_anew(&mut self, side: Side) {
        self.set_reader(side, Reader::default());
        self.set_progress(side, Progress::Unknown);
    }

    /// Tells what this side's first bytes are, once there are enough of them.
    pub fn recognise(&mut self, side: Side) {
        let asked = self.dns_server() == Some(side.other());
        let form = form_of(self.stream(side).prefix(), asked);
        self.side_mut(side).reader.form = form;
    }

    /// Notes that this side has said more.
    pub fn note_turn(&mut self, side: Side) {
        let stream = self.stream(side);
        let said = stream.passed().saturating_add(stream.prefix().len());
        if let Some((last, until)) = self.turns.last_mut()
            && *last == side
        {
            *until = said;
        } else if self.turns.len() < TURNS && said > self.said_before(side) {
            self.turns.push((side, said));
        }
    }

    /// What this side had said at its last turn.
    fn said_before(&self, side: Side) -> usize {
        self.turns.iter().rev().find(|(speaker, _)| *speaker == side).map_or(0, |(_, until)| *until)
    }

    /// Who said how much in one go: the side, and the octets it had said by then.
    #[must_use]
    pub fn turns(&self) -> &[(Side, usize)] {
        &self.turns
    }
}
