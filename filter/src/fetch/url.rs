//! URLs of what is fetched: https, http and file (RFC 3986).
//!
//! Read here, and not by a library: one that reads all that browsers take brings the letters of all scripts along, which is a
//! twentieth of the program for routers. The tests hold what is read against it.

use std::ffi::OsString;
use std::fmt;
use std::net::Ipv6Addr;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

/// A URL as it is asked for: host in small letters, no port that needs no saying, no steps up in the path, no part behind `#`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Url {
    text: String,
    /// Octets of the scheme, and where the path begins.
    scheme: usize,
    path: usize,
}

/// Why a text is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unfit(String);

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unfit {}

fn unfit<T>(why: &str) -> Result<T, Unfit> {
    Err(Unfit(why.to_owned()))
}

impl Url {
    /// # Errors
    /// It is none, or of another scheme.
    pub(crate) fn parse(text: &str) -> Result<Self, Unfit> {
        let text = text.trim();
        let (scheme, rest) = split(text).ok_or_else(|| Unfit("it names no scheme".to_owned()))?;
        let scheme = scheme.to_ascii_lowercase();
        if !["https", "http", "file"].contains(&scheme.as_str()) {
            return Err(Unfit(format!("unknown scheme {scheme}:")));
        }
        let Some(rest) = rest.strip_prefix("//") else { return unfit("two slashes are missing behind its scheme") };
        let rest = rest.split('#').next().unwrap_or_default();
        let (authority, rest) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let authority = match (&*scheme, authority) {
            ("file", "" | "localhost") => String::new(),
            ("file", _) => return unfit("a file of another machine"),
            (scheme, authority) => at(authority, if scheme == "https" { "443" } else { "80" })?,
        };
        let (path, query) = rest.split_at(rest.find('?').unwrap_or(rest.len()));
        let before = format!("{scheme}://{authority}");
        let text = format!("{before}{}{}", encoded(straight(path).as_bytes(), ""), encoded(query.as_bytes(), ""));
        Ok(Self { text, scheme: scheme.len(), path: before.len() })
    }

    /// What a text means that stands at this URL: another URL, or the way to one.
    ///
    /// # Errors
    /// It is none.
    pub(crate) fn join(&self, text: &str) -> Result<Self, Unfit> {
        let text = text.trim().split('#').next().unwrap_or_default();
        let (before, path) = self.text.split_at(self.path);
        let path = path.split('?').next().unwrap_or_default();
        let below = path.get(..path.rfind('/').map_or(0, |at| at + 1)).unwrap_or_default();
        match text.chars().next() {
            _ if split(text).is_some() => Self::parse(text),
            None => Ok(self.clone()),
            Some('/') if text.starts_with("//") => Self::parse(&format!("{}:{text}", self.scheme())),
            Some('/') => Self::parse(&format!("{before}{text}")),
            Some('?') => Self::parse(&format!("{before}{path}{text}")),
            Some(_) => Self::parse(&format!("{before}{below}{text}")),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn scheme(&self) -> &str {
        self.text.get(..self.scheme).unwrap_or_default()
    }

    /// Who is asked, without user and port.
    #[cfg(feature = "webhook")]
    pub(crate) fn host(&self) -> &str {
        let authority = self.text.get(self.scheme + 3..self.path).unwrap_or_default();
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let end = if host.starts_with('[') { host.find(']').map(|at| at + 1) } else { host.find(':') };
        host.get(..end.unwrap_or(host.len())).unwrap_or_default()
    }

    /// What is asked for there, without the question.
    #[cfg(feature = "webhook")]
    pub(crate) fn path(&self) -> &str {
        self.text.get(self.path..).and_then(|path| path.split('?').next()).unwrap_or_default()
    }

    /// With the password made unreadable.
    pub(crate) fn masked(&self) -> String {
        let (before, path) = self.text.split_at(self.path);
        let password = before.rsplit_once('@').and_then(|(user, host)| {
            let (user, password) = user.get(self.scheme + 3..)?.split_once(':')?;
            (!password.is_empty()).then(|| format!("{}://{user}:***@{host}{path}", self.scheme()))
        });
        password.unwrap_or_else(|| self.text.clone())
    }

    /// The file of this machine that it names.
    pub(crate) fn to_file_path(&self) -> Option<PathBuf> {
        let path = self.text.get(self.path..)?.split('?').next()?;
        let bytes = decoded(path);
        let names = self.scheme() == "file" && path.starts_with('/') && !bytes.contains(&0);
        names.then(|| PathBuf::from(OsString::from_vec(bytes)))
    }

    /// The URL of a file, whose path begins at the root.
    pub(crate) fn from_file_path(path: &Path) -> Option<Self> {
        let text = format!("file://{}", encoded(path.as_os_str().as_bytes(), "%?#"));
        if path.is_absolute() { Self::parse(&text).ok() } else { None }
    }
}

/// A scheme, and what stands behind its colon.
fn split(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let fits = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    (scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(fits)).then_some((scheme, rest))
}

/// Who asks whom: user, host and port, without the port that is meant anyway.
fn at(authority: &str, usual: &str) -> Result<String, Unfit> {
    let (user, host) = authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
    let end = if host.starts_with('[') { host.find(']').map(|at| at + 1) } else { host.find(':') };
    let (host, port) = host.split_at(end.unwrap_or(host.len()));
    let host = match host.strip_prefix('[') {
        Some(v6) => match v6.strip_suffix(']').and_then(|v6| v6.parse::<Ipv6Addr>().ok()) {
            Some(v6) => format!("[{v6}]"),
            None => return unfit("its host is no address of IPv6"),
        },
        None => named(host)?,
    };
    let port = match port.strip_prefix(':') {
        None if port.is_empty() => String::new(),
        Some("") => String::new(),
        Some(port) if port == usual => String::new(),
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => match digits.parse::<u16>() {
            Ok(port) => format!(":{port}"),
            Err(_) => return unfit("its port is above 65535"),
        },
        _ => return unfit("its port is no number"),
    };
    // One without a name and a password is none: it would be sent as such.
    let user = user.filter(|user| !["", ":"].contains(user));
    let user = user.map(|user| encoded(user.as_bytes(), "@/?#[]") + "@").unwrap_or_default();
    Ok(user + &host + &port)
}

fn named(host: &str) -> Result<String, Unfit> {
    let Some(ascii) = minewall_lists::ascii(host) else {
        return unfit("its host cannot be read; write a name in another script as xn--");
    };
    if ascii.is_empty() {
        return unfit("it names no host");
    }
    if !ascii.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte)) {
        return unfit("its host has letters that no host has");
    }
    Ok(ascii.to_ascii_lowercase())
}

/// A path without steps that stay or go up.
fn straight(path: &str) -> String {
    let mut steps: Vec<&str> = Vec::new();
    let all = path.strip_prefix('/').unwrap_or(path).split('/').collect::<Vec<_>>();
    for (number, step) in all.iter().enumerate() {
        let is_last = number + 1 == all.len();
        match step.replace("%2e", ".").replace("%2E", ".").as_str() {
            "." => {}
            ".." => drop(steps.pop()),
            _ => {
                steps.push(step);
                continue;
            }
        }
        if is_last {
            steps.push("");
        }
    }
    format!("/{}", steps.join("/"))
}

/// What can stand in a URL as it is; the rest, and `more`, as %XX.
fn encoded(bytes: &[u8], more: &str) -> String {
    let mut text = String::new();
    for &byte in bytes {
        let letter = char::from(byte);
        if letter.is_ascii_graphic() && !"\"<>\\^`{}|".contains(letter) && !more.contains(letter) {
            text.push(letter);
        } else {
            text += &format!("%{byte:02X}");
        }
    }
    text
}

fn decoded(text: &str) -> Vec<u8> {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        let pair = match behind {
            [high, low, ..] if byte == b'%' => value(*high).zip(value(*low)),
            _ => None,
        };
        bytes.push(pair.map_or(byte, |(high, low)| high << 4 | low));
        rest = if pair.is_some() { behind.get(2..).unwrap_or_default() } else { rest };
    }
    bytes
}

#[cfg(test)]
mod tests;
