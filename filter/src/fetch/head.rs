//! Status and headers of an answer, however a client tells them.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

/// The longest wait a server may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(7 * 24 * 3600);

/// Status and headers, names in lower case.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
}

impl Head {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let header = self.headers.iter().find(|(other, _)| other == name);
        header.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// How many bytes the body has on the wire, if that is said and can be read.
    pub(super) fn length(&self) -> Option<u64> {
        // Chunks say themselves where they end; a length beside them does not count (RFC 9112, 6.3).
        self.get("content-length").filter(|_| self.get("transfer-encoding").is_none())?.parse().ok()
    }

    /// How long to wait: seconds, or the time until a date (RFC 9110, 10.2.3).
    pub(super) fn retry_after(&self) -> Option<Duration> {
        self.wait(Timestamp::now())
    }

    fn wait(&self, now: Timestamp) -> Option<Duration> {
        waited(self.get("retry-after")?, now)
    }

    /// Reads lines such as `HTTP/1.1 200 OK` and `Name: value`; `None` when the first is no status line.
    pub(super) fn parse<'a>(mut lines: impl Iterator<Item = &'a str>) -> Option<Self> {
        let mut words = lines.next()?.split_ascii_whitespace();
        if !words.next()?.starts_with("HTTP/") {
            return None;
        }
        let status = words.next()?.parse().ok()?;
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        };
        Some(Self { status, headers: lines.filter_map(header).collect() })
    }
}

/// What a `Retry-After` asks for.
#[cfg(feature = "webhook")]
pub(crate) fn wait(text: &str) -> Option<Duration> {
    waited(text, Timestamp::now())
}

fn waited(text: &str, now: Timestamp) -> Option<Duration> {
    let wait = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let date = DateTimeParser::new().parse_timestamp(text).ok()?;
            Duration::try_from(date.duration_since(now)).unwrap_or_default()
        }
    };
    Some(wait.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_seconds_or_a_date() {
        let now = "2026-11-24T12:00:00Z".parse().unwrap();
        for (text, seconds) in [
            ("120", Some(120)),
            ("Tue, 24 Nov 2026 12:01:30 GMT", Some(90)),
            ("Tue, 24 Nov 2026 11:00:00 GMT", Some(0)),
            ("99999999999", Some(7 * 24 * 3600)),
            ("-5", None),
            ("soon", None),
        ] {
            let head = Head { status: 503, headers: vec![("retry-after".to_owned(), text.to_owned())] };
            assert_eq!(head.wait(now).map(|wait| wait.as_secs()), seconds, "{text}");
        }
    }

    #[test]
    fn a_head_is_read_as_it_is_sent() {
        let lines = ["HTTP/2 304", "ETag: \"a:b\"", "no header", "Last-Modified:  Tue, 24 Nov 2026 12:01:30 GMT "];
        let head = Head::parse(lines.into_iter()).unwrap();
        assert_eq!((head.status, head.get("etag")), (304, Some("\"a:b\"")));
        assert_eq!(head.get("last-modified"), Some("Tue, 24 Nov 2026 12:01:30 GMT"));
        assert!(Head::parse(["<html>"].into_iter()).is_none());
    }
}
