//! What is remembered of a flow while nothing is decided about it.

use alloc::string::String;

use crate::dialect::{Kin, PROOF, kin};
use crate::endpoint::Protocol;
use crate::finding::Said;
use crate::flow::key::{FlowKey, Side};
use crate::flow::stream::Stream;
use crate::flow::table::Renew;
use crate::limits::DNS_TCP_MESSAGE;

use super::Progress;

/// What the first bytes of a direction are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// DNS messages with their lengths (RFC 7766).
    Dns,
    /// HTTP/1.
    Http,
    /// Records of TLS in the middle of a session: nothing can be read.
    Sealed,
    /// Anything else: mining speaks in lines of JSON.
    Text,
    /// TLS from its beginning.
    Tls,
    /// Too few bytes to tell.
    #[default]
    Unknown,
}

/// The port of DNS (RFC 1035 section 4.2).
pub const DNS_PORT: u16 = 53;

/// Tokens remembered of one flow; more would add nothing to a sum that has long been reached.
const TOKENS: usize = 6;

/// An undecided flow.
#[derive(Debug, Default)]
pub struct OpenFlow {
    key: Option<FlowKey>,
    streams: [Stream; 2],
    forms: [Form; 2],
    /// How far each direction's text was read.
    places: [Place; 2],
    /// What is to be expected after what each direction said last.
    progress: [Progress; 2],
    /// Hardware address and interface of each side, as its last packet bore them.
    links: [Link; 2],
    /// The side that opened the connection, where that was seen.
    pub initiator: Option<Side>,
    /// The dialect heard and what was heard of it so far.
    pub speech: Speech,
    /// The server name of the TLS hello.
    pub server_name: Option<String>,
    /// Records this flow gave.
    pub reported: u8,
    /// Whether the far end was looked up among the listed addresses.
    pub address_known: bool,
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

/// How far a direction's text was read, and what stood there that was no JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Bytes done with.
    pub read: usize,
    /// Bytes looked at: those of an object under way come up again.
    pub seen: usize,
    /// Lines with something else than objects in them.
    pub junk_lines: u8,
    /// Whether something else stands in this line, before what is to be read.
    pub is_dirty: bool,
}

/// The tokens of one dialect heard in a flow, and their weight together.
#[derive(Clone, Debug, Default)]
pub struct Speech {
    /// The dialect's place in the table.
    pub dialect: Option<usize>,
    tokens: [Option<(&'static str, u8)>; TOKENS],
    /// The weights of the tokens, each counted once.
    pub weight: u8,
    /// The heaviest token of this very dialect, not of one it narrows.
    heaviest: u8,
    /// What was said.
    pub said: Said,
}

impl Speech {
    /// Adds a token; a narrower dialect's takes over what was heard, a stranger's only if it weighs more. Tells whether
    /// it was new, or is heavier now.
    pub fn add(&mut self, dialect: usize, token: &'static str, weight: u8) -> bool {
        match self.dialect.map(|known| kin(known, dialect)) {
            Some(Kin::Same) => self.heaviest = self.heaviest.max(weight),
            Some(Kin::Wider) => {}
            // A weak token narrows nothing that is proven.
            Some(Kin::Narrower) if weight < PROOF && self.weight >= PROOF => {}
            Some(Kin::Sibling) if weight <= self.heaviest => return false,
            Some(Kin::Stranger) if weight <= self.weight => return false,
            Some(Kin::Narrower | Kin::Sibling) => (self.dialect, self.heaviest) = (Some(dialect), weight),
            Some(Kin::Stranger) | None => {
                let said = core::mem::take(&mut self.said);
                *self = Self { dialect: Some(dialect), heaviest: weight, said, ..Self::default() };
            }
        }
        // Said again with more behind it, a token weighs what it weighs now: a feeble login must not cover a full one.
        if let Some((_, counted)) = self.tokens.iter_mut().flatten().find(|(name, _)| *name == token) {
            let more = weight.saturating_sub(*counted);
            *counted += more;
            self.weight = self.weight.saturating_add(more);
            return more > 0;
        }
        let Some(place) = self.tokens.iter_mut().find(|place| place.is_none()) else { return false };
        *place = Some((token, weight));
        self.weight = self.weight.saturating_add(weight);
        true
    }

    /// Whether what this dialect hears counts for the flow.
    pub fn is_of(&self, dialect: usize) -> bool {
        self.dialect.is_some_and(|known| matches!(kin(known, dialect), Kin::Same | Kin::Wider))
    }

    /// The tokens heard, in order.
    pub fn tokens(&self) -> impl Iterator<Item = &'static str> {
        self.tokens.iter().flatten().map(|(name, _)| *name)
    }
}

impl Renew for OpenFlow {
    fn renew(&mut self, key: FlowKey, _: Side) {
        let mut streams = core::mem::take(&mut self.streams);
        streams.iter_mut().for_each(Stream::clear);
        *self = Self { key: Some(key), streams, ..Self::default() };
    }
}

impl OpenFlow {
    /// The flow's key; `None` only before its first packet.
    #[must_use]
    pub const fn key(&self) -> Option<FlowKey> {
        self.key
    }

    /// What this side sends.
    #[must_use]
    pub const fn stream(&self, side: Side) -> &Stream {
        let [low, high] = &self.streams;
        match side {
            Side::High => high,
            Side::Low => low,
        }
    }

    /// What this side sends, to be grown.
    pub const fn stream_mut(&mut self, side: Side) -> &mut Stream {
        let [low, high] = &mut self.streams;
        match side {
            Side::High => high,
            Side::Low => low,
        }
    }

    /// What this side's first bytes are.
    #[must_use]
    pub fn form(&self, side: Side) -> Form {
        self.forms.get(side.index()).copied().unwrap_or_default()
    }

    /// How far this side's text was read.
    #[must_use]
    pub fn place(&self, side: Side) -> Place {
        self.places.get(side.index()).copied().unwrap_or_default()
    }

    /// Notes how far this side's text was read.
    pub fn set_place(&mut self, side: Side, to: Place) {
        if let Some(place) = self.places.get_mut(side.index()) {
            *place = to;
        }
    }

    /// What is to be expected after what this side said last.
    #[must_use]
    pub fn progress(&self, side: Side) -> Progress {
        self.progress.get(side.index()).copied().unwrap_or_default()
    }

    /// Notes what is to be expected after what this side said.
    pub fn set_progress(&mut self, side: Side, progress: Progress) {
        if let Some(place) = self.progress.get_mut(side.index()) {
            *place = progress;
        }
    }

    /// Where this side stands.
    #[must_use]
    pub fn link(&self, side: Side) -> Link {
        self.links.get(side.index()).copied().unwrap_or_default()
    }

    /// Notes where this side stands.
    pub fn set_link(&mut self, side: Side, link: Link) {
        if let Some(place) = self.links.get_mut(side.index()) {
            *place = link;
        }
    }

    /// The side that is asked, when the flow goes to a name server.
    #[must_use]
    pub fn dns_server(&self) -> Option<Side> {
        let key = self.key.filter(|key| key.protocol() == Protocol::Tcp)?;
        [Side::Low, Side::High].into_iter().find(|side| key.end(*side).port == DNS_PORT)
    }

    /// Bytes of this side that are kept, where `look_bytes` are looked at: a DNS message's questions must fit.
    #[must_use]
    pub fn kept_bytes(&self, side: Side, look_bytes: usize) -> usize {
        if self.dns_server() == Some(side.other()) { look_bytes.max(DNS_TCP_MESSAGE) } else { look_bytes }
    }

    /// Forgets what was made of this side's bytes: they begin elsewhere.
    pub fn begin_anew(&mut self, side: Side) {
        self.set_place(side, Place::default());
        self.set_progress(side, Progress::Unknown);
        self.set_form(side, Form::Unknown);
    }

    /// Tells what this side's first bytes are, once there are enough of them.
    pub fn recognise(&mut self, side: Side) {
        let asked = self.dns_server() == Some(side.other());
        let form = form_of(self.stream(side).prefix(), asked);
        self.set_form(side, form);
    }

    fn set_form(&mut self, side: Side, form: Form) {
        if let Some(place) = self.forms.get_mut(side.index()) {
            *place = form;
        }
    }
}

/// How requests begin (RFC 9110 section 9, RFC 9112).
static REQUESTS: &[&[u8]] =
    &[b"GET ", b"POST ", b"HEAD ", b"PUT ", b"OPTIONS ", b"DELETE ", b"PATCH ", b"CONNECT ", b"TRACE "];

/// How answers begin, and how requests end in their first line.
const HTTP: &[u8] = b"HTTP/1.";

/// Length and header of a DNS message over TCP.
const DNS_START: usize = 2 + 12;

fn form_of(prefix: &[u8], asked_as_dns: bool) -> Form {
    match prefix {
        [] => Form::Unknown,
        _ if asked_as_dns && prefix.len() < DNS_START => Form::Unknown,
        _ if asked_as_dns && is_asking(prefix) => Form::Dns,
        // RFC 8446 section 5.1: handshake records first; 20, 21, 23 only later in a session.
        [0x16, 0x03, ..] => Form::Tls,
        [0x14 | 0x15 | 0x17, 0x03, 0x00..=0x04, ..] => Form::Sealed,
        [0x14..=0x17] | [0x14..=0x17, 0x03] => Form::Unknown,
        _ if prefix.starts_with(HTTP) => Form::Http,
        _ if REQUESTS.iter().any(|start| prefix.starts_with(start)) => request(prefix),
        _ if REQUESTS.iter().chain([&HTTP]).any(|start| start.starts_with(prefix)) => Form::Unknown,
        _ => Form::Text,
    }
}

/// Whether this may be the start of a DNS message that asks: no response, and fewer than 256 questions. Text would
/// count far more.
fn is_asking(prefix: &[u8]) -> bool {
    prefix.first_chunk::<DNS_START>().is_some_and(|start| start[4] & 0x80 == 0 && start[6] == 0)
}

/// A request is told by the end of its first line; without it, a line that only begins like one is text.
fn request(prefix: &[u8]) -> Form {
    let Some(end) = memchr::memchr(b'\n', prefix) else { return Form::Unknown };
    let line = prefix.get(..end).unwrap_or_default();
    if line.windows(HTTP.len()).any(|part| part == HTTP) { Form::Http } else { Form::Text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_bytes_are_told_apart() {
        let cases: &[(&[u8], Form)] = &[
            (b"", Form::Unknown),
            (b"G", Form::Unknown),
            (b"GET / HTTP/1.1\r\n", Form::Http),
            (b"GETWORK", Form::Text),
            (b"GET /a", Form::Unknown),
            (b"GET /a\n", Form::Text),
            (b"HTTP/", Form::Unknown),
            (b"HTTP/1.1 200 OK", Form::Http),
            (b"{\"id\":1", Form::Text),
            (b"\x16", Form::Unknown),
            (b"\x16\x03", Form::Tls),
            (b"\x17\x03\x03", Form::Sealed),
            (b"SSH-2.0-x", Form::Text),
        ];
        for (prefix, form) in cases {
            assert_eq!(form_of(prefix, false), *form, "{prefix:?}");
        }
        let asking: &[u8] = b"\x00\x1d\xab\xcd\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00";
        assert_eq!(form_of(&asking[..13], true), Form::Unknown);
        assert_eq!(form_of(asking, true), Form::Dns);
        assert_eq!(form_of(asking, false), Form::Text);
        assert_eq!(form_of(b"{\"id\":1,\"metho", true), Form::Text);
        assert_eq!(form_of(b"\r\n{\"id\":1,\"meth", true), Form::Text);
    }

    #[test]
    fn each_token_counts_once_and_the_weightier_dialect_stays() {
        let mut speech = Speech::default();
        let place = |id: &str| crate::dialect::TABLE.iter().position(|dialect| dialect.id == id).unwrap();
        let (cryptonote, ethproxy) = (place("cryptonote"), place("ethproxy"));
        assert!(speech.add(cryptonote, "login", 50));
        assert!(!speech.add(cryptonote, "login", 50));
        assert!(!speech.add(ethproxy, "eth_getWork", 50));
        assert!(speech.add(cryptonote, "KEEPALIVED", 60));
        assert_eq!((speech.dialect, speech.weight), (Some(cryptonote), 110));
        assert!(!speech.add(ethproxy, "eth_submitLogin", 100));
    }

    #[test]
    fn a_guess_is_narrowed_and_corrected_and_what_was_heard_stays() {
        let place = |id: &str| crate::dialect::TABLE.iter().position(|dialect| dialect.id == id).unwrap();
        let mut speech = Speech::default();
        for (id, token, weight, then) in [
            ("stratum-v1", "mining.authorize", 100, "stratum-v1"),
            ("stratum-v1", "mining.submit", 100, "stratum-v1"),
            ("kaspa", "set_extranonce", 50, "stratum-v1"),
            ("equihash", "ZIP-301 subscribe", 100, "equihash"),
            ("stratum-v1", "mining.set_target", 100, "equihash"),
            ("kawpow", "ProgPoW notify", 110, "kawpow"),
        ] {
            assert!(speech.add(place(id), token, weight), "{token}");
            assert_eq!(speech.dialect, Some(place(then)), "{token}");
        }
        assert!(!speech.add(place("equihash"), "ZIP-301 subscribe 2", 100));
        assert_eq!(speech.tokens().count(), 6);
    }
}
