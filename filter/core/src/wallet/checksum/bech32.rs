//! Bech32 (BIP 173) and Bech32m (BIP 350), without their limit of 90 letters: Zcash and Dero go beyond it.

/// The letters, by value.
pub(super) const LETTERS: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// What the polynomial leaves of a BIP 173 text.
pub(super) const BECH32: u32 = 1;
/// What it leaves of a BIP 350 text.
pub(super) const BECH32M: u32 = 0x2bc8_30a3;

const GENERATORS: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];

/// The value of a letter.
pub(super) fn value(letter: u8, letters: &[u8; 32]) -> Option<u8> {
    letters.iter().position(|known| *known == letter).and_then(|at| u8::try_from(at).ok())
}

/// Whether `text` leaves `constant`. Its `prefix` is the human-readable part and the separator: `1`, with Xelis `:`.
pub(super) fn holds(text: &str, prefix: &str, constant: u32) -> bool {
    let Some(data) = text.strip_prefix(prefix) else { return false };
    let hrp = prefix.trim_end_matches(['1', ':']);
    data.len() > 6 && remainder(hrp, data) == Some(constant)
}

/// A witness program: version, then 20 or 32 bytes for version 0 and 32 for version 1, padded with zeros.
pub(super) fn segwit_holds(text: &str, prefix: &str) -> bool {
    let Some(data) = text.strip_prefix(prefix) else { return false };
    let Some((version, last)) = data.bytes().next().zip(data.len().checked_sub(7)) else { return false };
    let padding = match (version, data.len()) {
        (b'q', 39) => 0_u8,
        (b'q' | b'p', 59) => 0b1111,
        _ => return false,
    };
    let padded =
        data.as_bytes().get(last).and_then(|letter| value(*letter, LETTERS)).is_some_and(|bits| bits & padding == 0);
    padded && holds(text, prefix, if version == b'q' { BECH32 } else { BECH32M })
}

fn remainder(hrp: &str, data: &str) -> Option<u32> {
    let high = hrp.bytes().map(|letter| letter >> 5);
    let low = hrp.bytes().map(|letter| letter & 31);
    let head = high.chain([0]).chain(low).fold(1, step);
    data.bytes().try_fold(head, |sum, letter| Some(step(sum, value(letter, LETTERS)?)))
}

pub(super) fn step(sum: u32, value: u8) -> u32 {
    let top = sum >> 25;
    let next = (sum & 0x01ff_ffff) << 5 ^ u32::from(value);
    GENERATORS.iter().enumerate().fold(
        next,
        |next, (bit, generator)| {
            if top >> bit & 1 == 1 { next ^ generator } else { next }
        },
    )
}
