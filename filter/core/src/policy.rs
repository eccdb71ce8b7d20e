//! What is done about a finding: mode, kinds of lists, exemptions. Policy never parses; it only judges.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use minewall_lists::{Category, Hit};
use serde::{Deserialize, Deserializer, de};

use crate::finding::{Confidence, Finding, Subject};
use crate::now::Now;

mod grace;
pub use grace::{Grace, Lenient};

/// What is to be done about one finding.
#[derive(Clone, Copy, Debug)]
pub enum Judgement<'a> {
    /// Cut it and write it down.
    Block,
    /// Let it pass and write it down: the host's grace is not over before then, microseconds since 1970-01-01T00:00:00Z.
    Grace(i64),
    /// Let it pass, without a record.
    Ignore,
    /// Let it pass and write it down, naming the exemption if that is the cause.
    Observe(Option<&'a Exempt>),
}

impl Judgement<'_> {
    /// How much is done, the more the higher.
    #[must_use]
    pub const fn severity(&self) -> u8 {
        match self {
            Self::Block => 2,
            Self::Ignore => 0,
            Self::Grace(_) | Self::Observe(_) => 1,
        }
    }
}

/// The operator's will, ready to judge with.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Whether mining is cut at all.
    pub mode: Mode,
    /// What is done for each kind of listed name.
    pub categories: Categories,
    /// The answer to a refused DNS question.
    pub dns: DnsAnswer,
    /// Whether answers to DNS questions are looked at.
    pub reads_answers: bool,
    /// The prefixes of the campus.
    pub inside: Inside,
    /// How long hosts are observed before they are cut.
    pub grace: Grace,
    /// Hosts that may mine, longest prefix first.
    exempt: Vec<Exempt>,
}

impl Policy {
    /// Puts the operator's will together; among several exemptions of one host the longest prefix speaks.
    #[must_use]
    pub fn new(mode: Mode, categories: Categories, dns: DnsAnswer, inside: Inside, mut exempt: Vec<Exempt>) -> Self {
        exempt.sort_by_key(|exempt| core::cmp::Reverse(exempt.prefix.prefix_len()));
        Self { mode, categories, dns, reads_answers: true, inside, grace: Grace::default(), exempt }
    }

    /// What to do about this finding at this host inside, at this time; whether the host's grace is over is for others to
    /// know.
    #[must_use]
    pub fn judge(&self, finding: &Finding, host: IpAddr, now: Now) -> Judgement<'_> {
        let action = match finding.subject {
            Subject::Listed(category) => self.categories.believed(category, finding.confidence == Confidence::Low),
            Subject::Protocol => CategoryAction::Block,
        };
        if action == CategoryAction::Ignore {
            return Judgement::Ignore;
        }
        let exempt = self.exempt.iter().find(|exempt| exempt.holds(host, now));
        if exempt.is_some() || self.mode == Mode::Observe || action == CategoryAction::Observe {
            return Judgement::Observe(exempt);
        }
        Judgement::Block
    }
}

/// How a refused DNS question is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DnsAnswer {
    /// Not at all.
    Drop,
    /// The name does not exist.
    #[default]
    Nxdomain,
    /// These addresses.
    Sinkhole(Option<Ipv4Addr>, Option<Ipv6Addr>),
}

/// Whether mining is cut or only written down.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Cut it and write it down.
    Block,
    /// Only write it down: the first days of an installation, and the default.
    #[default]
    Observe,
}

/// The prefixes of the campus.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(transparent)]
pub struct Inside(#[serde(deserialize_with = "prefixes")] pub Vec<IpNet>);

impl Default for Inside {
    /// The private and link-local ranges of RFC 1918, RFC 6598, RFC 3927, RFC 4193 and RFC 4291.
    fn default() -> Self {
        let v4 = |a, b, len| IpNet::new(IpAddr::V4(Ipv4Addr::new(a, b, 0, 0)), len);
        let v6 = |a, len| IpNet::new(IpAddr::V6(Ipv6Addr::new(a, 0, 0, 0, 0, 0, 0, 0)), len);
        let all = [
            v4(10, 0, 8),
            v4(172, 16, 12),
            v4(192, 168, 16),
            v4(100, 64, 10),
            v4(169, 254, 16),
            v6(0xfc00, 7),
            v6(0xfe80, 10),
        ];
        Self(all.into_iter().flatten().collect())
    }
}

impl Inside {
    /// Whether the address belongs to the campus.
    #[must_use]
    pub fn contains(&self, ip: IpAddr) -> bool {
        self.0.iter().any(|net| net.contains(&ip))
    }
}

/// What is done for one kind of listed name in mode `block`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum CategoryAction {
    /// Cut and written down.
    Block,
    /// Passed, not written down.
    Ignore,
    /// Passed and written down.
    Observe,
}

/// What is done for each kind of listed name.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Categories {
    /// Hosts that hand out work.
    pub pool: CategoryAction,
    /// Web sites of pools: people may read them.
    pub pool_site: CategoryAction,
    /// Miners in web pages.
    pub browser: CategoryAction,
    /// Names used by mining malware.
    pub malware: CategoryAction,
    /// The operator's own lists.
    pub custom: CategoryAction,
    /// Public resolvers for encrypted DNS.
    pub resolver: CategoryAction,
    /// Exchanges, wallets and news: the same money, and no mining.
    pub adjacent: CategoryAction,
}

impl Default for Categories {
    fn default() -> Self {
        let block = CategoryAction::Block;
        Self {
            pool: block,
            pool_site: CategoryAction::Observe,
            browser: block,
            malware: block,
            custom: block,
            resolver: CategoryAction::Ignore,
            adjacent: CategoryAction::Ignore,
        }
    }
}

impl Categories {
    /// What is done for an entry of a list. What its list is not sure of, or is not trusted with, is written down at the
    /// most: nobody is cut off for the word of one old source.
    #[must_use]
    pub fn listed(&self, hit: &Hit<'_>) -> CategoryAction {
        self.believed(hit.category, hit.confidence == minewall_lists::Confidence::Low)
    }

    fn believed(&self, category: Category, is_low: bool) -> CategoryAction {
        match self.action(category) {
            CategoryAction::Block if is_low => CategoryAction::Observe,
            action => action,
        }
    }

    /// What is done for this kind.
    #[must_use]
    pub const fn action(&self, category: Category) -> CategoryAction {
        match category {
            Category::Adjacent => self.adjacent,
            Category::Browser => self.browser,
            Category::Custom => self.custom,
            Category::Malware => self.malware,
            Category::Pool => self.pool,
            Category::PoolSite => self.pool_site,
            Category::Resolver => self.resolver,
        }
    }
}

/// A host or prefix that may mine.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exempt {
    /// The inside address or prefix.
    #[serde(deserialize_with = "prefix")]
    pub prefix: IpNet,
    /// Who answers for it.
    pub owner: String,
    /// What for.
    pub reason: String,
    /// The last day it holds (UTC), as `"2027-01-31"`; none: until it is removed.
    #[serde(default, deserialize_with = "date")]
    pub expires: Option<Date>,
}

impl Exempt {
    /// Whether the host may mine now. The last day counts whole, in UTC.
    #[must_use]
    pub fn holds(&self, host: IpAddr, now: Now) -> bool {
        self.prefix.contains(&host) && self.expires.is_none_or(|last| day(now).is_some_and(|today| today <= last))
    }
}

fn day(now: Now) -> Option<Date> {
    let moment = Timestamp::from_microsecond(now.wall_us).ok()?;
    Some(TimeZone::UTC.to_datetime(moment).date())
}

/// An address or a prefix: `10.1.2.3`, `10.0.0.0/8`, `2001:db8::/32`.
///
/// # Errors
/// A sentence saying what was expected.
pub fn parse_prefix(text: &str) -> Result<IpNet, String> {
    let whole = text.parse::<IpAddr>().map(IpNet::from);
    whole.or_else(|_| text.parse::<IpNet>().map(|net| net.trunc())).map_err(|_| {
        format!("{text:?} is no address or prefix; write it like \"10.1.2.3\", \"10.0.0.0/8\" or \"2001:db8::/32\"")
    })
}

fn prefix<'de, D: Deserializer<'de>>(deserializer: D) -> Result<IpNet, D::Error> {
    parse_prefix(&String::deserialize(deserializer)?).map_err(de::Error::custom)
}

fn prefixes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    texts.iter().map(|text| parse_prefix(text).map_err(de::Error::custom)).collect()
}

fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let parsed = text.parse::<Date>();
    parsed.map(Some).map_err(|_| de::Error::custom(format!("{text:?} is no date; write it like \"2027-01-31\"")))
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec;

    use super::*;
    use crate::finding::{Confidence, Layer, Said};

    fn finding(subject: Subject) -> Finding {
        Finding {
            layer: Layer::Dns,
            dialect: None,
            said: Said::default(),
            confidence: Confidence::High,
            rule: String::new(),
            ruleset: String::new(),
            subject,
            reason: String::new(),
            excerpt: Vec::new(),
        }
    }

    fn exempt(prefix: &str, owner: &str, expires: Option<&str>) -> Exempt {
        let expires = expires.map(|date| date.parse().unwrap());
        Exempt { prefix: parse_prefix(prefix).unwrap(), owner: owner.into(), reason: "study".into(), expires }
    }

    fn at(date: &str) -> Now {
        Now::from_wall_us(date.parse::<Timestamp>().unwrap().as_microsecond())
    }

    #[test]
    fn the_longest_exemption_speaks_until_its_last_day_is_over() {
        let register = vec![exempt("10.1.0.0/16", "faculty", None), exempt("10.1.2.3", "lab", Some("2026-12-31"))];
        let policy = Policy::new(Mode::Block, Categories::default(), DnsAnswer::Nxdomain, Inside::default(), register);
        let owner =
            |host: &str, date: &str| match policy.judge(&finding(Subject::Protocol), host.parse().unwrap(), at(date)) {
                Judgement::Block => "cut".into(),
                Judgement::Grace(_) => "grace".into(),
                Judgement::Ignore => "ignored".into(),
                Judgement::Observe(exempt) => exempt.map_or_else(|| "observed".into(), |exempt| exempt.owner.clone()),
            };
        assert_eq!(owner("10.1.2.3", "2026-12-31T23:59:59Z"), "lab");
        assert_eq!(owner("10.1.2.3", "2027-01-01T00:00:00Z"), "faculty");
        assert_eq!(owner("10.2.0.1", "2026-12-31T23:59:59Z"), "cut");
    }

    #[test]
    fn mode_and_category_decide() {
        let judge = |mode, category| {
            let policy = Policy::new(mode, Categories::default(), DnsAnswer::Nxdomain, Inside::default(), Vec::new());
            let host = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
            matches!(policy.judge(&finding(Subject::Listed(category)), host, Now::default()), Judgement::Block)
        };
        assert!(judge(Mode::Block, Category::Pool));
        assert!(!judge(Mode::Block, Category::PoolSite));
        assert!(!judge(Mode::Observe, Category::Pool));
    }

    #[test]
    fn an_entry_of_low_confidence_is_written_down_at_the_most() {
        let policy =
            Policy::new(Mode::Block, Categories::default(), DnsAnswer::Nxdomain, Inside::default(), Vec::new());
        let judge = |subject, confidence| {
            let finding = Finding { confidence, ..finding(subject) };
            policy.judge(&finding, IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), Now::default()).severity()
        };
        let pool = Subject::Listed(Category::Pool);
        assert_eq!((judge(pool, Confidence::Medium), judge(pool, Confidence::Low)), (2, 1));
        assert_eq!(judge(Subject::Listed(Category::Adjacent), Confidence::Low), 0, "what is ignored stays so");
        assert_eq!(judge(Subject::Protocol, Confidence::Low), 2, "what was heard is no entry");
    }

    #[test]
    fn prefixes_are_told_from_nonsense() {
        assert_eq!(parse_prefix("10.1.2.3").unwrap().to_string(), "10.1.2.3/32");
        assert_eq!(parse_prefix("10.1.2.3/8").unwrap().to_string(), "10.0.0.0/8");
        assert_eq!(parse_prefix("2001:db8::/32").unwrap().to_string(), "2001:db8::/32");
        assert!(parse_prefix("10.1.2").unwrap_err().contains("10.0.0.0/8"));
    }
}
