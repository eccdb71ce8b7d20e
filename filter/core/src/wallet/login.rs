//! The word a miner logs in with: wallet or account, rig, coin (PROTOCOLS.md section 2.2).

use super::checksum::Check;
pub use super::password::{Hints, read as password};
use super::shape::{self, Wallet};

/// What stands in the place of the wallet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Holder {
    /// The name of an account with the pool, or nothing.
    #[default]
    Account,
    /// An e-mail address.
    Email,
    /// 64 hexadecimal digits and nothing that tells them apart from a hash: as XMRig's donations log in.
    Hash,
    /// `node/` and hexadecimal.
    Node,
    /// An address, with what its check says.
    Wallet(Check),
}

/// The parts of a login word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Login<'a> {
    /// The coin to be paid in: stated in front (`RVN:`), or the only one whose addresses look like this and are valid.
    pub coin: Option<&'a str>,
    /// Whether the coin was stated. Then the pool may mine another and pay in this one.
    pub stated: bool,
    /// All coins whose addresses look like the wallet, the typical one first; empty for an account and
    /// where the check fails.
    pub coins: &'static [&'static str],
    /// The wallet address or account.
    pub wallet: &'a str,
    /// What the wallet is.
    pub holder: Holder,
    /// The rig.
    pub worker: Option<&'a str>,
    /// Whether the wallet has the shape of an address that no other word has, or one whose check holds.
    pub telling: bool,
    /// The e-mail address, be it the account or an addition.
    pub email: Option<&'a str>,
    /// The code of who recruited the miner (`#code`).
    pub referral: Option<&'a str>,
    /// The difficulty of a share asked for (`+5000`).
    pub fixed_difficulty: Option<u64>,
    /// The donation as it was written (`%1%`), in percent.
    pub donation: Option<&'a str>,
    /// The algorithm asked for (`~rx/0`).
    pub algorithm: Option<&'a str>,
    /// Whether it mines alone (`solo:`, `.solo`).
    pub solo: bool,
}

/// Reads `<W>.<r>`, `<W>.<r>+<difficulty>%<donation>`, `<W>/<r>/<email>`, `<W>@<r>`, `<coin>:<W>.<r>#<referral>`,
/// `solo:<W>`, `<W>.solo`, `node/<hex>`, e-mail addresses and plain words. Every word gives a login.
#[must_use]
pub fn read(word: &str) -> Login<'_> {
    let mut login = Login::default();
    let word = login.front(word.trim());
    let (body, referral) = word.split_once('#').map_or((word, None), |(body, code)| (body, Some(code)));
    login.referral = referral.filter(|code| !code.is_empty());
    let rest = login.hold(body);
    login.tail(rest);
    if login.worker.is_some_and(|worker| worker.eq_ignore_ascii_case("solo")) {
        login.solo = true;
        login.worker = None;
    }
    login
}

/// Whether this is an e-mail address: one `@`, and behind it a name with a dot and letters at its end.
#[must_use]
pub fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let Some((name, top)) = domain.rsplit_once('.') else { return false };
    let plain = |part: &str, others: &[u8]| {
        !part.is_empty() && part.bytes().all(|letter| letter.is_ascii_alphanumeric() || others.contains(&letter))
    };
    text.len() <= 254
        && plain(local, b"._%+-")
        && plain(name, b".-")
        && top.len() >= 2
        && top.bytes().all(|letter| letter.is_ascii_alphabetic())
}

impl<'a> Login<'a> {
    /// Takes `solo:` and a stated coin off the front.
    fn front(&mut self, word: &'a str) -> &'a str {
        let mut rest = word;
        for _ in 0..2 {
            let Some((front, behind)) = rest.split_once(':').filter(|(_, behind)| !behind.is_empty()) else { break };
            if front.eq_ignore_ascii_case("solo") {
                self.solo = true;
            } else if !self.stated && states_coin(front, behind) && !is_wallet(rest) {
                // Some addresses bear a prefix of their own (`kaspa:`): those are no statement.
                self.coin = Some(front);
                self.stated = true;
            } else {
                break;
            }
            rest = behind;
        }
        rest
    }

    /// Takes the wallet or account off, and gives what follows it.
    fn hold(&mut self, body: &'a str) -> &'a str {
        let (wallet, rest) = until(body, &SEPARATORS);
        if let Some(found) = shape::of(wallet) {
            return self.wallet(wallet, found, rest);
        }
        let (first, behind) = until(body, &['/']);
        if is_email(first) {
            (self.wallet, self.holder, self.email) = (first, Holder::Email, Some(first));
            return behind;
        }
        if let Some(digits) = body.strip_prefix("node/")
            && digits.bytes().take_while(u8::is_ascii_hexdigit).count() >= 8
        {
            let (digits, rest) = until(digits, &SEPARATORS);
            self.holder = Holder::Node;
            self.wallet = body.get(..5 + digits.len()).unwrap_or(body);
            return rest;
        }
        if wallet.is_empty() {
            self.wallet = body;
            return "";
        }
        if wallet.len() == 64 && wallet.bytes().all(|letter| letter.is_ascii_hexdigit()) {
            self.holder = Holder::Hash;
        }
        self.wallet = wallet;
        rest
    }

    fn wallet(&mut self, text: &'a str, found: Wallet, rest: &'a str) -> &'a str {
        self.wallet = text;
        self.holder = Holder::Wallet(found.check);
        self.coins = if found.check == Check::Invalid { &[] } else { found.coins };
        self.coin = self.coin.or_else(|| found.coin());
        self.telling = found.telling || found.distinct;
        rest
    }

    /// Reads what follows the wallet: each part begins with its separator.
    fn tail(&mut self, mut rest: &'a str) {
        for _ in 0..8 {
            let Some(separator) = rest.chars().next() else { return };
            let part = rest.get(separator.len_utf8()..).unwrap_or_default();
            rest = match separator {
                '+' => self.difficulty(part),
                '%' => self.donation(part),
                '~' => {
                    self.algorithm = Some(part).filter(|name| !name.is_empty());
                    return;
                }
                '/' if self.worker.is_some() || is_email(part) => {
                    self.email = self.email.or_else(|| Some(part).filter(|part| is_email(part)));
                    return;
                }
                _ => self.rig(part),
            };
        }
    }

    fn rig(&mut self, part: &'a str) -> &'a str {
        let (mut rig, rest) = until(part, &['+', '/', '%', '~']);
        if let Some(shorter) = rig.strip_suffix(".solo") {
            (rig, self.solo) = (shorter, true);
        }
        self.worker = self.worker.or_else(|| Some(rig).filter(|rig| !rig.is_empty()));
        rest
    }

    fn difficulty(&mut self, part: &'a str) -> &'a str {
        let (number, rest) = until(part, &SEPARATORS);
        self.fixed_difficulty = self.fixed_difficulty.or_else(|| number.parse().ok());
        rest
    }

    fn donation(&mut self, part: &'a str) -> &'a str {
        let (number, rest) = until(part, &['+', '/', '%', '~', '@']);
        let fits = |letter: u8| letter.is_ascii_digit() || letter == b'.';
        let number = Some(number).filter(|number| !number.is_empty() && number.bytes().all(fits));
        self.donation = self.donation.or(number);
        rest
    }
}

/// What may follow a wallet.
const SEPARATORS: [char; 6] = ['.', '+', '/', '@', '%', '~'];

/// The text up to the first of these, and the rest with it in front.
fn until<'a>(text: &'a str, separators: &[char]) -> (&'a str, &'a str) {
    text.split_at_checked(text.find(separators).unwrap_or(text.len())).unwrap_or((text, ""))
}

/// A coin in front: capitals, or small letters with an address behind them (`http:` is no coin).
fn states_coin(front: &str, behind: &str) -> bool {
    let all = |case: fn(&u8) -> bool| front.bytes().all(|letter| case(&letter) || letter.is_ascii_digit());
    (2..=6).contains(&front.len()) && (all(u8::is_ascii_uppercase) || all(u8::is_ascii_lowercase) && is_wallet(behind))
}

/// Whether the text begins with an address.
fn is_wallet(text: &str) -> bool {
    shape::of(until(text, &SEPARATORS).0).is_some()
}

#[cfg(test)]
#[path = "login_tests.rs"]
mod tests;
