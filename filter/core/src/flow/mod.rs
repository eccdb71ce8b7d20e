//! Flows: who talks with whom, the first bytes of both directions in order, and a bounded table of them.

pub mod key;
pub mod stream;
pub mod table;
mod word;
