//! The names that stratum servers stand under: those of rules with ports. The index keeps hashes, so of these few the
//! names themselves are kept, for those who ask name servers for their addresses.

use crate::{
    kind::{Category, Confidence},
    lists::{Hit, Lists},
};
use alloc::{boxed::Box, collections::BTreeSet, string::String};
use core::net::IpAddr;

/// Names kept at most: thirty times those of the shipped lists; 1 MiB.
pub(crate) const MAX_ENDPOINTS: usize = 16_384;

/// Names with ports, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Endpoints(BTreeSet<Box<str>>);

impl Endpoints {
    /// Notes a name that a rule was taken for, where it may be one.
    pub(crate) fn note(&mut self, name: &str, category: Category, confidence: Confidence, ports: &[u16]) {
        if ports.is_empty() || !is_of(category) || confidence < Confidence::Medium || self.0.len() >= MAX_ENDPOINTS {
            return;
        }
        self.0.insert(name.trim_end_matches('.').to_ascii_lowercase().into());
    }

    /// The names, in order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|name| &**name)
    }
}

impl FromIterator<String> for Endpoints {
    fn from_iter<I: IntoIterator<Item = String>>(names: I) -> Self {
        Self(names.into_iter().take(MAX_ENDPOINTS).map(String::into_boxed_str).collect())
    }
}

/// Whether miners connect to what such a list names.
const fn is_of(category: Category) -> bool {
    matches!(category, Category::Pool | Category::Malware | Category::Custom)
}

impl Hit<'_> {
    /// Whether the rule names a server of a protocol for miners: with its ports, and surely enough.
    #[must_use]
    pub fn is_endpoint(&self, confidence: Confidence) -> bool {
        is_of(self.category) && self.confidence >= confidence && !self.ports.is_empty()
    }
}

impl Lists {
    /// Whether the user allows the address, with every port or this one.
    #[must_use]
    pub fn allows(&self, address: IpAddr, port: u16) -> bool {
        self.allowed.holds(address.to_canonical(), Some(port))
    }

    /// The names of listed servers with what the lists say of them now, in order: those of at least this confidence, that
    /// have ports and that nobody allows or guards. At most 16,384 are known.
    pub fn endpoints(&self, confidence: Confidence) -> impl Iterator<Item = (&str, Hit<'_>)> {
        let named = self.endpoints.names().filter_map(|name| Some((name, self.name(name)?)));
        named.filter(move |(_, hit)| hit.is_endpoint(confidence))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Builder, ListMeta};
    use std::{format, vec, vec::Vec};

    fn names(lists: &Lists, confidence: Confidence) -> Vec<&str> {
        lists.endpoints(confidence).map(|(name, _)| name).collect()
    }

    #[test]
    fn names_with_ports_are_kept_as_sure_as_wanted_and_allowed_ones_are_not() {
        let mut builder = Builder::new();
        builder.shipped_guard();
        builder.allow("ours.example.org").unwrap();
        let pools = "A.example.org\tsuffix\thigh\tendpoint\tXMR\t3333,5555\t-\nb.example.org\texact\tmedium\t-\t-\t1\t-\n\
                     c.example.org\texact\tlow\t-\t-\t1\t-\nd.example.org\texact\thigh\t-\t-\t-\t-\n\
                     ours.example.org\texact\thigh\t-\t-\t1\t-\ngithub.com\texact\thigh\t-\t-\t1\t-\n";
        builder.add_text(ListMeta::new("pools", Category::Pool), pools);
        builder.add_text(ListMeta::new("sites", Category::PoolSite), "site.example.org:443");
        builder.add_text(ListMeta::new("own", Category::Custom), "own.example.org:7777");
        let lists = builder.build();
        assert_eq!(names(&lists, Confidence::High), ["a.example.org", "own.example.org"]);
        assert_eq!(names(&lists, Confidence::Medium), ["a.example.org", "b.example.org", "own.example.org"]);
        let (_, hit) = lists.endpoints(Confidence::High).next().unwrap();
        assert_eq!((hit.ports, hit.coins), (&[3333, 5555][..], "XMR"));
    }

    #[test]
    fn what_another_list_says_of_the_name_counts() {
        let mut builder = Builder::new();
        builder.add_text(ListMeta::new("pools", Category::Pool), "a.example.org\texact\thigh\t-\t-\t1\t-\n");
        builder.add_text(ListMeta::new("own", Category::Custom), "a.example.org\texact\thigh\t-\t-\t2,3\t-\n");
        let lists = builder.build();
        let all: Vec<_> = lists.endpoints(Confidence::High).map(|(name, hit)| (name, hit.ports)).collect();
        assert_eq!(all, vec![("a.example.org", &[2, 3][..])]);
    }

    #[test]
    fn they_are_bounded() {
        let mut builder = Builder::new();
        let text: String = (0..MAX_ENDPOINTS + 10).map(|number| format!("n{number}.example.org:1\n")).collect();
        builder.add_text(ListMeta::new("own", Category::Custom), &text);
        let lists = builder.build();
        assert_eq!(lists.endpoints(Confidence::High).count(), MAX_ENDPOINTS);
        assert!(lists.name(&format!("n{}.example.org", MAX_ENDPOINTS + 9)).is_some(), "listed nevertheless");
    }

    #[test]
    fn they_are_part_of_the_compiled_form() {
        let mut builder = Builder::new();
        builder.add_text(ListMeta::new("own", Category::Custom), "b.example.org:7777\na.example.org:1\n");
        let key = [7; 32];
        let lists = Lists::load(&builder.build().save(&key), &key).unwrap();
        assert_eq!(names(&lists, Confidence::High), ["a.example.org", "b.example.org"]);
    }

    #[test]
    fn the_shipped_lists_have_some_hundred() {
        let mut builder = Builder::new();
        builder.shipped();
        let lists = builder.build();
        let (high, medium) = (names(&lists, Confidence::High).len(), names(&lists, Confidence::Medium).len());
        assert!((200..MAX_ENDPOINTS).contains(&high) && medium > high, "{high} {medium}");
    }
}
