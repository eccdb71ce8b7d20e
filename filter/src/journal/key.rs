//! The key that signs the journal: made once, kept beside it, read by its owner only.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use ed25519_compact::{KeyPair, PublicKey, Seed, Signature};

use crate::hex;

/// The secret key's file.
pub(super) const SECRET: &str = "key";
/// The public key's file.
pub(super) const PUBLIC: &str = "key.pub";
/// Digits of a key shown where it is only to be told from others.
const ID_DIGITS: usize = 16;

/// An Ed25519 key (RFC 8032).
pub(super) struct Key {
    pair: KeyPair,
    public: String,
}

impl Key {
    /// The key kept in this directory; one is made where there is none.
    pub(super) fn own(directory: &Path) -> io::Result<Self> {
        let path = directory.join(SECRET);
        match fs::read_to_string(&path) {
            Ok(text) => {
                let bytes = hex::decode(text.trim());
                let seed = bytes.and_then(|bytes| Seed::from_slice(&bytes).ok()).ok_or_else(|| {
                    let told = format!("{} is no key; put the former one back, or move it away", path.display());
                    io::Error::new(io::ErrorKind::InvalidData, told)
                })?;
                Ok(Self::from_seed(seed))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::make(directory),
            Err(error) => Err(io::Error::new(error.kind(), format!("cannot read {}: {error}", path.display()))),
        }
    }

    fn make(directory: &Path) -> io::Result<Self> {
        let mut bytes = [0; 32];
        let read = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())?;
        if read != bytes.len() {
            return Err(io::Error::other("the kernel gives no random numbers"));
        }
        let key = Self::from_seed(Seed::new(bytes));
        put(directory, SECRET, 0o600, &hex::encode(&bytes))?;
        put(directory, PUBLIC, 0o644, &key.public)?;
        Ok(key)
    }

    fn from_seed(seed: Seed) -> Self {
        let pair = KeyPair::from_seed(seed);
        Self { public: hex::encode(pair.pk.as_ref()), pair }
    }

    /// In hexadecimal.
    pub(super) fn public(&self) -> &str {
        &self.public
    }

    pub(super) fn sign(&self, text: &str) -> String {
        hex::encode(self.pair.sk.sign(text, None).as_ref())
    }
}

/// The first digits of the public key kept in this directory; none where there is no key. None is made.
///
/// # Errors
/// It cannot be read, or is no key.
pub(crate) fn look(directory: &Path) -> io::Result<Option<String>> {
    match directory.join(SECRET).try_exists()? {
        true => Key::own(directory).map(|key| Some(id(key.public()).to_owned())),
        false => Ok(None),
    }
}

/// Writes a line whole or not at all, and for good.
fn put(directory: &Path, name: &str, mode: u32, text: &str) -> io::Result<()> {
    let new = directory.join(format!("{name}.new"));
    let _ = fs::remove_file(&new);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&new)?;
    writeln!(file, "{text}")?;
    file.sync_all()?;
    fs::rename(&new, directory.join(name))?;
    super::segment::sync(directory)
}

/// Whether this public key has signed this text; both in hexadecimal.
pub(super) fn has_signed(public: &str, text: &str, signature: &str) -> bool {
    let key = hex::decode(public).and_then(|bytes| PublicKey::from_slice(&bytes).ok());
    let signature = hex::decode(signature).and_then(|bytes| Signature::from_slice(&bytes).ok());
    key.zip(signature).is_some_and(|(key, signature)| key.verify(text, &signature).is_ok())
}

/// Enough of a key to tell it from others.
pub(super) fn id(public: &str) -> &str {
    public.get(..ID_DIGITS).unwrap_or(public)
}

/// A public key in hexadecimal, alone or in a file.
pub(super) fn parse(text: &str) -> Option<String> {
    let read = fs::read_to_string(text).ok();
    let text = read.as_deref().unwrap_or(text).trim().to_ascii_lowercase();
    let bytes = hex::decode(&text)?;
    PublicKey::from_slice(&bytes).ok().map(|_| text)
}
