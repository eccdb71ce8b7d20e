//! Monero's base58: blocks of 11 letters for 8 bytes, the last block shorter; a tag as a variable-length number in
//! front, two public keys, sometimes a payment id, and the first four bytes of Keccak-256.

use sha3::{Digest, Keccak256};

use super::base58;

/// Bytes of the longest address known: tag of 5, keys of 64, payment id of 8, check of 4, and some to spare.
const ROOM: usize = 96;

/// How many bytes a last block of so many letters holds; 0: no such block.
const BYTES: [usize; 12] = [0, 0, 1, 2, 0, 3, 4, 5, 0, 6, 7, 8];

pub(super) fn holds(text: &str, tag: u64) -> bool {
    let mut room = [0_u8; ROOM];
    let Some(bytes) = decode(text, &mut room) else { return false };
    let Some((body, check)) = bytes.split_last_chunk::<4>() else { return false };
    let Some((found, keys)) = number(body) else { return false };
    found == tag && matches!(keys.len(), 64 | 72) && Keccak256::digest(body).starts_with(check)
}

fn decode<'a>(text: &str, room: &'a mut [u8; ROOM]) -> Option<&'a [u8]> {
    let mut filled = 0;
    for block in text.as_bytes().chunks(11) {
        let length = *BYTES.get(block.len())?;
        let value = block
            .iter()
            .try_fold(0_u64, |value, letter| value.checked_mul(58)?.checked_add(u64::from(base58::digit(*letter)?)))?;
        let bytes = value.to_be_bytes();
        let (above, kept) = bytes.split_at_checked(8 - length)?;
        if length == 0 || above.iter().any(|byte| *byte != 0) {
            return None;
        }
        room.get_mut(filled..filled + length)?.copy_from_slice(kept);
        filled += length;
    }
    room.get(..filled)
}

/// A number of seven bits a byte, lowest first, and what follows it.
fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let last = bytes.iter().take(9).position(|byte| byte & 0x80 == 0)?;
    let (digits, rest) = bytes.split_at_checked(last + 1)?;
    Some((digits.iter().rev().fold(0, |value, byte| value << 7 | u64::from(byte & 0x7f)), rest))
}
