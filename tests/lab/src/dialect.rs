//! The three dialects the pool and the login client speak.

use std::fmt;

/// A mining protocol, named as in `PROTOCOLS.md` section 1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// D1, stratum v1 as Bitcoin pools speak it.
    Stratum,
    /// D2, CryptoNote login as XMRig speaks it.
    CryptoNote,
    /// D3, getwork over a stream as Ethash pools spoke it.
    EthProxy,
}

impl Dialect {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Stratum, Self::CryptoNote, Self::EthProxy];

    /// The port the pool listens on unless told otherwise.
    #[must_use]
    pub const fn port(self) -> u16 {
        match self {
            Self::Stratum => 3333,
            Self::CryptoNote => 5555,
            Self::EthProxy => 4444,
        }
    }

    /// A wallet of the right form, with a right checksum, that belongs to nobody: the Bitcoin one is the example of
    /// BIP 173, the others are hashes of "minewall lab".
    #[must_use]
    pub const fn wallet(self) -> &'static str {
        match self {
            Self::Stratum => "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
            Self::CryptoNote => {
                "45jJQqgSMwSgw4BFcWdJrH4A792HHuZ6NEHUWBG5xBD16xL9eGUZEPLB7FfwB6F3Fz5MXMt92MofNDPpT3NCYpfmQ3AfVXq"
            }
            Self::EthProxy => "0x974f2844532A4b495683fE8F80854eaBD25d8bCa",
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stratum => "stratum",
            Self::CryptoNote => "cryptonote",
            Self::EthProxy => "ethproxy",
        })
    }
}
