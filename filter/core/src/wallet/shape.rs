//! What a wallet address looks like (PROTOCOLS.md section 2.6). A shape alone is a hint: several coins share one.

/// The characters an address body is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Alphabet {
    /// `1-9A-HJ-NP-Za-km-z`.
    Base58,
    /// `02-9ac-hj-np-z` (BIP 173).
    Bech32,
    /// `0-9a-fA-F`.
    Hex,
}

/// One row of the table: how the address begins, how long it is in all, and the coins that use it.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// The first characters.
    prefix: &'static str,
    /// What may follow the prefix at once; empty: anything of the alphabet.
    second: &'static str,
    alphabet: Alphabet,
    /// Lengths of the whole address, least and most.
    length: (usize, usize),
    /// The ticker where only one well-known coin uses the shape.
    pub coin: Option<&'static str>,
}

const fn row(
    prefix: &'static str,
    second: &'static str,
    alphabet: Alphabet,
    length: (usize, usize),
    coin: Option<&'static str>,
) -> Shape {
    Shape { prefix, second, alphabet, length, coin }
}

use Alphabet::{Base58, Bech32, Hex};

/// Longer prefixes first: the first row that fits is taken.
static TABLE: &[Shape] = &[
    row("bitcoincash:", "qp", Bech32, (54, 54), Some("BCH")),
    row("ZEPHYR", "", Base58, (101, 101), Some("ZEPH")),
    row("ZEPHs", "", Base58, (99, 99), Some("ZEPH")),
    row("kaspa:", "qp", Bech32, (67, 69), Some("KAS")),
    row("dero1", "q", Bech32, (66, 66), Some("DERO")),
    row("grin1", "", Bech32, (63, 63), Some("GRIN")),
    row("aleo1", "", Bech32, (63, 63), Some("ALEO")),
    row("Sumo", "", Base58, (99, 99), Some("SUMO")),
    row("SaLv", "", Base58, (99, 99), Some("SAL")),
    row("TRTL", "", Base58, (99, 99), Some("TRTL")),
    row("ckb1", "", Bech32, (46, 97), Some("CKB")),
    row("ltc1", "q", Bech32, (43, 63), Some("LTC")),
    row("xch1", "", Bech32, (62, 62), Some("XCH")),
    row("ccx7", "", Base58, (98, 98), Some("CCX")),
    row("bc1", "qp", Bech32, (42, 62), Some("BTC")),
    row("Wo", "", Base58, (97, 97), Some("WOW")),
    row("WW", "", Base58, (97, 97), Some("WOW")),
    row("ar", "", Base58, (97, 97), Some("ARQ")),
    row("t1", "", Base58, (35, 35), None),
    row("t3", "", Base58, (35, 35), None),
    row("0x", "", Hex, (42, 42), None),
    row("4", "123456789AB", Base58, (95, 106), Some("XMR")),
    row("8", "23456789ABC", Base58, (95, 95), Some("XMR")),
    row("9", "efghi", Base58, (51, 51), Some("ERG")),
    row("1", "", Base58, (26, 35), None),
    row("3", "", Base58, (34, 34), None),
    row("D", "", Base58, (34, 34), None),
    row("R", "", Base58, (34, 34), None),
    row("L", "", Base58, (34, 34), None),
    row("X", "", Base58, (34, 34), None),
];

/// The shape of this text, if it is that of a wallet address.
#[must_use]
pub fn of(text: &str) -> Option<&'static Shape> {
    TABLE.iter().find(|shape| shape.fits(text))
}

impl Shape {
    fn fits(&self, text: &str) -> bool {
        let Some(body) = text.strip_prefix(self.prefix) else { return false };
        (self.length.0..=self.length.1).contains(&text.len())
            && body.bytes().all(|byte| self.alphabet.has(byte))
            && (self.second.is_empty() || body.chars().next().is_some_and(|next| self.second.contains(next)))
    }

    /// Whether the shape alone tells a wallet from any other word: long, or with a prefix of its own.
    #[must_use]
    pub const fn is_telling(&self) -> bool {
        self.length.0 >= 42
    }
}

impl Alphabet {
    fn has(self, byte: u8) -> bool {
        match self {
            Self::Base58 => byte.is_ascii_alphanumeric() && !matches!(byte, b'0' | b'I' | b'O' | b'l'),
            Self::Bech32 => matches!(byte, b'0' | b'2'..=b'9' | b'a' | b'c'..=b'h' | b'j'..=b'n' | b'p'..=b'z'),
            Self::Hex => byte.is_ascii_hexdigit(),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn shapes_are_told_apart() {
        let coin = |text: &str| of(text).and_then(|shape| shape.coin);
        assert_eq!(coin(&format!("4{}", "A".repeat(94))), Some("XMR"));
        assert_eq!(coin(&format!("ZEPHYR{}", "A".repeat(95))), Some("ZEPH"));
        assert_eq!(coin(&format!("kaspa:q{}", "q".repeat(60))), Some("KAS"));
        assert!(of(&format!("0x{}", "aF".repeat(20))).is_some());
        assert_eq!(coin(&format!("0x{}", "aF".repeat(20))), None);
        assert!(of(&format!("4{}", "0".repeat(94))).is_none(), "0 is no base58");
        assert!(of("bob").is_none() && of("").is_none() && of("1").is_none());
    }
}
