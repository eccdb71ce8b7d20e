//! The table of addresses (PROTOCOLS.md section 2.6): one row a form, all coins that use it, the typical one first.

use super::checksum::Kind::{
    self, Alephium, Base58Check, Bech32m, CashAddr, Conflux, Eip55, Ergo, Monero, Nimiq, Nothing, Qrl, Segwit, Sia,
    Tari, Ton, Warthog,
};

/// The characters an address body is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alphabet {
    /// `1-9A-HJ-NP-Za-km-z`.
    Base58,
    /// `02-9ac-hj-np-z` (BIP 173).
    Bech32,
    /// `0-9a-fA-F`.
    Hex,
    /// `0-9a-f`.
    LowerHex,
    /// Conflux's base32.
    Conflux,
    /// `0-9A-Za-z_-`.
    Base64Url,
    /// `0-9A-Z` and space.
    Iban,
    /// `A-Z`.
    Capitals,
}

impl Alphabet {
    pub(super) fn has(self, letter: u8) -> bool {
        match self {
            Self::Base58 => letter.is_ascii_alphanumeric() && !matches!(letter, b'0' | b'I' | b'O' | b'l'),
            Self::Bech32 => matches!(letter, b'0' | b'2'..=b'9' | b'a' | b'c'..=b'h' | b'j'..=b'n' | b'p'..=b'z'),
            Self::Hex => letter.is_ascii_hexdigit(),
            Self::LowerHex => matches!(letter, b'0'..=b'9' | b'a'..=b'f'),
            Self::Conflux => matches!(letter, b'0'..=b'9' | b'a'..=b'z') && !b"iloq".contains(&letter),
            Self::Base64Url => letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'_'),
            Self::Iban => matches!(letter, b'0'..=b'9' | b'A'..=b'Z' | b' '),
            Self::Capitals => letter.is_ascii_uppercase(),
        }
    }
}

/// How much the look of an address says before its check is reckoned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// No other kind of word looks like this: long, and with a beginning of its own.
    Distinct,
    /// Other words may look like this.
    Common,
    /// Like any hash: an address only where its check holds, or among the coins a protocol is spoken for.
    Bare,
}

/// One form of address.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// The first characters.
    pub(super) prefix: &'static str,
    /// What may follow the prefix at once; empty: anything of the alphabet.
    pub(super) next: &'static str,
    pub(super) alphabet: Alphabet,
    /// Characters of the whole address, least and most.
    pub(super) length: (usize, usize),
    pub(super) check: Kind,
    pub(super) look: Look,
    /// The tickers, the typical one first.
    pub(super) coins: &'static [&'static str],
}

type Coins = &'static [&'static str];

/// Version bytes and the hash of a key or script. The version's weight gives all addresses one length, except where it is
/// nothing.
const fn hash(prefix: &'static str, next: &'static str, version: &'static [u8], coins: Coins) -> Row {
    let length = if version.len() == 1 { (34, 34) } else { (35, 35) };
    let check = Base58Check(version, 20);
    Row { prefix, next, alphabet: Base58, length, check, look: Common, coins }
}

/// A CryptoNote address of this length.
const fn note(prefix: &'static str, next: &'static str, length: usize, tag: u64, coins: Coins) -> Row {
    let length = (length, length);
    Row { prefix, next, alphabet: Base58, length, check: Monero(tag), look: Distinct, coins }
}

/// Letters of BIP 173 behind a prefix of its own.
const fn base32(prefix: &'static str, next: &'static str, length: (usize, usize), check: Kind, coins: Coins) -> Row {
    Row { prefix, next, alphabet: Alphabet::Bech32, length, check, look: Distinct, coins }
}

/// A witness program.
const fn segwit(prefix: &'static str, coins: Coins) -> Row {
    base32(prefix, "qp", (prefix.len() + 39, prefix.len() + 59), Segwit, coins)
}

/// Kaspa and its kin: the data is 61 letters for Schnorr keys and scripts, 63 for ECDSA keys.
const fn kaspa(prefix: &'static str, coins: Coins) -> Row {
    base32(prefix, "qp", (prefix.len() + 61, prefix.len() + 63), CashAddr(prefix), coins)
}

const fn other(
    prefix: &'static str,
    alphabet: Alphabet,
    length: (usize, usize),
    (check, look): (Kind, Look),
    coins: Coins,
) -> Row {
    Row { prefix, next: "", alphabet, length, check, look, coins }
}

use Alphabet::{Base58, Base64Url, Capitals, Hex, Iban, LowerHex};
use Look::{Bare, Common, Distinct};

/// Every form. Several may fit a text: the one whose check holds is taken.
pub(super) static TABLE: &[Row] = &[
    // Base58Check
    Row { length: (26, 34), ..hash("1", "", &[0x00], &["BTC", "BCH", "YDA"]) },
    hash("3", "", &[0x05], &["BTC", "BCH", "LTC"]),
    hash("", "34", &[0x07], &["FIRO"]),
    hash("", "67", &[0x0e], &["FTC"]),
    hash("7", "", &[0x10], &["DASH", "RTM"]),
    hash("", "9A", &[0x16], &["DOGE"]),
    hash("A", "", &[0x17], &["CLORE", "BTG"]),
    hash("D", "", &[0x1e], &["DOGE", "DGB", "PIVX"]),
    hash("E", "", &[0x21], &["EVR"]),
    hash("G", "", &[0x26], &["BTG", "NEOX"]),
    hash("L", "", &[0x30], &["LTC"]),
    hash("M", "", &[0x32], &["LTC", "MEWC", "MONA"]),
    hash("N", "", &[0x35], &["XNA"]),
    hash("Q", "", &[0x3a], &["QTUM"]),
    hash("R", "", &[0x3c], &["RVN", "RTM", "KMD", "VRSC", "SAFE", "RIC"]),
    hash("S", "", &[0x3f], &["DGB"]),
    hash("T", "", &[0x41], &["TRX"]),
    hash("V", "", &[0x47], &["VTC"]),
    hash("X", "", &[0x4c], &["DASH"]),
    hash("Y", "", &[0x4e], &["YTN"]),
    hash("", "aZ", &[0x52], &["FIRO"]),
    hash("", "op", &[0x75], &["XNA"]),
    hash("r", "", &[0x7a], &["RVN"]),
    hash("t1", "", &[0x1c, 0xb8], &["ZEC", "FLUX", "BTCZ"]),
    hash("t3", "", &[0x1c, 0xbd], &["ZEC", "FLUX", "BTCZ"]),
    hash("zn", "", &[0x20, 0x89], &["ZEN"]),
    hash("z", "st", &[0x20, 0x96], &["ZEN"]),
    // Keys behind base58
    Row { next: "efghi", ..other("9", Base58, (51, 51), (Ergo, Common), &["ERG"]) },
    other("1", Base58, (44, 45), (Alephium, Common), &["ALPH"]),
    other("F", Base58, (34, 34), (Nothing, Common), &["GRS"]),
    other("Ds", Base58, (35, 35), (Nothing, Common), &["DCR"]),
    other("Dc", Base58, (35, 35), (Nothing, Common), &["DCR"]),
    other("NHb", Base58, (34, 36), (Nothing, Common), &["BTC"]),
    Row { next: "2345678", ..other("1", Base58, (46, 48), (Tari, Common), &["XTM"]) },
    Row { next: "2345678", ..other("1", Base58, (89, 443), (Tari, Distinct), &["XTM"]) },
    other("ak_", Base58, (51, 53), (Base58Check(&[], 32), Distinct), &["AE"]),
    // CryptoNote
    note("4", "123456789AB", 95, 18, &["XMR"]),
    note("4", "", 106, 19, &["XMR"]),
    note("8", "23456789ABC", 95, 42, &["XMR"]),
    note("5", "", 95, 28, &["MSR"]),
    note("G", "", 95, 90, &["GRFT"]),
    note("L", "", 95, 114, &["OXEN"]),
    note("W", "", 97, 178, &["AEON"]),
    note("Xw", "", 97, 185, &["DNX"]),
    note("Zx", "", 97, 197, &["ZANO"]),
    note("iZ", "", 108, 13_944, &["ZANO"]),
    note("Wo", "", 97, 4_146, &["WOW"]),
    note("WW", "", 97, 12_208, &["WOW"]),
    note("ar", "", 97, 11_466, &["ARQ"]),
    note("XX", "", 98, 17_206, &["XLA"]),
    note("hv", "", 98, 23_284, &["XHV"]),
    note("ccx7", "", 98, 31_444, &["CCX"]),
    note("Sumo", "", 99, 2_864_026, &["SUMO"]),
    note("TRTL", "", 99, 3_914_525, &["TRTL"]),
    note("SaLv", "", 99, 4_125_464, &["SAL"]),
    note("ZEPHs", "", 99, 148_723_904, &["ZEPH"]),
    note("ZEPHYR", "", 101, 26_375_690_432, &["ZEPH"]),
    // Witness programs
    segwit("bc1", &["BTC"]),
    segwit("btg1", &["BTG"]),
    segwit("dgb1", &["DGB"]),
    segwit("grs1", &["GRS"]),
    segwit("hs1", &["HNS"]),
    segwit("ltc1", &["LTC"]),
    segwit("mona1", &["MONA"]),
    segwit("nq1", &["XNA"]),
    segwit("qc1", &["QTUM"]),
    segwit("vtc1", &["VTC"]),
    // Bech32 and Bech32m
    base32("addr1", "", (58, 103), Kind::Bech32, &["ADA"]),
    base32("aleo1", "", (63, 63), Bech32m, &["ALEO"]),
    base32("ckb1", "", (46, 46), Kind::Bech32, &["CKB"]),
    base32("ckb1", "", (97, 97), Bech32m, &["CKB"]),
    base32("dero1", "q", (66, 66), Kind::Bech32, &["DERO"]),
    base32("deroi1", "", (67, 448), Kind::Bech32, &["DERO"]),
    base32("grin1", "", (63, 63), Kind::Bech32, &["GRIN"]),
    base32("tex1", "", (42, 42), Bech32m, &["ZEC"]),
    base32("u1", "", (102, 215), Bech32m, &["ZEC"]),
    base32("xch1", "", (62, 62), Bech32m, &["XCH"]),
    base32("xel:", "", (63, 448), Kind::Bech32, &["XEL"]),
    base32("zs1", "", (78, 78), Kind::Bech32, &["ZEC"]),
    // The code of 40 bits
    base32("bitcoincash:", "qp", (54, 54), CashAddr("bitcoincash:"), &["BCH"]),
    base32("ecash:", "qp", (48, 48), CashAddr("ecash:"), &["XEC"]),
    Row { next: "qp", ..other("", Alphabet::Bech32, (42, 42), (CashAddr("bitcoincash:"), Common), &["BCH"]) },
    kaspa("kaspa:", &["KAS"]),
    kaspa("karlsen:", &["KLS"]),
    kaspa("spectre:", &["SPR"]),
    kaspa("pyrin:", &["PYI"]),
    kaspa("nexellia:", &["NXL"]),
    kaspa("hoosat:", &["HTN"]),
    base32("nexa:", "npq", (46, 96), CashAddr("nexa:"), &["NEXA"]),
    Row { next: "a", ..other("cfx:", Alphabet::Conflux, (46, 46), (Conflux, Distinct), &["CFX"]) },
    // Hexadecimal
    other("0x", Hex, (42, 42), (Eip55, Distinct), &["ETC", "ETHW", "QUAI", "OCTA", "UBQ", "RTH", "CFX", "ETH"]),
    other("k:", LowerHex, (66, 66), (Nothing, Distinct), &["KDA"]),
    other("Q", LowerHex, (79, 79), (Qrl, Distinct), &["QRL"]),
    other("", LowerHex, (76, 76), (Sia, Bare), &["SC"]),
    other("", LowerHex, (48, 48), (Warthog, Bare), &["WART"]),
    other("", LowerHex, (64, 64), (Nothing, Bare), &["IRON", "BEAM"]),
    other("", LowerHex, (62, 68), (Nothing, Bare), &["BEAM"]),
    // Others
    Row { next: "Q", ..other("E", Base64Url, (48, 48), (Ton, Common), &["TON"]) },
    Row { next: "Q", ..other("U", Base64Url, (48, 48), (Ton, Common), &["TON"]) },
    other("NQ", Iban, (36, 44), (Nimiq, Common), &["NIM"]),
    other("", Capitals, (60, 60), (Nothing, Bare), &["QUBIC"]),
];
