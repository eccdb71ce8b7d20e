//! The integration tests of minewall, in one binary.

mod cli; // the commands as a person runs them, except `run`: replay, check, check-config, rules print, help
mod path; // the real program inline on the gateway of the lab: what hosts, servers and the kernel see
mod tidy; // the house rules
