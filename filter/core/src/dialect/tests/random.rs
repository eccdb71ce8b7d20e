//! Random objects, made of the words mining and other software share, never prove mining.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use proptest::prelude::*;
use serde_json::{Map, Value as Tree, json};

use super::{PROOF, hear};

/// Names that stand in mining messages and in others; none proves by itself.
static WORDS: &[&str] = &[
    "agent",
    "algo",
    "api_key",
    "auth",
    "blob",
    "body",
    "code",
    "data",
    "difficulty",
    "error",
    "hashes",
    "height",
    "id",
    "input",
    "job",
    "job_id",
    "jsonrpc",
    "keepalive",
    "login",
    "method",
    "nonce",
    "output",
    "params",
    "pass",
    "pow",
    "proto",
    "result",
    "status",
    "submit",
    "target",
    "token",
    "type",
    "user",
    "verify",
    "version",
    "worker",
    "x",
];

fn scalar() -> impl Strategy<Value = Tree> {
    prop_oneof![
        Just(Tree::Null),
        any::<bool>().prop_map(Tree::from),
        any::<u32>().prop_map(Tree::from),
        prop::sample::select(WORDS).prop_map(Tree::from),
        "[a-z ]{0,12}".prop_map(Tree::from),
        "[0-9a-f]{1,40}".prop_map(Tree::from),
        "0x[0-9a-f]{64}".prop_map(|text| json!(text.replacen("0x000000", "0x100000", 1))),
    ]
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![4 => prop::sample::select(WORDS).prop_map(String::from), 1 => "[a-z_]{1,8}"]
}

fn object(value: impl Strategy<Value = Tree>) -> impl Strategy<Value = Tree> {
    prop::collection::vec((name(), value), 0..8)
        .prop_map(|members| Tree::Object(members.into_iter().collect::<Map<String, Tree>>()))
}

fn tree() -> impl Strategy<Value = Tree> {
    let inner = scalar().boxed().prop_recursive(3, 48, 8, |inner| {
        prop_oneof![prop::collection::vec(inner.clone(), 0..8).prop_map(Tree::from), object(inner)]
    });
    Box::new(object(inner))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn random_objects_prove_nothing(tree in tree()) {
        let line = serde_json::to_string(&tree).unwrap();
        prop_assert!(hear(&line).is_none_or(|told| told.2 < PROOF), "{line}");
    }

    #[test]
    fn random_objects_prove_no_more_when_they_are_folded(tree in tree()) {
        let line = super::padded(&serde_json::to_string(&tree).unwrap(), 100);
        if let Some(line) = super::folded(&line) {
            prop_assert!(hear(&line).is_none_or(|told| told.2 < PROOF), "{line}");
        }
    }

    #[test]
    fn random_bytes_prove_nothing(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let text: Vec<u8> = [b"{\"method\":".as_slice(), &bytes].concat();
        let text = String::from_utf8_lossy(&text);
        prop_assert!(hear(&text).is_none_or(|told| told.2 < PROOF), "{text}");
    }
}
