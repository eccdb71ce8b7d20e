//! miner-proxy, a tunnel between miners and a pool (PROTOCOLS.md section 5.6; read in its sources). Each frame is a
//! length in 4 octets, highest first, and a body encrypted by AES in whole blocks. Many private protocols look exactly
//! so (messengers, cameras, games), and nothing in one connection tells them apart: this never proves mining by itself.

use alloc::vec::Vec;

use super::{Beginning, StreamDialect, Told, distinct};
use crate::dialect::token::{Token, miner};

pub(super) const DIALECT: StreamDialect = StreamDialect {
    id: "miner-proxy",
    title: "miner-proxy tunnel",
    coins: "any",
    section: "5.6",
    tokens: &[FRAMES],
    hear,
    awaits,
};

const FRAMES: Token = miner(
    "frames of encrypted blocks",
    40,
    "three frames from either side, from the first byte on: a length in 4 bytes, a multiple of 16 from 32 to 16,384, and \
     random bytes; at least three lengths. Never proof alone: other private protocols look the same",
);

/// Frames looked at of each side; so many are heard.
const ENOUGH: usize = 3;
/// The longest frame: a Bitcoin job doubled by the filling, with room.
const FRAME_MOST: usize = 16_384;

fn hear(beginning: Beginning<'_>) -> Option<Told<'_>> {
    let sides = [beginning.client, beginning.server];
    if !sides.iter().all(|side| matches!(side, [0, 0, ..])) {
        return None;
    }
    let mut lengths = Vec::new();
    for side in sides {
        lengths.extend(frames(side)?);
    }
    lengths.sort_unstable();
    lengths.dedup();
    (lengths.len() >= ENOUGH).then(|| Told::new(FRAMES))
}

/// A hint is not worth waiting for.
const fn awaits(_: Beginning<'_>) -> bool {
    false
}

/// The lengths of the first frames of a side, where there are enough.
fn frames(side: &[u8]) -> Option<[usize; ENOUGH]> {
    let mut rest = side;
    let mut lengths = [0; ENOUGH];
    for length in &mut lengths {
        let (head, behind) = rest.split_first_chunk::<4>()?;
        *length = usize::try_from(u32::from_be_bytes(*head)).ok()?;
        if *length % 16 != 0 || !(32..=FRAME_MOST).contains(length) {
            return None;
        }
        let (body, behind) = behind.split_at_checked(*length)?;
        // Of 32 random bytes 30 are different on average, of 64 there are 57.
        let sample = body.get(..64).unwrap_or(body);
        if distinct(sample) * 3 < sample.len() * 2 {
            return None;
        }
        rest = behind;
    }
    Some(lengths)
}
