//! Sessions that are let pass: what is counted of them, however their bytes come.

use alloc::vec::Vec;

use super::*;
use crate::limits::{FOLLOWED, FOLLOWED_IDLE_MS};

/// Who says a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Miner,
    Pool,
}
use By::{Miner, Pool};

/// A session of one dialect and what is to be counted: jobs, shares offered, accepted, rejected, measured, and hashes.
struct Session {
    dialect: &'static str,
    lines: &'static [(By, &'static str)],
    counts: [u32; 5],
    hashes: f64,
}

/// 64 hexadecimal digits, for hashes and headers.
macro_rules! hash {
    () => {
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
    };
}
/// The blob of a CryptoNote job.
macro_rules! blob {
    () => {
        concat!("1010", hash!(), hash!(), "00112233445566778899")
    };
}

static SESSIONS: &[Session] = &[
    // Targets of PROTOCOLS.md section 3.3: 10,000 and 9,000 hashes; the second share is for the first job; one is refused.
    Session {
        dialect: "cryptonote",
        lines: &[
            (
                Miner,
                r#"{"id":1,"jsonrpc":"2.0","method":"login","params":{"login":"48edfHu7V9Z84YzzMa6fUueoELZ9ZRXq9VetWzYGzKt52XU5xvqgzYnDK9URnRoJMk1j8nLwEVsaSWJ4fhdUyZijBGUicoD","pass":"x","agent":"XMRig/6.26.0","algo":["rx/0"]}}"#,
            ),
            (
                Pool,
                concat!(
                    r#"{"id":1,"jsonrpc":"2.0","error":null,"result":{"id":"a1","job":{"blob":""#,
                    blob!(),
                    r#"","job_id":"j1","target":"b88d0600","algo":"rx/0","height":3435647},"status":"OK"}}"#
                ),
            ),
            (
                Pool,
                concat!(
                    r#"{"jsonrpc":"2.0","method":"job","params":{"blob":""#,
                    blob!(),
                    r#"","job_id":"j2","target":"22480700","algo":"rx/0"}}"#
                ),
            ),
            (
                Miner,
                concat!(
                    r#"{"id":2,"jsonrpc":"2.0","method":"submit","params":{"id":"a1","job_id":"j2","nonce":"25b30500","result":""#,
                    hash!(),
                    r#""}}"#
                ),
            ),
            (
                Miner,
                concat!(
                    r#"{"id":3,"jsonrpc":"2.0","method":"submit","params":{"id":"a1","job_id":"j1","nonce":"25b30501","result":""#,
                    hash!(),
                    r#""}}"#
                ),
            ),
            (
                Miner,
                concat!(
                    r#"{"id":4,"jsonrpc":"2.0","method":"submit","params":{"id":"a1","job_id":"j2","nonce":"25b30502","result":""#,
                    hash!(),
                    r#""}}"#
                ),
            ),
            (Pool, r#"{"id":3,"jsonrpc":"2.0","error":null,"result":{"status":"OK"}}"#),
            (Pool, r#"{"id":2,"jsonrpc":"2.0","error":null,"result":{"status":"OK"}}"#),
            (Pool, r#"{"id":4,"jsonrpc":"2.0","error":{"code":-1,"message":"Low difficulty share"}}"#),
            (Miner, r#"{"id":5,"jsonrpc":"2.0","method":"keepalived","params":{"id":"a1"}}"#),
            (Pool, r#"{"id":5,"jsonrpc":"2.0","error":null,"result":{"status":"KEEPALIVED"}}"#),
        ],
        counts: [2, 3, 2, 1, 2],
        hashes: 19_000.0,
    },
    // 65,536 x 2^32; the same request id twice, as cpuminer does; the difficulty counts for jobs behind it.
    Session {
        dialect: "stratum-v1",
        lines: &[
            (Miner, r#"{"id": 1, "method": "mining.subscribe", "params": ["cgminer/4.11.1"]}"#),
            (
                Pool,
                r#"{"id":1,"result":[[["mining.set_difficulty","s"],["mining.notify","s"]],"f000",4],"error":null}"#,
            ),
            (
                Miner,
                r#"{"id": 2, "method": "mining.authorize", "params": ["bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4.r", "x"]}"#,
            ),
            (Pool, r#"{"id":2,"result":true,"error":null}"#),
            (Pool, r#"{"id":null,"method":"mining.set_difficulty","params":[65536]}"#),
            (
                Pool,
                concat!(
                    r#"{"id":null,"method":"mining.notify","params":["1",""#,
                    hash!(),
                    r#"","01","02",[],"20000000","1703a30c","65a1b2c3",true]}"#
                ),
            ),
            (Pool, r#"{"id":null,"method":"mining.set_difficulty","params":[131072]}"#),
            (Miner, r#"{"params": ["w.r","1","00000001","65a1b2c3","e4f5a6b7"], "id": 4, "method": "mining.submit"}"#),
            (Miner, r#"{"params": ["w.r","1","00000002","65a1b2c3","e4f5a6b8"], "id": 4, "method": "mining.submit"}"#),
            (Pool, r#"{"id":4,"result":true,"error":null}"#),
            (Pool, r#"{"id":4,"result":null,"error":[23,"Low difficulty share",null]}"#),
        ],
        counts: [1, 2, 1, 1, 1],
        hashes: 65_536.0 * 4_294_967_296.0,
    },
    // 4.00 x 10^9 hashes; the job is asked for twice, and is one.
    Session {
        dialect: "ethproxy",
        lines: &[
            (
                Miner,
                r#"{"id":1,"method":"eth_submitLogin","params":["0x52908400098527886e0f7030069857d2e4169ee7","x"],"worker":"r"}"#,
            ),
            (Pool, r#"{"id":1,"jsonrpc":"2.0","result":true}"#),
            (Miner, r#"{"id":5,"method":"eth_getWork","params":[]}"#),
            (
                Pool,
                concat!(
                    r#"{"id":5,"jsonrpc":"2.0","result":["0x"#,
                    hash!(),
                    r#"","0x"#,
                    hash!(),
                    r#"","0x0000000112e0be826d694b2e62d01511f12a6061fbaec8bc02357593e70e52bb"]}"#
                ),
            ),
            (
                Pool,
                concat!(
                    r#"{"id":0,"jsonrpc":"2.0","result":["0x"#,
                    hash!(),
                    r#"","0x"#,
                    hash!(),
                    r#"","0x0000000112e0be826d694b2e62d01511f12a6061fbaec8bc02357593e70e52bb"]}"#
                ),
            ),
            (
                Miner,
                concat!(
                    r#"{"id":41,"method":"eth_submitWork","params":["0x0011223344556677","0x"#,
                    hash!(),
                    r#"","0x"#,
                    hash!(),
                    r#""],"worker":"r"}"#
                ),
            ),
            (Pool, r#"{"id":41,"jsonrpc":"2.0","result":true}"#),
            (Miner, concat!(r#"{"id":9,"method":"eth_submitHashrate","params":["0x3ef1480","0x"#, hash!(), r#""]}"#)),
            (Pool, r#"{"id":9,"jsonrpc":"2.0","result":true}"#),
        ],
        counts: [1, 1, 1, 0, 1],
        hashes: 4.0e9,
    },
    // d = 2.0: 2 x 2^32.
    Session {
        dialect: "ethereum-stratum-1",
        lines: &[
            (Miner, r#"{"id":1,"method":"mining.subscribe","params":["PhoenixMiner/5.5c","EthereumStratum/1.0.0"]}"#),
            (Pool, r#"{"id":1,"result":[["mining.notify","s","EthereumStratum/1.0.0"],"af4c"],"error":null}"#),
            (Pool, r#"{"id":null,"method":"mining.set_difficulty","params":[2.0]}"#),
            (
                Pool,
                concat!(
                    r#"{"id":null,"method":"mining.notify","params":["b1",""#,
                    hash!(),
                    r#"",""#,
                    hash!(),
                    r#"",true]}"#
                ),
            ),
            (
                Miner,
                r#"{"id":244,"method":"mining.submit","params":["0x52908400098527886e0f7030069857d2e4169ee7.r","b1","6f6bbc2a80a1"]}"#,
            ),
            (Pool, r#"{"id":244,"result":true,"error":null}"#),
        ],
        counts: [1, 1, 1, 0, 1],
        hashes: 8_589_934_592.0,
    },
    Session {
        dialect: "ethereum-stratum-2",
        lines: &[
            (
                Miner,
                r#"{"id":0,"method":"mining.hello","params":{"agent":"ethminer","host":"p","port":"4d2","proto":"EthereumStratum/2.0.0"}}"#,
            ),
            (
                Pool,
                r#"{"method":"mining.set","params":{"epoch":"dc","target":"0000000112e0be826d694b2e62d01511f12a6061fbaec8bc02357593e70e52bb","algo":"ethash","extranonce":"a2"}}"#,
            ),
            (Pool, concat!(r#"{"method":"mining.notify","params":["bf0488aa","6526d5",""#, hash!(), r#"","0"]}"#)),
            (Miner, r#"{"id":31,"method":"mining.submit","params":["bf0488aa","68765fccd712","w-123"]}"#),
            (Pool, r#"{"id":31,"result":true}"#),
        ],
        counts: [1, 1, 1, 0, 1],
        hashes: 4.0e9,
    },
    // T = 00000000ff00..: 4.312 x 10^9.
    Session {
        dialect: "kawpow",
        lines: &[
            (Miner, r#"{"id":1,"method":"mining.subscribe","params":["kawpowminer/1.2.4"]}"#),
            (Pool, r#"{"id":1,"result":[null,"64290b"],"error":null}"#),
            (
                Pool,
                r#"{"id":null,"method":"mining.set_target","params":["00000000ff000000000000000000000000000000000000000000000000000000"]}"#,
            ),
            (
                Pool,
                concat!(
                    r#"{"id":null,"method":"mining.notify","params":["j",""#,
                    hash!(),
                    r#"",""#,
                    hash!(),
                    r#"","00000000ff000000000000000000000000000000000000000000000000000000",true,2500000,"1b00a1b2"]}"#
                ),
            ),
            (
                Miner,
                concat!(
                    r#"{"id":9,"method":"mining.submit","params":["RW.r","j","0x0011223344556677","0x"#,
                    hash!(),
                    r#"","0x"#,
                    hash!(),
                    r#""]}"#
                ),
            ),
            (Pool, r#"{"id":9,"result":true,"error":null}"#),
        ],
        counts: [1, 1, 1, 0, 1],
        hashes: 4_311_810_305.0,
    },
    // 16,000 solutions.
    Session {
        dialect: "equihash",
        lines: &[
            (
                Miner,
                r#"{"id": 1, "method": "mining.subscribe", "params": ["miniZ/1.5t2", null, "pool.example", "3443"]}"#,
            ),
            (Pool, r#"{"id":1,"result":[null,"0a0b0c"],"error":null}"#),
            (
                Pool,
                r#"{"id":null,"method":"mining.set_target","params":["0004189374bc6a7ef9db22d0e5604189374bc6a7ef9db22d0e5604189374bc6a"]}"#,
            ),
            (
                Pool,
                concat!(
                    r#"{"id":null,"method":"mining.notify","params":["7","04000000",""#,
                    hash!(),
                    r#"",""#,
                    hash!(),
                    r#"",""#,
                    hash!(),
                    r#"","65a1b2c3","1c01a2b3",true]}"#
                ),
            ),
            (Miner, r#"{"id":8,"method":"mining.submit","params":["t1.r","7","65a1b2c3","00112233","fd4005"]}"#),
            (Pool, r#"{"id":8,"result":true,"error":null}"#),
        ],
        counts: [1, 1, 1, 0, 1],
        hashes: 16_000.0,
    },
    Session {
        dialect: "kaspa",
        lines: &[
            (Miner, r#"{"id":1,"method":"mining.subscribe","params":["IceRiverMiner-v1.1","EthereumStratum/1.0.0"]}"#),
            (Pool, r#"{"id":1,"result":[true,"EthereumStratum/1.0.0"]}"#),
            (Pool, r#"{"method":"mining.set_difficulty","params":[8192]}"#),
            (Pool, r#"{"method":"mining.notify","params":["12",[1,2,3,4],1700000000000]}"#),
            (Miner, r#"{"id":3,"method":"mining.submit","params":["kaspa:qq.r","12","0x0011223344556677"]}"#),
            (Pool, r#"{"id":3,"result":true}"#),
        ],
        counts: [1, 1, 1, 0, 1],
        hashes: 8_192.0 * 4_294_967_296.0,
    },
    // b = 2^256 / 10^9 or so.
    Session {
        dialect: "ergo",
        lines: &[
            (Miner, r#"{"id":1,"method":"mining.subscribe","params":["lolMiner 1.98"]}"#),
            (
                Pool,
                r#"{"id":1,"result":[[["mining.set_difficulty","s"],["mining.notify","s"]],"a1b2",6],"error":null}"#,
            ),
            (Pool, r#"{"id":null,"method":"mining.set_difficulty","params":[1]}"#),
            (
                Pool,
                concat!(
                    r#"{"id":null,"method":"mining.notify","params":["5",1200000,""#,
                    hash!(),
                    r#"","","",2,"115792089237316195423570985008687907853269984665640564039457584007913","",true]}"#
                ),
            ),
            (
                Miner,
                r#"{"id":6,"method":"mining.submit","params":["9f.r","5","000000000001","00000000","a1b2000000000001"]}"#,
            ),
            (Pool, r#"{"id":6,"result":true,"error":null}"#),
        ],
        counts: [1, 1, 1, 0, 1],
        hashes: 1.0e9,
    },
    // d = 1,024: 1,024 x 2^34.
    Session {
        dialect: "alephium",
        lines: &[
            (Miner, r#"{"id":1,"method":"mining.hello","params":["bzminer"]}"#),
            (Pool, r#"{"id":1,"result":["AlephiumStratum/1.0.0",false,"1e","0x5","n"]}"#),
            (Pool, r#"{"method":"mining.set_difficulty","params":[1024]}"#),
            (
                Pool,
                r#"{"method":"mining.notify","params":[{"fromGroup":0,"toGroup":1,"headerBlob":"00","txsBlob":"00","targetBlob":"00ff","jobId":"1"},{"fromGroup":0,"toGroup":2,"headerBlob":"00","txsBlob":"00","targetBlob":"00ff","jobId":"2"}]}"#,
            ),
            (
                Miner,
                r#"{"id":3,"method":"mining.submit","params":{"jobId":"2","fromGroup":0,"toGroup":2,"nonce":"00ff","worker":"1Dk.r"}}"#,
            ),
            (Pool, r#"{"id":3,"result":true}"#),
        ],
        counts: [1, 1, 1, 0, 1],
        hashes: 1_024.0 * 17_179_869_184.0,
    },
    Session {
        dialect: "conflux",
        lines: &[
            (
                Miner,
                r#"{"jsonrpc":"2.0","id":1,"method":"mining.subscribe","params":["cfx:aarc9abycue0hhzgyrr53m6cxedgccrmmyybjgh4xg","x"]}"#,
            ),
            (
                Pool,
                concat!(
                    r#"{"id":null,"method":"mining.notify","params":["4","112233","0x"#,
                    hash!(),
                    r#"","0x0000000112e0be826d694b2e62d01511f12a6061fbaec8bc02357593e70e52bb"]}"#
                ),
            ),
            (
                Miner,
                concat!(
                    r#"{"id":17,"method":"mining.submit","params":["cfx:aarc","4","0x0011223344556677","0x"#,
                    hash!(),
                    r#""]}"#
                ),
            ),
            (Pool, r#"{ "id": 17, "result":[true],"error":null}"#),
        ],
        counts: [1, 1, 1, 0, 1],
        hashes: 4.0e9,
    },
    // The difficulty packed: exponent 10, half of the mantissa: 1.5 x 2^10.
    Session {
        dialect: "beam",
        lines: &[
            (Miner, concat!(r#"{"api_key":""#, hash!(), r#"ab.r","id":"login","jsonrpc":"2.0","method":"login"}"#)),
            (
                Pool,
                r#"{"code":0,"description":"Login successful","forkheight":1,"id":"login","jsonrpc":"2.0","method":"result","nonceprefix":"ab12"}"#,
            ),
            (
                Pool,
                concat!(
                    r#"{"difficulty":176160768,"height":7,"id":"31","input":""#,
                    hash!(),
                    r#"","jsonrpc":"2.0","method":"job","nonceprefix":"ab12"}"#
                ),
            ),
            (
                Miner,
                concat!(
                    r#"{"id":"31","jsonrpc":"2.0","method":"solution","nonce":"ab12000000000001","output":""#,
                    hash!(),
                    hash!(),
                    hash!(),
                    r#"0011223344556677"}"#
                ),
            ),
            (Pool, r#"{"code":1,"description":"accepted","id":"31","jsonrpc":"2.0","method":"result"}"#),
        ],
        counts: [1, 1, 1, 0, 1],
        hashes: 1_536.0,
    },
    Session {
        dialect: "ckb",
        lines: &[
            (
                Miner,
                r#"{"id":1,"method":"ckb_submitLogin","params":{"login":"ckt1q","agent":"NBMiner/42","worker":"r"}}"#,
            ),
            (Pool, r#"{"id":1,"result":{"nonce_pre":"ab12","nonce_bytes":12}}"#),
            (
                Pool,
                concat!(
                    r#"{"id":2,"result":{"height":9,"pow_hash":""#,
                    hash!(),
                    r#"","target":"0x0000000112e0be826d694b2e62d01511f12a6061fbaec8bc02357593e70e52bb"}}"#
                ),
            ),
            (
                Miner,
                concat!(
                    r#"{"id":3,"method":"ckb_submitWork","params":{"pow_hash":""#,
                    hash!(),
                    r#"","nonce":"0xab"}}"#
                ),
            ),
            (Pool, r#"{"id":3,"result":true}"#),
        ],
        counts: [1, 1, 1, 0, 1],
        hashes: 4.0e9,
    },
    Session {
        dialect: "ironfish",
        lines: &[
            (
                Miner,
                concat!(
                    r#"{"id":0,"method":"mining.subscribe","body":{"version":3,"agent":"lolMiner/1.98","publicAddress":""#,
                    hash!(),
                    r#".r"}}"#
                ),
            ),
            (Pool, r#"{"id":1,"method":"mining.subscribed","body":{"clientId":1,"graffiti":"x","xn":"ab"}}"#),
            (
                Pool,
                r#"{"id":2,"method":"mining.set_target","body":{"target":"0000000112e0be826d694b2e62d01511f12a6061fbaec8bc02357593e70e52bb"}}"#,
            ),
            (Pool, r#"{"id":3,"method":"mining.notify","body":{"miningRequestId":8,"header":"00ff"}}"#),
            (Miner, r#"{"id":5,"method":"mining.submit","body":{"miningRequestId":8,"randomness":"ab00"}}"#),
            (Pool, r#"{"id":4,"method":"mining.submitted","body":{"id":5,"result":true}}"#),
        ],
        counts: [1, 1, 1, 0, 1],
        hashes: 4.0e9,
    },
    Session {
        dialect: "grin",
        lines: &[
            (
                Miner,
                r#"{"id":"0","jsonrpc":"2.0","method":"login","params":{"agent":"grin-miner","login":"grin1x","pass":"x"}}"#,
            ),
            (Pool, r#"{"id":"0","jsonrpc":"2.0","method":"login","result":"ok","error":null}"#),
            (
                Pool,
                concat!(
                    r#"{"id":"0","jsonrpc":"2.0","method":"job","params":{"difficulty":1,"height":16375,"job_id":4,"pre_pow":""#,
                    hash!(),
                    hash!(),
                    hash!(),
                    hash!(),
                    r#""}}"#
                ),
            ),
            (
                Miner,
                r#"{"id":"0","jsonrpc":"2.0","method":"submit","params":{"edge_bits":31,"height":16375,"job_id":4,"nonce":88,"pow":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33,34,35,36,37,38,39,40,41,42]}}"#,
            ),
            (Pool, r#"{"id":"0","jsonrpc":"2.0","method":"submit","result":"ok","error":null}"#),
        ],
        counts: [1, 1, 1, 0, 0],
        hashes: 0.0,
    },
];

/// One segment to be sent: who, where in its stream, what.
type Part = (By, u32, Vec<u8>);

/// The lines one after another, cut anew at these places of each side's stream; the order of the sides stays.
fn parts(lines: &[(By, &str)], cut: &mut dyn FnMut(usize) -> usize) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut at = [1_000_u32, 500];
    for (by, line) in lines {
        let mut text = line.as_bytes().to_vec();
        text.push(b'\n');
        let mut rest = &text[..];
        while !rest.is_empty() {
            let (now, later) = rest.split_at(cut(rest.len()).clamp(1, rest.len()));
            let at = &mut at[usize::from(*by == Pool)];
            parts.push((*by, *at, now.to_vec()));
            *at += now.len() as u32;
            rest = later;
        }
    }
    parts
}

/// Everything that was told of what these packets did, joined.
#[derive(Debug, Default)]
struct Told {
    counts: [u32; 5],
    hashes: f64,
    bytes: (u64, u64),
    dialect: Option<&'static str>,
    records: Vec<Record>,
    verdicts: Vec<Verdict>,
}

impl Told {
    fn add(&mut self, activity: &Activity) {
        let Activity { jobs, offered, accepted, rejected, measured, .. } = *activity;
        for (sum, more) in self.counts.iter_mut().zip([jobs, offered, accepted, rejected, measured]) {
            *sum += more;
        }
        self.hashes += activity.hashes;
        self.bytes = (self.bytes.0 + activity.sent_bytes, self.bytes.1 + activity.received_bytes);
        self.dialect = Some(activity.dialect);
        assert_eq!(self.records.first().map(|record| &record.id), Some(&activity.record));
        assert!(activity.since_us <= activity.until_us);
    }
}

/// Sends the parts a second apart, with SYN.
fn run(engine: &mut Engine, parts: &[Part]) -> Told {
    let (host, pool) = ends(false);
    let mut told = Told::default();
    let mut now = Now::from_wall_us(1_700_000_000_000_000);
    let _ = engine.on_ip(now, Meta::default(), &segment(host, pool, 999, SYN, b""));
    let _ = engine.on_ip(now, Meta::default(), &segment(pool, host, 499, SYN | 0x10, b""));
    for (by, seq, bytes) in parts {
        now = Now::from_wall_us(now.wall_us + 1_000_000);
        let packet = match by {
            Miner => segment(host, pool, *seq, DATA, bytes),
            Pool => segment(pool, host, *seq, DATA, bytes),
        };
        let outcome = engine.on_ip(now, Meta::default(), &packet);
        told.records.extend(outcome.record.map(|record| *record));
        outcome.activity.iter().for_each(|activity| told.add(activity));
        told.verdicts.push(outcome.verdict);
    }
    engine.finish(now, &mut |activity| told.add(&activity));
    told
}

fn check(session: &Session, told: &Told) {
    let Session { dialect, counts, hashes, .. } = session;
    assert_eq!((told.dialect, told.counts), (Some(*dialect), *counts), "{dialect}");
    assert!((told.hashes - hashes).abs() <= hashes * 1e-3, "{dialect}: {} instead of {hashes}", told.hashes);
}

#[test]
fn what_each_dialect_does_is_counted() {
    for session in SESSIONS {
        let told = run(&mut engine(Mode::Observe), &parts(session.lines, &mut |all| all));
        check(session, &told);
        assert!(!told.verdicts.contains(&Verdict::Clear), "{}: let go", session.dialect);
        let sent = |by| session.lines.iter().filter(|(of, _)| *of == by).map(|(_, line)| line.len() as u64 + 1).sum();
        assert_eq!(told.bytes, (sent(Miner), sent(Pool)), "{}", session.dialect);
    }
}

#[test]
fn the_numbers_of_the_catalogue_come_out() {
    // Targets of CryptoNote, and the hashes of a share.
    for (target, hashes) in [
        ("b88d0600", 10_000.0),
        ("22480700", 9_000.0),
        ("c6100000", 1_000_225.0),
        ("40010400", 16_364.0),
        ("ec010600", 10_909.0),
        ("711b0d00", 5_000.0),
        ("10ece564cf8b0000", 120_000.0),
    ] {
        let session = &SESSIONS[0];
        let lines: Vec<_> = session.lines[..5]
            .iter()
            .map(|(by, line)| {
                let line = line.replace("b88d0600", target);
                (*by, line)
            })
            .collect();
        let mut lines: Vec<(By, &str)> = lines.iter().map(|(by, line)| (*by, line.as_str())).collect();
        lines.push(session.lines[6]);
        let told = run(&mut engine(Mode::Observe), &parts(&lines, &mut |all| all));
        assert_eq!(told.counts[2..], [1, 0, 1], "{target}");
        assert!((told.hashes - hashes).abs() <= 0.6, "{target}: {}", told.hashes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// However the bytes are cut, the same is counted.
    #[test]
    fn any_segmentation_gives_the_same_counts(
        index in 0..SESSIONS.len(),
        cuts in prop::collection::vec(1usize..600, 1..40),
        again in any::<bool>(),
    ) {
        let session = &SESSIONS[index];
        let mut next = cuts.iter().cycle();
        let mut parts = parts(session.lines, &mut |_| *next.next().unwrap());
        if again {
            parts = parts.iter().flat_map(|part| [part.clone(), part.clone()]).collect();
        }
        check(session, &run(&mut engine(Mode::Observe), &parts));
    }

    /// Neighbours of one side that overtake each other change nothing, once the session is under way.
    #[test]
    fn segments_that_overtake_each_other_change_nothing(index in 0..SESSIONS.len(), size in 20usize..200, swaps in prop::collection::vec(any::<bool>(), 200)) {
        let session = &SESSIONS[index];
        let mut parts = parts(session.lines, &mut |_| size);
        let mut place = 0;
        while place + 1 < parts.len() {
            let is_pair = parts[place].0 == parts[place + 1].0;
            // Together within a second: what is missing comes in time.
            if is_pair && swaps[place % swaps.len()] {
                parts.swap(place, place + 1);
                place += 1;
            }
            place += 1;
        }
        check(session, &run(&mut engine(Mode::Observe), &parts));
    }
}

/// Of every beginning of a session, what its whole lines say is counted and nothing else.
#[test]
fn every_beginning_counts_its_whole_lines() {
    let session = &SESSIONS[0];
    let whole = parts(session.lines, &mut |all| all);
    for count in 1..=whole.len() {
        let (by, seq, last) = whole[count - 1].clone();
        let before = run(&mut engine(Mode::Observe), &whole[..count - 1]).counts;
        for length in (1..last.len()).step_by(7) {
            let mut parts = whole[..count - 1].to_vec();
            parts.push((by, seq, last[..length].to_vec()));
            assert_eq!(run(&mut engine(Mode::Observe), &parts).counts, before, "{count} lines and {length} bytes");
        }
    }
}

/// A session of thousands of shares, with more between them than is ever looked at, and what is missing in it.
#[test]
fn a_long_session_is_counted_to_its_end_and_past_holes() {
    let (host, pool) = ends(false);
    let mut engine = engine(Mode::Observe);
    let mut told = Told::default();
    let mut now = Now::from_wall_us(1_700_000_000_000_000);
    let mut seqs = [1_000_u32, 500];
    let mut give = |engine: &mut Engine, told: &mut Told, by: By, text: &str, is_lost: bool| {
        now = Now::from_wall_us(now.wall_us + 500_000);
        let seq = &mut seqs[usize::from(by == Pool)];
        let (from, to) = if by == Miner { (host, pool) } else { (pool, host) };
        let packet = segment(from, to, *seq, DATA, text.as_bytes());
        *seq += text.len() as u32;
        if is_lost {
            return;
        }
        let outcome = engine.on_ip(now, Meta::default(), &packet);
        told.records.extend(outcome.record.map(|record| *record));
        outcome.activity.iter().for_each(|activity| told.add(activity));
        assert_ne!(outcome.verdict, Verdict::Clear);
    };
    for (by, line) in &SESSIONS[0].lines[..2] {
        give(&mut engine, &mut told, *by, &format!("{line}\n"), false);
    }
    for share in 0..3_000 {
        let line = SESSIONS[0].lines[4].1.replace("\"id\":3", &format!("\"id\":{}", share + 10));
        give(&mut engine, &mut told, Miner, &format!("{line}\n"), false);
        let reply = SESSIONS[0].lines[6].1.replace("\"id\":3", &format!("\"id\":{}", share + 10));
        // One answer in a hundred was let pass without us, and begins in the middle of a line.
        give(&mut engine, &mut told, Pool, &format!("{reply}\n"), share % 100 == 50);
    }
    let end = Now::from_wall_us(now.wall_us + 60_000_000);
    engine.activities(end, &mut |activity| told.add(&activity));
    assert_eq!(told.counts, [1, 3_000, 2_970, 0, 2_970]);
    assert_eq!(engine.counters().accepted, 2_970);
    assert_eq!(engine.counters().following, 1);
    // Nobody said that it ended: after a while it is over.
    engine.activities(Now::from_wall_us(end.wall_us + 1_000 * FOLLOWED_IDLE_MS as i64), &mut |_| {});
    assert_eq!(engine.counters().following, 0);
}

#[test]
fn what_is_told_says_when_the_connection_is_over() {
    let (host, pool) = ends(false);
    let mut engine = engine(Mode::Observe);
    let parts = parts(SESSIONS[0].lines, &mut |all| all);
    let now = Now::from_wall_us(1_700_000_000_000_000);
    for (by, seq, bytes) in &parts {
        let (from, to) = if *by == Miner { (host, pool) } else { (pool, host) };
        assert!(engine.on_ip(now, Meta::default(), &segment(from, to, *seq, DATA, bytes)).activity.is_none());
    }
    let fin = segment(host, pool, 5_000, 0x11, b"");
    assert_eq!(engine.on_ip(now, Meta::default(), &fin).verdict, Verdict::Look);
    let mut told = Vec::new();
    engine.activities(now, &mut |activity| told.push(activity));
    assert!(told.is_empty(), "the other end may have more to say");
    engine.activities(Now::from_wall_us(now.wall_us + 6_000_000), &mut |activity| told.push(activity));
    assert_eq!((told.len(), told[0].is_over, told[0].offered), (1, true, 3));
    assert_eq!(told[0].said.coin.as_deref(), Some("XMR"));
    assert_eq!(engine.counters().following, 0);
}

#[test]
fn another_connection_on_the_same_ports_is_another() {
    let mut engine = engine(Mode::Observe);
    let parts = parts(SESSIONS[0].lines, &mut |all| all);
    let (host, pool) = ends(false);
    let now = Now::from_wall_us(1_700_000_000_000_000);
    let mut ids = Vec::new();
    for _ in 0..2 {
        let _ = engine.on_ip(now, Meta::default(), &segment(host, pool, 999, SYN, b""));
        for (by, seq, bytes) in &parts {
            let (from, to) = if *by == Miner { (host, pool) } else { (pool, host) };
            let _ = engine.on_ip(now, Meta::default(), &segment(from, to, *seq, DATA, bytes));
        }
    }
    engine.finish(now, &mut |activity| ids.push((activity.record, activity.offered, activity.is_over)));
    assert_eq!(ids.len(), 2);
    assert_ne!(ids[0].0, ids[1].0);
    assert_eq!([(ids[0].1, ids[0].2), (ids[1].1, ids[1].2)], [(3, true), (3, false)]);
}

#[test]
fn what_mines_no_more_is_cleared_and_the_longest_silent_goes_when_all_places_are_taken() {
    let mut engine = Engine::new(settings(Mode::Observe, Vec::new()), 8_192, Seed::from(7));
    let pool: SocketAddr = "203.0.113.9:3333".parse().unwrap();
    let mut now = Now::from_wall_us(1_700_000_000_000_000);
    let login = format!("{}\n", SESSIONS[0].lines[0].1);
    for host in 0..FOLLOWED as u32 + 8 {
        now = Now::from_wall_us(now.wall_us + 1_000);
        let from = SocketAddr::from(([10, 0, (host >> 8) as u8, host as u8], 40_000));
        let _ = engine.on_ip(now, Meta::default(), &segment(from, pool, 1, DATA, login.as_bytes()));
    }
    let counters = engine.counters();
    assert_eq!((counters.following, counters.let_go), (FOLLOWED as u64, 8));
    // A connection that speaks of something else for long is left to the kernel.
    let from = SocketAddr::from(([10, 0, 3, 0], 40_000));
    let noise = "x".repeat(1_000);
    let mut seq = 1 + login.len() as u32;
    let mut verdict = Verdict::Look;
    for _ in 0..400 {
        verdict = engine.on_ip(now, Meta::default(), &segment(from, pool, seq, DATA, noise.as_bytes())).verdict;
        seq += 1_000;
        if verdict == Verdict::Clear {
            break;
        }
    }
    assert_eq!(verdict, Verdict::Clear);
    assert_eq!(engine.counters().following, FOLLOWED as u64 - 1);
}
