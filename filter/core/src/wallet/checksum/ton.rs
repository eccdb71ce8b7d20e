//! TON: flags, workchain, 32 bytes of hash and CRC-16 (XMODEM), in base64 for URLs: 48 letters, 36 bytes.

pub(super) fn holds(text: &str) -> bool {
    if text.len() != 48 {
        return false;
    }
    let mut sum = 0_u16;
    for four in text.as_bytes().chunks(4) {
        let Some(value) = four.iter().try_fold(0_u32, |value, letter| Some(value << 6 | digit(*letter)?)) else {
            return false;
        };
        // A CRC over a message and its own CRC leaves nothing.
        sum = value.to_be_bytes().into_iter().skip(1).fold(sum, step);
    }
    sum == 0
}

pub(super) fn step(sum: u16, byte: u8) -> u16 {
    (0..8).fold(sum ^ u16::from(byte) << 8, |sum, _| if sum & 0x8000 == 0 { sum << 1 } else { sum << 1 ^ 0x1021 })
}

fn digit(letter: u8) -> Option<u32> {
    Some(u32::from(match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'-' => 62,
        b'_' => 63,
        _ => return None,
    }))
}
