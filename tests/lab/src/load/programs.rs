//! The same loads by programs that others wrote, against servers that others wrote: dearer by the piece than our own.

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use super::Measured;
use crate::addresses::Family;
use crate::lab::Lab;
use crate::service::{NameServer, WebServer};

/// What the programs may take beyond the time asked for: starting, and waiting for last answers.
const MARGIN: Duration = Duration::from_secs(20);

/// Names asked for, each another.
const NAMES: usize = 100_000;

/// Fetches the small page of an nginx with `ab`, `clients` at a time, a connection each.
///
/// # Errors
/// When nginx does not start, or `ab` (package apache2-utils) is missing or failed.
pub fn pages(lab: &Lab, family: Family, clients: usize, time: Duration) -> Result<Measured> {
    lab.host.sysctl("net/ipv4/tcp_tw_reuse", "1")?;
    lab.host.sysctl("net/ipv4/ip_local_port_range", "10000 65535")?;
    let _web = WebServer::start(lab)?;
    let address = match family {
        Family::V4 => family.internet().to_string(),
        Family::V6 => format!("[{}]", family.internet()),
    };
    let (seconds, clients) = (time.as_secs().max(1).to_string(), clients.to_string());
    let url = format!("http://{address}/");
    let arguments = ["-q", "-r", "-t", &seconds, "-n", "10000000", "-c", &clients, &url];
    let said = run(lab, "ab", &arguments, time)?;
    let count = number(&said, "Complete requests:")?;
    let errors = number(&said, "Failed requests:")?;
    Ok(Measured {
        count: (count - errors) as u64,
        errors: errors as u64,
        elapsed: seconds_of(&said, "Time taken for tests:")?,
    })
}

/// Asks a knot with `dnsperf`, from `clients` ports, all names differing.
///
/// # Errors
/// When knot does not start, or `dnsperf` is missing or failed.
pub fn names(lab: &Lab, family: Family, clients: usize, time: Duration) -> Result<Measured> {
    let _server = NameServer::start(lab)?;
    let file = lab.directory().join("names");
    let mut text = String::new();
    for number in 0..NAMES {
        let _ = writeln!(text, "host-{number}.example.org A");
    }
    std::fs::write(&file, text)?;
    let (seconds, clients) = (time.as_secs().max(1).to_string(), clients.to_string());
    let (server, file) = (family.internet().to_string(), file.display().to_string());
    let arguments = ["-s", &server, "-d", &file, "-l", &seconds, "-c", &clients, "-q", "128", "-t", "2"];
    let said = run(lab, "dnsperf", &arguments, time)?;
    let count = number(&said, "Queries completed:")? as u64;
    Ok(Measured { count, errors: number(&said, "Queries lost:")? as u64, elapsed: seconds_of(&said, "Run time (s):")? })
}

fn run(lab: &Lab, program: &str, arguments: &[&str], time: Duration) -> Result<String> {
    let output = lab.host.output(program, arguments, time + MARGIN)?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(output.status.success(), "{program} failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(said)
}

/// The first number behind a word.
fn number(said: &str, word: &str) -> Result<f64> {
    let behind = said.split_once(word).with_context(|| format!("no {word:?} in {said}"))?.1;
    let digits = behind.split_whitespace().next().unwrap_or_default();
    digits.parse().with_context(|| format!("no number behind {word:?} in {said}"))
}

fn seconds_of(said: &str, word: &str) -> Result<Duration> {
    Ok(Duration::try_from_secs_f64(number(said, word)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_where_they_stand() {
        // ab 2.3 and dnsperf 2.10.
        let ab = "Time taken for tests:   2.000 seconds\nComplete requests:      27219\nFailed requests:        0\n";
        assert_eq!(number(ab, "Complete requests:").unwrap(), 27_219.0);
        assert_eq!(seconds_of(ab, "Time taken for tests:").unwrap(), Duration::from_secs(2));
        let dnsperf = "  Queries completed:    158093 (99.90%)\n  Queries lost:         3 (0.00%)\n  Run time (s):         2.002\n";
        assert_eq!(number(dnsperf, "Queries completed:").unwrap(), 158_093.0);
        assert!(number("", "Queries lost:").is_err());
    }
}
