//! Laws of the readers for any bytes, and a loop that looks for bytes that break them.
//!
//! The loop runs on stable Rust (`cargo xtask fuzz`); `cargo-fuzz/` gives the same laws to libFuzzer, which needs nightly.
//!
//! | module | what |
//! |---|---|
//! | `law` | [`law::lists`]: what holds for a list text in any format and cut |
//! | `mutate` | bytes to other bytes |
//! | `search` | [`search::run`]: the loop |

pub mod law;
mod mutate;
pub mod search;
