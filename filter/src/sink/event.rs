//! What sinks carry, and how each kind is called in them.

use std::sync::Arc;

use minewall_core::config::Carried;
use minewall_core::evidence::{Action, Loss, Notice, Record};
use minewall_core::incident::{Incident, State, Told};

/// What a sink carries.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// A sighting of mining.
    Record(Arc<Record>),
    /// What happened, told now and then.
    Incident(Arc<Incident>),
    /// A line about minewall itself.
    Notice(Arc<Notice>),
    /// Records this sink lost.
    Loss(Loss),
}

impl From<Told> for Event {
    fn from(told: Told) -> Self {
        match told {
            Told::Incident(incident) => Self::Incident(Arc::from(incident)),
            Told::Notice(notice) => Self::Notice(Arc::new(notice)),
        }
    }
}

impl Event {
    /// Its kind; a loss concerns every sink.
    pub(super) fn kind(&self) -> Option<Carried> {
        match self {
            Self::Incident(_) => Some(Carried::Incident),
            Self::Notice(_) => Some(Carried::Notice),
            Self::Record(_) => Some(Carried::Record),
            Self::Loss(_) => None,
        }
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub(crate) fn time_us(&self) -> i64 {
        match self {
            Self::Incident(incident) => incident.time_us,
            Self::Notice(notice) => notice.time_us,
            Self::Record(record) => record.time_us,
            Self::Loss(loss) => loss.time_us,
        }
    }

    /// One sentence for people.
    pub(crate) fn sentence(&self) -> String {
        match self {
            Self::Incident(incident) => incident.summary(),
            Self::Notice(notice) => notice.reason.clone(),
            Self::Record(record) => record.summary(),
            Self::Loss(loss) => format!("the sink {} lost {} records", loss.sink, loss.lost),
        }
    }

    /// The gateway's name.
    pub(super) fn observer(&self) -> &str {
        match self {
            Self::Incident(incident) => &incident.observer,
            Self::Notice(notice) => &notice.observer,
            Self::Record(record) => &record.observer,
            Self::Loss(loss) => &loss.observer,
        }
    }

    /// The word of `event.action`.
    pub(super) fn action(&self) -> &'static str {
        match self {
            Self::Incident(incident) => incident.state.action(),
            Self::Notice(notice) => notice.action,
            Self::Record(record) => record.action.as_str(),
            Self::Loss(_) => "records-lost",
        }
    }

    /// The severity of RFC 5424 section 6.2.1.
    pub(super) fn severity(&self) -> u8 {
        match self {
            Self::Record(record) if record.action == Action::Blocked => 4,
            Self::Record(_) => 5,
            Self::Incident(incident) if incident.state == State::Ended => 6,
            Self::Incident(_) => 5,
            // Emergencies are the kernel's.
            Self::Notice(notice) => notice.severity.clamp(2, 7),
            Self::Loss(_) => 3,
        }
    }

    /// The MSGID of RFC 5424 section 6.2.7: 32 characters at the most.
    pub(super) fn id(&self) -> &'static str {
        match self {
            Self::Incident(_) => "incident",
            Self::Record(_) => "mining",
            Self::Notice(_) | Self::Loss(_) => self.action(),
        }
    }

    /// One line of JSON in UTF-8.
    pub(crate) fn json(&self) -> String {
        match self {
            Self::Incident(incident) => incident.to_json(),
            Self::Notice(notice) => notice.to_json(),
            Self::Record(record) => record.to_json(),
            Self::Loss(loss) => loss.to_json(),
        }
    }

    /// One line of ASCII JSON, shortened where it would be longer.
    pub(super) fn ascii_json(&self, max_bytes: usize) -> String {
        match self {
            Self::Incident(incident) => incident.to_ascii_json(max_bytes),
            Self::Notice(notice) => notice.to_json(),
            Self::Record(record) => record.to_ascii_json(max_bytes),
            Self::Loss(loss) => loss.to_json(),
        }
    }
}
