//! Every ask: its name, what it needs, its answer. A new one is one row.

use std::sync::Arc;
use std::time::Duration;

use minewall_core::incident::Incident;
use serde_json::{Value, json};

use super::VERSION;
use super::ask::{Refusal, Request};
use super::board::Board;
use super::order::{Order, Pause, REASON, SECONDS};
use crate::incidents::{Chosen, Filter, choose};

/// What must have been published before an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needs {
    /// How the daemon fares, and the incidents.
    All,
    /// Everything that is counted.
    Counters,
    /// How the daemon fares.
    Figures,
    /// The incidents.
    Incidents,
    /// The text of all metrics.
    Metrics,
    /// Nothing.
    Nothing,
}

/// What comes of an ask.
pub(super) enum Answer {
    /// One line.
    Once(Value),
    /// A line for each of these incidents, and a last one.
    Incidents(Arc<Vec<Incident>>, Filter),
    /// A line every second, until the client goes.
    Follow,
    /// One line, once the main thread has done it or refused to.
    Order(Order),
}

/// One ask.
pub(super) struct Ask {
    /// Its name.
    pub(super) name: &'static str,
    /// What it needs.
    pub(super) needs: Needs,
    /// What it is for.
    pub(super) help: &'static str,
    /// Answers it.
    pub(super) answer: fn(&Board, &Request) -> Result<Answer, Refusal>,
}

/// The asks, in the order they are documented.
#[rustfmt::skip] // a row a line
pub(super) const TABLE: &[Ask] = &[
    Ask { name: "asks", needs: Needs::Nothing, help: "What may be asked.", answer: |_, _| Ok(Answer::Once(json!({ "asks": asks() }))) },
    Ask { name: "status", needs: Needs::Figures, help: "How the daemon fares: mode, queues, lists, sinks.", answer: |board, _| Ok(Answer::Once(json!({ "status": board.status() }))) },
    Ask { name: "counters", needs: Needs::Counters, help: "Everything that is counted, as in docs/metrics.md.", answer: |board, _| Ok(Answer::Once(json!({ "counters": board.counters() }))) },
    Ask { name: "incidents", needs: Needs::Incidents, help: "Open incidents, one a line, those that `filter` lets through; at last how many.", answer: |board, ask| Ok(Answer::Incidents(board.incidents(), ask.filter.clone())) },
    Ask { name: "incident", needs: Needs::Incidents, help: "The open incident of this `id`; its beginning is enough.", answer: incident },
    Ask { name: "top", needs: Needs::All, help: "What `minewall top` shows, every second until the client goes.", answer: |_, _| Ok(Answer::Follow) },
    Ask { name: "metrics", needs: Needs::Metrics, help: "The same as the file of docs/metrics.md, in one text.", answer: |board, _| Ok(Answer::Once(json!({ "metrics": &*board.metrics() }))) },
    Ask { name: "reload", needs: Needs::Nothing, help: "Reads configuration and lists anew; answers when that is done, or why it was refused.", answer: |_, _| Ok(Answer::Order(Order::Reload)) },
    Ask { name: "pause", needs: Needs::Nothing, help: "Inspects nothing and cuts nothing for `seconds`; with `observe` it looks on, and cuts nothing.", answer: pause },
    Ask { name: "resume", needs: Needs::Nothing, help: "Ends a pause.", answer: |_, _| Ok(Answer::Order(Order::Resume)) },
];

fn asks() -> Value {
    TABLE.iter().map(|ask| json!({ "ask": ask.name, "help": ask.help })).collect()
}

/// The ask of this name.
pub(super) fn find(name: &str) -> Result<&'static Ask, Refusal> {
    TABLE.iter().find(|ask| ask.name == name).ok_or_else(|| {
        let names = TABLE.iter().map(|ask| ask.name).collect::<Vec<_>>().join(", ");
        Refusal::new("nobody knows this ask", format!("ask for one of: {names}"))
    })
}

fn incident(board: &Board, ask: &Request) -> Result<Answer, Refusal> {
    let Some(id) = &ask.id else {
        return Err(Refusal::new("which incident?", r#"name it: {"v":1,"ask":"incident","id":"..."}"#));
    };
    match choose(&board.incidents(), id) {
        Chosen::One(incident) => Ok(Answer::Once(json!({ "incident": incident }))),
        Chosen::None => Err(Refusal::new(
            "no incident of this id is open",
            "`minewall incidents` tells them; those that have ended are in the journal",
        )),
        Chosen::Many(ids) => {
            Err(Refusal::new(format!("several incidents begin so: {}", ids.join(", ")), "name more of the id"))
        }
    }
}

fn pause(_: &Board, ask: &Request) -> Result<Answer, Refusal> {
    let (least, most) = (SECONDS.start(), SECONDS.end());
    let remedy = || format!(r#"name {least} to {most} seconds: {{"v":{VERSION},"ask":"pause","seconds":600}}"#);
    let seconds = ask.seconds.ok_or_else(|| Refusal::new("for how long?", remedy()))?;
    if !SECONDS.contains(&seconds) {
        return Err(Refusal::new(format!("{seconds} seconds are too few or too many for a pause"), remedy()));
    }
    let reason = ask.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
    if reason.is_some_and(|reason| reason.chars().count() > REASON) {
        return Err(Refusal::new("the reason is too long", format!("say it in {REASON} characters")));
    }
    let (length, reason) = (Duration::from_secs(seconds.into()), reason.map(str::to_owned));
    Ok(Answer::Order(Order::Pause(Pause { length, observe: ask.observe, reason })))
}

/// A line that answers, with its end.
pub(super) fn line(ok: &Value) -> String {
    format!("{}\n", json!({ "v": VERSION, "ok": ok }))
}
