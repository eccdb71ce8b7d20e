//! The hash some miners send with their donation: Keccak-256 of their login, so that it links what is otherwise hidden.

use alloc::format;

use sha3::{Digest, Keccak256};

/// Whether `hash` is what a miner with this wallet and this name of a rig sends.
pub(super) fn is_donation_of(hash: &str, wallet: &str, worker: Option<&str>) -> bool {
    let is_of = |login: &str| {
        let digest = Keccak256::digest(login.as_bytes());
        let digits =
            |byte: &u8| [char::from_digit(u32::from(byte >> 4), 16), char::from_digit(u32::from(byte & 15), 16)];
        let digits = digest.iter().flat_map(digits).flatten();
        hash.len() == 64 && hash.chars().map(|c| c.to_ascii_lowercase()).eq(digits)
    };
    is_of(wallet) || worker.is_some_and(|worker| is_of(&format!("{wallet}.{worker}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_a_login_is_known_again() {
        // Keccak-256 of "abc", as published with the algorithm.
        let hash = "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45";
        assert!(is_donation_of(hash, "abc", None));
        assert!(!is_donation_of(hash, "abd", Some("c")));
        assert!(!is_donation_of(&hash[..63], "abc", None));
    }
}
