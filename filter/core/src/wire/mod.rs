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
//! | [`host`] | [`host::Host`] and [`host::Authority`]: whom a request means |
//! | [`http`] | HTTP/1.x heads and bodies |
//! | [`icmp`] | builds refusals of datagrams: [`icmp::port_unreachable`] |
//! | [`json`] | JSON text in streams: [`json::parse`], [`json::objects`] |
//! | [`packet`] | link layers, IPv4, IPv6, TCP, UDP: one [`packet::Packet`] |
//! | [`name`] | [`name::Name`], a host name in text form, as DNS and TLS give it |
//! | [`proxy`] | PROXY protocol headers, versions 1 and 2 |
//! | [`quic`] | the ClientHello in QUIC version 1 and 2 Initial packets |
//! | [`socks`] | SOCKS 4, 4a and 5: requests and replies |
//! | [`tcp`] | builds resets for both ends of a connection: [`tcp::resets`] |
//! | [`tls`] | the ClientHello and its server name |
//! | [`udp`] | builds UDP packets |
//! | [`websocket`] | WebSocket messages behind the upgrade |

pub mod dns;
pub mod host;
pub mod http;
pub mod icmp;
pub mod json;
mod limits;
pub mod name;
pub mod packet;
pub mod proxy;
pub mod quic;
pub mod socks;
pub mod tcp;
pub mod tls;
pub mod udp;
pub mod websocket;
