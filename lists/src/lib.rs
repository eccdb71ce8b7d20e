//! Names and addresses of mining pools: text to index to lookup. No packet, no policy, no file, no clock.
//!
//! [`Builder`] reads list texts and makes [`Lists`], an immutable index shared by `Arc`.
//!
//! | module | what |
//! |---|---|
//! | `kind` | [`Category`], [`Confidence`], [`Scope`] |
//! | `meta` | [`ListMeta`]: what is known of one list |
//! | `name` | names: cleaning, the walk over suffixes, their hash |
//! | `format` | [`Format`]: how a list text is written |
//! | `entry` | [`Entry`], [`Target`]: what a list states |
//! | `parse` | one line of a list text to entries, one reader a format |
//! | `reader` | [`Reader`]: bytes to entries, in bounded memory |
//! | `tally` | [`Tally`]: what of a text was taken, and why the rest was not |
//! | `names` | the index of names |
//! | `said` | what rules say, kept once |
//! | `prefixes` | the index of prefixes |
//! | `part` | rules that are looked up together |
//! | `endpoints` | the names with ports, for those who ask for their addresses |
//! | `never_address` | [`NeverAddress`]: addresses that many share |
//! | `builder` | [`Builder`] |
//! | `reading` | [`Reading`]: a list on its way into the builder |
//! | `lists` | [`Lists`], [`Answer`], [`Hit`] |
//! | `compiled` | [`Lists::save`] and [`Lists::load`]: the index as bytes |
//! | `shipped` | [`Shipped`]: the lists of `data/`, embedded packed |
//!
//! # Which rule wins
//! 1. What the user allows is never listed: the name, everything below it, the address.
//! 2. What the never-block guard holds is never listed, whatever a list or the user's own block list says.
//!    Below shared hosting (dynamic DNS and the like) a rule speaks only for its own whole name.
//! 3. The user's own block list ([`Category::Custom`]) wins over every other list.
//! 4. Then the most specific rule: an exact one, else the longest suffix. Rules on the same name:
//!    the higher confidence, then the list read first.
#![no_std]
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic))]
extern crate alloc;
#[cfg(test)]
extern crate std;

mod builder;
mod compiled;
mod endpoints;
mod entry;
mod format;
mod intern;
mod kind;
mod lists;
mod meta;
mod name;
mod names;
mod never_address;
mod parse;
mod part;
mod prefixes;
mod reader;
mod reading;
mod said;
mod shipped;
mod tally;

pub use builder::Builder;
pub use compiled::{Key, Unusable};
pub use entry::{Entry, Target};
pub use format::Format;
pub use kind::{Category, Confidence, Scope, Unknown};
pub use lists::{Answer, Hit, Lists};
pub use meta::ListMeta;
pub use never_address::{Held, NeverAddress, SHIPPED_ADDRESS_GUARD};
pub use parse::ascii;
pub use reader::{Reader, Sink, Unreadable};
pub use reading::Reading;
pub use shipped::Shipped;
pub use tally::{Reason, Refusal, Tally};
