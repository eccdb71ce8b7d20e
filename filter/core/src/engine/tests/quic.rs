//! QUIC: server names in the client's first datagrams.

use super::*;
use crate::wire::quic::Version;
use crate::wire::quic::tests::{SEAL, Seal, crypto_frame, hello};

const NAME: &str = "pool.ex.org";
const OTHER: &str = "example.com";

/// An engine whose lists name [`NAME`].
fn quic_engine(mode: Mode) -> Engine {
    let mut builder = Builder::new();
    builder.add_text(ListMeta::new("test", Category::Pool), NAME);
    Engine::new(Settings { lists: Arc::new(builder.build()), ..settings(mode, Vec::new()) }, 1024, Seed::from(7))
}

/// A ClientHello with a server name of as many letters as the one of the RFC, grown to `length` as post-quantum keys do:
/// an extension of no known kind stands behind the others.
fn hello_to(name: &str, length: usize) -> Vec<u8> {
    assert_eq!(name.len(), OTHER.len());
    let mut hello = hello();
    let at = hello.windows(OTHER.len()).position(|window| window == OTHER.as_bytes()).unwrap();
    hello[at..at + name.len()].copy_from_slice(name.as_bytes());
    let Some(more) = length.checked_sub(hello.len()) else { return hello };
    // version, random, session, suites, compressions: the lengths of the parts before the extensions.
    let extensions_at = 4 + 2 + 32 + 1 + 2 + 4 + 2;
    let old = u16::from_be_bytes([hello[extensions_at], hello[extensions_at + 1]]);
    hello.extend([0xfa, 0xfa]);
    hello.extend((more as u16 - 4).to_be_bytes());
    hello.resize(length, 7);
    hello[extensions_at..extensions_at + 2].copy_from_slice(&(old + more as u16).to_be_bytes());
    let whole = (hello.len() - 4) as u32;
    hello[1..4].copy_from_slice(&whole.to_be_bytes()[1..]);
    hello
}

/// The hello in datagrams of at most `piece` octets of it.
fn datagrams(version: Version, hello: &[u8], piece: usize) -> Vec<Vec<u8>> {
    let pieces = hello.chunks(piece).enumerate();
    let seal = |(index, octets): (usize, &[u8])| {
        Seal { version, number: index as u64, ..SEAL }.seal(&crypto_frame(index * piece, octets))
    };
    pieces.map(seal).collect()
}

fn sockets(v6: bool) -> (SocketAddr, SocketAddr) {
    if v6 {
        ("[fd00::5]:40000".parse().unwrap(), "[2001:db8::9]:443".parse().unwrap())
    } else {
        ("10.0.0.5:40000".parse().unwrap(), "203.0.113.9:443".parse().unwrap())
    }
}

fn send_datagram(engine: &mut Engine, v6: bool, datagram: &[u8]) -> Outcome {
    let (host, server) = sockets(v6);
    give(engine, &udp::packet(host, server, datagram).unwrap())
}

#[test]
fn a_listed_server_name_is_cut_and_another_cleared() {
    for version in [Version::V1, Version::V2] {
        for v6 in [false, true] {
            let mut engine = quic_engine(Mode::Block);
            let [whole] = &datagrams(version, &hello_to(NAME, 0), 4096)[..] else { panic!("one datagram") };
            let outcome = send_datagram(&mut engine, v6, whole);
            assert_eq!(outcome.verdict, Verdict::Cut);
            let record = outcome.record.unwrap();
            assert_eq!((record.finding.layer, record.protocol), (Layer::Sni, "quic"));
            assert_eq!(record.transport, Protocol::Udp);
            assert_eq!(record.server_name.as_deref(), Some(NAME));
            assert_eq!(record.destination_domain.as_deref(), Some(NAME));
            assert_eq!((record.source.ip, record.destination.port), (sockets(v6).0.ip(), 443));
            assert_eq!(record.source_mac, Some([2, 0, 0, 0, 0, 5]));
            assert!(record.finding.reason.starts_with("the QUIC server name pool.ex.org is listed"));
            assert_eq!(send_datagram(&mut engine, v6, b"later").verdict, Verdict::Cut, "a cut flow stays cut");

            let mut engine = quic_engine(Mode::Block);
            let [whole] = &datagrams(version, &hello_to(OTHER, 0), 4096)[..] else { panic!("one datagram") };
            let outcome = send_datagram(&mut engine, v6, whole);
            assert!(outcome.verdict == Verdict::Clear && outcome.record.is_none());
            assert_eq!(engine.counters().skipped(Skipped::UnreadableQuic), 0);
            assert_eq!(engine.counters().cleared, 1);
        }
    }
}

#[test]
fn a_long_hello_is_read_in_any_order_with_any_repetition() {
    let pieces = datagrams(Version::V1, &hello_to(NAME, 2_400), 900);
    assert_eq!(pieces.len(), 3);
    for order in [&[0, 1, 2][..], &[2, 1, 0], &[1, 0, 2], &[0, 0, 2, 2, 1], &[1, 1, 1, 2, 2, 2, 0]] {
        let mut engine = quic_engine(Mode::Block);
        let (last, first) = order.split_last().unwrap();
        for index in first {
            assert_eq!(send_datagram(&mut engine, false, &pieces[*index]).verdict, Verdict::Look, "{order:?}");
        }
        assert_eq!(send_datagram(&mut engine, false, &pieces[*last]).verdict, Verdict::Cut, "{order:?}");
    }
    // Segmentation offload: the datagrams come as one.
    let mut engine = quic_engine(Mode::Block);
    assert_eq!(send_datagram(&mut engine, false, &pieces.concat()).verdict, Verdict::Cut);
}

#[test]
fn a_retry_begins_the_hello_anew() {
    let pieces = datagrams(Version::V1, &hello_to(NAME, 2_400), 1_300);
    let mut engine = quic_engine(Mode::Block);
    assert_eq!(send_datagram(&mut engine, false, &pieces[0]).verdict, Verdict::Look);
    let dcid = b"chosen by server";
    for (index, expected) in [(0, Verdict::Look), (1, Verdict::Cut)] {
        let hello = hello_to(NAME, 2_400);
        let octets = hello.chunks(1_300).nth(index).unwrap();
        let seal = Seal { origin: dcid, dcid, number: 5 + index as u64, token: b"token", ..SEAL };
        let datagram = seal.seal(&crypto_frame(index * 1_300, octets));
        assert_eq!(send_datagram(&mut engine, false, &datagram).verdict, expected);
    }
}

#[test]
fn what_cannot_be_read_is_looked_at_eight_times_cleared_and_counted() {
    let mut engine = quic_engine(Mode::Block);
    let part = &datagrams(Version::V1, &hello_to(NAME, 2_400), 900)[0];
    for _ in 1..8 {
        assert_eq!(send_datagram(&mut engine, false, part).verdict, Verdict::Look);
    }
    assert_eq!(send_datagram(&mut engine, false, part).verdict, Verdict::Clear);
    assert_eq!(engine.counters().skipped(Skipped::UnreadableQuic), 1);

    // A version that nobody knows asks for the list of versions; then comes one that can be read.
    let mut engine = quic_engine(Mode::Block);
    let mut unknown = datagrams(Version::V1, &hello_to(NAME, 0), 4096).remove(0);
    unknown[1..5].copy_from_slice(&[0x1a, 0x2a, 0x3a, 0x4a]);
    assert_eq!(send_datagram(&mut engine, false, &unknown).verdict, Verdict::Look);
    let known = &datagrams(Version::V2, &hello_to(NAME, 0), 4096)[0];
    assert_eq!(send_datagram(&mut engine, false, known).verdict, Verdict::Cut);
}

#[test]
fn junk_between_the_datagrams_hides_nothing() {
    let pieces = datagrams(Version::V1, &hello_to(NAME, 2_400), 1_300);
    let mut engine = quic_engine(Mode::Block);
    let mut broken = pieces[1].clone();
    *broken.last_mut().unwrap() ^= 1;
    for junk in [&pieces[0][..], b"\x40junk", &broken, &[0xff; 40]] {
        assert_eq!(send_datagram(&mut engine, false, junk).verdict, Verdict::Look);
    }
    assert_eq!(send_datagram(&mut engine, false, &pieces[1]).verdict, Verdict::Cut);
}

#[test]
fn what_is_no_quic_is_cleared_at_once_and_counted_as_such() {
    // WireGuard, DTLS, a QUIC connection that is up.
    for payload in [&b"\x01\0\0\0wireguard"[..], b"\x16\xfe\xfd dtls", b"\x40short header"] {
        let mut engine = quic_engine(Mode::Block);
        let outcome = send_datagram(&mut engine, false, payload);
        assert!(outcome.verdict == Verdict::Clear && outcome.record.is_none());
        assert_eq!(engine.counters().skipped(Skipped::OtherUdp), 1);
    }
}

#[test]
fn two_hellos_for_one_place_are_not_trusted() {
    let mut engine = quic_engine(Mode::Block);
    let octets = hello_to(OTHER, 0);
    let decoy = Seal { number: 1, ..SEAL }.seal(&crypto_frame(40, &octets[40..]));
    assert_eq!(send_datagram(&mut engine, false, &decoy).verdict, Verdict::Look);
    let real = &datagrams(Version::V1, &hello_to(NAME, 0), 4096)[0];
    let outcome = send_datagram(&mut engine, false, real);
    assert_eq!(outcome.verdict, Verdict::Clear);
    assert_eq!(engine.counters().skipped(Skipped::UnreadableQuic), 1);
}

#[test]
fn observed_names_pass_and_are_written_down_once() {
    let mut engine = quic_engine(Mode::Observe);
    let datagram = &datagrams(Version::V1, &hello_to(NAME, 0), 4096)[0];
    let outcome = send_datagram(&mut engine, false, datagram);
    assert_eq!(outcome.verdict, Verdict::Clear);
    assert_eq!(outcome.record.unwrap().action, Action::Observed);
    let again = send_datagram(&mut engine, false, datagram);
    assert!(again.verdict == Verdict::Clear && again.record.is_none());
}

#[test]
fn a_listed_address_is_cut_whatever_is_said_to_it() {
    for payload in [&b"\x01 no QUIC"[..], &datagrams(Version::V1, &hello_to(OTHER, 2_400), 900)[0]] {
        let mut builder = Builder::new();
        builder.add_text(ListMeta::new("test", Category::Pool), "203.0.113.9:443");
        let lists = Arc::new(builder.build());
        let mut engine = Engine::new(Settings { lists, ..settings(Mode::Block, Vec::new()) }, 1024, Seed::from(7));
        let outcome = send_datagram(&mut engine, false, payload);
        assert_eq!(outcome.verdict, Verdict::Cut);
        let record = outcome.record.unwrap();
        assert_eq!((record.finding.layer, record.source.ip.to_string()), (Layer::Address, "10.0.0.5".into()));
    }
}

#[test]
fn a_server_is_not_listened_to() {
    let mut engine = quic_engine(Mode::Block);
    let (host, server) = sockets(false);
    let datagram = &datagrams(Version::V1, &hello_to(NAME, 0), 4096)[0];
    let outcome = give(&mut engine, &udp::packet(server, host, datagram).unwrap());
    assert!(outcome.verdict == Verdict::Look && outcome.record.is_none());
    assert_eq!(engine.counters().flows, 0);
}

proptest! {
    #[test]
    fn any_datagrams_raise_nothing_and_come_to_an_end(
        payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 8..12), long: bool,
    ) {
        let mut engine = quic_engine(Mode::Block);
        for (index, payload) in payloads.iter().enumerate() {
            let mut payload = payload.clone();
            if long && payload.len() > 5 {
                payload[..5].copy_from_slice(&[0xc3, 0, 0, 0, 1]);
            }
            let outcome = send_datagram(&mut engine, false, &payload);
            prop_assert!(outcome.record.is_none());
            prop_assert!(index < 7 || outcome.verdict == Verdict::Clear);
        }
    }
}
