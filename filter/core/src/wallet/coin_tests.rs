use super::*;
use crate::finding::Confidence::{High, Low, Medium};

fn known(clues: &Clues<'static>) -> Option<(&'static str, Confidence, usize, Option<&'static str>)> {
    infer(clues).map(|coin| (coin.ticker, coin.confidence, coin.alternatives.len(), coin.payout))
}

#[test]
fn the_order_of_section_2_7() {
    let none = Clues::default();
    let rx = Clues { algorithm: Some("rx/0"), ..none };
    let cases = [
        (none, None),
        (Clues { algorithm: Some("rx/wow"), ..none }, Some(("WOW", High, 0, None))),
        (Clues { algorithm: Some("RX/WOW"), ..none }, Some(("WOW", High, 0, None))),
        (Clues { algorithm: Some("no-such"), ..none }, None),
        (rx, Some(("XMR", Low, 4, None))),
        (Clues { wallet: &["XMR"], ..rx }, Some(("XMR", High, 0, None))),
        (Clues { wallet: &["ZEPH"], ..rx }, Some(("ZEPH", High, 0, None))),
        (Clues { listed: &["SAL"], ..rx }, Some(("SAL", High, 0, None))),
        (Clues { wallet: &["BTC"], ..rx }, Some(("XMR", Low, 4, Some("BTC")))),
        (Clues { wallet: &["BTC", "BCH"], ..rx }, Some(("XMR", Low, 4, None))),
        (Clues { wallet: &["XMR"], algorithm: Some("cn/half"), ..none }, Some(("MSR", High, 0, Some("XMR")))),
        (Clues { wallet: &["XMR"], ..none }, Some(("XMR", Medium, 0, None))),
        (Clues { wallet: &["XMR"], listed: &["XMR"], ..none }, Some(("XMR", High, 0, None))),
        (Clues { wallet: &["ZEC", "FLUX"], algorithm: Some("equihash125_4"), ..none }, Some(("FLUX", High, 0, None))),
        (Clues { dialect: &["IRON"], ..none }, Some(("IRON", High, 0, None))),
        (Clues { dialect: &["BTC", "LTC"], ..none }, Some(("BTC", Low, 1, None))),
        (Clues { dialect: &["BTC", "LTC"], wallet: &["LTC"], ..none }, Some(("LTC", Medium, 0, None))),
        (Clues { listed: &["KAS"], ..none }, Some(("KAS", Medium, 0, None))),
        (
            Clues { payout: Some("DOGE"), wallet: &["DOGE"], algorithm: Some("etchash"), ..none },
            Some(("ETC", High, 0, Some("DOGE"))),
        ),
        (Clues { payout: Some("XMR"), wallet: &["XMR"], ..rx }, Some(("XMR", Low, 4, None))),
        (Clues { asked: Some("XNA"), algorithm: Some("kawpow"), ..none }, Some(("XNA", High, 0, None))),
    ];
    for (clues, expected) in cases {
        assert_eq!(known(&clues), expected, "{clues:?}");
    }
}

#[test]
fn the_height_tells_monero_from_its_kin() {
    // 100 days after the known height.
    let at = |height| Clues { algorithm: Some("rx/0"), height: Some(height), day: Some(20_355), ..Clues::default() };
    assert_eq!(known(&at(3_507_700)), Some(("XMR", High, 0, None)));
    let other = infer(&at(620_000)).unwrap();
    assert_eq!((other.ticker, other.confidence), ("ZEPH", Low));
    assert!(!other.alternatives.contains(&"XMR"));
    let kawpow = Clues { algorithm: Some("kawpow"), ..at(4_046_880) };
    assert_eq!(known(&kawpow), Some(("RVN", High, 0, None)));
    let wild = Clues { day: Some(u64::MAX), ..at(u64::MAX) };
    assert_eq!(infer(&wild).unwrap().ticker, "XMR", "no date to reckon with");
}

#[test]
fn a_height_alone_is_that_of_several() {
    let at = |height| Clues { height: Some(height), day: Some(20_255), ..Clues::default() };
    assert_eq!(known(&at(901_000)), Some(("BTC", Low, 2, None)));
    assert_eq!(known(&Clues { wallet: &["BTC"], ..at(901_000) }), Some(("BTC", High, 0, None)));
    assert_eq!(known(&at(3_435_647)), None, "any chain may have it");
    assert_eq!(known(&at(0)), None);
    assert_eq!(known(&Clues { day: None, ..at(901_000) }), None);
}

#[test]
fn what_is_mined_no_more_is_not_told() {
    let on = |day| Clues { dialect: &["ETH", "ETC", "ETHW"], day: Some(day), ..Clues::default() };
    assert_eq!(known(&on(17_525)), Some(("ETH", Low, 2, None)), "2017-12-25");
    assert_eq!(known(&on(20_255)), Some(("ETC", Low, 1, None)));
    assert_eq!(known(&Clues { dialect: &["ETH"], ..on(20_255) }), None);
}

#[test]
fn names_are_told_once() {
    for (at, (names, coins)) in ALGORITHMS.iter().enumerate() {
        assert!(!coins.is_empty());
        for name in *names {
            assert_eq!(of_algorithm(name), *coins, "row {at} repeats {name}");
        }
    }
}

proptest::proptest! {
    #[test]
    fn ambiguity_is_never_hidden(first in 0..ALGORITHMS.len(), second in 0..ALGORITHMS.len(), third in 0..ALGORITHMS.len()) {
        let clues = Clues {
            algorithm: ALGORITHMS[first].0.first().copied(),
            wallet: ALGORITHMS[second].1,
            listed: ALGORITHMS[third].1,
            ..Clues::default()
        };
        let coin = infer(&clues).unwrap();
        proptest::prop_assert!(ALGORITHMS[first].1.contains(&coin.ticker), "the algorithm is never overruled");
        proptest::prop_assert_eq!(coin.alternatives.is_empty(), coin.confidence != Low);
        proptest::prop_assert!(!coin.alternatives.contains(&coin.ticker));
    }
}
