//! Rules of Suricata and Snort that look at a name: `dns.query; dotprefix; content:".a.b"; endswith;` is a name and
//! everything below it, `dns.query; content:"a.b"; bsize:3;` the name alone. A rule that looks at anything else besides is
//! narrower than a name, and counted.

use super::{Line, Out, State, word};
use crate::{kind::Scope, tally::Reason};

const ACTIONS: &[&str] = &["alert", "drop", "reject", "rejectsrc", "rejectdst", "rejectboth", "block", "sdrop", "pass"];
/// Where names stand.
const NAMES: &[&str] =
    &["dns.query", "dns_query", "dns.query.name", "tls.sni", "tls_sni", "http.host", "http_host", "quic.sni"];
/// Options that say nothing of what matches.
const NO_MATTER: &[&str] = &[
    "msg",
    "reference",
    "classtype",
    "sid",
    "rev",
    "gid",
    "metadata",
    "priority",
    "flow",
    "threshold",
    "nocase",
    "fast_pattern",
    "target",
    "detection_filter",
    "tag",
    "noalert",
    "to_lowercase",
];

/// What the options said up to now.
#[derive(Default)]
struct Seen<'a> {
    /// Names are looked at.
    names: bool,
    content: Option<&'a str>,
    dot_prefix: bool,
    starts: bool,
    ends: bool,
    size: Option<usize>,
}

pub(super) fn read(_: &mut State, line: &Line<'_>, out: Out<'_>) -> bool {
    let Some((head, options)) = line.whole.split_once('(') else { return false };
    let mut words = head.split_ascii_whitespace();
    let Some(action) = words.next().filter(|word| ACTIONS.contains(word)) else { return false };
    if words.clone().nth(1).is_none() || !head.contains('>') {
        return false;
    }
    let Some(options) = options.strip_suffix(')') else {
        out(Err(Reason::Broken));
        return true;
    };
    match look(options) {
        Ok((name, scope)) => word::give_name(name, scope, action == "pass", out),
        Err(reason) => out(Err(reason)),
    }
    true
}

/// The name a rule looks for.
fn look(options: &str) -> Result<(&str, Scope), Reason> {
    let mut seen = Seen::default();
    let mut rest = options;
    while let Some((option, behind)) = option(rest) {
        rest = behind;
        take(&mut seen, option.trim())?;
    }
    let content = seen.content.filter(|_| seen.names).ok_or(Reason::Unsupported)?;
    let whole = seen.starts && seen.ends || seen.size == Some(content.len());
    if seen.size.is_some_and(|size| size != content.len()) {
        return Err(Reason::Contradiction);
    }
    match content.strip_prefix('.') {
        Some(name) if seen.dot_prefix && seen.ends => Ok((name, Scope::Suffix)),
        // Below the name, but not the name.
        Some(_) => Err(Reason::BelowOnly),
        // What this would match is no whole label, or cannot match at all.
        None if seen.dot_prefix => Err(Reason::Contradiction),
        None if content.ends_with('.') => Err(Reason::Unsupported),
        None => Ok((content, if whole { Scope::Exact } else { Scope::Suffix })),
    }
}

fn take<'a>(seen: &mut Seen<'a>, option: &'a str) -> Result<(), Reason> {
    let (key, value) = option.split_once(':').map_or((option, ""), |(key, value)| (key.trim(), value.trim()));
    match key {
        "" => {}
        "content" => {
            let content = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
            let content = content.filter(|content| !content.contains(['|', '\\'])).ok_or(Reason::Unsupported)?;
            if seen.content.replace(content).is_some() {
                return Err(Reason::Unsupported);
            }
        }
        "dotprefix" => seen.dot_prefix = true,
        "startswith" => seen.starts = true,
        "endswith" => seen.ends = true,
        "isdataat" if value.replace(' ', "") == "!1,relative" => seen.ends = true,
        "depth" => {
            let fits = seen.content.is_some_and(|content| value.parse() == Ok(content.len()));
            seen.starts = if fits { true } else { return Err(Reason::Unsupported) };
        }
        "bsize" => seen.size = Some(value.parse().map_err(|_| Reason::Unsupported)?),
        key if NAMES.contains(&key) => {
            // A second place to look at makes the rule narrower.
            if core::mem::replace(&mut seen.names, true) && seen.content.is_some() && key != "http_host" {
                return Err(Reason::Unsupported);
            }
        }
        key if NO_MATTER.contains(&key) => {}
        _ => return Err(Reason::Unsupported),
    }
    Ok(())
}

/// The first option, and what stands behind its semicolon.
fn option(text: &str) -> Option<(&str, &str)> {
    let (mut quoted, mut escaped) = (false, false);
    let end = text.find(|c: char| {
        let is_end = c == ';' && !quoted && !escaped;
        quoted ^= c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        is_end
    });
    let end = end.unwrap_or(text.len());
    let option = text.get(..end).filter(|option| !option.is_empty() || end < text.len())?;
    Some((option, text.get(end + 1..).unwrap_or("")))
}
