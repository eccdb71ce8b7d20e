//! What miners tell a pool in the password field (PROTOCOLS.md section 2.2). Only these hints are taken out of it; the
//! password itself is never returned.

use super::login::is_email;

/// What a password field says besides being a password.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hints<'a> {
    /// The difficulty of a share the miner asks for (`d=`, and `sd=`, with which it starts).
    pub fixed_difficulty: Option<u64>,
    /// The coin to be paid in (`c=`).
    pub payout_coin: Option<&'a str>,
    /// The coin to be mined (`mc=`; `c=` beside an algorithm).
    pub mined_coin: Option<&'a str>,
    /// The algorithm to be mined (`a=`).
    pub algorithm: Option<&'a str>,
    /// The rig's name (`ID=`, `n=`, `rig=`, or before an e-mail address).
    pub rig: Option<&'a str>,
    /// The e-mail address.
    pub email: Option<&'a str>,
    /// The power the miner says it draws (`w=`), in watts.
    pub watts: Option<u32>,
    /// Whether it mines alone (`m=solo`).
    pub solo: bool,
}

/// Reads the password field of a login. Foreign keys, and values that are no word or number, are passed over.
#[must_use]
pub fn read(password: &str) -> Hints<'_> {
    let mut hints = Hints::default();
    let mut coin = None;
    for word in password.split([',', ';', '&', ' ']).map(str::trim).take(32) {
        match word.split_once('=') {
            Some((key, value)) => hints.take(&mut coin, key.trim(), value.trim()),
            None => hints.contact(word),
        }
    }
    // Where the algorithm is chosen in the same breath, `c=` is the coin to mine (Prohashing).
    if hints.algorithm.is_some() {
        hints.mined_coin = hints.mined_coin.or(coin);
    } else {
        hints.payout_coin = coin;
    }
    hints
}

impl<'a> Hints<'a> {
    fn take(&mut self, coin: &mut Option<&'a str>, key: &str, value: &'a str) {
        let is = |names: &[&str]| names.iter().any(|name| key.eq_ignore_ascii_case(name));
        let named = Some(value).filter(|value| is_name(value));
        if is(&["d", "diff"]) {
            self.fixed_difficulty = whole(value).or(self.fixed_difficulty);
        } else if is(&["sd"]) {
            self.fixed_difficulty = self.fixed_difficulty.or_else(|| whole(value));
        } else if is(&["c"]) {
            *coin = named.filter(|value| is_ticker(value)).or(*coin);
        } else if is(&["mc", "zap"]) {
            // `mc=A/B`: either.
            let first = value.split('/').next().filter(|value| is_ticker(value));
            self.mined_coin = self.mined_coin.or(first);
        } else if is(&["a", "algo"]) {
            self.algorithm = named.or(self.algorithm);
        } else if is(&["id", "n", "rig"]) {
            self.rig = named.or(self.rig);
        } else if is(&["email"]) {
            self.email = Some(value).filter(|value| is_email(value)).or(self.email);
        } else if is(&["w"]) {
            self.watts = value.split('.').next().and_then(|watts| watts.parse().ok()).or(self.watts);
        } else if is(&["m"]) {
            self.solo |= value.eq_ignore_ascii_case("solo");
        }
    }

    /// An e-mail address, or a rig's name and one.
    fn contact(&mut self, word: &'a str) {
        let (rig, email) = word.split_once(':').map_or((None, word), |(rig, email)| (Some(rig), email));
        if is_email(email) {
            self.email = Some(email);
            self.rig = self.rig.or_else(|| rig.filter(|rig| is_name(rig)));
        }
    }
}

/// The whole part of a difficulty; pools take `d=0.5` and `d=65536` alike, and less than one says nothing.
fn whole(value: &str) -> Option<u64> {
    value.split('.').next()?.parse().ok().filter(|value| *value > 0)
}

fn is_ticker(value: &str) -> bool {
    (2..=12).contains(&value.len()) && value.bytes().all(|letter| letter.is_ascii_alphanumeric() || letter == b'-')
}

fn is_name(value: &str) -> bool {
    let fits = |letter: u8| letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'_' | b'.' | b'/');
    (1..=64).contains(&value.len()) && value.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_conventions_of_section_2_2() {
        let none = Hints::default();
        let cases = [
            ("x", none),
            ("", none),
            ("123", none),
            ("hunter2", none),
            ("correct horse battery staple", none),
            ("p=1,=,==,d=,c=,w=lots", none),
            ("d=65536", Hints { fixed_difficulty: Some(65_536), ..none }),
            ("d=0.5", none),
            ("d=1024.5;m=solo", Hints { fixed_difficulty: Some(1_024), solo: true, ..none }),
            ("sd=8192,d=16384", Hints { fixed_difficulty: Some(16_384), ..none }),
            ("sd=8192", Hints { fixed_difficulty: Some(8_192), ..none }),
            (
                "c=BTC,mc=RVN/EVR,ID=rig-1,m=solo",
                Hints { payout_coin: Some("BTC"), mined_coin: Some("RVN"), rig: Some("rig-1"), solo: true, ..none },
            ),
            (
                "a=scrypt,c=litecoin,w=3250.5,n=attic",
                Hints {
                    algorithm: Some("scrypt"),
                    mined_coin: Some("litecoin"),
                    watts: Some(3_250),
                    rig: Some("attic"),
                    ..none
                },
            ),
            ("rig7:me@example.org", Hints { rig: Some("rig7"), email: Some("me@example.org"), ..none }),
            ("me@example.org", Hints { email: Some("me@example.org"), ..none }),
            ("p@ssw0rd", none),
            ("a:b@c", none),
        ];
        for (password, hints) in cases {
            assert_eq!(read(password), hints, "{password}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_gives_a_plain_password_away(word in "[^=@,;& ]{1,40}") {
            assert_eq!(read(&word), Hints::default());
        }

        #[test]
        fn never_panics(word in ".{0,200}", pairs in "([a-zA-Z]{1,2}=[0-9a-z./:@-]{0,9}[,;]){0,9}") {
            let _ = read(&word);
            let _ = read(&pairs);
        }
    }
}
