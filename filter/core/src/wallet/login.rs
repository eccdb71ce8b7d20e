//! The word a miner logs in with: wallet or account, rig, coin (PROTOCOLS.md section 2.2).

use super::shape;

/// The parts of a login word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Login<'a> {
    /// A coin stated in front (`RVN:`), or the only one whose addresses look like this.
    pub coin: Option<&'a str>,
    /// The wallet address or account.
    pub wallet: &'a str,
    /// The rig.
    pub worker: Option<&'a str>,
    /// Whether the wallet has the shape of an address that no other word has.
    pub telling: bool,
}

/// Reads `<W>.<r>`, `<W>+<difficulty>`, `<W>/<r>/<email>`, `<W>@<r>`, `<coin>:<W>.<r>#<referral>` and plain words.
#[must_use]
pub fn read(word: &str) -> Login<'_> {
    let word = word.trim();
    let (stated, rest) = stated_coin(word);
    let body = rest.split(['+', '#', '%']).next().unwrap_or(rest);
    let (wallet, worker) = match body.find(['.', '/', '@']) {
        Some(at) => (body.get(..at).unwrap_or(body), body.get(at + 1..)),
        None => (body, None),
    };
    let worker = worker.and_then(|rig| rig.split('/').next()).filter(|rig| !rig.is_empty());
    if wallet.is_empty() || body.contains('@') && shape::of(wallet).is_none() {
        // An e-mail address is an account as it stands.
        return Login { coin: stated, wallet: body, worker: None, telling: false };
    }
    let shape = shape::of(wallet);
    Login {
        coin: stated.or_else(|| shape.and_then(|shape| shape.coin)),
        wallet,
        worker,
        telling: shape.is_some_and(shape::Shape::is_telling),
    }
}

/// A coin in front of the wallet. Some addresses bear a prefix of their own (`kaspa:`): those are no statement.
fn stated_coin(word: &str) -> (Option<&str>, &str) {
    match word.split_once(':') {
        Some((coin, rest))
            if (2..=6).contains(&coin.len())
                && coin.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
                && !rest.is_empty() =>
        {
            (Some(coin), rest)
        }
        Some(("solo", rest)) => (None, rest),
        _ => (None, word),
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn the_grammars_of_section_2_2() {
        let xmr = format!("4{}", "B".repeat(94));
        let eth = format!("0x{}", "ab".repeat(20));
        let cases: &[(&str, Option<&str>, &str, Option<&str>)] = &[
            (&xmr, Some("XMR"), &xmr, None),
            (&format!("{xmr}.rig1"), Some("XMR"), &xmr, Some("rig1")),
            (&format!("{xmr}+5000"), Some("XMR"), &xmr, None),
            (&format!("{xmr}.rig1+5000%1%"), Some("XMR"), &xmr, Some("rig1")),
            (&format!("{eth}/rig/me@example.org"), None, &eth, Some("rig")),
            (&format!("{eth}@rig"), None, &eth, Some("rig")),
            (&format!("RVN:{eth}.rig#ref-1"), Some("RVN"), &eth, Some("rig")),
            ("solo:account.w", None, "account", Some("w")),
            ("account.worker", None, "account", Some("worker")),
            ("me@example.org", None, "me@example.org", None),
            ("x", None, "x", None),
            ("", None, "", None),
            (".w", None, ".w", None),
        ];
        for (word, coin, wallet, worker) in cases {
            let login = read(word);
            assert_eq!((login.coin, login.wallet, login.worker), (*coin, *wallet, *worker), "{word}");
        }
        assert!(read(&xmr).telling && read(&eth).telling && !read("account.worker").telling);
    }
}
