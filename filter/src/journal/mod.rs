//! The journal: what sinks are given, kept in two chains of signed lines, so that who changes it is found out
//! (docs/journal.md).
//!
//! | module | what |
//! |---|---|
//! | `line` | one line: its form, its hash, its signature |
//! | `key` | the key that signs |
//! | `segment` | the files of a chain |
//! | `chain` `write` `retain` `lock` `directory` | writing: one chain, both, what is kept no longer, one writer at a time |
//! | `read` | reading, also while it is written |
//! | `verify` | whether all of it is as it was written |
//! | `command` `moment` | `minewall journal`, moments on the command line |

mod chain;
mod command;
mod directory;
mod key;
mod line;
mod lock;
mod moment;
mod read;
mod retain;
mod segment;
#[cfg(test)]
mod tests;
mod verify;
mod write;

pub(crate) use command::{Command, Place};
pub(crate) use directory::check;
pub(crate) use key::look as key_id;
pub(crate) use line::Class;
pub(crate) use moment::{at, offset};
#[cfg(test)]
use read::read_class;
pub(crate) use read::{Damage, incidents, read, texts};
pub(crate) use write::{CHECKPOINT, Clock, Journal};
