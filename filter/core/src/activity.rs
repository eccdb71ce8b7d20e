//! What a connection that mines did since it was last told of: the engine counts, nothing here judges.

use alloc::boxed::Box;
use alloc::string::String;

use crate::endpoint::Endpoint;
use crate::evidence::Who;
use crate::finding::Said;

/// A stretch of one connection that is let pass although it mines.
#[derive(Clone, Debug, PartialEq)]
pub struct Activity {
    /// The id of the record the connection was first written down with.
    pub record: String,
    /// The first message of the protocol in this stretch, microseconds since 1970-01-01T00:00:00Z.
    pub since_us: i64,
    /// The last one.
    pub until_us: i64,
    /// The host inside.
    pub source: Endpoint,
    /// Its hardware address, where a packet of the host itself was seen on an Ethernet link.
    pub source_mac: Option<[u8; 6]>,
    /// Who that is, filled in by the process.
    pub who: Option<Box<Who>>,
    /// The pool, or what stands in front of it.
    pub destination: Endpoint,
    /// The pool's name, where it is known.
    pub destination_domain: Option<String>,
    /// The mining protocol.
    pub dialect: &'static str,
    /// All that was said on the connection so far.
    pub said: Said,
    /// Octets of payload the host sent in this stretch.
    pub sent_bytes: u64,
    /// Octets of payload it was sent.
    pub received_bytes: u64,
    /// Jobs the pool handed out.
    pub jobs: u32,
    /// Shares the host handed in.
    pub offered: u32,
    /// Those the pool took.
    pub accepted: u32,
    /// Those it refused.
    pub rejected: u32,
    /// Those taken whose difficulty is known.
    pub measured: u32,
    /// Hashes these took on average, all together: the sum of 2^256 / target (PROTOCOLS.md section 3).
    pub hashes: f64,
    /// Whether the connection is over.
    pub is_over: bool,
}

impl Activity {
    /// Whether it is of a self-test, and nothing but its login was heard: a miner that logs in so is one once it mines.
    #[must_use]
    pub fn is_test(&self) -> bool {
        self.said.is_test() && [self.jobs, self.offered, self.accepted, self.rejected].iter().all(|count| *count == 0)
    }
}
