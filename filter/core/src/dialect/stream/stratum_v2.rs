//! D19: Stratum V2 over Noise (PROTOCOLS.md section 5.5). Everything is encrypted; only lengths are left to hear, and
//! they tell only together: 64 bytes, 234 bytes, a first message of the miner, and an answer of 44 bytes.

use super::{Beginning, StreamDialect, Told, distinct};
use crate::dialect::token::{PROOF, Token, pool};

pub(super) const DIALECT: StreamDialect =
    StreamDialect { id: "stratum-v2", title: "Stratum V2", coins: "SHA-256", section: "5.5", tokens: &[SETUP], hear };

const SETUP: Token = pool(
    "Stratum V2 handshake",
    PROOF,
    "64 random bytes, answered by 234 random bytes; the miner's first message of 58 to 320 bytes, answered by 44",
);

/// Noise NX with EllSwift keys: the key; the answer's key, static key and certificate with their tags.
const KEY: usize = 64;
const ANSWER: usize = 234;
/// A frame's header of 6 bytes and its tag, and the tag of its payload.
const FRAME: usize = 22 + 16;
/// `SetupConnection.Success`: version (2) and flags (4).
const SUCCESS: usize = FRAME + 6;
/// `SetupConnection`: 13 bytes of numbers and six texts of 1 to 256 bytes, of which the host is never empty.
const SETUP_LEAST: usize = FRAME + 20;
const SETUP_MOST: usize = FRAME + 282;

/// Hears the exchange while it stands at `Success`, the last moment its lengths are known.
fn hear(beginning: Beginning<'_>) -> Option<Told<'_>> {
    let Beginning { client, server, .. } = beginning;
    let message = client.len().checked_sub(KEY)?;
    let lengths = server.len() == ANSWER + SUCCESS && (SETUP_LEAST..=SETUP_MOST).contains(&message);
    // Random bytes: 64 hold 57 different ones on average, 234 hold 153, 44 hold 40.
    let random = |bytes: Option<&[u8]>, least| bytes.is_some_and(|bytes| distinct(bytes) >= least);
    let sealed = random(client.get(..KEY), 44)
        && random(server.get(..ANSWER), 120)
        && random(server.get(ANSWER..), 30)
        && random(client.get(KEY..), 40);
    (lengths && sealed).then(|| Told::new(SETUP))
}
