//! The way back, for tests: addresses made from bytes.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use blake2::Blake2b;
use blake2::digest::consts::U32;
use sha2::Sha256;
use sha3::{Digest, Keccak256};

use super::{bech32, cashaddr, tari, ton};

const BASE58: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

pub(crate) fn base58(bytes: &[u8]) -> String {
    let mut digits: Vec<u8> = vec![];
    for byte in bytes {
        let mut carry = u32::from(*byte);
        for digit in &mut digits {
            carry += 256 * u32::from(*digit);
            *digit = (carry % 58) as u8;
            carry /= 58;
        }
        while carry != 0 {
            digits.push((carry % 58) as u8);
            carry /= 58;
        }
    }
    let zeros = bytes.iter().take_while(|byte| **byte == 0).map(|_| '1');
    zeros.chain(digits.iter().rev().map(|digit| char::from(BASE58[usize::from(*digit)]))).collect()
}

fn checked(mut body: Vec<u8>, hash: impl Fn(&[u8]) -> Vec<u8>, length: usize) -> Vec<u8> {
    let check = hash(&body);
    body.extend_from_slice(&check[..length]);
    body
}

pub(crate) fn base58check(version: &[u8], payload: &[u8]) -> String {
    let twice = |body: &[u8]| Sha256::digest(Sha256::digest(body)).to_vec();
    base58(&checked([version, payload].concat(), twice, 4))
}

fn blake(body: &[u8]) -> Vec<u8> {
    Blake2b::<U32>::digest(body).to_vec()
}

pub(crate) fn ergo(key: &[u8]) -> String {
    base58(&checked([&[1], key].concat(), blake, 4))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

pub(crate) fn sia(hash: &[u8]) -> String {
    hex(&checked(hash.to_vec(), blake, 6))
}

pub(crate) fn qrl(body: &[u8]) -> String {
    let last = |body: &[u8]| Sha256::digest(body)[28..].to_vec();
    ["Q", &hex(&checked(body.to_vec(), last, 4))].concat()
}

pub(crate) fn warthog(body: &[u8]) -> String {
    hex(&checked(body.to_vec(), |body| Sha256::digest(body).to_vec(), 4))
}

pub(crate) fn monero(mut tag: u64, keys: &[u8]) -> String {
    let mut body = vec![];
    while tag >= 0x80 {
        body.push((tag & 0x7f) as u8 | 0x80);
        tag >>= 7;
    }
    body.push(tag as u8);
    body.extend_from_slice(keys);
    let bytes = checked(body, |body| Keccak256::digest(body).to_vec(), 4);
    let letters = [0, 2, 3, 5, 6, 7, 9, 10, 11];
    let block = |block: &[u8]| {
        let mut value = block.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
        let mut out = vec!['1'; letters[block.len()]];
        for letter in out.iter_mut().rev() {
            *letter = char::from(BASE58[(value % 58) as usize]);
            value /= 58;
        }
        out
    };
    bytes.chunks(8).flat_map(block).collect()
}

/// Bytes in groups of five bits, padded with zeros.
pub(crate) fn fives(bytes: &[u8]) -> Vec<u8> {
    let bits: Vec<u8> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)).collect();
    bits.chunks(5).map(|five| five.iter().fold(0, |value, bit| value << 1 | bit) << (5 - five.len())).collect()
}

/// `prefix` holds the separator; `values` are of five bits.
pub(crate) fn bech32(prefix: &str, values: &[u8], m: bool) -> String {
    let hrp = &prefix[..prefix.len() - 1];
    let head = hrp.bytes().map(|letter| letter >> 5).chain([0]).chain(hrp.bytes().map(|letter| letter & 31));
    let sum = head.chain(values.iter().copied()).chain([0; 6]).fold(1, bech32::step);
    let sum = sum ^ if m { bech32::BECH32M } else { bech32::BECH32 };
    let check = (0..6).rev().map(|at| (sum >> (5 * at) & 31) as u8);
    let letters = values.iter().copied().chain(check).map(|value| char::from(bech32::LETTERS[usize::from(value)]));
    prefix.chars().chain(letters).collect()
}

/// `prefix` holds the colon.
pub(crate) fn cash(prefix: &str, bytes: &[u8]) -> String {
    let letters = if prefix == "cfx:" { cashaddr::CONFLUX } else { bech32::LETTERS };
    let values = fives(bytes);
    let head = prefix.bytes().filter(|letter| *letter != b':').map(|letter| letter & 31).chain([0]);
    let sum = head.chain(values.iter().copied()).chain([0; 8]).fold(1, cashaddr::step) ^ 1;
    let check = (0..8).rev().map(|at| (sum >> (5 * at) & 31) as u8);
    let data = values.iter().copied().chain(check).map(|value| char::from(letters[usize::from(value)]));
    prefix.chars().chain(data).collect()
}

pub(crate) fn eip55(bytes: &[u8]) -> String {
    let small = hex(bytes);
    let nibbles: Vec<u8> = Keccak256::digest(&small).iter().flat_map(|byte| [byte >> 4, byte & 15]).collect();
    let cased = small.chars().zip(nibbles).map(|(l, n)| if n >= 8 { l.to_ascii_uppercase() } else { l });
    "0x".chars().chain(cased).collect()
}

pub(crate) fn tari(network: u8, features: u8, rest: &[u8]) -> String {
    let sum = [network, features].iter().chain(rest).copied().fold(0, tari::step);
    let parts = [base58(&[network]), base58(&[features]), base58(&[rest, &[sum]].concat())];
    parts.concat()
}

pub(crate) fn ton(body: &[u8]) -> String {
    let sum = body.iter().copied().fold(0, ton::step);
    let bytes = [body, &sum.to_be_bytes()].concat();
    let letters: Vec<char> = ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['-', '_']).collect();
    let four = |three: &[u8]| {
        let value = three.iter().fold(0_usize, |value, byte| value << 8 | usize::from(*byte));
        [value >> 18, value >> 12 & 63, value >> 6 & 63, value & 63]
    };
    bytes.chunks(3).flat_map(four).map(|value| letters[value]).collect()
}
