//! Prefixes of addresses, and single addresses without a port: the longest that holds an address answers.

use crate::names::NONE;
use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};
use core::net::IpAddr;
use ipnet::IpNet;

/// Rules on prefixes: with a prefix the numbers of its rule and of its text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Prefixes {
    rules: BTreeMap<IpNet, AddressRule>,
    /// The lengths met, so that a look-up costs a probe for each; 128 and 32 at most.
    lengths: BTreeSet<u8>,
}

/// A rule on addresses: its number, and that of the text it stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AddressRule {
    pub(crate) rule: u32,
    pub(crate) text: u32,
}

/// Stands on prefixes of which nothing is to be said.
pub(crate) const NO_RULE: AddressRule = AddressRule { rule: NONE, text: NONE };

impl Prefixes {
    pub(crate) fn get(&self, prefix: IpNet) -> Option<AddressRule> {
        self.rules.get(&prefix.trunc()).copied()
    }

    pub(crate) fn put(&mut self, prefix: IpNet, rule: AddressRule) {
        self.lengths.insert(prefix.prefix_len());
        self.rules.insert(prefix.trunc(), rule);
    }

    pub(crate) fn len(&self) -> usize {
        self.rules.len()
    }

    /// The prefixes that hold the address, the longest first.
    pub(crate) fn over(&self, address: IpAddr) -> impl Iterator<Item = AddressRule> + '_ {
        let longest_first = self.lengths.iter().rev();
        longest_first.filter_map(move |&length| self.get(IpNet::new(address, length).ok()?))
    }

    /// Every prefix with its rule, in order.
    pub(crate) fn all(&self) -> impl Iterator<Item = (IpNet, AddressRule)> + '_ {
        self.rules.iter().map(|(&prefix, &rule)| (prefix, rule))
    }
}

impl FromIterator<(IpNet, AddressRule)> for Prefixes {
    fn from_iter<I: IntoIterator<Item = (IpNet, AddressRule)>>(all: I) -> Self {
        let rules: Vec<_> = all.into_iter().collect();
        let lengths = rules.iter().map(|(prefix, _)| prefix.prefix_len()).collect();
        Self { rules: rules.into_iter().collect(), lengths }
    }
}
