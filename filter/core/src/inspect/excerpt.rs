//! The telling bytes as evidence, without the passwords in them.

use alloc::vec::Vec;

use crate::limits::EXCERPT;
use crate::wire::json::{Document, Value};

/// How the names of members begin, in lower case, whose values are nobody's business.
static SECRET: &[&str] = &["auth", "pass", "pwd", "secret", "token"];

/// The first bytes of an object, with the values of secret members and these parts of it masked.
///
/// Of an object that is not complete, what stands behind the last mark is left out: it may be the beginning of a
/// password.
pub(super) fn of(document: &Document<'_, '_>, secrets: &[&[u8]]) -> Vec<u8> {
    let Some(root) = document.root() else { return Vec::new() };
    let mut bytes = root.raw().to_vec();
    secrets.iter().for_each(|secret| mask(&mut bytes, root.raw(), secret));
    mask_members(&mut bytes, root.raw(), root);
    if !document.is_complete() {
        bytes.truncate(behind_last_mark(root.raw()));
    }
    bytes.truncate(EXCERPT);
    bytes
}

/// Masks the members of secret name, at whatever depth; the parser bounds it.
fn mask_members(bytes: &mut [u8], object: &[u8], value: Value<'_, '_>) {
    for (name, member) in value.entries() {
        if SECRET.iter().any(|start| begins(name.chars(), start)) {
            mask(bytes, object, member.raw());
        } else {
            mask_members(bytes, object, member);
        }
    }
    value.items().for_each(|item| mask_members(bytes, object, item));
}

fn begins(name: impl Iterator<Item = char>, start: &str) -> bool {
    let mut name = name.map(|character| character.to_ascii_lowercase());
    start.chars().all(|wanted| name.next() == Some(wanted))
}

/// Masks `part`, a part of `object`, in its copy.
pub(super) fn mask(copy: &mut [u8], object: &[u8], part: &[u8]) {
    let start = (part.as_ptr() as usize).wrapping_sub(object.as_ptr() as usize);
    if let Some(place) = copy.get_mut(start..start.saturating_add(part.len())) {
        place.fill(b'*');
    }
}

/// Behind the last bracket, comma or colon outside strings.
fn behind_last_mark(object: &[u8]) -> usize {
    let (mut last, mut is_inside, mut is_escaped) = (0, false, false);
    for (at, byte) in object.iter().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = is_inside,
            b'"' => is_inside = !is_inside,
            b'{' | b'[' | b'}' | b']' | b',' | b':' if !is_inside => last = at + 1,
            _ => {}
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;
    use crate::dialect::TABLE;
    use crate::wire::json::{Scratch, parse};

    /// The excerpt as the dialect that hears most would have it.
    fn excerpt(text: &str) -> String {
        let mut scratch = Scratch::default();
        let document = parse(text.as_bytes(), &mut scratch);
        let root = document.root().unwrap();
        let heard = TABLE.iter().filter_map(|dialect| (dialect.hear)(root)).max_by_key(|heard| heard.weight);
        String::from_utf8(of(&document, &heard.map(|heard| heard.secrets).unwrap_or_default())).unwrap()
    }

    #[test]
    fn no_password_is_written_down_wherever_it_stands() {
        for text in [
            r#"{"method":"login","params":{"login":"a","pass":"S3CRET","agent":"XMRig/6"}}"#,
            r#"{"method":"login","params":{"login":"a","pass":"x","pass":"S3CRET","agent":"XMRig/6"}}"#,
            r#"{"method":"login","params":{"login":"a","pa\u0073s":"S3\"CRET","agent":"XMRig/6"}}"#,
            r#"{"method":"login","params":{"login":"a","pass":["S3CRET"],"Password":"S3CRET","agent":"XMRig/6"}}"#,
            r#"{"method":"login","pass":"S3CRET","params":{"login":"a","pass":"x","agent":"XMRig/6"}}"#,
            r#"{"method":"mining.authorize","params":["a.b","S3CRET","S3CRET"]}"#,
            r#"{"method":"mining.authorize","params":["a.b",{"p":"S3CRET"}]}"#,
            r#"{"method":"mining.authorize","params":{"user":"a.b","pass":"S3CRET"}}"#,
            r#"{"method":"mining.subscribe","params":["0x52908400098527886e0f7030069857d2e4169ee7","S3CRET"]}"#,
            r#"{"method":"eth_submitLogin","params":["0x0","S3CRET","S3CRET"]}"#,
        ] {
            let excerpt = excerpt(text);
            assert!(excerpt.contains("***") && !excerpt.contains("S3"), "{text} gave {excerpt}");
            assert_eq!(excerpt.len(), text.len());
        }
        let plain = r#"{"id":1,"method":"mining.subscribe","params":["cgminer/4",null,"pool.example.org",3333]}"#;
        assert_eq!(excerpt(plain), plain);
    }

    #[test]
    fn a_password_cut_in_two_is_left_out() {
        let text = r#"{"method":"login","params":{"login":"a","agent":"XMRig/6","x":"\",","pass":"S3CRET"#;
        for end in 1..=text.len() {
            let excerpt = excerpt(&text[..end]);
            assert!(!excerpt.contains("S3"), "{excerpt}");
            assert!(text[..end].starts_with(&excerpt));
        }
        assert!(excerpt(text).ends_with(r#""pass":"#));
    }
}
