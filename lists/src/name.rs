//! Domain names in presentation form: cleaning, the walk over suffixes, their hash.

use crate::tally::Reason;
use core::ops::ControlFlow;

/// Bytes of the longest name in presentation form, without the trailing dot (RFC 1035, 3.1).
const MAX_NAME: usize = 253;
/// Labels of such a name.
const MAX_LABELS: usize = 127;
const MAX_LABEL: usize = 63;

/// Checks a name as a list states it and strips the trailing dot. Letters keep their case.
///
/// # Errors
/// Says what is wrong with it; a single label is an error of its own.
pub(crate) fn check(name: &str) -> Result<&str, Reason> {
    let name = name.strip_suffix('.').unwrap_or(name);
    if !name.is_ascii() {
        return Err(Reason::NotAscii);
    }
    if name.len() > MAX_NAME || !name.split('.').all(is_label) {
        return Err(Reason::NotAName);
    }
    match name.rsplit_once('.') {
        None => Err(Reason::OneLabel),
        Some((_, top)) if top.bytes().all(|byte| byte.is_ascii_digit()) => Err(Reason::NotAName),
        Some(_) => Ok(name),
    }
}

fn is_label(label: &str) -> bool {
    let letters = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    (1..=MAX_LABEL).contains(&label.len()) && letters
}

/// One suffix of a name: its text as given, the hash of its lower case, and whether it is the whole name.
pub(crate) struct Suffix<'a> {
    pub(crate) text: &'a str,
    pub(crate) hash: u64,
    pub(crate) whole: bool,
}

/// Visits every suffix of a name that begins at a label boundary, the shortest first, until the visitor
/// breaks. At most 127 are visited and at most 254 bytes read: of a longer name the end is walked, since no
/// rule can be longer than that. A dot escaped as `\.` is part of its label (RFC 1035, 5.1).
pub(crate) fn walk<'a, B>(name: &'a str, mut visit: impl FnMut(Suffix<'a>) -> ControlFlow<B>) -> ControlFlow<B> {
    let whole = name.strip_suffix('.').unwrap_or(name).as_bytes();
    let tail = whole.get(whole.len().saturating_sub(MAX_NAME + 1)..).unwrap_or(whole);
    let (mut hash, mut labels) = (Hash::EMPTY, 1);
    for (at, &byte) in tail.iter().enumerate().rev() {
        if byte == b'.' && !is_escaped(tail, at) {
            let text = name.get(name_at(whole, tail) + at + 1..whole.len()).unwrap_or("");
            visit(Suffix { text, hash: hash.finish(), whole: false })?;
            labels += 1;
            if labels > MAX_LABELS {
                return ControlFlow::Continue(());
            }
        }
        hash = hash.push(byte);
    }
    if whole.len() > MAX_NAME {
        return ControlFlow::Continue(());
    }
    visit(Suffix { text: name.get(..whole.len()).unwrap_or(""), hash: hash.finish(), whole: true })
}

/// Where the tail begins in the whole.
fn name_at(whole: &[u8], tail: &[u8]) -> usize {
    whole.len() - tail.len()
}

fn is_escaped(name: &[u8], at: usize) -> bool {
    let before = name.get(..at).unwrap_or(&[]);
    before.iter().rev().take_while(|&&byte| byte == b'\\').count() % 2 == 1
}

/// The hash the index uses, of a name that was checked.
pub(crate) fn hash_of(name: &[u8]) -> u64 {
    name.iter().rev().fold(Hash::EMPTY, |hash, &byte| hash.push(byte)).finish()
}

/// FNV-1a over lower-case bytes from the right, so that one pass gives the hash of every suffix.
#[derive(Clone, Copy)]
struct Hash(u64);

impl Hash {
    const EMPTY: Self = Self(0xcbf2_9ce4_8422_2325);

    fn push(self, byte: u8) -> Self {
        Self((self.0 ^ u64::from(byte.to_ascii_lowercase())).wrapping_mul(0x0000_0100_0000_01b3))
    }

    /// Mixed, because the table takes its bits from both ends.
    fn finish(self) -> u64 {
        let mixed = (self.0 ^ (self.0 >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed ^ (mixed >> 29)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{string::String, vec, vec::Vec};

    fn suffixes(name: &str) -> Vec<(String, bool)> {
        let mut seen = Vec::new();
        let _ = walk(name, |suffix| -> ControlFlow<()> {
            let text = String::from(suffix.text);
            assert_eq!(suffix.hash, hash_of(text.to_lowercase().as_bytes()));
            seen.push((text, suffix.whole));
            ControlFlow::Continue(())
        });
        seen
    }

    #[test]
    fn walks_from_the_top_label_down() {
        let want = vec![("com".into(), false), ("B.com".into(), false), ("a.B.com".into(), true)];
        assert_eq!(suffixes("a.B.com"), want);
        assert_eq!(suffixes("a.B.com."), want);
        assert_eq!(suffixes("com"), vec![("com".into(), true)]);
    }

    #[test]
    fn an_escaped_dot_is_no_boundary() {
        assert_eq!(suffixes(r"a\.b.com"), vec![("com".into(), false), (r"a\.b.com".into(), true)]);
        assert_eq!(suffixes(r"a\\.b").len(), 2);
    }

    #[test]
    fn work_is_bounded() {
        assert_eq!(suffixes(&"a.".repeat(5000)).len(), 127);
        assert_eq!(suffixes(&"x".repeat(5000)).len(), 0);
        let long = [&"\\000".repeat(63), ".", &"\\001".repeat(63), ".pool.example"].concat();
        assert!(suffixes(&long).contains(&("pool.example".into(), false)));
        let exactly = [&"a".repeat(60), ".", &"b".repeat(63), ".", &"c".repeat(63), ".", &"d".repeat(64)].concat();
        assert_eq!(exactly.len(), 253);
        assert!(suffixes(&["x.", &exactly].concat()).contains(&(exactly, false)));
    }

    #[test]
    fn names_are_checked() {
        assert_eq!(check("a.b."), Ok("a.b"));
        assert_eq!(check("_dmarc.a-b.com"), Ok("_dmarc.a-b.com"));
        let (label, name) = (["a".repeat(64).as_str(), ".com"].concat(), ["a."; 127].concat() + "com");
        for (name, reason) in [
            ("com", Reason::OneLabel),
            ("", Reason::NotAName),
            ("a..b", Reason::NotAName),
            (".a.b", Reason::NotAName),
            ("a b.c", Reason::NotAName),
            ("1.2.3.4", Reason::NotAName),
            ("矿池.com", Reason::NotAscii),
            (&label, Reason::NotAName),
            (&name, Reason::NotAName),
        ] {
            assert_eq!(check(name), Err(reason), "{name}");
        }
    }
}
