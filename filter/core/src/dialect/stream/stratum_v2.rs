//! D19: Stratum V2 over Noise (PROTOCOLS.md section 5.5). Everything is encrypted; only lengths are left to hear, and
//! they tell only together: a key, an answer of known length, a first message of the miner, and one of the pool.
//!
//! Read in specifications and sources: 64 and 234 octets (sv2-spec: 64 and 64 + 80 + 90; its prose still says 170, which
//! is 32 + 48 + 90 of the keys before); headers of 22 octets, payloads of 16 more (sv2-spec 4.6). `STR2` or `STR3` in
//! front, messages behind their length in two octets (Braiins' "Noise encryption guide" with its test vector; its prose
//! and vector differ in the digit). Keys of 32 octets without a length and an answer of 170 (an earlier state of the
//! Stratum Reference Implementation). A certificate whose signature has a length of its own (172) stands in a client for
//! Slushpool. Not verified by a capture: any of these, and the frames behind keys of 32 octets without a length, which
//! are taken to be as now.

use super::fields::Fields;
use super::{Beginning, End, Spoken, StreamDialect, Told, distinct};
use crate::dialect::token::{PROOF, Token, miner, pool};

pub(super) const DIALECT: StreamDialect = StreamDialect {
    id: "stratum-v2",
    title: "Stratum V2",
    coins: "SHA-256",
    section: "5.5",
    tokens: &[SETUP, SHORT_SETUP, COUNTED_SETUP, NEGOTIATION],
    hear,
    awaits,
};

const SETUP: Token = pool(
    "Stratum V2 handshake",
    PROOF,
    "in turns: 64 random bytes; 234 random bytes; the miner's first message of 58 to 320 bytes; 44 bytes; the miner again",
);
const SHORT_SETUP: Token = pool(
    "Stratum V2 handshake of 32-byte keys",
    PROOF,
    "in turns: 32 random bytes; 170 random bytes; the miner's first message of 58 to 320 bytes; 44 bytes; the miner again",
);
const COUNTED_SETUP: Token = pool(
    "Stratum V2 handshake with lengths",
    PROOF,
    "in turns: `20 00` and 32 random bytes; `aa 00` or `ac 00` and 170 or 172 random bytes; messages of the miner behind \
     their lengths; `1c 00` and 28 bytes or more",
);
const NEGOTIATION: Token = miner(
    "Stratum V2 negotiation",
    PROOF,
    "its length in 2 bytes, `STR2` or `STR3`, and a list of `AESG` and `CHCH`, as the first bytes",
);

/// A frame's header of 6 bytes and its tag, and the tag of its payload.
const FRAME: usize = 22 + 16;
/// `SetupConnection.Success`: version (2) and flags (4).
const SUCCESS: usize = 6;
/// `SetupConnection`: 13 bytes of numbers and six texts of 1 to 256 bytes, of which the host is never empty.
const SETUP_LEAST: usize = 20;
const SETUP_MOST: usize = 282;
/// Where messages stand behind their length, header and payload have one tag.
const COUNTED: usize = 6 + 16;

/// Hears a handshake without lengths once the miner speaks for the third time, to open a channel: only then the pool's
/// answer is known to be of 44 bytes and no more. A miner that opens channels without waiting is not heard.
fn hear(beginning: Beginning<'_>) -> Option<Told<'_>> {
    if negotiates(beginning.client) {
        return Some(Told::new(NEGOTIATION));
    }
    if beginning.turns.len() < 4 {
        return None;
    }
    let mut turns = beginning.spoken();
    let turns = [turns.next()?, turns.next()?, turns.next()?, turns.next()?];
    let [key, answer, ..] = turns;
    if key.end != End::Client {
        return None;
    }
    let token = match (key.octets, answer.octets) {
        (64, 234) => is_framed(&turns).then_some(SETUP),
        (32, 170) => is_framed(&turns).then_some(SHORT_SETUP),
        (34, 172 | 174) => is_counted(&turns).then_some(COUNTED_SETUP),
        _ => None,
    }?;
    (is_random(key, 24) && is_random(answer, 100)).then(|| Told::new(token))
}

/// Whether the miner's first message and the pool's have the lengths of one frame each.
fn is_framed(turns: &[Spoken<'_>; 4]) -> bool {
    let [.., first, success] = *turns;
    let setup = (FRAME + SETUP_LEAST..=FRAME + SETUP_MOST).contains(&first.octets);
    let lengths = setup && success.octets == FRAME + SUCCESS && success.is_over;
    lengths && is_random(first, 40) && is_random(success, 28)
}

fn awaits(beginning: Beginning<'_>) -> bool {
    let chosen = beginning.client.iter().zip([0, 0, b'S', b'T', b'R']).skip(1).all(|(octet, wanted)| *octet == wanted);
    let length = beginning.client.first().is_some_and(|length| matches!(length, 9 | 13 | 17 | 21));
    if length && chosen && beginning.client.len() < 24 {
        return true;
    }
    let forms: [[usize; 4]; 4] = [
        [64, 234, FRAME + SETUP_MOST, FRAME + SUCCESS],
        [32, 170, FRAME + SETUP_MOST, FRAME + SUCCESS],
        [34, 172, FRAME + SETUP_MOST, FRAME + SUCCESS],
        [34, 174, FRAME + SETUP_MOST, FRAME + SUCCESS],
    ];
    let is_sealed =
        |turn: &Spoken<'_>| distinct(turn.bytes) * 3 >= turn.bytes.len().min(64) * 2 && !is_text(turn.bytes);
    let fits = |form: &[usize; 4]| {
        beginning.turns.len() <= form.len()
            && beginning.spoken().zip(form).enumerate().all(|(place, (turn, most))| {
                // Key and answer are of one length; the others may be shorter.
                let exact = !turn.is_over || place > 1 || turn.octets == *most;
                exact && turn.octets <= *most && is_sealed(&turn)
            })
    };
    let first = beginning.turns.first().map(|turn| turn.end);
    first == Some(End::Client) && forms.iter().any(fits)
}

/// Of eight random octets one at least is no printable character, but for one time in two thousand.
fn is_text(bytes: &[u8]) -> bool {
    bytes.len() >= 8 && bytes.iter().all(|octet| matches!(octet, b' '..=b'~' | b'\t' | b'\r' | b'\n'))
}

/// Whether all messages fill their turns exactly, and the first ones have the length they should.
fn is_counted(turns: &[Spoken<'_>; 4]) -> bool {
    let [key, answer, first, success] = turns.map(|turn| Fields(turn.bytes));
    let whole = |mut turn: Fields<'_>| {
        let length = turn.counted(2).map(<[u8]>::len);
        while !turn.is_empty() && turn.counted(2).is_some_and(|message| message.len() > COUNTED) {}
        length.filter(|_| turn.is_empty())
    };
    let mut success = success;
    whole(key) == Some(32)
        && matches!(whole(answer), Some(170 | 172))
        && whole(first).is_some_and(|length| length >= COUNTED + SETUP_LEAST)
        && success.counted(2).is_some_and(|message| message.len() == COUNTED + SUCCESS && distinct(message) >= 18)
}

/// Of random bytes 32 hold 30 different ones on average, 44 hold 40, 58 hold 52, 64 hold 57, 170 hold 124, 234 hold 153.
fn is_random(turn: Spoken<'_>, least: usize) -> bool {
    distinct(turn.bytes) >= least
}

/// The choice of a cipher that went before the handshake once.
fn negotiates(client: &[u8]) -> bool {
    let Some([length, 0, b'S', b'T', b'R', b'2' | b'3', count @ 1..=4]) = client.get(..7) else { return false };
    let names = client.get(7..7 + 4 * usize::from(*count)).unwrap_or_default();
    *length == 5 + 4 * count && !names.is_empty() && names.chunks(4).all(|name| name == b"AESG" || name == b"CHCH")
}
