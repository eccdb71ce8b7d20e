//! The checks built into wallet addresses: one file each, one line of [`Kind`] each.
//!
//! The hashes come from well-kept crates. The decoders are our own: base58 is needed in two forms that share their
//! digits, the base32 kinds share one polynomial loop, and together they are smaller than the crates they would replace
//! (`bech32` knows neither CashAddr nor the forms without a length limit; `bs58` does not know Monero's blocks).

mod alephium;
mod base58;
mod base58check;
mod bech32;
mod cashaddr;
mod eip55;
mod ergo;
mod hex;
mod monero;
mod nimiq;
mod tari;
mod ton;

#[cfg(test)]
pub(super) mod encode;

/// What the check of an address says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// It holds.
    Valid,
    /// It fails: a placeholder, a slip of the pen, or no address at all.
    Invalid,
    /// The address bears no check, or none we can compute.
    None,
}

/// How an address checks itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// No check, or one whose hash no well-kept crate offers.
    Nothing,
    /// 33 bytes of which the first is the type: no check, but a length.
    Alephium,
    /// Version bytes and the length of what follows them; double SHA-256.
    Base58Check(&'static [u8], usize),
    /// BIP 173; the row's prefix is the human-readable part and the separator.
    Bech32,
    /// BIP 350.
    Bech32m,
    /// A BCH code of 40 bits over this prefix, which may be left out; it ends in a colon.
    CashAddr(&'static str),
    /// The same code with Conflux's own letters (CIP-37).
    Conflux,
    /// The case of the letters, by Keccak-256 (EIP-55).
    Eip55,
    /// A public key, checked by BLAKE2b-256.
    Ergo,
    /// Blocks of base58 with this tag in front, checked by Keccak-256.
    Monero(u64),
    /// IBAN's modulo 97.
    Nimiq,
    /// SHA-256 over the first 35 bytes.
    Qrl,
    /// BIP 141: Bech32 for version 0, Bech32m from version 1 on.
    Segwit,
    /// BLAKE2b-256 in hexadecimal.
    Sia,
    /// Eight bits by Damm's algorithm.
    Tari,
    /// CRC-16.
    Ton,
    /// SHA-256 over 20 bytes; known from one source only, so a failure says nothing.
    Warthog,
}

impl Kind {
    /// The check of `text`, which has the shape of its row and begins with the row's prefix.
    pub(super) fn check(self, prefix: &str, text: &str) -> Check {
        let holds = match self {
            Self::Nothing => return Check::None,
            Self::Alephium => return if alephium::fits(text) { Check::None } else { Check::Invalid },
            Self::Eip55 => return eip55::check(text),
            Self::Warthog => return if hex::warthog(text) { Check::Valid } else { Check::None },
            Self::Base58Check(version, length) => {
                // What stands before an underscore names the kind of object (`ak_`) and is not checked.
                let digits = text.split_once('_').map_or(text, |(_, digits)| digits);
                base58check::holds(digits, version, length)
            }
            Self::Bech32 => bech32::holds(text, prefix, bech32::BECH32),
            Self::Bech32m => bech32::holds(text, prefix, bech32::BECH32M),
            Self::CashAddr(prefix) => cashaddr::holds(text, prefix),
            Self::Conflux => cashaddr::conflux_holds(text),
            Self::Ergo => ergo::holds(text),
            Self::Monero(tag) => monero::holds(text, tag),
            Self::Nimiq => nimiq::holds(text),
            Self::Qrl => hex::qrl(text),
            Self::Segwit => bech32::segwit_holds(text, prefix),
            Self::Sia => hex::sia(text),
            Self::Tari => tari::holds(text),
            Self::Ton => ton::holds(text),
        };
        if holds { Check::Valid } else { Check::Invalid }
    }

    /// Whether a chance word passes so rarely that passing alone tells a wallet: from 16 bits on.
    pub(super) const fn is_strong(self) -> bool {
        !matches!(self, Self::Nothing | Self::Alephium | Self::Tari | Self::Nimiq)
    }
}
