//! The compiled form: the index as bytes, so that it need not be made from texts again.
//!
//! | bytes | |
//! |---|---|
//! | 8 | `MWLISTS` and the number of the form |
//! | 32 | the key: of what it was compiled; the caller's to choose and to compare |
//! | 8 | bytes of what follows, without the checksum |
//! | ... | tables one after another, each with its length before it; numbers little-endian |
//! | 4 | CRC-32 (IEEE 802.3) of all before it |

use crate::{
    kind::{Category, Confidence},
    lists::{Allowed, Lists},
    meta::ListMeta,
    names::{Guard, Names, Node, REST},
    part::Index,
    prefixes::{AddressRule, Prefixes},
    said::Rule,
};
use alloc::{borrow::ToOwned, collections::BTreeMap, string::String, vec::Vec};
use core::{error::Error, fmt, net::IpAddr};
use ipnet::IpNet;

/// The last byte is the number of the form: another one after every change of what is written.
const MAGIC: [u8; 8] = *b"MWLISTS\x02";

/// What is compiled is told apart by this: a digest of the texts and of what else went in.
pub type Key = [u8; 32];

/// Why bytes are no compiled lists, or not the wanted ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// They begin otherwise, or with the number of another form.
    OtherForm,
    /// They were compiled of something else.
    OtherKey,
    /// They end early or late, or their checksum is not that of their bytes.
    Damaged,
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::OtherForm => "not lists compiled by this version of minewall",
            Self::OtherKey => "compiled of other texts or settings",
            Self::Damaged => "damaged",
        })
    }
}

impl Error for Unusable {}

impl Lists {
    /// The compiled form, under the key of what it was made of.
    #[must_use]
    pub fn save(&self, key: &Key) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend(MAGIC);
        out.extend(key);
        out.extend([0; 8]);
        let head = out.len();
        self.parts.put(&mut out);
        self.rules.put(&mut out);
        self.texts.put(&mut out);
        self.ports.put(&mut out);
        self.lists.put(&mut out);
        self.allowed.prefixes.put(&mut out);
        let pairs: Vec<_> = self.allowed.pairs.iter().copied().collect();
        pairs.put(&mut out);
        let endpoints: Vec<String> = self.endpoints.names().map(ToOwned::to_owned).collect();
        endpoints.put(&mut out);
        let length = (out.len() - head) as u64;
        if let Some(place) = out.get_mut(head - 8..head) {
            place.copy_from_slice(&length.to_le_bytes());
        }
        let sum = crc32fast::hash(&out);
        out.extend(sum.to_le_bytes());
        out
    }

    /// Reads what [`Lists::save`] wrote under this key.
    ///
    /// # Errors
    /// Why the lists are to be compiled from their texts instead.
    pub fn load(bytes: &[u8], key: &Key) -> Result<Self, Unusable> {
        let rest = bytes.strip_prefix(&MAGIC).ok_or(Unusable::OtherForm)?;
        let (whole, sum) = bytes.split_last_chunk::<4>().ok_or(Unusable::Damaged)?;
        if crc32fast::hash(whole) != u32::from_le_bytes(*sum) {
            return Err(Unusable::Damaged);
        }
        if !rest.starts_with(key) {
            return Err(Unusable::OtherKey);
        }
        let mut from = From(whole.get(MAGIC.len() + key.len()..).unwrap_or_default());
        from.lists().ok_or(Unusable::Damaged)
    }
}

/// What is still to be read.
struct From<'a>(&'a [u8]);

impl From<'_> {
    fn lists(&mut self) -> Option<Lists> {
        let length: u64 = Form::take(self)?;
        if length != self.0.len() as u64 {
            return None;
        }
        let lists = Lists {
            parts: Form::take(self)?,
            rules: Form::take(self)?,
            texts: Form::take(self)?,
            ports: Form::take(self)?,
            lists: Form::take(self)?,
            allowed: Allowed { prefixes: Form::take(self)?, pairs: Vec::take(self)?.into_iter().collect() },
            endpoints: Vec::<String>::take(self)?.into_iter().collect(),
        };
        (self.0.is_empty() && lists.parts.iter().all(|part| part.names.is_sound())).then_some(lists)
    }

    fn bytes(&mut self, count: usize) -> Option<&[u8]> {
        let (bytes, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(bytes)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*bytes)
    }
}

/// A value as bytes.
trait Form: Sized {
    fn put(&self, out: &mut Vec<u8>);
    fn take(from: &mut From<'_>) -> Option<Self>;
}

macro_rules! numbers {
    ($($kind:ty),*) => {$(
        impl Form for $kind {
            fn put(&self, out: &mut Vec<u8>) {
                out.extend(self.to_le_bytes());
            }

            fn take(from: &mut From<'_>) -> Option<Self> {
                from.array().map(Self::from_le_bytes)
            }
        }
    )*};
}

numbers!(u8, u16, u32, u64);

/// Values of a few fields, one after another.
macro_rules! fields {
    ($kind:ident { $($field:ident),* }) => {
        impl Form for $kind {
            fn put(&self, out: &mut Vec<u8>) {
                $(self.$field.put(out);)*
            }

            fn take(from: &mut From<'_>) -> Option<Self> {
                $(let $field = Form::take(from)?;)*
                Some(Self { $($field),* })
            }
        }
    };
}

fields!(AddressRule { rule, text });
fields!(Index { names, addresses, prefixes });
fields!(ListMeta { name, category, confidence, trust, source, licence, date, entries });
fields!(Node { allowed, guard, why, exact, suffix, silent_exact, silent });
fields!(Names { shift, starts, rests, which, nodes });
fields!(Rule { list, confidence, custom, kind, coins, ports, date });

/// Words of a small vocabulary, by their place in it.
macro_rules! places {
    ($($kind:ident: $($word:ident),*;)*) => {$(
        impl Form for $kind {
            fn put(&self, out: &mut Vec<u8>) {
                let place = [$(Self::$word),*].iter().position(|word| word == self);
                out.push(place.and_then(|place| u8::try_from(place).ok()).unwrap_or(u8::MAX));
            }

            fn take(from: &mut From<'_>) -> Option<Self> {
                let place = u8::take(from)?;
                [$(Self::$word),*].get(usize::from(place)).copied()
            }
        }
    )*};
}

places! {
    Category: Pool, PoolSite, Browser, Malware, Custom, Resolver, Adjacent;
    Confidence: Low, Medium, High;
    Guard: No, Shared, Tree;
}

impl Form for bool {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn take(from: &mut From<'_>) -> Option<Self> {
        match u8::take(from)? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

impl Form for usize {
    fn put(&self, out: &mut Vec<u8>) {
        (*self as u64).put(out);
    }

    fn take(from: &mut From<'_>) -> Option<Self> {
        u64::take(from)?.try_into().ok()
    }
}

impl Form for String {
    fn put(&self, out: &mut Vec<u8>) {
        self.len().put(out);
        out.extend(self.as_bytes());
    }

    fn take(from: &mut From<'_>) -> Option<Self> {
        let length = usize::take(from)?;
        core::str::from_utf8(from.bytes(length)?).ok().map(ToOwned::to_owned)
    }
}

impl Form for [u8; REST] {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend(self);
    }

    fn take(from: &mut From<'_>) -> Option<Self> {
        from.array()
    }
}

impl<T: Form> Form for [T; 3] {
    fn put(&self, out: &mut Vec<u8>) {
        self.iter().for_each(|value| value.put(out));
    }

    fn take(from: &mut From<'_>) -> Option<Self> {
        Some([T::take(from)?, T::take(from)?, T::take(from)?])
    }
}

impl<T: Form, U: Form> Form for (T, U) {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
        self.1.put(out);
    }

    fn take(from: &mut From<'_>) -> Option<Self> {
        Some((T::take(from)?, U::take(from)?))
    }
}

impl<T: Form> Form for Vec<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.len().put(out);
        self.iter().for_each(|value| value.put(out));
    }

    fn take(from: &mut From<'_>) -> Option<Self> {
        let length = usize::take(from)?;
        // Every value takes a byte at least: a length that lies reserves no more than there is.
        let mut all = Self::with_capacity(length.min(from.0.len()));
        for _ in 0..length {
            all.push(T::take(from)?);
        }
        all.shrink_to_fit();
        Some(all)
    }
}

impl<K: Form + Ord + Copy, V: Form + Copy> Form for BTreeMap<K, V> {
    fn put(&self, out: &mut Vec<u8>) {
        let all: Vec<_> = self.iter().map(|(key, value)| (*key, *value)).collect();
        all.put(out);
    }

    fn take(from: &mut From<'_>) -> Option<Self> {
        Vec::<(K, V)>::take(from).map(|all| all.into_iter().collect())
    }
}

impl Form for Prefixes {
    fn put(&self, out: &mut Vec<u8>) {
        let all: Vec<_> = self.all().collect();
        all.put(out);
    }

    fn take(from: &mut From<'_>) -> Option<Self> {
        Vec::take(from).map(|all| all.into_iter().collect())
    }
}

impl Form for IpAddr {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::V4(ip) => {
                out.push(4);
                out.extend(ip.octets());
            }
            Self::V6(ip) => {
                out.push(6);
                out.extend(ip.octets());
            }
        }
    }

    fn take(from: &mut From<'_>) -> Option<Self> {
        match u8::take(from)? {
            4 => from.array::<4>().map(Into::into),
            6 => from.array::<16>().map(Into::into),
            _ => None,
        }
    }
}

impl Form for IpNet {
    fn put(&self, out: &mut Vec<u8>) {
        self.addr().put(out);
        self.prefix_len().put(out);
    }

    fn take(from: &mut From<'_>) -> Option<Self> {
        Self::new(IpAddr::take(from)?, u8::take(from)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Builder;
    use proptest::prelude::*;
    use std::{string::ToString, vec};

    const KEY: Key = [7; 32];

    fn lists(text: &str) -> Lists {
        let mut builder = Builder::new();
        builder.shipped_guard();
        builder.allow("allowed.example").unwrap();
        builder.allow("192.0.2.9").unwrap();
        builder.allow("192.0.2.9:3333").unwrap();
        for category in Category::all() {
            builder.add_text(ListMeta::new(category.as_str(), category), text);
        }
        builder.build()
    }

    fn small() -> Lists {
        lists("a.com\nb.com:3333\nc.com\texact\thigh\tpool\tXMR\t1,2\t2026-01-01\n192.0.2.7:3333\n[2001:db8::7]:3333\n")
    }

    #[test]
    fn shipped_lists_come_back_as_they_were() {
        let mut builder = Builder::new();
        builder.shipped();
        let lists = builder.build();
        assert_eq!(Lists::load(&lists.save(&KEY), &KEY), Ok(lists));
        let none = Builder::new().build();
        assert_eq!(Lists::load(&none.save(&KEY), &KEY), Ok(none));
    }

    #[test]
    fn every_damage_is_noticed() {
        let bytes = small().save(&KEY);
        for end in 0..bytes.len() {
            assert!(Lists::load(&bytes[..end], &KEY).is_err(), "cut at {end}");
        }
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x10;
            assert!(Lists::load(&damaged, &KEY).is_err(), "byte {at} changed");
        }
        assert_eq!(Lists::load(&[bytes.as_slice(), &[0]].concat(), &KEY), Err(Unusable::Damaged));
        assert_eq!(Lists::load(&bytes, &[8; 32]), Err(Unusable::OtherKey));
        assert_eq!(Lists::load(b"\x7fELF", &KEY), Err(Unusable::OtherForm));
        assert_eq!(Unusable::Damaged.to_string(), "damaged");
    }

    #[test]
    fn lies_under_a_right_checksum_do_no_harm() {
        let bytes = small().save(&KEY);
        for at in MAGIC.len() + KEY.len()..bytes.len() - 4 {
            for lie in [0, 1, 0x7f, 0xff] {
                let mut lying = bytes.clone();
                lying[at] = lie;
                let end = lying.len() - 4;
                let sum = crc32fast::hash(&lying[..end]).to_le_bytes();
                lying[end..].copy_from_slice(&sum);
                if let Ok(lists) = Lists::load(&lying, &KEY) {
                    let _ = (lists.len(), lists.name("x.a.com"), lists.name("c.com"), lists.resolver("b.com"));
                    let _ = lists.address("192.0.2.7".parse().unwrap(), Some(3333));
                }
            }
        }
    }

    proptest! {
        #[test]
        fn any_lists_come_back(names in prop::collection::vec("[a-c]{1,2}\\.[a-c]{1,2}(:[1-9]{1,3})?", 0..40)) {
            let lists = lists(&names.join("\n"));
            prop_assert_eq!(Lists::load(&lists.save(&KEY), &KEY), Ok(lists));
        }

        #[test]
        fn no_bytes_are_too_strange(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut bytes = [&MAGIC[..], &KEY, &(bytes.len() as u64).to_le_bytes(), &bytes].concat();
            let sum = crc32fast::hash(&bytes);
            bytes.extend(sum.to_le_bytes());
            prop_assert!(Lists::load(&bytes, &KEY).is_err() || bytes.len() > 60);
        }
    }

    #[test]
    fn a_vector_reserves_no_more_than_there_is() {
        let mut from = From(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 1, 2]);
        assert_eq!(Vec::<u8>::take(&mut from), None);
        assert_eq!(Vec::<u16>::take(&mut From(&[1, 0, 0, 0, 0, 0, 0, 0, 5, 0])), Some(vec![5]));
    }
}
