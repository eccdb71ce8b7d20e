//! Names and addresses of mining pools: text to index to lookup. No packet, no policy, no file, no clock.
//!
//! [`Builder`] reads list texts and makes [`Lists`], an immutable index shared by `Arc`.
//!
//! | module | what |
//! |---|---|
//! | `kind` | [`Category`], [`Confidence`], [`Scope`] |
//! | `meta` | [`ListMeta`]: what is known of one list |
//! | `name` | names: cleaning, the walk over suffixes, their hash |
//! | `parse` | one line of a list text to entries, one reader a line shape |
//! | `tally` | [`Tally`]: what of a text was taken, and why the rest was not |
//! | `names` | the index of names |
//! | `endpoints` | the names with ports, for those who ask for their addresses |
//! | `never_address` | [`NeverAddress`]: addresses that many share |
//! | `builder` | [`Builder`] |
//! | `lists` | [`Lists`], [`Answer`], [`Hit`] |
//! | `shipped` | the lists of `data/`, embedded |
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
mod endpoints;
mod intern;
mod kind;
mod lists;
mod meta;
mod name;
mod names;
mod never_address;
mod parse;
mod shipped;
mod tally;

pub use builder::Builder;
pub use kind::{Category, Confidence, Scope, Unknown};
pub use lists::{Answer, Hit, Lists};
pub use meta::ListMeta;
pub use never_address::{Held, NeverAddress, SHIPPED_ADDRESS_GUARD};
pub use shipped::{SHIPPED, SHIPPED_GUARD};
pub use tally::{Reason, Refusal, Tally};
