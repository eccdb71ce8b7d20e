//! Tari (RFC-0155): network, features and the rest are each base58 on their own; the last byte is Damm's check over
//! the field of 256 elements.

use super::base58;

/// x^8 = x^4 + x^3 + x + 1.
const FOLD: u8 = 0b1_1011;

/// Bytes after network and features: one key or two, a payment id of at most 256, and the check.
const ROOM: usize = 328;

pub(super) fn holds(text: &str) -> bool {
    let mut room = [0_u8; ROOM];
    let Some((head, rest)) = text.split_at_checked(2) else { return false };
    let Some(rest) = decode(rest, &mut room) else { return false };
    let head = head.bytes().filter_map(base58::digit);
    rest.len() >= 33 && head.chain(rest.iter().copied()).fold(0, step) == 0
}

pub(super) fn step(sum: u8, byte: u8) -> u8 {
    let mixed = sum ^ byte;
    if mixed & 0x80 == 0 { mixed << 1 } else { mixed << 1 ^ FOLD }
}

/// The one number of up to [`ROOM`] bytes; too long for the everyday decoder.
fn decode<'a>(text: &str, room: &'a mut [u8; ROOM]) -> Option<&'a [u8]> {
    let mut first = ROOM;
    // Five letters at a time: the work grows with the square of the length.
    for letters in text.as_bytes().chunks(5) {
        let (factor, mut carry) = letters.iter().try_fold((1_u64, 0_u64), |(factor, value), letter| {
            Some((factor * 58, value * 58 + u64::from(base58::digit(*letter)?)))
        })?;
        for byte in room.get_mut(first..)?.iter_mut().rev() {
            carry += factor * u64::from(*byte);
            *byte = (carry & 0xff) as u8;
            carry >>= 8;
        }
        while carry != 0 {
            first = first.checked_sub(1)?;
            *room.get_mut(first)? = (carry & 0xff) as u8;
            carry >>= 8;
        }
    }
    let zeros = text.bytes().take_while(|letter| *letter == b'1').count();
    room.get(first.checked_sub(zeros)?..)
}
