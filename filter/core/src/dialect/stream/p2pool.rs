//! D20: P2Pool of Monero, between its nodes (PROTOCOLS.md section 1.9). It means that this host runs a mining node.

use super::{Beginning, StreamDialect, Told, distinct};
use crate::dialect::token::{PROOF, Token, miner};

pub(super) const DIALECT: StreamDialect = StreamDialect {
    id: "p2pool",
    title: "P2Pool between nodes",
    coins: "XMR",
    section: "1.9",
    tokens: &[HANDSHAKE],
    hear,
    awaits,
};

const HANDSHAKE: Token = miner(
    "P2Pool handshake",
    PROOF,
    "`00` and 16 random bytes, `01` and 40 bytes, `02` and a port in 4 bytes, from either side; what the other side sent \
     begins with `00` too",
);

/// Where the messages begin: challenge, solution, port.
const SOLUTION: usize = 17;
const PORT: usize = SOLUTION + 41;

fn hear(beginning: Beginning<'_>) -> Option<Told<'_>> {
    let sides = [beginning.client, beginning.server];
    let begun = sides.iter().all(|side| side.first().is_none_or(|kind| *kind == 0));
    (begun && sides.into_iter().any(is_handshake)).then(|| {
        let mut told = Told::new(HANDSHAKE);
        told.heard.said.coin = Some("XMR".into());
        told
    })
}

fn awaits(beginning: Beginning<'_>) -> bool {
    // Both may have been cut anywhere, so each is looked at as far as it goes.
    let may_be = |side: &[u8]| {
        let is = |place: usize, kind| side.get(place).is_none_or(|octet| *octet == kind);
        let challenge = side.get(1..SOLUTION.min(side.len())).unwrap_or_default();
        is(0, 0) && is(SOLUTION, 1) && is(PORT, 2) && distinct(challenge) * 3 >= challenge.len() * 2
    };
    let sides = [beginning.client, beginning.server];
    sides.iter().all(|side| may_be(side)) && sides.iter().any(|side| (1..PORT + 5).contains(&side.len()))
}

fn is_handshake(side: &[u8]) -> bool {
    let challenge = side.get(1..SOLUTION).unwrap_or_default();
    let salt = side.get(PORT - 8..PORT).unwrap_or_default();
    let port = matches!(side.get(PORT + 1..PORT + 5), Some([low, high, 0, 0]) if (*low, *high) != (0, 0));
    let kinds = side.first() == Some(&0) && side.get(SOLUTION) == Some(&1) && side.get(PORT) == Some(&2);
    // 16 random bytes hold 15 or 16 different ones; fields of a length-prefixed protocol repeat zeros.
    kinds && port && distinct(challenge) >= 11 && distinct(salt) >= 4
}
