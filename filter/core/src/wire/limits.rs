//! Every bound of the wire readers, each with its reason.

/// VLAN tags looked through: one customer and one service tag (802.1ad), and one to spare for a mirror
/// port that adds its own.
pub(crate) const VLAN_TAGS_MAX: usize = 3;

/// Nodes of one JSON document: as many as can stand in the 4 KiB that are looked at by default and more, so that no
/// number of small values hides the one behind them. The largest mining message (a stratum v1 `mining.notify` with a
/// merkle branch for each power of two of transactions) has about 40.
pub(crate) const JSON_NODES_MAX: usize = 4_096;

/// Nodes of one JSON document beyond which what is nested gets next to none: what is left is for 512 members of the top
/// level.
pub(crate) const JSON_NESTED_MAX: usize = JSON_NODES_MAX - 1_024;

/// Nodes a container may have inside it whatever those before it took, if there is room at all: logins have up to 12.
pub(crate) const JSON_SHARE_MIN: usize = 16;

/// Open objects and arrays of one JSON document that have nodes. Mining messages nest 4 deep.
pub(crate) const JSON_DEPTH_MAX: usize = 16;

/// Open objects and arrays of one JSON document whose closing brackets are checked: as many as can be open in the
/// longest message followed.
pub(crate) const JSON_NESTING_MAX: usize = 65_536;

const _: () = assert!(JSON_DEPTH_MAX < JSON_NODES_MAX);

/// Octets of a name's text: 255 octets (RFC 1035 section 2.3.4), each written as `\ddd` at worst.
pub(crate) const NAME_TEXT_MAX: usize = 1020;

/// Questions of one DNS query. RFC 9619 allows one; a few more are read so that none hides behind another.
pub(crate) const DNS_QUESTIONS_MAX: u16 = 4;

/// Compression pointers followed in one name. Real messages need one or two.
pub(crate) const DNS_JUMPS_MAX: usize = 16;

/// How long a refused name may be remembered, seconds: a corrected list is felt within a minute.
pub(crate) const DNS_NEGATIVE_TTL_SECS: u32 = 60;

/// Octets of the EXTRA-TEXT in an answer, so that every answer fits 512 octets (RFC 1035 section 4.2.1):
/// 12 header + 259 question + 50 SOA + 17 OPT and option headers + this.
pub(crate) const DNS_EXTRA_TEXT_MAX: usize = 64;

const _: () = assert!(12 + 259 + 50 + 17 + DNS_EXTRA_TEXT_MAX <= 512);

/// Octets of a TLS ClientHello. Large ones (post-quantum keys, ECH, tickets) have 2 to 4 KiB; a peer may
/// announce up to 16 MiB.
pub(crate) const CLIENT_HELLO_MAX: usize = 65_536;

/// Octets taken from a TLS server name: a DNS name has 255 at most.
pub(crate) const SERVER_NAME_MAX: usize = 255;

const _: () = assert!(SERVER_NAME_MAX * 4 <= NAME_TEXT_MAX);

/// Octets of a QUIC Connection ID in versions 1 and 2, RFC 9000 section 17.2.
pub(crate) const QUIC_CONNECTION_ID_MAX: usize = 20;

/// Octets of TLS handshake kept of a QUIC client. A ClientHello with post-quantum keys has 2 to 4 KiB.
pub(crate) const QUIC_CRYPTO_MAX: usize = 16 * 1024;

/// Initial packets of a datagram that may fail to open before the rest is left: each costs a key
/// derivation, and honest clients send none.
pub(crate) const QUIC_UNOPENED_MAX: usize = 8;

/// Octets of a host in text form: a DNS name has 255 at most.
pub(crate) const HOST_TEXT_MAX: usize = 255;

const _: () = assert!(HOST_TEXT_MAX * 4 <= NAME_TEXT_MAX);

/// Octets of a PROXY protocol version 1 line (its section 2.1).
pub(crate) const PROXY_V1_MAX: usize = 107;

/// Octets of a SOCKS user name: one octet of length in RFC 1929, taken for SOCKS4 too.
pub(crate) const SOCKS_USER_MAX: usize = 255;

/// Answer records of one DNS response that are looked at. Real ones have one to twenty.
pub(crate) const DNS_RECORDS_MAX: u16 = 256;

/// Aliases followed from a question. Resolvers stop at 8 to 16.
pub(crate) const DNS_CHAIN_MAX: usize = 16;

/// Octets of a WebSocket message that are kept: the largest mining message, with room.
pub(crate) const WEBSOCKET_MESSAGE_MAX: usize = 65_536;

/// Octets of an HTTP head. Servers take 8 to 32 KiB.
pub(crate) const HTTP_HEAD_MAX: usize = 16 * 1024;

/// Octets of an HTTP method; the longest registered one has 17.
pub(crate) const HTTP_METHOD_MAX: usize = 24;

/// Header fields of one HTTP head that are looked at. Browsers send 10 to 30.
pub(crate) const HTTP_FIELDS_MAX: usize = 64;

/// Header fields of one HTTP head that are taken apart as it is read; asking for others reads their lines again.
pub(crate) const HTTP_FIELDS_FIRST: usize = 12;

const _: () = assert!(HTTP_FIELDS_FIRST < HTTP_FIELDS_MAX);

/// Octets of a chunked HTTP body that are kept.
pub(crate) const HTTP_BODY_MAX: usize = 65_536;

/// Octets of the line that begins a chunk, extensions included.
pub(crate) const HTTP_CHUNK_LINE_MAX: usize = 256;

/// Octets of a user in an HTTP Authorization field: a long wallet with worker and e-mail.
pub(crate) const HTTP_USER_MAX: usize = 256;
