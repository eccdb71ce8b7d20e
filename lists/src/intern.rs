//! Values kept once and named by number.

use alloc::{borrow::ToOwned, vec::Vec};
use core::{
    borrow::Borrow,
    hash::{BuildHasher, Hash},
};
use hashbrown::{DefaultHashBuilder, HashTable};

/// Values kept once and named by number, in the order they came.
#[derive(Clone, Debug)]
pub(crate) struct Pool<T> {
    items: Vec<T>,
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl<T: Hash + Eq> Pool<T> {
    pub(crate) fn new() -> Self {
        Self { items: Vec::new(), table: HashTable::new(), hasher: DefaultHashBuilder::default() }
    }

    /// The number of the value; `None` when there are 2^32.
    pub(crate) fn intern<Q>(&mut self, value: &Q) -> Option<u32>
    where
        T: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = T> + ?Sized,
    {
        let Self { items, table, hasher } = self;
        let hash = hasher.hash_one(value);
        let same = |&at: &u32| items.get(at as usize).is_some_and(|item| item.borrow() == value);
        if let Some(&at) = table.find(hash, same) {
            return Some(at);
        }
        let at = u32::try_from(items.len()).ok()?;
        items.push(value.to_owned());
        table.insert_unique(hash, at, |&at| items.get(at as usize).map_or(0, |item| hasher.hash_one(item)));
        Some(at)
    }

    pub(crate) fn get(&self, at: u32) -> Option<&T> {
        self.items.get(at as usize)
    }

    /// The values alone, once no more will come.
    pub(crate) fn into_items(mut self) -> Vec<T> {
        self.items.shrink_to_fit();
        self.items
    }
}
