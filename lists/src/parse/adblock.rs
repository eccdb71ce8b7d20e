//! AdBlock filters: `||a.b^` is a name and everything below it. A rule with a path, one for some kinds of requests or
//! pages only, and all that hides elements of pages is counted as unsupported: a gateway sees hosts.

use super::{Line, Out, State, word};
use crate::{kind::Scope, tally::Reason};

/// Options that leave a rule as wide as it is.
const NO_MATTER: &[&str] =
    &["important", "third-party", "3p", "all", "document", "doc", "popup", "network", "match-case"];

/// What stands between the pages and the elements of a cosmetic filter.
const COSMETIC: &[&str] = &["##", "#@#", "#?#", "#$#", "#%#", "$$", "$@$"];

pub(super) fn read(state: &mut State, line: &Line<'_>, out: Out<'_>) -> bool {
    let text = line.whole;
    if text.strip_prefix('[').is_some_and(|rest| rest.starts_with("Adblock") || rest.starts_with("uBlock")) {
        state.adblock = true;
        return true;
    }
    if hides(line.bare) {
        out(Err(Reason::Unsupported));
        return true;
    }
    let (except, rule) = text.strip_prefix("@@").map_or((false, text), |rule| (true, rule));
    if !(except || rule.starts_with('|') || is_regex(rule) && state.adblock) {
        // Part of a URL, in a list that said it is of this format.
        let other = state.adblock && !word::has_name_shape(rule);
        if other {
            out(Err(Reason::Unsupported));
        }
        return other;
    }
    match host(rule) {
        Ok((host, scope, removed)) => give(host, scope, except, removed, out),
        Err(reason) => out(Err(reason)),
    }
    true
}

/// Whether a filter is about elements of pages: such a mark behind the pages' names, or without any.
fn hides(text: &str) -> bool {
    let pages = COSMETIC.iter().find_map(|mark| text.split_once(mark)).map(|(pages, _)| pages);
    pages.is_some_and(|pages| !pages.contains([' ', '\t', '/']))
}

/// Whether a comment's sign begins a cosmetic filter, in a list of this format.
pub(super) fn is_cosmetic(line: &str) -> bool {
    let rest = ["##", "#@#", "#?#", "#$#", "#%#"].iter().find_map(|mark| line.strip_prefix(mark));
    let rest = rest.map(|rest| rest.strip_prefix('#').unwrap_or(rest));
    rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric() || "[.*:^".contains(c)))
}

fn is_regex(rule: &str) -> bool {
    rule.starts_with('/')
}

/// The host of a rule, how far it reaches, and whether it takes another rule away.
fn host(rule: &str) -> Result<(&str, Scope, bool), Reason> {
    let (pattern, options) = rule.rsplit_once('$').unwrap_or((rule, ""));
    let mut removed = false;
    for option in options.split(',').filter(|_| !options.is_empty()) {
        match option {
            "badfilter" => removed = true,
            option if NO_MATTER.contains(&option) => {}
            _ => return Err(Reason::Unsupported),
        }
    }
    let (rest, scope) = if let Some(rest) = pattern.strip_prefix("||") {
        (rest, Scope::Suffix)
    } else if let Some(rest) = pattern.strip_prefix('|') {
        (rest.split_once("://").ok_or(Reason::Unsupported)?.1, Scope::Exact)
    } else {
        return Err(Reason::Unsupported);
    };
    let end = rest.find(['^', '/', '|', '?', '=', '&']);
    let (host, behind) = end.and_then(|end| rest.split_at_checked(end)).unwrap_or((rest, ""));
    if !["", "^", "/", "|", "^|", "^*", "/*"].contains(&behind) {
        return Err(Reason::Path);
    }
    // Without an end the pattern goes on: `||coinhive.` means any top-level domain.
    if behind.is_empty() && host.ends_with(['.', '-', '*']) || word::below(host).contains('*') {
        return Err(Reason::Unsupported);
    }
    Ok((word::below(host), scope, removed))
}

fn give(host: &str, scope: Scope, except: bool, removed: bool, out: Out<'_>) {
    match (except, removed) {
        // What takes an exception away makes no rule.
        (true, true) => out(Err(Reason::Unsupported)),
        _ => {
            let mut marked = |entry: Result<crate::entry::Entry<'_>, Reason>| {
                out(entry.map(|entry| crate::entry::Entry { except: except || removed, scope, ..entry }));
            };
            if !super::urls::any(host, &mut marked) {
                out(Err(Reason::NotAName));
            }
        }
    }
}
