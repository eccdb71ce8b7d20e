//! The catalogue of conversations (`cases/*.toml`), and the corpus made of it (`tests/corpus/`).
//!
//! A case is written by hand: what is said, by whom, and what must be found. `cargo xtask corpus` makes captures of it
//! and has them replayed; where the program finds something else than the case says, it is the program that is wrong.

mod capture;
mod case;
mod conversation;
mod corpus;
pub mod day;
mod expect;
mod page;
mod random;
mod text;
mod wallet;
mod wire;

pub use case::{Case, read};
pub use conversation::{Conversation, Message, Side, Transport};
pub use corpus::{Corpus, Task};
pub use expect::Expect;
pub use random::Random;
