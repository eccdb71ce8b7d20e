//! Why nothing came, and what helps.

use std::fmt;
use std::io;
use std::time::Duration;

use super::Url;
use super::head::Head;

/// What went wrong, in kinds of one remedy each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// No URL we know.
    Url,
    /// This minewall has no client of its own.
    NoClient,
    /// This minewall speaks no TLS.
    NoTls,
    /// The program is not there.
    Program,
    /// The name of the server.
    Name,
    /// The connection.
    Connect,
    /// The time.
    Time,
    /// Whom the certificate speaks for, or who speaks for the certificate.
    Certificate,
    /// The authorities that were to be trusted.
    Authorities,
    /// TLS, but for the certificate.
    Tls,
    /// The server says no.
    Refused,
    /// The server says not now.
    Busy,
    /// Round and round.
    Redirects,
    /// From https to http.
    Downgrade,
    /// More than is taken.
    Large,
    /// Less than was promised.
    Short,
    /// What cannot be decompressed.
    Encoding,
    /// Not HTTP.
    Protocol,
    /// A file of this machine cannot be read.
    Read,
    /// The file cannot be written.
    Write,
}

struct Row {
    kind: Kind,
    words: &'static str,
    remedy: &'static str,
    /// Trying again is of no use until somebody has changed something.
    permanent: bool,
}

const fn row(kind: Kind, permanent: bool, words: &'static str, remedy: &'static str) -> Row {
    Row { kind, words, remedy, permanent }
}

const LATER: &str = "the next update tries again";

const ROWS: &[Row] = &[
    row(Kind::Url, true, "not a URL that can be fetched", "write https://, http:// or file:// and what follows"),
    row(
        Kind::NoClient,
        true,
        "this minewall was built without a fetcher of its own",
        "install curl, wget or uclient-fetch, and leave the fetcher at auto",
    ),
    row(
        Kind::NoTls,
        true,
        "this minewall was built without TLS",
        "set the fetcher to curl, wget or uclient-fetch, or build with the feature tls",
    ),
    row(Kind::Program, true, "the fetcher cannot be used", "install it, or choose another fetcher"),
    row(
        Kind::Name,
        false,
        "the server's name has no address",
        "check its spelling and the name servers of this machine (/etc/resolv.conf)",
    ),
    row(
        Kind::Connect,
        false,
        "the server cannot be reached",
        "check the port and whether this machine itself has a way out",
    ),
    row(Kind::Time, false, "it took longer than is allowed", "allow more time if the line is slow"),
    row(
        Kind::Certificate,
        false,
        "the server's certificate is not to be trusted",
        "check the clock and the ca-certificates of this machine; for an authority of your own name its PEM file",
    ),
    row(
        Kind::Authorities,
        true,
        "the certificates of the authorities cannot be read",
        "install ca-certificates (OpenWrt: ca-bundle), or name a PEM file",
    ),
    row(Kind::Tls, false, "no TLS with the server", "check that the port speaks https"),
    row(Kind::Refused, true, "the server does not give it", "check the URL; the list may have moved"),
    row(Kind::Busy, false, "the server cannot give it now", LATER),
    row(Kind::Redirects, true, "more than 5 redirects", "write the URL it ends at, if it ends"),
    row(
        Kind::Downgrade,
        true,
        "redirected from https to what nobody protects",
        "write a URL that stays with https, or one of http if that is meant",
    ),
    row(Kind::Large, false, "longer than is allowed", "if the list is right, allow more bytes"),
    row(Kind::Short, false, "it ended before all was there", LATER),
    row(Kind::Encoding, false, "it cannot be decompressed", "tell the maker of the list if this goes on"),
    row(Kind::Protocol, false, "not an answer of HTTP that is understood", "check the URL and its port"),
    row(Kind::Read, true, "the file cannot be read", "check its path and who may read it"),
    row(Kind::Write, false, "it cannot be written down", "check the space and rights of the directory"),
];

/// Why nothing came from a URL.
#[derive(Clone, Debug)]
pub(crate) struct Failed {
    url: String,
    kind: Kind,
    detail: String,
    after: Option<Duration>,
}

impl Failed {
    pub(super) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { url: String::new(), kind, detail: printable(&detail.into()), after: None }
    }

    /// By the status of an answer.
    pub(super) fn status(head: &Head) -> Self {
        let busy = matches!(head.status, 408 | 425 | 429 | 500..);
        let kind = if busy { Kind::Busy } else { Kind::Refused };
        Self { after: head.retry_after(), ..Self::new(kind, format!("status {}", head.status)) }
    }

    /// From reading a body: what a client wrapped, or the connection.
    pub(super) fn reading(error: io::Error) -> Self {
        let short = matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset);
        match error.downcast::<Self>() {
            Ok(failed) => failed,
            Err(error) if short => Self::new(Kind::Short, error.to_string()),
            Err(error) => Self::new(Kind::Encoding, error.to_string()),
        }
    }

    pub(super) fn at(self, url: &Url) -> Self {
        self.on(&url.masked())
    }

    /// About a URL that is not fetched but posted to.
    #[cfg(feature = "webhook")]
    pub(crate) fn about(self, url: &Url) -> Self {
        self.at(url)
    }

    /// About a text that may be no URL, as it is written down.
    pub(super) fn on(mut self, url: &str) -> Self {
        if self.url.is_empty() {
            self.url = printable(url);
        }
        self
    }

    #[cfg(test)]
    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// How long the server wants to be left alone.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.after
    }

    /// Whether trying again is of no use until somebody has changed something.
    #[cfg_attr(not(test), expect(dead_code, reason = "`minewall lists update` asks"))]
    pub(crate) fn is_permanent(&self) -> bool {
        self.row().is_some_and(|row| row.permanent)
    }

    fn row(&self) -> Option<&'static Row> {
        ROWS.iter().find(|row| row.kind == self.kind)
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (words, remedy) = self.row().map_or(("", ""), |row| (row.words, row.remedy));
        write!(f, "{}: {words}", self.url)?;
        if !self.detail.is_empty() {
            write!(f, " ({})", self.detail)?;
        }
        if let Some(after) = self.after {
            write!(f, ", not before {} s have passed", after.as_secs())?;
        }
        write!(f, "; {remedy}")
    }
}

impl std::error::Error for Failed {}

/// Words of servers and programs in one line of plain characters, and not too many.
fn printable(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    text.trim().chars().take(400).map(plain).collect()
}
