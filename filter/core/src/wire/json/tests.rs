#![allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::panic)]

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use proptest::prelude::*;
use serde_json::{Map, json};

use super::{scan::OPEN, *};

mod folding;

/// The same tree in serde_json's shape; a member or item that is not there yet is left out.
fn to_serde(value: Value<'_, '_>) -> serde_json::Value {
    match value.kind() {
        Kind::Null => serde_json::Value::Null,
        Kind::Bool => value.as_bool().unwrap().into(),
        Kind::Number => serde_json::from_str(value.as_number().unwrap()).unwrap(),
        Kind::String => value.as_str().unwrap().chars().collect::<String>().into(),
        Kind::Array => value.items().map(to_serde).collect::<Vec<_>>().into(),
        Kind::Object => value
            .entries()
            .map(|(key, value)| (key.chars().collect(), to_serde(value)))
            .collect::<Map<String, serde_json::Value>>()
            .into(),
    }
}

fn status(text: &[u8]) -> Status {
    parse(text, &mut Scratch::new()).status()
}

fn any_value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        prop::num::f64::NORMAL.prop_map(Into::into),
        any::<String>().prop_map(Into::into),
        "[a-z0-9.]{0,12}".prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into), any_object(inner),]
    })
}

fn any_object(inner: impl Strategy<Value = serde_json::Value>) -> impl Strategy<Value = serde_json::Value> {
    prop::collection::vec((any::<String>(), inner), 0..6)
        .prop_map(|members| members.into_iter().collect::<Map<_, _>>().into())
}

fn print(object: &serde_json::Value, pretty: bool) -> String {
    if pretty {
        let text = serde_json::to_string_pretty(object).unwrap();
        text.replace("\n", "\r\n")
    } else {
        object.to_string()
    }
}

#[test]
fn a_login_is_read() {
    let text = br#" {"id":1,"jsonrpc":"2.0","method":"login","params":{"login":"4Wallet.rig","pass":"x","agent":"XMRig\/6.21","algo":["rx\/0",null,true,-1.5e3]}}
"#;
    let mut scratch = Scratch::new();
    let doc = parse(text, &mut scratch);
    assert_eq!(doc.status(), Status::Complete { len: text.len() - 1 });
    let root = doc.root().unwrap();
    assert_eq!((root.kind(), root.count(), root.is_complete()), (Kind::Object, 4, true));
    assert_eq!(doc.get("id").unwrap().as_u64(), Some(1));
    assert!(doc.get("method").unwrap().as_str().unwrap().eq_str("login"));
    let params = doc.get("params").unwrap();
    let agent = params.get("agent").unwrap().as_str().unwrap();
    assert!(agent.eq_str("XMRig/6.21") && agent.as_plain().is_none());
    assert_eq!(agent.raw(), br"XMRig\/6.21");
    let login = params.get("login").unwrap().as_str().unwrap();
    assert_eq!(login.as_plain(), Some("4Wallet.rig"));
    assert_eq!(login.to_string_bounded(3), "4Wa");
    let algo = params.get("algo").unwrap();
    assert!(algo.is_array() && algo.index(1).unwrap().is_null());
    assert_eq!(algo.index(2).unwrap().as_bool(), Some(true));
    assert_eq!(algo.index(3).unwrap().as_number(), Some("-1.5e3"));
    assert_eq!(algo.index(3).unwrap().as_f64(), Some(-1500.0));
    assert!(algo.index(4).is_none() && algo.get("x").is_none() && params.get("x").is_none());
    assert_eq!(algo.raw(), br#"["rx\/0",null,true,-1.5e3]"#);
    // Questions of the wrong kind have no answer.
    assert!(root.index(0).is_none() && root.as_str().is_none() && root.as_number().is_none());
    assert!(login.chars().next() == Some('4') && algo.as_bool().is_none());
}

#[test]
fn duplicates_keep_their_order() {
    let mut scratch = Scratch::new();
    let doc = parse(br#"{"a":1,"b":2,"\u0061":3}"#, &mut scratch);
    assert_eq!(doc.get("a").unwrap().as_u64(), Some(1));
    let all: Vec<_> = doc.root().unwrap().get_all("a").map(|v| v.as_u64()).collect();
    assert_eq!(all, [Some(1), Some(3)]);
}

#[test]
fn strings_compare_decoded() {
    let check = |raw: &str, text: &str| {
        let object = format!("{{\"k\":\"{raw}\"}}");
        let mut scratch = Scratch::new();
        let doc = parse(object.as_bytes(), &mut scratch);
        let found = doc.get("k").unwrap().as_str().unwrap();
        assert!(found.eq_str(text), "{raw}");
        assert_eq!(found.chars().collect::<String>(), text);
        assert_eq!(found.len_decoded(), text.chars().count());
        assert!(found.starts_with(text) && !found.starts_with(&format!("{text}x")));
        assert!(!found.eq_str(&format!("{text}x")) && !found.eq_str("something else"));
        assert_eq!(found.is_empty(), text.is_empty());
    };
    check("", "");
    check("mining.subscribe", "mining.subscribe");
    check(r"\u006dining\u002Esubscribe", "mining.subscribe");
    check(r#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{c}\n\r\t");
    check(r"\ud83d\uDE00!", "\u{1f600}!");
    check(r"\ud83d", "\u{fffd}");
    check(r"\ud83d\n", "\u{fffd}\n");
    check(r"\ud83dA", "\u{fffd}A");
    check(r"\ud83d\ud83d\ude00", "\u{fffd}\u{1f600}");
    check(r"\ude00", "\u{fffd}");
    check("grüß \u{1f600}", "grüß \u{1f600}");
    check("\u{7f}", "\u{7f}");
}

#[test]
fn case_and_hex() {
    let hash = "00AAff99";
    let text = format!("{{\"a\":\"{hash}\",\"b\":\"0x{hash}\",\"c\":\"Mining.\\u004eotify\"}}");
    let mut scratch = Scratch::new();
    let doc = parse(text.as_bytes(), &mut scratch);
    let get = |key| doc.get(key).unwrap().as_str().unwrap();
    assert!(get("a").is_hex(8) && !get("a").is_hex(7) && !get("a").is_hex(9));
    assert!(!get("a").is_hex_0x(8) && !get("a").is_hex_0x(6));
    assert!(get("b").is_hex_0x(8) && !get("b").is_hex_0x(7) && !get("b").is_hex(10));
    assert!(get("c").eq_ignore_ascii_case("mining.NOTIFY") && !get("c").eq_str("mining.notify"));
    assert!(!get("c").eq_ignore_ascii_case("mining.notif"));
}

#[test]
fn octets_that_are_not_utf8_are_replaced() {
    let mut scratch = Scratch::new();
    for (raw, text) in [
        (&b"a\xffb"[..], "a\u{fffd}b"),
        (b"\xc3", "\u{fffd}"),
        (b"\xe2\x82x", "\u{fffd}x"),
        (b"\xf0\x9f\x98\x80\xf0\x9f", "\u{1f600}\u{fffd}"),
        (b"\xed\xa0\x80", "\u{fffd}\u{fffd}\u{fffd}"),
    ] {
        let object = [b"{\"k\":\"", raw, b"\"}"].concat();
        let doc = parse(&object, &mut scratch);
        let found = doc.get("k").unwrap().as_str().unwrap();
        assert_eq!(found.chars().collect::<String>(), text);
        assert_eq!(text, String::from_utf8_lossy(raw));
        assert!(found.as_plain().is_none() && !found.eq_str("k"));
    }
}

#[test]
fn what_is_not_json_is_invalid_where_it_breaks() {
    for (text, at) in [
        (&b"x"[..], 0),
        (b"[]", 0),
        (b"\"a\"", 0),
        (b"\0{", 0),
        (b"{a:1}", 1),
        (b"{'a':1}", 1),
        (b"{,}", 1),
        (b"{]", 1),
        (b"{\"a\" 1}", 5),
        (b"{\"a\"}", 4),
        (b"{\"a\":}", 5),
        (b"{\"a\":1,}", 7),
        (b"{\"a\":1;", 6),
        (b"{\"a\":1]", 6),
        (b"{\"a\":[1}", 7),
        (b"{\"a\":[1,]", 8),
        (b"{\"a\":[,", 6),
        (b"{\"a\":[1 2", 8),
        (b"{\"a\":01", 6),
        (b"{\"a\":-x", 6),
        (b"{\"a\":+1", 5),
        (b"{\"a\":.5", 5),
        (b"{\"a\":1.}", 7),
        (b"{\"a\":1.e", 7),
        (b"{\"a\":1e+}", 8),
        (b"{\"a\":1ex", 7),
        (b"{\"a\":0x10", 6),
        (b"{\"a\":NaN", 5),
        (b"{\"a\":nul}", 8),
        (b"{\"a\":truey", 9),
        (b"{\"a\":TRUE", 5),
        (b"{\"a\":undefined", 5),
        (b"{\"a\n\":1", 3),
        (b"{\"a\x1f\":1", 3),
        (b"{\"\\x41\"", 3),
        (b"{\"\\u00g0\"", 6),
        (b"{/**/", 1),
        (b"{\x0b", 1),
        (b"{\0", 1),
        (b"{\"a\":\x801", 5),
        (b"{\xef\xbb\xbf", 1),
    ] {
        assert_eq!(status(text), Status::Invalid { at }, "{}", text.escape_ascii());
        for length in 0..=at {
            let expected = Status::Incomplete;
            assert_eq!(status(&text[..length]), expected, "{}", text.escape_ascii());
        }
    }
}

/// An array of arrays of arrays.
fn deep(depth: usize) -> String {
    ["[".repeat(depth), "]".repeat(depth)].concat()
}

#[test]
fn what_is_nested_deep_is_passed_over_and_said_to_be() {
    let mut scratch = Scratch::new();
    for (depth, is_whole) in [(15, true), (16, false), (17, false), (1000, false), (65_535, false)] {
        let text = format!("{{\"a\":{},\"b\":{{\"c\":[true]}}}}", deep(depth));
        let doc = parse(text.as_bytes(), &mut scratch);
        assert_eq!(doc.status(), Status::Complete { len: text.len() }, "{depth}");
        let innermost = (0..depth.min(15)).try_fold(doc.get("a").unwrap(), |value, at| {
            assert!(value.is_array() && value.raw().ends_with(b"]"));
            if at == 14 { Some(value) } else { value.index(0) }
        });
        assert_eq!(innermost.unwrap().is_complete(), is_whole, "{depth}");
        assert_eq!(innermost.unwrap().count(), 0);
        let behind = doc.get("b").unwrap().get("c").unwrap();
        assert_eq!(behind.index(0).unwrap().as_bool(), Some(true), "{depth}");
    }
    let text = format!("{{\"b\":1,\"a\":{}}}", deep(65_536));
    let doc = parse(text.as_bytes(), &mut scratch);
    assert_eq!(doc.status(), Status::TooBig { at: 65_535 + 11 });
    assert_eq!(doc.get("b").unwrap().as_u64(), Some(1));
}

#[test]
fn what_is_passed_over_is_still_checked() {
    let mut scratch = Scratch::new();
    let long = "0,".repeat(4_000);
    let inside = "[".repeat(40);
    for (wrong, at) in
        [("}", 0), ("1 2", 2), ("\"\\x\"", 2), (",", 0), ("{\"a\" 1", 5), ("{1", 1), ("tru ", 3), ("01", 1)]
    {
        for before in [&long, &inside] {
            let text = format!("{{\"a\":[{before}{wrong}");
            let wrong_at = 6 + before.len() + at;
            let at = parse(text.as_bytes(), &mut scratch).status();
            assert_eq!(at, Status::Invalid { at: wrong_at }, "{wrong}");
        }
    }
}

#[test]
fn no_number_of_values_hides_what_stands_behind() {
    let numbers = |count: usize| "0,".repeat(count - 1) + "0";
    let members = |count: usize| (0..count).map(|at| format!("\"{at}\":{{}},")).collect::<String>();
    let pairs = "[1],".repeat(30_000) + "2";
    let padding = [
        (format!("\"p\":[{}],", numbers(600)), Some(true)),
        (format!("\"p\":[{}],", numbers(100_000)).repeat(8), Some(false)),
        (format!("\"p\":[[{pairs}]],"), Some(true)),
        (format!("\"p\":{{{}\"x\":1}},", members(10_000)).repeat(3), Some(false)),
        (members(300), None),
        (members(600) + &format!("\"p\":[{}],", numbers(2_000)), Some(false)),
    ];
    let mut scratch = Scratch::new();
    for (padding, is_whole) in padding {
        let text = format!("{{{padding}\"method\":\"x\",\"params\":[\"a\",{{\"b\":[3]}}]}}");
        let doc = parse(text.as_bytes(), &mut scratch);
        assert_eq!(doc.status(), Status::Complete { len: text.len() });
        assert!(doc.get("method").unwrap().as_str().unwrap().eq_str("x"));
        let params = doc.get("params").unwrap();
        assert!(params.is_complete() && params.count() == 2);
        assert_eq!(params.index(1).unwrap().get("b").unwrap().index(0).unwrap().as_u64(), Some(3));
        assert!(doc.root().unwrap().is_complete() && doc.nodes().len() <= 4_096);
        assert_eq!(doc.get("p").map(|padding| padding.is_complete()), is_whole, "{}", &text[..20]);
    }
}

#[test]
fn an_abridged_container_does_not_look_complete() {
    let mut scratch = Scratch::new();
    let text = format!("{{\"a\":[[{}0],{{\"c\":1}}],\"b\":2}}", "0,".repeat(5_000));
    let doc = parse(text.as_bytes(), &mut scratch);
    let outer = doc.get("a").unwrap();
    let inner = outer.index(0).unwrap();
    assert!(!inner.is_complete() && inner.count() > 700 && inner.raw().ends_with(b",0]"));
    // What stands beside it has room of its own.
    assert!(outer.is_complete() && outer.count() == 2);
    assert_eq!(outer.index(1).unwrap().get("c").unwrap().as_u64(), Some(1));
    assert_eq!(doc.get("b").unwrap().as_u64(), Some(2));
    let text = format!("{{\"a\":[{}0]}}", "[0],".repeat(5_000));
    let doc = parse(text.as_bytes(), &mut scratch);
    let outer = doc.get("a").unwrap();
    assert!(!outer.is_complete() && outer.items().all(|inner| inner.is_complete() && inner.count() == 1));
}

#[test]
fn too_many_members_at_the_top_are_told_and_keep_what_was_seen() {
    let text = format!("{{\"method\":1{}}}{{}}", ",\"a\":0".repeat(3_000));
    let mut scratch = Scratch::new();
    let doc = parse(text.as_bytes(), &mut scratch);
    assert!(matches!(doc.status(), Status::TooBig { at } if text.as_bytes()[at] == b'0'));
    assert_eq!(doc.get("method").unwrap().as_u64(), Some(1));
    assert!(!doc.root().unwrap().is_complete());
    assert_eq!(doc.nodes().len(), 4_096);
    let mut walk = objects(text.as_bytes());
    walk.next(&mut scratch);
    let (next, doc) = walk.next(&mut scratch).unwrap();
    assert!(next == text.len() - 2 && doc.is_complete());
}

#[test]
fn objects_one_after_another() {
    let text = b"\0\r\n{\"a\":1}{\"b\":2}\r\n\0 [{\"c\":3},{\"d\":{\"e\":4}}] junk\n{\"f\":";
    let mut scratch = Scratch::new();
    let mut walk = objects(text);
    let mut seen = Vec::new();
    while let Some((offset, doc)) = walk.next(&mut scratch) {
        assert_eq!(text[offset], b'{');
        let (key, _) = doc.root().unwrap().entries().next().unzip();
        seen.push((doc.is_complete(), key.map(|key| key.to_string_bounded(9)), walk.junk()));
    }
    let key = |name: &str| Some(name.to_string());
    assert_eq!(
        seen,
        [(true, key("a"), 0), (true, key("b"), 0), (true, key("c"), 1), (true, key("d"), 2), (false, None, 7),]
    );
    assert_eq!(&text[walk.settled()..], b"{\"f\":");
}

#[test]
fn objects_go_on_behind_broken_and_big_ones() {
    let walk = |text: &[u8]| {
        let mut scratch = Scratch::new();
        let mut walk = objects(text);
        let mut seen = Vec::new();
        while let Some((offset, doc)) = walk.next(&mut scratch) {
            seen.push((offset, doc.is_complete()));
        }
        (seen, walk.settled())
    };
    assert_eq!(walk(b"{x {\"a\":1}\n{}"), ([(0, false), (11, true)].to_vec(), 13));
    assert_eq!(walk(b"{\"a\n{}"), ([(0, false), (4, true)].to_vec(), 6));
    assert_eq!(walk(b" {x {}"), ([(1, false)].to_vec(), 1));
    assert_eq!(walk(b"no objects"), (Vec::new(), 10));
    assert_eq!(walk(b""), (Vec::new(), 0));
    // Objects inside one that is too big are not taken for top-level ones.
    let deep = format!("{}\n{{\"method\":\"}}\\\"{{\"}}{}", "{\"a\":".repeat(70_000), "}".repeat(70_000));
    let text = format!("{deep}{{}}");
    let expected = [(0, false), (deep.len(), true)].to_vec();
    assert_eq!(walk(text.as_bytes()), (expected, text.len()));
    assert_eq!(walk(&deep.as_bytes()[..deep.len() - 1]), ([(0, false)].to_vec(), 0));
}

/// The prefix's nodes are the whole's first nodes, but for the ends of open containers.
fn check_prefix(text: &[u8], cut: usize) {
    let (mut scratch, mut whole) = (Scratch::new(), Scratch::new());
    let (doc, whole) = (parse(&text[..cut], &mut scratch), parse(text, &mut whole));
    assert_eq!(doc.status(), Status::Incomplete, "cut at {cut}");
    assert!(doc.nodes().len() <= whole.nodes().len());
    for (mine, other) in doc.nodes().iter().zip(whole.nodes()) {
        assert_eq!((mine.kind, mine.start), (other.kind, other.start));
        assert!(mine.end == OPEN || mine == other);
    }
    if let Some(root) = doc.root() {
        let _ = to_serde(root);
    }
}

proptest! {
    #[test]
    fn reads_what_serde_json_prints(object in any_object(any_value()), pretty: bool) {
        let text = print(&object, pretty);
        let mut scratch = Scratch::new();
        let doc = parse(text.as_bytes(), &mut scratch);
        prop_assert_eq!(doc.status(), Status::Complete { len: text.len() });
        let printed: serde_json::Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(to_serde(doc.root().unwrap()), printed);
    }

    #[test]
    fn every_prefix_is_incomplete_and_agrees(object in any_object(any_value()), pretty: bool) {
        let text = print(&object, pretty);
        for cut in 0..text.len() {
            check_prefix(text.as_bytes(), cut);
        }
    }

    /// One octet of a good text changed, taken out or put in: accepted exactly when serde_json accepts it.
    #[test]
    fn agrees_with_serde_json_on_damage(
        object in any_object(any_value()),
        pretty: bool,
        place: prop::sample::Index,
        octet in prop_oneof![any::<u8>(), prop::sample::select(&b"{}[]\",:\\u0189.-+eE tfn\n\r\0"[..])],
        how in 0..3,
    ) {
        let mut text = print(&object, pretty).into_bytes();
        let at = place.index(text.len());
        match how {
            0 => text[at] = octet,
            1 => _ = text.remove(at),
            _ => text.insert(at, octet),
        }
        let mine = status(&text);
        let whole = Status::Complete { len: text.trim_ascii_end().len() };
        let theirs: Result<serde_json::Value, _> = serde_json::from_slice(&text);
        match &theirs {
            Ok(value) => prop_assert_eq!(value.is_object(), mine == whole),
            Err(error) => {
                let told = error.to_string();
                // Where this reader is tolerant on purpose, or reads one object and no more.
                let tolerant = ["out of range", "surrogate", "unicode", "code point", "trailing characters"]
                    .iter()
                    .any(|part| told.contains(part));
                prop_assert!(tolerant || !matches!(mine, Status::Complete { .. }), "{told}");
            }
        }
    }

    #[test]
    fn a_status_is_final(bytes in prop::collection::vec(prop::sample::select(&b"{}[]\",:\\u01.-eE tfn\n\xff"[..]), 0..40)) {
        let bytes = [b"{", &bytes[..]].concat();
        let mut settled = None;
        for length in 0..=bytes.len() {
            let now = status(&bytes[..length]);
            if let Some(before) = settled {
                prop_assert_eq!(now, before);
            } else if now != Status::Incomplete {
                settled = Some(now);
            }
        }
    }

    #[test]
    fn random_bytes_never_panic_or_loop(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut scratch = Scratch::new();
        let mut walk = objects(&bytes);
        let (mut turns, mut last) = (0, None);
        while let Some((offset, doc)) = walk.next(&mut scratch) {
            prop_assert!(last < Some(offset));
            last = Some(offset);
            turns += 1;
            doc.root().map(to_serde);
        }
        prop_assert!(turns <= bytes.len() && walk.settled() <= bytes.len());
    }

    /// However a stream is cut, taking away what is settled gives the same objects.
    #[test]
    fn split_points_do_not_matter(
        objects_in in prop::collection::vec(any_object(any_value()), 1..4),
        cut: prop::sample::Index,
        gap in prop::sample::select(&["\n", "\r\n", "\0", " ", "", "],["][..]),
    ) {
        let text: String = objects_in.iter().map(|object| format!("{gap}{object}")).collect();
        let (first, _) = text.as_bytes().split_at(cut.index(text.len()));
        let mut scratch = Scratch::new();
        let mut seen = Vec::new();
        let mut walk = objects(first);
        while let Some((_, doc)) = walk.next(&mut scratch) {
            if doc.is_complete() {
                seen.push(to_serde(doc.root().unwrap()));
            }
        }
        let mut walk = objects(&text.as_bytes()[walk.settled()..]);
        while let Some((_, doc)) = walk.next(&mut scratch) {
            prop_assert!(doc.is_complete());
            seen.push(to_serde(doc.root().unwrap()));
        }
        let printed: Vec<serde_json::Value> = objects_in
            .iter()
            .map(|object| serde_json::from_str(&object.to_string()).unwrap())
            .collect();
        prop_assert_eq!(seen, printed);
    }
}

#[test]
fn serde_json_shape_is_what_the_model_compares() {
    let mut scratch = Scratch::new();
    let doc = parse(br#"{"a":[1,{"b":null}],"c":"d"}"#, &mut scratch);
    assert_eq!(to_serde(doc.root().unwrap()), json!({"a": [1, {"b": null}], "c": "d"}));
}
