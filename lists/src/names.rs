//! The index of names: one text of all names, one node a name, a hash table of node numbers.

use crate::{
    kind::Scope,
    name::{hash_of, walk},
};
use alloc::{string::String, vec::Vec};
use core::ops::ControlFlow;
use hashbrown::HashTable;

/// Names the index holds at most: four times the million it is built for.
pub(crate) const MAX_NAMES: usize = 4_000_000;

/// No rule.
pub(crate) const NONE: u32 = u32::MAX;

/// What stands on one name. Rules are numbers of [`crate::builder::Rule`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    text: u32,
    len: u8,
    /// The user allows it and everything below.
    pub(crate) allowed: bool,
    /// The guard's hold on it.
    pub(crate) guard: Guard,
    /// The rule on the name itself, or [`NONE`].
    pub(crate) exact: u32,
    /// The rule on the name and everything below it, or [`NONE`].
    pub(crate) suffix: u32,
}

/// How the never-block guard holds a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guard {
    /// It does not.
    No,
    /// Shared hosting: not the name itself, and below it only whole names may be listed.
    Shared,
    /// Neither the name nor anything below it.
    Tree,
}

/// The index. Names are lower case and were checked; queries come as they are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    text: String,
    nodes: Vec<Node>,
    table: HashTable<u32>,
}

impl Names {
    /// The node of a suffix, compared without regard to case.
    pub(crate) fn find(&self, suffix: &[u8], hash: u64) -> Option<(u32, &Node)> {
        let same = |&at: &u32| self.name(at).as_bytes().eq_ignore_ascii_case(suffix);
        let at = *self.table.find(hash, same)?;
        Some((at, self.nodes.get(at as usize)?))
    }

    /// The name of a node, in lower case; empty when there is no such node.
    pub(crate) fn name(&self, at: u32) -> &str {
        name_in(&self.text, &self.nodes, at)
    }

    /// The node of a checked name, made if need be. `None` when the index is full.
    pub(crate) fn enter(&mut self, name: &str) -> Option<(u32, &mut Node)> {
        let hash = hash_of(name.as_bytes());
        let at = match self.find(name.as_bytes(), hash) {
            Some((at, _)) => at,
            None => self.add(name, hash)?,
        };
        Some((at, self.nodes.get_mut(at as usize)?))
    }

    /// Sets the rule of a node.
    pub(crate) fn put(&mut self, at: u32, scope: Scope, rule: u32) {
        if let Some(node) = self.nodes.get_mut(at as usize) {
            match scope {
                Scope::Exact => node.exact = rule,
                Scope::Suffix => node.suffix = rule,
            }
        }
    }

    fn add(&mut self, name: &str, hash: u64) -> Option<u32> {
        if self.nodes.len() >= MAX_NAMES {
            return None;
        }
        let at = u32::try_from(self.nodes.len()).ok()?;
        let text = u32::try_from(self.text.len()).ok()?;
        let len = u8::try_from(name.len()).ok()?;
        self.text.extend(name.chars().map(|letter| letter.to_ascii_lowercase()));
        self.nodes.push(Node { text, len, allowed: false, guard: Guard::No, exact: NONE, suffix: NONE });
        let Self { text, nodes, table } = self;
        table.insert_unique(hash, at, |&at| hash_of(name_in(text, nodes, at).as_bytes()));
        Some(at)
    }

    /// Whether the guard keeps a rule on this name out: it or a name above it is held whole, or it is the
    /// apex of shared hosting.
    pub(crate) fn is_guarded(&self, name: &str) -> bool {
        let end = walk(name, |suffix| match self.find(suffix.bytes, suffix.hash) {
            Some((_, node)) if node.guard == Guard::Tree => ControlFlow::Break(()),
            Some((_, node)) if node.guard == Guard::Shared && suffix.whole => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        });
        end.is_break()
    }

    /// How many rules stand on names.
    pub(crate) fn rules(&self) -> usize {
        let rules = self.nodes.iter().map(|node| usize::from(node.exact != NONE) + usize::from(node.suffix != NONE));
        rules.sum()
    }

    /// Gives back what growing has reserved.
    pub(crate) fn shrink(&mut self) {
        let Self { text, nodes, table } = self;
        text.shrink_to_fit();
        nodes.shrink_to_fit();
        table.shrink_to_fit(|&at| hash_of(name_in(text, nodes, at).as_bytes()));
    }
}

fn name_in<'a>(text: &'a str, nodes: &[Node], at: u32) -> &'a str {
    let range = nodes.get(at as usize).map(|node| node.text as usize..node.text as usize + usize::from(node.len));
    range.and_then(|range| text.get(range)).unwrap_or("")
}
