//! The lists of `data/`, embedded.

/// The shipped lists in our own format, in the order they are read; `data/README.md` describes them.
pub const SHIPPED: &[&str] = &[
    include_str!("../data/malware.txt"),
    include_str!("../data/pools.txt"),
    include_str!("../data/pool-sites.txt"),
    include_str!("../data/browser-miners.txt"),
    include_str!("../data/addresses.txt"),
    include_str!("../data/resolvers.txt"),
];

/// The never-block guard in the same format: scope `suffix` holds the name and everything below it,
/// `exact` means shared hosting; the kind is the reason.
pub const SHIPPED_GUARD: &str = include_str!("../data/never-block.txt");
