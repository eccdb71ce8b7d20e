//! Ergo: network and type, a compressed public key, and the first four bytes of BLAKE2b-256.

use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest};

use super::base58;

pub(super) fn holds(text: &str) -> bool {
    let Some(decoded) = base58::decode(text) else { return false };
    let Some((body, check)) = decoded.as_slice().split_last_chunk::<4>() else { return false };
    matches!(body, [1, 2 | 3, ..]) && body.len() == 34 && Blake2b::<U32>::digest(body).starts_with(check)
}
