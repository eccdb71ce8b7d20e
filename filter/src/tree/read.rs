//! Types read from the tree: each method asks a type for the one form that its name says.

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, Expected, MapAccess, SeqAccess, Unexpected, VariantAccess,
    Visitor,
};
use serde::forward_to_deserialize_any;

use super::{Node, Value, Wrong};

type Result<T> = std::result::Result<T, Wrong>;

impl Node<'_> {
    /// What stands here is not what is wanted.
    #[inline(never)]
    fn wrong(&self, wanted: &dyn Expected) -> Wrong {
        let found = match &self.value {
            Value::Nothing => Unexpected::Unit,
            Value::Truth(truth) => Unexpected::Bool(*truth),
            Value::Whole(whole) => Unexpected::Signed(*whole),
            Value::Large(large) => Unexpected::Unsigned(*large),
            Value::Real(real) => Unexpected::Float(*real),
            Value::Text(text) => Unexpected::Str(text),
            Value::List(_) => Unexpected::Seq,
            Value::Table(_) => Unexpected::Map,
        };
        Wrong::invalid_type(found, wanted)
    }

    /// A number without a fraction.
    fn whole<'de, V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value> {
        match self.value {
            Value::Whole(whole) => visitor.visit_i64(whole),
            Value::Large(large) => visitor.visit_u64(large),
            _ => Err(self.wrong(&visitor)),
        }
    }

    fn real<'de, V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value> {
        match self.value {
            Value::Real(real) => visitor.visit_f64(real),
            _ => self.whole(visitor),
        }
    }

    fn text<'de, V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value> {
        match &self.value {
            Value::Text(text) => visitor.visit_str(text),
            _ => Err(self.wrong(&visitor)),
        }
    }

    fn list<'de, V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value> {
        match &self.value {
            Value::List(list) => visitor.visit_seq(Entries { all: list, taken: 0 }),
            _ => Err(self.wrong(&visitor)),
        }
    }

    fn table<'de, V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value> {
        match &self.value {
            Value::Table(table) => visitor.visit_map(Fields { rest: table, entry: None }),
            _ => Err(self.wrong(&visitor)),
        }
    }
}

macro_rules! read {
    ($($method:ident as $form:ident),* $(,)?) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            self.$form(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for &Node<'_> {
    type Error = Wrong;

    /// Of types that take several forms.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match &self.value {
            Value::Nothing => visitor.visit_unit(),
            Value::Truth(truth) => visitor.visit_bool(*truth),
            Value::Whole(_) | Value::Large(_) | Value::Real(_) => self.real(visitor),
            Value::Text(_) => self.text(visitor),
            Value::List(_) => self.list(visitor),
            Value::Table(_) => self.table(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.value {
            Value::Truth(truth) => visitor.visit_bool(truth),
            _ => Err(self.wrong(&visitor)),
        }
    }

    read! {
        deserialize_i8 as whole, deserialize_i16 as whole, deserialize_i32 as whole, deserialize_i64 as whole,
        deserialize_u8 as whole, deserialize_u16 as whole, deserialize_u32 as whole, deserialize_u64 as whole,
        deserialize_f32 as real, deserialize_f64 as real,
        deserialize_char as text, deserialize_str as text, deserialize_string as text, deserialize_identifier as text,
        deserialize_seq as list, deserialize_map as table,
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.value {
            Value::Nothing => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value> {
        self.list(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(self, _: &'static str, _: usize, visitor: V) -> Result<V::Value> {
        self.list(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.table(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        match &self.value {
            Value::Text(_) => visitor.visit_enum(Variant { name: self, value: None }),
            Value::Table(table) => match &table[..] {
                [(name, value)] => visitor.visit_enum(Variant { name, value: Some(value) }),
                _ => Err(Wrong::custom("wanted exactly 1 element")),
            },
            _ => Err(Wrong::custom("wanted string or table")),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! { i128 u128 bytes byte_buf unit unit_struct }
}

/// A list on its way.
struct Entries<'t, 'a> {
    all: &'t [Node<'a>],
    taken: usize,
}

impl<'de> SeqAccess<'de> for Entries<'_, '_> {
    type Error = Wrong;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        let (Some(node), number) = (self.all.get(self.taken), self.taken) else { return Ok(None) };
        self.taken += 1;
        seed.deserialize(node).map(Some).map_err(|wrong| wrong.at(node).within(&number))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.all.len() - self.taken)
    }
}

/// A table on its way.
struct Fields<'t, 'a> {
    rest: &'t [(Node<'a>, Node<'a>)],
    /// The one whose name was taken.
    entry: Option<&'t (Node<'a>, Node<'a>)>,
}

impl<'de> MapAccess<'de> for Fields<'_, '_> {
    type Error = Wrong;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        let Some((entry, rest)) = self.rest.split_first() else { return Ok(None) };
        (self.rest, self.entry) = (rest, Some(entry));
        seed.deserialize(&entry.0).map(Some).map_err(|wrong| wrong.at(&entry.0))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value> {
        let Some((key, node)) = self.entry.take() else { return Err(Wrong::custom("a value before its key")) };
        seed.deserialize(node).map_err(|wrong| match &key.value {
            Value::Text(name) => wrong.at(node).within(name),
            _ => wrong.at(node),
        })
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

/// One of several, by its name; with what belongs to it.
struct Variant<'t, 'a> {
    name: &'t Node<'a>,
    value: Option<&'t Node<'a>>,
}

impl<'de, 't, 'a> EnumAccess<'de> for Variant<'t, 'a> {
    type Error = Wrong;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self)> {
        Ok((seed.deserialize(self.name).map_err(|wrong| wrong.at(self.name))?, self))
    }
}

impl<'t, 'a> Variant<'t, 'a> {
    fn inside(&self) -> Result<&'t Node<'a>> {
        self.value.ok_or_else(|| Wrong::custom("what belongs to it is missing"))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_, '_> {
    type Error = Wrong;

    fn unit_variant(self) -> Result<()> {
        match self.value {
            None => Ok(()),
            Some(node) => Err(node.wrong(&"nothing that belongs to it").at(node)),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value> {
        let node = self.inside()?;
        seed.deserialize(node).map_err(|wrong| wrong.at(node))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value> {
        self.inside()?.list(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value> {
        self.inside()?.table(visitor)
    }
}
