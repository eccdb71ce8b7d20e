//! Asking a document: members by name, items by place.

use core::iter::FusedIterator;

use super::{
    Kind, Status, Str,
    scan::{Node, OPEN},
};

/// What [`super::parse`] read: the nodes seen, whether or not the text was complete. Borrows the text
/// for `'a` and the scratch for `'s`; a [`Str`] taken from it outlives the scratch's next use.
#[derive(Clone, Copy, Debug)]
pub struct Document<'a, 's> {
    bytes: &'a [u8],
    nodes: &'s [Node],
    status: Status,
}

/// One value of a document.
#[derive(Clone, Copy, Debug)]
pub struct Value<'a, 's> {
    bytes: &'a [u8],
    nodes: &'s [Node],
    node: &'s Node,
    /// Where the nodes inside this value begin.
    inside: usize,
}

/// Iterator over the items of an array, as far as they were seen. From [`Value::items`].
#[derive(Clone, Debug)]
pub struct Items<'a, 's> {
    siblings: Siblings<'a, 's>,
}

/// Iterator over the members of an object whose value was seen, at least its beginning. From
/// [`Value::entries`].
#[derive(Clone, Debug)]
pub struct Entries<'a, 's> {
    siblings: Siblings<'a, 's>,
}

impl<'a, 's> Document<'a, 's> {
    pub(super) fn new(bytes: &'a [u8], nodes: &'s [Node], status: Status) -> Self {
        Self { bytes, nodes, status }
    }

    /// How far the text was read.
    pub fn status(&self) -> Status {
        self.status
    }

    /// Whether the object's closing brace was seen.
    pub fn is_complete(&self) -> bool {
        matches!(self.status, Status::Complete { .. })
    }

    /// The object itself; `None` if the text has no opening brace at its start.
    pub fn root(&self) -> Option<Value<'a, 's>> {
        Value::at(self.bytes, self.nodes, 0)
    }

    /// Member of the root object, see [`Value::get`].
    pub fn get(&self, key: &str) -> Option<Value<'a, 's>> {
        self.root()?.get(key)
    }

    #[cfg(test)]
    pub(super) fn nodes(&self) -> &'s [Node] {
        self.nodes
    }
}

impl<'a, 's> Value<'a, 's> {
    fn at(bytes: &'a [u8], nodes: &'s [Node], index: usize) -> Option<Self> {
        Some(Self { bytes, nodes, node: nodes.get(index)?, inside: index + 1 })
    }

    /// What it is.
    pub fn kind(&self) -> Kind {
        self.node.kind
    }

    /// Whether its end was seen and all of it was read; only objects and arrays can be without.
    pub fn is_complete(&self) -> bool {
        self.node.end != OPEN && !self.node.abridged
    }

    /// The value's text as far as it is there; a string without its quotes.
    pub fn raw(&self) -> &'a [u8] {
        let end = self.node.end.min(self.bytes.len());
        self.bytes.get(self.node.start..end).unwrap_or_default()
    }

    /// The value of an object's first member of this name, escapes decoded. Receivers differ in which of
    /// duplicate names they use (RFC 8259 section 4); [`Value::get_all`] has them all.
    pub fn get(&self, key: &str) -> Option<Self> {
        self.entries().find(|(name, _)| name.eq_str(key)).map(|(_, value)| value)
    }

    /// The values of all members of this name.
    pub fn get_all<'k>(&self, key: &'k str) -> impl Iterator<Item = Self> + use<'a, 's, 'k> {
        self.entries().filter(move |(name, _)| name.eq_str(key)).map(|(_, value)| value)
    }

    /// An array's item, counted from 0.
    pub fn index(&self, index: usize) -> Option<Self> {
        self.items().nth(index)
    }

    /// An array's items; none for other kinds.
    pub fn items(&self) -> Items<'a, 's> {
        Items { siblings: self.children(Kind::Array) }
    }

    /// An object's members in their order; none for other kinds.
    pub fn entries(&self) -> Entries<'a, 's> {
        Entries { siblings: self.children(Kind::Object) }
    }

    /// Items or members read so far, fewer than there are if it is not complete; 0 for other kinds.
    pub fn count(&self) -> usize {
        match self.node.kind {
            Kind::Array => self.items().count(),
            Kind::Object => self.entries().count(),
            Kind::Bool | Kind::Null | Kind::Number | Kind::String => 0,
        }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<Str<'a>> {
        (self.node.kind == Kind::String).then(|| Str::new(self.raw(), self.node.escaped))
    }

    /// The digits of a number as they were sent.
    pub fn as_number(&self) -> Option<&'a str> {
        (self.node.kind == Kind::Number).then(|| core::str::from_utf8(self.raw()).ok()).flatten()
    }

    /// A number without sign, fraction or exponent that fits.
    pub fn as_u64(&self) -> Option<u64> {
        self.as_number()?.parse().ok()
    }

    /// A number as the nearest double.
    pub fn as_f64(&self) -> Option<f64> {
        self.as_number()?.parse().ok()
    }

    /// `true` or `false`.
    pub fn as_bool(&self) -> Option<bool> {
        (self.node.kind == Kind::Bool).then(|| self.raw() == b"true")
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        self.node.kind == Kind::Null
    }

    /// Whether it is an object.
    pub fn is_object(&self) -> bool {
        self.node.kind == Kind::Object
    }

    /// Whether it is an array.
    pub fn is_array(&self) -> bool {
        self.node.kind == Kind::Array
    }

    fn children(&self, kind: Kind) -> Siblings<'a, 's> {
        let all = self.node.next.min(self.nodes.len());
        Siblings {
            bytes: self.bytes,
            // Nodes behind the container are out of sight; the indices stay those of the document.
            nodes: self.nodes.get(..all).unwrap_or_default(),
            index: if self.node.kind == kind { self.inside } else { OPEN },
        }
    }
}

impl<'a, 's> Iterator for Items<'a, 's> {
    type Item = Value<'a, 's>;

    fn next(&mut self) -> Option<Self::Item> {
        self.siblings.next()
    }
}

impl FusedIterator for Items<'_, '_> {}

impl<'a, 's> Iterator for Entries<'a, 's> {
    type Item = (Str<'a>, Value<'a, 's>);

    fn next(&mut self) -> Option<Self::Item> {
        let key = self.siblings.next()?.as_str()?;
        Some((key, self.siblings.next()?))
    }
}

impl FusedIterator for Entries<'_, '_> {}

/// Iterator over the nodes directly inside a container.
#[derive(Clone, Debug)]
struct Siblings<'a, 's> {
    bytes: &'a [u8],
    nodes: &'s [Node],
    index: usize,
}

impl<'a, 's> Iterator for Siblings<'a, 's> {
    type Item = Value<'a, 's>;

    fn next(&mut self) -> Option<Self::Item> {
        let value = Value::at(self.bytes, self.nodes, self.index)?;
        self.index = value.node.next;
        Some(value)
    }
}
