use alloc::format;

use super::*;

const XMR: &str = "48edfHu7V9Z84YzzMa6fUueoELZ9ZRXq9VetWzYGzKt52XU5xvqgzYnDK9URnRoJMk1j8nLwEVsaSWJ4fhdUyZijBGUicoD";
const ETH: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
const BTC: &str = "1BitcoinEaterAddressDontSendf59kuE";
const KAS: &str = "kaspa:qpauqsvk7yf9unexwmxsnmg547mhyga37csh0kj53q6xxgl24ydxjsgzthw5j";

#[test]
fn wallet_coin_and_rig() {
    let cases: &[(&str, Option<&str>, &str, Option<&str>)] = &[
        (XMR, Some("XMR"), XMR, None),
        (&format!("{XMR}.rig1"), Some("XMR"), XMR, Some("rig1")),
        (&format!("{XMR}+5000"), Some("XMR"), XMR, None),
        (&format!("{XMR}.rig1+5000%1%"), Some("XMR"), XMR, Some("rig1")),
        (&format!("{XMR}/rig1"), Some("XMR"), XMR, Some("rig1")),
        (&format!("{ETH}/rig/me@example.org"), None, ETH, Some("rig")),
        (&format!("{ETH}.rig/me@example.org"), None, ETH, Some("rig")),
        (&format!("{ETH}/me@example.org"), None, ETH, None),
        (&format!("{ETH}@rig"), None, ETH, Some("rig")),
        (&format!("{ETH}.rig.7"), None, ETH, Some("rig.7")),
        (&format!("RVN:{ETH}.rig#ref-1"), Some("RVN"), ETH, Some("rig")),
        (&format!("rvn:{ETH}.rig"), Some("rvn"), ETH, Some("rig")),
        (&format!("solo:{XMR}.w"), Some("XMR"), XMR, Some("w")),
        (&format!("solo:LTC:{BTC}"), Some("LTC"), BTC, None),
        (&format!("{KAS}.w"), Some("KAS"), KAS, Some("w")),
        (&format!("{BTC}.w"), None, BTC, Some("w")),
        ("solo:account.w", None, "account", Some("w")),
        ("account.worker", None, "account", Some("worker")),
        ("account@rig", None, "account", Some("rig")),
        ("me@example.org", None, "me@example.org", None),
        ("me+tag@example.org/rig", None, "me+tag@example.org", Some("rig")),
        ("node/00ff00ff00ff00ff.w", None, "node/00ff00ff00ff00ff", Some("w")),
        ("x", None, "x", None),
        ("", None, "", None),
        (".w", None, ".w", None),
        ("http://example.org/x", None, "http:", Some("example.org")),
    ];
    for (word, coin, wallet, worker) in cases {
        let login = read(word);
        let rig = login.worker.map(|rig| rig.trim_start_matches('/'));
        assert_eq!((login.coin, login.wallet, rig), (*coin, *wallet, *worker), "{word}");
    }
}

#[test]
fn additions() {
    let login = read("BTC:1BitcoinEaterAddressDontSendf59kuE.rig-2#abcd-ef01");
    assert_eq!((login.stated, login.referral), (true, Some("abcd-ef01")));
    let word = format!("{XMR}.rig+250000%1.5%");
    let login = read(&word);
    assert_eq!((login.fixed_difficulty, login.donation), (Some(250_000), Some("1.5")));
    let word = format!("{XMR}.rig~rx/0");
    assert_eq!((read(&word).worker, read(&word).algorithm), (Some("rig"), Some("rx/0")));
    let word = format!("{ETH}/rig/me@example.org");
    assert_eq!((read(&word).email, read(&word).holder), (Some("me@example.org"), Holder::Wallet(Check::Valid)));
    for (word, worker) in [(format!("{XMR}.solo"), None), (format!("{XMR}.rig.solo"), Some("rig"))] {
        assert_eq!((read(&word).solo, read(&word).worker), (true, worker), "{word}");
    }
    assert!(read("solo:account").solo && !read("account.solomon").solo);
}

#[test]
fn who_holds_the_account() {
    let hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let placeholder = format!("4{}", "B".repeat(94));
    for (word, holder, telling) in [
        (XMR, Holder::Wallet(Check::Valid), true),
        (ETH, Holder::Wallet(Check::Valid), true),
        (BTC, Holder::Wallet(Check::Valid), true),
        ("1BitcoinEaterAddressDontSendf59kuF", Holder::Wallet(Check::Invalid), false),
        (&placeholder, Holder::Wallet(Check::Invalid), true),
        (hash, Holder::Hash, false),
        ("me@example.org", Holder::Email, false),
        ("node/00ff00ff00ff", Holder::Node, false),
        ("node/readme", Holder::Account, false),
        ("account.worker", Holder::Account, false),
        ("550e8400-e29b-41d4-a716-446655440000", Holder::Account, false),
        ("C:\\Users\\bob\\report.docx", Holder::Account, false),
        ("https://example.org/login?user=bob", Holder::Account, false),
    ] {
        let login = read(word);
        assert_eq!((login.holder, login.telling), (holder, telling), "{word}");
    }
    assert_eq!(read(&placeholder).coin, None, "a placeholder is of no coin");
}

proptest::proptest! {
    #[test]
    fn any_word_is_read(word in "\\PC{0,120}", marks in "[a-zA-Z0-9.+/@%~#:]{0,60}") {
        for word in [&word, &marks] {
            let login = read(word);
            proptest::prop_assert!(word.contains(login.wallet));
            proptest::prop_assert!(!login.telling);
        }
    }

    #[test]
    fn whatever_follows_a_wallet_does_not_hide_it(tail in "[.+/@%~#][ -~]{0,60}") {
        let word = format!("{XMR}{tail}");
        let login = read(&word);
        proptest::prop_assert_eq!(login.wallet, XMR);
        proptest::prop_assert!(login.telling);
    }
}
