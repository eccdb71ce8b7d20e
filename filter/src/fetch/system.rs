//! The fetchers of the system: one row each in a table.
//!
//! curl and wget are asked for one answer with its head, so that redirects, conditions and encodings are decided by us
//! as for the built-in client. uclient-fetch shows no head of an answer: it follows redirects itself, every fetch is a
//! whole one, `Retry-After` is not seen, and redirects of an https URL are refused, since it does not say whether they
//! stay with https.

use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::head::Head;
use super::piped::{End, Piped};
use crate::features;

use super::{AGENT, Answer, Ask, Failed, Fetcher, Kind, REDIRECTS};

/// Head of an answer, in bytes.
const HEAD: u64 = 32 << 10;

/// Where a program shows the head of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shows {
    /// Ahead of the body.
    Output,
    /// Ahead of the body, or on standard error where it takes an answer for a failure.
    Either,
    Nowhere,
}

struct Program {
    fetcher: Fetcher,
    name: &'static str,
    shows: Shows,
    arguments: fn(&Ask<'_>, &mut Command),
    /// Exit code (`None`: any) and a part of what it says, and what they mean; the first that fits counts.
    ends: &'static [(Option<i32>, &'static str, Kind)],
}

/// In the order in which they are looked for.
const PROGRAMS: &[Program] = &[
    Program {
        fetcher: Fetcher::Curl,
        name: "curl",
        shows: Shows::Output,
        arguments: curl,
        ends: &[
            (Some(1), "", Kind::Program),
            (Some(2), "", Kind::Program),
            (Some(3), "", Kind::Url),
            (Some(5), "", Kind::Name),
            (Some(6), "", Kind::Name),
            (Some(7), "", Kind::Connect),
            (Some(18), "", Kind::Short),
            (Some(28), "", Kind::Time),
            (Some(35), "", Kind::Tls),
            (Some(51), "", Kind::Certificate),
            (Some(52), "", Kind::Short),
            (Some(56), "", Kind::Short),
            (Some(60), "", Kind::Certificate),
            (Some(77), "", Kind::Authorities),
        ],
    },
    Program {
        fetcher: Fetcher::UclientFetch,
        name: "uclient-fetch",
        shows: Shows::Nowhere,
        arguments: uclient_fetch,
        ends: &[
            (None, "SSL support not available", Kind::Program),
            (Some(5), "", Kind::Certificate),
            (None, "SSL verify error", Kind::Certificate),
            (None, "SSL error", Kind::Tls),
            (None, "timed out", Kind::Time),
            (None, "prematurely", Kind::Short),
            (Some(4), "", Kind::Connect),
        ],
    },
    Program {
        fetcher: Fetcher::Wget,
        name: "wget",
        shows: Shows::Either,
        arguments: wget,
        ends: &[
            (None, "HTTPS support not compiled in", Kind::Program),
            (Some(2), "", Kind::Program),
            (None, "unable to resolve", Kind::Name),
            (None, "timed out", Kind::Time),
            (Some(5), "", Kind::Certificate),
            (None, "Unable to establish SSL connection", Kind::Tls),
            (None, "Malformed status line", Kind::Protocol),
            (None, "in headers", Kind::Protocol),
            (None, "No data received", Kind::Short),
            // The head of an answer came, and not all of its body.
            (Some(4), "HTTP/", Kind::Short),
            (Some(4), "", Kind::Connect),
        ],
    },
];

/// The first fetcher that is there.
pub(super) fn first() -> Result<Fetcher, Failed> {
    let found = PROGRAMS.iter().find(|program| is_there(program));
    let kind = if features::has("fetch") { Kind::NoTls } else { Kind::NoClient };
    found.map(|program| program.fetcher).ok_or_else(|| Failed::new(kind, "no curl, uclient-fetch or wget here"))
}

/// Whether a program is there and is what it is called: `wget` may be another's, with other options.
fn is_there(program: &Program) -> bool {
    let on_path = || {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).find(|directory| directory.join(program.name).is_file())
    };
    match program.fetcher {
        Fetcher::Wget => is_gnu_wget(),
        _ => on_path().is_some(),
    }
}

fn is_gnu_wget() -> bool {
    let asked = Command::new("wget").arg("--version").stdin(Stdio::null()).output();
    asked.is_ok_and(|output| output.stdout.starts_with(b"GNU Wget"))
}

fn seconds(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64().max(0.1))
}

fn with_file(command: &mut Command, option: &str, file: Option<&Path>) {
    if let Some(file) = file {
        command.arg(option).arg(file);
    }
}

fn curl(ask: &Ask<'_>, command: &mut Command) {
    // First: without ~/.curlrc.
    command.args(["-q", "--silent", "--show-error", "--globoff", "--include", "--suppress-connect-headers"]);
    command.args(["--proto", "=http,https", "--user-agent", AGENT]);
    command.args(["--connect-timeout", &seconds(ask.connect), "--max-time", &seconds(ask.left())]);
    with_file(command, "--cacert", ask.authorities);
    for (name, value) in ask.headers() {
        command.args(["--header", &format!("{name}: {value}")]);
    }
    command.args(["--url", ask.url.as_str()]);
}

fn wget(ask: &Ask<'_>, command: &mut Command) {
    command.args(["--no-config", "--no-verbose", "--no-hsts", "--server-response", "--save-headers"]);
    command.args(["--output-document=-", "--max-redirect=0", "--tries=1", "--user-agent", AGENT]);
    let (connect, left) = (seconds(ask.connect), seconds(ask.left()));
    command.arg(format!("--dns-timeout={connect}")).arg(format!("--connect-timeout={connect}"));
    command.arg(format!("--read-timeout={left}"));
    with_file(command, "--ca-certificate", ask.authorities);
    for (name, value) in ask.headers() {
        command.args(["--header", &format!("{name}: {value}")]);
    }
    command.args(["--", ask.url.as_str()]);
}

fn uclient_fetch(ask: &Ask<'_>, command: &mut Command) {
    let whole = ask.connect.as_secs().max(1);
    command.args(["-O", "-", "-U", AGENT]).arg(format!("--timeout={whole}"));
    if let Some(file) = ask.authorities {
        let mut option = std::ffi::OsString::from("--ca-certificate=");
        option.push(file);
        command.arg(option);
    }
    command.arg(ask.url.as_str());
}

pub(super) fn get(with: Fetcher, ask: &Ask<'_>) -> Result<Answer, Failed> {
    let Some(program) = PROGRAMS.iter().find(|program| program.fetcher == with) else {
        return Err(Failed::new(Kind::Program, format!("{with} is no program")));
    };
    if with == Fetcher::Wget && !is_gnu_wget() {
        return Err(Failed::new(Kind::Program, "wget is not here, or is not GNU Wget"));
    }
    let mut command = Command::new(program.name);
    command.env("LC_ALL", "C");
    (program.arguments)(ask, &mut command);
    let secure = ask.url.scheme() == "https";
    let judge = Box::new(move |end: &End| program.judge(end, secure));
    let piped = Piped::start(command, ask.until, judge)
        .map_err(|error| Failed::new(Kind::Program, format!("{}: {error}", program.name)))?;
    program.answer(BufReader::new(piped))
}

impl Program {
    fn answer(&self, mut output: BufReader<Piped>) -> Result<Answer, Failed> {
        let first = output.fill_buf().map(|bytes| !bytes.is_empty()).map_err(Failed::reading);
        let shown = output.get_ref().end().and_then(|end| self.shown(end));
        let head = match (first, shown) {
            (_, Some(head)) => {
                return Ok(Answer { head, body: Box::new(io::empty()) });
            }
            (Err(failed), None) => return Err(failed),
            (Ok(_), None) if self.shows == Shows::Nowhere => Head { status: 200, headers: Vec::new() },
            (Ok(_), None) => read_head(&mut output)?,
        };
        if self.fetcher == Fetcher::Wget
            && head.get("transfer-encoding").is_some()
            && head.get("content-encoding").is_none()
        {
            // Chunks that end too early are no error to it, and nothing else would tell.
            return Err(Failed::new(Kind::Program, "the answer comes in chunks, and wget lets them be cut"));
        }
        Ok(Answer { head, body: Box::new(output) })
    }

    /// The head of an answer without a body, shown on standard error alone.
    fn shown(&self, end: &End) -> Option<Head> {
        let told = |line: &&str| line.trim_start().starts_with("HTTP/") || line.starts_with("HTTP error ");
        let last = end.said.lines().rfind(told)?;
        match self.shows {
            Shows::Output => None,
            Shows::Either => {
                let lines = end.said.lines().skip_while(|line| *line != last);
                Head::parse(lines.take_while(|line| line.starts_with("  "))).filter(|head| head.status != 200)
            }
            Shows::Nowhere => {
                let status = last.strip_prefix("HTTP error ")?.trim().parse().ok()?;
                Some(Head { status, headers: Vec::new() })
            }
        }
    }

    fn judge(&self, end: &End, secure: bool) -> Result<(), Failed> {
        if end.code != Some(0) {
            return Err(self.failed(end));
        }
        let redirects = end.said.lines().filter(|line| line.starts_with("Redirected to ")).count();
        match self.shows {
            Shows::Nowhere if secure && redirects > 0 => {
                Err(Failed::new(Kind::Downgrade, format!("{} does not say where to", self.name)))
            }
            Shows::Nowhere if redirects > REDIRECTS => Err(Failed::new(Kind::Redirects, "")),
            _ => Ok(()),
        }
    }

    fn failed(&self, end: &End) -> Failed {
        let fits = |row: &&(Option<i32>, &str, Kind)| {
            row.0.is_none_or(|code| end.code == Some(code)) && end.said.contains(row.1)
        };
        let kind = self.ends.iter().find(fits).map_or(Kind::Protocol, |row| row.2);
        let said = end.said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
        let code = end.code.map_or_else(|| "a signal".to_owned(), |code| format!("code {code}"));
        Failed::new(kind, format!("{} ended with {code}: {said}", self.name))
    }
}

/// Reads the head ahead of the body, without those of answers on the way (1xx).
fn read_head(output: &mut BufReader<Piped>) -> Result<Head, Failed> {
    loop {
        let mut text = Vec::new();
        let mut limited = output.by_ref().take(HEAD);
        while !text.ends_with(b"\n\r\n") && !text.ends_with(b"\n\n") {
            if limited.read_until(b'\n', &mut text).map_err(Failed::reading)? == 0 {
                return Err(Failed::new(Kind::Protocol, "no end of the answer's head"));
            }
        }
        let text = String::from_utf8_lossy(&text);
        match Head::parse(text.lines()) {
            Some(head) if (100..200).contains(&head.status) => {}
            Some(head) => return Ok(head),
            None => return Err(Failed::new(Kind::Protocol, "no status line")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What uclient-fetch says, as its source has it: Debian 12 carries no such program to ask.
    #[test]
    fn words_of_uclient_fetch_are_understood() {
        let program = PROGRAMS.iter().find(|program| program.fetcher == Fetcher::UclientFetch).unwrap();
        let end = |code, said: &str| End { code: Some(code), said: said.to_owned() };
        let start = "Downloading 'https://a.example/l'\nConnecting to 192.0.2.1:443\n";
        let shown = |said: &str| program.shown(&end(8, said)).map(|head| head.status);
        assert_eq!(shown(&format!("{start}HTTP error 404\n")), Some(404));
        assert_eq!(shown(start), None);
        let kind = |code, said: &str, secure| program.judge(&end(code, said), secure).err().map(|f| f.kind());
        assert_eq!(kind(0, start, true), None);
        let redirected = format!("{start}Redirected to /m on b.example\n");
        assert_eq!(kind(0, &redirected, true), Some(Kind::Downgrade));
        assert_eq!(kind(0, &redirected, false), None);
        assert_eq!(kind(0, &redirected.repeat(6), false), Some(Kind::Redirects));
        assert_eq!(kind(5, "Connection error: Invalid SSL certificate\n", true), Some(Kind::Certificate));
        assert_eq!(kind(4, "Connection error: Connection timed out\n", true), Some(Kind::Time));
        assert_eq!(kind(4, "Connection reset prematurely\n", false), Some(Kind::Short));
        assert_eq!(kind(4, "Connection error: Connection failed\n", false), Some(Kind::Connect));
    }
}
