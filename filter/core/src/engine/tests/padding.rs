//! Padding: a mining line is heard however long the things before and inside it are, up to the longest message followed.

use super::*;
use crate::limits::LOOK_MESSAGE;

const HASH: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// The members of one line of each family of dialects.
fn lines() -> Vec<String> {
    let hash = HASH;
    vec![
        r#""id":1,"method":"mining.subscribe","params":["cgminer/4.11.1"]"#.into(),
        r#""params":["acc.rig","x"],"id":2,"method":"mining.authorize""#.into(),
        LOGIN.trim().trim_start_matches('{').strip_suffix('}').unwrap().into(),
        r#""worker":"w","id":1,"method":"eth_submitLogin","params":["0x52908400098527886e0f7030069857d2e4169ee7"]"#
            .into(),
        format!(
            r#""id":4,"method":"mining.submit","params":["t1w.rig","9f","0011aabb","{}","fd4005{}"]"#,
            &hash[..56],
            hash.repeat(42)
        ),
        format!(
            r#""id":null,"method":"mining.notify","params":["a1","{hash}","{hash}","{hash}",true,2873412,"1b00a1b2"]"#
        ),
        format!(
            r#""id":"3","jsonrpc":"2.0","method":"solution","nonce":"{}","output":"{}"#,
            &hash[..16],
            hash.repeat(3)
        ) + &hash[..16]
            + "\"",
        r#""id":0,"method":"mining.subscribe","body":{"version":3,"agent":"lolMiner/1.98"}"#.into(),
        r#""id":1,"method":"ckb_submitLogin","params":{"login":"ckt1q","agent":"NBMiner/42"}"#.into(),
        format!(r#""type":"auth","params":{{"site_key":"{}","type":"anonymous","user":null}}"#, &hash[..32]),
        r#""id":1,"result":[[["mining.set_difficulty","a"],["mining.notify","a"]],"0011aabb",4],"error":null"#.into(),
    ]
}

/// About `size` octets of padding of each kind, to stand before members.
fn paddings(size: usize) -> [String; 10] {
    let fill = |unit: &str| unit.repeat(size.div_ceil(unit.len()));
    let member = |value: String| format!("\"pad\":{value},");
    [
        member(format!("\"{}\"", fill("A"))),
        fill(" \r\n\t"),
        member(format!("[{}0]", fill("0,"))),
        member(["[".repeat(size / 2 + 1), "]".repeat(size / 2 + 1)].concat()),
        (0..size / 10).map(|at| format!("\"{at:x}\":{{}},")).collect(),
        member(format!("{}1{}", "{\"a\":".repeat(size / 6), "}".repeat(size / 6))),
        member(format!("\"{}\"", fill("\\u0041\\n\\\""))),
        member(format!("{{{}\"b\":null}}", fill("\"a\":[{}],"))),
        fill("\"id\":\"x\","),
        member(format!("1{}", fill("0"))),
    ]
}

/// What the host sends in parts of these sizes, over and over: the verdicts.
fn told(text: &[u8], sizes: &[usize]) -> (Vec<Verdict>, Counters) {
    told_of(4_096, text, sizes)
}

/// The same where so many bytes are kept.
fn told_of(look_bytes: usize, text: &[u8], sizes: &[usize]) -> (Vec<Verdict>, Counters) {
    let settings = Settings { look_bytes, ..settings(Mode::Block, Vec::new()) };
    let mut engine = Engine::new(settings, 1024, Seed::from(7));
    let (host, pool) = ends(false);
    let (mut at, mut verdicts) = (0, Vec::new());
    for size in sizes.iter().cycle() {
        if at == text.len() || verdicts.last().is_some_and(|verdict| *verdict != Verdict::Look) {
            break;
        }
        let part = &text[at..text.len().min(at + size)];
        verdicts.push(give(&mut engine, &segment(host, pool, 1000 + at as u32, DATA, part)).verdict);
        at += part.len();
    }
    assert!(at == text.len() || verdicts.last() != Some(&Verdict::Look));
    (verdicts, engine.counters())
}

#[test]
fn no_padding_before_or_inside_a_line_hides_it() {
    for line in lines() {
        for size in [1, 4_000, 5_000, 60_000] {
            for padding in paddings(size) {
                let text = format!("{{{padding}{line}}}\n");
                if text.len() > LOOK_MESSAGE {
                    continue;
                }
                let kind = &padding[..padding.len().min(20)];
                let (verdicts, _) = told(text.as_bytes(), &[1_448]);
                assert_eq!(verdicts.last(), Some(&Verdict::Cut), "{size} of {kind} before {line}");
                // The bracket and the end of the line in a segment of their own: the line is cut before it is whole.
                let most = text.len() - 2;
                let (verdicts, _) = told(text.as_bytes(), &[most / 2, most - most / 2, 2]);
                assert_eq!(verdicts, [Verdict::Look, Verdict::Look, Verdict::Cut], "{size} of {kind} before {line}");
            }
        }
    }
}

#[test]
fn padding_between_members_and_inside_parameters_hides_nothing() {
    for size in [4_000, 30_000] {
        for padding in paddings(size) {
            let lines = [
                format!("{{\"method\":\"mining.authorize\",{padding}\"params\":[\"a.b\",\"x\"]}}"),
                format!("{{\"params\":[\"a.b\",\"x\"],{padding}\"method\":\"mining.authorize\"}}"),
                format!(
                    "{{\"\\u006dethod\":\"mining\\u002eauthorize\",{padding}\"params\":[\"a.b\",{{{padding}\"x\":1}}]}}"
                ),
                format!(
                    "{{\"method\":\"login\",\"params\":{{{padding}\"login\":\"a\",\"pass\":\"x\",\"agent\":\"XMRig/6\"}}}}"
                ),
                format!("{{\"id\":0}}\n{{{padding}\"id\":1}}\n{{\"method\":\"mining.subscribe\",\"params\":[]}}"),
            ];
            for line in lines {
                let (verdicts, _) = told(line.as_bytes(), &[1_448, 1, 700]);
                assert_eq!(verdicts.last(), Some(&Verdict::Cut), "{size} of {}", &padding[..padding.len().min(20)]);
            }
        }
    }
}

#[test]
fn a_padded_line_is_cut_byte_by_byte_and_in_one_merged_segment() {
    for padding in paddings(20_000) {
        let text = format!("{{{padding}\"method\":\"mining.subscribe\",\"params\":[]}}\n");
        let (verdicts, _) = told(text.as_bytes(), &[1]);
        assert_eq!(verdicts.len(), text.len() - 1, "with the closing bracket");
        assert_eq!(verdicts.last(), Some(&Verdict::Cut));
        assert_eq!(told(text.as_bytes(), &[60_000]).0, [Verdict::Cut]);
    }
}

#[test]
fn a_message_longer_than_is_followed_is_let_go_and_counted() {
    let object = format!("{{\"a\":\"{}\"}}\n", "x".repeat(1_000_000));
    let nested = format!("{{\"a\":[{}1]}}\n", "{\"b\":[1,2,{}]},".repeat(70_000));
    for (text, size) in [(&object, 1_448), (&nested, 1_448), (&nested, 60_000), (&object, 100)] {
        let (verdicts, counters) = told(text.as_bytes(), &[size]);
        assert_eq!(verdicts.last(), Some(&Verdict::Clear));
        assert_eq!(verdicts.len(), LOOK_MESSAGE.div_ceil(size));
        assert_eq!(counters.skipped(Skipped::Oversize), 1);
    }
}

#[test]
fn everyday_objects_are_cleared_after_the_longest_message() {
    let line = "{\"time\":\"2026-01-01T00:00:00Z\",\"level\":\"info\",\"fields\":{\"user\":\"bob\",\"took\":[1,2]}}\n";
    let text = line.repeat(4_000);
    for size in [1_448, 100, 60_000] {
        let (verdicts, counters) = told(text.as_bytes(), &[size]);
        assert_eq!(verdicts.last(), Some(&Verdict::Clear));
        assert_eq!(verdicts.len(), LOOK_MESSAGE.div_ceil(size));
        assert!(counters.skipped(Skipped::Oversize) <= 1);
    }
}

#[test]
fn what_comes_again_with_other_bytes_hides_nothing_behind_padding() {
    let mut engine = engine(Mode::Block);
    let (host, pool) = ends(false);
    let mut say =
        |at: usize, text: &str| give(&mut engine, &segment(host, pool, at as u32, DATA, text.as_bytes())).verdict;
    let pad = format!("{{\"pad\":\"{}", "x".repeat(8_000));
    assert_eq!(say(0, &pad), Verdict::Look);
    assert_eq!(say(0, "{\"method\":\"mining.subscribe\",\"params\":[\"x\"]}\n"), Verdict::Cut);
}

#[test]
fn more_members_than_are_read_hide_nothing_where_much_is_kept() {
    let members = "\"\":0,".repeat(5_000);
    for line in lines() {
        let text = format!("{{{members}{line}}}{{\"a\":1");
        for size in [60_000, 1_448] {
            assert_eq!(told_of(32_768, text.as_bytes(), &[size]).0.last(), Some(&Verdict::Cut), "{line}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn any_padding_cut_anyhow_hides_nothing(
        line in 0..lines().len(),
        kinds in prop::collection::vec((0..10_usize, 1..12_000_usize), 1..5),
        sizes in prop::collection::vec(prop_oneof![1..4_000_usize, Just(40_000)], 1..6),
        look_bytes in prop::sample::select(&[4_096, 5_000, 32_768][..]),
    ) {
        let padding: String = kinds.iter().map(|(kind, size)| paddings(*size)[*kind].clone()).collect();
        let text = format!("{{{padding}{}}}\n", lines()[line]);
        prop_assume!(text.len() <= LOOK_MESSAGE);
        let (verdicts, _) = told_of(look_bytes, text.as_bytes(), &sizes);
        prop_assert_eq!(verdicts.last(), Some(&Verdict::Cut));
    }
}

#[test]
#[ignore = "prints costs"]
fn costs() {
    let line = "\"method\":\"mining.x\",\"params\":[]";
    let mut texts: Vec<String> = paddings(60_000).iter().map(|padding| format!("{{{padding}{line}}}\n")).collect();
    texts.push("{\"time\":\"2026-01-01T00:00:00Z\",\"level\":\"info\",\"fields\":{\"user\":\"bob\"}}\n".repeat(800));
    for text in texts {
        for size in [1_448, 60_000, 16] {
            let start = std::time::Instant::now();
            for _ in 0..10 {
                let _ = told(text.as_bytes(), &[size]);
            }
            let each = start.elapsed() / 10;
            std::println!("{:?} for {} octets by {size}: {}", each, text.len(), &text[..30].escape_debug());
        }
    }
}
