//! What is heard in a connection's first bytes, at every length, and what is not.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::dialect::PROOF;

fn hear(client: &[u8], server: &[u8]) -> Option<(&'static str, String, Option<Vec<u8>>)> {
    STREAMS.iter().find_map(|dialect| {
        let told = (dialect.hear)(Beginning { client, server, turns: &[] })?;
        assert!(told.heard.weight >= PROOF);
        let said = told.heard.said;
        let words = [said.coin, said.wallet, said.worker, said.agent].map(Option::unwrap_or_default);
        Some((dialect.id, words.join("|"), told.secret.map(<[u8]>::to_vec)))
    })
}

/// Bytes that look random, the same each time.
fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u8
    };
    (0..length).map(|_| next()).collect()
}

#[test]
fn lines_of_duino_coin_and_xatum() {
    let hash = "0123456789abcdef0123456789abcdef01234567";
    for (client, server, dialect, said) in [
        ("JOB,bob,LOW,s3cret\n", "", "duino-coin", "DUCO|bob||"),
        ("JOB,bob,AVR\n", "3.0\n", "duino-coin", "DUCO|bob||"),
        ("12345,1234567.8,Official PC Miner 4.1,rig1,,77\n", "", "duino-coin", "DUCO||rig1|Official PC Miner 4.1"),
        ("", &*format!("3.0\n{hash},{hash},5000\n"), "duino-coin", "DUCO|||"),
        ("", &format!("4.3\r\n{hash},{hash},6\r\nGOOD\r\n"), "duino-coin", "DUCO|||"),
        (
            "shake~{\"addr\":\"xel:abc\",\"work\":\"x\",\"agent\":\"m/1\",\"algos\":[\"xel/0\"]}\n",
            "",
            "xatum",
            "XEL|xel:abc|x|m/1",
        ),
        ("", "job~{\"diff\":1000,\"blob\":\"00ff\"}\n", "xatum", "|||"),
    ] {
        let heard = hear(client.as_bytes(), server.as_bytes()).unwrap_or_else(|| panic!("{client}{server}"));
        assert_eq!((heard.0, heard.1.as_str()), (dialect, said), "{client}{server}");
    }
    assert_eq!(hear(b"JOB,bob,LOW,s3cret\n", b"").unwrap().2, Some(b"s3cret".to_vec()));
}

#[test]
fn lines_of_other_software() {
    let hash = "0123456789abcdef0123456789abcdef01234567";
    for (client, server) in [
        ("JOB,42,printed,ok\n", ""),
        ("JOB,bob,LOW,key,more\n", ""),
        ("JOB LOW bob\n", ""),
        ("1,2,3,4,5\n", ""),
        ("12,3.5,Miner's Arms,York\n", ""),
        ("", &*format!("{hash},{hash},5000\n")),
        ("", &format!("3.0\n{hash} {hash} 5000\n")),
        ("", "3.0\nhello\n"),
        ("shake~it\n", ""),
        ("shake~{\"addr\":\"here\"}\n", ""),
        ("", "job~{\"title\":\"cook\"}\n"),
        ("GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"),
    ] {
        assert_eq!(hear(client.as_bytes(), server.as_bytes()), None, "{client}{server}");
    }
}

#[test]
fn p2pool_is_told_from_either_side() {
    let side = |seed| {
        let mut bytes = [vec(&[0]), noise(16, seed), vec(&[1]), noise(40, seed + 1)].concat();
        bytes.extend([2, 0x91, 0x94, 0, 0]);
        bytes
    };
    let (client, server) = (side(3), side(9));
    assert_eq!(hear(&client, b"").unwrap().0, "p2pool");
    assert_eq!(hear(&client[..17], &server).unwrap().0, "p2pool");
    for end in 0..client.len() {
        assert_eq!(hear(&client[..end], b""), None);
    }
    assert_eq!(hear(&client, b"\x01"), None, "the other side speaks something else");
    for place in [0, 17, 58, 61, 62] {
        let mut other = client.clone();
        other[place] ^= 0x40;
        assert_eq!(hear(&other, b""), None, "byte {place}");
    }
    let mut zeros = client;
    zeros[1..17].fill(0);
    assert_eq!(hear(&zeros, b""), None);
}

fn vec(bytes: &[u8]) -> Vec<u8> {
    bytes.to_vec()
}

#[test]
fn stratum_v2_is_told_by_all_its_lengths_only() {
    let (client, server) = (noise(64 + 38 + 60, 5), noise(234 + 44, 7));
    assert_eq!(hear(&client, &server).unwrap().0, "stratum-v2");
    for end in (0..server.len()).chain([server.len() + 1]) {
        assert_eq!(hear(&client, &noise(end, 7)), None, "{end}");
    }
    assert_eq!(hear(&client[..64], &server), None);
    assert_eq!(hear(&noise(64 + 400, 5), &server), None);
    let text: Vec<u8> = b"the quick brown fox ".iter().copied().cycle().take(client.len()).collect();
    assert_eq!(hear(&text, &server), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn random_bytes_prove_nothing(
        client in prop::collection::vec(any::<u8>(), 0..200),
        server in prop::collection::vec(any::<u8>(), 0..270),
    ) {
        prop_assert_eq!(hear(&client, &server), None);
    }
}
