//! What follows from all that was said, when a record is made of it: the coin with its reason, what the wallet is, the
//! hardware, the pool's name.

use minewall_lists::{Category, Hit};

use crate::dialect::{TABLE, agent};
use crate::evidence::Record;
use crate::finding::{Finding, Layer, PoolSource, Said, Subject, Word};
use crate::wallet::coin::{self, Clues};
use crate::wallet::login::{self, Holder};
use crate::wallet::{Check, shape};

/// Microseconds of a day.
const DAY_US: i64 = 86_400_000_000;

/// Works out what follows from the words of a record. It may be called again when more is known.
pub fn settle(record: &mut Record) {
    name_listed(record);
    let day = u64::try_from(record.time_us / DAY_US).ok();
    settle_words(&mut record.finding, day);
}

/// Folds in the name of the far end where it is known only after the record was made (from DNS answers seen before),
/// with the list's word on it.
pub fn name_far(record: &mut Record, name: &str, hit: Option<&Hit<'_>>) {
    if record.destination_domain.is_none() {
        record.destination_domain = Some(name.into());
    }
    let said = &mut record.finding.said;
    said.name_pool(name, PoolSource::Dns);
    if let Some(hit) = hit {
        list(said, hit);
    }
    settle(record);
}

/// Notes the coins a list gives for the pool.
pub fn list(said: &mut Said, hit: &Hit<'_>) {
    if said.get(Word::ListedCoins).is_none() {
        said.put(Word::ListedCoins, &hit.coins.replace(',', " "));
    }
}

/// A listed pool that was asked for by name is named so.
fn name_listed(record: &mut Record) {
    let Subject::Listed(Category::Pool) = record.finding.subject else { return };
    let (name, source) = match record.finding.layer {
        Layer::Dns => (record.question.as_ref().map(|question| &question.name), PoolSource::Dns),
        Layer::Http => (record.destination_domain.as_ref(), PoolSource::Http),
        Layer::Proxy => (record.destination_domain.as_ref(), PoolSource::Proxy),
        Layer::Sni => (record.server_name.as_ref(), PoolSource::Sni),
        Layer::Address | Layer::Behaviour | Layer::Payload => return,
    };
    if let Some(name) = name {
        record.finding.said.name_pool(name, source);
    }
}

fn settle_words(finding: &mut Finding, day: Option<u64>) {
    let dialect = finding.dialect.and_then(|id| TABLE.iter().find(|dialect| dialect.id == id));
    let tickers = dialect.map_or(&[] as &[&str], |dialect| dialect.tickers);
    let said = &mut finding.said;
    hold(said, tickers);
    if let Some(hardware) = said.agent.as_deref().and_then(agent::hardware) {
        said.put(Word::Hardware, hardware.as_str());
    }
    // A coin that a dialect without JSON stated.
    let stated = said.clone().coin.filter(|_| dialect.is_none() && finding.dialect.is_some());
    let stated = stated.as_deref();
    weigh(said, stated.as_slice(), tickers, day);
}

/// What stands in the wallet's place.
fn hold(said: &mut Said, tickers: &[&str]) {
    let Some(word) = said.wallet.clone() else { return };
    // Bare hexadecimal is a wallet only where the dialect's coins have such addresses.
    let among = shape::among(&word, tickers).map(|wallet| Holder::Wallet(wallet.check));
    let (holder, check) = match among.unwrap_or_else(|| login::read(&word).holder) {
        Holder::Account => ("account", None),
        Holder::Email => ("email", None),
        Holder::Hash => ("hash", None),
        Holder::Node => ("node", None),
        Holder::Wallet(check) => ("wallet", Some(check)),
    };
    said.put(Word::Holder, holder);
    if let Some(check) = check {
        said.put(
            Word::WalletCheck,
            match check {
                Check::Invalid => "invalid",
                Check::None => "none",
                Check::Valid => "valid",
            },
        );
    }
}

/// Weighs everything into one coin, with its reason and what else it may be.
fn weigh(said: &mut Said, stated: &[&str], tickers: &[&str], day: Option<u64>) {
    let known = said.clone();
    let wallet = known.wallet.as_deref().and_then(|word| shape::of(word).or_else(|| shape::among(word, tickers)));
    let listed: alloc::vec::Vec<_> =
        known.get(Word::ListedCoins).unwrap_or_default().split_ascii_whitespace().collect();
    let clues = Clues {
        algorithm: known.get(Word::Algorithm),
        asked: known.get(Word::AskedCoin).filter(|coin| is_ticker(coin)),
        dialect: if tickers.is_empty() { stated } else { tickers },
        wallet: wallet.filter(|wallet| wallet.check != Check::Invalid).map_or(&[], |wallet| wallet.coins),
        payout: known.get(Word::PayoutCoin),
        listed: &listed,
        height: known.get(Word::Height).and_then(|height| height.parse().ok()),
        day,
    };
    let Some(coin) = coin::infer(&clues) else { return };
    said.put(Word::Coin, coin.ticker);
    said.put(Word::CoinConfidence, coin.confidence.as_str());
    said.put(Word::CoinReason, coin.reason);
    said.put(Word::CoinAlternatives, &coin.alternatives.join(" "));
    if let Some(payout) = coin.payout {
        said.put(Word::PayoutCoin, payout);
    }
}

/// Pools take whole names for coins too; a list of tickers says nothing against those.
fn is_ticker(coin: &str) -> bool {
    (2..=5).contains(&coin.len())
}

#[cfg(test)]
mod tests;
