//! Facts: what a dissector heard or a list answered. Nothing here decides.

use alloc::string::String;
use alloc::vec::Vec;

use minewall_lists::Category;

mod words;
pub use words::{Form, Keep, PoolSource, Row, WORDS, Word};

/// The name a self-test asks for. Names below `invalid` lead nowhere (RFC 6761 section 6.4), so that nobody mines there.
pub const TEST_NAME: &str = "test.minewall.invalid";

/// The list that holds it.
pub const TEST_LIST: &str = "self-test";

/// The login of a self-test; no wallet, so that whoever uses it at a pool mines for nobody.
pub const TEST_LOGIN: &str = "minewall-self-test";

/// Where in the traffic mining was recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// A listed address and port.
    Address,
    /// The shape of an encrypted session.
    Behaviour,
    /// The name in a DNS question.
    Dns,
    /// The host an HTTP request names.
    Http,
    /// The bytes of a mining protocol.
    Payload,
    /// The target named to a proxy.
    Proxy,
    /// The server name of a TLS or QUIC hello.
    Sni,
}

impl Layer {
    /// Every layer.
    pub const ALL: [Self; 7] =
        [Self::Address, Self::Behaviour, Self::Dns, Self::Http, Self::Payload, Self::Proxy, Self::Sni];

    /// The word used in records (`minewall.layer`).
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Behaviour => "behaviour",
            Self::Dns => "dns",
            Self::Http => "http",
            Self::Payload => "payload",
            Self::Proxy => "proxy",
            Self::Sni => "sni",
        }
    }
}

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// Named by an old or single source.
    Low,
    /// Named by a maintained list, or by tokens that agree.
    Medium,
    /// Proof: no ordinary protocol says this, or an official source names it.
    High,
}

impl Confidence {
    /// The word used in records (`minewall.confidence`).
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Low => "low",
            Self::Medium => "medium",
        }
    }
}

/// What a rule names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A name or address on a list of this kind.
    Listed(Category),
    /// A mining protocol.
    Protocol,
}

impl Subject {
    /// The word used in records (`minewall.category`): the list's kind, or `protocol`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Listed(category) => category.as_str(),
            Self::Protocol => "protocol",
        }
    }
}

/// What the miner or the pool said of itself, and what follows from it. Every word is bounded by its row of [`WORDS`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// The coin, where it was stated (by the algorithm, the wallet or the list), as its usual ticker.
    pub coin: Option<String>,
    /// The wallet address or account name of the login.
    pub wallet: Option<String>,
    /// The name of the rig.
    pub worker: Option<String>,
    /// The mining software's own name.
    pub agent: Option<String>,
    /// All other words, reached by [`Said::get`] and [`Said::put`].
    pub more: More,
}

/// The words of a [`Said`] that have no place of their own, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct More(Vec<(Word, String)>);

impl More {
    /// No words.
    pub const NONE: Self = Self(Vec::new());
}

impl Said {
    /// What this word holds.
    #[must_use]
    pub fn get(&self, word: Word) -> Option<&str> {
        match word {
            Word::Agent => self.agent.as_deref(),
            Word::Coin => self.coin.as_deref(),
            Word::Wallet => self.wallet.as_deref(),
            Word::Worker => self.worker.as_deref(),
            other => self.more.0.iter().find(|(known, _)| *known == other).map(|(_, text)| &**text),
        }
    }

    /// Sets a word, bounded as its row says; an empty one is none.
    pub fn put(&mut self, word: Word, text: &str) {
        let Some(row) = word.row() else { return };
        let text = bounded(row, text);
        self.drop(word);
        if text.is_empty() {
            return;
        }
        match word {
            Word::Agent => self.agent = Some(text),
            Word::Coin => self.coin = Some(text),
            Word::Wallet => self.wallet = Some(text),
            Word::Worker => self.worker = Some(text),
            other => self.more.0.push((other, text)),
        }
    }

    /// Takes a word back.
    pub fn drop(&mut self, word: Word) {
        match word {
            Word::Agent => self.agent = None,
            Word::Coin => self.coin = None,
            Word::Wallet => self.wallet = None,
            Word::Worker => self.worker = None,
            other => self.more.0.retain(|(known, _)| *known != other),
        }
    }

    /// Takes over what `other` says and this does not, and what is said anew where the last counts; tells whether
    /// anything worth a record was new.
    pub fn learn(&mut self, other: Self) -> bool {
        let mut news = self.learn_pool(&other);
        for row in WORDS.iter().filter(|row| !matches!(row.word, Word::Pool | Word::PoolSource)) {
            let Some(theirs) = other.get(row.word) else { continue };
            let is_known = self.get(row.word).is_some();
            if is_known && row.keep == Keep::First {
                continue;
            }
            self.put(row.word, theirs);
            news |= row.is_news && !is_known;
        }
        news
    }
}

/// The text as the row wants it.
fn bounded(row: &Row, text: &str) -> String {
    let wanted = |c: char| match row.form {
        Form::Text => true,
        Form::Flag | Form::Name => c.is_ascii_graphic(),
        Form::List => c.is_ascii_graphic() || c == ' ',
        Form::Number => c.is_ascii_digit(),
    };
    let mut kept = String::new();
    for c in text.chars().filter(|c| wanted(*c)) {
        if kept.len() + c.len_utf8() > row.bytes {
            // Part of a number is another number.
            return if row.form == Form::Number { String::new() } else { kept };
        }
        kept.push(c);
    }
    kept
}

/// Mining, recognised: what was heard, where, by which rule, and how sure that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where it was recognised.
    pub layer: Layer,
    /// The mining protocol's id in the dialect table, where one was heard.
    pub dialect: Option<&'static str>,
    /// What was said.
    pub said: Said,
    /// How sure it is.
    pub confidence: Confidence,
    /// The rule that matched: a list entry, or the token heard.
    pub rule: String,
    /// The list or the dialect table that holds the rule.
    pub ruleset: String,
    /// What the rule names.
    pub subject: Subject,
    /// What was heard, as one clause: "the DNS question for xmr.example.org is listed as a mining pool".
    pub reason: String,
    /// The telling bytes, at most [`crate::limits::EXCERPT`], passwords masked.
    pub excerpt: Vec<u8>,
}

impl Said {
    /// Whether the login is that of a self-test.
    #[must_use]
    pub fn is_test(&self) -> bool {
        self.wallet.as_deref() == Some(TEST_LOGIN)
    }
}

impl Finding {
    /// Whether a self-test caused it. It is cut as any other, and written down as what it is; what goes on behind it
    /// (jobs, shares) is no test.
    #[must_use]
    pub fn is_test(&self) -> bool {
        match self.subject {
            Subject::Listed(_) => self.rule == TEST_NAME && self.ruleset == TEST_LIST,
            Subject::Protocol => self.said.is_test(),
        }
    }
}
