//! Heads as miners, nodes, browsers and others send them.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec;

use super::*;
use crate::dialect::PROOF;
use crate::wire::http::Http;

const WALLET: &str = "0x52908400098527886e0f7030069857d2e4169ee7";
const XMR: &str = "48edfHu7V9Z84YzzMa6fUueoELZ9ZRXq9VetWzYGzKt52XU5xvqgzYnDK9URnRoJMk1j8nLwEVsaSWJ4fhdUyZijBGUicoD";

/// The sum of what heads of one flow tell, each token once, and `coin|wallet|worker|agent` of the first that says any.
fn hear(heads: &[&str]) -> BTreeMap<&'static str, (u16, String)> {
    let mut sums = BTreeMap::<_, (u16, String)>::new();
    let mut known = vec![];
    for head in heads {
        let head = head.replace('\n', "\r\n");
        let mut scratch = Vec::new();
        let heard = match Http::read(head.as_bytes()) {
            Http::Request(request) => hear_request(&request, &mut scratch).collect::<Vec<_>>(),
            Http::Response(response) => hear_response(&response).collect(),
            other => panic!("{other:?}: {head}"),
        };
        for (place, heard) in heard {
            let words = [heard.said.coin, heard.said.wallet, heard.said.worker, heard.said.agent];
            let words = words.map(Option::unwrap_or_default).join("|");
            let sum = sums.entry(TABLE[place].id).or_default();
            if !known.contains(&heard.token) {
                known.push(heard.token);
                sum.0 += u16::from(heard.weight);
            }
            if sum.1.len() <= 3 {
                sum.1 = words;
            }
        }
    }
    sums
}

fn base64(text: &str) -> String {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |bytes: &[u8]| {
        let bits = bytes.iter().chain(&[0, 0]).take(3).fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte));
        let digits = (0..4).map(|at| char::from(alphabet[bits >> (18 - 6 * at) & 63]));
        digits.take(bytes.len() + 1).chain("==".chars().take(3 - bytes.len())).collect::<String>()
    };
    text.as_bytes().chunks(3).map(group).collect()
}

#[test]
fn every_row_names_a_dialect_and_is_called_once() {
    for (at, row) in HEADS.iter().enumerate() {
        assert!(place(row).is_some(), "{} is no dialect", row.dialect);
        assert!(row.token.weight > 0 && row.token.weight <= PROOF);
        let namesake = |other: &HeadToken| other.dialect == row.dialect && other.token.name == row.token.name;
        assert!(!HEADS[at + 1..].iter().any(namesake), "{} stands twice", row.token.name);
        let dialect = &TABLE[place(row).unwrap()];
        assert!(
            !dialect.tokens.iter().any(|token| token.name == row.token.name),
            "{} of {}",
            row.token.name,
            dialect.id
        );
    }
}

#[test]
fn bodies_carry_few_dialects() {
    let spoken: Vec<_> =
        TABLE.iter().filter(|dialect| is_spoken_over_http(dialect)).map(|dialect| dialect.id).collect();
    assert_eq!(spoken, SPOKEN);
}

#[test]
fn heads_of_miners_and_pools() {
    let cpuminer = format!(
        "POST / HTTP/1.1\nHost: pool.example:8332\nAuthorization: Basic {}\nAccept-Encoding: deflate, gzip\n\
         Content-Type: application/json\nContent-Length: 42\nUser-Agent: cpuminer/2.5.1\nX-Mining-Extensions: midstate\n\n",
        base64("bob.rig1:x")
    );
    let bfgminer = "POST /LP HTTP/1.1\nHost: pool.example\nUser-Agent: bfgminer/5.5.0\n\
                    X-Mining-Extensions: longpoll midstate rollntime submitold\nX-Mining-Hashrate: 1250000000\n\n";
    let node = "POST / HTTP/1.1\nHost: 192.0.2.1\nAuthorization: Basic ";
    let plain = format!("{node}{}\nUser-Agent: cpuminer-multi/1.3.7\n\n", base64(&format!("{XMR}.pc7:x")));
    let poll = "GET /getheight HTTP/1.1\nHost: 192.0.2.1:18081\nAccept: */*\nConnection: keep-alive\n\
                User-Agent: XMRig/6.26.0 (Linux x86_64) libuv/1.48.0 gcc/13.3.0\n\n";
    for (heads, said) in [
        (&[cpuminer.as_str()][..], "|bob|rig1|cpuminer/2.5.1"),
        (&[bfgminer], "|||bfgminer/5.5.0"),
        (&[&plain], &format!("XMR|{XMR}|pc7|cpuminer-multi/1.3.7")),
        (&[poll], "|||XMRig/6.26.0 (Linux x86_64) libuv/1.48.0 gcc/13.3.0"),
        (&["HTTP/1.1 200 OK\nX-Stratum: stratum+tcp://pool.example:3333\nContent-Length: 9\n\n"], "|||"),
        (&["HTTP/1.1 200 OK\nX-Long-Polling: /LP\nX-Roll-NTime: expire=120\n\n"], "|||"),
    ] {
        let heard = hear(heads);
        let (weight, words) = &heard["node-rpc"];
        assert!(*weight >= u16::from(PROOF), "{weight}: {heads:?}");
        assert_eq!(words, said);
    }
}

#[test]
fn heads_that_need_their_body() {
    let post = "POST /json_rpc HTTP/1.1\nHost: 192.0.2.1:18081\nUser-Agent: XMRig/6.26.0\nContent-Length: 99\n";
    assert_eq!(hear(&[&format!("{post}\n")])["node-rpc"].0, 60);
    assert_eq!(hear(&[&format!("{post}X-Hash-Difficulty: 480045\n\n")])["node-rpc"].0, 120);
    let ether = |path: &str| hear(&[&format!("POST {path} HTTP/1.1\nHost: pool.example\nContent-Length: 60\n\n")]);
    for (path, worker) in [
        (format!("/{WALLET}/rig-1"), "rig-1"),
        (format!("/{WALLET}"), ""),
        (format!("/?miner=30@{WALLET}@rig_2"), "rig_2"),
        (format!("/?miner=30@{WALLET}"), ""),
        (format!("http://pool.example:8888/{WALLET}/x"), "x"),
    ] {
        let heard = ether(&path);
        let (weight, words) = &heard["ethproxy"];
        assert_eq!(*weight, 50, "{path}");
        assert!(words.contains(WALLET) && words.ends_with(&format!("|{worker}|")), "{words}");
    }
    for path in [
        format!("/{WALLET}0/rig"),
        format!("/api/{WALLET}"),
        format!("/{WALLET}/a/b"),
        format!("/?miner=all@{WALLET}"),
        String::from("/0xzz"),
        String::from("/"),
    ] {
        assert!(ether(&path).is_empty(), "{path}");
    }
    let upgrade = "GET /proxy HTTP/1.1\nHost: a.example\nUpgrade: websocket\nConnection: Upgrade\n\n";
    assert_eq!(hear(&[upgrade])["web-miner"].0, 20);
    let candidate = "GET /mining/candidate HTTP/1.1\nHost: 192.0.2.1:9053\n\n";
    let solution = "POST /mining/solution HTTP/1.1\nHost: 192.0.2.1:9053\nContent-Length: 40\n\n";
    assert_eq!(hear(&[candidate, candidate])["ergo"].0, 40);
    assert_eq!(hear(&[candidate, solution])["ergo"].0, 100);
}

#[test]
fn heads_of_others() {
    let wallet = base64(&format!("{XMR}:x"));
    for (head, most) in [
        ("GET / HTTP/1.1\nHost: a\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/132.0\n\n", 0),
        ("GET /getinfo HTTP/1.1\nHost: a\nUser-Agent: curl/8.5.0\nAccept: */*\n\n", 0),
        ("GET /getheight HTTP/1.1\nHost: a\nUser-Agent: Mozilla/5.0 XMRig/6\n\n", 0),
        ("GET /debian/dists/bookworm/InRelease HTTP/1.1\nHost: a\nUser-Agent: Debian APT-HTTP/1.3 (2.6.1)\n\n", 0),
        ("GET /xmrig.tar.gz HTTP/1.1\nHost: a\nUser-Agent: Wget/1.21.3\n\n", 0),
        ("GET /mining/candidate HTTP/1.1\nHost: a\nReferer: http://a/jobs\n\n", 0),
        ("POST /mining/solution HTTP/1.1\nHost: a\nCookie: id=1\nContent-Length: 4\n\n", 0),
        ("POST /json_rpc HTTP/1.1\nHost: a:18081\nUser-Agent: monero-wallet/0.18\nContent-Length: 99\n\n", 0),
        ("POST / HTTP/1.1\nHost: a:8332\nAuthorization: Basic cnBjOnB3\nUser-Agent: python-requests/2.31\n\n", 0),
        ("POST / HTTP/1.1\nHost: a\nUser-Agent: avalonbrowser/1.0\nContent-Length: 0\n\n", 0),
        ("POST / HTTP/1.1\nHost: a\nUser-Agent: minerdata-sync/1.0\nContent-Length: 0\n\n", 0),
        ("GET /getinfo HTTP/1.1\nHost: a\nUser-Agent: data-miner/2.0\n\n", 0),
        ("GET /proxy HTTP/1.1\nHost: a\nUser-Agent: curl/8.5.0\n\n", 0),
        ("GET /releases/latest HTTP/1.1\nHost: a\nUser-Agent: XMRig/6.26.0\n\n", 20),
        ("GET /ip HTTP/1.1\nHost: a\nUser-Agent: NBMiner/42.3\n\n", 20),
        ("GET /page HTTP/1.1\nHost: a\nX-Mining-Extensions: none\nX-Mining-Hashrate: high\n\n", 0),
        ("GET /hash HTTP/1.1\nHost: a\nX-Hash-Difficulty: 12\n\n", 0),
        ("HTTP/1.1 200 OK\nX-Hash-Difficulty: 12\nX-Nonce: 1\n\n", 0),
        ("HTTP/1.1 200 OK\nX-Stratum: 2\n\n", 0),
        ("HTTP/1.1 403 Forbidden\nX-Reject-Reason: rate limit\n\n", 40),
        ("HTTP/1.1 200 OK\nX-Long-Polling: /updates\n\n", 40),
        (&*format!("GET /mail HTTP/1.1\nHost: a\nAuthorization: Basic {wallet}\n\n"), 60),
    ] {
        let sum: u16 = hear(&[head]).values().map(|(weight, _)| *weight).sum();
        assert_eq!(sum, most, "{head}");
    }
}

#[test]
fn passwords_of_heads_are_secrets() {
    let fields = "Authorization: Basic Ym9iOnMzY3JldA==\r\nCookie: id=7\r\nX-Mining-Extensions: midstate\r\n\r\n";
    for path in ["/", &format!("/{WALLET}/rig")] {
        let head = format!("POST {path} HTTP/1.1\r\n{fields}");
        let Http::Request(request) = Http::read(head.as_bytes()) else { panic!("{head}") };
        for (place, heard) in hear_request(&request, &mut Vec::new()) {
            assert_eq!(heard.secrets, [&b"Basic Ym9iOnMzY3JldA=="[..], b"id=7"]);
            let wallet = if TABLE[place].id == "ethproxy" { WALLET } else { "bob" };
            assert_eq!(heard.said.wallet.as_deref(), Some(wallet));
        }
    }
}
