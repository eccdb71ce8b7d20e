use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use std::collections::BTreeSet;
use std::vec;

use proptest::prelude::*;

use super::*;
use crate::wallet::checksum::{Kind, encode};

/// Public addresses: specifications, burn, donation and foundation addresses.
const PUBLIC: &[(&str, &str)] = &[
    ("BTC", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
    ("BTC", "1CounterpartyXXXXXXXXXXXXXXXUWLpVr"),
    ("BTC", "1BitcoinEaterAddressDontSendf59kuE"),
    ("BTC", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy"),
    ("BTC", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
    ("BTC", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"),
    ("BTC", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"),
    ("BTC", "bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr"),
    ("DOGE", "DH5yaieqoZN36fDVciNyRueRGvGLR3mr7L"),
    ("RVN", "RXissueAssetXXXXXXXXXXXXXXXXXhhZGt"),
    ("RVN", "RXBurnXXXXXXXXXXXXXXXXXXXXXXWUo9FV"),
    ("ZEC", "t3Vz22vK5z2LcKEdg16Yv4FFneEL1zg9ojd"),
    ("ZEC", "t3dvVE3SQEi7kqNzwrfNePxZ1d4hUyztBA1"),
    ("XMR", "44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3A"),
    ("XMR", "48edfHu7V9Z84YzzMa6fUueoELZ9ZRXq9VetWzYGzKt52XU5xvqgzYnDK9URnRoJMk1j8nLwEVsaSWJ4fhdUyZijBGUicoD"),
    ("XMR", "888tNkZrPN6JsEgekjMnABU4TBzc2Dt29EPAvkRxbANsAnjyPbb3iQ1YBRk1UXcdRsiKc9dhwMVgN5S9cQUiyoogDavup3H"),
    (
        "XMR",
        "4LL9oSLmtpccfufTMvppY6JwXNouMBzSkbLYfpAV5Usx3skxNgYeYTRj5UzqtReoS44qo9mtmXCqY45DJ852K5Jv2bYXZKKQePHES9khPK",
    ),
    ("BCH", "bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a"),
    ("BCH", "bitcoincash:ppm2qsznhks23z7629mms6s4cwef74vcwvn0h829pq"),
    ("BCH", "qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a"),
    ("KAS", "kaspa:qpauqsvk7yf9unexwmxsnmg547mhyga37csh0kj53q6xxgl24ydxjsgzthw5j"),
    ("KAS", "kaspa:qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqkx9awp4e"),
    ("CFX", "cfx:aarc9abycue0hhzgyrr53m6cxedgccrmmyybjgh4xg"),
    ("ETC", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"),
    ("ETC", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"),
    ("ETC", "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB"),
    ("ETC", "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb"),
    ("ERG", "9fRAWhdxEsTcdb8PhGNrZfwqa65zfkuYHAMmkQLcic1gdLSV5vA"),
    ("CKB", "ckb1qzda0cr08m85hc8jlnfp3zer7xulejywt49kt2rr0vthywaa50xwsqdnnw7qkdnnclfkg59uzn8umtfd2kwxceqxwquc4"),
    ("CKB", "ckb1qyqt8xaupvm8837nv3gtc9x0ekkj64vud3jqfwyw5v"),
    ("DERO", "dero1qyw4fl3dupcg5qlrcsvcedze507q9u67lxfpu8kgnzp04aq73yheqqg2ctjn4"),
    ("QRL", "Q01070050d31c7f123995f097bc98209e9231d663dc26e06085df55dc2f6afe3c2cd62e8271a6bd"),
    ("XTM", "12PHyR5CePL5jyoevS6BbSjV2WnNgVcmaqgZA9NqPJd3894YFzCCSHn9Auvpai1LT4LKJxH2c7yyiwuxqdkxYjACrPn"),
    ("TON", "EQDtFpEwcFAEcRe5mLVh2N6C0x-_hJEM7W61_JLnSF74p4q2"),
    ("NIM", "NQ07 0000 0000 0000 0000 0000 0000 0000 0000"),
    ("XEL", "xel:vs3mfyywt0fjys0rgslue7mm4wr23xdgejsjk0ld7f2kxng4d4nqqnkdufz"),
    ("LTC", "ltc1qw508d6qejxtdg4y5r3zarvary0c5xw7kgmn4n9"),
];

#[test]
fn public_addresses_are_valid() {
    let mut wrong = Vec::new();
    for (coin, text) in PUBLIC {
        match of(text) {
            Some(wallet) if wallet.check == Check::Valid && wallet.coins[0] == *coin => {
                assert!(wallet.telling || *coin == "NIM", "{text}");
            }
            other => wrong.push(format!("{coin} {text}: {other:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn one_letter_changed_is_found() {
    for (coin, text) in PUBLIC {
        // Eight bits, two digits and letter cases: too weak for every change.
        if ["XTM", "NIM", "ETC"].contains(coin) {
            continue;
        }
        for at in 0..text.len() {
            for other in ["2", "q", "x", "7", "A"] {
                let mut changed = text.to_string();
                changed.replace_range(at..=at, other);
                if changed != *text {
                    assert!(of(&changed).is_none_or(|wallet| wallet.check != Check::Valid), "{text} as {changed}");
                }
            }
        }
    }
}

#[test]
fn a_letter_too_few_or_many_is_no_wallet() {
    for (_, text) in PUBLIC {
        for wrong in [&text[1..], &text[..text.len() - 1], &format!("{text}2"), &format!("2{text}")] {
            assert!(of(wrong).is_none_or(|wallet| wallet.check != Check::Valid), "{wrong}");
        }
    }
}

#[test]
fn the_case_of_ethereum_letters() {
    let check = |text: &str| of(text).map(|wallet| (wallet.check, wallet.telling, wallet.coin()));
    assert_eq!(check("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"), Some((Check::None, true, None)));
    assert_eq!(check("0x5AAEB6053F3E94C9B9A09F33669435E7EF1BEAED"), Some((Check::None, true, None)));
    assert_eq!(check("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1Beaed"), Some((Check::Invalid, false, None)));
    assert_eq!(check("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe"), None);
}

#[test]
fn the_ambiguous_stays_ambiguous() {
    let coins = |text: &str| of(text).map(|wallet| wallet.coins);
    assert_eq!(
        coins("RXBurnXXXXXXXXXXXXXXXXXXXXXXWUo9FV"),
        Some(&["RVN", "RTM", "KMD", "VRSC", "SAFE", "RIC"] as &[_])
    );
    assert_eq!(coins("t3Vz22vK5z2LcKEdg16Yv4FFneEL1zg9ojd"), Some(&["ZEC", "FLUX", "BTCZ"] as &[_]));
    assert!(coins("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed").is_some_and(|coins| coins.len() > 5));
}

#[test]
fn a_placeholder_looks_like_a_wallet_and_is_none() {
    for text in [format!("4{}", "A".repeat(94)), format!("ZEPHYR{}", "A".repeat(95)), format!("bc1q{}", "q".repeat(38))]
    {
        let wallet = of(&text).unwrap();
        assert_eq!((wallet.check, wallet.telling, wallet.distinct), (Check::Invalid, false, true), "{text}");
        assert_eq!(wallet.coin(), None);
    }
    assert!(of(&format!("4{}", "0".repeat(94))).is_none(), "0 is no base58");
}

#[test]
fn other_words_are_no_wallets() {
    for text in [
        "",
        "1",
        "x",
        "bob",
        "account.worker",
        "me@example.org",
        "https://pool.example.org/index.html",
        "C:\\Users\\bob\\report.docx",
        "/usr/lib/x86_64-linux-gnu/libc.so.6",
        "550e8400-e29b-41d4-a716-446655440000",
        "d41d8cd98f00b204e9800998ecf8427e",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b",
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
        "AAAAB3NzaC1yc2EAAAADAQABAAABgQDJ",
        "The quick brown fox jumps over the lazy dog",
        "LOREMIPSUMDOLORSITAMETCONSECTETURADIPISCINGELITSEDDOEIUSMODT",
        "\u{1F422}\u{1F4DF}",
    ] {
        assert_eq!(of(text), None, "{text}");
    }
}

#[test]
fn bare_hexadecimal_counts_among_its_coins() {
    let hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(among(hash, &["IRON"]).map(|wallet| (wallet.check, wallet.telling)), Some((Check::None, false)));
    assert_eq!(among(hash, &["XMR", "LTC"]), None);
    let identity = "LOREMIPSUMDOLORSITAMETCONSECTETURADIPISCINGELITSEDDOEIUSMODT";
    assert_eq!(among(identity, &["QUBIC"]).map(|wallet| wallet.check), Some(Check::None));
}

#[test]
fn more_than_fifty_coins() {
    let coins: BTreeSet<_> = TABLE.iter().flat_map(|row| row.coins).collect();
    assert!(coins.len() > 50, "{}", coins.len());
    assert!(TABLE.iter().all(|row| !row.coins.is_empty() && row.length.1 <= LONGEST));
}

/// Addresses of this row made from `seed`.
fn made(row: &Row, seed: &[u8]) -> Vec<String> {
    let prefix = row.prefix;
    let letters = row.length.0 - prefix.len();
    match row.check {
        Kind::Nothing | Kind::Alephium | Kind::Nimiq => vec![],
        Kind::Base58Check(_, 32) => vec![["ak_", &encode::base58check(&[200], &seed[..31])].concat()],
        Kind::Base58Check(version, length) => vec![encode::base58check(version, &seed[..length])],
        Kind::Monero(tag) => {
            let keys = if matches!(row.length.0, 106 | 108) { 72 } else { 64 };
            vec![encode::monero(tag, &seed[..keys])]
        }
        Kind::Segwit => vec![
            encode::bech32(prefix, &[&[0], &encode::fives(&seed[..20])[..]].concat(), false),
            encode::bech32(prefix, &[&[0], &encode::fives(&seed[..32])[..]].concat(), false),
            encode::bech32(prefix, &[&[1], &encode::fives(&seed[..32])[..]].concat(), true),
        ],
        Kind::Bech32 | Kind::Bech32m => {
            let mut values: Vec<u8> = seed.iter().chain(seed).map(|byte| byte & 31).take(letters - 6).collect();
            if !row.next.is_empty() {
                values[0] = 0;
            }
            vec![encode::bech32(prefix, &values, row.check == Kind::Bech32m)]
        }
        Kind::CashAddr(name) => {
            let bytes = [&[0], &seed[..(letters - 8) * 5 / 8 - 1 + usize::from(prefix == "nexa:")]].concat();
            let text = encode::cash(name, &bytes);
            vec![if prefix.is_empty() { text.replace(name, "") } else { text }]
        }
        Kind::Conflux => vec![encode::cash("cfx:", &[&[0], &seed[..20]].concat())],
        Kind::Eip55 => vec![encode::eip55(&[&[0xab, 0xcd], &seed[..18]].concat())],
        Kind::Ergo => vec![encode::ergo(&[&[2 + (seed[0] & 1)], &seed[..32]].concat())],
        Kind::Qrl => vec![encode::qrl(&seed[..35])],
        Kind::Sia => vec![encode::sia(&seed[..32])],
        Kind::Warthog => vec![encode::warthog(&seed[..20])],
        Kind::Tari if row.length.0 == 46 => vec![encode::tari(0, 1, &[&[200], &seed[..31]].concat())],
        Kind::Tari => vec![
            encode::tari(0, 1, &[&[200], &seed[..63]].concat()),
            encode::tari(0, 5, &[&[200], &seed[..63], &seed[..64]].concat()),
            encode::tari(0, 5, &[&[200], &seed[..63], &seed.repeat(4)[..256]].concat()),
        ],
        Kind::Ton => {
            let flags = if prefix == "E" { 0x11 } else { 0x51 };
            vec![encode::ton(&[&[flags, 0], &seed[..32]].concat())]
        }
    }
}

proptest! {
    /// Every row: an address made of its version bytes has the row's prefix and length, and is valid; changed, it is not.
    #[test]
    fn every_row_reads_what_it_says(seed in prop::collection::vec(any::<u8>(), 80), at in any::<prop::sample::Index>()) {
        for row in TABLE {
            for text in made(row, &seed) {
                prop_assert!(row.fits(&text), "{} is no {:?}", text, row);
                let wallet = of(&text).unwrap();
                prop_assert_eq!(wallet.check, Check::Valid, "{} {:?}", text, row);
                prop_assert!(wallet.coins == row.coins, "{} {:?} {:?}", text, wallet, row);
                if row.check == Kind::Eip55 || row.check == Kind::Tari {
                    continue;
                }
                let at = at.index(text.len());
                let other = if text.as_bytes()[at] == b'7' { "3" } else { "7" };
                let mut changed = text.clone();
                changed.replace_range(at..=at, other);
                prop_assert!(of(&changed).is_none_or(|wallet| wallet.check != Check::Valid), "{}", changed);
            }
        }
    }

    #[test]
    fn random_words_never_panic(text in ".{0,500}", letters in "[1-9A-HJ-NP-Za-km-z]{0,450}") {
        let _ = of(&text);
        let _ = of(&letters);
        let _ = among(&letters, &["XTM", "XMR", "ALPH"]);
    }

    #[test]
    fn random_letters_behind_each_prefix_are_not_valid(seed in "[02-9ac-hj-np-z]{448}", more in 0_usize..3) {
        for row in TABLE {
            let next = row.next.get(..1).unwrap_or_default();
            let length = (row.length.0 + more).min(row.length.1) - row.prefix.len() - next.len();
            let body = if row.alphabet == crate::wallet::table::Alphabet::Base58 {
                seed[..length].replace('0', "Z")
            } else {
                seed[..length].to_string()
            };
            let text = [row.prefix, next, &body].concat();
            // Ton's check has 16 bits: among so many cases it passes by chance now and then, see below.
            let weak = [Kind::Tari, Kind::Nimiq, Kind::Ton].contains(&row.check);
            prop_assert!(weak || of(&text).is_none_or(|wallet| wallet.check != Check::Valid), "{}", text);
        }
    }

    #[test]
    fn random_base58_tells_of_no_wallet(text in "[1-9A-HJ-NP-Za-km-z]{20,88}") {
        let wallet = of(&text);
        prop_assert!(wallet.is_none_or(|wallet| !wallet.telling), "{} {:?}", text, wallet);
    }
}

/// A check of 16 bits passes one random word in 65,536: of 200,000, about three.
#[test]
fn random_letters_pass_a_check_of_16_bits_rarely() {
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut state = 0x6d69_6e65_7761_6c6c_u64;
    let mut letter = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(letters[(state >> 33) as usize % letters.len()])
    };
    let valid = (0..200_000).filter(|_| {
        let text: String = "EQ".chars().chain((0..46).map(|_| letter())).collect();
        of(&text).is_some_and(|wallet| wallet.check == Check::Valid)
    });
    let count = valid.count();
    assert!(count <= 12, "{count} of 200,000");
}
