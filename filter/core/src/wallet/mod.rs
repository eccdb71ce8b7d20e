//! Wallet addresses and the words a miner logs in with.

pub mod login;
pub mod shape;
