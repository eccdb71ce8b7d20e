//! Addresses in hexadecimal that carry a hash of themselves: Siacoin, QRL, Warthog.

use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest};
use sha2::Sha256;

/// 32 bytes and the first six of their BLAKE2b-256.
pub(super) fn sia(text: &str) -> bool {
    let Some(bytes) = decode::<38>(text) else { return false };
    let Some((body, check)) = bytes.split_last_chunk::<6>() else { return false };
    Blake2b::<U32>::digest(body).starts_with(check)
}

/// `Q`, a descriptor of 3 bytes, a hash of 32, and the last four bytes of the SHA-256 of both.
pub(super) fn qrl(text: &str) -> bool {
    let Some(bytes) = text.strip_prefix('Q').and_then(decode::<39>) else { return false };
    let Some((body, check)) = bytes.split_last_chunk::<4>() else { return false };
    Sha256::digest(body).ends_with(check)
}

/// 20 bytes and the first four of their SHA-256.
pub(super) fn warthog(text: &str) -> bool {
    let Some(bytes) = decode::<24>(text) else { return false };
    let Some((body, check)) = bytes.split_last_chunk::<4>() else { return false };
    Sha256::digest(body).starts_with(check)
}

/// Exactly `N` bytes.
fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = pair.iter().try_fold(0_u8, |byte, letter| Some(byte << 4 | nibble(*letter)?))?;
    }
    Some(bytes)
}

fn nibble(letter: u8) -> Option<u8> {
    char::from(letter).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}
