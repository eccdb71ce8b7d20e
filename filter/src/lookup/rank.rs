//! The answers to one question, the surest first, each with its reason.

use std::collections::HashMap;

use super::index::{Index, Seen, Source};
use super::{Question, SECOND_US};

/// How sure an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Certainty {
    /// The port was this host's.
    Exact,
    /// The port was this host's, though not just then; or it spoke to the far end that is asked for.
    Likely,
    /// It mined behind this address around that time.
    Possible,
}

impl Certainty {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Likely => "likely",
            Self::Possible => "possible",
        }
    }
}

/// One host.
#[derive(Clone, Debug)]
pub(super) struct Answer<'a> {
    pub(super) rank: usize,
    pub(super) certainty: Certainty,
    pub(super) why: String,
    pub(super) seen: &'a Seen,
    pub(super) incident: Option<&'a str>,
}

/// A record of the port as near as that leaves no doubt: a port is not given to another host so soon (RFC 4787 and
/// RFC 5382 keep a mapping for minutes; Linux holds it 10 s after the end of a connection).
const SURE_US: i64 = 10 * SECOND_US;
/// Hosts that are told.
const MOST: usize = 20;

/// What makes one host go before another: lower is surer.
type Order = (Certainty, i64, Source);

/// The hosts that may have been it.
pub(super) fn answers<'a>(index: &'a Index, question: &Question) -> Vec<Answer<'a>> {
    let mut best: HashMap<&str, (Order, &Seen)> = HashMap::new();
    for seen in index.around(question.public.ip, question.at_us, question.within_us) {
        let order = (certainty(seen, question), seen.distance(question.at_us), seen.source);
        let known = best.entry(&seen.host.ip).or_insert((order, seen));
        if order < known.0 {
            *known = (order, seen);
        }
    }
    let mut all: Vec<_> = best.into_values().collect();
    all.sort_by(|(one, seen), (other, than)| (one, &seen.host.ip).cmp(&(other, &than.host.ip)));
    // Of two hosts that had the port, only the nearer one is exact.
    let mut is_taken = false;
    let answers = all.into_iter().take(MOST).enumerate().map(|(at, ((certainty, _, _), seen))| {
        let certainty = if is_taken { certainty.max(Certainty::Likely) } else { certainty };
        is_taken |= certainty == Certainty::Exact;
        let incident = index.incident(seen, question.at_us, question.within_us);
        Answer { rank: at + 1, certainty, why: why(seen, question), seen, incident }
    });
    answers.collect()
}

fn has_port(seen: &Seen, question: &Question) -> bool {
    question.public.port.is_some() && seen.public_port == question.public.port
}

fn is_far(seen: &Seen, question: &Question) -> bool {
    question.far.as_ref().is_some_and(|far| {
        let (address, name) = seen.far.split_once(' ').unwrap_or((&seen.far, ""));
        let name = name.trim_matches(['(', ')']);
        let ip = address.rsplit_once(':').map_or(address, |(ip, _)| ip).trim_matches(['[', ']']);
        [address, name, ip].contains(&far.trim_matches(['[', ']'])) || address == far.as_str()
    })
}

fn certainty(seen: &Seen, question: &Question) -> Certainty {
    let is_near = seen.distance(question.at_us) <= SURE_US;
    // Another far end may have the same public port by the same host's neighbour.
    let is_other = question.far.is_some() && !is_far(seen, question);
    match (has_port(seen, question) && !is_other, is_far(seen, question)) {
        (true, _) if is_near && seen.source != Source::Incident => Certainty::Exact,
        (true, _) | (_, true) => Certainty::Likely,
        (false, false) => Certainty::Possible,
    }
}

fn why(seen: &Seen, question: &Question) -> String {
    let distance = seen.distance(question.at_us);
    let when = match (distance, seen.source) {
        (0, Source::Incident) => "while its incident went on".to_owned(),
        (0, Source::NatLog) => "just then".to_owned(),
        (0, Source::Record) => "at that moment".to_owned(),
        _ if seen.since_us > question.at_us => format!("{} later", duration(distance)),
        _ => format!("{} before", duration(distance)),
    };
    let far = if seen.far.is_empty() { String::new() } else { format!(" to {}", seen.far) };
    match (has_port(seen, question), seen.public_port) {
        (true, Some(port)) => format!("had port {port}{far} {when} ({})", seen.source.as_str()),
        (_, Some(port)) if question.public.port.is_some() => {
            format!("had another port, {port},{far} {when} ({})", seen.source.as_str())
        }
        _ => format!("was behind the address{far} {when} ({})", seen.source.as_str()),
    }
}

/// For people: `4 s`, `3 min`, `2 h`.
fn duration(us: i64) -> String {
    match us / SECOND_US {
        0 => "less than 1 s".to_owned(),
        seconds @ 1..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}
