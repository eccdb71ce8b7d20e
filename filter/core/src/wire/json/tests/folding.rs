//! Laws of folding: what is asked for and short reads as if nothing had been taken out around it.

use alloc::vec;

use super::*;

/// What is kept of a stream here.
const ROOM: usize = 4_096;

/// `k0` to `k19` are asked for.
fn asked(name: Str<'_>) -> Option<usize> {
    name.to_string_bounded(4).strip_prefix('k')?.parse().ok().filter(|place| *place < 20)
}

/// A stream of which no more than [`ROOM`] is kept.
#[derive(Default)]
struct Kept {
    bytes: Vec<u8>,
    folded: Skim,
    /// Octets gone over by folding.
    work: usize,
}

impl Kept {
    /// Takes a part; false if there is no room to be had for it.
    fn take(&mut self, mut part: &[u8]) -> bool {
        while !part.is_empty() {
            part = &part[self.folded.pass(part)..];
            let (now, later) = part.split_at(part.len().min(ROOM - self.bytes.len()));
            self.bytes.extend(now);
            part = later;
            if self.bytes.len() == ROOM && !self.fold() {
                return false;
            }
        }
        true
    }

    fn fold(&mut self) -> bool {
        assert!(!self.folded.is_inside());
        self.work += self.bytes.len();
        let mut cuts = Vec::new();
        let Some(folded) = fold(&self.bytes, asked, &mut cuts) else { return false };
        let freed: usize = cuts.iter().map(ExactSizeIterator::len).sum();
        assert!(freed >= self.bytes.len() / 8);
        assert!(cuts.is_sorted_by(|one, two| one.end < two.start), "in order and apart");
        for cut in cuts.into_iter().rev() {
            self.bytes.drain(cut);
        }
        self.folded = folded;
        true
    }
}

/// Padding for the place of a value.
fn long_value() -> impl Strategy<Value = String> {
    let pad = |text: &'static str| move |count: usize| text.repeat(count / text.len());
    let size = || 1..40_000_usize;
    let quoted = |text: String| format!("\"{text}\"");
    prop_oneof![
        size().prop_map(pad("A")).prop_map(quoted),
        size().prop_map(pad("\\u0041\\\\\\\"")).prop_map(quoted),
        size().prop_map(pad("ü€\u{1f600}")).prop_map(quoted),
        size().prop_map(pad(" \r\n\t")).prop_map(|text| text + "0"),
        size().prop_map(pad("0,")).prop_map(|text| format!("[{text}0]")),
        size().prop_map(pad("[],{},\"]\",")).prop_map(|text| format!("[{text}0]")),
        size().prop_map(|depth| deep(depth / 2)),
        size().prop_map(|depth| ["{\"a\":".repeat(depth / 6), "1".into(), "}".repeat(depth / 6)].concat()),
        size().prop_map(pad("\"a\":{\"b\":[]},")).prop_map(|text| format!("{{{text}\"c\":null}}")),
        size().prop_map(pad("7")).prop_map(|digits| format!("1{digits}.5e-{digits}")),
        size()
            .prop_map(pad("[[[[[\"x\"]]]], "))
            .prop_map(|text| format!("[{text}0{}", "]".repeat(1 + text.len() / 14))),
    ]
}

/// Padding for the place of members.
fn long_members() -> impl Strategy<Value = String> {
    let size = || 1..4_000_usize;
    prop_oneof![
        6 => long_value().prop_map(|value| format!("\"pad\":{value},")),
        1 => size().prop_map(|count| (0..count).map(|at| format!("\"{at}\":{at},")).collect()),
        1 => size().prop_map(|count| "\"k19\":\"x\", ".repeat(count)),
        1 => size().prop_map(|size| format!("\"{}\":[],", "name".repeat(size))),
    ]
}

fn short_value() -> impl Strategy<Value = serde_json::Value> {
    prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        "[a-z0-9.\"\\\\ü]{0,12}".prop_map(Into::into),
    ]
}

/// Objects, arrays and strings as they stand in messages: two levels of short values.
fn message_value() -> impl Strategy<Value = serde_json::Value> {
    let list = prop::collection::vec(short_value(), 0..6);
    let named = prop::collection::vec((0..19, short_value()), 0..6).prop_map(|members| {
        members.into_iter().map(|(name, value)| (format!("k{name}"), value)).collect::<Map<_, _>>()
    });
    prop_oneof![short_value(), list.prop_map(Into::into), named.prop_map(Into::into)]
}

/// Members that are asked for, among padding; and the text of the object.
fn padded(
    value: impl Strategy<Value = serde_json::Value>,
    most: usize,
) -> impl Strategy<Value = (Vec<serde_json::Value>, String)> {
    let members = prop::collection::vec(value, 1..8);
    (members, prop::collection::vec((0..8_usize, long_members()), 1..=most)).prop_map(|(members, padding)| {
        let mut text = String::from("{");
        for (at, value) in members.iter().enumerate() {
            for (_, pad) in padding.iter().filter(|(place, _)| *place % members.len() == at) {
                text.push_str(pad);
            }
            text.push_str(&format!("\"k{at}\": {value},"));
        }
        text.pop();
        text.push('}');
        (members, text)
    })
}

/// The text in parts of these sizes, over and over.
fn parts<'a>(mut text: &'a [u8], sizes: &[usize]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    for size in sizes.iter().cycle() {
        let (part, rest) = text.split_at(text.len().min(*size));
        parts.push(part);
        text = rest;
        if text.is_empty() {
            break;
        }
    }
    parts
}

fn read(text: &str, sizes: &[usize]) -> (bool, Kept) {
    let mut kept = Kept::default();
    let is_kept = parts(text.as_bytes(), sizes).into_iter().all(|part| kept.take(part));
    (is_kept, kept)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// However much padding of whatever kind stands around them.
    #[test]
    fn short_members_that_are_asked_for_are_kept(
        (members, text) in padded(short_value(), 4),
        sizes in prop::collection::vec(1..3_000_usize, 1..5),
    ) {
        let (is_kept, kept) = read(&text, &sizes);
        prop_assert!(is_kept);
        let mut scratch = Scratch::new();
        let doc = parse(&kept.bytes, &mut scratch);
        prop_assert_eq!(doc.status(), Status::Complete { len: kept.bytes.len() });
        for (at, value) in members.iter().enumerate() {
            prop_assert_eq!(&to_serde(doc.get(&format!("k{at}")).unwrap()), value);
        }
        prop_assert!(kept.work <= 9 * text.len(), "{} for {}", kept.work, text.len());
    }

    /// Lists and objects too, where there is padding of one kind.
    #[test]
    fn messages_are_kept_whole(
        (members, text) in padded(message_value(), 1),
        sizes in prop::collection::vec(1..3_000_usize, 1..5),
    ) {
        let (is_kept, kept) = read(&text, &sizes);
        prop_assert!(is_kept);
        let mut scratch = Scratch::new();
        let doc = parse(&kept.bytes, &mut scratch);
        for (at, value) in members.iter().enumerate() {
            prop_assert_eq!(&to_serde(doc.get(&format!("k{at}")).unwrap()), value);
        }
    }

    /// Cut anywhere and folded there, any object with what follows is one still, and nothing in it becomes longer.
    #[test]
    fn an_object_folded_anywhere_is_one(
        object in any_object(any_value()),
        pad in long_members(),
        cut: prop::sample::Index,
    ) {
        let rest = object.to_string();
        let comma = if rest == "{}" { "\"\":0" } else { "" };
        let text = ["{", &pad, comma, &rest[1..]].concat();
        let (first, rest) = text.as_bytes().split_at(cut.index(text.len() - 1) + 1);
        let mut cuts = Vec::new();
        let left = fold(first, asked, &mut cuts);
        let mut bytes = first.to_vec();
        for cut in cuts.iter().rev() {
            bytes.drain(cut.clone());
        }
        let mut skim = left.unwrap_or_default();
        bytes.extend(&rest[skim.pass(rest)..]);
        match status(&bytes) {
            Status::Complete { len } => prop_assert_eq!(len, bytes.len()),
            // Thousands of members behind the cut.
            Status::TooBig { .. } => prop_assert!(rest.len() > 10_000),
            other => prop_assert!(false, "{:?} for {}", other, bytes.escape_ascii()),
        }
    }

    #[test]
    fn folding_anything_ends(bytes in prop::collection::vec(prop::sample::select(&b"{}[]\",:\\u01.-eE tfn\n\xff"[..]), 0..400)) {
        let bytes = [b"{", &bytes[..]].concat();
        let mut cuts = Vec::new();
        if fold(&bytes, asked, &mut cuts).is_some() {
            prop_assert!(cuts.iter().all(|cut| cut.start < cut.end && cut.end <= bytes.len()));
        }
    }
}

#[test]
fn a_solution_of_the_longest_kind_survives_beside_white_space_and_members() {
    let solution = "ab".repeat(1_347);
    let junk: String = (0..2_000).map(|at| format!("\"{at}\" : [ {at} ] , ")).collect();
    let text = format!("{{{junk}\"k1\":[\"a\",\"{solution}\"],{junk}\"k0\":\"x\"}}");
    let (is_kept, kept) = read(&text, &[1_448]);
    assert!(is_kept);
    let mut scratch = Scratch::new();
    let doc = parse(&kept.bytes, &mut scratch);
    assert!(doc.get("k1").unwrap().index(1).unwrap().as_str().unwrap().eq_str(&solution));
    assert!(doc.get("k0").unwrap().as_str().unwrap().eq_str("x"));
}

#[test]
fn of_members_that_come_again_the_first_and_the_last_are_kept() {
    let again = "\"k1\":\"no\",".repeat(3_000);
    let text = format!("{{\"k1\":\"first\",{again}\"k1\":[\"last\"],\"k0\":1}}");
    let (is_kept, kept) = read(&text, &[1_000]);
    assert!(is_kept);
    let mut scratch = Scratch::new();
    let doc = parse(&kept.bytes, &mut scratch);
    let mut all = doc.root().unwrap().get_all("k1");
    assert!(all.next().unwrap().as_str().unwrap().eq_str("first"));
    assert!(all.last().unwrap().is_array());
}

#[test]
fn what_cannot_be_made_shorter_says_so() {
    let mut cuts = Vec::new();
    assert_eq!(fold(b"{\"k1\":1", asked, &mut cuts), None);
    assert!(cuts.is_empty());
    assert_eq!(fold(b"", asked, &mut cuts), None);
    assert_eq!(fold(b"{", asked, &mut cuts), None);
}
