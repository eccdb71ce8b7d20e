//! The integration tests of minewall, in one binary.

mod path; // the real program inline on the gateway of the lab: what hosts, servers and the kernel see
mod tidy; // the house rules
