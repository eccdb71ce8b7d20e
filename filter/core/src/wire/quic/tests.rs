#![allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::panic)]

use alloc::{string::String, vec, vec::Vec};

use aes_gcm::{Aes128Gcm, KeyInit, aead::AeadInOut};
use proptest::prelude::*;

use super::{keys::Keys, *};
use crate::wire::{packet::Packet, tls::Tls};

/// The Connection ID and the CRYPTO frame of RFC 9001 appendix A.2 and RFC 9369 appendix A.2.
const DCID: &[u8] = b"\x83\x94\xc8\xf0\x3e\x51\x57\x08";
const FRAME: &str = "060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c\
00000413011302010000c000000010000e00000b6578616d706c652e636f6dff01000100000a00080006001d00170018001000070005\
04616c706e000500050100000000003300260024001d00209370b2c9caa47fbabaf4559fedba753de171fa71f50f1ce15d43e994ec74\
d748002b0003020304000d0010000e0403050306030203080408050806002d00020101001c00024001003900320408ffffffffffffff\
ff05048000ffff07048000ffff0801100104800075300901100f088394c8f03e51570806048000ffff";

/// The starts and ends of the protected packets there; the end is the tag, which vouches for the rest.
const V1_PACKET: [&str; 2] = [
    "c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11d242b123dc9bd8bab936b47d92ec356c",
    "e221af44860018ab0856972e194cd934",
];
const V2_PACKET: [&str; 2] = [
    "d76b3343cf088394c8f03e5157080000449ea0c95e82ffe67b6abcdb4298b485dd04de806071bf03dceebfa162e75d6c",
    "a18b2faa745b6fe189cf772a9f84cbfc",
];

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().map(|c| u8::try_from(c.to_digit(16).unwrap()).unwrap()).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// The shortest form of a variable-length integer.
fn varint(value: usize) -> Vec<u8> {
    let value = u32::try_from(value).unwrap();
    match value {
        0..0x40 => vec![u8::try_from(value).unwrap()],
        0x40..0x4000 => (u16::try_from(value).unwrap() | 0x4000).to_be_bytes().to_vec(),
        _ => (value | 0x8000_0000).to_be_bytes().to_vec(),
    }
}

pub(crate) fn crypto_frame(offset: usize, octets: &[u8]) -> Vec<u8> {
    [&[6][..], &varint(offset), &varint(octets.len()), octets].concat()
}

/// One protected Initial packet: keys of `origin`, `dcid` in the header.
pub(crate) struct Seal<'a> {
    pub(crate) version: Version,
    pub(crate) origin: &'a [u8],
    pub(crate) dcid: &'a [u8],
    pub(crate) number: u64,
    pub(crate) number_length: usize,
    pub(crate) token: &'a [u8],
}

pub(crate) const SEAL: Seal<'static> =
    Seal { version: Version::V1, origin: DCID, dcid: DCID, number: 2, number_length: 4, token: b"" };

impl Seal<'_> {
    pub(crate) fn seal(&self, frames: &[u8]) -> Vec<u8> {
        let keys = Keys::client(self.version, self.origin).unwrap();
        let kind = if self.version == Version::V1 { 0xc0 } else { 0xd0 };
        let mut frames = frames.to_vec();
        frames.resize(frames.len().max(4), 0);
        let mut header = vec![kind | u8::try_from(self.number_length - 1).unwrap()];
        header.extend(self.version.number().to_be_bytes());
        header.push(u8::try_from(self.dcid.len()).unwrap());
        header.extend(self.dcid);
        header.push(0);
        header.extend([varint(self.token.len()), self.token.to_vec()].concat());
        header.extend(varint(self.number_length + frames.len() + 16));
        let number_at = header.len();
        header.extend(&self.number.to_be_bytes()[8 - self.number_length..]);
        let nonce = keys.nonce(self.number).into();
        let tag = Aes128Gcm::new(&keys.key.into())
            .encrypt_inout_detached(&nonce, &header, frames.as_mut_slice().into())
            .unwrap();
        let mut packet = [header, frames, tag.to_vec()].concat();
        let mask = keys.mask(*packet[number_at + 4..].first_chunk().unwrap());
        packet[0] ^= mask[0] & 0x0f;
        for place in 0..self.number_length {
            packet[number_at + place] ^= mask[1 + place];
        }
        packet
    }
}

fn open(datagram: &[u8], crypto: &mut Crypto) -> Result<usize, QuicError> {
    Initial::open(datagram, crypto, &mut Vec::new()).map(|initial| initial.packets)
}

fn server_name(crypto: &Crypto) -> Option<String> {
    match crypto.hello() {
        Tls::Hello(hello) => hello.server_name.map(|name| name.as_str().into()),
        _ => None,
    }
}

fn frames_of_the_rfc() -> Vec<u8> {
    let mut frames = unhex(FRAME);
    frames.resize(1162, 0);
    frames
}

/// The ClientHello alone, with the server name example.com.
pub(crate) fn hello() -> Vec<u8> {
    unhex(FRAME)[4..].to_vec()
}

#[test]
fn keys_of_the_rfcs() {
    let keys = Keys::client(Version::V1, DCID).unwrap();
    assert_eq!(keys.key.to_vec(), unhex("1f369613dd76d5467730efcbe3b1a22d"));
    assert_eq!(keys.iv.to_vec(), unhex("fa044b2f42a3fd3b46fb255c"));
    assert_eq!(keys.hp.to_vec(), unhex("9f50449e04a0e810283a1e9933adedd2"));
    let keys = Keys::client(Version::V2, DCID).unwrap();
    assert_eq!(keys.key.to_vec(), unhex("8b1a0bc121284290a29e0971b5cd045d"));
    assert_eq!(keys.iv.to_vec(), unhex("91f73e2351d8fa91660e909f"));
    assert_eq!(keys.hp.to_vec(), unhex("45b95e15235d6f45a6b19cbcb0294ba9"));
}

#[test]
fn packets_of_the_rfcs() {
    for (version, [start, end]) in [(Version::V1, V1_PACKET), (Version::V2, V2_PACKET)] {
        let datagram = Seal { version, ..SEAL }.seal(&frames_of_the_rfc());
        assert_eq!(datagram.len(), 1200);
        assert!(datagram.starts_with(&unhex(start)) && datagram.ends_with(&unhex(end)), "{version:?}");
        let (mut crypto, mut scratch) = (Crypto::new(), Vec::new());
        let initial = Initial::open(&datagram, &mut crypto, &mut scratch).unwrap();
        assert_eq!((initial.packets, initial.header.version), (1, version));
        assert_eq!((initial.header.dcid, initial.header.scid, initial.header.token), (DCID, &b""[..], &b""[..]));
        assert_eq!(crypto.octets(), hello());
        let Tls::Hello(hello) = crypto.hello() else { panic!("no hello") };
        assert_eq!(hello.server_name.unwrap().as_str(), "example.com");
        assert_eq!((hello.alpn, hello.ech), (Some(&b"alpn"[..]), false));
        assert!(!crypto.is_inconsistent() && !crypto.is_full());
    }
}

/// RFC 9001 appendix A.3: the server's answer is read as a header, and its keys are not ours.
#[test]
fn the_servers_packets_are_not_opened() {
    let datagram = unhex(
        "cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a5816b6394100f37a1c69797554780bb38cc5a99f\
5ede4cf73c3ec2493a1839b3dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84022f8ef4cdd93795d77d06ed\
bb7aaf2f58891850abbdca3d20398c276456cbc42158407dd074ee",
    );
    let header = Header::read(&datagram).unwrap();
    assert_eq!((header.dcid, header.scid), (&b""[..], &unhex("f067a5502a4262b5")[..]));
    assert_eq!(open(&datagram, &mut Crypto::new()), Err(QuicError::Unauthentic));
}

#[test]
fn truncation_at_every_length() {
    let datagram = SEAL.seal(&frames_of_the_rfc());
    for length in 0..datagram.len() {
        let mut crypto = Crypto::new();
        let error = open(&datagram[..length], &mut crypto);
        assert_eq!(error, Err(QuicError::Truncated { at: length }));
        assert!(crypto.octets().is_empty());
    }
    // Whole, and too short for a sample or a tag.
    for length in 0..20 {
        let mut short = unhex("c000000001088394c8f03e5157080000");
        short.push(length);
        short.extend(vec![7; length.into()]);
        assert_eq!(open(&short, &mut Crypto::new()), Err(QuicError::Unauthentic), "{length}");
    }
}

#[test]
fn what_is_no_initial_is_said() {
    let retry = unhex("ff000000010008f067a5502a4262b5746f6b656e04a265ba2eff4d829058fb3f0f2496ba"); // RFC 9001 A.4
    let retry_v2 = unhex("cf6b3343cf0008f067a5502a4262b5746f6b656ec8646ce8bfe33952d955543665dcc7b6"); // RFC 9369 A.4
    let zero_rtt = unhex("d0000000010411223344000412345678");
    for (bytes, error) in [
        (&b""[..], QuicError::Truncated { at: 0 }),
        (b"\x40\x01\x02\x03", QuicError::NotQuic),
        (b"\x00\x01\x00\x00\x21\x12\xa4\x42", QuicError::NotQuic), // STUN
        (b"\x12\x34\x01\x00\x00\x01", QuicError::NotQuic),         // DNS
        (b"\x80\x00\x00\x00\x00\x00\x00", QuicError::OtherVersion(0)),
        (b"\xc3\xff\x00\x00\x1d\x08", QuicError::OtherVersion(0xff00_001d)),
        (b"\xc3Q050\x08", QuicError::OtherVersion(0x5130_3530)),
        (b"\xc3\x00\x00\x00\x01\x15", QuicError::BadConnectionId { at: 5 }),
        (b"\xc3\x00\x00\x00\x01\x00\xff", QuicError::BadConnectionId { at: 6 }),
        (&retry, QuicError::NoInitial),
        (&retry_v2, QuicError::NoInitial),
        (&zero_rtt, QuicError::NoInitial),
    ] {
        assert_eq!(open(bytes, &mut Crypto::new()), Err(error), "{bytes:02x?}");
    }
}

#[test]
fn damage_is_noticed() {
    let datagram = SEAL.seal(&frames_of_the_rfc());
    for at in 0..datagram.len() {
        let mut damaged = datagram.clone();
        damaged[at] ^= 0x10;
        let mut crypto = Crypto::new();
        assert!(open(&damaged, &mut crypto).is_err(), "octet {at}");
        assert!(crypto.octets().is_empty());
    }
}

#[test]
fn coalesced_packets() {
    let hello = hello();
    let first = SEAL.seal(&crypto_frame(0, &hello[..100]));
    let second = Seal { number: 3, number_length: 1, ..SEAL }.seal(&crypto_frame(100, &hello[100..]));
    let zero_rtt = unhex("d0000000010411223344000412345678");
    let garbage = [&unhex("c000000001088394c8f03e51570800001e")[..], &[9; 30]].concat();
    let datagram = [&garbage[..], &zero_rtt, &first, &garbage, &second, &[0; 30]].concat();
    let mut crypto = Crypto::new();
    assert_eq!(open(&datagram, &mut crypto), Ok(2));
    assert_eq!(server_name(&crypto).as_deref(), Some("example.com"));
    // Packets that cannot be opened are tried 8 times.
    for (times, result) in [(7, Ok(1)), (8, Err(QuicError::Unauthentic))] {
        let datagram = [garbage.repeat(times), first.clone()].concat();
        assert_eq!(open(&datagram, &mut Crypto::new()), result);
    }
}

/// After the server's first answer the client writes to another Connection ID with the same keys; after
/// a Retry it starts anew with new ones; it may also change the version (RFC 9369 section 4.1).
#[test]
fn keys_stay_those_of_the_first_packet() {
    let hello = hello();
    let (mut crypto, other) = (Crypto::new(), &b"\x01\x02\x03\x04\x05"[..]);
    assert_eq!(open(&SEAL.seal(&crypto_frame(0, &hello[..100])), &mut crypto), Ok(1));
    let next = Seal { dcid: other, number: 3, ..SEAL }.seal(&crypto_frame(100, &hello[100..150]));
    assert_eq!(open(&next, &mut Crypto::new()), Err(QuicError::Unauthentic));
    assert_eq!(open(&next, &mut crypto), Ok(1));
    let next = Seal { version: Version::V2, dcid: other, number: 4, ..SEAL };
    assert_eq!(open(&next.seal(&crypto_frame(150, &hello[150..])), &mut crypto), Ok(1));
    assert_eq!(server_name(&crypto).as_deref(), Some("example.com"));
    let retried = Seal { dcid: other, origin: other, token: b"token", ..SEAL };
    assert_eq!(open(&retried.seal(&crypto_frame(0, &hello[..99])), &mut crypto), Ok(1));
    assert_eq!(crypto.octets(), &hello[..99]);
}

#[test]
fn packet_numbers_are_shortened() {
    let mut crypto = Crypto::new();
    for (place, number) in [0_u64, 200, 290, 300, 420, 400, 70_000].into_iter().enumerate() {
        let number_length = if number > 0xffff { 3 } else { 1 };
        let seal = Seal { number, number_length, ..SEAL };
        assert_eq!(open(&seal.seal(&crypto_frame(place, b"x")), &mut crypto), Ok(1), "{number}");
    }
    assert_eq!(crypto.octets(), b"xxxxxxx");
}

#[test]
fn other_frames_are_passed_over() {
    let acks = [&[0, 1, 2, 5, 0, 1, 0, 1, 1, 3][..], &varint(1000), &[0, 0, 1, 1, 1, 1]].concat();
    let frames = [acks, crypto_frame(0, b"\x01abc")].concat();
    let mut crypto = Crypto::new();
    assert_eq!(open(&SEAL.seal(&frames), &mut crypto), Ok(1));
    assert_eq!(crypto.octets(), b"\x01abc");
    // CONNECTION_CLOSE, a STREAM frame, a frame that reaches too far: what came before stays.
    for tail in [&b"\x1c\0\0\0"[..], b"\x08\0abcd", b"\x06\x04\x40\xffab", b"\x02\0\0\xff\xff\xff\xff\xff\xff\xff\xff"]
    {
        let frames = [&crypto_frame(0, b"\x01abc"), tail, &crypto_frame(4, b"more")].concat();
        let mut crypto = Crypto::new();
        assert_eq!(open(&SEAL.seal(&frames), &mut crypto), Ok(1));
        assert_eq!(crypto.octets(), b"\x01abc");
    }
}

#[test]
fn what_contradicts_itself_is_told() {
    let mut crypto = Crypto::new();
    crypto.put(2, b"cd");
    crypto.put(3, b"d");
    crypto.put(0, b"abc");
    assert!(!crypto.is_inconsistent());
    assert_eq!(crypto.octets(), b"abcd");
    crypto.put(1, b"bX");
    assert!(crypto.is_inconsistent());
    assert_eq!(crypto.octets(), b"abcd");
}

#[test]
fn memory_is_bounded() {
    let mut crypto = Crypto::new();
    for (offset, full) in [(0, false), (16_284, false), (16_285, true), (1 << 40, true), (u64::MAX, true)] {
        crypto.put(offset, &[b'x'; 100]);
        assert_eq!(crypto.is_full(), full, "{offset}");
    }
    assert_eq!(crypto.octets().len(), 100);
    crypto.put(100, &vec![b'x'; 65_536]);
    assert_eq!((crypto.octets().len(), crypto.is_inconsistent()), (16_384, false));
    assert!(matches!(crypto.hello(), Tls::NotTls));
}

proptest! {
    /// Any cut of the hello into frames, in any order, with repeats, over several datagrams.
    #[test]
    fn frames_in_any_order(
        cuts in prop::collection::vec(0_usize..241, 0..12),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
        per_packet in 1_usize..6,
        v2 in any::<bool>(),
    ) {
        let hello = hello();
        let mut cuts = [&cuts[..], &[0, hello.len()]].concat();
        cuts.sort_unstable();
        let pieces: Vec<_> = cuts.windows(2).map(|cut| crypto_frame(cut[0], &hello[cut[0]..cut[1]])).collect();
        let mut frames: Vec<_> = order.iter().map(|index| index.get(&pieces).clone()).collect();
        frames.extend(pieces);
        let version = if v2 { Version::V2 } else { Version::V1 };
        let mut crypto = Crypto::new();
        for (number, frames) in frames.chunks(per_packet).enumerate() {
            prop_assert!(number == 0 || crypto.octets().len() <= hello.len());
            let seal = Seal { version, number: number as u64, number_length: 2, ..SEAL };
            prop_assert_eq!(open(&seal.seal(&frames.concat()), &mut crypto), Ok(1));
        }
        prop_assert!(!crypto.is_inconsistent());
        let name = server_name(&crypto);
        prop_assert_eq!(name.as_deref(), Some("example.com"));
    }

    #[test]
    fn octets_as_a_model(puts in prop::collection::vec((0_usize..300, prop::collection::vec(0_u8..3, 0..80)), 0..30)) {
        let mut model: Vec<Option<u8>> = vec![None; 400];
        let (mut crypto, mut inconsistent) = (Crypto::new(), false);
        for (offset, octets) in puts {
            crypto.put(offset as u64, &octets);
            for (slot, octet) in model[offset..].iter_mut().zip(&octets) {
                inconsistent |= *slot.get_or_insert(*octet) != *octet;
            }
            let whole: Vec<u8> = model.iter().map_while(|slot| *slot).collect();
            prop_assert_eq!(crypto.octets(), whole);
            prop_assert_eq!(crypto.is_inconsistent(), inconsistent);
        }
    }

    /// Whatever comes, it is a value; and nothing that was not sealed is opened.
    #[test]
    fn any_bytes(tail in prop::collection::vec(any::<u8>(), 0..200), v2 in any::<bool>(), flags in any::<u8>()) {
        let version = if v2 { Version::V2 } else { Version::V1 };
        let datagram = [&[flags | 0xc0][..], &version.number().to_be_bytes(), &[2, 1, 2, 0], &tail].concat();
        prop_assert!(open(&datagram, &mut Crypto::new()).is_err());
        prop_assert!(open(&tail, &mut Crypto::new()).is_err());
        // Sealed nonsense: opened, and read to its end.
        prop_assert_eq!(open(&SEAL.seal(&tail), &mut Crypto::new()), Ok(1));
    }
}

/// UDP payloads of a pcapng capture (draft-ietf-opsawg-pcapng): interface and enhanced packet blocks.
fn datagrams(capture: &[u8]) -> Vec<Vec<u8>> {
    let u32_at = |at: usize| u32::from_le_bytes(*capture[at..].first_chunk().unwrap()) as usize;
    let (mut at, mut linktype, mut found) = (0, 0, Vec::new());
    while at + 12 <= capture.len() {
        match u32_at(at) {
            1 => linktype = u16::try_from(u32_at(at + 8) & 0xffff).unwrap(),
            6 => {
                let bytes = &capture[at + 28..at + 28 + u32_at(at + 20)];
                found.extend(Packet::from_linktype(linktype, bytes).map(|packet| packet.payload.to_vec()));
            }
            _ => {}
        }
        at += u32_at(at + 4);
    }
    found
}

/// A capture of somebody else's version 2; set MINEWALL_SHARED to the directory that holds `pcaps/`.
#[test]
fn a_real_capture() {
    let Some(shared) = std::env::var_os("MINEWALL_SHARED") else {
        std::eprintln!("SKIPPED: MINEWALL_SHARED is not set");
        return;
    };
    let path = std::path::Path::new(&shared).join("pcaps/not-mining/quic-v2.pcapng");
    let datagrams = datagrams(&std::fs::read(path).unwrap());
    let mut crypto = Crypto::new();
    let results: Vec<_> = datagrams.iter().map(|datagram| open(datagram, &mut crypto)).collect();
    std::println!("{} datagrams: {results:?}, name {:?}", datagrams.len(), server_name(&crypto));
    assert!(matches!(results[0], Ok(1..)));
    assert!(matches!(results[1], Err(QuicError::Unauthentic)), "the server's");
    assert!(matches!(crypto.hello(), Tls::Hello(_)));
}

#[test]
#[ignore = "prints costs"]
fn costs() {
    let datagram = SEAL.seal(&frames_of_the_rfc());
    let mut scratch = Vec::new();
    let mut time = |name, datagram: &[u8], crypto: &Crypto| {
        let start = std::time::Instant::now();
        for _ in 0..20_000 {
            let mut crypto = crypto.clone();
            core::hint::black_box(Initial::open(datagram, &mut crypto, &mut scratch).is_ok());
            core::hint::black_box(matches!(crypto.hello(), Tls::Hello(_)));
        }
        std::println!("{name}: {} ns", start.elapsed().as_nanos() / 20_000);
    };
    let mut known = Crypto::new();
    time("first packet, 1200 octets", &datagram, &known);
    open(&datagram, &mut known).unwrap();
    time("keys known", &datagram, &known);
    time("not quic", b"\x12\x34\x01\x00\x00\x01", &known);
    let mut damaged = datagram.clone();
    damaged[1199] ^= 1;
    time("not authentic", &damaged, &Crypto::new());
}
