//! One entry as a list states it.

use crate::kind::{Confidence, Scope};
use alloc::vec::Vec;
use core::net::IpAddr;
use ipnet::IpNet;

/// What an entry names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// A checked name in ASCII, in any case.
    Name(&'a str),
    /// One host; the ports say which of its services.
    Address(IpAddr),
    /// More than one host: not wider than /8 (IPv4) or /19 (IPv6), and none of it reserved.
    Prefix(IpNet),
}

/// One entry as a list states it; what it does not state is `None` or empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// What it names.
    pub target: Target<'a>,
    /// Whether the list says that this is not to be blocked.
    pub except: bool,
    /// How far it reaches; of addresses it says nothing.
    pub scope: Scope,
    /// How sure the list is.
    pub confidence: Option<Confidence>,
    /// `endpoint`, the family of the malware, ...
    pub kind: &'a str,
    /// Symbols with commas.
    pub coins: &'a str,
    /// Rising, each once, at most 256.
    pub ports: Vec<u16>,
    /// `YYYY-MM-DD`.
    pub date: &'a str,
}

impl<'a> Entry<'a> {
    /// Of a name and everything below it, or of an address.
    pub(crate) fn of(target: Target<'a>) -> Self {
        let (kind, coins, date) = ("", "", "");
        Self { target, except: false, scope: Scope::Suffix, confidence: None, kind, coins, ports: Vec::new(), date }
    }
}
