//! What came of the checks, for people and for programs.

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::{Value, json};

use super::check::{Outcome, State};
use crate::incidents::Width;

/// One result.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// The check's name.
    pub(crate) id: &'static str,
    /// What was looked at.
    pub(crate) what: &'static str,
    /// What came of it.
    pub(crate) outcome: Outcome,
}

/// How many are of each state, the worst first.
fn counts(results: &[Row]) -> Vec<(State, usize)> {
    let count = |state: State| results.iter().filter(|result| result.outcome.state == state).count();
    State::ALL.into_iter().map(|state| (state, count(state))).filter(|(_, count)| *count > 0).collect()
}

/// A table, the worst first; what is well in one line each.
pub(crate) fn text(results: &[Row], width: Width) -> String {
    let mut text = String::new();
    for (state, _) in counts(results) {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(u16::try_from(width.0).unwrap_or(u16::MAX));
        for Row { id, outcome, .. } in results.iter().filter(|result| result.outcome.state == state) {
            let mut told = outcome.seen.clone();
            if let Some(remedy) = &outcome.remedy {
                told += &format!("\n-> {remedy}");
            }
            table.add_row([state.as_str(), id, &told]);
        }
        if let Some(column) = table.column_mut(0) {
            column.set_constraint(comfy_table::ColumnConstraint::Absolute(comfy_table::Width::Fixed(9)));
        }
        if let Some(column) = table.column_mut(1) {
            column.set_constraint(comfy_table::ColumnConstraint::Absolute(comfy_table::Width::Fixed(15)));
        }
        let lines = table.lines().map(|line| line.trim_end().to_owned() + "\n");
        text += &format!("{}\n", lines.collect::<String>());
    }
    let told = counts(results).into_iter().map(|(state, count)| format!("{count} {}", state.as_str()));
    text + &format!("{}\n", told.collect::<Vec<_>>().join(", "))
}

/// One object: how many of each state, the results in the order of the checks, and how long was looked at traffic.
pub(crate) fn json(results: &[Row], seconds: Option<f64>) -> Value {
    let counts: serde_json::Map<_, _> = State::ALL
        .iter()
        .map(|state| {
            let count = results.iter().filter(|result| result.outcome.state == *state).count();
            (state.as_str().to_lowercase(), json!(count))
        })
        .collect();
    let results = results.iter().map(|Row { id, what, outcome }| {
        json!({ "check": id, "what": what, "state": outcome.state, "seen": outcome.seen, "remedy": outcome.remedy })
    });
    let mut all =
        json!({ "version": env!("CARGO_PKG_VERSION"), "counts": counts, "results": results.collect::<Vec<_>>() });
    if let (Some(seconds), Some(all)) = (seconds, all.as_object_mut()) {
        all.insert("seconds".to_owned(), json!((seconds * 10.0).round() / 10.0));
    }
    all
}
