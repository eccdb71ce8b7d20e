//! JSON (RFC 8259) as it passes by: bounded, without recursion, from a prefix of a stream.
//!
//! [`parse`] reads one object into a [`Scratch`] that is used again and again, so that nothing is
//! allocated in steady state, and gives a [`Document`]: what has been seen so far, even when the text
//! ends in its middle. [`objects`] walks over the objects of a stream one after another.
//!
//! Nothing that is long hides what stands behind it. Values that are too many or too deep are checked and passed
//! over without nodes, while the members of the top level behind them are read. An object under way of which not
//! all can be kept is made shorter by [`fold`]: what is asked for and short stays, the inside of what is long goes.
//!
//! Strict where it keeps other things from passing for JSON: control characters in strings, wrong
//! escapes, leading zeros, single quotes, trailing commas and comments are [`Status::Invalid`].
//! Tolerant where senders are careless: octets that are not UTF-8 read as U+FFFD, as do lone surrogates.
//!
//! | module | has |
//! |---|---|
//! | `scan` | the tokenizer: bytes to a flat list of nodes |
//! | `value` | [`Document`], [`Value`]: asking for members and items |
//! | `text` | [`Str`]: comparing and decoding strings |
//! | `objects` | [`Objects`]: one object after another |
//! | `fold` | [`fold`]: which parts of an object under way can be done without |
//! | `skim` | [`Skim`]: passing over the inside of a container |

mod fold;
mod objects;
mod scan;
mod skim;
mod text;
mod value;

pub use fold::{Asked, fold, folded};
pub use objects::{Objects, objects};
pub use scan::{Kind, Scratch, Status, parse};
pub use skim::Skim;
pub use text::{Chars, Str};
pub use value::{Document, Entries, Items, Value};

#[cfg(test)]
mod tests;
