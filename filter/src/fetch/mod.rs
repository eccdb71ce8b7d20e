//! From a URL to a file: by the built-in client or by one of the system's, under the same rules for all.
//!
//! | module | what |
//! |---|---|
//! | `built_in` | the client of our own, where feature `fetch` is on: ureq, with rustls where `tls` is on |
//! | `system` | curl, wget, uclient-fetch: one row each in its table |
//! | `piped` | a program whose output is read within the time allowed |
//! | `head` | status and headers of an answer |
//! | `body` | the body to the file: decompressed, counted, hashed |
//! | `zstd` | zstd frames, one after the other |
//! | `url` | what a URL is, and what a way to another means |
//! | `failed` | why nothing came, and what helps |
//!
//! A client makes one request. What follows from its answer is decided here, once for all of them.

mod body;
#[cfg(feature = "fetch")]
mod built_in;
mod failed;
mod head;
mod piped;
mod system;
#[cfg(test)]
pub(crate) mod tests;
mod url;
mod zstd;

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

pub(crate) use minewall_core::config::Fetcher;

pub(crate) use failed::Failed;
use failed::Kind;
use head::Head;
#[cfg(feature = "webhook")]
pub(crate) use head::wait;
pub(crate) use url::{Unfit, Url};

#[cfg(feature = "webhook")]
pub(crate) use built_in::secured;

/// Redirects followed from one URL.
const REDIRECTS: usize = 5;

/// Who asks, for the log of the server.
const AGENT: &str = concat!("minewall/", env!("CARGO_PKG_VERSION"), " (+filter for mining traffic on gateways)");

/// How long and how much at the most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Until the server takes the connection.
    pub(crate) connect: Duration,
    /// Until all is there, redirects included.
    pub(crate) total: Duration,
    /// Of the body after decompression; on the wire hardly more.
    pub(crate) bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), total: Duration::from_secs(120), bytes: 64 << 20 }
    }
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    /// https, http or file.
    pub(crate) url: &'a str,
    /// What the last answer was marked with: unchanged, nothing is sent again.
    pub(crate) etag: Option<&'a str>,
    /// When the last answer said it was changed last, in its own words.
    pub(crate) modified: Option<&'a str>,
    /// A PEM file of authorities trusted besides the system's.
    pub(crate) authorities: Option<&'a Path>,
    pub(crate) limits: Limits,
}

/// What came.
#[derive(Debug)]
pub(crate) enum Fetched {
    /// What was fetched last still stands.
    Unchanged,
    Body(Body),
}

/// What stands in the file.
#[derive(Debug)]
pub(crate) struct Body {
    /// After decompression.
    pub(crate) bytes: u64,
    pub(crate) etag: Option<String>,
    pub(crate) modified: Option<String>,
    /// Of the file, thus after decompression.
    pub(crate) sha256: [u8; 32],
}

/// One request of one client: no redirect is followed, no body decompressed.
struct Ask<'a> {
    url: &'a Url,
    etag: Option<&'a str>,
    modified: Option<&'a str>,
    authorities: Option<&'a Path>,
    connect: Duration,
    until: Instant,
}

impl Ask<'_> {
    fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    /// The headers every client sends, if it can.
    fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let always = [("Accept", "*/*"), ("Accept-Encoding", "gzip, zstd")].into_iter();
        let conditions = [("If-None-Match", self.etag), ("If-Modified-Since", self.modified)];
        always.chain(conditions.into_iter().filter_map(|(name, value)| Some((name, value?))))
    }
}

struct Answer {
    head: Head,
    body: Box<dyn Read>,
}

/// Fetches `request.url` to the file `into`, which is made, or made anew. When this fails there is no such file.
///
/// # Errors
/// Says what was wrong and what helps.
pub(crate) fn fetch(with: Fetcher, request: &Request<'_>, into: &Path) -> Result<Fetched, Failed> {
    let until = Instant::now() + request.limits.total;
    let mut url = parse(request.url)?;
    for _ in 0..=REDIRECTS {
        let ask = Ask {
            url: &url,
            etag: request.etag.filter(|text| is_header(text)),
            modified: request.modified.filter(|text| is_header(text)),
            authorities: request.authorities,
            connect: request.limits.connect.min(request.limits.total),
            until,
        };
        let answer = get(with, &ask).map_err(|failed| failed.at(&url))?;
        match answer.head.status {
            200 => return body::save(answer, request.limits, into).map_err(|failed| failed.at(&url)),
            304 if request.etag.or(request.modified).is_some() => return Ok(Fetched::Unchanged),
            301 | 302 | 303 | 307 | 308 => url = redirected(&url, &answer.head).map_err(|failed| failed.at(&url))?,
            _ => return Err(Failed::status(&answer.head).at(&url)),
        }
    }
    Err(Failed::new(Kind::Redirects, format!("the last to {}", url.masked())).at(&parse(request.url)?))
}

fn parse(text: &str) -> Result<Url, Failed> {
    Url::parse(text).map_err(|error| Failed::new(Kind::Url, error.to_string()).on(text))
}

/// Whether a text kept from an earlier answer can be sent as the value of a header.
fn is_header(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

fn redirected(from: &Url, head: &Head) -> Result<Url, Failed> {
    let location = head.get("location").ok_or_else(|| Failed::new(Kind::Protocol, "a redirect to nowhere"))?;
    let to = from.join(location).map_err(|error| Failed::new(Kind::Protocol, format!("redirect: {error}")))?;
    match (from.scheme(), to.scheme()) {
        (_, "https") | ("http", "http") => Ok(to),
        ("https", "http") => Err(Failed::new(Kind::Downgrade, format!("to {}", to.masked()))),
        (_, other) => Err(Failed::new(Kind::Protocol, format!("a redirect to {other}:"))),
    }
}

fn get(with: Fetcher, ask: &Ask<'_>) -> Result<Answer, Failed> {
    let secure = ask.url.scheme() == "https";
    match with {
        _ if ask.url.scheme() == "file" => open(ask),
        Fetcher::Auto if !built_in::can(secure) => system::get(system::first()?, ask),
        Fetcher::Auto | Fetcher::BuiltIn => built_in::get(ask),
        Fetcher::Curl | Fetcher::Wget | Fetcher::UclientFetch => system::get(with, ask),
    }
}

/// A file of this machine; its mark is made of its time and length.
fn open(ask: &Ask<'_>) -> Result<Answer, Failed> {
    let path = ask.url.to_file_path().ok_or_else(|| Failed::new(Kind::Url, "names no file of this machine"))?;
    let read = |error: std::io::Error| Failed::new(Kind::Read, format!("{}: {error}", path.display()));
    let file = File::open(&path).map_err(read)?;
    let known = file.metadata().map_err(read)?;
    if !known.is_file() {
        return Err(Failed::new(Kind::Read, format!("{} is no file", path.display())));
    }
    let mark = format!("\"{:x}-{:x}-{:x}\"", known.mtime(), known.mtime_nsec(), known.len());
    let status = if ask.etag == Some(mark.as_str()) { 304 } else { 200 };
    let headers = vec![("etag".to_owned(), mark), ("content-length".to_owned(), known.len().to_string())];
    Ok(Answer { head: Head { status, headers }, body: Box::new(file) })
}

#[cfg(not(feature = "fetch"))]
mod built_in {
    use super::{Answer, Ask, Failed, Kind};

    /// Nothing can be fetched without it.
    pub(super) const fn can(_: bool) -> bool {
        false
    }

    pub(super) fn get(_: &Ask<'_>) -> Result<Answer, Failed> {
        Err(Failed::new(Kind::NoClient, ""))
    }
}
