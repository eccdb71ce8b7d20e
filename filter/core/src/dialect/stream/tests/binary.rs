//! Dialects of binary messages, cut at every octet.

use super::*;

fn talk<const N: usize>(said: [(End, Vec<u8>); N]) -> Talk {
    Talk(said.into())
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
    let talk = talk([(Client, client[..17].to_vec()), (Server, server), (Client, client[17..].to_vec())]);
    assert_eq!(talk.heard().unwrap().1.0, "p2pool");
    assert_eq!(talk.turned().heard().unwrap().1.0, "p2pool");
    let mut zeros = client;
    zeros[1..17].fill(0);
    assert_eq!(hear(&zeros, b""), None);
}

fn vec(bytes: &[u8]) -> Vec<u8> {
    bytes.to_vec()
}

/// A conversation of random bytes, the client first.
fn random(lengths: &[usize]) -> Talk {
    let ends = [Client, Server].into_iter().cycle();
    let said = ends.zip(lengths).enumerate().map(|(seed, (end, length))| (end, noise(*length, seed as u64 + 5)));
    Talk(said.collect())
}

#[test]
fn stratum_v2_is_told_by_all_its_lengths_only() {
    for (lengths, at) in [
        (&[64, 234, 98, 44, 131][..], 441),
        (&[64, 234, 58, 44, 120, 240, 62, 58], 401),
        (&[64, 234, 320, 44, 131, 240, 62, 58, 62, 58], 663),
        (&[32, 170, 98, 44, 120], 345),
    ] {
        let talk = random(lengths);
        let (heard_at, heard) = talk.heard().unwrap_or_else(|| panic!("{lengths:?}"));
        assert_eq!((heard.0, heard_at), ("stratum-v2", at), "{lengths:?}");
        assert_eq!(talk.turned().heard(), None, "{lengths:?}: the miner opens the connection");
    }
    for lengths in [
        &[63, 234, 98, 44, 131][..],
        &[65, 234, 98, 44, 131],
        &[64, 233, 98, 44, 131],
        &[64, 235, 98, 44, 131],
        &[64, 234, 57, 44, 131],
        &[64, 234, 321, 44, 131],
        &[64, 234, 98, 43, 131],
        &[64, 234, 98, 45, 131],
        &[64, 170, 98, 44, 131],
        &[32, 234, 98, 44, 131],
        &[34, 172, 98, 44, 131],
        &[64, 234, 98, 44],
    ] {
        assert_eq!(random(lengths).heard(), None, "{lengths:?}");
    }
    let text: Vec<u8> = b"the quick brown fox ".iter().copied().cycle().take(300).collect();
    for turn in 0..4 {
        let mut talk = random(&[64, 234, 98, 44, 131]);
        let length = talk.0[turn].1.len();
        talk.0[turn].1 = text[..length].to_vec();
        assert_eq!(talk.heard(), None, "turn {turn} is text");
    }
}

/// Random bytes behind their length in two octets.
fn counted(length: usize, seed: u64) -> Vec<u8> {
    [vec(&u16::try_from(length).unwrap().to_le_bytes()), noise(length, seed)].concat()
}

#[test]
fn old_stratum_v2_is_told_by_its_lengths() {
    for answer in [170, 172] {
        let said = [
            (Client, counted(32, 1)),
            (Server, counted(answer, 2)),
            (Client, [counted(90, 3), counted(70, 4)].concat()),
            (Server, [counted(28, 5), counted(99, 6)].concat()),
        ];
        let good = talk(said.clone());
        assert_eq!(good.heard().unwrap().1.0, "stratum-v2");
        assert_eq!(good.turned().heard(), None);
        for turn in 0..4 {
            let mut other = talk(said.clone());
            other.0[turn].1[0] ^= 1;
            assert_eq!(other.heard(), None, "the length of turn {turn}");
        }
    }
}

#[test]
fn old_stratum_v2_chooses_its_cipher_first() {
    for message in [&b"\x09\x00STR2\x01AESG"[..], b"\x0d\x00STR3\x02CHCHAESG"] {
        let good = talk([(Client, message.to_vec()), (Server, b"\x04\x00AESG".to_vec()), (Client, counted(32, 1))]);
        let (at, heard) = good.heard().unwrap();
        assert_eq!((at, heard.0), (message.len(), "stratum-v2"));
        for place in 0..message.len() {
            let mut other = message.to_vec();
            other[place] ^= 4;
            assert_eq!(hear(&other, b""), None, "octet {place}");
        }
    }
}

fn frame(extension: u16, kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_le_bytes();
    [&extension.to_le_bytes()[..], &[kind], &length[..3], payload].concat()
}

fn setup(host: &str, vendor: &str) -> Vec<u8> {
    let mut payload = vec(&[0, 2, 0, 2, 0, 1, 0, 0, 0]);
    for (at, word) in [host, vendor, "S19", "2.1", "rig7"].into_iter().enumerate() {
        payload.push(u8::try_from(word.len()).unwrap());
        payload.extend(word.as_bytes());
        if at == 0 {
            payload.extend(34_254_u16.to_le_bytes());
        }
    }
    frame(0, 0, &payload)
}

#[test]
fn stratum_v2_in_the_clear() {
    let open = frame(0, 0x10, &[&[1, 0, 0, 0, 5][..], b"a.rig", &noise(36, 3)].concat());
    let share = frame(0x8000, 0x1a, &noise(24, 4));
    let success = frame(0, 0x01, &[2, 0, 0, 0, 0, 0]);
    let opened = frame(0, 0x11, &noise(50, 5));
    let hash = frame(0x8000, 0x20, &noise(48, 6));
    let whole = talk([
        (Client, setup("pool.example", "Bitmain")),
        (Server, success.clone()),
        (Client, open.clone()),
        (Server, [opened.clone(), hash.clone()].concat()),
        (Client, share.clone()),
    ]);
    let (at, heard) = whole.heard().unwrap();
    assert_eq!((heard.0, heard.1.as_str()), ("stratum-v2-plain", "||rig7|Bitmain S19 2.1"));
    assert_eq!(at, setup("pool.example", "Bitmain").len(), "with the last octet of the first message");
    // Either side alone, and from the middle.
    for (client, server) in [
        (vec(&[]), [success, opened].concat()),
        (vec(&[]), [hash.clone(), hash].concat()),
        ([open, share.clone()].concat(), vec(&[])),
        ([share.clone(), share.clone()].concat(), vec(&[])),
    ] {
        assert_eq!(hear(&client, &server).unwrap().0, "stratum-v2-plain");
        assert_eq!(hear(&server, &client), None, "the other way round");
    }
    let good = setup("pool.example", "Bitmain");
    assert_eq!(hear(&setup("", "Bitmain"), b""), None, "no host");
    assert_eq!(hear(&setup("pool.example", ""), b""), None, "no vendor");
    assert_eq!(hear(&setup("pool\u{1}", "Bitmain"), b""), None, "no text");
    for (place, octet) in [(0, 1), (1, 1), (2, 1), (3, 30), (5, 1), (6, 3), (7, 1), (9, 1), (14, 1), (15, 0)] {
        let mut other = good.clone();
        other[place] = octet;
        assert_eq!(hear(&other, b""), None, "octet {place}");
    }
    assert_eq!(hear(&share, b""), None, "one message is not enough");
    assert_eq!(hear(&[0; 400], &[0; 400]), None);
}

fn message(command: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len() + 4).unwrap().to_le_bytes();
    [&[0x7f, command][..], &length, body].concat()
}

#[test]
fn messages_of_the_btccom_agent() {
    // The example of its protocol page, and one of an agent for several miners.
    let page = [&[0x7f, 1, 0x14, 0, 0x22, 0x11][..], b"cgminer\0s1099\0"].concat();
    for (register, said) in [
        (page, "||s1099|cgminer"),
        (message(1, b"\x01\x00bmminer/2.0\x00192x168x1x23\0"), "||192x168x1x23|bmminer/2.0"),
    ] {
        let good = talk([
            (Client, register.clone()),
            (Server, message(5, &[13, 1, 0, 0x22, 0x11])),
            (Client, message(2, &noise(11, 1))),
        ]);
        let (at, heard) = good.heard().unwrap();
        assert_eq!((heard.0, heard.1.as_str()), ("btccom-agent-messages", said));
        assert_eq!(at, register.len());
        let behind_lines = [&b"{\"id\":\"caps\"}\n{\"id\":\"auth\"}\n"[..], &register].concat();
        assert_eq!(hear(&behind_lines, b"{\"id\":\"auth\"}\n"), Some(heard));
    }
    let shares = [message(2, &noise(11, 1)), message(0x13, &noise(19, 2)), message(4, &[1, 0])].concat();
    let answers =
        [message(5, &[13, 2, 0, 1, 0, 2, 0]), message(0x10, &[1, 0, 0, 0, 0, 0]), message(0x10, &[0; 6])].concat();
    for (client, server) in [(&shares[..], &b""[..]), (b"", &answers)] {
        assert_eq!(hear(client, server).unwrap().0, "btccom-agent-messages");
        assert_eq!(hear(server, client), None, "the other way round");
        for end in 0..client.len() {
            assert_eq!(hear(&client[..end], server), None);
        }
    }
    for body in
        [&b"\x01\x00\0\0"[..], b"\x01\x00cgminer\0s1\0more\0", b"\x01\x00cgminer\0s1", b"\x01\x00cg\x01miner\0s1\0"]
    {
        assert_eq!(hear(&message(1, body), b""), None, "{body:?}");
    }
    assert_eq!(hear(&[message(2, &[0; 11]), message(2, &[0; 12]), message(2, &[0; 11])].concat(), b""), None);
    assert_eq!(hear(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0\x01\0\0\0", b""), None);
}

#[test]
fn frames_of_miner_proxy_are_a_hint_only() {
    let frame = |length: u32, seed| [vec(&length.to_be_bytes()), noise(length as usize, seed)].concat();
    let weight = |client: &[u8], server: &[u8]| {
        let heard = super::super::hear(Beginning { client, server, turns: &[] });
        heard.map(|(place, told)| (STREAMS[place].id, told.heard.weight)).last()
    };
    let client = [frame(256, 1), frame(512, 2), frame(1_024, 3)].concat();
    let server = [frame(192, 4), frame(192, 5), frame(256, 6)].concat();
    assert_eq!(weight(&client, &server), Some(("miner-proxy", 40)));
    assert_eq!(weight(&client, b""), None, "one side is not enough");
    for end in 0..server.len() {
        assert_eq!(weight(&client, &server[..end]), None);
    }
    let even = [frame(256, 1), frame(256, 2), frame(256, 3)].concat();
    assert_eq!(weight(&even, &even), None, "all of one length");
    assert_eq!(weight(&client, &[frame(192, 4), frame(200, 5), frame(256, 6)].concat()), None, "no blocks");
    assert_eq!(weight(&client, &[frame(192, 4), vec(&[0, 0, 0, 64]), vec(&[7; 64]), frame(256, 6)].concat()), None);
}
