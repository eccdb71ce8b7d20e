//! Bytes to other bytes.

/// Numbers that look random, from a seed (SplitMix64).
#[derive(Clone, Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `end`; 0 when that is 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % (end as u64).max(1)) as usize
    }

    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let at = self.below(of.len());
        of.get(at)
    }
}

/// Words that mean something in one of the formats.
const WORDS: &[&str] = &[
    "\n",
    "\r\n",
    "\0",
    "\t",
    " ",
    "#",
    "!",
    "//",
    ";",
    ":",
    "::",
    "/",
    "||",
    "^",
    "$",
    "@@",
    "##",
    "*.",
    ".",
    "..",
    "-",
    "{",
    "}",
    "[",
    "]",
    "\"",
    "'",
    "\\",
    ",",
    "=",
    "(",
    ")",
    "|",
    "<html>",
    "<!doctype html>",
    "\u{feff}",
    "矿",
    "ß",
    "\u{ad}",
    "。",
    "\u{ff0e}",
    "xn--",
    "com",
    "a.example",
    "1.2.3.4",
    "0.0.0.0",
    "255.255.255.255",
    "2001:db8::1",
    "[::1]:0",
    ":65535",
    ":65536",
    "/0",
    "/33",
    "/129",
    "$ORIGIN a.b.",
    "@ SOA a. b. (1",
    "CNAME .",
    "*.x.y CNAME .",
    ".rpz-ip CNAME .",
    "rpz-passthru.",
    "elements = { ",
    "table inet x {",
    "domain,port\n",
    "type;value\n",
    "\\u0000",
    "\\ud800",
    "{\"domain\": ",
    "\"port\": ",
    "null",
    "1e999",
    "-0",
    "local-zone: \"",
    "\" redirect",
    "local-data: \"",
    "address=/",
    "server=/",
    "add x ",
    "dns.query; ",
    "content:\"",
    "alert a b -> c (",
    "dotprefix; ",
    "endswith; ",
    "stratum+tcp://",
    "user@",
    "[domain-name:value = '",
    " OR ",
    "to_ids",
    "$badfilter",
    "[Adblock Plus 2.0]\n",
];

/// Bytes of an input at most; longer ones only cost time.
const MAX_LENGTH: usize = 16 << 10;

/// Changes an input a few times; `other` is another one, to take pieces from.
pub(crate) fn mutate(input: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    for _ in 0..1 + random.below(6) {
        let at = random.below(input.len() + 1);
        let length = random.below(32).min(input.len() - at);
        match random.below(9) {
            0 => {
                if let Some(byte) = input.get_mut(at) {
                    *byte ^= 1 << random.below(8);
                }
            }
            1 => input.insert(at, random.below(256) as u8),
            2 => drop(input.drain(at..at + length)),
            3 | 4 => {
                let word = random.pick(WORDS).copied().unwrap_or("");
                input.splice(at..at, word.bytes());
            }
            5 => {
                let word = random.pick(WORDS).copied().unwrap_or("");
                input.splice(at..at + length, word.bytes());
            }
            6 => {
                let from = random.below(other.len() + 1);
                let piece = other.get(from..(from + random.below(200)).min(other.len())).unwrap_or(&[]);
                input.splice(at..at, piece.iter().copied());
            }
            7 => {
                let piece = input.get(at..at + length).unwrap_or(&[]).repeat(1 + random.below(40));
                input.splice(at..at, piece);
            }
            _ => input.truncate(at.max(2)),
        }
    }
    input.truncate(MAX_LENGTH);
}
