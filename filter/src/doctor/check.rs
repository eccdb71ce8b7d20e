//! One check, and what comes of it.

use serde::Serialize;

use super::scene::Scene;

/// How it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// Mining goes past, or evidence is lost.
    Fail,
    /// It may come to that.
    Warn,
    /// It could not be looked at.
    Skipped,
    /// Something to know.
    Note,
    /// All is well.
    Ok,
}

impl State {
    /// Every state, the worst first.
    pub(super) const ALL: [Self; 5] = [Self::Fail, Self::Warn, Self::Skipped, Self::Note, Self::Ok];

    /// The word for people.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Fail => "FAIL",
            Self::Note => "note",
            Self::Ok => "ok",
            Self::Skipped => "skipped",
            Self::Warn => "warn",
        }
    }
}

/// What came of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Outcome {
    pub(crate) state: State,
    /// What was seen, with figures; of what could not be looked at, why.
    pub(crate) seen: String,
    /// What helps, where something is to be done.
    pub(crate) remedy: Option<String>,
}

impl Outcome {
    pub(crate) fn ok(seen: impl Into<String>) -> Self {
        Self { state: State::Ok, seen: seen.into(), remedy: None }
    }

    pub(crate) fn skipped(why: impl Into<String>) -> Self {
        Self { state: State::Skipped, seen: why.into(), remedy: None }
    }

    pub(crate) fn note(seen: impl Into<String>, remedy: &str) -> Self {
        Self::with(State::Note, seen, remedy)
    }

    pub(crate) fn warn(seen: impl Into<String>, remedy: &str) -> Self {
        Self::with(State::Warn, seen, remedy)
    }

    pub(crate) fn fail(seen: impl Into<String>, remedy: &str) -> Self {
        Self::with(State::Fail, seen, remedy)
    }

    fn with(state: State, seen: impl Into<String>, remedy: &str) -> Self {
        Self { state, seen: seen.into(), remedy: (!remedy.is_empty()).then(|| remedy.to_owned()) }
    }
}

/// One thing that is looked at.
pub(super) struct Check {
    /// Its name: `--check`, and the key of the JSON.
    pub(super) id: &'static str,
    /// What is looked at.
    pub(super) what: &'static str,
    /// How.
    pub(super) how: &'static str,
    /// What helps in general.
    pub(super) remedy: &'static str,
    /// Whether it compares two moments.
    pub(super) samples: bool,
    /// Looks; one outcome for each part of what is looked at, none where it does not concern this machine.
    pub(super) look: fn(&Scene) -> Vec<Outcome>,
}
