#![allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::panic)]

use alloc::{format, string::ToString, vec, vec::Vec};

use proptest::prelude::*;

use super::*;

fn request(bytes: &[u8]) -> SocksRequest<'_> {
    match Socks::read(bytes) {
        Socks::Request(request) => request,
        other => panic!("no request: {other:?}"),
    }
}

fn is_not_socks(bytes: &[u8]) -> bool {
    matches!(Socks::read(bytes), Socks::NotSocks)
}

/// Octets, version, host, port, user.
type Example = (&'static [u8], SocksVersion, &'static str, u16, Option<&'static [u8]>);

const EXAMPLES: &[Example] = &[
    (b"\x04\x01\x0d\x05\xc6\x33\x64\x02\0", SocksVersion::V4, "198.51.100.2", 3333, None),
    (b"\x04\x01\x0d\x05\xc6\x33\x64\x02wallet.rig\0", SocksVersion::V4, "198.51.100.2", 3333, Some(b"wallet.rig")),
    (b"\x04\x01\x01\xbb\0\0\0\x01u\0Pool.Example\0", SocksVersion::V4a, "pool.example", 443, Some(b"u")),
    (b"\x05\x01\0\x05\x01\0\x01\xc6\x33\x64\x02\x0d\x05", SocksVersion::V5, "198.51.100.2", 3333, None),
    (b"\x05\x02\0\x02\x05\x01\0\x03\x0cPool.Example\x01\xbb", SocksVersion::V5, "pool.example", 443, None),
    (
        b"\x05\x02\0\x02\x01\x04user\x08password\x05\x01\0\x04\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\0\x50",
        SocksVersion::V5,
        "2001:db8::1",
        80,
        Some(b"user"),
    ),
    (b"\x05\x01\x02\x01\x01u\0\x05\x01\0\x03\x09192.0.2.1\0\x50", SocksVersion::V5, "192.0.2.1", 80, Some(b"u")),
    // curl --preproxy socks5h://127.0.0.1 offers GSSAPI too.
    (b"\x05\x02\0\x01\x05\x01\0\x03\x09a.example\0\x50", SocksVersion::V5, "a.example", 80, None),
];

#[test]
fn requests() {
    for (bytes, version, host, port, user) in EXAMPLES {
        let more = [bytes, &b"{\"id\":1"[..]].concat();
        let request = request(&more);
        assert_eq!((request.version, request.host.to_string(), request.port), (*version, (*host).into(), *port));
        assert_eq!((request.user, request.consumed, request.command), (*user, bytes.len(), SocksCommand::Connect));
        assert!(!format!("{request:?}").contains("password"));
    }
}

#[test]
fn truncation_at_every_length() {
    for (bytes, ..) in EXAMPLES {
        for length in 0..bytes.len() {
            assert!(matches!(Socks::read(&bytes[..length]), Socks::Incomplete(_)), "{bytes:02x?} {length}");
        }
    }
}

#[test]
fn what_is_awaited() {
    let bytes = EXAMPLES[5].0;
    for (length, awaited) in [
        (0, Awaited::Rest),
        (3, Awaited::Rest),
        (4, Awaited::Next),
        (5, Awaited::Rest),
        (18, Awaited::Rest),
        (19, Awaited::Next),
        (20, Awaited::Rest),
    ] {
        assert!(matches!(Socks::read(&bytes[..length]), Socks::Incomplete(found) if found == awaited), "{length}");
    }
}

#[test]
fn other_commands() {
    for (octet, command) in [
        (2, SocksCommand::Bind),
        (3, SocksCommand::Associate),
        (0xf0, SocksCommand::Resolve),
        (0xf1, SocksCommand::Resolve),
    ] {
        let bytes = [&b"\x05\x01\0\x05"[..], &[octet], b"\0\x01\0\0\0\0\0\0"].concat();
        assert_eq!(request(&bytes).command, command);
    }
    assert!(matches!(Socks::read(b"\x05\x02\0\x01\x01\x01"), Socks::Opaque));
    assert!(matches!(Socks::read(b"\x05\x01\x80x"), Socks::Opaque));
}

/// Each of these is refused at its last octet, and not before.
#[test]
fn what_is_not_socks_is_told_at_once() {
    for bytes in [
        &b"\x16"[..],                                      // TLS
        b"\x10",                                           // MQTT
        b"\x03",                                           // RDP, TPKT
        b"\x00",                                           // DNS over TCP, Stratum V2 without extension
        b"{",                                              // JSON
        b"\x04\x00",                                       // Stratum V2 with an extension, others
        b"\x04\x03",                                       // SOCKS 4 has two commands
        b"\x04\x01\0\0",                                   // port 0
        b"\x04\x01\0\x50\0\0\0\0",                         // 0.0.0.0
        b"\x04\x01\0\x50\xe0\0\0\x01",                     // multicast
        b"\x04\x01\0\x50\xc0\0\x02\x01\x01",               // a control character in the user
        b"\x04\x01\0\x50\0\0\0\x01\0a b",                  // a space in the name; told with its end
        b"\x05\x00",                                       // no method
        b"\x05\x0b",                                       // too many
        b"\x05\x02\0\0",                                   // one twice
        b"\x05\x02\x0a",                                   // not assigned
        b"\x05\x01\xff",                                   // not to be offered
        b"\x05\x01\0\x01",                                 // user and password not offered
        b"\x05\x01\0\x06",                                 // neither
        b"\x05\x01\x02\x01\0",                             // no user
        b"\x05\x01\0\x05\x04",                             // no such command
        b"\x05\x01\0\x05\x01\x01",                         // reserved
        b"\x05\x01\0\x05\x01\0\x02",                       // no such kind of address
        b"\x05\x01\0\x05\x01\0\x03\0",                     // no name
        b"\x05\x01\0\x05\x01\0\x03\x05a\0",                // no octet of a name
        b"\x05\x01\0\x05\x01\0\x01\xc0\0\x02\x01\0\0",     // port 0
        b"\x05\x01\0\x05\x01\0\x01\xff\xff\xff\xff\0\x50", // broadcast
    ] {
        if bytes.ends_with(b"a b") {
            assert!(is_not_socks(&[bytes, b"\0"].concat()));
            continue;
        }
        assert!(is_not_socks(bytes), "{bytes:02x?}");
        assert!(matches!(Socks::read(&bytes[..bytes.len() - 1]), Socks::Incomplete(_)), "{bytes:02x?}");
    }
}

/// First octets of protocols that begin with 4 or 5, or nearly.
#[test]
fn ordinary_protocols_are_not_socks() {
    for (name, bytes) in [
        ("TLS", &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..]),
        ("MQTT", b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00"),
        ("DNS over TCP of 1281 octets", b"\x05\x01\x12\x34\x01\x00\x00\x01"),
        ("DNS over TCP of 1281 octets, id 0x0005", b"\x05\x01\x00\x05\x01\x00\x00\x01\x00\x00"),
        ("DNS over TCP of 1025 octets", b"\x04\x01\x12\x34\x01\x00\x00\x01\0\0\0\0\0\0\x04pool"),
        ("Minecraft handshake", b"\x10\x00\xfb\x05\x09localhost\x63\xdd\x01"),
        ("Minecraft handshake, 5 octets", b"\x05\x00\x04\x01a\x63"),
        ("RDP", b"\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x03\x00\x00\x00"),
        ("DCE RPC bind", b"\x05\x00\x0b\x03\x10\x00\x00\x00"),
        ("Stratum V2 SetupConnection", b"\x00\x00\x00\x5a\x00\x00\x00\x02\x00\x02\x00"),
        ("PostgreSQL", b"\x00\x00\x00\x08\x04\xd2\x16\x2f"),
        ("Modbus", b"\x00\x01\x00\x00\x00\x06\x01\x03"),
        ("MySQL", b"\x4a\x00\x00\x00\x0a8.0.30\0"),
        ("Cassandra", b"\x04\x00\x00\x00\x05\x00\x00\x00\x00"),
        ("Cassandra v5", b"\x05\x00\x00\x00\x05\x00\x00\x00\x00"),
        ("SSH", b"SSH-2.0-OpenSSH_9.2\r\n"),
        ("a counter", b"\x05\x04\x03\x02\x01\x00\x00\x01\x02"),
    ] {
        assert!(is_not_socks(bytes), "{name}");
    }
}

#[test]
fn replies() {
    let granted = |consumed| SocksReply::Granted { consumed };
    let refused = |code| SocksReply::Refused { code };
    for (bytes, reply) in [
        (&b"\0\x5a\0\0\0\0\0\0"[..], granted(8)),
        (b"\0\x5b\0\0\0\0\0\0", refused(91)),
        (b"\x05\0\x05\0\0\x01\0\0\0\0\0\0", granted(12)),
        (b"\x05\x02\x01\0\x05\0\0\x03\x03a.b\0\x50", granted(14)),
        (b"\x05\0\x05\0\0\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", granted(24)),
        (b"\x05\x02\x01\x01", refused(1)),
        (b"\x05\0\x05\x05\0", refused(5)),
        (b"\x05\xff", refused(0xff)),
    ] {
        assert_eq!(SocksReply::read(bytes), reply);
        for length in 0..bytes.len() {
            assert_eq!(SocksReply::read(&bytes[..length]), SocksReply::Incomplete, "{bytes:?} {length}");
        }
        assert_eq!(SocksReply::read(&[bytes, b"{}"].concat()), reply);
    }
    assert_eq!(SocksReply::read(b"\x05\x01"), SocksReply::Opaque);
    for bytes in
        [&b"\0\x59"[..], b"\x05\x0a", b"\x05\0\x06", b"\x05\x02\x02", b"\x05\0\x05\0\x01", b"H", b"\x05\0\x05\0\0\x02"]
    {
        assert_eq!(SocksReply::read(bytes), SocksReply::NotSocks, "{bytes:?}");
    }
}

/// SplitMix64: many cases, the same each time.
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}

/// Random payloads that begin with 4 or 5: how many are taken for a whole request. The share follows
/// from the fields: 1 in 2^20 or less for SOCKS 5, and a NUL behind text for SOCKS 4.
#[test]
fn random_payloads_are_seldom_socks() {
    let (mut state, mut taken) = (1, [0_u32; 2]);
    for round in 0..400_000_u32 {
        let words: Vec<u8> = (0..8).flat_map(|_| random(&mut state).to_le_bytes()).collect();
        let mut bytes = words;
        let version = usize::try_from(round % 2).unwrap();
        bytes[0] = if version == 0 { 4 } else { 5 };
        taken[version] += u32::from(matches!(Socks::read(&bytes), Socks::Request(_)));
    }
    assert!(taken[0] < 200 && taken[1] == 0, "{taken:?}");
}

proptest! {
    #[test]
    fn any_bytes(start in 4_u8..6, tail in prop::collection::vec(0_u8..8, 0..60)) {
        let bytes = [&[start][..], &tail].concat();
        if let Socks::Request(request) = Socks::read(&bytes) {
            prop_assert!(request.consumed <= bytes.len());
            let again = Socks::read(&bytes[..request.consumed]);
            prop_assert!(matches!(again, Socks::Request(same) if same == request));
            prop_assert!(matches!(Socks::read(&bytes[..request.consumed - 1]), Socks::Incomplete(_)));
        }
        if let SocksReply::Granted { consumed } = SocksReply::read(&bytes) {
            prop_assert!(consumed <= bytes.len());
        }
    }

    #[test]
    fn once_not_socks_never_socks(bytes in prop::collection::vec(prop_oneof![0_u8..6, any::<u8>()], 0..40)) {
        let first = (0..=bytes.len()).find(|length| is_not_socks(&bytes[..*length]));
        if let Some(first) = first {
            prop_assert!((first..=bytes.len()).all(|length| is_not_socks(&bytes[..length])));
        }
    }
}

#[test]
fn long_fields() {
    let user = vec![b'u'; 255];
    let bytes = [&b"\x04\x01\0\x50\0\0\0\x01"[..], &user, b"\0", &[b'a'; 255], b"\0"].concat();
    assert_eq!(request(&bytes).consumed, 8 + 512);
    let bytes = [&b"\x04\x01\0\x50\0\0\0\x01u"[..], &user].concat();
    assert!(is_not_socks(&bytes));
    let bytes =
        [&b"\x05\x01\x02\x01\xff"[..], &user, b"\xff", &user, b"\x05\x01\0\x03\xff", &[b'a'; 255], b"\0\x50"].concat();
    assert_eq!(request(&bytes).consumed, bytes.len());
}
