//! What the value of an option may be, and how it stands in minewall.toml.

use minewall_core::config::is_device;
use minewall_core::policy::parse_prefix;

/// Words that OpenWrt's own scripts take for yes and no.
const YES: [&str; 5] = ["1", "on", "true", "yes", "enabled"];
const NO: [&str; 5] = ["0", "off", "false", "no", "disabled"];

/// What a value may be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    /// `1` or `0`: a truth in TOML.
    Flag,
    /// `1` or `0`: the words "on" and "off" in TOML.
    Switch,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A whole number between these, both included.
    Number(u64, u64),
    /// Megabytes between these, both included: bytes in TOML.
    Megabytes(u64, u64),
    /// A text of this kind.
    Text(&'static Kind),
}

/// A kind of text.
#[derive(Debug)]
pub(super) struct Kind {
    /// Its name in options.json.
    pub(super) name: &'static str,
    /// What it is, with an article.
    what: &'static str,
    /// One as it may be.
    pub(super) example: &'static str,
    /// Whether a text is one, as far as it can be told alone; what reads the configuration may know better.
    is: fn(&str) -> bool,
}

const fn kind(name: &'static str, what: &'static str, example: &'static str, is: fn(&str) -> bool) -> Kind {
    Kind { name, what, example, is }
}

pub(super) static WORDS: Kind = kind("text", "a text on one line", "Lab 3", |text| !text.contains(char::is_control));
pub(super) static PREFIX: Kind =
    kind("prefix", "an address or prefix", "192.168.1.0/24", |text| parse_prefix(text).is_ok());
pub(super) static ADDRESS: Kind =
    kind("address", "an address", "192.168.1.1", |text| text.parse::<std::net::IpAddr>().is_ok());
pub(super) static LISTED: Kind = kind("name", "a name, or an address with a port", "pool.example.org", |text| {
    is_word(text) && text.contains(['.', ':'])
});
pub(super) static PATH: Kind = kind("path", "an absolute path", "/etc/minewall/own.list", |text| {
    text.starts_with('/') && !text.contains(char::is_control)
});
pub(super) static ADDRESS_OF_LIST: Kind =
    kind("url", "an address of a list", "https://lists.example.org/pools.txt", |text| {
        is_word(text) && text.contains("://")
    });
pub(super) static DATE: Kind = kind("date", "a date", "2027-01-31", |text| text.parse::<jiff::civil::Date>().is_ok());
pub(super) static DEVICE: Kind = kind("device", "a name of a network device", "br-lan", is_device);
pub(super) static MARK: Kind = kind("mark", "a mask of exactly two bits", "0x30000000", |text| {
    mask(text).is_some_and(|mask| mask.count_ones() == 2)
});
pub(super) static OFFSET: Kind =
    kind("offset", "an offset from UTC", "+08:00", |text| text.len() == 6 && text.starts_with(['+', '-']));
pub(super) static SYSLOG: Kind =
    kind("syslog", "a way to a syslog server", "udp://192.0.2.1:514", |text| is_word(text) && text.contains(':'));
pub(super) static FEED: Kind = kind("feed", "a name of a feed: small letters, digits and hyphens", "nocoin", |text| {
    text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
});
pub(super) static KEY: Kind = kind(
    "key",
    "a public key of minisign, 56 letters that begin with RW,",
    "the second line of the .pub file",
    |text| text.len() == 56 && text.starts_with("RW"),
);

fn is_word(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn mask(text: &str) -> Option<u32> {
    text.strip_prefix("0x").map_or_else(|| text.parse().ok(), |hex| u32::from_str_radix(hex, 16).ok())
}

/// Whether the value means yes; none where it means neither yes nor no.
pub(super) fn truth(value: &str) -> Option<bool> {
    if YES.contains(&value) { Some(true) } else { NO.contains(&value).then_some(false) }
}

impl Form {
    /// Its name in options.json.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Flag | Self::Switch => "flag",
            Self::Choice(_) => "choice",
            Self::Number(..) | Self::Megabytes(..) => "number",
            Self::Text(kind) => kind.name,
        }
    }

    /// The words there are.
    pub(super) const fn choices(self) -> &'static [&'static str] {
        if let Self::Choice(words) = self { words } else { &[] }
    }

    /// The least and the greatest number.
    pub(super) const fn bounds(self) -> Option<(u64, u64)> {
        match self {
            Self::Number(min, max) | Self::Megabytes(min, max) => Some((min, max)),
            _ => None,
        }
    }

    /// What may stand there, for people.
    pub(super) fn expected(self) -> String {
        match self {
            Self::Flag | Self::Switch => "0 or 1".to_owned(),
            Self::Choice(words) => words.join(", "),
            Self::Number(min, max) => format!("{min} to {max}"),
            Self::Megabytes(min, max) => format!("{min} to {max} megabytes"),
            Self::Text(kind) => format!("{}, such as {}", kind.what.trim_end_matches(','), kind.example),
        }
    }

    /// The value as it stands in minewall.toml.
    ///
    /// # Errors
    /// What is wrong with it, and what may stand there.
    pub(super) fn toml(self, value: &str) -> Result<String, String> {
        let unknown = || format!("{value:?} is not one of: {}", self.expected());
        match self {
            Self::Flag => truth(value).map(|yes| yes.to_string()).ok_or_else(unknown),
            Self::Switch => truth(value).map(|yes| quoted(if yes { "on" } else { "off" })).ok_or_else(unknown),
            Self::Choice(words) => words.contains(&value).then(|| quoted(value)).ok_or_else(unknown),
            Self::Number(min, max) => number(value, min, max).map(|number| number.to_string()),
            Self::Megabytes(min, max) => {
                number(value, min, max).map(|number| number.saturating_mul(1 << 20).to_string())
            }
            Self::Text(kind) if (kind.is)(value) => Ok(quoted(value)),
            Self::Text(kind) => Err(format!("{value:?} is not {}; write it like {}", kind.what, kind.example)),
        }
    }
}

fn number(value: &str, min: u64, max: u64) -> Result<u64, String> {
    let number = value.parse::<u64>().map_err(|_| format!("{value:?} is no whole number; it may be {min} to {max}"))?;
    if (min..=max).contains(&number) { Ok(number) } else { Err(format!("{number} is outside {min} to {max}")) }
}

/// A string of TOML on one line.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            letter if letter.is_control() => quoted += &format!("\\u{:04X}", u32::from(letter)),
            letter => quoted.push(letter),
        }
    }
    quoted + "\""
}
