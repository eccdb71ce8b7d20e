//! What is told of one name or address.

use std::fmt;

use minewall_core::config::{Config, DnsAction, TcpAction};
use minewall_core::policy::{CategoryAction, Mode};
use minewall_lists::{Answer, Category, Confidence, Hit, Lists, Scope};
use serde_json::{Value, json};

use super::asked::Asked;

/// What the lists say, and what would be done.
pub(super) struct Told<'a> {
    asked: &'a Asked,
    answer: Answer<'a>,
    resolver: Option<Hit<'a>>,
    done: Option<Done>,
}

/// What would be done with what is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Done {
    /// A name: its questions are answered so, connections to it are cut so.
    Refused(DnsAction, TcpAction),
    /// An address with its port: connections are cut so.
    Cut(TcpAction),
    /// It passes and is written down, by the mode.
    Mode,
    /// It passes and is written down, by its category.
    Observed(Category),
    /// It passes and is written down, for its list is not sure.
    Unsure,
    /// It passes, by its category.
    Ignored(Category),
    /// It is known, and nothing is cut by an address without its port.
    Noted,
}

impl<'a> Told<'a> {
    pub(super) fn new(config: &Config, lists: &'a Lists, asked: &'a Asked) -> Self {
        let (answer, resolver) = match asked {
            Asked::Address(ip, port) => {
                let answer = lists.address(*ip, *port).map_or(Answer::Unlisted, Answer::Listed);
                (answer, port.and_then(|port| lists.resolver_address(*ip, port)))
            }
            Asked::Name(name, _) => (lists.look(name), lists.resolver(name)),
        };
        let done = answer.hit().map(|hit| done(config, asked, &hit));
        Self { asked, answer, resolver, done }
    }

    pub(super) fn is_listed(&self) -> bool {
        self.answer.hit().is_some()
    }

    /// The same for machines; what is empty is left out.
    pub(super) fn json(&self, what: &str) -> Value {
        let mut told = json!({ "asked": what, "answer": word(self.answer) });
        let mut put = |key: &str, value: Value| {
            if !value.as_str().is_some_and(str::is_empty) && !value.as_array().is_some_and(Vec::is_empty) {
                told[key] = value;
            }
        };
        match self.answer {
            Answer::Listed(hit) => {
                put("category", hit.category.as_str().into());
                put("entry", hit.entry.into());
                put("scope", hit.scope.as_str().into());
                put("list", hit.list.name.as_str().into());
                put("date", hit.date.into());
                put("confidence", hit.confidence.as_str().into());
                put("kind", hit.kind.into());
                put("coins", hit.coins.split(',').filter(|coin| !coin.is_empty()).collect::<Vec<_>>().into());
                put("ports", hit.ports.into());
                put("source", hit.list.source.as_str().into());
                put("licence", hit.list.licence.as_str().into());
            }
            Answer::Allowed(by) => put("entry", by.into()),
            Answer::Guarded { name, why } => {
                put("entry", name.into());
                put("reason", why.into());
            }
            Answer::Unlisted => {}
        }
        put("resolver", self.resolver.map_or_else(String::new, |hit| hit.entry.to_owned()).into());
        put("action", self.done.map_or("none", Done::word).into());
        told
    }
}

fn word(answer: Answer<'_>) -> &'static str {
    match answer {
        Answer::Listed(_) => "listed",
        Answer::Allowed(_) => "allowed",
        Answer::Guarded { .. } => "never-block",
        Answer::Unlisted => "not-listed",
    }
}

/// What policy does with a hit. Exemptions are of hosts inside, and no host is asked for here.
fn done(config: &Config, asked: &Asked, hit: &Hit<'_>) -> Done {
    match (asked, config.category.action(hit.category)) {
        (Asked::Address(_, None), _) => Done::Noted,
        (_, CategoryAction::Ignore) => Done::Ignored(hit.category),
        (_, CategoryAction::Observe) => Done::Observed(hit.category),
        (_, CategoryAction::Block) if config.mode == Mode::Observe => Done::Mode,
        (_, CategoryAction::Block) if hit.confidence == Confidence::Low => Done::Unsure,
        (Asked::Address(..), CategoryAction::Block) => Done::Cut(config.tcp.action),
        (Asked::Name(..), CategoryAction::Block) => Done::Refused(config.dns.action, config.tcp.action),
    }
}

impl Done {
    fn word(self) -> &'static str {
        match self {
            Self::Refused(..) | Self::Cut(_) => "block",
            Self::Mode | Self::Observed(_) | Self::Unsure => "observe",
            Self::Ignored(_) => "ignore",
            Self::Noted => "none",
        }
    }
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cut = |action: &TcpAction| match action {
            TcpAction::Drop => "dropped",
            TcpAction::Reset => "reset",
        };
        match self {
            Self::Refused(dns, tcp) => {
                let answer = match dns {
                    DnsAction::Drop => "are not answered",
                    DnsAction::Nxdomain => "are refused (NXDOMAIN)",
                    DnsAction::Sinkhole => "are answered with the sinkhole",
                };
                write!(f, "questions for it {answer}, connections to it are {}", cut(tcp))
            }
            Self::Cut(tcp) => write!(f, "connections to it are {}", cut(tcp)),
            Self::Mode => f.write_str("it passes and is written down (mode = \"observe\")"),
            Self::Observed(category) => write!(f, "it passes and is written down (category.{category} = \"observe\")"),
            Self::Unsure => f.write_str("it passes and is written down (confidence low)"),
            Self::Ignored(category) => write!(f, "it passes (category.{category} = \"ignore\")"),
            Self::Noted => f.write_str("nothing is cut by an address without its port"),
        }
    }
}

impl fmt::Display for Told<'_> {
    /// `pool, by entry 2miners.com and below, of list pools (2026-08-16), confidence high, coins XMR; ...`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.answer {
            Answer::Listed(hit) => describe(f, self.asked, &hit)?,
            Answer::Allowed(by) => write!(f, "not listed; allowed by {by}")?,
            Answer::Guarded { name, why } => write!(f, "not listed; {name} is never blocked ({why})")?,
            Answer::Unlisted => f.write_str("not listed")?,
        }
        if let (Some(hit), None) = (self.resolver, self.done) {
            write!(f, "; a resolver for encrypted DNS, by entry {} of list {}", hit.entry, hit.list.name)?;
        }
        self.done.map_or(Ok(()), |done| write!(f, "; {done}"))
    }
}

fn describe(f: &mut fmt::Formatter<'_>, asked: &Asked, hit: &Hit<'_>) -> fmt::Result {
    write!(f, "{}, by entry {}", hit.category, hit.entry)?;
    if hit.scope == Scope::Suffix && matches!(asked, Asked::Name(..)) {
        f.write_str(" and below,")?;
    }
    write!(f, " of list {}", hit.list.name)?;
    if !hit.date.is_empty() {
        write!(f, " ({})", hit.date)?;
    }
    write!(f, ", confidence {}", hit.confidence)?;
    if !hit.coins.is_empty() {
        write!(f, ", coins {}", hit.coins)?;
    }
    if !hit.ports.is_empty() {
        let ports: Vec<_> = hit.ports.iter().map(ToString::to_string).collect();
        write!(f, ", ports {}", ports.join(" "))?;
    }
    Ok(())
}
