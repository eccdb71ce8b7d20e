#![allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::panic)]

use alloc::{format, vec};

use proptest::prelude::*;

use super::*;

/// `openssl s_client -servername Pool.Example.COM -alpn h2,http/1.1` (OpenSSL 3.0.19), caught on loopback.
const OPENSSL: &str = "160301014f0100014b03031a27dc16e1ea7f05b6d7f5bc6192bb5fd69cc9c9b37b209edf1d1c84f03ac8\
4220240fe9c4a6373fa4109873eae2170a593b64cb56f50d893d696678d2ab64195d003e130213031301c02cc030009fcca9cca8\
ccaac02bc02f009ec024c028006bc023c0270067c00ac0140039c009c0130033009d009c003d003c0035002f00ff010000c40000\
00150013000010506f6f6c2e4578616d706c652e434f4d000b000403000102000a00160014001d0017001e001900180100010101\
0201030104002300000010000e000c02683208687474702f312e310016000000170000000d002a0028040305030603080708080809\
080a080b080408050806040105010601030303010302040205020602002b0009080304030303020301002d00020101003300260024\
001d002012bf20f7e7b9b762dc3ffe0a8d50834b9942ebe2cc79c2d680a1c0c71d0ca575";

/// `openssl s_client -noservername`, the same way.
const OPENSSL_NAMELESS: &str = "16030101240100012003032ea912d8d566753c6b4cba7cefcf17288bb3a7cd7be6311d90f68fb9\
08f8884d209b4c655df96830300fe9fd39cbcaf1749d4b938f1bce7c987a0f1532281b1b9a003e130213031301c02cc030009fcca9\
cca8ccaac02bc02f009ec024c028006bc023c0270067c00ac0140039c009c0130033009d009c003d003c0035002f00ff0100009900\
0b000403000102000a00160014001d0017001e00190018010001010102010301040023000000160000001700\
00000d002a0028040305030603080708080809080a080b080408050806040105010601030303010302040205020602002b00090803\
04030303020301002d00020101003300260024001d0020f4718d931b0d50850d8193492778178e6264e68fa53c398b39d344aebeb6\
586f";

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().map(|c| u8::try_from(c.to_digit(16).unwrap()).unwrap()).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn u16_prefixed(content: &[u8]) -> Vec<u8> {
    [&u16::try_from(content.len()).unwrap().to_be_bytes(), content].concat()
}

fn extension(kind: u16, content: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes()[..], &u16_prefixed(content)].concat()
}

fn server_names(names: &[(u8, &[u8])]) -> Vec<u8> {
    let list: Vec<u8> = names.iter().flat_map(|(kind, name)| [&[*kind][..], &u16_prefixed(name)].concat()).collect();
    extension(0, &u16_prefixed(&list))
}

/// A handshake message with these extensions; `None` leaves the whole block out.
fn message(extensions: Option<&[u8]>) -> Vec<u8> {
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    body.extend([2, 1, 2]);
    body.extend([0, 4, 0x1a, 0x1a, 0x13, 1, 1, 0]); // a GREASE suite (RFC 8701) and one more
    body.extend(extensions.map(u16_prefixed).unwrap_or_default());
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&[1], &length[1..], &body].concat()
}

/// The message in records of at most `size` octets.
fn records(message: &[u8], size: usize) -> Vec<u8> {
    message.chunks(size).flat_map(|part| [&[22, 3, 1], &u16_prefixed(part)[..]].concat()).collect()
}

fn hello_of(extensions: &[u8]) -> ClientHello<'static> {
    let mut scratch = Vec::new();
    let bytes = records(&message(Some(extensions)), 0x4000);
    match ClientHello::read(&bytes, &mut scratch) {
        Tls::Hello(hello) => ClientHello { alpn: None, ..hello },
        other => panic!("no hello: {other:?}"),
    }
}

fn name_of(name: &[u8]) -> (alloc::string::String, bool) {
    let name = hello_of(&server_names(&[(0, name)])).server_name.unwrap();
    (name.as_str().into(), name.is_hostname())
}

fn is_incomplete(bytes: &[u8]) -> bool {
    matches!(ClientHello::read(bytes, &mut Vec::new()), Tls::Incomplete)
}

fn is_not_tls(bytes: &[u8]) -> bool {
    matches!(ClientHello::read(bytes, &mut Vec::new()), Tls::NotTls)
}

#[test]
fn openssl_says_hello() {
    let (bytes, mut scratch) = (unhex(OPENSSL), Vec::new());
    let Tls::Hello(hello) = ClientHello::read(&bytes, &mut scratch) else {
        panic!("no hello");
    };
    assert_eq!(hello.server_name.as_ref().unwrap().as_str(), "pool.example.com");
    assert!(hello.server_name.unwrap().is_hostname());
    assert_eq!((hello.alpn, hello.ech), (Some(&b"h2"[..]), false));
    assert_eq!((hello.legacy_version, hello.ciphers, hello.extensions), (0x0303, 31, 11));
    let bytes = unhex(OPENSSL_NAMELESS);
    let Tls::Hello(hello) = ClientHello::read(&bytes, &mut scratch) else {
        panic!("no hello");
    };
    assert_eq!((hello.server_name, hello.alpn, hello.ech), (None, None, false));
    assert_eq!((hello.ciphers, hello.extensions), (31, 9));
}

#[test]
fn truncation_at_every_length() {
    for text in [OPENSSL, OPENSSL_NAMELESS] {
        let bytes = unhex(text);
        for length in 0..bytes.len() {
            assert!(is_incomplete(&bytes[..length]), "length {length}");
        }
        let more = [&bytes, &b"whatever follows"[..]].concat();
        assert!(matches!(ClientHello::read(&more, &mut Vec::new()), Tls::Hello(_)));
    }
}

#[test]
fn split_over_records_and_truncated() {
    let whole = unhex(OPENSSL)[5..].to_vec();
    let mut scratch = Vec::new();
    for size in [1, 2, 3, 4, 5, 7, 50, 100, 300, 338] {
        let bytes = records(&whole, size);
        for length in 0..bytes.len() {
            assert!(is_incomplete(&bytes[..length]), "records of {size}, length {length}");
        }
        let Tls::Hello(hello) = ClientHello::read(&bytes, &mut scratch) else {
            panic!("records of {size}");
        };
        assert_eq!(hello.server_name.unwrap().as_str(), "pool.example.com");
        assert_eq!((hello.alpn, hello.extensions), (Some(&b"h2"[..]), 11));
    }
}

/// Each of these is refused at its last octet, and not before.
#[test]
fn what_is_not_tls_is_told_at_once() {
    let start = [22, 3, 1, 1, 0x4f, 1, 0, 1, 0x4b, 3, 3];
    let random = [[22, 3, 1, 1, 0x4f, 1, 0, 1, 0x4b, 3, 3].to_vec(), vec![9; 32]].concat();
    let with = |tail: &[u8]| [&random, tail].concat();
    for bytes in [
        b"{".to_vec(),
        b"GET /".first_chunk::<1>().unwrap().to_vec(),
        vec![0x80], // SSLv2
        vec![21],   // an alert
        vec![23],   // application data
        vec![22, 2],
        vec![22, 3, 5],
        vec![22, 3, 1, 0x41],
        vec![22, 3, 1, 0x40, 1],
        vec![22, 3, 1, 0, 0],
        vec![22, 3, 1, 0, 9, 2],          // a ServerHello
        vec![22, 3, 1, 0, 9, 1, 1, 0, 1], // longer than any hello
        [&start[..9], &[2]].concat(),
        [&start[..10], &[5]].concat(),
        [&start[..9], &[127]].concat(),
        with(&[33]),                        // session identifier too long
        with(&[0, 0, 0]),                   // no suites
        with(&[0, 0, 3]),                   // half a suite
        with(&[0, 0, 2, 1, 1, 0]),          // no compression method
        with(&[0, 0xff, 0xfe]),             // suites reach behind the message
        with(&[0, 0, 2, 1, 1, 1, 0, 0, 1]), // extensions do not fill the message
        vec![22, 3, 1, 0, 1, 1, 23],        // another record amid the hello
        vec![22, 3, 1, 0, 4, 1, 0, 0, 9, 22, 3, 1, 0, 5, 7],
    ] {
        let text = bytes.escape_ascii();
        assert!(is_not_tls(&bytes), "{text}");
        assert!(is_incomplete(&bytes[..bytes.len() - 1]), "{text}");
        let more = [&bytes, &[0; 100][..]].concat();
        assert!(is_not_tls(&more), "{text}");
    }
}

#[test]
fn an_extension_that_reaches_behind_the_message_is_not_tls() {
    let mut bytes = records(&message(Some(&extension(5, b"abc"))), 0x4000);
    let at = bytes.len() - 4;
    bytes[at] += 1;
    assert!(is_not_tls(&bytes));
}

#[test]
fn octets_behind_the_hello_in_its_record_are_of_the_next_message() {
    let mut scratch = Vec::new();
    for extensions in [None, Some(&extension(5, b"abc")[..])] {
        let bytes = records(&[&message(extensions), &[1, 2, 3][..]].concat(), 0x4000);
        let Tls::Hello(hello) = ClientHello::read(&bytes, &mut scratch) else {
            panic!("no hello");
        };
        assert_eq!(hello.extensions, usize::from(extensions.is_some()));
    }
}

#[test]
fn a_hello_without_extensions() {
    let bytes = records(&message(None), 0x4000);
    let mut scratch = Vec::new();
    let Tls::Hello(hello) = ClientHello::read(&bytes, &mut scratch) else {
        panic!("no hello");
    };
    assert_eq!((hello.server_name, hello.extensions, hello.ciphers), (None, 0, 2));
}

#[test]
fn server_names_are_text() {
    let check = |name: &[u8], text: &str, hostname| {
        assert_eq!(name_of(name), (text.into(), hostname));
    };
    check(b"Pool_1.Example-2.COM", "pool_1.example-2.com", true);
    check(b"pool.example.com.", "pool.example.com", true);
    check(b"localhost", "localhost", true);
    check(b"192.0.2.1", "192.0.2.1", true);
    check(b"a b\n\xff.c", "a\\032b\\010\\255.c", false);
    check(b"2001:db8::1", "2001:db8::1", false);
    check(b"a..b", "a..b", false);
    check(b".a", ".a", false);
    check("ü.example".as_bytes(), "\\195\\188.example", false);
    check(&[0xff; 300], &"\\255".repeat(255), false);
}

#[test]
fn which_server_name() {
    let name = |extensions: &[u8]| hello_of(extensions).server_name.map(|name| format!("{name}"));
    assert_eq!(name(&server_names(&[(0, b"a"), (0, b"b")])), Some("a".into()));
    assert_eq!(name(&server_names(&[(9, b"a"), (0, b""), (0, b"b")])), Some("b".into()));
    assert_eq!(name(&server_names(&[(9, b"a")])), None);
    assert_eq!(name(&extension(0, b"")), None);
    assert_eq!(name(&extension(0, b"\0\x04\0\0\x09a")), None);
    assert_eq!(name(&extension(0, b"\0\x05\0\0\x01a")), None);
    let twice = [server_names(&[(0, b"a")]), server_names(&[(0, b"b")])].concat();
    assert_eq!(name(&twice), Some("a".into()));
}

#[test]
fn grease_and_ech() {
    let grease = extension(0x0a0a, b"");
    let hello = hello_of(&[grease, extension(0x2a2a, b"\0"), server_names(&[(0, b"a")])].concat());
    assert_eq!((hello.server_name.unwrap().as_str(), hello.ech, hello.extensions), ("a", false, 3));
    assert!(hello_of(&extension(0xfe0d, b"\0\0\x01\0\x01")).ech);
}

proptest! {
    #[test]
    fn any_name_in_any_records(
        name in "[a-z0-9-]{1,20}(\\.[a-z0-9_]{1,30}){0,4}",
        before in prop::collection::vec((100_u16.., prop::collection::vec(any::<u8>(), 0..60)), 0..6),
        size in 1_usize..400,
        cut: prop::sample::Index,
    ) {
        let mut extensions: Vec<u8> = before.iter().flat_map(|(kind, content)| extension(*kind, content)).collect();
        extensions.extend(server_names(&[(0, name.as_bytes())]));
        let bytes = records(&message(Some(&extensions)), size);
        prop_assert!(is_incomplete(&bytes[..cut.index(bytes.len())]));
        let mut scratch = Vec::new();
        let Tls::Hello(hello) = ClientHello::read(&bytes, &mut scratch) else {
            panic!("no hello");
        };
        prop_assert_eq!(hello.extensions, before.len() + 1);
        let seen = hello.server_name.unwrap();
        prop_assert!(seen.is_hostname());
        prop_assert_eq!(seen.as_str(), &name);
    }

    /// Random and damaged bytes never panic; an answer other than "incomplete" stays.
    #[test]
    fn answers_are_final(at: prop::sample::Index, octet: u8, junk in prop::collection::vec(any::<u8>(), 0..80), damaged: bool) {
        let bytes = if damaged {
            let mut bytes = records(&unhex(OPENSSL)[5..], 60);
            let at = at.index(bytes.len());
            bytes[at] = octet;
            bytes
        } else {
            [&[22, 3, 1, 0, 70, 1, 0, 0, 66, 3, 3][..], &junk].concat()
        };
        let mut settled = None;
        for length in 0..=bytes.len() {
            let now = match ClientHello::read(&bytes[..length], &mut Vec::new()) {
                Tls::Hello(hello) => Some(Some(hello.extensions)),
                Tls::NotTls => Some(None),
                Tls::Incomplete => None,
            };
            prop_assert!(settled.is_none() || now == settled);
            settled = now;
        }
    }
}
