//! The bits of marks that are ours.

use alloc::string::String;

use serde::{Deserialize, Deserializer, de};

/// Two bits of the packet and conntrack marks: the lower says CLEARED, the upper CUT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// This flow stays in the kernel.
    pub cleared: u32,
    /// This flow is cut by the kernel.
    pub cut: u32,
}

impl Mark {
    /// Both bits.
    #[must_use]
    pub const fn mask(self) -> u32 {
        self.cleared | self.cut
    }
}

impl Default for Mark {
    fn default() -> Self {
        Self { cleared: 0x1000_0000, cut: 0x2000_0000 }
    }
}

impl<'de> Deserialize<'de> for Mark {
    /// A number or text such as `"0x30000000"` with exactly two bits set.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Number(u32),
            Text(String),
        }
        let mask = match Form::deserialize(deserializer)? {
            Form::Number(mask) => Some(mask),
            Form::Text(text) => match text.strip_prefix("0x") {
                Some(hex) => u32::from_str_radix(hex, 16).ok(),
                None => text.parse().ok(),
            },
        };
        let mask = mask.filter(|mask| mask.count_ones() == 2).ok_or_else(|| {
            de::Error::custom("a mark mask is a 32-bit number with exactly two bits set, such as \"0x30000000\"")
        })?;
        let cleared = mask & mask.wrapping_neg();
        Ok(Self { cleared, cut: mask ^ cleared })
    }
}
