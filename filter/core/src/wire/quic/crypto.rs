//! Octets of CRYPTO frames, put together by offset (RFC 9000 section 19.6).

use alloc::vec::Vec;

use super::{Version, keys::Keys};
use crate::wire::{
    limits::{QUIC_CONNECTION_ID_MAX, QUIC_CRYPTO_MAX},
    tls::{ClientHello, Tls},
};

/// What a client has sent of its TLS handshake over one connection, and the keys to read more. At most
/// 16 KiB of handshake and 2 KiB to tell which octets are there; both grow as needed.
#[derive(Clone, Debug, Default)]
pub struct Crypto {
    origin: Option<Origin>,
    pub(super) largest: Option<u64>,
    bytes: Vec<u8>,
    /// One bit an octet of `bytes`, where they did not come in order.
    marks: Vec<u64>,
    /// Octets from the start without a gap.
    whole: usize,
    inconsistent: bool,
    full: bool,
}

/// Where the keys come from.
#[derive(Clone, Debug)]
struct Origin {
    version: Version,
    dcid: [u8; QUIC_CONNECTION_ID_MAX],
    dcid_length: usize,
    keys: Keys,
}

impl Crypto {
    /// Nothing seen yet; allocates nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The ClientHello of what is there. [`Tls::NotTls`] if the handshake starts with something else.
    pub fn hello(&self) -> Tls<'_> {
        ClientHello::read_message(self.octets())
    }

    /// The handshake's octets from the first to the first gap.
    pub fn octets(&self) -> &[u8] {
        self.bytes.get(..self.whole).unwrap_or_default()
    }

    /// Two frames said different things about one octet, which no honest client does (RFC 9000 section
    /// 19.6). The first is kept.
    pub fn is_inconsistent(&self) -> bool {
        self.inconsistent
    }

    /// Octets behind the first 16 KiB were sent; they are not kept.
    pub fn is_full(&self) -> bool {
        self.full
    }

    /// The keys that may fit a packet, best first: those known, those of the first Connection ID in
    /// another version (RFC 9369 section 4.1), those of the packet itself.
    pub(super) fn candidates(&self, version: Version, dcid: &[u8]) -> [Option<Candidate>; 2] {
        let known = self.origin.as_ref().and_then(|origin| {
            let keys =
                if origin.version == version { origin.keys.clone() } else { Keys::client(version, origin.dcid())? };
            Some(Candidate { keys, new: false })
        });
        let is_origin = self.origin.as_ref().is_some_and(|origin| origin.dcid() == dcid);
        let own = || Keys::client(version, dcid).map(|keys| Candidate { keys, new: true });
        [known, if is_origin { None } else { own() }]
    }

    /// Starts anew with the keys of another Connection ID: the first packet, or one that follows a Retry
    /// (RFC 9000 section 17.2.5.2).
    pub(super) fn start(&mut self, version: Version, dcid: &[u8], keys: Keys) {
        let mut origin = Origin { version, dcid: [0; QUIC_CONNECTION_ID_MAX], dcid_length: dcid.len(), keys };
        for (slot, octet) in origin.dcid.iter_mut().zip(dcid) {
            *slot = *octet;
        }
        *self = Self { origin: Some(origin), ..Self::default() };
    }

    /// Puts a frame's octets where they belong.
    pub(super) fn put(&mut self, offset: u64, octets: &[u8]) {
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(QUIC_CRYPTO_MAX);
        let room = QUIC_CRYPTO_MAX - start;
        self.full |= octets.len() > room;
        let octets = octets.get(..room).unwrap_or(octets);
        if octets.is_empty() {
            return;
        }
        if start == self.whole && self.bytes.len() == self.whole {
            self.bytes.extend_from_slice(octets);
            self.whole = self.bytes.len();
            return;
        }
        let end = start + octets.len();
        self.bytes.resize(self.bytes.len().max(end), 0);
        self.marks.resize(self.bytes.len().div_ceil(64), 0);
        for (at, octet) in (start..end).zip(octets) {
            self.put_octet(at, *octet);
        }
        while self.is_marked(self.whole) {
            self.whole += 1;
        }
    }

    fn put_octet(&mut self, at: usize, octet: u8) {
        let held = at < self.whole || self.is_marked(at);
        let (Some(slot), Some(mark)) = (self.bytes.get_mut(at), self.marks.get_mut(at / 64)) else {
            return;
        };
        if held {
            self.inconsistent |= *slot != octet;
        } else {
            *slot = octet;
            *mark |= 1 << (at % 64);
        }
    }

    fn is_marked(&self, at: usize) -> bool {
        self.marks.get(at / 64).is_some_and(|mark| mark >> (at % 64) & 1 == 1)
    }
}

impl Origin {
    fn dcid(&self) -> &[u8] {
        self.dcid.get(..self.dcid_length).unwrap_or_default()
    }
}

/// Keys that may fit.
pub(super) struct Candidate {
    pub(super) keys: Keys,
    /// They are of another Connection ID than those known.
    pub(super) new: bool,
}
