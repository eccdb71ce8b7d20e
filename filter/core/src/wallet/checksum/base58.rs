//! Base58, the alphabet without `0`, `I`, `O` and `l`.

/// The most bytes an address of one number has: 38 of Ergo.
const ROOM: usize = 48;

/// The value of a base58 digit.
pub(crate) const fn digit(letter: u8) -> Option<u8> {
    Some(match letter {
        b'1'..=b'9' => letter - b'1',
        b'A'..=b'H' => letter - b'A' + 9,
        b'J'..=b'N' => letter - b'J' + 17,
        b'P'..=b'Z' => letter - b'P' + 22,
        b'a'..=b'k' => letter - b'a' + 33,
        b'm'..=b'z' => letter - b'm' + 44,
        _ => return None,
    })
}

/// A decoded text of at most [`ROOM`] bytes, written to the right.
pub(super) struct Decoded {
    bytes: [u8; ROOM],
    from: usize,
}

impl Decoded {
    pub(super) fn as_slice(&self) -> &[u8] {
        self.bytes.get(self.from..).unwrap_or_default()
    }
}

/// Decodes one number; each leading `1` is a zero byte. None: a foreign letter, or too long.
pub(super) fn decode(text: &str) -> Option<Decoded> {
    if text.len() > 2 * ROOM {
        return None;
    }
    let mut bytes = [0_u8; ROOM];
    for letter in text.bytes() {
        let mut carry = u32::from(digit(letter)?);
        for byte in bytes.iter_mut().rev() {
            carry += 58 * u32::from(*byte);
            *byte = (carry & 0xff) as u8;
            carry >>= 8;
        }
        if carry != 0 {
            return None;
        }
    }
    let zeros = text.bytes().take_while(|letter| *letter == b'1').count();
    let first = bytes.iter().position(|byte| *byte != 0).unwrap_or(ROOM);
    Some(Decoded { bytes, from: first.checked_sub(zeros)? })
}
