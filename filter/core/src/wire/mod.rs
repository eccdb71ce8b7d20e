//! Views over bytes, knowing nothing of policy, flows or mining.
//!
//! Nothing in here fails loudly or keeps state: each reader takes what is there and says how far it
//! came. A packet may be cut by a snap length, a stream may end anywhere; what cannot be read is a
//! value (`NotInspected`, `Incomplete`, ...), never silence. Imports: core, alloc, etherparse, memchr.
//!
//! | module | reads |
//! |---|---|
//! | [`json`] | JSON text in streams: [`json::parse`], [`json::objects`] |
//! | [`packet`] | link layers, IPv4, IPv6, TCP, UDP: one [`packet::Packet`] |

pub mod json;
mod limits;
pub mod packet;
