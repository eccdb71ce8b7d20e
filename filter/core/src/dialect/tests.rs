//! Laws over the whole table: what is heard in which line, by whom, what was said, and what is not heard.

mod cases;
mod docs;
mod near;
mod random;
mod words;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde_json::Value as Tree;

use super::*;
use crate::wire::json::{Scratch, parse};
use cases::CASES;
use near::{INNOCENT, NEIGHBOURS};

const XMR: &str = "48edfHu7V9Z84YzzMa6fUueoELZ9ZRXq9VetWzYGzKt52XU5xvqgzYnDK9URnRoJMk1j8nLwEVsaSWJ4fhdUyZijBGUicoD";
const ETH: &str = "0x52908400098527886e0f7030069857d2e4169ee7";

/// What the heaviest token heard is: dialect, token, weight, and `coin|wallet|worker|agent`.
type Told = (&'static str, &'static str, u8, String);

/// Fills in what the placeholders of [`cases`] stand for.
fn fill(line: &str) -> String {
    let edges: Vec<String> = (1..=42_u32).map(|edge| (edge * 1_000_003).to_string()).collect();
    let line = line.replace("<X>", XMR).replace("<E>", ETH).replace("<edges>", &edges.join(","));
    let mut filled = String::new();
    for (at, part) in line.split('<').enumerate() {
        let placeholder = part.split_once('>').and_then(|(digits, rest)| Some((digits.parse().ok()?, rest)));
        match placeholder {
            Some((length, rest)) if at > 0 => {
                filled.extend("0123456789abcdef".chars().cycle().take(length));
                filled.push_str(rest);
            }
            _ if at > 0 => filled.push_str(&format!("<{part}")),
            _ => filled.push_str(part),
        }
    }
    filled
}

/// All that is heard in a line.
fn all(line: &str) -> Vec<Told> {
    let mut scratch = Scratch::default();
    let document = parse(line.as_bytes(), &mut scratch);
    let Some(root) = document.root() else { return Vec::new() };
    let told = |(place, heard): (usize, Heard<'_>)| {
        let said = heard.said;
        let words = [said.coin, said.wallet, said.worker, said.agent].map(Option::unwrap_or_default);
        (TABLE[place].id, heard.token, heard.weight, words.join("|"))
    };
    super::hear(root).map(told).collect()
}

/// The heaviest thing heard, the narrowest dialect's first.
fn hear(line: &str) -> Option<Told> {
    all(line).into_iter().rev().max_by_key(|told| told.2)
}

#[test]
fn proof_in_one_line() {
    for (dialect, token, line, said) in CASES {
        let line = fill(line);
        let heard = hear(&line).unwrap_or_else(|| panic!("{line}"));
        assert_eq!((heard.0, heard.1, heard.3.as_str()), (*dialect, *token, fill(said).as_str()), "{line}");
        assert!(heard.2 >= PROOF, "{line}");
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
        (r#"{"id":5,"method":"mining.noop"}"#, "mining.noop"),
        (r#"{"id":5,"method":"mining.ping","params":[]}"#, "mining.ping"),
        (r#"{"id":5,"method":"client.reconnect","params":["host",1]}"#, "client.reconnect"),
        (r#"{"method":"set_extranonce","params":["af4c",2]}"#, "set_extranonce"),
        (r#"{"id":"2","method":"getjobtemplate","params":null}"#, "getjobtemplate"),
        (r#"{"id":"2","method":"status","result":{"accepted":1,"rejected":0,"stale":0}}"#, "Grin status"),
        (r#"{"id":2,"method":"ckb_getWork"}"#, "ckb_getWork"),
        (r#"{"id":1,"method":"getwork","params":[]}"#, "getwork"),
        (r#"{"id":1,"method":"getblocktemplate","params":[{"rules":["segwit"]}]}"#, "getblocktemplate"),
        (r#"{"id":1,"method":"submitblock","params":["<300>"]}"#, "submitblock"),
        (r#"{"api_key":"s3cret","id":1,"jsonrpc":"2.0","method":"login"}"#, "Beam login"),
    ] {
        let heard = hear(&fill(line)).unwrap_or_else(|| panic!("{line}"));
        assert!(heard.1 == token && heard.2 < PROOF, "{line}: {heard:?}");
    }
}

#[test]
fn a_node_asked_for_templates_proves_only_with_a_block_handed_in() {
    let weight = |token: &str| {
        let row = TABLE.iter().find(|dialect| dialect.id == "node-rpc").unwrap();
        u32::from(row.tokens.iter().find(|known| known.name == token).unwrap().weight)
    };
    assert!(weight("getblocktemplate") + weight("block template") < u32::from(PROOF));
    assert!(weight("getblocktemplate") + weight("submitblock") >= u32::from(PROOF));
    assert!(weight("block template") + weight("submitblock") >= u32::from(PROOF));
}

#[test]
fn look_alikes_prove_nothing() {
    for line in INNOCENT {
        let line = fill(line);
        let sum: u32 = all(&line).iter().map(|told| u32::from(told.2)).sum();
        assert!(sum < u32::from(PROOF), "{line}: {:?}", all(&line));
    }
}

#[test]
fn neighbours_are_not_taken_for_one_another() {
    for (dialect, line) in NEIGHBOURS {
        let line = fill(line);
        let heard = all(&line).into_iter().find(|told| told.0 == *dialect && told.2 >= PROOF);
        assert_eq!(heard, None, "{line}");
    }
}

/// Writes a tree with its members in reverse order and with this between its tokens.
fn write(tree: &Tree, reverse: bool, gap: &str) -> String {
    let join = |parts: Vec<String>| parts.join(&format!(",{gap}"));
    match tree {
        Tree::Array(items) => format!("[{}]", join(items.iter().map(|item| write(item, reverse, gap)).collect())),
        Tree::Object(members) => {
            let member = |(key, value): (&String, &Tree)| {
                format!("{}:{gap}{}", Tree::from(key.as_str()), write(value, reverse, gap))
            };
            let mut parts: Vec<String> = members.iter().map(member).collect();
            if reverse {
                parts.reverse();
            }
            format!("{{{}}}", join(parts))
        }
        Tree::String(text) if gap == "\t" => {
            format!("\"{}\"", text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect::<String>())
        }
        other => other.to_string(),
    }
}

#[test]
fn order_spaces_and_escapes_change_nothing() {
    for (.., line, _) in CASES {
        let line = fill(line);
        let tree: Tree = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line}: {error}"));
        let told = hear(&line);
        for (reverse, gap) in [(false, ""), (true, ""), (false, " "), (true, " \r\n "), (true, "\t")] {
            let written = format!(" {}\r\n", write(&tree, reverse, gap));
            assert_eq!(hear(&written), told, "{written}");
        }
    }
}

#[test]
fn every_prefix_of_a_line_is_heard_without_harm_and_never_tells_another_dialect_surely() {
    for (dialect, _, line, _) in CASES {
        let line = fill(line);
        for end in 0..line.len() {
            let Some(told) = hear(&line[..end]) else { continue };
            assert!(told.2 <= PROOF || told.0 == *dialect, "{}: {told:?}", &line[..end]);
        }
    }
}

#[test]
fn every_dialect_has_its_anchor_in_what_it_hears() {
    for (id, _, line, _) in CASES {
        let dialect = TABLE.iter().find(|dialect| dialect.id == *id).unwrap();
        let line = fill(line);
        // An anchor is for streams that do not begin with an object; escapes there are not looked through.
        let line = line.replace("\\/", "/");
        assert!(dialect.anchors.iter().any(|anchor| line.contains(anchor)), "{id}: {line}");
    }
    for anchor in TABLE.iter().flat_map(|dialect| dialect.anchors) {
        assert!(anchor.len() <= 16, "{anchor}: an anchor cut in two is sought in the last 16 bytes");
    }
}

#[test]
fn every_token_heard_stands_in_its_row_and_every_proof_in_a_case() {
    for (id, token, line, _) in CASES {
        let heard = hear(&fill(line)).unwrap();
        let row = TABLE.iter().find(|dialect| dialect.id == *id).unwrap();
        let known = row.tokens.iter().find(|known| known.name == *token).unwrap_or_else(|| panic!("{id}: {token}"));
        assert_eq!((known.weight, known.name), (heard.2, heard.1), "{line}");
    }
    for dialect in TABLE {
        for token in dialect.tokens.iter().filter(|token| token.weight >= PROOF) {
            let shown = CASES.iter().any(|case| case.0 == dialect.id && case.1 == token.name);
            assert!(shown, "{}: no case for {}", dialect.id, token.name);
        }
    }
}

#[test]
fn rows_are_unique_and_narrow_later_ones() {
    for (place, dialect) in TABLE.iter().enumerate() {
        assert!(TABLE[place + 1..].iter().all(|other| other.id != dialect.id));
        if let Some(wider) = dialect.narrows {
            assert!(TABLE[place + 1..].iter().any(|other| other.id == wider), "{} narrows {wider}", dialect.id);
        }
    }
    assert!(TABLE.len() < 64);
}

#[test]
fn kinship() {
    let place = |id: &str| TABLE.iter().position(|dialect| dialect.id == id).unwrap();
    for (known, heard, expected) in [
        ("stratum-v1", "stratum-v1", Kin::Same),
        ("stratum-v1", "kawpow", Kin::Narrower),
        ("stratum-v1", "kaspa", Kin::Narrower),
        ("ethereum-stratum-1", "kaspa", Kin::Narrower),
        ("kaspa", "stratum-v1", Kin::Wider),
        ("kawpow", "stratum-v1", Kin::Wider),
        ("equihash", "kawpow", Kin::Sibling),
        ("cryptonote", "grin", Kin::Narrower),
        ("cryptonote", "stratum-v1", Kin::Stranger),
        ("beam", "kawpow", Kin::Stranger),
    ] {
        assert_eq!(kin(place(known), place(heard)), expected, "{known} {heard}");
    }
}

#[test]
fn passwords_are_marked_and_wallets_are_not() {
    for line in [
        r#"{"method":"mining.authorize","params":["acc.rig","s3cret"]}"#,
        r#"{"method":"mining.authorize","params":["xel:abc","rig","s3cret"]}"#,
        r#"{"method":"mining.subscribe","params":["0x1<39>.rig","s3cret"]}"#,
        r#"{"id":"0","method":"login","params":{"agent":"grin-miner","login":"w","pass":"s3cret"}}"#,
        r#"{"method":"login","params":{"login":"<X>","pass":"s3cret"}}"#,
        r#"{"method":"eth_submitLogin","params":["<E>","s3cret"]}"#,
        r#"{"method":"ckb_submitLogin","params":{"login":"w","pass":"s3cret"}}"#,
    ] {
        let line = fill(line);
        let mut scratch = Scratch::default();
        let document = parse(line.as_bytes(), &mut scratch);
        for (_, heard) in super::hear(document.root().unwrap()) {
            let masked = |secret: &&[u8]| secret.strip_prefix(b"\"").unwrap_or(secret).starts_with(b"s3cret");
            assert!(heard.secrets.iter().any(masked), "{line}");
        }
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
        let heard = hear(&fill(line)).unwrap_or_else(|| panic!("{line}"));
        assert_eq!((heard.1, heard.2), (token, PROOF), "{line}");
    }
}

#[test]
fn narrower_dialects_hear_every_method_and_parameter_too() {
    for (line, token) in [
        (r#"{"method":"x","method":"mining.authorize","params":["aleo1qqqq","x"]}"#, "Aleo authorize"),
        (r#"{"method":"mining.set_target","params":1,"PARAMS":[5]}"#, "mining.set_target with a number"),
        (r#"{"METHOD":"ckb_submitWork","method":"x","params":{"pow_hash":"<64>","nonce":"aa"}}"#, "ckb_submitWork"),
        (r#"{"method":1,"method":"getwork","params":["<256>"]}"#, "getwork submission"),
    ] {
        let heard = hear(&fill(line)).unwrap_or_else(|| panic!("{line}"));
        assert_eq!(heard.1, token, "{line}");
    }
}

/// The text with what folding takes out of it gone; `None` if there is nothing to be had.
fn folded(text: &str) -> Option<String> {
    Some(String::from_utf8(crate::wire::json::folded(text.as_bytes(), asked)?).unwrap())
}

/// The same with so many members nobody asks for at the beginning of each object.
fn padded(line: &str, members: usize) -> String {
    let junk: String = (0..members).map(|at| format!("\"x{at}\":{at},")).collect();
    line.replace('{', &format!("{{{junk}")).replace(",}", "}")
}

#[test]
fn every_name_a_dialect_asks_for_survives_folding() {
    for (.., line, _) in CASES {
        let line = fill(line);
        let (mut heard, mut left) = (all(&padded(&line, 10)), all(&folded(&padded(&line, 300)).unwrap()));
        let key = |told: &Told| (told.0, told.1);
        heard.sort_unstable_by_key(key);
        left.sort_unstable_by_key(key);
        assert_eq!(heard, left, "{line}");
        // Kinds that are told by how many members there are, are not told here: padded, they are another kind.
        assert!(!heard.is_empty(), "{line}");
    }
}
