//! Numbers that look random and are the same every time.

/// A generator (SplitMix64).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// One whose numbers come from this text (FNV-1a).
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        Self(
            text.bytes()
                .fold(0xcbf2_9ce4_8422_2325, |sum, octet| (sum ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3)),
        )
    }

    /// The next 64 bits.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// A number below this one; 0 below 1.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.draw() >> 16) as usize % bound.max(1)
    }

    /// So many octets.
    pub fn octets(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.draw() as u8).collect()
    }
}
