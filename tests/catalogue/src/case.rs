//! A case as it is written, and as it is understood.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;

use crate::conversation::{Conversation, Message, Side, Transport};
use crate::expect::Expect;
use crate::random::Random;
use crate::text::Filler;
use crate::wire;

/// One conversation, and what must be found in it.
#[derive(Clone, Debug)]
pub struct Case {
    /// The file it stands in: a dialect's id, or what else the cases of the file have in common.
    pub group: String,
    /// Its name; with the group before it, the directory in the corpus.
    pub name: String,
    /// What it is for.
    pub purpose: String,
    /// Where its form was read.
    pub origin: String,
    /// What is said.
    pub conversation: Conversation,
    /// What must be found; `None`: nothing must.
    pub expect: Option<Expect>,
}

impl Case {
    /// The directory in the corpus.
    #[must_use]
    pub fn directory(&self) -> String {
        format!("{}-{}", self.group, self.name)
    }
}

/// A file of the catalogue.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Written {
    #[serde(default)]
    mining: Vec<WrittenCase>,
    #[serde(default)]
    near_miss: Vec<WrittenCase>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenCase {
    name: String,
    purpose: String,
    origin: String,
    #[serde(default = "port")]
    port: u16,
    #[serde(default)]
    v6: bool,
    #[serde(default)]
    udp: bool,
    /// Whether the connection was under way when the gateway began to look.
    #[serde(default)]
    under_way: bool,
    /// What ends a line, where nothing else is said.
    #[serde(default = "line_end")]
    end: String,
    talk: Vec<WrittenMessage>,
    expect: Option<Expect>,
}

fn port() -> u16 {
    3333
}

fn line_end() -> String {
    "\n".into()
}

/// One message: `c` is said by the client, `s` by the server.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenMessage {
    c: Option<String>,
    s: Option<String>,
    end: Option<String>,
    /// The lines of an HTTP head; the text is the body.
    http: Option<String>,
    /// A WebSocket text message in so many frames.
    ws: Option<usize>,
    /// Segments of so many octets.
    cut: Option<usize>,
    /// In one segment with the message before.
    #[serde(default)]
    joined: bool,
}

/// Every case of the catalogue in this directory, by file name.
///
/// # Errors
/// A file cannot be read, or is not a catalogue.
pub fn read(directory: &Path) -> Result<Vec<Case>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).with_context(|| format!("cannot read {}", directory.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "toml") {
            files.push(path);
        }
    }
    files.sort();
    let mut cases = Vec::new();
    for path in files {
        let group = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let read = || -> Result<Vec<Case>> {
            let written: Written = toml::from_str(&fs::read_to_string(&path)?)?;
            let both = written.mining.into_iter().map(|case| (true, case));
            let both = both.chain(written.near_miss.into_iter().map(|case| (false, case)));
            both.map(|(mines, case)| understand(&group, mines, case)).collect()
        };
        cases.extend(read().with_context(|| format!("in {}", path.display()))?);
    }
    let mut seen = HashSet::new();
    if let Some(twice) = cases.iter().find(|case| !seen.insert(case.directory())) {
        bail!("the case {} stands there twice", twice.directory());
    }
    Ok(cases)
}

fn understand(group: &str, mines: bool, written: WrittenCase) -> Result<Case> {
    let name = written.name.clone();
    let case = || -> Result<Case> {
        ensure!(mines == written.expect.is_some(), "mining cases say what is expected, near misses do not");
        let mut filler = Filler::new(&format!("{group}-{name}"));
        let mut masks = Random::from_text(&format!("masks of {group}-{name}"));
        let mut messages: Vec<Message> = Vec::new();
        for message in &written.talk {
            let message = said(message, &written.end, written.udp, &mut filler, &mut masks)?;
            let side = messages.last().map(|before| before.side);
            ensure!(!message.joined || side == Some(message.side), "only one side's messages can be joined");
            messages.push(message);
        }
        ensure!(!messages.is_empty(), "nothing is said");
        let transport = match (written.udp, written.under_way) {
            (true, _) => Transport::Udp,
            (false, true) => Transport::TcpUnderWay,
            (false, false) => Transport::Tcp,
        };
        let conversation = Conversation::new(&format!("{group}-{name}"), transport, written.v6, written.port, messages);
        let expect = written.expect.map(|expect| expect.filled(&mut filler)).transpose()?;
        let (purpose, origin) = (written.purpose, written.origin);
        Ok(Case { group: group.to_owned(), name: name.clone(), purpose, origin, conversation, expect })
    };
    case().with_context(|| format!("in the case {name}"))
}

fn said(written: &WrittenMessage, end: &str, udp: bool, filler: &mut Filler, masks: &mut Random) -> Result<Message> {
    let (side, text) = match (&written.c, &written.s) {
        (Some(text), None) => (Side::Client, text),
        (None, Some(text)) => (Side::Server, text),
        _ => bail!("a message has either `c` or `s`"),
    };
    let is_line = written.http.is_none() && written.ws.is_none() && !udp;
    let end = written.end.as_deref().unwrap_or(if is_line { end } else { "" });
    let text = filler.fill(&[text, end].concat())?;
    let octets = match (&written.http, written.ws) {
        (Some(head), None) => wire::http(&filler.fill(head)?, &text),
        (None, Some(frames)) => wire::websocket(&text, frames, (side == Side::Client).then_some(masks)),
        (None, None) => text,
        _ => bail!("a message is either HTTP or WebSocket"),
    };
    ensure!(!octets.is_empty(), "an empty message");
    Ok(Message { side, octets, cut: written.cut, joined: written.joined })
}
