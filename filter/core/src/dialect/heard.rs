//! Building what was heard: each word of a message goes to its place.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{Heard, Token, bounded};
use crate::finding::{More, PoolSource, Said, Word};
use crate::wallet::{login, password};
use crate::wire::json::{Str, Value};

impl<'a> Heard<'a> {
    pub(super) const fn new(token: Token) -> Self {
        let said = Said { coin: None, wallet: None, worker: None, agent: None, more: More::NONE };
        Self { speaker: token.speaker, token: token.name, weight: token.weight, said, secrets: Vec::new() }
    }

    /// Takes the login word apart into wallet, worker, coin and what else it states.
    pub(super) fn login(mut self, word: Option<Str<'a>>) -> Self {
        let Some(word) = word.map(bounded) else { return self };
        let login = login::read(&word);
        self.said.wallet = Some(login.wallet.into()).filter(|wallet: &String| !wallet.is_empty());
        self.said.worker = login.worker.map(Into::into);
        let stated = login.coin.filter(|_| login.stated).map(str::to_ascii_uppercase);
        // What is stated in front of a wallet is what the miner wants to be paid in; what it mines is open.
        self.said.coin = if login.stated { None } else { login.coin.map(Into::into) };
        self.note(Word::PayoutCoin, stated.as_deref())
            .note(Word::Email, login.email)
            .note(Word::Referral, login.referral)
            .note(Word::Donation, login.donation)
            .note(Word::Algorithm, login.algorithm)
            .count(Word::FixedDifficulty, login.fixed_difficulty)
            .flag(Word::Solo, login.solo)
    }

    /// Marks the password, and takes the hints for the pool out of it; nothing else of it is kept.
    pub(super) fn password(self, password: Option<Str<'a>>) -> Self {
        self.hints(password).secret(password)
    }

    /// Takes the hints for the pool out of a password that is marked elsewhere.
    pub(super) fn hints(mut self, password: Option<Str<'a>>) -> Self {
        let Some(password) = password.map(bounded) else { return self };
        let hints = password::read(&password);
        self.said.worker = self.said.worker.or_else(|| hints.rig.map(Into::into));
        let upper = |coin: Option<&str>| coin.map(str::to_ascii_uppercase);
        let payout = upper(hints.payout_coin);
        self.note(Word::PayoutCoin, payout.as_deref())
            .note(Word::AskedCoin, upper(hints.mined_coin).as_deref())
            .note(Word::Algorithm, hints.algorithm)
            .note(Word::Email, hints.email)
            .count(Word::FixedDifficulty, hints.fixed_difficulty)
            .count(Word::Watts, hints.watts.map(u64::from))
            .flag(Word::Solo, hints.solo)
    }

    pub(super) fn agent(mut self, agent: Option<Str<'a>>) -> Self {
        self.said.agent = agent.map(bounded).filter(|agent| !agent.is_empty());
        self
    }

    /// The coin this dialect is spoken for, whatever the login asks to be paid in.
    pub(super) fn coin(mut self, coin: &str) -> Self {
        self.said.coin = Some(coin.into());
        self
    }

    /// The rig, where it is named beside the login; otherwise the login's stays.
    pub(super) fn worker(mut self, worker: Option<Str<'a>>) -> Self {
        self.said.worker = worker.map(bounded).filter(|worker| !worker.is_empty()).or(self.said.worker);
        self
    }

    pub(super) fn secret(mut self, secret: Option<Str<'a>>) -> Self {
        self.secrets.extend(secret.map(|secret| secret.raw()));
        self
    }

    /// Notes everything behind the first of several parameters: by place, passwords have no name.
    pub(super) fn secrets_behind_first(mut self, parameters: Value<'a, '_>) -> Self {
        self.secrets = parameters.items().skip(1).map(|parameter| parameter.raw()).collect();
        self
    }

    /// Notes a word, if it is said and was not before.
    pub(super) fn note(mut self, word: Word, text: Option<&str>) -> Self {
        if let Some(text) = text.filter(|_| self.said.get(word).is_none()) {
            self.said.put(word, text);
        }
        self
    }

    /// Notes a string or a number as it was sent.
    pub(super) fn value(self, word: Word, value: Option<Value<'_, '_>>) -> Self {
        let Some(value) = value else { return self };
        match (value.as_number(), value.as_str()) {
            (Some(number), _) => self.note(word, Some(number)),
            (None, Some(text)) => self.note(word, Some(&bounded(text))),
            (None, None) => self,
        }
    }

    /// Notes the strings of a list.
    pub(super) fn list(self, word: Word, list: Option<Value<'_, '_>>) -> Self {
        let mut names = String::new();
        for name in list.iter().flat_map(Value::items).filter_map(|item| item.as_str()).take(16) {
            // A space would be the border between two names.
            names.extend(name.chars().take(32).filter(|letter| !letter.is_whitespace()));
            names.push(' ');
        }
        self.note(word, Some(names.trim_end()))
    }

    /// Notes a whole number.
    pub(super) fn count(self, word: Word, number: Option<u64>) -> Self {
        let number = number.map(|number| number.to_string());
        self.note(word, number.as_deref())
    }

    pub(super) fn flag(self, word: Word, is_set: bool) -> Self {
        self.note(word, is_set.then_some("true"))
    }

    /// Notes what tells the pool.
    pub(super) fn pool(mut self, name: Option<&str>, source: PoolSource) -> Self {
        if let Some(name) = name {
            self.said.name_pool(name, source);
        }
        self
    }
}

/// The number in hexadecimal digits, with or without `0x`; leading zeros do not count.
pub(super) fn hexadecimal(text: Str<'_>) -> Option<u64> {
    let text = text.to_string_bounded(66);
    let digits = text.strip_prefix("0x").unwrap_or(&text);
    let digits = digits.strip_prefix('0').map_or(digits, |rest| rest.trim_start_matches('0'));
    if digits.is_empty() {
        return (!text.is_empty()).then_some(0);
    }
    u64::from_str_radix(digits, 16).ok()
}

/// The number a value states: a whole number, its decimal digits, or hexadecimal ones behind `0x`.
pub(super) fn whole(value: Value<'_, '_>) -> Option<u64> {
    let Some(text) = value.as_str() else { return value.as_u64() };
    if text.starts_with("0x") { hexadecimal(text) } else { text.to_string_bounded(20).parse().ok() }
}
