//! Wallet addresses, the words a miner logs in with, and the coin they speak of.
//!
//! `shape` tells an address by its `table` row and its `checksum`; `login` and `password` take the words of a login
//! apart; `coin` weighs what is known into one answer.

mod checksum;
pub mod coin;
pub mod login;
pub mod password;
pub mod shape;
mod table;

pub use checksum::Check;
pub use shape::{Wallet, of};
