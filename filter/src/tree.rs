//! A text of TOML or JSON as a tree, and types read from it.
//!
//! `toml` and `serde_json` read types themselves, and each type's code is then made once for each of their readers and for
//! each form a value could have: 530 kB of a router's program. Read from this tree it is made once, for the form it has.

mod read;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::de::{self, DeserializeOwned, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value as Json;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value, and where it stands in a text.
#[derive(Clone, Debug)]
struct Node<'a> {
    value: Value<'a>,
    span: Option<Range<usize>>,
}

#[derive(Clone, Debug)]
enum Value<'a> {
    Nothing,
    Truth(bool),
    Whole(i64),
    /// One that is larger than [`Value::Whole`] holds.
    Large(u64),
    Real(f64),
    Text(Cow<'a, str>),
    List(Vec<Node<'a>>),
    Table(Vec<(Node<'a>, Node<'a>)>),
}

/// What is wrong with a text, and where.
#[derive(Debug)]
pub(crate) struct Wrong(Box<Inner>);

#[derive(Debug, Default)]
struct Inner {
    message: String,
    span: Option<Range<usize>>,
    text: Option<String>,
    /// Where it stands, by names, the innermost first; of trees whose places in a text are not known.
    names: Vec<String>,
}

/// Reads a text of TOML.
///
/// # Errors
/// It is none, or no such type; with the place.
pub(crate) fn toml<T: DeserializeOwned>(text: &str) -> Result<T, Wrong> {
    root(text).and_then(|root| T::deserialize(&root).map_err(|wrong| wrong.at(&root))).map_err(|wrong| wrong.of(text))
}

fn root(text: &str) -> Result<Node<'_>, Wrong> {
    let wrong = |error: toml::de::Error| Wrong::new(error.message().to_owned(), error.span());
    let table = DeTable::parse(text).map_err(wrong)?;
    let span = Some(table.span());
    Ok(Node { value: Value::of_table(table.into_inner())?, span })
}

/// Reads a text of JSON.
///
/// # Errors
/// It is none, or no such type.
pub(crate) fn json<T: DeserializeOwned>(text: &str) -> Result<T, Wrong> {
    let root: Node<'_> = serde_json::from_str(text).map_err(|error| Wrong::new(error.to_string(), None))?;
    T::deserialize(&root)
}

/// Reads a value of JSON.
///
/// # Errors
/// It is no such type.
pub(crate) fn of_json<T: DeserializeOwned>(value: &Json) -> Result<T, Wrong> {
    T::deserialize(&Node::from(value))
}

impl<'a> Value<'a> {
    fn of_toml(value: DeValue<'a>) -> Result<Self, Wrong> {
        Ok(match value {
            DeValue::String(text) => Self::Text(text),
            DeValue::Integer(number) => {
                match i128::from_str_radix(number.as_str(), number.radix()).map(Self::of_number) {
                    Ok(Some(number)) => number,
                    _ => return Err(Wrong::new("integer number overflowed".to_owned(), None)),
                }
            }
            DeValue::Float(number) => match number.as_str().parse::<f64>() {
                Ok(real) if real.is_finite() || !number.as_str().contains(|c: char| c.is_ascii_digit()) => {
                    Self::Real(real)
                }
                _ => return Err(Wrong::new("floating-point number overflowed".to_owned(), None)),
            },
            DeValue::Boolean(truth) => Self::Truth(truth),
            // No setting is one: those that are dates are read from text.
            DeValue::Datetime(time) => {
                return Err(Wrong::new(format!("a date must stand in quotation marks: \"{time}\""), None));
            }
            DeValue::Array(list) => Self::List(list.into_iter().map(Node::of_toml).collect::<Result<_, _>>()?),
            DeValue::Table(table) => Self::of_table(table)?,
        })
    }

    fn of_number(number: i128) -> Option<Self> {
        let whole = || i64::try_from(number).map(Self::Whole);
        whole().or_else(|_| u64::try_from(number).map(Self::Large)).ok()
    }

    fn of_table(table: DeTable<'a>) -> Result<Self, Wrong> {
        let entry = |(key, value): (Spanned<Cow<'a, str>>, Spanned<DeValue<'a>>)| {
            let span = Some(key.span());
            Ok((Node { value: Self::Text(key.into_inner()), span }, Node::of_toml(value)?))
        };
        Ok(Self::Table(table.into_iter().map(entry).collect::<Result<_, Wrong>>()?))
    }
}

impl<'a> Node<'a> {
    fn of_toml(value: Spanned<DeValue<'a>>) -> Result<Self, Wrong> {
        let span = Some(value.span());
        match Value::of_toml(value.into_inner()) {
            Ok(value) => Ok(Self { value, span }),
            Err(wrong) => Err(wrong.at(&Self { value: Value::Nothing, span })),
        }
    }
}

impl<'a> From<Value<'a>> for Node<'a> {
    fn from(value: Value<'a>) -> Self {
        Self { value, span: None }
    }
}

impl<'a> From<&'a Json> for Node<'a> {
    fn from(json: &'a Json) -> Self {
        Self::from(match json {
            Json::Null => Value::Nothing,
            Json::Bool(truth) => Value::Truth(*truth),
            Json::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(whole), _) => Value::Whole(whole),
                (None, Some(large)) => Value::Large(large),
                (None, None) => Value::Real(number.as_f64().unwrap_or(f64::NAN)),
            },
            Json::String(text) => Value::Text(Cow::Borrowed(text)),
            Json::Array(list) => Value::List(list.iter().map(Self::from).collect()),
            Json::Object(table) => {
                let entry = |(key, value): (&'a String, &'a Json)| {
                    (Self::from(Value::Text(Cow::Borrowed(key))), Self::from(value))
                };
                Value::Table(table.iter().map(entry).collect())
            }
        })
    }
}

/// The tree itself, of any reader.
impl<'de> Deserialize<'de> for Node<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Tree;
        impl<'de> Visitor<'de> for Tree {
            type Value = Node<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_unit<E>(self) -> Result<Node<'de>, E> {
                Ok(Value::Nothing.into())
            }

            fn visit_bool<E>(self, truth: bool) -> Result<Node<'de>, E> {
                Ok(Value::Truth(truth).into())
            }

            fn visit_i64<E>(self, whole: i64) -> Result<Node<'de>, E> {
                Ok(Value::Whole(whole).into())
            }

            fn visit_u64<E>(self, large: u64) -> Result<Node<'de>, E> {
                Ok(i64::try_from(large).map_or(Value::Large(large), Value::Whole).into())
            }

            fn visit_f64<E>(self, real: f64) -> Result<Node<'de>, E> {
                Ok(Value::Real(real).into())
            }

            fn visit_str<E>(self, text: &str) -> Result<Node<'de>, E> {
                Ok(Value::Text(Cow::Owned(text.to_owned())).into())
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Node<'de>, E> {
                Ok(Value::Text(Cow::Borrowed(text)).into())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<Node<'de>, A::Error> {
                let mut list = Vec::new();
                while let Some(node) = all.next_element()? {
                    list.push(node);
                }
                Ok(Value::List(list).into())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut all: A) -> Result<Node<'de>, A::Error> {
                let mut table = Vec::new();
                while let Some(entry) = all.next_entry()? {
                    table.push(entry);
                }
                Ok(Value::Table(table).into())
            }
        }
        deserializer.deserialize_any(Tree)
    }
}

impl Wrong {
    fn new(message: String, span: Option<Range<usize>>) -> Self {
        Self(Box::new(Inner { message, span, ..Inner::default() }))
    }

    /// It is about a node, if it is about none yet.
    fn at(mut self, node: &Node<'_>) -> Self {
        if self.0.span.is_none() {
            self.0.span.clone_from(&node.span);
        }
        self
    }

    /// It is about something of this name.
    fn within(mut self, name: &dyn fmt::Display) -> Self {
        if self.0.span.is_none() {
            self.0.names.push(name.to_string());
        }
        self
    }

    /// It shows the place in a text.
    fn of(mut self, text: &str) -> Self {
        self.0.text = Some(text.to_owned());
        self
    }

    /// What is wrong.
    pub(crate) fn message(&self) -> &str {
        &self.0.message
    }

    /// Where it stands in the text.
    pub(crate) fn span(&self) -> Option<Range<usize>> {
        self.0.span.clone()
    }
}

impl fmt::Display for Wrong {
    /// The line with the place marked, as `toml` writes it, and what is wrong.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { message, span, text, names } = &*self.0;
        if let (Some(span), Some(text)) = (span, text) {
            let before = text.get(..span.start).unwrap_or(text);
            let start = before.rfind('\n').map_or(0, |at| at + 1);
            let number = before.matches('\n').count() + 1;
            let line = text.get(start..).and_then(|rest| rest.split('\n').next()).unwrap_or_default();
            let column = before.get(start..).unwrap_or_default().chars().count();
            let marks = span.len().min(line.len().saturating_sub(column)).max(1);
            let gutter = " ".repeat(number.to_string().len() + 1);
            writeln!(f, "TOML parse error at line {number}, column {}", column + 1)?;
            writeln!(f, "{gutter}|\n{number} | {line}\n{gutter}| {}{}", " ".repeat(column), "^".repeat(marks))?;
        }
        if span.is_none() && !names.is_empty() {
            let names: Vec<_> = names.iter().rev().map(String::as_str).collect();
            write!(f, "{}: ", names.join("."))?;
        }
        f.write_str(message)
    }
}

impl std::error::Error for Wrong {}

impl de::Error for Wrong {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string(), None)
    }
}

#[cfg(test)]
mod tests;
