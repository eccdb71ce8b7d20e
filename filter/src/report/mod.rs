//! `minewall report` and `minewall notice`: what was written down, for people.
//!
//! | module | what |
//! |---|---|
//! | `incidents` | reading incidents and records back from files or a journal |
//! | `when` | stretches of time as people name them |

#[allow(dead_code, reason = "used by the commands to come")]
pub(crate) mod incidents;
#[cfg(test)]
#[path = "../../../tests/report/sample.rs"]
pub(crate) mod sample;
#[allow(dead_code, reason = "used by the commands to come")]
pub(crate) mod when;
