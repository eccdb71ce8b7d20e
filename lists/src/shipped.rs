//! The lists of `data/`, embedded as `build.rs` packed them.

use alloc::string::String;
use miniz_oxide::inflate::decompress_to_vec;

const PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/shipped.deflate"));

/// Where each text ends. The last one is the guard.
const ENDS: [usize; 7] = include!(concat!(env!("OUT_DIR"), "/ends.rs"));

/// The shipped lists as texts in our own format; `data/README.md` describes them. They are held for as long as they are read:
/// the index keeps what it needs.
#[derive(Clone, Debug)]
pub struct Shipped {
    texts: String,
}

impl Shipped {
    /// Unpacks them, which takes about a millisecond.
    #[must_use]
    pub fn unpack() -> Self {
        // They were packed by the build of this very program, and the tests read all of them: it cannot fail.
        let bytes = decompress_to_vec(PACKED).unwrap_or_default();
        Self { texts: String::from_utf8(bytes).unwrap_or_default() }
    }

    /// In the order they are read.
    pub fn lists(&self) -> impl Iterator<Item = &str> {
        (0..ENDS.len() - 1).map(|number| self.text(number))
    }

    /// The never-block guard: scope `suffix` holds the name and everything below it, `exact` means shared hosting; the kind
    /// is the reason.
    #[must_use]
    pub fn guard(&self) -> &str {
        self.text(ENDS.len() - 1)
    }

    fn text(&self, number: usize) -> &str {
        let before = number.checked_sub(1).and_then(|number| ENDS.get(number)).copied().unwrap_or_default();
        let end = ENDS.get(number).copied().unwrap_or_default();
        self.texts.get(before..end).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn what_is_unpacked_is_what_stands_in_data() {
        let shipped = Shipped::unpack();
        let texts = [
            include_str!("../data/malware.txt"),
            include_str!("../data/pools.txt"),
            include_str!("../data/pool-sites.txt"),
            include_str!("../data/browser-miners.txt"),
            include_str!("../data/addresses.txt"),
            include_str!("../data/resolvers.txt"),
        ];
        assert_eq!(shipped.lists().collect::<Vec<_>>(), texts);
        assert_eq!(shipped.guard(), include_str!("../data/never-block.txt"));
        assert!(PACKED.len() * 4 < shipped.texts.len(), "{} bytes of {}", PACKED.len(), shipped.texts.len());
    }
}
