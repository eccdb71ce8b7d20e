//! What can be said of a miner and its pool: one row a word. A row makes the field of a record, its line in
//! docs/records.md, its bound, and how it is learned.

use super::Said;
use crate::limits;

/// What a word holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `true`, or absent.
    Flag,
    /// Names with a space between them.
    List,
    /// Visible ASCII without spaces; everything else is left out.
    Name,
    /// A whole number.
    Number,
    /// Any characters.
    Text,
}

/// What becomes of a word that is said again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// The first stays.
    First,
    /// The last takes its place: it tells what is mined now.
    Last,
}

/// One word.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Which one.
    pub word: Word,
    /// Its field in records.
    pub path: &'static str,
    /// What it holds.
    pub form: Form,
    /// Bytes kept at the most.
    pub bytes: usize,
    /// What becomes of it when it is said again.
    pub keep: Keep,
    /// Whether it is worth a record of its own.
    pub is_news: bool,
    /// Whether it stays in a line that would be too long.
    pub is_brief: bool,
    /// When it is known, for the documentation.
    pub when: &'static str,
    /// What it is, for the documentation.
    pub what: &'static str,
}

const NEWS: bool = true;
const ASIDE: bool = false;
const BRIEF: bool = true;
const LONG: bool = false;

macro_rules! words {
    ($($(#[doc = $what:literal])+ $word:ident = $path:literal, $form:ident, $bytes:expr, $keep:ident, $news:expr, $brief:expr, $when:literal;)*) => {
        /// One thing that can be said.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Word {
            $($(#[doc = $what])+ $word,)*
        }

        /// Every word, in the order of a record's fields.
        pub static WORDS: &[Row] = &[$(Row {
            word: Word::$word,
            path: concat!("minewall.", $path),
            form: Form::$form,
            bytes: $bytes,
            keep: Keep::$keep,
            is_news: $news,
            is_brief: $brief,
            when: $when,
            what: concat!($($what),+),
        },)*];
    };
}

words! {
    /// the ticker of the coin that is mined; of several that fit, the typical one
    Coin = "coin", Text, limits::WORD, First, NEWS, BRIEF, "known";
    /// `high`: the algorithm, the protocol or several clues leave one coin; `medium`: one clue does; `low`: others fit too
    CoinConfidence = "coin_confidence", Name, 8, First, ASIDE, BRIEF, "with a coin";
    /// why it is this coin, as one clause
    CoinReason = "coin_reason", Text, 80, First, ASIDE, LONG, "with a coin";
    /// the other coins it may be, 8 at most
    CoinAlternatives = "coin_alternatives", List, 104, First, ASIDE, LONG, "several fit";
    /// the coin the miner is paid in, where that is another or the miner stated it
    PayoutCoin = "payout_coin", Name, 16, First, ASIDE, BRIEF, "stated, or the wallet shows it";
    /// the coin the miner asked the pool to mine
    AskedCoin = "asked_coin", Name, 16, First, ASIDE, LONG, "stated";
    /// the coins the list gives for the pool
    ListedCoins = "listed_coins", List, 96, First, ASIDE, LONG, "the pool is listed with coins";
    /// the algorithm: of the last job, or the one the miner asked for
    Algorithm = "algorithm", Name, 32, Last, ASIDE, BRIEF, "stated";
    /// the wallet address or account of the login; personal data
    Wallet = "wallet", Text, limits::WORD, First, NEWS, BRIEF, "stated";
    /// what stands in the wallet's place: `wallet`, `account`, `email`, `hash` (64 hexadecimal digits), `node`
    Holder = "holder", Name, 8, First, ASIDE, BRIEF, "with a wallet";
    /// what the address's own check says: `valid`, `invalid` (a placeholder or a slip of the pen), `none` (it bears none)
    WalletCheck = "wallet_check", Name, 8, First, ASIDE, BRIEF, "the holder is a wallet";
    /// the rig's name
    Worker = "worker", Text, limits::WORD, First, NEWS, BRIEF, "stated";
    /// the e-mail address in the login or its password field; personal data
    Email = "email", Name, 254, First, ASIDE, BRIEF, "stated";
    /// the mining software's own name
    Agent = "agent", Text, limits::WORD, First, NEWS, BRIEF, "stated";
    /// what such software usually runs on: `asic`, `gpu`, `cpu`
    Hardware = "hardware", Name, 4, First, ASIDE, BRIEF, "the agent is known";
    /// the pool: its name, or what tells its operator
    Pool = "pool", Text, 96, First, NEWS, BRIEF, "known";
    /// how the pool is known: `dns`, `sni`, `http`, `proxy` (the name asked for); `coinbase` (the text in its blocks); `reply` (the
    /// style of its answers, a weak hint)
    PoolSource = "pool_source", Name, 8, First, ASIDE, BRIEF, "with a pool";
    /// hashes a second, as the miner declares them
    Hashrate = "hashrate", Number, 20, Last, NEWS, BRIEF, "stated";
    /// the power the miner says it draws, in watts
    Watts = "watts", Number, 10, First, ASIDE, BRIEF, "stated";
    /// the difficulty of a share, as the pool said it; its unit is the protocol's
    Difficulty = "difficulty", Name, 40, Last, ASIDE, BRIEF, "stated";
    /// the target of a share, as the pool said it
    Target = "target", Name, 80, Last, ASIDE, LONG, "stated";
    /// the difficulty of a share the miner asked for
    FixedDifficulty = "fixed_difficulty", Name, 40, First, ASIDE, LONG, "stated";
    /// the height of the block under way
    Height = "height", Number, 20, Last, ASIDE, BRIEF, "stated";
    /// the miner keeps whole blocks for itself
    Solo = "solo", Flag, 4, First, ASIDE, BRIEF, "stated";
    /// how the miner wants to work, as `self-select`
    Mode = "mode", Name, 24, First, ASIDE, LONG, "stated";
    /// the code of who recruited the miner
    Referral = "referral", Name, 64, First, ASIDE, LONG, "stated";
    /// the donation of the login, in percent
    Donation = "donation", Name, 8, First, ASIDE, LONG, "stated";
    /// what the two sides agreed on beyond the protocol
    Extensions = "extensions", List, 160, First, ASIDE, LONG, "stated";
    /// the server the pool sent the miner to
    Reconnect = "reconnect", Name, 96, Last, ASIDE, LONG, "stated";
    /// what the pool wrote to the miner
    Message = "message", Text, 160, Last, ASIDE, LONG, "stated";
}

impl Word {
    /// Its row.
    #[must_use]
    pub fn row(self) -> Option<&'static Row> {
        WORDS.get(self as usize)
    }
}

/// How a pool is known, the strongest last: what was asked for by name is surer than what its messages look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PoolSource {
    /// The style of its answers.
    Reply,
    /// The text in the coinbase of its blocks.
    Coinbase,
    /// The name whose address was looked up.
    Dns,
    /// The host of an HTTP request.
    Http,
    /// The server name of a hello.
    Sni,
    /// The name told to a proxy.
    Proxy,
}

impl PoolSource {
    const ALL: [Self; 6] = [Self::Reply, Self::Coinbase, Self::Dns, Self::Http, Self::Sni, Self::Proxy];

    /// The word used in records (`minewall.pool_source`).
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Coinbase => "coinbase",
            Self::Dns => "dns",
            Self::Http => "http",
            Self::Proxy => "proxy",
            Self::Reply => "reply",
            Self::Sni => "sni",
        }
    }
}

impl Said {
    /// Names the pool, unless it is known more surely already; tells whether that is news.
    pub fn name_pool(&mut self, name: &str, source: PoolSource) -> bool {
        let known = self.get(Word::PoolSource);
        let known = PoolSource::ALL.into_iter().find(|source| known == Some(source.as_str()));
        if name.is_empty() || known.is_some_and(|known| known >= source) {
            return false;
        }
        self.put(Word::Pool, name);
        self.put(Word::PoolSource, source.as_str());
        true
    }

    /// Takes the pool over from `other`, where it knows it more surely.
    pub(super) fn learn_pool(&mut self, other: &Self) -> bool {
        let source = other.get(Word::PoolSource);
        let source = PoolSource::ALL.into_iter().find(|known| source == Some(known.as_str()));
        let (Some(name), Some(source)) = (other.get(Word::Pool), source) else { return false };
        self.name_pool(name, source)
    }
}
