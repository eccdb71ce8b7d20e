//! Views over bytes, knowing nothing of policy, flows or mining.
//!
//! Nothing in here fails loudly or keeps state: each reader takes what is there and says how far it
//! came. A packet may be cut by a snap length, a stream may end anywhere; what cannot be read is a
//! value (`NotInspected`, `Incomplete`, ...), never silence. Imports: core, alloc, etherparse, memchr,
//! and for QUIC aes-gcm, hkdf, sha2.
//!
//! | module | reads |
//! |---|---|
//! | [`dns`] | DNS questions over UDP and TCP; [`dns::answer`] builds the answers |
//! | [`json`] | JSON text in streams: [`json::parse`], [`json::objects`] |
//! | [`packet`] | link layers, IPv4, IPv6, TCP, UDP: one [`packet::Packet`] |
//! | [`name`] | [`name::Name`], a host name in text form, as DNS and TLS give it |
//! | [`quic`] | the ClientHello in QUIC version 1 and 2 Initial packets |
//! | [`tls`] | the ClientHello and its server name |
//! | [`udp`] | builds UDP packets |

pub mod dns;
pub mod json;
mod limits;
pub mod name;
pub mod packet;
pub mod quic;
pub mod tls;
pub mod udp;
