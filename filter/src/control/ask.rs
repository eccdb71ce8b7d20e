//! What is asked, and what is refused.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::VERSION;
use crate::incidents::Filter;
use crate::tree;

/// One line of a client.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    /// The version of the protocol.
    pub(crate) v: u64,
    /// What is asked for: a name of the table.
    pub(crate) ask: String,
    /// The incident, or the beginning of its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    /// Which incidents.
    #[serde(default, skip_serializing_if = "Filter::is_empty")]
    pub(crate) filter: Filter,
    /// For how long filtering is paused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) seconds: Option<u32>,
    /// Whether mining is still looked for in a pause.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) observe: bool,
    /// Why it is paused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

/// Why there is no answer, and what helps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) error: String,
    pub(crate) remedy: String,
}

impl Refusal {
    pub(crate) fn new(error: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { error: error.into(), remedy: remedy.into() }
    }

    /// As a line, with its end.
    pub(super) fn line(&self) -> String {
        format!("{}\n", json!({ "v": VERSION, "error": self.error, "remedy": self.remedy }))
    }
}

impl Request {
    /// An ask of this version.
    pub(crate) fn new(ask: &str) -> Self {
        Self { v: VERSION, ask: ask.to_owned(), ..Self::default() }
    }

    /// Reads a line.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn read(line: &[u8]) -> Result<Self, Refusal> {
        let value: Value = serde_json::from_slice(line).map_err(|error| {
            Refusal::new(format!("this line is not JSON: {error}"), r#"ask like {"v":1,"ask":"status"}"#)
        })?;
        // The version first: another may have other fields.
        match value.get("v").and_then(Value::as_u64) {
            Some(VERSION) => {}
            Some(other) => {
                return Err(Refusal::new(
                    format!("version {other} is not spoken here"),
                    format!("ask with \"v\":{VERSION}, or use the minewall that runs"),
                ));
            }
            None => return Err(Refusal::new("the line names no version", format!("ask with \"v\":{VERSION}"))),
        }
        tree::of_json(&value)
            .map_err(|error| Refusal::new(format!("this is no ask: {error}"), "docs/control.md has every field"))
    }
}
