//! One line each: what is heard in it, by whom, and what was said.

use alloc::format;
use alloc::string::String;

use super::*;
use crate::wire::json::{Scratch, parse};

const XMR: &str = "48edfHu7V9Z84YzzMa6fUueoELZ9ZRXq9VetWzYGzKt52XU5xvqgzYnDK9URnRoJMk1j8nLwEVsaSWJ4fhdUyZijBGUicoD";
const ETH: &str = "0x52908400098527886e0f7030069857d2e4169ee7";

fn hex(length: usize) -> String {
    "0123456789abcdef".chars().cycle().take(length).collect()
}

/// Fills `<X>` (Monero wallet), `<E>` (Ethereum address) and `<n>` (n hexadecimal digits) in.
fn fill(line: &str) -> String {
    let mut line = line.replace("<X>", XMR).replace("<E>", ETH);
    for length in [4, 8, 16, 64, 152] {
        line = line.replace(&format!("<{length}>"), &hex(length));
    }
    line
}

/// The weightiest thing heard: dialect, token, weight, and `coin|wallet|worker|agent`.
fn hear(line: &str) -> Option<(&'static str, &'static str, u8, String)> {
    let line = fill(line);
    let mut scratch = Scratch::default();
    let document = parse(line.as_bytes(), &mut scratch);
    let root = document.root()?;
    let heard = TABLE.iter().filter_map(|dialect| Some((dialect.id, (dialect.hear)(root)?)));
    let (id, heard) = heard.max_by_key(|(_, heard)| heard.weight)?;
    let said = heard.said;
    let words = [said.coin, said.wallet, said.worker, said.agent].map(Option::unwrap_or_default);
    Some((id, heard.token, heard.weight, words.join("|")))
}

#[test]
fn proof_in_one_line() {
    let cases = [
        (
            r#"{"id": 1, "method": "mining.subscribe", "params": ["cgminer/4.11.1"]}"#,
            "stratum-v1",
            "mining.subscribe",
            "|||cgminer/4.11.1",
        ),
        (
            r#"{"id":"caps","method":"agent.get_capabilities","params":["verrol","subres"]}"#,
            "stratum-v1",
            "agent.get_capabilities",
            "|||",
        ),
        (
            r#"{"params":["acc.rig","x"],"id":2,"method":"mining.authorize"}"#,
            "stratum-v1",
            "mining.authorize",
            "|acc|rig|",
        ),
        (
            r#"{"id":2,"method":"mining\u002eauthorize","params":["acc.rig","x"]}"#,
            "stratum-v1",
            "mining.authorize",
            "|acc|rig|",
        ),
        (
            r#"{"params": ["w.r","j","00000001","<8>","<8>"], "id": 42, "method": "mining.submit"}"#,
            "stratum-v1",
            "mining.submit",
            "|w|r|",
        ),
        (
            r#"{"id":null,"method":"mining.notify","params":["j","<64>","aa","bb",[],"<8>","<8>","<8>",true]}"#,
            "stratum-v1",
            "mining.notify",
            "|||",
        ),
        (
            r#"{"id":null,"method":"mining.set_difficulty","params":[512]}"#,
            "stratum-v1",
            "mining.set_difficulty",
            "|||",
        ),
        (
            r#"{"id":1,"result":[[["mining.set_difficulty","a"],["mining.notify","a"]],"<8>",4],"error":null}"#,
            "stratum-v1",
            "mining.notify subscription",
            "|||",
        ),
        (
            r#"{"id":1,"result":[["mining.notify","a"],"<8>",4],"error":null}"#,
            "stratum-v1",
            "mining.notify subscription",
            "|||",
        ),
        (
            r#"{"id":1,"jsonrpc":"2.0","method":"login","params":{"login":"<X>","pass":"x","agent":"XMRig/6.26.0 (Linux x86_64)","rigid":"r1","algo":["rx/0"]}}"#,
            "cryptonote",
            "login",
            "XMR|<X>|r1|XMRig/6.26.0 (Linux x86_64)",
        ),
        (r#"{"params":{"pass":"x","login":"<X>"},"method":"login","id":1}"#, "cryptonote", "login", "XMR|<X>||"),
        (
            r#"{"method":"login","params":{"login":"x","pass":"x","agent":"xmr-stak/2.10"},"id":1}"#,
            "cryptonote",
            "login",
            "|x||xmr-stak/2.10",
        ),
        (
            r#"{"jsonrpc":"2.0","method":"job","params":{"blob":"<152>","job_id":"1","target":"b88d0600","algo":"rx/0"}}"#,
            "cryptonote",
            "job",
            "XMR|||",
        ),
        (
            r#"{"id":1,"result":{"id":"a","job":{"job_id":"1","target":"b88d0600","blob":"<152>"},"status":"OK"}}"#,
            "cryptonote",
            "job",
            "|||",
        ),
        (r#"{"blob":"<152>","job_id":"1","target":"b88d0600"}"#, "cryptonote", "job", "|||"),
        (
            r#"{"id":7,"method":"submit","params":{"id":"a","job_id":"1","nonce":"<8>","result":"<64>"}}"#,
            "cryptonote",
            "submit",
            "|||",
        ),
        (r#"{"id":9,"method":"keepalived","params":{"id":"a"}}"#, "cryptonote", "keepalived", "|||"),
        (
            r#"{"worker": "eth1.0", "jsonrpc": "2.0", "params": ["<E>/rig/me@example.org", "x"], "id": 2, "method": "eth_submitLogin"}"#,
            "ethproxy",
            "eth_submitLogin",
            "|<E>|rig|",
        ),
        (
            r#"{"id":1,"method":"eth_submitLogin","worker":"eth1.0","params":["<E>","x"]}"#,
            "ethproxy",
            "eth_submitLogin",
            "|<E>|eth1.0|",
        ),
        (r#"{"id":1,"method":"eth_submitLogin","params":["<E>.rig"]}"#, "ethproxy", "eth_submitLogin", "|<E>|rig|"),
        (
            r#"{"id":0,"jsonrpc":"2.0","result":["0x<64>","0x<64>","0x0000000112e0be826d694b2e62d01511f12a6061fbaec8bc02357593e70e52ba"]}"#,
            "ethproxy",
            "work array",
            "|||",
        ),
    ];
    for (line, dialect, token, said) in cases {
        assert_eq!(hear(line), Some((dialect, token, PROOF, fill(said))), "{line}");
    }
}

#[test]
fn weak_tokens_do_not_prove_alone() {
    for (line, token) in [
        (r#"{"id":1,"method":"login","params":{"login":"bob","pass":"secret"}}"#, "login"),
        (r#"{"id":1,"method":"login","params":{"login":"bob","pass":"x","agent":"Mozilla/5.0"}}"#, "login"),
        (r#"{"id":5,"method":"eth_getWork","params":[]}"#, "eth_getWork"),
        (r#"{"id":5,"method":"eth_submitWork","params":["0x<16>","0x<64>","0x<64>"]}"#, "eth_submitWork"),
        (r#"{"id":5,"method":"eth_submitHashrate","params":["0x1","0x<64>"]}"#, "eth_submitHashrate"),
        (r#"{"id":5,"result":{"status":"KEEPALIVED"}}"#, "KEEPALIVED"),
    ] {
        let heard = hear(line).unwrap_or_else(|| panic!("{line}"));
        assert!(heard.1 == token && heard.2 < PROOF, "{line}: {heard:?}");
    }
}

#[test]
fn look_alikes_say_nothing() {
    for line in [
        // Electrum, language servers, wallets, node RPC, chat, doors, logs that quote mining.
        r#"{"id":0,"method":"server.version","params":["electrum/4.5","1.4"]}"#,
        r#"{"id":1,"method":"blockchain.scripthash.subscribe","params":["<64>"]}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"processId":1}}"#,
        r#"{"jsonrpc":"2.0","id":"0","method":"get_balance","params":{"account_index":0}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber","params":[]}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":["0x<64>","0x<64>","0x<64>"]}"#,
        r#"{"msg":"method","method":"login","params":[{"user":{"username":"bob"}}]}"#,
        r#"{"service":"common","method":"login","args":["db","bob","secret"]}"#,
        r#"{"method":"global.login","params":{"userName":"admin","password":"x"}}"#,
        r#"{"method":"submit","params":{"job_id":"7","result":"ok","nonce":"abc"}}"#,
        r#"{"method":"job","params":{"job_id":"7","target":"build","blob":"storage"}}"#,
        r#"{"message":"{\"method\":\"mining.subscribe\",\"params\":[]}"}"#,
        r#"{"title":"mining.subscribe","body":"how mining.notify works"}"#,
        r#"{"method":"mining.subscribe"}"#,
        r#"{"method":["mining.subscribe"],"params":[]}"#,
        r#"{"params":{"method":"mining.subscribe","params":[]}}"#,
        r#"{"worker":"celery@host","task":"submit","login":"x"}"#,
        r#"{"method":"data.mining.subscribe","params":[]}"#,
        r#"{"id":1,"method":"agent.get_capabilities","params":[]}"#,
        r#"{"id":1,"method":"agent.get_capabilities","params":{"verbose":true}}"#,
        "{}",
    ] {
        assert_eq!(hear(line), None, "{line}");
    }
}

#[test]
fn every_dialect_has_its_anchor_in_what_it_hears() {
    for (line, id) in [
        (r#"{"method":"mining.submit","params":[]}"#, "stratum-v1"),
        (r#"{"id":"caps","method":"agent.get_capabilities","params":["subres"]}"#, "stratum-v1"),
        (r#"{"method":"keepalived","params":{"id":"a"}}"#, "cryptonote"),
        (r#"{"blob":"<152>","job_id":"1","target":"b88d0600"}"#, "cryptonote"),
        (r#"{"result":["0x<64>","0x<64>","0x000000<64>"]}"#, "ethproxy"),
    ] {
        let dialect = TABLE.iter().find(|dialect| dialect.id == id).unwrap();
        let line = fill(line);
        assert!(dialect.anchors.iter().any(|anchor| line.contains(anchor)), "{id}: {line}");
    }
}

#[test]
fn every_method_and_parameter_of_an_object_is_heard() {
    for (line, token) in [
        (r#"{"method":"x","method":"mining.subscribe","params":[]}"#, "mining.subscribe"),
        (r#"{"method":"mining.subscribe","params":[],"method":"x"}"#, "mining.subscribe"),
        (r#"{"method":"mining.subscribe","params":1,"params":["a"]}"#, "mining.subscribe"),
        (r#"{"Method":"mining.authorize","PARAMS":["a.b","x"]}"#, "mining.authorize"),
        (r#"{"method":"mining.authorize","params":{"user":"a.b","pass":"x"}}"#, "mining.authorize"),
        (r#"{"method":1,"method":"eth_submitLogin","params":["<E>"]}"#, "eth_submitLogin"),
        (r#"{"params":[],"method":"login","params":{"login":"x","login":"<X>","pass":"x"}}"#, "login"),
        (r#"{"method":"login","params":{"login":"<X>","pass":"a","pass":"x"},"method":"z"}"#, "login"),
    ] {
        let heard = hear(line).unwrap_or_else(|| panic!("{line}"));
        assert_eq!((heard.1, heard.2), (token, PROOF), "{line}");
    }
}
