//! How many hashes a share of difficulty 1 takes on average (PROTOCOLS.md section 3.2): one table. Where
//! implementations disagree there is no row, and shares are not measured.

use crate::finding::{Said, Word};

/// What is counted in one unit.
struct Unit {
    /// Dialects that are spoken for such algorithms only.
    dialects: &'static [&'static str],
    /// Algorithms, as jobs and miners name them.
    algorithms: &'static [&'static str],
    /// Coins that are mined with such algorithms only.
    coins: &'static [&'static str],
    /// Hashes.
    hashes: f64,
}

static UNITS: &[Unit] = &[
    Unit {
        dialects: &[
            "btccom-agent",
            "decred",
            "ergo",
            "ethereum-stratum-1",
            "ethereum-stratum-2",
            "handshake",
            "kaspa",
            "kawpow",
            "nexa",
        ],
        algorithms: &["sha256d", "sha256", "x11", "skein", "qubit", "ethash", "etchash", "kheavyhash", "kawpow"],
        coins: &["BTC", "BCH", "BSV", "XEC", "NMC", "DASH", "KAS", "RVN", "ETC"],
        hashes: 4_294_967_296.0,
    },
    Unit {
        dialects: &[],
        algorithms: &["scrypt", "scrypt-n", "scrypt-jane", "yespower", "yescrypt", "ghostrider", "gr"],
        coins: &["LTC", "DOGE", "RTM", "BTRM", "YTN", "TDC"],
        hashes: 65_536.0,
    },
    Unit {
        dialects: &[],
        algorithms: &["x16r", "keccak", "blake", "fugue", "lyra2z", "lyra2rev2", "lyra2rev3", "verthash"],
        coins: &["VTC"],
        hashes: 16_777_216.0,
    },
    // 16 chains, and every hash can be of one of them.
    Unit { dialects: &["alephium"], algorithms: &[], coins: &["ALPH"], hashes: 17_179_869_184.0 },
    Unit { dialects: &["beam", "xelis"], algorithms: &[], coins: &["BEAM", "XEL", "WART"], hashes: 1.0 },
];

/// Hashes of a share of difficulty 1 in this dialect, where what was said leaves one unit.
#[must_use]
pub fn unit(dialect: &str, said: &Said) -> Option<f64> {
    let of = |is: &dyn Fn(&Unit) -> bool| UNITS.iter().find(|unit| is(unit)).map(|unit| unit.hashes);
    if let Some(hashes) = of(&|unit| unit.dialects.contains(&dialect)) {
        return Some(hashes);
    }
    if let Some(name) = said.get(Word::Algorithm) {
        return of(&|unit| unit.algorithms.iter().any(|known| known.eq_ignore_ascii_case(name)));
    }
    let by_coin = |coin: &str| of(&|unit| unit.coins.contains(&coin));
    let hashes = by_coin(said.get(Word::Coin)?)?;
    let others = said.get(Word::CoinAlternatives).unwrap_or_default();
    others.split_ascii_whitespace().all(|coin| by_coin(coin) == Some(hashes)).then_some(hashes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(words: &[(Word, &str)]) -> Said {
        let mut said = Said::default();
        words.iter().for_each(|(word, text)| said.put(*word, text));
        said
    }

    #[test]
    fn the_unit_is_of_the_dialect_then_of_the_algorithm_then_of_all_coins_it_may_be() {
        let stratum = |words: &[(Word, &str)]| unit("stratum-v1", &said(words));
        assert_eq!(unit("kaspa", &Said::default()), Some(4_294_967_296.0));
        assert_eq!(unit("alephium", &Said::default()), Some(17_179_869_184.0));
        assert_eq!(stratum(&[(Word::Algorithm, "Scrypt"), (Word::Coin, "BTC")]), Some(65_536.0));
        assert_eq!(stratum(&[(Word::Coin, "BTC"), (Word::CoinAlternatives, "BCH XEC")]), Some(4_294_967_296.0));
        assert_eq!(stratum(&[(Word::Coin, "BTC"), (Word::CoinAlternatives, "BCH LTC")]), None);
        assert_eq!(stratum(&[(Word::Algorithm, "neoscrypt"), (Word::Coin, "BTC")]), None, "implementations disagree");
        assert_eq!(stratum(&[]), None);
    }

    #[test]
    fn the_worked_numbers_come_out() {
        let bitcoin = unit("stratum-v1", &said(&[(Word::Coin, "BTC")])).unwrap();
        let litecoin = unit("stratum-v1", &said(&[(Word::Coin, "LTC")])).unwrap();
        let near = |value: f64, wanted: f64| assert!((value / wanted - 1.0).abs() < 0.01, "{value} for {wanted}");
        near(65_536.0 * bitcoin * 20.0 / 60.0, 93.8e12);
        near(1_048_576.0 * bitcoin / 110e12, 41.0);
        near(524_288.0 * litecoin / 9.5e9, 3.6);
        near(2.0 * unit("ethereum-stratum-1", &Said::default()).unwrap() * 5.0 / 60.0, 716e6);
        near(8_192.0 * unit("kaspa", &Said::default()).unwrap() / 6e12, 5.9);
        near(1_024.0 * unit("alephium", &Said::default()).unwrap() / 3.6e11, 49.0);
    }
}
