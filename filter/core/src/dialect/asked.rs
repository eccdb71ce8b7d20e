//! The names of members the dialects ask for: what must stay of a message that is too long to be kept.

use crate::wire::json::Str;

/// Those that tell what a message is, then the others.
#[rustfmt::skip]
static NAMES: &[&str] = &[
    "method", "params", "result", "body", "type",
    "accepted", "agent", "algo", "api_key", "bits", "blob", "blocktemplate_blob", "capabilities", "code",
    "coinbasevalue", "data", "difficulty", "edge_bits", "epoch", "extra_nonce", "extra_nonce2_size", "extranonce",
    "forkheight", "fromGroup", "hashes", "headerBlob", "height", "id", "input", "job", "job_id", "jobId", "jsonrpc",
    "login", "name", "nonce", "nonce_bytes", "nonce_pre", "nonceprefix", "output", "pass", "password", "pow",
    "pow_hash", "pre_pow", "prev_hash", "previousblockhash", "proto", "publicAddress", "rejected", "rigid",
    "site_key", "stale", "status", "target", "toGroup", "token", "user", "verify_id", "version-rolling",
    "version-rolling.mask", "wallet_address", "worker",
];

/// The place of a name among those asked for, not minding case: receivers differ in that.
#[must_use]
pub fn asked(name: Str<'_>) -> Option<usize> {
    let octets = name.raw().len();
    NAMES.iter().position(|known| {
        // Letters may be escaped: each then takes six octets.
        (octets == known.len() || (known.len() + 5..=6 * known.len()).contains(&octets))
            && name.eq_ignore_ascii_case(known)
    })
}
