//! The words of heads: who logs in, and what asks.

use alloc::string::String;

use crate::finding::Said;

/// Takes a login word apart into wallet, worker and coin.
pub(super) fn login(said: &mut Said, text: &str) {
    let login = crate::wallet::login::read(text);
    said.wallet = word(login.wallet);
    said.worker = login.worker.and_then(word);
    said.coin = login.coin.and_then(word);
}

/// A word, bounded.
pub(super) fn word(text: &str) -> Option<String> {
    Some(text).filter(|text| !text.is_empty()).map(|text| text.chars().take(crate::limits::WORD).collect())
}
