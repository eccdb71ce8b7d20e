//! Base58Check: version, payload, and the first four bytes of SHA-256 twice.

use sha2::{Digest, Sha256};

use super::base58;

pub(super) fn holds(text: &str, version: &[u8], length: usize) -> bool {
    let Some(decoded) = base58::decode(text) else { return false };
    let Some((body, check)) = decoded.as_slice().split_last_chunk::<4>() else { return false };
    let versioned = body.strip_prefix(version).is_some_and(|payload| payload.len() == length);
    versioned && Sha256::digest(Sha256::digest(body)).starts_with(check)
}
