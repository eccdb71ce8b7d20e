//! Hardware addresses as programs write them.

/// Reads `02:00:00:0a:00:ff`, `02-00-00-0A-00-FF`, `0200.000a.00ff` or `0200000a00ff`.
pub(super) fn read(text: &str) -> Option<[u8; 6]> {
    let text = text.trim();
    let parts: Vec<&str> = text.split([':', '-', '.']).collect();
    let digits = match parts.len() {
        1 => 12,
        3 => 4,
        6 => 2,
        _ => return None,
    };
    if parts.iter().any(|part| part.len() != digits) {
        return None;
    }
    let hex = parts.concat();
    hex_bytes(&hex)?.try_into().ok()
}

/// As records write it: `02-00-00-0A-00-FF`.
pub(super) fn text(mac: [u8; 6]) -> String {
    mac.map(|byte| format!("{byte:02X}")).join("-")
}

/// The Ethernet address within a DUID (RFC 8415 section 11): of DUID-LLT and DUID-LL, with hardware type 1. The host has
/// that address, though not always on the interface it speaks with.
pub(super) fn of_duid(duid: &[u8]) -> Option<[u8; 6]> {
    match duid {
        [0, 1, 0, 1, _, _, _, _, mac @ ..] | [0, 3, 0, 1, mac @ ..] => mac.try_into().ok(),
        _ => None,
    }
}

/// Reads hexadecimal digits, with or without colons between the bytes.
pub(super) fn hex_bytes(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b':').collect();
    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let (pairs, rest) = digits.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(value(*high)? << 4 | value(*low)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_in_every_form_and_nothing_else_is() {
        for form in ["02:00:00:0a:00:ff", "02-00-00-0A-00-FF", "0200.000a.00ff", "0200000a00ff", " 02:00:00:0a:00:ff "]
        {
            assert_eq!(read(form), Some([2, 0, 0, 10, 0, 255]), "{form}");
        }
        for form in ["", "10.0.0.5", "2001:db8::1", "1:2:3:4:5:6", "02:00:00:0a:00", "02:00:00:0a:00:fg", "00:00"] {
            assert_eq!(read(form), None, "{form}");
        }
        assert_eq!(text([2, 0, 0, 10, 0, 255]), "02-00-00-0A-00-FF");
    }

    #[test]
    fn a_duid_may_hold_an_address() {
        let duid = |text: &str| of_duid(&hex_bytes(text).unwrap());
        assert_eq!(duid("00:01:00:01:30:af:db:8c:30:c5:99:13:12:bd"), Some([0x30, 0xc5, 0x99, 0x13, 0x12, 0xbd]));
        assert_eq!(duid("0003000130c5991312bd"), Some([0x30, 0xc5, 0x99, 0x13, 0x12, 0xbd]));
        assert_eq!(duid("00:04:30:c5:99:13:12:bd"), None, "a UUID holds none");
        assert_eq!(duid("0003001b30c5991312bd"), None, "another kind of hardware");
        assert_eq!(hex_bytes("abc"), None);
    }
}
