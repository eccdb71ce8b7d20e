//! Lists that are fetched: where from, what they hold, how far they are trusted.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Display};
use core::str::FromStr;

use minewall_lists::{Category, Confidence, Format};
use serde::{Deserialize, Deserializer, de};

use super::ListFiles;

/// Letters of the longest name of a feed.
const NAME: usize = 32;

/// Entries of the largest feed, where none is set: more than any list of mining has.
const ENTRIES: usize = 1_000_000;

/// One list that is fetched.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Feed {
    /// Its name in records and files: lower-case letters, digits and hyphens.
    pub name: String,
    /// Where it is: `https://`, `http://` or `file:///`; with `keys`, the manifest of a signed feed.
    pub url: String,
    /// What it is written in.
    #[serde(default, deserialize_with = "word")]
    pub format: Format,
    /// What it lists.
    #[serde(deserialize_with = "word")]
    pub category: Category,
    /// The most an entry of it is believed.
    #[serde(default = "medium", deserialize_with = "word")]
    pub trust: Confidence,
    /// Entries it must have.
    #[serde(default = "one")]
    pub min: usize,
    /// Entries it may have.
    #[serde(default = "entries")]
    pub max: usize,
    /// Percent of its entries that may be unusable; else `lists.update.rejects`.
    #[serde(default)]
    pub rejects: Option<u32>,
    /// Names in it that the never-block guard holds, at most; else `lists.update.guarded`.
    #[serde(default)]
    pub guarded: Option<usize>,
    /// The public keys of minisign, one of which has signed it; none: it is not signed.
    #[serde(default)]
    pub keys: Vec<String>,
}

const fn medium() -> Confidence {
    Confidence::Medium
}

const fn one() -> usize {
    1
}

const fn entries() -> usize {
    ENTRIES
}

fn word<'de, D: Deserializer<'de>, T: FromStr<Err: Display>>(deserializer: D) -> Result<T, D::Error> {
    let word = String::deserialize(deserializer)?;
    word.parse().map_err(|unknown| de::Error::custom(format!("{word:?} is {unknown}")))
}

/// How feeds are fetched, kept and mistrusted.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct Update {
    /// Where what was fetched is kept, on a file system that lasts.
    pub directory: String,
    /// How much of it, 1 or 2 generations: the second is for `lists rollback`, and for when the first is damaged.
    pub generations: u32,
    /// Where it is worked on, and what went wrong is kept; empty: `lists` in the runtime directory.
    pub scratch: String,
    /// What fetches.
    #[serde(deserialize_with = "word")]
    pub fetcher: Fetcher,
    /// A PEM file of authorities trusted besides the system's; empty: none.
    pub authorities: String,
    /// Seconds to a connection, 1 to 300.
    pub connect: u32,
    /// Seconds for all of one fetch, 1 to 3,600.
    pub timeout: u32,
    /// Bytes of the largest feed, unpacked, 1,024 to 1 GiB.
    pub bytes: u64,
    /// Percent of its former entries below which a feed is refused, 0 to 100.
    pub shrink: u32,
    /// Percent of its former entries above which a feed is refused, 100 to 1,000,000.
    pub growth: u32,
    /// Percent of a feed's entries that may be unusable, 0 to 100.
    pub rejects: u32,
    /// Names of a feed that the never-block guard holds, at most.
    pub guarded: usize,
    /// Seconds that `--jitter` waits at the most, 0 to 86,400.
    pub jitter: u32,
}

impl Default for Update {
    fn default() -> Self {
        Self {
            directory: "/var/lib/minewall/lists".to_owned(),
            generations: 2,
            scratch: String::new(),
            fetcher: Fetcher::Auto,
            authorities: String::new(),
            connect: 10,
            timeout: 120,
            bytes: 64 << 20,
            shrink: 70,
            growth: 300,
            rejects: 20,
            guarded: 20,
            jitter: 3600,
        }
    }
}

/// What fetches feeds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fetcher {
    /// minewall itself, or the first of the others where it cannot.
    #[default]
    Auto,
    /// minewall itself.
    BuiltIn,
    /// `curl`.
    Curl,
    /// `wget`.
    Wget,
    /// `uclient-fetch`, of OpenWrt.
    UclientFetch,
}

const FETCHERS: &[(&str, Fetcher)] = &[
    ("auto", Fetcher::Auto),
    ("built-in", Fetcher::BuiltIn),
    ("curl", Fetcher::Curl),
    ("wget", Fetcher::Wget),
    ("uclient-fetch", Fetcher::UclientFetch),
];

impl Fetcher {
    /// All of them, each with its name.
    pub fn all() -> impl Iterator<Item = (&'static str, Self)> {
        FETCHERS.iter().copied()
    }
}

impl FromStr for Fetcher {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let row = FETCHERS.iter().find(|row| row.0 == word);
        row.map(|row| row.1).ok_or("not one of: auto, built-in, curl, wget, uclient-fetch")
    }
}

impl Display for Fetcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(FETCHERS.iter().find(|row| row.1 == *self).map_or("", |row| row.0))
    }
}

/// A setting of the lists that cannot be so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The setting, an entry of a list by its index (`lists.feed.0.url`).
    pub setting: String,
    /// What is wrong with it, and what it may be.
    pub problem: String,
}

impl ListFiles {
    /// Checks what types cannot.
    ///
    /// # Errors
    /// The first setting that cannot be so.
    pub fn check(&self) -> Result<(), Wrong> {
        for (at, feed) in self.feed.iter().enumerate() {
            let wrong = |(key, problem)| Wrong { setting: format!("lists.feed.{at}.{key}"), problem };
            feed.check().map_err(wrong)?;
            if self.feed.iter().take(at).any(|other| other.name == feed.name) {
                return Err(wrong(("name", format!("{:?} is the name of another feed too", feed.name))));
            }
        }
        self.update.check().map_err(|(key, problem)| Wrong { setting: format!("lists.update.{key}"), problem })
    }
}

type Problem = (&'static str, String);

fn range(key: &'static str, value: u64, min: u64, max: u64) -> Result<(), Problem> {
    if (min..=max).contains(&value) { Ok(()) } else { Err((key, format!("{value} is outside {min} to {max}"))) }
}

impl Feed {
    fn check(&self) -> Result<(), Problem> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !(1..=NAME).contains(&self.name.len()) || !self.name.bytes().all(plain) || self.name.starts_with('-') {
            let problem = format!(
                "{:?} is no name of a feed: up to {NAME} lower-case letters, digits and hyphens, such as \"nocoin\"",
                self.name
            );
            return Err(("name", problem));
        }
        check_url(&self.url).map_err(|problem| ("url", problem))?;
        if self.min > self.max {
            return Err(("min", format!("{} is more than max, which is {}", self.min, self.max)));
        }
        range("rejects", self.rejects.unwrap_or_default().into(), 0, 100)?;
        match self.keys.iter().find(|key| !is_key(key)) {
            Some(key) => Err((
                "keys",
                format!("{key:?} is no public key of minisign: 56 letters that begin with RW, from its .pub file"),
            )),
            None => Ok(()),
        }
    }
}

/// A URL of a scheme that can be fetched, with a host or an absolute path, and nothing that splits a line.
fn check_url(url: &str) -> Result<(), String> {
    let plain = url.bytes().all(|byte| byte.is_ascii_graphic());
    let sound = match url.split_once("://") {
        Some(("https" | "http", rest)) => !rest.is_empty() && !rest.starts_with(['/', '?', '#', ':']),
        Some(("file", rest)) => rest.starts_with('/') && rest.len() > 1,
        _ => false,
    };
    if sound && plain {
        return Ok(());
    }
    Err(format!("{url:?} cannot be fetched; write https://HOST/PATH, http://HOST/PATH or file:///PATH"))
}

/// A public key as minisign prints it: "Ed", eight bytes of number and 32 of key, in Base64.
fn is_key(key: &str) -> bool {
    let base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    key.len() == 56 && key.starts_with("RW") && key.bytes().all(base64)
}

impl Update {
    fn check(&self) -> Result<(), Problem> {
        let paths = [("directory", &self.directory), ("scratch", &self.scratch), ("authorities", &self.authorities)];
        for (key, path) in paths {
            let is_sound = path.starts_with('/') || key != "directory" && path.is_empty();
            if !is_sound {
                let problem = format!("{path:?} is no absolute path, such as \"/var/lib/minewall/lists\"");
                return Err((key, problem));
            }
        }
        if self.directory == self.scratch {
            return Err(("scratch", "it is lists.update.directory; name another, best on a tmpfs".to_owned()));
        }
        range("generations", self.generations.into(), 1, 2)?;
        range("connect", self.connect.into(), 1, 300)?;
        range("timeout", self.timeout.into(), 1, 3600)?;
        range("bytes", self.bytes, 1024, 1 << 30)?;
        range("shrink", self.shrink.into(), 0, 100)?;
        range("growth", self.growth.into(), 100, 1_000_000)?;
        range("rejects", self.rejects.into(), 0, 100)?;
        range("jitter", self.jitter.into(), 0, 86_400)
    }
}
