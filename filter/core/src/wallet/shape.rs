//! What a wallet address looks like (PROTOCOLS.md section 2.6), and whether its check holds.

use super::checksum::Check;
use super::table::{Look, Row, TABLE};

/// The longest address known, in characters; a longer text is none.
const LONGEST: usize = crate::limits::WORD;

/// A text with the looks of a wallet address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wallet {
    /// The tickers of all coins whose addresses look like this, the typical one first; never empty. Where the check is
    /// [`Check::Invalid`] it is no address of theirs, but meant as one: a placeholder or a slip of the pen.
    pub coins: &'static [&'static str],
    /// What the address's own check says.
    pub check: Check,
    /// Whether this is a wallet beyond doubt: a check of 16 bits or more holds, or there is none and the looks are
    /// those of no other word.
    pub telling: bool,
    /// Whether no other kind of word looks like this, whatever the check says.
    pub distinct: bool,
}

impl Wallet {
    /// The coin, where only one uses such addresses and the check does not fail.
    #[must_use]
    pub fn coin(&self) -> Option<&'static str> {
        match self.coins {
            [coin] if self.check != Check::Invalid => Some(coin),
            _ => None,
        }
    }
}

/// The wallet in this text and nothing but it. Bare hexadecimal and capitals are one only where their check holds.
#[must_use]
pub fn of(text: &str) -> Option<Wallet> {
    best(text, |row, check| row.look != Look::Bare || check == Check::Valid)
}

/// The wallet in this text where it must be of one of these coins: here bare hexadecimal counts too.
#[must_use]
pub fn among(text: &str, coins: &[&str]) -> Option<Wallet> {
    best(text, |row, _| row.coins.iter().any(|coin| coins.contains(coin)))
}

/// Of all rows that fit, the first whose check holds, else the first without one, else the first.
fn best(text: &str, admits: impl Fn(&Row, Check) -> bool) -> Option<Wallet> {
    if text.len() > LONGEST {
        return None;
    }
    let rank = |check| match check {
        Check::Valid => 2,
        Check::None => 1,
        Check::Invalid => 0,
    };
    let mut found: Option<Wallet> = None;
    for row in TABLE.iter().filter(|row| row.fits(text)) {
        let wallet = row.read(text);
        let better = found.is_none_or(|found| rank(wallet.check) > rank(found.check));
        if better && admits(row, wallet.check) {
            found = Some(wallet);
        }
    }
    found
}

impl Row {
    /// Whether prefix, length and letters are right.
    fn fits(&self, text: &str) -> bool {
        let Some(body) = text.strip_prefix(self.prefix) else { return false };
        (self.length.0..=self.length.1).contains(&text.len())
            && (self.next.is_empty() || body.bytes().next().is_some_and(|next| self.next.as_bytes().contains(&next)))
            && body.bytes().all(|letter| self.alphabet.has(letter))
    }

    fn read(&self, text: &str) -> Wallet {
        let check = self.check.check(self.prefix, text);
        let distinct = self.look == Look::Distinct;
        let telling = match check {
            Check::Valid => distinct || self.check.is_strong(),
            Check::None => distinct,
            Check::Invalid => false,
        };
        Wallet { coins: self.coins, check, telling, distinct }
    }
}

#[cfg(test)]
#[path = "shape_tests.rs"]
mod tests;
