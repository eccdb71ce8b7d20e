use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::*;
use crate::dialect;
use crate::endpoint::{Endpoint, Protocol};
use crate::evidence::{Action, Question};
use crate::finding::Confidence;
use crate::wire::json::{Scratch, parse};

const XMR: &str = "48edfHu7V9Z84YzzMa6fUueoELZ9ZRXq9VetWzYGzKt52XU5xvqgzYnDK9URnRoJMk1j8nLwEVsaSWJ4fhdUyZijBGUicoD";
const ETH: &str = "0x52908400098527886e0f7030069857d2e4169ee7";
const BTC: &str = "1BitcoinEaterAddressDontSendf59kuE";
const KAS: &str = "kaspa:qpauqsvk7yf9unexwmxsnmg547mhyga37csh0kj53q6xxgl24ydxjsgzthw5j";
/// 2025-06-16, the day of the known height.
const DAY: i64 = 20_255;

fn record(layer: Layer, dialect: Option<&'static str>, said: Said) -> Record {
    let end = Endpoint { ip: [10, 0, 0, 5].into(), port: 1 };
    let subject = if dialect.is_some() { Subject::Protocol } else { Subject::Listed(Category::Pool) };
    Record {
        time_us: DAY * DAY_US,
        id: String::new(),
        action: Action::Blocked,
        source: end,
        source_mac: None,
        who: None,
        nat: None,
        destination: end,
        destination_domain: None,
        transport: Protocol::Tcp,
        protocol: "stratum",
        question: None,
        server_name: None,
        vlan: None,
        observer: String::new(),
        interface_index: 0,
        interface: None,
        finding: Finding {
            layer,
            dialect,
            said,
            confidence: Confidence::High,
            rule: String::new(),
            ruleset: String::new(),
            subject,
            reason: String::new(),
            excerpt: Vec::new(),
        },
        exemption: None,
        grace_until_us: None,
    }
}

/// The record of what is heard in these lines, of the narrowest dialect that hears the last.
fn heard(lines: &[&str]) -> Record {
    let hash = "0123456789abcdef".repeat(10);
    let mut said = Said::default();
    let mut id = None;
    for line in lines {
        let mut line = line.replace("<X>", XMR).replace("<E>", ETH).replace("<B>", BTC).replace("<K>", KAS);
        for digits in [152, 64, 16, 8] {
            line = line.replace(&format!("<{digits}>"), &hash[..digits]);
        }
        let mut scratch = Scratch::default();
        let document = parse(line.as_bytes(), &mut scratch);
        for (place, heard) in dialect::hear(document.root().unwrap()).take(1) {
            id = Some(TABLE[place].id);
            said.learn(heard.said);
        }
    }
    let mut record = record(Layer::Payload, id, said);
    settle(&mut record);
    record
}

fn words(record: &Record, words: &[Word]) -> String {
    let said = &record.finding.said;
    words.iter().map(|word| said.get(*word).unwrap_or("-").replace(' ', ",")).collect::<Vec<_>>().join(" ")
}

const COIN: &[Word] = &[Word::Coin, Word::CoinConfidence, Word::PayoutCoin, Word::CoinAlternatives];

#[test]
fn the_coin_of_a_conversation() {
    let login = r#"{"method":"login","params":{"login":"<X>","pass":"x","agent":"XMRig/6"}}"#;
    let job = |algo: &str, height: u64| {
        format!(
            r#"{{"method":"job","params":{{"blob":"<152>","job_id":"1","target":"b88d0600","algo":"{algo}","height":{height}}}}}"#
        )
    };
    let account = r#"{"method":"login","params":{"login":"acc","pass":"x","agent":"XMRig/6"}}"#;
    let authorize = |user: &str, pass: &str| format!(r#"{{"method":"mining.authorize","params":["{user}","{pass}"]}}"#);
    let kawpow = r#"{"method":"mining.notify","params":["a1","<64>","<64>","<64>",true,3902000,"1b00a1b2"]}"#;
    let share = r#"{"method":"mining.submit","params":["acc","a1","0x<16>","0x<64>","0x<64>"]}"#;
    let equihash = |end: &str| {
        format!(r#"{{"method":"mining.notify","params":["9f","04000000","<64>","<64>","<64>","<8>","<8>",true{end}]}}"#)
    };
    let cases: Vec<(Vec<String>, &str)> = [
        (vec_of(&[login]), "XMR medium - -"),
        (vec_of(&[login, &job("rx/0", 3_435_700)]), "XMR high - -"),
        (vec_of(&[login, &job("cn/half", 5)]), "MSR high XMR -"),
        (vec_of(&[account, &job("rx/0", 3_435_700)]), "XMR high - -"),
        (vec_of(&[account, &job("rx/0", 400_000)]), "ZEPH low - SAL,QRL,XTM"),
        (vec_of(&[&login.replace("<X>", "RVN:<X>"), &job("rx/0", 0)]), "XMR low RVN ZEPH,SAL,QRL,XTM"),
        (vec_of(&[&login.replace("<X>", "<B>"), &job("rx/wow", 0)]), "WOW high - -"),
        (vec_of(&[&authorize("<B>.w", "x")]), "BTC low - BCH,YDA"),
        (vec_of(&[&authorize("acc.w", "x")]), "- - - -"),
        (vec_of(&[&authorize("acc.w", "a=scrypt,c=DGB")]), "DGB high - -"),
        (vec_of(&[&authorize("<B>.w", "c=BTC,mc=XNA"), kawpow]), "XNA medium BTC -"),
        (vec_of(&[share]), "RVN low - XNA,CLORE,NEOX,MEWC,EVR,FIRO,QUAI"),
        (vec_of(&[kawpow]), "RVN medium - -"),
        (vec_of(&[&kawpow.replace("3902000", "1200000")]), "XNA low - CLORE,NEOX,MEWC,EVR,FIRO,QUAI"),
        (vec_of(&[&authorize("<K>.w", "x")]), "KAS medium - -"),
        (vec_of(&[&equihash(r#","ZelProof","125_4""#)]), "FLUX high - -"),
        (vec_of(&[&equihash(r#","ZcashPoW","144_5""#)]), "BTG low - BTCZ"),
        (vec_of(&[&equihash("")]), "ZEC low - ZEN,FLUX,BTG,BTCZ,KMD,VRSC,ARRR"),
        (vec_of(&[r#"{"method":"eth_submitLogin","params":["<E>","x"]}"#]), "ETC low - ETHW,OCTA,UBQ,QUAI"),
        (vec_of(&[r#"{"method":"mining.subscribed","body":{}}"#]), "IRON high - -"),
    ]
    .into();
    for (lines, expected) in cases {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let record = heard(&lines);
        assert_eq!(words(&record, COIN), expected, "{lines:?}");
        let said = &record.finding.said;
        assert_eq!(said.get(Word::CoinReason).is_some(), said.coin.is_some());
        let mut again = record.clone();
        settle(&mut again);
        assert_eq!(words(&again, COIN), expected, "settled twice: {lines:?}");
    }
}

fn vec_of(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| String::from(*line)).collect()
}

#[test]
fn a_coin_stated_by_a_dialect_without_json_stands() {
    for stream in dialect::stream::STREAMS {
        let said = Said { coin: Some("DUCO".to_owned()), wallet: Some("bob".to_owned()), ..Said::default() };
        let mut record = record(Layer::Payload, Some(stream.id), said);
        settle(&mut record);
        assert_eq!(words(&record, COIN), "DUCO high - -", "{}", stream.id);
        assert_eq!(words(&record, &[Word::Holder]), "account");
    }
}

#[test]
fn holder_check_and_hardware() {
    let hash = "0123456789abcdef".repeat(4);
    let placeholder = format!("4{}", "B".repeat(94));
    let words = |line: &str| words(&heard(&[line]), &[Word::Holder, Word::WalletCheck, Word::Hardware]);
    let login = |user: &str, agent: &str| {
        words(&format!(r#"{{"method":"login","params":{{"login":"{user}","pass":"x","agent":"{agent}"}}}}"#))
    };
    assert_eq!(login("<X>", "XMRig/6.26"), "wallet valid cpu");
    assert_eq!(login(&placeholder, "SRBMiner-MULTI/2.4"), "wallet invalid -");
    assert_eq!(login("acc", "xmrig-proxy/6"), "account - -");
    assert_eq!(login("me@example.org", "lolMiner 1.98"), "email - gpu");
    assert_eq!(login(&hash, "XMRig/6"), "hash - cpu");
    let iron = format!(
        r#"{{"method":"mining.subscribe","body":{{"version":3,"agent":"IceRiverMiner","publicAddress":"{hash}.r"}}}}"#
    );
    assert_eq!(words(&iron), "wallet none asic");
}

#[test]
fn the_pool_is_named_by_what_was_asked_for() {
    let pool = |record: &Record| words(record, &[Word::Pool, Word::PoolSource]);
    let name = "xmr.example.org".to_owned();
    let mut dns = record(Layer::Dns, None, Said::default());
    dns.question = Some(Question { name: name.clone(), kind: "A".to_owned() });
    settle(&mut dns);
    assert_eq!(pool(&dns), "xmr.example.org dns");
    let mut sni = record(Layer::Sni, None, Said::default());
    sni.server_name = Some(name);
    settle(&mut sni);
    assert_eq!(pool(&sni), "xmr.example.org sni");

    // A name learned late is surer than the style of the answers, and one told to a proxy is surer still.
    let reply =
        r#"{"id":1,"result":{"id":"0123456789abcdef","job":{"blob":"<152>","job_id":"1","target":"b88d0600"}}}"#;
    let mut found = heard(&[reply]);
    assert_eq!(pool(&found), "xmrig-proxy reply");
    name_far(&mut found, "pool.example.org", None);
    assert_eq!(pool(&found), "pool.example.org dns");
    assert_eq!(found.destination_domain.as_deref(), Some("pool.example.org"));
    found.finding.said.name_pool("told.example.org", PoolSource::Proxy);
    name_far(&mut found, "other.example.org", None);
    assert_eq!(pool(&found), "told.example.org proxy");
    assert_eq!(found.destination_domain.as_deref(), Some("pool.example.org"));
}

#[test]
fn the_lists_coins_weigh_too() {
    let mut builder = minewall_lists::Builder::new();
    builder.shipped();
    let lists = builder.build();
    let hit = lists.name("ae.2miners.com").unwrap();
    let mut found = heard(&[r#"{"method":"mining.authorize","params":["acc","x"]}"#]);
    name_far(&mut found, "ae.2miners.com", Some(&hit));
    assert_eq!(words(&found, COIN), "AE medium - -");
    assert_eq!(found.finding.said.get(Word::ListedCoins), Some("AE"));
}
