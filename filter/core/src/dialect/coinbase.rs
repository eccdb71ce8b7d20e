//! The first transaction of a block under way, as stratum hands it out in two halves: the height (BIP 34), and the text
//! by which pools sign their blocks.

use alloc::string::String;
use alloc::vec::Vec;

use crate::wire::json::Str;

/// What a coinbase tells.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Coinbase {
    pub(super) height: Option<u64>,
    /// The pool by its tag, or else the tag itself.
    pub(super) pool: Option<String>,
}

/// Tags in lower case, and the pools that sign so.
static TAGS: &[(&str, &str)] = &[
    ("/antpool", "AntPool"),
    ("mined by antpool", "AntPool"),
    ("binance", "Binance Pool"),
    ("/braiins/", "Braiins Pool"),
    ("slush", "Braiins Pool"),
    ("/btc.com/", "BTC.com"),
    ("btccom", "BTC.com"),
    ("/btc.top/", "BTC.TOP"),
    ("ckpool", "CKPool"),
    ("emcd", "EMCD"),
    ("f2pool", "F2Pool"),
    ("foundry usa", "Foundry USA"),
    ("huobi", "Huobi"),
    ("kanopool", "KanoPool"),
    ("litecoinpool.org", "litecoinpool.org"),
    ("/ltc.top/", "LTC.TOP"),
    ("luxor", "Luxor"),
    ("mara pool", "MARA Pool"),
    ("maramadein", "MARA Pool"),
    ("mining-dutch", "Mining-Dutch"),
    ("miningsquared", "Mining Squared"),
    ("/nicehash/", "NiceHash"),
    ("ocean.xyz", "OCEAN"),
    ("poolin", "Poolin"),
    ("prohashing", "Prohashing"),
    ("public-pool", "Public Pool"),
    ("rawpool", "Rawpool"),
    ("sbicrypto", "SBI Crypto"),
    ("secpool", "SECPOOL"),
    ("spiderpool", "SpiderPool"),
    ("ultimus", "ULTIMUSPOOL"),
    ("/viabtc/", "ViaBTC"),
    ("mined by viabtc", "ViaBTC"),
    ("whitepool", "WhitePool"),
    ("zergpool", "ZergPool"),
    ("zpool.ca", "zpool"),
];

/// The outpoint of a coinbase: no transaction, no output.
const NO_TRANSACTION: [u8; 32] = [0; 32];
const NO_OUTPUT: [u8; 4] = [0xff; 4];

/// The script of a coinbase has 100 bytes at most (consensus rule of Bitcoin and its kin).
const SCRIPT: usize = 100;

/// Marks a commitment to other chains' blocks: 32 bytes of hash and 8 of numbers follow.
const MERGED: &[u8] = b"\xfa\xbemm";

/// The shortest text taken for a tag, and its letters: random bytes rarely hold one.
const TAG: usize = 5;
const LETTERS: usize = 3;

/// Reads both halves, in hexadecimal; the second one's text may be missing.
pub(super) fn read(first: Str<'_>, second: Option<Str<'_>>) -> Coinbase {
    let first = bytes(first, 49 + SCRIPT);
    let Some((length, script)) = script(&first) else { return Coinbase::default() };
    let rest = second.map(|second| bytes(second, length.saturating_sub(script.len()))).unwrap_or_default();
    // The sequence number ends the script.
    let end = [[0xff_u8; 4], [0; 4]].iter().filter_map(|end| find(&rest, end)).min();
    let rest = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
    let texts = [tag_text(script), tag_text(rest)];
    let known = texts.iter().find_map(|text| known(text));
    let pool = known.map(String::from).or_else(|| texts.iter().filter_map(|text| longest(text)).next());
    Coinbase { height: height(script), pool }
}

/// The length of the script, and what stands of it in the first half. A few coins put a time behind the version.
fn script(first: &[u8]) -> Option<(usize, &[u8])> {
    [4, 8].into_iter().find_map(|inputs| {
        let (count, rest) = first.get(inputs..)?.split_first()?;
        let (length, script) = rest.strip_prefix(&NO_TRANSACTION)?.strip_prefix(&NO_OUTPUT)?.split_first()?;
        let length = usize::from(*length);
        (*count == 1 && length <= SCRIPT).then(|| (length, script.get(..length).unwrap_or(script)))
    })
}

/// The number pushed first, low byte first.
fn height(script: &[u8]) -> Option<u64> {
    let (length, rest) = script.split_first()?;
    let length = usize::from(*length);
    let digits = rest.get(..length).filter(|_| (2..=4).contains(&length))?;
    Some(digits.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// The script with everything that is no text as NUL, without commitments.
fn tag_text(script: &[u8]) -> String {
    let at = find(script, MERGED);
    let (before, after) = script.split_at_checked(at.unwrap_or(script.len())).unwrap_or((script, &[]));
    let after = after.get(MERGED.len() + 40..).unwrap_or_default();
    let visible = |byte: &u8| if matches!(byte, b' '..=b'~') { char::from(*byte) } else { '\0' };
    before.iter().map(visible).chain(['\0']).chain(after.iter().map(visible)).collect()
}

fn known(text: &str) -> Option<&'static str> {
    let lower = text.to_ascii_lowercase();
    TAGS.iter().find(|(tag, _)| lower.contains(tag)).map(|(_, pool)| *pool)
}

fn longest(text: &str) -> Option<String> {
    let is_tag = |run: &&str| run.len() >= TAG && run.bytes().filter(u8::is_ascii_alphabetic).count() >= LETTERS;
    let run =
        text.split('\0').map(|run| run.trim_matches([' ', ',', ';'])).filter(is_tag).max_by_key(|run| run.len())?;
    Some(run.into())
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

/// The first bytes of a hexadecimal text.
fn bytes(hex: Str<'_>, most: usize) -> Vec<u8> {
    let digits: Vec<u8> = hex.chars().map_while(|digit| digit.to_digit(16)?.try_into().ok()).take(2 * most).collect();
    digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect()
}
