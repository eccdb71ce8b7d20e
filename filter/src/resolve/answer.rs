//! What name servers say of a name.

use std::error::Error;
use std::fmt;
use std::net::IpAddr;

/// Its addresses, each with the seconds it holds.
pub(crate) type Answer = Result<Vec<(IpAddr, u32)>, NoAddress>;

/// Why there is no address of a name.
#[cfg_attr(not(feature = "resolve"), expect(dead_code, reason = "nobody is asked"))]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoAddress {
    /// There is no such name, or it has none.
    None(&'static str),
    /// Nobody could say.
    NoAnswer(String),
}

impl fmt::Display for NoAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None(why) => f.write_str(why),
            Self::NoAnswer(why) => f.write_str(why),
        }
    }
}

impl Error for NoAddress {}
