//! The commands as a person runs them: what they print, where, and with which exit code.
//!
//! | module | holds |
//! |---|---|
//! | `wire` | packets and link layers of our own making |
//! | `capture` | writers of pcap and pcapng |
//! | `feed` | keys, signing and verifying of feeds |
//! | `story` | one conversation in which everything is said |
//! | `program` | running the binary, files that go away |

mod capture;
mod check;
mod config;
mod damage;
#[cfg(feature = "sign")]
mod feed;
mod identify;
mod lists;
mod odd;
#[cfg(feature = "man")]
mod pages;
pub(crate) mod program;
mod replay;
mod report;
mod rules;
mod shared;
mod sides;
mod story;
pub(crate) mod wire;
