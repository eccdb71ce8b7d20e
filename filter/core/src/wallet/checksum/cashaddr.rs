//! The BCH code of 40 bits over prefix and data: Bitcoin Cash's CashAddr, Kaspa and its kin, Nexa, and Conflux with
//! letters of its own (CIP-37).

use super::bech32::{LETTERS, value};

/// Conflux leaves out `i`, `l`, `o` and `q`.
pub(super) const CONFLUX: &[u8; 32] = b"abcdefghjkmnprstuvwxyz0123456789";

const GENERATORS: [u64; 5] = [0x98_f2bc_8e61, 0x79_b76d_99e2, 0xf3_3e5f_b3c4, 0xae_2eab_e2a8, 0x1e_4f43_e470];

/// `text` may stand without its prefix, which ends in a colon; the check is over the prefix all the same.
pub(super) fn holds(text: &str, prefix: &str) -> bool {
    let data = text.strip_prefix(prefix).unwrap_or(text);
    data.len() > 8 && remainder(prefix, data, LETTERS) == Some(1)
}

pub(super) fn conflux_holds(text: &str) -> bool {
    text.strip_prefix("cfx:").is_some_and(|data| data.len() > 8 && remainder("cfx:", data, CONFLUX) == Some(1))
}

fn remainder(prefix: &str, data: &str, letters: &[u8; 32]) -> Option<u64> {
    let head = prefix.bytes().filter(u8::is_ascii_alphabetic).map(|letter| letter & 31).chain([0]).fold(1, step);
    data.bytes().try_fold(head, |sum, letter| Some(step(sum, value(letter, letters)?)))
}

pub(super) fn step(sum: u64, value: u8) -> u64 {
    let top = sum >> 35;
    let next = (sum & 0x07_ffff_ffff) << 5 ^ u64::from(value);
    GENERATORS.iter().enumerate().fold(
        next,
        |next, (bit, generator)| {
            if top >> bit & 1 == 1 { next ^ generator } else { next }
        },
    )
}
