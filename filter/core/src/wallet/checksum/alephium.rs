//! Alephium: a type byte (0: key hash, 2: script hash, 4: groupless key) and 32 bytes; nothing to check but that.

use super::base58;

pub(super) fn fits(text: &str) -> bool {
    base58::decode(text).is_some_and(|decoded| decoded.as_slice().len() == 33 && decoded.as_slice().first() == Some(&0))
}
