//! EIP-55: a letter is a capital where the same nibble of Keccak-256 over the small letters is 8 or more.

use sha3::{Digest, Keccak256};

use super::Check;

/// An address in one case only says nothing of itself.
pub(super) fn check(text: &str) -> Check {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let has = |case: fn(&u8) -> bool| digits.bytes().any(|letter| case(&letter));
    if !has(u8::is_ascii_uppercase) || !has(u8::is_ascii_lowercase) {
        return Check::None;
    }
    let mut hash = Keccak256::new();
    for letter in digits.bytes() {
        hash.update([letter.to_ascii_lowercase()]);
    }
    let hash = hash.finalize();
    let nibbles = hash.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let holds = |(letter, nibble): (u8, u8)| letter.is_ascii_digit() || letter.is_ascii_uppercase() == (nibble >= 8);
    if digits.bytes().zip(nibbles).all(holds) { Check::Valid } else { Check::Invalid }
}
