//! The names of the lists: while they are read a hash table, and for looking up an index without the names themselves.
//!
//! A name is its hash of 64 bits: two names of a million share one by a chance of 1 in 37 million, and a name asked for has
//! that of a listed one by 1 in 18 million million. The words of a rule's name are those of the name that was asked for.

use crate::{intern::Pool, kind::Scope, name::hash_of, name::walk};
use alloc::vec::Vec;
use core::ops::ControlFlow;
use hashbrown::HashTable;

/// Names the index holds at most: four times the million it is built for.
pub(crate) const MAX_NAMES: usize = 4_000_000;

/// No rule.
pub(crate) const NONE: u32 = u32::MAX;

/// What stands on a name, kept once for all names on which the same stands. Rules are numbers of [`crate::builder::Rule`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Node {
    /// The user allows it and everything below.
    pub(crate) allowed: bool,
    /// The guard's hold on it.
    pub(crate) guard: Guard,
    /// Why the guard holds it: a number of a text, or [`NONE`].
    pub(crate) why: u32,
    /// The rule on the name itself, or [`NONE`].
    pub(crate) exact: u32,
    /// The rule on the name and everything below it, or [`NONE`].
    pub(crate) suffix: u32,
    /// The lists that except the name itself: a number of such a set, or [`NONE`].
    pub(crate) silent_exact: u32,
    /// The lists that except the name and everything below it: a number of such a set, or [`NONE`].
    pub(crate) silent: u32,
}

/// Nothing stands on it.
pub(crate) const BARE: Node =
    Node { allowed: false, guard: Guard::No, why: NONE, exact: NONE, suffix: NONE, silent_exact: NONE, silent: NONE };

/// How the never-block guard holds a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Guard {
    /// It does not.
    No,
    /// Shared hosting: not the name itself, and below it only whole names may be listed.
    Shared,
    /// Neither the name nor anything below it.
    Tree,
}

/// Names being read. They are lower case or will be hashed so, and were checked.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    table: HashTable<Read>,
    nodes: Pool<Node>,
}

/// A name's hash in two halves, so that a place of the table takes 12 bytes, and the number of its node.
#[derive(Clone, Copy, Debug)]
struct Read {
    hash: [u32; 2],
    node: u32,
}

impl Read {
    fn hash(&self) -> u64 {
        let [upper, lower] = self.hash;
        u64::from(upper) << 32 | u64::from(lower)
    }
}

impl Reading {
    pub(crate) fn new() -> Self {
        Self { table: HashTable::new(), nodes: Pool::new() }
    }

    fn node(&self, hash: u64) -> Option<&Node> {
        let read = self.table.find(hash, |read| read.hash() == hash)?;
        self.nodes.get(read.node)
    }

    /// What stands on a checked name; nothing yet if it is new.
    pub(crate) fn on(&self, name: &str) -> Node {
        self.node(hash_of(name.as_bytes())).copied().unwrap_or(BARE)
    }

    /// Puts something else on a checked name. `None` when the index is full.
    pub(crate) fn put(&mut self, name: &str, node: Node) -> Option<()> {
        let hash = hash_of(name.as_bytes());
        let node = self.nodes.intern(&node)?;
        if let Some(read) = self.table.find_mut(hash, |read| read.hash() == hash) {
            read.node = node;
        } else if self.table.len() < MAX_NAMES {
            let read = Read { hash: [(hash >> 32) as u32, (hash & u64::from(u32::MAX)) as u32], node };
            self.table.insert_unique(hash, read, Read::hash);
        } else {
            return None;
        }
        Some(())
    }

    /// Why the guard keeps a rule on this name out, a number of a text: it or a name above it is held whole, or it is the
    /// apex of shared hosting.
    pub(crate) fn guarded(&self, name: &str) -> Option<u32> {
        let end = walk(name, |suffix| match self.node(suffix.hash) {
            Some(node) if node.guard == Guard::Tree => ControlFlow::Break(node.why),
            Some(node) if node.guard == Guard::Shared && suffix.whole => ControlFlow::Break(node.why),
            _ => ControlFlow::Continue(()),
        });
        end.break_value()
    }

    /// The finished index.
    pub(crate) fn finish(self) -> Names {
        let Self { table, nodes } = self;
        let mut all: Vec<Read> = table.into_iter().collect();
        all.sort_unstable_by_key(Read::hash);
        Names::new(&all, nodes.into_items())
    }
}

/// Names of one bucket on average: their rests are one line of the processor's cache.
const BUCKET: usize = 8;

/// The finished index: 10 bytes a name, and 4 a bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Names {
    /// How far a hash is shifted for the number of its bucket.
    pub(crate) shift: u32,
    /// Where each bucket begins, and where the last ends.
    pub(crate) starts: Vec<u32>,
    /// The lower 48 bits of each hash, bucket by bucket; with the bucket's number 64 bits where there are many.
    pub(crate) rests: Vec<[u8; REST]>,
    /// For each of them the number of its node.
    pub(crate) which: Vec<u32>,
    pub(crate) nodes: Vec<Node>,
}

/// Bytes kept of a hash.
pub(crate) const REST: usize = 6;

fn rest(hash: u64) -> [u8; REST] {
    let [_, _, rest @ ..] = hash.to_be_bytes();
    rest
}

impl Names {
    /// From names in the order of their hashes.
    fn new(all: &[Read], nodes: Vec<Node>) -> Self {
        let bits = (all.len() / BUCKET).max(2).next_power_of_two().ilog2();
        let shift = u64::BITS - bits;
        let bucket = |read: &Read| (read.hash() >> shift) as usize;
        let mut starts = Vec::with_capacity((1 << bits) + 1);
        let mut at = 0;
        for number in 0..=1_usize << bits {
            at += all.iter().skip(at).take_while(|read| bucket(read) < number).count();
            starts.push(u32::try_from(at).unwrap_or(u32::MAX));
        }
        let rests = all.iter().map(|read| rest(read.hash())).collect();
        Self { shift, starts, rests, which: all.iter().map(|read| read.node).collect(), nodes }
    }

    /// What stands on the name with this hash.
    pub(crate) fn find(&self, hash: u64) -> Option<&Node> {
        let bucket = hash.checked_shr(self.shift)? as usize;
        let [first, end] = *self.starts.get(bucket..bucket + 2)? else { return None };
        let rests = self.rests.get(first as usize..end as usize)?;
        let wanted = rest(hash);
        let at = first as usize + rests.iter().position(|rest| *rest == wanted)?;
        self.nodes.get(*self.which.get(at)? as usize)
    }

    /// Whether its tables fit each other, so that looking up cannot go astray; for those that were read from a file.
    pub(crate) fn is_sound(&self) -> bool {
        let buckets = u64::BITS.checked_sub(self.shift).and_then(|bits| 1_usize.checked_shl(bits));
        let fits =
            self.shift < u64::BITS && buckets.and_then(|buckets| buckets.checked_add(1)) == Some(self.starts.len());
        fits && self.rests.len() == self.which.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.which.is_empty()
    }

    /// How many rules stand on names.
    pub(crate) fn rules(&self) -> usize {
        let rules = |node: &Node| usize::from(node.exact != NONE) + usize::from(node.suffix != NONE);
        self.which.iter().filter_map(|&at| self.nodes.get(at as usize)).map(rules).sum()
    }
}

impl Node {
    /// The same with another rule.
    pub(crate) fn with(self, scope: Scope, rule: u32) -> Self {
        match scope {
            Scope::Exact => Self { exact: rule, ..self },
            Scope::Suffix => Self { suffix: rule, ..self },
        }
    }
}
