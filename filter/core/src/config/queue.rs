//! The netfilter queues, and what becomes of packets when nobody answers.

use core::fmt;

use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// The netfilter queues.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct Queue {
    /// The number of the first queue.
    pub first: u16,
    /// How many queues, 1 to 64, each with its thread and engine; 0: one for each processor, four at the most.
    pub count: u16,
    /// Packets the kernel holds for one queue, 64 to 1,048,576.
    pub length: u32,
    /// What becomes of packets when nobody answers.
    pub fail: FailVerdicts,
    /// What reads the packets.
    pub reader: Reader,
}

impl Default for Queue {
    fn default() -> Self {
        Self { first: 4700, count: 0, length: 4096, fail: FailVerdicts::both(Fail::Open), reader: Reader::Nfq }
    }
}

/// What reads the packets of a queue.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Reader {
    /// Several at once, whose verdicts go in one message.
    Burst,
    /// One at a time, by the crate `nfq`.
    #[default]
    Nfq,
}

/// What becomes of packets when nobody answers.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Fail {
    /// They are dropped.
    Closed,
    /// They pass.
    #[default]
    Open,
}

/// What becomes of packets when nobody answers, by class. In the file one word for both, or a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FailVerdicts {
    /// Of DNS questions and answers, over UDP and TCP.
    pub dns: Fail,
    /// Of all other segments, and of the datagrams of QUIC: the first bytes of connections.
    pub tcp: Fail,
}

impl FailVerdicts {
    /// The same for both.
    #[must_use]
    pub const fn both(fail: Fail) -> Self {
        Self { dns: fail, tcp: fail }
    }

    /// Whether the classes differ, and so need queues of their own: the kernel fails by queue.
    #[must_use]
    pub fn differ(self) -> bool {
        self.dns != self.tcp
    }
}

impl<'de> Deserialize<'de> for FailVerdicts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Form)
    }
}

/// The two forms in the file; unlike with an untagged enum, mistakes are told with what may stand there.
struct Form;

impl<'de> Visitor<'de> for Form {
    type Value = FailVerdicts;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"open\", \"closed\", or one of them for each class: { dns = \"closed\", tcp = \"open\" }")
    }

    fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<FailVerdicts, E> {
        Fail::deserialize(StrDeserializer::new(word)).map(FailVerdicts::both)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<FailVerdicts, A::Error> {
        #[derive(Default, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        struct Table {
            dns: Fail,
            tcp: Fail,
        }
        let Table { dns, tcp } = Table::deserialize(MapAccessDeserializer::new(map))?;
        Ok(FailVerdicts { dns, tcp })
    }
}
