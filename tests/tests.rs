//! The integration tests of minewall, in one binary.

mod tidy; // the house rules
