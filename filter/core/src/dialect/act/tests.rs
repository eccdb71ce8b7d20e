use alloc::vec::Vec;

use super::*;
use crate::wire::json::{Scratch, parse};

/// What the reply of this object says, each time.
fn replies(text: &str) -> Vec<bool> {
    let mut scratch = Scratch::default();
    let document = parse(text.as_bytes(), &mut scratch);
    let mut told = Vec::new();
    reply(document.root().unwrap(), &mut |act| {
        if let Act::Reply { is_accepted, .. } = act {
            told.push(is_accepted);
        }
    });
    told
}

#[test]
fn replies_say_yes_in_several_ways() {
    for yes in ["true", "[true]", "{\"status\":\"OK\"}", "{\"status\":\"ok\"}", "\"ok\"", "{\"code\":1}"] {
        assert_eq!(replies(&alloc::format!("{{\"id\":1,\"result\":{yes},\"error\":null}}")), [true], "{yes}");
        assert_eq!(replies(&alloc::format!("{{\"id\":1,\"result\":{yes},\"error\":[21,\"x\"]}}")), [false], "{yes}");
    }
    for no in ["false", "null", "[false]", "[]", "{\"status\":\"KO\"}", "{\"code\":2}", "1", "\"no\""] {
        assert_eq!(replies(&alloc::format!("{{\"id\":1,\"result\":{no}}}")), [false], "{no}");
    }
    assert_eq!(replies("{\"id\":1,\"error\":{\"code\":-1}}"), [false]);
    assert!(replies("{\"id\":null,\"result\":true}").is_empty() && replies("{\"id\":1}").is_empty());
}

#[test]
fn targets_and_difficulties_are_numbers_or_nothing() {
    let read_target = |text: &str| {
        let text = alloc::format!("[\"{text}\"]");
        let mut scratch = Scratch::default();
        let object = alloc::format!("{{\"a\":{text}}}");
        let document = parse(object.as_bytes(), &mut scratch);
        target(document.root().unwrap().get("a").unwrap().index(0).unwrap().as_str())
    };
    let all = "ff".repeat(32);
    assert!(matches!(read_target(&all), Some(Measure::Hashes(hashes)) if (hashes - 1.0).abs() < 1e-9));
    assert_eq!(read_target("0x01"), Some(Measure::Hashes(ALL)));
    assert_eq!((read_target(""), read_target("0x00"), read_target("xyz")), (None, None, None));
    let read = |text: &str| {
        let object = alloc::format!("{{\"a\":{text}}}");
        let mut scratch = Scratch::default();
        let document = parse(object.as_bytes(), &mut scratch);
        difficulty(document.root().unwrap().get("a"))
    };
    assert_eq!(read("0.5"), Some(Measure::Difficulty(0.5)));
    assert_eq!(read("\"8192\""), Some(Measure::Difficulty(8_192.0)));
    assert_eq!((read("0"), read("-1"), read("1e999"), read("\"x\"")), (None, None, None, None));
}
