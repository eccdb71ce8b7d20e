//! Bytes as hexadecimal digits, in lower case.

const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];

/// The digits of bytes.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let digit = |four: u8| DIGITS.get(usize::from(four)).copied().unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]).collect()
}

/// The bytes of digits. None: there is something else, or half a byte.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let byte = |[high, low]: &[u8; 2]| Some(value(*high)? << 4 | value(*low)?);
    if rest.is_empty() { pairs.iter().map(byte).collect() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_bytes_come_back_and_a_library_writes_the_same() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(encode(&all), data_encoding::HEXLOWER.encode(&all));
        assert_eq!(decode(&encode(&all)), Some(all));
        assert_eq!(decode(""), Some(Vec::new()));
    }

    #[test]
    fn what_is_no_pair_of_small_digits_is_refused() {
        for text in ["0", "0A", "0g", "12 ", " 12", "\u{e4}", "0x12", "+1"] {
            assert_eq!(decode(text), None, "{text:?}");
        }
    }
}
