//! Which coin is mined (PROTOCOLS.md sections 2.3 and 2.7). What is ambiguous is said as ambiguous.

use alloc::vec::Vec;

use crate::finding::Confidence;

/// What is known of a session. Coins are tickers in capitals; an empty list knows nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clues<'a> {
    /// The algorithm of a job: what is mined now. The list of a login only says what the miner is able to.
    pub algorithm: Option<&'a str>,
    /// The coin the miner asked to mine (`mc=` of the password).
    pub asked: Option<&'a str>,
    /// The coins the dialect is spoken for.
    pub dialect: &'a [&'a str],
    /// The coins whose addresses look like the wallet; empty where its check fails.
    pub wallet: &'a [&'a str],
    /// The coin stated in front of the wallet, in which to be paid.
    pub payout: Option<&'a str>,
    /// The coins of the pool's name, address or port in the lists.
    pub listed: &'a [&'a str],
    /// The height of the block under way.
    pub height: Option<u64>,
    /// Days since 1970-01-01, to reckon what height a chain should have.
    pub day: Option<u64>,
}

/// The coin that is mined, as far as one can tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coin<'a> {
    /// The ticker; of several the typical one.
    pub ticker: &'a str,
    /// How sure that is; low wherever there are alternatives.
    pub confidence: Confidence,
    /// Why, as one clause.
    pub reason: &'static str,
    /// The other coins it may be, at most [`ALTERNATIVES`].
    pub alternatives: Vec<&'a str>,
    /// The coin the miner is paid in, where it is another.
    pub payout: Option<&'a str>,
}

/// Alternatives kept.
pub const ALTERNATIVES: usize = 8;

/// A chain whose height is known for one day, and the blocks it grows a day.
struct Chain {
    ticker: &'static str,
    /// Days since 1970-01-01.
    day: u64,
    height: u64,
    a_day: u64,
}

/// Measured in captures: 2025-06-16 of Monero; the others by their halvings: 2024-04-20, 2024-04-04, 2022-01-11.
static CHAINS: &[Chain] = &[
    Chain { ticker: "XMR", day: 20_255, height: 3_435_647, a_day: 720 },
    Chain { ticker: "BTC", day: 19_833, height: 840_000, a_day: 144 },
    Chain { ticker: "BCH", day: 19_817, height: 840_000, a_day: 144 },
    Chain { ticker: "XEC", day: 19_817, height: 840_000, a_day: 144 },
    Chain { ticker: "RVN", day: 19_003, height: 2_100_000, a_day: 1_440 },
];

/// Coins whose height alone may speak for them where nothing else does: together, since they share it.
static BY_HEIGHT: &[&str] = &["BTC", "BCH", "XEC"];

/// Coins that are mined no more, and since which day: 2022-09-15.
static ENDED: &[(&str, u64)] = &[("ETH", 19_250)];

/// The coins that are mined with this algorithm, the typical one first; empty where it is unknown.
#[must_use]
pub fn of_algorithm(name: &str) -> &'static [&'static str] {
    let row = ALGORITHMS.iter().find(|(names, _)| names.iter().any(|known| known.eq_ignore_ascii_case(name)));
    row.map_or(&[], |(_, coins)| coins)
}

/// Weighs the clues in the order of section 2.7: each narrows what the stronger ones left open, and none overrules them.
#[must_use]
pub fn infer<'a>(clues: &Clues<'a>) -> Option<Coin<'a>> {
    let algorithm = clues.algorithm.map_or(&[] as &[&str], of_algorithm);
    // A stated payout coin says that the wallet need not be of the coin that is mined.
    let wallet = if clues.payout.is_some() { &[] } else { clues.wallet };
    let sources = [
        (Source::Algorithm, algorithm),
        (Source::Asked, clues.asked.as_slice()),
        (Source::Dialect, clues.dialect),
        (Source::Wallet, wallet),
        (Source::Listed, clues.listed),
        (Source::Height, by_height(clues)),
    ];
    let has_ended = |coin: &str| ENDED.iter().any(|(ended, since)| *ended == coin && clues.day >= Some(*since));
    let mut left: Vec<&'a str> = Vec::new();
    let mut first = None;
    // Clues that do not follow from one another: the dialect mostly follows from the algorithm.
    let mut witnesses = 0_usize;
    for (source, coins) in sources.into_iter().filter(|(_, coins)| !coins.is_empty()) {
        if first.is_none() {
            left.extend(coins.iter().filter(|coin| !has_ended(coin)));
            if left.is_empty() {
                continue;
            }
            first = Some(Settled { by: source, alone: left.len() == 1 });
        } else if left.iter().any(|coin| coins.contains(coin)) {
            left.retain(|coin| coins.contains(coin));
        } else {
            continue;
        }
        witnesses += usize::from(!matches!(source, Source::Dialect | Source::Height));
    }
    witnesses += usize::from(weigh_height(&mut left, clues));
    conclude(left, first?, witnesses, clues)
}

/// Where a coin is known from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Algorithm,
    Asked,
    Dialect,
    Wallet,
    Listed,
    Height,
}

impl Source {
    const fn reason(self) -> &'static str {
        match self {
            Self::Algorithm => "the algorithm of the job is that of this coin",
            Self::Asked => "the miner asked for this coin",
            Self::Dialect => "the protocol is spoken for this coin",
            Self::Wallet => "the wallet is an address of this coin",
            Self::Height => "the height of the block is that of this coin's chain",
            Self::Listed => "the lists name the pool with this coin",
        }
    }
}

/// The strongest clue, and whether it left one coin only.
#[derive(Clone, Copy)]
struct Settled {
    by: Source,
    alone: bool,
}

fn conclude<'a>(left: Vec<&'a str>, first: Settled, witnesses: usize, clues: &Clues<'a>) -> Option<Coin<'a>> {
    let (ticker, others) = left.split_first()?;
    let proven = first.alone && matches!(first.by, Source::Algorithm | Source::Dialect);
    let (confidence, reason) = match (others.is_empty(), proven) {
        (false, _) => (Confidence::Low, "several coins fit all that is known"),
        (true, true) => (Confidence::High, first.by.reason()),
        (true, false) if witnesses > 1 => (Confidence::High, "several clues agree on this coin"),
        (true, false) if first.alone => (Confidence::Medium, first.by.reason()),
        (true, false) => (Confidence::Medium, "of the protocol's coins this one fits the other clue"),
    };
    // A wallet that can be of none of these coins shows what is paid out.
    let foreign = match clues.wallet {
        [coin] if !left.contains(coin) => Some(*coin),
        _ => None,
    };
    let payout = clues.payout.or(foreign).filter(|coin| coin != ticker);
    Some(Coin { ticker, confidence, reason, alternatives: others.iter().copied().take(ALTERNATIVES).collect(), payout })
}

/// Keeps or drops coins by the height their chains should have; tells whether the height spoke for one.
fn weigh_height(left: &mut Vec<&str>, clues: &Clues<'_>) -> bool {
    let fits: Vec<_> = fitting(clues).filter(|ticker| left.contains(ticker)).collect();
    if !fits.is_empty() {
        left.retain(|coin| fits.contains(coin));
        return true;
    }
    let is_off = |coin: &str| clues.height.is_some() && clues.day.is_some_and(|day| knows(coin, day));
    if !left.iter().all(|coin| is_off(coin)) {
        left.retain(|coin| !is_off(coin));
    }
    false
}

/// Whether the chain of this coin has a height to reckon with on this day.
fn knows(coin: &str, day: u64) -> bool {
    CHAINS.iter().any(|chain| chain.ticker == coin && chain.height_on(day).is_some())
}

/// The chains that have this height today. Two in a hundred: a chain keeps its pace within one, and the others of the
/// algorithm are far off.
fn fitting(clues: &Clues<'_>) -> impl Iterator<Item = &'static str> {
    let fits = |(height, day): (u64, u64)| {
        move |chain: &&Chain| chain.height_on(day).is_some_and(|expected| height.abs_diff(expected) <= expected / 50)
    };
    let fits = clues.height.zip(clues.day).map(fits);
    CHAINS.iter().filter(move |chain| fits.as_ref().is_some_and(|fits| fits(chain))).map(|chain| chain.ticker)
}

/// The coins the height alone speaks for, where all of them fit: one of them alone would be a guess.
fn by_height(clues: &Clues<'_>) -> &'static [&'static str] {
    let all = BY_HEIGHT.iter().all(|coin| fitting(clues).any(|ticker| ticker == *coin));
    if all { BY_HEIGHT } else { &[] }
}

impl Chain {
    fn height_on(&self, day: u64) -> Option<u64> {
        let grown = day.abs_diff(self.day).checked_mul(self.a_day)?;
        if day >= self.day { self.height.checked_add(grown) } else { self.height.checked_sub(grown) }
    }
}

type Row = (&'static [&'static str], &'static [&'static str]);

/// Names of algorithms as jobs and miners give them, and the coins mined with them.
static ALGORITHMS: &[Row] = &[
    (&["rx/0", "randomx", "rx"], &["XMR", "ZEPH", "SAL", "QRL", "XTM"]),
    (&["rx/2"], &["XMR"]),
    (&["rx/wow", "randomwow"], &["WOW"]),
    (&["rx/arq", "randomarq"], &["ARQ"]),
    (&["rx/graft", "randomgraft"], &["GRFT"]),
    (&["rx/sfx", "randomsfx"], &["SFX"]),
    (&["rx/yada"], &["YDA"]),
    (&["rx/keva", "randomkeva"], &["KVA"]),
    (&["cn/r", "cryptonight/r"], &["SUMO"]),
    (&["cn/half", "cryptonight/half"], &["MSR"]),
    (&["cn/ccx", "cn/conceal"], &["CCX"]),
    (&["cn/upx2"], &["UPX2"]),
    (&["cn-heavy/xhv"], &["XHV"]),
    (&["cn-heavy/tube"], &["TUBE"]),
    (&["cn-pico", "cn-pico/trtl"], &["TRTL"]),
    (&["cn-pico/tlo"], &["TLO"]),
    (&["cn-lite/0", "cn-lite/1"], &["AEON"]),
    (&["argon2/chukwa", "argon2/chukwav2"], &["TRTL"]),
    (&["argon2/ninja", "argon2/wrkz"], &["WRKZ"]),
    (&["panthera"], &["XLA"]),
    (&["ghostrider", "gr"], &["RTM", "BTRM"]),
    (&["kawpow"], &["RVN", "XNA", "CLORE", "MEWC", "NEOX", "QUAI"]),
    (&["firopow"], &["FIRO"]),
    (&["evrprogpow"], &["EVR"]),
    (&["meowpow"], &["MEWC"]),
    (&["progpowz"], &["ZANO"]),
    (&["sccpow"], &["SCC"]),
    (&["ethash", "daggerhashimoto"], &["ETH", "ETHW", "OCTA"]),
    (&["etchash"], &["ETC"]),
    (&["ubqhash", "ubiqhash"], &["UBQ"]),
    (&["octopus"], &["CFX"]),
    (&["ethashb3"], &["RTH"]),
    (&["autolykos2", "autolykos"], &["ERG"]),
    (&["kheavyhash", "heavyhash"], &["KAS"]),
    (&["karlsenhash", "karlsenhashv2"], &["KLS"]),
    (&["pyrinhash", "pyrinhashv2"], &["PYI"]),
    (&["spectrex"], &["SPR"]),
    (&["nexapow"], &["NEXA"]),
    (&["blake3", "blake3_alephium"], &["ALPH", "DCR"]),
    (&["blake3_decred"], &["DCR"]),
    (&["sha3x"], &["XTM"]),
    (&["sha512256d"], &["RXD"]),
    (&["fishhash"], &["IRON"]),
    (&["eaglesong"], &["CKB"]),
    (&["dynexsolve"], &["DNX"]),
    (&["xelishash", "xelishashv2", "xelishashv3"], &["XEL"]),
    (&["astrobwt", "astrobwtv3", "astrobwt/v3"], &["DERO"]),
    (&["equihash", "equihash200_9", "equihash/200_9", "200_9"], &["ZEC", "ZEN", "KMD"]),
    // Personalisations of Equihash: what the pool names instead.
    (&["bgoldpow"], &["BTG"]),
    (&["bitcoinz"], &["BTCZ"]),
    (&["zelproof"], &["FLUX"]),
    (&["equihash144_5", "equihash/144_5", "144_5"], &["BTG", "BTCZ"]),
    (&["equihash192_7", "equihash/192_7", "192_7"], &["ZER"]),
    (&["equihash125_4", "equihash/125_4", "125_4", "zelhash"], &["FLUX"]),
    (&["equihash210_9", "equihash/210_9", "210_9"], &["AION"]),
    (&["beamhash", "beamhashiii", "beamhash3"], &["BEAM"]),
    (&["verushash"], &["VRSC"]),
    (&["cuckaroo29", "cuckoo29"], &["AE", "GRIN"]),
    (&["cuckatoo31", "cuckatoo32"], &["GRIN"]),
    (&["sha256d", "sha256"], &["BTC", "BCH", "DGB"]),
    (&["scrypt"], &["LTC", "DOGE", "DGB"]),
    (&["x11"], &["DASH"]),
    (&["x16r", "x16rv2"], &["RVN"]),
    (&["lyra2z"], &["FIRO"]),
    (&["neoscrypt"], &["FTC"]),
    (&["groestl"], &["GRS", "DGB"]),
    (&["qubit", "skein", "odo", "odocrypt"], &["DGB"]),
    (&["yespower", "yescrypt"], &["YTN", "TDC"]),
    (&["verthash"], &["VTC"]),
];

#[cfg(test)]
#[path = "coin_tests.rs"]
mod tests;
