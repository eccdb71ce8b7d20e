//! The texts of messages: written as they go over the wire, with places to be filled.
//!
//! | place | what it becomes |
//! |---|---|
//! | `${64}` | so many hexadecimal digits; `${64 name}`: the same ones wherever the name stands |
//! | `${xmr}`, `${xmr 2}` | an address of this coin (see `wallet.rs`), by number |
//! | `${noise 64}` | so many random octets; with a name, the same ones |
//! | `${ints 42}` | so many whole numbers, with commas |
//! | `${x 0d 0a}` | these octets |
//! | `${base64 text}` | the text in Base64, its own places filled first |
//! | `${repeat 9 text}` | the text so many times |
//! | `${str text}` | the text behind its length in one octet |
//! | `${le24 text}` | the text behind its length in three octets, the least one first |
//! | `${hello name}` | a TLS ClientHello with this server name; with `-`, none |
//! | `${question name A}` | a DNS question |
//! | `${framed ..}` | the text behind its length in two octets, as DNS over TCP has it |

use std::collections::HashMap;

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::random::Random;
use crate::{wallet, wire};

/// Fills the places of one case: what was named once is the same again.
pub(crate) struct Filler {
    random: Random,
    named: HashMap<String, Vec<u8>>,
}

impl Filler {
    pub(crate) fn new(case: &str) -> Self {
        Self { random: Random::from_text(case), named: HashMap::new() }
    }

    /// The octets of a text.
    pub(crate) fn fill(&mut self, text: &str) -> Result<Vec<u8>> {
        let mut octets = Vec::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once("${") {
            octets.extend(before.bytes());
            let end = end_of_place(behind).with_context(|| format!("a place without an end: ${{{behind}"))?;
            let (place, after) = behind.split_at(end);
            octets.extend(self.place(place).with_context(|| format!("the place ${{{place}}}"))?);
            rest = after.get(1..).unwrap_or_default();
        }
        octets.extend(rest.bytes());
        Ok(octets)
    }

    /// The words of an expectation: no octets that are not text.
    pub(crate) fn words(&mut self, text: &str) -> Result<String> {
        String::from_utf8(self.fill(text)?).context("an expected word is not text")
    }

    fn place(&mut self, place: &str) -> Result<Vec<u8>> {
        let (kind, rest) = place.split_once(' ').unwrap_or((place, ""));
        let count = |text: &str| text.parse::<usize>().with_context(|| format!("{text:?} is not a number"));
        if kind.bytes().all(|digit| digit.is_ascii_digit()) {
            let digits = count(kind)?;
            return Ok(self.run(place, rest, |random| {
                (0..digits).map(|_| b"0123456789abcdef"[random.draw() as usize % 16]).collect()
            }));
        }
        let words: Vec<_> = rest.split(' ').collect();
        Ok(match (kind, &words[..]) {
            ("noise", [octets, name @ ..]) => {
                let octets = count(octets)?;
                self.run(place, &name.concat(), |random| random.octets(octets))
            }
            ("ints", [many]) => {
                let numbers: Vec<_> = (0..count(many)?).map(|_| (self.random.draw() % (1 << 29)).to_string()).collect();
                numbers.join(",").into_bytes()
            }
            ("x", _) => octets(&rest.replace(' ', ""))?,
            ("base64", _) => BASE64_STANDARD.encode(self.fill(rest)?).into_bytes(),
            ("repeat", [times, ..]) => {
                let text = rest.split_once(' ').unwrap_or_default().1;
                self.fill(text)?.repeat(count(times)?)
            }
            ("str", _) => {
                let text = self.fill(rest)?;
                [vec![u8::try_from(text.len())?], text].concat()
            }
            ("le24", _) => {
                let text = self.fill(rest)?;
                (text.len() as u32).to_le_bytes().into_iter().take(3).chain(text).collect()
            }
            ("hello", ["-"]) => wire::hello(None),
            ("hello", [name]) => wire::hello(Some(name)),
            ("question", [name, kind]) => wire::question(name, kind)?,
            ("framed", _) => wire::framed(&self.fill(rest)?),
            (coin, [number]) => {
                let number = if number.is_empty() { 1 } else { count(number)? as u64 };
                wallet::address(coin, number).context("there is no such kind of place")?.into_bytes()
            }
            _ => bail!("there is no such kind of place"),
        })
    }

    /// A random run, remembered by the whole place if it has a name.
    fn run(&mut self, place: &str, name: &str, make: impl FnOnce(&mut Random) -> Vec<u8>) -> Vec<u8> {
        if name.is_empty() {
            return make(&mut self.random);
        }
        let random = &mut self.random;
        self.named.entry(place.to_owned()).or_insert_with(|| make(random)).clone()
    }
}

/// Where the place that begins here ends; places and objects may stand in it.
fn end_of_place(text: &str) -> Option<usize> {
    let mut open = 1;
    for (at, letter) in text.char_indices() {
        match letter {
            '{' => open += 1,
            '}' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return Some(at);
        }
    }
    None
}

fn octets(digits: &str) -> Result<Vec<u8>> {
    let pair = |at: usize| digits.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    (0..digits.len()).step_by(2).map(|at| pair(at).with_context(|| format!("{digits:?} are no octets"))).collect()
}
