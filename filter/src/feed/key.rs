//! Public keys of minisign.

use std::fmt;
use std::str::FromStr;

use minisign_verify::{Error, PublicKey, Signature};

/// Who may sign a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key(PublicKey);

/// Neither a key nor a file of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoKey;

impl fmt::Display for NoKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a public key of minisign: 56 characters beginning with RW, the second line of its .pub file")
    }
}

impl std::error::Error for NoKey {}

impl FromStr for Key {
    type Err = NoKey;

    /// The key alone, or the text of a .pub file.
    fn from_str(text: &str) -> Result<Self, NoKey> {
        let line = text.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default();
        PublicKey::from_base64(line).map(Self).map_err(|_| NoKey)
    }
}

/// What is wrong with a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadSignature {
    Unreadable,
    /// Of a minisign before 0.10 without `-H`.
    Legacy,
    /// By a key that is not among ours.
    Stranger,
    Wrong,
}

impl fmt::Display for BadSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreadable => "is no signature of minisign",
            Self::Legacy => "is of the old kind; sign with `minewall lists sign` or `minisign -SH`",
            Self::Stranger => {
                "is by a key that is not among those of this feed; if its maker has changed keys, add the new one"
            }
            Self::Wrong => {
                "does not fit the manifest; if the feed was being published just now, the next update will do"
            }
        })
    }
}

/// Whether one of `keys` has signed `text`.
pub(super) fn check(text: &[u8], signature: &str, keys: &[Key]) -> Result<(), BadSignature> {
    let signature = Signature::decode(signature).map_err(|_| BadSignature::Unreadable)?;
    let mut worst = BadSignature::Stranger;
    for Key(key) in keys {
        match key.verify(text, &signature, false) {
            Ok(()) => return Ok(()),
            Err(Error::UnexpectedKeyId) => {}
            Err(Error::UnexpectedAlgorithm) => worst = BadSignature::Legacy,
            Err(_) => worst = BadSignature::Wrong,
        }
    }
    Err(worst)
}
