//! Other protocols, as their first turns look on the wire, and random bytes.

use alloc::vec;

use proptest::prelude::*;

use super::*;

/// A length in four octets, highest first, in front.
fn framed(body: &[u8]) -> Vec<u8> {
    [&u32::try_from(body.len()).unwrap().to_be_bytes()[..], body].concat()
}

fn zeros(start: &[u8], length: usize) -> Vec<u8> {
    let mut bytes = start.to_vec();
    bytes.resize(length, 0);
    bytes
}

/// Who speaks first, and the turns in their order.
fn neighbours() -> Vec<(&'static str, End, Vec<Vec<u8>>)> {
    let tls = [&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..], &noise(506, 1)].concat();
    let kafka = framed(b"\x00\x12\x00\x03\x00\x00\x00\x01\x00\x08client-1\x00");
    let thrift = framed(b"\x80\x01\x00\x01\x00\x00\x00\x04ping\x00\x00\x00\x01\x00");
    let postgres = [&b"\x00\x00\x00\x26\x00\x03\x00\x00user\0bob\0database\0shop\0\0"[..]].concat();
    let rlpx = [&[0x01, 0x9a][..], &noise(410, 2)].concat();
    let netbios = |body: &[u8]| framed(&[b"\xfeSMB\x40\x00", body].concat());
    let lightning = |length: usize, seed| [vec![0], noise(length - 1, seed)].concat();
    [
        ("SSH", Server, vec![b"SSH-2.0-OpenSSH_9.6\r\n".to_vec(), b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()]),
        ("TLS", Client, vec![tls, [b"\x16\x03\x03\x00\x7a\x02\x00", &noise(200, 3)[..]].concat()]),
        ("SMB2", Client, vec![netbios(&zeros(&[], 218)), netbios(&zeros(&[1], 250)), netbios(&noise(90, 4))]),
        ("SMB1", Client, vec![zeros(b"\x00\x00\x00\x45\xffSMBr", 73), zeros(b"\x00\x00\x00\x40\xffSMBr", 68)]),
        ("MySQL", Server, vec![zeros(b"\x4a\x00\x00\x00\x0a8.0.36\x00", 78), zeros(b"\x20\x00\x00\x01\x85\xae", 36)]),
        (
            "MQTT",
            Client,
            vec![b"\x10\x1e\x00\x04MQTT\x04\x02\x00\x3c\x00\x12sensor-0000000001x".to_vec(), vec![0x20, 2, 0, 0]],
        ),
        ("AMQP", Client, vec![b"AMQP\x00\x00\x09\x01".to_vec(), zeros(&[1, 0, 0, 0, 0, 1, 0xf9], 512)]),
        ("obfs4", Client, vec![noise(1_733, 5), noise(911, 6), noise(600, 7), noise(44, 8), noise(131, 9)]),
        (
            "obfs4 of unlucky length",
            Client,
            vec![noise(149, 5), noise(234, 6), noise(98, 7), noise(44, 8), noise(131, 9)],
        ),
        ("MTProto", Client, vec![noise(64 + 41, 9), noise(85, 10), noise(341, 11), noise(653, 12)]),
        (
            "MTProto of unlucky length",
            Client,
            vec![noise(105, 9), noise(234, 10), noise(98, 11), noise(44, 12), noise(131, 9)],
        ),
        ("BIP324", Client, vec![noise(64, 13), noise(100, 14), noise(180, 15), noise(44, 16), noise(131, 9)]),
        ("Secret Handshake", Client, vec![noise(64, 13), noise(64, 14), noise(112, 15), noise(80, 16)]),
        ("Lightning", Client, vec![lightning(50, 17), lightning(50, 18), lightning(66, 19), noise(90, 20)]),
        (
            "Shadowsocks",
            Client,
            vec![noise(32 + 18 + 80, 21), noise(234, 22), noise(98, 23), noise(44, 24), noise(131, 9)],
        ),
        ("RLPx", Client, vec![rlpx.clone(), rlpx, noise(144, 25), noise(144, 26)]),
        ("BitTorrent", Client, vec![zeros(b"\x13BitTorrent protocol", 68), zeros(b"\x13BitTorrent protocol", 68)]),
        (
            "BitTorrent, encrypted",
            Client,
            vec![noise(96, 27), noise(96 + 138, 28), noise(98, 29), noise(44, 30), noise(131, 9)],
        ),
        ("DNS", Client, vec![zeros(b"\x00\x1c\x12\x34\x01\x00\x00\x01", 30), zeros(b"\x00\x2c\x12\x34\x81\x80", 46)]),
        (
            "RDP",
            Client,
            vec![b"\x03\x00\x00\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\x03\0\0\0".to_vec(), vec![3, 0, 0, 0x13]],
        ),
        ("PostgreSQL", Client, vec![postgres, zeros(b"R\0\0\0\x17\0\0\0\x0aSCRAM", 24), zeros(b"p\0\0\0\x36", 55)]),
        ("PostgreSQL with TLS", Client, vec![vec![0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f], b"S".to_vec()]),
        ("Kafka", Client, vec![kafka.clone(), framed(&zeros(&[0, 0, 0, 1], 64)), kafka, framed(&zeros(&[1], 48))]),
        ("MongoDB", Client, vec![zeros(&[0x3a, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0xd4, 7], 58), zeros(&[0x60], 96)]),
        ("ZooKeeper", Client, vec![framed(&zeros(&[], 45)), framed(&zeros(&[0, 0, 0, 0, 0, 0, 0x75, 0x30], 37))]),
        ("Thrift", Client, vec![thrift.clone(), thrift.clone(), thrift.clone(), thrift]),
        ("Tuya", Client, vec![zeros(b"\x00\x00\x55\xaa\x00\x00\x00\x01", 44), zeros(b"\x00\x00\x55\xaa", 60)]),
        (
            "libp2p Noise",
            Client,
            vec![[&[0, 32][..], &noise(32, 31)].concat(), [&[0, 0xca][..], &noise(202, 32)].concat()],
        ),
        ("an ELF file", Server, vec![zeros(b"\x7fELF\x02\x01\x01", 400)]),
        ("zeros", Client, vec![vec![0; 64], vec![0; 234], vec![0; 98], vec![0; 44], vec![0; 131]]),
        (
            "base64",
            Client,
            vec![
                vec![b'A'; 64],
                b"c29tZSB0ZXh0".repeat(20)[..234].to_vec(),
                vec![b'B'; 98],
                vec![b'C'; 44],
                vec![b'D'; 131],
            ],
        ),
        ("SMTP", Server, vec![b"220 mail.example ESMTP\r\n".to_vec(), b"EHLO a\r\n".to_vec(), b"250 OK\r\n".to_vec()]),
        ("a table", Client, vec![b"JOB,name,LOW?\n1,2,3,4,5\n".to_vec(), b"3.0\n".to_vec()]),
        ("git", Client, vec![b"0033git-upload-pack /a.git\0host=example\0".to_vec(), b"004a".to_vec()]),
        ("digits", Client, vec![b"0123456789".repeat(16), b"0123456789".repeat(16)]),
        ("numbers", Client, vec![b"1,2,3\n".repeat(80), b"3.5\n".repeat(80)]),
        ("Redis", Client, vec![b"*1\r\n$4\r\nPING\r\n".to_vec(), b"+PONG\r\n".to_vec()]),
    ]
    .into()
}

#[test]
fn neighbours_prove_nothing_at_any_cut() {
    for (name, first, turns) in neighbours() {
        let other = if first == Client { Server } else { Client };
        let talk = Talk([first, other].into_iter().cycle().zip(turns).collect());
        assert_eq!(talk.heard(), None, "{name}");
        assert_eq!(talk.turned().heard(), None, "{name}, the other way round");
        // Those that begin with bytes that may be ours are given up once they go on.
        let waits = (0..=talk.octets()).filter(|octets| talk.until(*octets, awaits)).count();
        assert!(
            waits <= 700 && !talk.until(talk.octets(), awaits) || talk.octets() < 100,
            "{name} is waited for: {waits}"
        );
    }
}

/// Starts that look like those of our dialects.
static STARTS: &[&[u8]] = &[
    b"",
    &[0],
    &[0, 0],
    &[0, 0x80],
    &[0, 0, 0],
    &[0, 0, 0, 0x40],
    &[0, 0x80, 0x1a, 0x18, 0, 0],
    &[0, 0, 1, 6, 0, 0],
    &[0x7f, 1],
    &[0x7f, 2, 15, 0],
    &[0x20, 0],
    &[9, 0],
    b"\x09\x00STR",
    b"JOB,",
    b"3.0\n",
    b"shake~{",
    b"job~{",
];

#[test]
fn a_million_random_beginnings_prove_nothing() {
    let pool = noise(1 << 22, 77);
    let mut state = 1_u64;
    let mut below = |limit: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % limit
    };
    let (mut client, mut server) = (Vec::new(), Vec::new());
    for round in 0..1_000_000 {
        for side in [&mut client, &mut server] {
            side.clear();
            side.extend_from_slice(STARTS[below(STARTS.len())]);
            let length = below(700);
            let from = below(pool.len() - length);
            side.extend_from_slice(&pool[from..from + length]);
        }
        // The turns of each end add up to what it said, or to more than is held.
        let mut turns = Vec::with_capacity(TURNS);
        let first = below(2);
        for turn in 0..1 + below(TURNS) {
            let end = if (turn + first) % 2 == 0 { Client } else { Server };
            turns.push(Turn { end, octets: 1 + below(700) });
        }
        let beginning = Beginning { client: &client, server: &server, turns: &turns };
        assert_eq!(proof(beginning), None, "round {round}");
    }
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

    #[test]
    fn any_turns_are_borne(
        client in prop::collection::vec(any::<u8>(), 0..99),
        server in prop::collection::vec(any::<u8>(), 0..99),
        octets in prop::collection::vec(any::<usize>(), 0..9),
    ) {
        let ends = [Server, Client, Client].into_iter().cycle();
        let turns: Vec<Turn> = ends.zip(octets).map(|(end, octets)| Turn { end, octets }).collect();
        prop_assert_eq!(proof(Beginning { client: &client, server: &server, turns: &turns }), None);
    }
}
