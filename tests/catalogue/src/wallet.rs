//! Addresses with valid checksums that belong to nobody: their keys are random octets, made from the coin's name and a
//! number, and nobody knows what they would open.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use bech32::primitives::iter::Fe32IterExt as _;
use bech32::{Bech32, Bech32m, ByteIterExt as _, Checksum, Fe32, Hrp};
use blake2::Blake2b;
use blake2::digest::consts::U32;
use sha3::{Digest as _, Keccak256};

use crate::random::Random;

/// The address of this coin and number; `None` if no such coin is known here.
pub(crate) fn address(coin: &str, number: u64) -> Option<String> {
    let mut random = Random::from_text(&format!("address of {coin} {number}"));
    let mut key = |octets: usize| random.octets(octets);
    let address = match coin {
        "ae" => ["ak_", &base58check(&[], &key(32))].concat(),
        "aleo" => bech32_of::<Bech32m>("aleo", &key(32)),
        "alph" => bs58::encode([vec![0], key(32)].concat()).into_string(),
        "bch" => ["bitcoincash:", &cash("bitcoincash", &[vec![0], key(20)].concat(), CASH)].concat(),
        "beam" => hex(&key(33)),
        "btc" => base58check(&[0], &key(20)),
        "btc-segwit" => bech32::segwit::encode_v0(Hrp::parse("bc").ok()?, &key(20)).ok()?,
        "btc-taproot" => bech32::segwit::encode_v1(Hrp::parse("bc").ok()?, &key(32)).ok()?,
        "cfx" => ["cfx:", &cash("cfx", &[vec![0, 0x10 | key(1).first()? & 15], key(19)].concat(), CONFLUX)].concat(),
        "ckb" => bech32_of::<Bech32m>("ckb", &[vec![0; 1], key(32), vec![1], key(20)].concat()),
        "dash" => base58check(&[0x4c], &key(20)),
        // Its checksum is BLAKE-256, for which there is no well-kept crate: these letters have the look only.
        "dcr" => ["Ds", &base58check(&[0x3c], &key(20)).chars().skip(1).collect::<String>()].concat(),
        "dero" => bech32_of::<Bech32>("dero", &[vec![1], key(33)].concat()),
        "doge" => base58check(&[0x1e], &key(20)),
        "erg" => {
            let body = [vec![1, 2], key(32)].concat();
            let check = Blake2b::<U32>::digest(&body);
            bs58::encode([&body[..], check.get(..4)?].concat()).into_string()
        }
        "eth" => eip55(&key(20)),
        "grin" => bech32_of::<Bech32>("grin", &key(32)),
        "hns" => {
            let witness = [Fe32::Q].into_iter().chain(key(20).into_iter().bytes_to_fes());
            witness.with_checksum::<Bech32>(&Hrp::parse("hs").ok()?).chars().collect()
        }
        "iron" => hex(&key(32)),
        "karlsen" => ["karlsen:", &cash("karlsen", &[vec![0], key(32)].concat(), CASH)].concat(),
        "kas" => ["kaspa:", &cash("kaspa", &[vec![0], key(32)].concat(), CASH)].concat(),
        "kda" => ["k:", &hex(&key(32))].concat(),
        "ltc" => base58check(&[0x30], &key(20)),
        "nexa" => ["nexa:", &cash("nexa", &[vec![0x98, 0x17, 0x00, 0x51, 0x14], key(20)].concat(), CASH)].concat(),
        "rvn" => base58check(&[0x3c], &key(20)),
        "ton" => {
            let body = [vec![0x11, 0], key(32)].concat();
            BASE64_URL_SAFE_NO_PAD.encode([&body[..], &crc16(&body).to_be_bytes()].concat())
        }
        "xel" => xelis(&key(33))?,
        "xmr" => monero(&[0x12], &key(64))?,
        "xmr-integrated" => monero(&[0x13], &key(72))?,
        "xmr-sub" => monero(&[0x2a], &key(64))?,
        "zec" => base58check(&[0x1c, 0xb8], &key(20)),
        "zeph" => monero(&varint(26_375_690_432), &key(64))?,
        _ => return None,
    };
    Some(address)
}

fn base58check(version: &[u8], key: &[u8]) -> String {
    bs58::encode([version, key].concat()).with_check().into_string()
}

fn monero(tag: &[u8], keys: &[u8]) -> Option<String> {
    base58_monero::encode_check(&[tag, keys].concat()).ok()
}

fn varint(mut number: u64) -> Vec<u8> {
    let mut octets = Vec::new();
    while number >= 0x80 {
        octets.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    octets.push(number as u8);
    octets
}

fn bech32_of<C: Checksum>(prefix: &str, key: &[u8]) -> String {
    let prefix = Hrp::parse_unchecked(prefix);
    key.iter().copied().bytes_to_fes().with_checksum::<C>(&prefix).chars().collect()
}

/// Bech32, with `:` where others have `1`.
fn xelis(key: &[u8]) -> Option<String> {
    let address = bech32_of::<Bech32>("xel", key);
    Some(["xel:", address.strip_prefix("xel1")?].concat())
}

/// What EIP-55 makes of an address: letters are large where the hash of the small ones says so.
fn eip55(key: &[u8]) -> String {
    let small = hex(key);
    let hash = hex(&Keccak256::digest(&small));
    let cased = small.chars().zip(hash.chars()).map(|(letter, digit)| match digit {
        '8'..='f' => letter.to_ascii_uppercase(),
        _ => letter,
    });
    "0x".chars().chain(cased).collect()
}

const CASH: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const CONFLUX: &[u8; 32] = b"abcdefghjkmnprstuvwxyz0123456789";

/// Data and check behind a CashAddr prefix, in these letters.
fn cash(prefix: &str, octets: &[u8], letters: &[u8; 32]) -> String {
    let data: Vec<u8> = octets.iter().copied().bytes_to_fes().map(Fe32::to_u8).collect();
    let head = prefix.bytes().map(|letter| letter & 31).chain([0]);
    let sum = head.chain(data.iter().copied()).chain([0; 8]).fold(1, polymod) ^ 1;
    let check = (0..8).rev().map(|place| (sum >> (5 * place) & 31) as u8);
    data.iter()
        .copied()
        .chain(check)
        .filter_map(|value| letters.get(usize::from(value)))
        .copied()
        .map(char::from)
        .collect()
}

/// The code of the CashAddr specification.
fn polymod(sum: u64, value: u8) -> u64 {
    let top = sum >> 35;
    let mut next = (sum & 0x07_ffff_ffff) << 5 ^ u64::from(value);
    let generators = [0x98_f2bc_8e61, 0x79_b76d_99e2, 0xf3_3e5f_b3c4, 0xae_2eab_e2a8, 0x1e_4f43_e470];
    for (place, generator) in generators.into_iter().enumerate() {
        if top >> place & 1 == 1 {
            next ^= generator;
        }
    }
    next
}

/// CRC-16/XMODEM.
fn crc16(octets: &[u8]) -> u16 {
    octets.iter().fold(0, |sum, octet| {
        (0..8).fold(sum ^ u16::from(*octet) << 8, |sum, _| if sum & 0x8000 == 0 { sum << 1 } else { sum << 1 ^ 0x1021 })
    })
}

pub(crate) fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}
