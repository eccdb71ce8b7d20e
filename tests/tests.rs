//! The integration tests of minewall, in one binary.

mod cli; // the commands as a person runs them, except `run`: replay, check, check-config, rules print, help
mod tidy; // the house rules
