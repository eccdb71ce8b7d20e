//! What else is said: every word of a message in its place, bounded, and never a password.

use proptest::prelude::*;

use super::*;
use crate::finding::WORDS;

/// Words of all that is heard in a line, as `name=text`, without those the cases tell.
fn words(line: &str) -> Vec<String> {
    let mut scratch = Scratch::default();
    let document = parse(line.as_bytes(), &mut scratch);
    let mut said = Said::default();
    for (_, heard) in document.root().into_iter().flat_map(super::super::hear) {
        said.learn(heard.said);
    }
    let aside = |path: &str| !["coin", "wallet", "worker", "agent"].contains(&path);
    let named = WORDS.iter().map(|row| (row.path.trim_start_matches("minewall."), said.get(row.word)));
    named.filter(|(path, _)| aside(path)).filter_map(|(path, text)| Some(format!("{path}={}", text?))).collect()
}

/// A line, and its words.
#[rustfmt::skip]
static SAID: &[(&str, &str)] = &[
    // Logins
    (r#"{"method":"login","params":{"login":"RVN:<X>.rig+5000%1.5%#ab-cd","pass":"d=9,w=120.5","agent":"a"}}"#,
        "payout_coin=RVN watts=120 fixed_difficulty=5000 referral=ab-cd donation=1.5"),
    (r#"{"method":"login","params":{"login":"<X>","pass":"rig7:me@example.org","agent":"XMRig/6","algo":["rx/0","cn/2"],"mode":"self-select"}}"#,
        "email=me@example.org mode=self-select"),
    (r#"{"method":"login","params":{"login":"<X>","pass":"x","algo":["rx/wow"],"algo-perf":{"rx/wow":812.7}}}"#,
        "algorithm=rx/wow hashrate=812"),
    (r#"{"method":"login","params":{"login":"<X>","pass":"x","algo-perf":{"cn/r":40,"rx/0":5120}}}"#, "hashrate=5120"),
    (r#"{"method":"login","params":{"login":"<X>","pass":"x","algo-perf":{"cn/r":40,"cn/2":60}}}"#, ""),
    (r#"{"method":"login","params":{"login":"solo:<X>~rx/0","pass":"x"}}"#, "algorithm=rx/0 solo=true"),
    (r#"{"method":"eth_submitLogin","params":["<E>/rig/me@example.org","c=BTC,mc=RVN,m=solo"]}"#,
        "payout_coin=BTC asked_coin=RVN email=me@example.org solo=true"),
    (r#"{"method":"mining.authorize","params":["acc.w","a=scrypt,c=litecoin,w=3250,n=attic"]}"#,
        "asked_coin=LITECOIN algorithm=scrypt watts=3250"),
    (r#"{"method":"mining.authorize","params":["acc","d=65536"]}"#, "fixed_difficulty=65536"),
    (r#"{"method":"ckb_submitLogin","params":{"login":"w","pass":"d=77"}}"#, "fixed_difficulty=77"),
    (r#"{"id":"0","method":"login","params":{"login":"me@example.org","pass":"d=4","agent":"grin-miner"}}"#,
        "email=me@example.org fixed_difficulty=4"),
    (r#"{"api_key":"<66>.rig","id":"login","jsonrpc":"2.0","method":"login"}"#, ""),
    // Rates
    (r#"{"method":"eth_submitHashrate","params":["0x00000000000000000000000000000000000000000000000000000000030d4000","0x<64>"]}"#, "hashrate=51200000"),
    (r#"{"method":"eth_submitHashrate","params":["0x30d4000","0x<64>"]}"#, "hashrate=51200000"),
    (r#"{"method":"eth_submitHashrate","params":["0x<64>","0x<64>"]}"#, ""),
    (r#"{"method":"mining.hashrate","params":["500000","w-123"]}"#, "hashrate=5242880"),
    (r#"{"method":"alph_submitHashrate","params":["0x1000","w"]}"#, "hashrate=4096"),
    (r#"{"method":"ckb_submitHashrate","params":["0x1000"]}"#, "hashrate=4096"),
    (r#"{"method":"ckb_submitHashrate","params":{"hashrate":900}}"#, "hashrate=900"),
    // Jobs
    (r#"{"method":"job","params":{"blob":"<152>","job_id":"1","target":"b88d0600","algo":"rx/0","height":3435647}}"#,
        "algorithm=rx/0 target=b88d0600 height=3435647"),
    (r#"{"id":1,"result":{"id":"e3b0c442-98fc-1c14-9afb-f4c8996fb924","job":{"blob":"<152>","job_id":"1","target":"b88d0600","motd":"6869","variant":2},"status":"OK"}}"#,
        "pool=HashVault pool_source=reply target=b88d0600"),
    (r#"{"id":1,"result":{"id":"e3b0c442-98fc-1c14-9afb-f4c8996fb924","job":{"blob":"<152>","job_id":"1","target":"b88d0600"}}}"#, "target=b88d0600"),
    (r#"{"id":1,"result":{"id":"123456789012345","job":{"blob":"<152>","job_id":"1","target":"b88d0600"}}}"#, "target=b88d0600"),
    (r#"{"id":1,"result":{"id":"123456789012345","job":{"blob":"<152>","job_id":"1","target":"b88d0600","algo":"rx/0"},"extensions":["algo","keepalive"]}}"#,
        "algorithm=rx/0 pool=MoneroOcean pool_source=reply target=b88d0600 extensions=algo keepalive"),
    (r#"{"id":1,"result":{"id":"<16>","job":{"blob":"<152>","job_id":"1","target":"b88d0600"}}}"#, "pool=xmrig-proxy pool_source=reply target=b88d0600"),
    (r#"{"id":1,"result":{"algo":"ghostrider","extra_nonce":"<8>","extra_nonce2_size":4}}"#, "algorithm=ghostrider"),
    (r#"{"type":"job","params":{"blob":"<152>","job_id":"1","target":"b88d0600","algo":"cn/half"}}"#, "algorithm=cn/half target=b88d0600"),
    (r#"{"id":0,"result":["0x<64>","0x<64>","0x0000000112e0be826d694b2e62d01511f12a6061fbaec8bc02357593e70e52ba","0x12ab"]}"#,
        "target=0x0000000112e0be826d694b2e62d01511f12a6061fbaec8bc02357593e70e52ba height=4779"),
    (r#"{"method":"mining.set_difficulty","params":[0.25]}"#, "difficulty=0.25"),
    (r#"{"method":"mining.suggest_difficulty","params":[1000]}"#, "fixed_difficulty=1000"),
    (r#"{"method":"mining.set_target","params":["00ff<60>"]}"#, "target=00ff0123456789abcdef0123456789abcdef0123456789abcdef0123456789ab"),
    (r#"{"method":"mining.set_target","params":[4096]}"#, "target=4096"),
    (r#"{"method":"mining.configure","params":[["version-rolling","minimum-difficulty"],{}]}"#, "extensions=version-rolling minimum-difficulty"),
    (r#"{"method":"client.reconnect","params":["eu.example.org",3333,5]}"#, "reconnect=eu.example.org:3333"),
    (r#"{"method":"client.reconnect","params":["eu.example.org","3333"]}"#, "reconnect=eu.example.org:3333"),
    (r#"{"method":"client.show_message","params":["Your fee is 2 %"]}"#, "message=Your fee is 2 %"),
    (r#"{"method":"mining.notify","params":["a1","<64>","<64>","<64>",true,2873412,"1b00a1b2"]}"#, "target=<64> height=2873412"),
    (r#"{"method":"mining.notify","params":["bf","<64>","<64>","<64>",true]}"#, "target=<64>"),
    (r#"{"method":"mining.notify","params":["bf0488aa","6526d5","<64>","0"]}"#, "height=6629077"),
    (r#"{"method":"mining.set","params":{"epoch":"dc","target":"<64>","algo":"etchash"}}"#, "algorithm=etchash target=<64>"),
    (r#"{"method":"mining.notify","params":["9f","04000000","<64>","<64>","<64>","<8>","<8>",true,"BgoldPoW","144_5"]}"#, "algorithm=BgoldPoW"),
    (r#"{"method":"mining.notify","params":["9f","04000000","<64>","<64>","<64>","<8>","<8>",true,"ZcashPoW","192_7"]}"#, "algorithm=192_7"),
    (r#"{"method":"mining.notify","params":["j","104000000","0x<64>","0x<64>"]}"#, "target=0x<64> height=104000000"),
    (r#"{"method":"mining.notify","params":[{"fromGroup":1,"toGroup":2,"headerBlob":"<16>","targetBlob":"00ff","jobId":"5"}]}"#, "target=00ff"),
    (r#"{"method":"mining.notify","params":["j",1300000,"<64>","","",3,"8427513058240352093048502938402938402934820394820384",""]}"#,
        "target=8427513058240352093048502938402938402934820394820384 height=1300000"),
    (r#"{"method":"mining.notify","params":["j","<64>",812345,"1b00a1b2"]}"#, "height=812345"),
    (r#"{"method":"mining.notify","params":["j","<64>",14000000,"<64>",true]}"#, "height=14000000"),
    (r#"{"id":1,"result":{"height":9,"pow_hash":"<64>","target":"0x00068db8"}}"#, "target=0x00068db8 height=9"),
    (r#"{"difficulty":8388608,"height":2500000,"id":"1","input":"<64>","method":"job"}"#, "difficulty=8388608 height=2500000"),
    (r#"{"method":"job","params":{"difficulty":32,"height":3000000,"job_id":4,"pre_pow":"<240>"}}"#, "difficulty=32 height=3000000"),
    (r#"{"method":"submit","params":{"edge_bits":32,"height":7,"job_id":4,"nonce":5,"pow":[<edges>]}}"#, "algorithm=cuckatoo32 height=7"),
    (r#"{"method":"mining.set_target","body":{"target":"<64>"}}"#, "target=<64>"),
    (r#"{"result":{"previousblockhash":"<64>","bits":"1703a30c","height":900000,"coinbasevalue":312500000}}"#, "height=900000"),
    (r#"{"result":{"prev_hash":"<64>","difficulty":9,"blocktemplate_blob":"<160>","height":12}}"#, "height=12"),
    (r#"{"result":{"data":"<256>","target":"<64>"}}"#, "target=<64>"),
];

#[test]
fn every_word_stands_in_its_place() {
    for (line, said) in SAID {
        assert_eq!(words(&fill(line)).join(" "), fill(said), "{line}");
    }
}

/// A coinbase of this script, cut in two at its extra nonce of eight bytes.
fn notify(first: &[u8], second: &[u8]) -> String {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let length = first.len() + 8 + second.len();
    let head = format!("0100000001{}ffffffff{length:02x}{}", "0".repeat(64), hex(first));
    let tail = format!("{}ffffffff0100f2052a010000001976a914{}88ac00000000", hex(second), "ab".repeat(20));
    format!(r#"{{"method":"mining.notify","params":["j","<64>","{head}","{tail}",[],"<8>","<8>","<8>",true]}}"#)
}

#[test]
fn the_coinbase_names_height_and_pool() {
    let height = b"\x03\xa0\xbb\x0d";
    for (first, second, said) in [
        (&b"\x04/ViaBTC/Mined by bob/"[..], &b""[..], "pool=ViaBTC pool_source=coinbase height=900000"),
        (b"\x09", b"/F2Pool/\x00\x01", "pool=F2Pool pool_source=coinbase height=900000"),
        (b"\x09", b"Mined by AntPool965", "pool=AntPool pool_source=coinbase height=900000"),
        (b"", b"\x0aFoundry USA Pool #dropgold/", "pool=Foundry USA pool_source=coinbase height=900000"),
        (b"BitMinter, ", b"", "pool=BitMinter pool_source=coinbase height=900000"),
        (b"", b"/our own pool/", "pool=/our own pool/ pool_source=coinbase height=900000"),
        (b"\xfa\xbemmABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF12345678\x01", b"", "height=900000"),
        (b"\x01\x02ab1", b"\xfe\x80\x81", "height=900000"),
    ] {
        let script = [height, first].concat();
        assert_eq!(words(&fill(&notify(&script, second))).join(" "), said, "{first:?} {second:?}");
    }
    // Without a coinbase's outpoint nothing is read.
    let plain =
        fill(r#"{"method":"mining.notify","params":["j","<64>","2f463250","6f6f6c2f",[],"<8>","<8>","<8>",true]}"#);
    assert_eq!(words(&plain), Vec::<String>::new());
}

/// A login of each form that carries a password.
static LOGINS: &[&str] = &[
    r#"{"method":"mining.authorize","params":["acc.rig",<p>]}"#,
    r#"{"method":"mining.authorize","params":["xel:abc","rig",<p>]}"#,
    r#"{"method":"mining.subscribe","params":["0x1<39>.rig",<p>]}"#,
    r#"{"id":"0","method":"login","params":{"agent":"grin-miner","login":"w","pass":<p>}}"#,
    r#"{"method":"login","params":{"login":"<X>","pass":<p>,"agent":"XMRig/6"}}"#,
    r#"{"method":"eth_submitLogin","params":["<E>",<p>]}"#,
    r#"{"method":"ckb_submitLogin","params":{"login":"w","pass":<p>}}"#,
];

proptest! {
    #[test]
    fn no_password_is_among_the_words(
        before in "(d=[0-9]{1,9},|w=[0-9]{1,4},|c=BTC,|m=solo;|x,){0,3}",
        secret in "S3[A-Za-z0-9!$%^*+_-]{6,20}", after in "(,d=[0-9]{1,9}|,ID=rig1|;a=x11| me@example.org){0,3}",
    ) {
        let password = format!("\"{before}{secret}{after}\"");
        for login in LOGINS {
            let line = fill(&login.replace("<p>", &password));
            let mut scratch = Scratch::default();
            let document = parse(line.as_bytes(), &mut scratch);
            for (_, heard) in super::super::hear(document.root().unwrap()) {
                for row in WORDS {
                    let text = heard.said.get(row.word).unwrap_or_default();
                    prop_assert!(!text.contains(&secret), "{} of {line}", row.path);
                }
            }
        }
    }

    #[test]
    fn every_word_is_bounded_and_visible_where_it_should_be(text in "\\PC{0,600}", which in 0..SAID.len()) {
        // Each string of a message in turn becomes any text.
        let mut tree: Tree = serde_json::from_str(&fill(SAID[which].0)).unwrap();
        let mut strings = Vec::new();
        collect(&mut tree, &mut strings);
        for place in strings {
            *place = Tree::from(text.as_str());
        }
        let line = tree.to_string();
        let mut scratch = Scratch::default();
        let document = parse(line.as_bytes(), &mut scratch);
        for dialect in TABLE {
            let Some(heard) = document.root().and_then(|root| (dialect.hear)(root)) else { continue };
            let mut said = Said::default();
            said.learn(heard.said);
            for row in WORDS {
                prop_assert!(said.get(row.word).unwrap_or_default().len() <= row.bytes, "{} of {line}", row.path);
            }
        }
    }
}

/// The strings of a tree but the methods and the hexadecimal ones, which make the message what it is.
fn collect<'t>(tree: &'t mut Tree, into: &mut Vec<&'t mut Tree>) {
    match tree {
        Tree::Array(items) => items.iter_mut().for_each(|item| collect(item, into)),
        Tree::Object(members) => {
            members.iter_mut().filter(|(key, _)| *key != "method").for_each(|(_, value)| collect(value, into));
        }
        Tree::String(text) if !text.bytes().all(|letter| letter.is_ascii_hexdigit() || letter == b'x') => {
            into.push(tree)
        }
        _ => {}
    }
}
