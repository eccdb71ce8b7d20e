//! DNS questions (RFC 1035) and the answers that refuse them.
//!
//! | module | has |
//! |---|---|
//! | `query` | [`Query`]: header, questions, EDNS of a message that asks |
//! | `response` | [`Response`]: records and alias chains of a message that answers |
//! | `types` | [`Type`], [`Class`] |
//! | `frames` | [`frames`]: messages in a TCP stream |
//! | [`answer`] | bytes of answers |

pub mod answer;
mod frames;
mod query;
mod response;
mod types;

pub use frames::{Frames, frames};
pub use query::{DnsError, Edns, Query, Question, Questions};
pub use response::{Chain, Content, Record, Records, Response};
pub use types::{Class, Type};

#[cfg(test)]
mod tests;
