//! Facts: what a dissector heard or a list answered. Nothing here decides.

use alloc::string::String;
use alloc::vec::Vec;

use minewall_lists::Category;

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

/// What the miner or the pool said of itself. Every word is bounded by [`crate::limits::WORD`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// The coin, where it was stated (by the algorithm, a login prefix or the list), as its usual ticker.
    pub coin: Option<String>,
    /// The wallet address or account name of the login.
    pub wallet: Option<String>,
    /// The name of the rig.
    pub worker: Option<String>,
    /// The mining software's own name.
    pub agent: Option<String>,
}

impl Said {
    /// Takes over what `other` says and this does not; tells whether anything was new.
    pub fn learn(&mut self, other: Self) -> bool {
        let mut news = false;
        for (mine, theirs) in [
            (&mut self.coin, other.coin),
            (&mut self.wallet, other.wallet),
            (&mut self.worker, other.worker),
            (&mut self.agent, other.agent),
        ] {
            if mine.is_none() && theirs.is_some() {
                *mine = theirs;
                news = true;
            }
        }
        news
    }
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
