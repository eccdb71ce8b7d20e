//! The client's first QUIC packets (RFC 9000, RFC 9001, RFC 9369): anyone who sees them can read them.
//!
//! Their keys follow from a published salt and a connection identifier that stands in the packet
//! (RFC 9001 section 5.2), so that the ClientHello in their CRYPTO frames is as public as over TCP.
//!
//! | module | has |
//! |---|---|
//! | `header` | [`Header`]: long headers, versions 1 and 2, coalesced packets |
//! | `keys` | key derivation, header protection, AES-128-GCM |
//! | `initial` | [`Initial::open`]: a datagram into CRYPTO octets |
//! | `crypto` | [`Crypto`]: octets of the TLS handshake, put together by offset |

mod crypto;
mod header;
mod initial;
mod keys;

pub use crypto::Crypto;
pub use header::{Header, QuicError, Version};
pub use initial::Initial;

#[cfg(test)]
pub(crate) mod tests;
