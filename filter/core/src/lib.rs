//! minewall-core: the judgement. Bytes, time and a seed go in; verdicts and records come out.
//!
//! No clock, file, socket, thread, global or log stands in this crate; it cannot fail, it answers with an `Outcome`.
//! The modules stand on floors (see ARCHITECTURE.md); one knows only those below it, and `tests/tidy` holds them there.
#![no_std]
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic))]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod activity;
pub mod config;
pub mod dialect;
pub mod endpoint;
pub mod engine;
pub mod evidence;
pub mod finding;
pub mod flow;
pub mod incident;
pub mod inspect;
pub mod learned;
pub mod limits;
pub mod names;
pub mod now;
pub mod policy;
pub mod ruleset;
pub mod wallet;
pub mod wire;
