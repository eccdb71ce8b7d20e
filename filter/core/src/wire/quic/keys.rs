//! Protection of the client's Initial packets, RFC 9001 section 5, RFC 9369 section 3.3.

use aes_gcm::{
    Aes128Gcm, KeyInit, Tag,
    aead::AeadInOut,
    aes::{Aes128, cipher::BlockCipherEncrypt},
};
use hkdf::Hkdf;
use sha2::Sha256;

use super::Version;

/// What varies between versions: RFC 9001 sections 5.1 and 5.2, RFC 9369 sections 3.3.1 and 3.3.2.
struct Labels {
    salt: [u8; 20],
    key: &'static [u8],
    iv: &'static [u8],
    hp: &'static [u8],
}

const V1: Labels = Labels {
    salt: [
        0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb,
        0x7f, 0x0a,
    ],
    key: b"quic key",
    iv: b"quic iv",
    hp: b"quic hp",
};

const V2: Labels = Labels {
    salt: [
        0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93, 0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd,
        0x2e, 0xd9,
    ],
    key: b"quicv2 key",
    iv: b"quicv2 iv",
    hp: b"quicv2 hp",
};

/// Octets of the authentication tag, RFC 9001 section 5.3.
const TAG: usize = 16;

/// Keys of the client's Initial packets. They are no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Keys {
    pub(super) key: [u8; 16],
    pub(super) iv: [u8; 12],
    pub(super) hp: [u8; 16],
}

impl Keys {
    /// Derives the keys from the Destination Connection ID of the client's first packet.
    pub(super) fn client(version: Version, dcid: &[u8]) -> Option<Self> {
        let labels = match version {
            Version::V1 => V1,
            Version::V2 => V2,
        };
        let initial = Hkdf::<Sha256>::new(Some(&labels.salt), dcid);
        let secret: [u8; 32] = expand(&initial, b"client in")?;
        let secret = Hkdf::<Sha256>::from_prk(&secret).ok()?;
        Some(Self {
            key: expand(&secret, labels.key)?,
            iv: expand(&secret, labels.iv)?,
            hp: expand(&secret, labels.hp)?,
        })
    }

    /// Takes the protection off a packet in place; gives its number and its frames. `largest` is the
    /// largest number opened before. `None` if the packet is too short or not authentic.
    pub(super) fn open<'p>(
        &self,
        packet: &'p mut [u8],
        number_at: usize,
        largest: Option<u64>,
    ) -> Option<(u64, &'p [u8])> {
        // The sample is taken as if the number had 4 octets, RFC 9001 section 5.4.2.
        let sample = *packet.get(number_at.checked_add(4)?..)?.first_chunk()?;
        let [first_mask, number_mask @ ..] = self.mask(sample);
        let first = packet.first_mut()?;
        *first ^= first_mask & 0x0f;
        let length = usize::from(*first & 3) + 1;
        let mut truncated = 0;
        for (octet, mask) in packet.get_mut(number_at..number_at + length)?.iter_mut().zip(number_mask) {
            *octet ^= mask;
            truncated = truncated << 8 | u64::from(*octet);
        }
        let number = full_number(truncated, length, largest);
        let (header, body) = packet.split_at_mut_checked(number_at + length)?;
        let (text, tag) = body.split_at_mut_checked(body.len().checked_sub(TAG)?)?;
        let tag = Tag::from(*tag.first_chunk::<TAG>()?);
        let cipher = Aes128Gcm::new(&self.key.into());
        cipher.decrypt_inout_detached(&self.nonce(number).into(), header, (&mut *text).into(), &tag).ok()?;
        Some((number, text))
    }

    /// The mask of header protection, RFC 9001 section 5.4.3: for the first octet, then for the number.
    pub(super) fn mask(&self, sample: [u8; 16]) -> [u8; 5] {
        let mut block = sample.into();
        Aes128::new(&self.hp.into()).encrypt_block(&mut block);
        let block: [u8; 16] = block.into();
        let [a, b, c, d, e, ..] = block;
        [a, b, c, d, e]
    }

    /// RFC 9001 section 5.3: the vector, its end combined with the number.
    pub(super) fn nonce(&self, number: u64) -> [u8; 12] {
        let mut nonce = self.iv;
        for (octet, digit) in nonce.iter_mut().rev().zip(number.to_be_bytes().into_iter().rev()) {
            *octet ^= digit;
        }
        nonce
    }
}

/// HKDF-Expand-Label without context, RFC 8446 section 7.1.
fn expand<const N: usize>(secret: &Hkdf<Sha256>, label: &[u8]) -> Option<[u8; N]> {
    let mut output = [0; N];
    let length = u16::try_from(N).ok()?.to_be_bytes();
    let label_length = [u8::try_from(6 + label.len()).ok()?];
    secret.expand_multi_info(&[&length, &label_length, b"tls13 ", label, &[0]], &mut output).ok()?;
    Some(output)
}

/// The number nearest to the next one expected, RFC 9000 appendix A.3.
fn full_number(truncated: u64, length: usize, largest: Option<u64>) -> u64 {
    let expected = largest.map_or(0, |largest| largest.saturating_add(1));
    let window = 1 << (8 * length);
    let candidate = expected & !(window - 1) | truncated;
    if candidate + window / 2 <= expected && candidate < (1 << 62) - window {
        candidate + window
    } else if candidate > expected + window / 2 && candidate >= window {
        candidate - window
    } else {
        candidate
    }
}
