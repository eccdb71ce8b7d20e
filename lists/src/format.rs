//! The formats of list texts.

use crate::kind::{Unknown, words};
use core::{fmt, str::FromStr};

/// How a list is written. `Auto` finds it out line by line; any other reads lines of its own shape and counts the rest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// Any of them, in any mixture.
    #[default]
    Auto,
    /// Names, one a line: `a.b`, `.a.b`, `*.a.b`.
    Plain,
    /// `0.0.0.0 a.b`.
    Hosts,
    /// `||a.b^`.
    AdBlock,
    /// `address=/a.b/`.
    Dnsmasq,
    /// `local-zone: "a.b." always_nxdomain`.
    Unbound,
    /// A response policy zone.
    Rpz,
    /// Addresses, prefixes, ranges; also as ipset saves them.
    Addresses,
    /// `address:port`, `name:port`, URLs.
    Urls,
    /// The elements of nftables sets.
    Nft,
    /// Objects with known keys, arrays of names; also MISP and STIX.
    Json,
    /// Columns with a known head line.
    Csv,
    /// Rules of Suricata or Snort that look at names.
    Suricata,
    /// `a.b|192.0.2.1`, STIX patterns; also in JSON.
    Misp,
    /// Our own seven columns.
    Own,
}

const FORMATS: &[(&str, Format)] = &[
    ("auto", Format::Auto),
    ("plain", Format::Plain),
    ("hosts", Format::Hosts),
    ("adblock", Format::AdBlock),
    ("dnsmasq", Format::Dnsmasq),
    ("unbound", Format::Unbound),
    ("rpz", Format::Rpz),
    ("addresses", Format::Addresses),
    ("urls", Format::Urls),
    ("nft", Format::Nft),
    ("json", Format::Json),
    ("csv", Format::Csv),
    ("suricata", Format::Suricata),
    ("misp", Format::Misp),
    ("own", Format::Own),
];

impl Format {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        FORMATS.iter().map(|row| row.1)
    }
}

words!(
    Format,
    FORMATS,
    "auto, plain, hosts, adblock, dnsmasq, unbound, rpz, addresses, urls, nft, json, csv, suricata, misp, own"
);

#[cfg(test)]
mod tests {
    use super::*;
    use std::{string::ToString, vec::Vec};

    #[test]
    fn every_word_reads_back() {
        let words: Vec<_> = Format::all().map(Format::as_str).collect();
        assert_eq!(words.len(), 15);
        for format in Format::all() {
            assert_eq!(format.as_str().parse(), Ok(format));
        }
        let error = "Hosts".parse::<Format>().unwrap_err().to_string();
        assert_eq!(error, ["not one of: ", &words.join(", ")].concat());
    }
}
