//! The shape of a list of parameters: how many there are, and what stands in each place.

use crate::wire::json::{Str, Value};

/// What one place holds. Hexadecimal digits are counted without `0x`.
#[derive(Clone, Copy, Debug)]
pub(super) enum Item {
    /// Anything.
    Any,
    /// `""`.
    Empty,
    /// `true` or `false`.
    Flag,
    /// So many hexadecimal digits.
    Hex(usize),
    /// As many hexadecimal digits as this, at least and at most.
    HexOf(usize, usize),
    /// `0x` and so many hexadecimal digits.
    Hex0x(usize),
    /// `0x` and as many hexadecimal digits as this, at least and at most.
    Hex0xOf(usize, usize),
    /// So many whole numbers.
    Integers(usize),
    /// `null`.
    Null,
    /// A number.
    Number,
    /// A number, or a string of decimal digits.
    Numeral,
    /// A string.
    Text,
}

impl Item {
    fn fits(self, value: Value<'_, '_>) -> bool {
        let text = |wanted: &dyn Fn(Str<'_>) -> bool| value.as_str().is_some_and(wanted);
        match self {
            Self::Any => true,
            Self::Empty => text(&|text| text.is_empty()),
            Self::Flag => value.as_bool().is_some(),
            Self::Hex(digits) => text(&|text| text.is_hex(digits)),
            Self::HexOf(least, most) => text(&|text| hex_digits(text).is_some_and(|n| (least..=most).contains(&n))),
            Self::Hex0x(digits) => text(&|text| text.is_hex_0x(digits)),
            Self::Hex0xOf(least, most) => text(&|text| {
                let digits = text.len_decoded().saturating_sub(2);
                (least..=most).contains(&digits) && text.is_hex_0x(digits)
            }),
            Self::Integers(wanted) => is_list_of_integers(value, wanted, wanted),
            Self::Null => value.is_null(),
            Self::Number => value.as_number().is_some(),
            Self::Numeral => value.as_u64().is_some() || text(&|text| is_decimal(text, 1, 20)),
            Self::Text => value.as_str().is_some(),
        }
    }
}

/// Whether the whole list is there and has exactly this shape.
pub(super) fn is(list: Value<'_, '_>, shape: &[Item]) -> bool {
    list.is_array() && list.is_complete() && list.count() == shape.len() && begins(list, shape)
}

/// Whether the list begins with this shape.
pub(super) fn begins(list: Value<'_, '_>, shape: &[Item]) -> bool {
    let mut items = list.items();
    shape.iter().all(|item| items.next().is_some_and(|value| item.fits(value)))
}

/// The digits of a text of nothing but hexadecimal digits.
pub(super) fn hex_digits(text: Str<'_>) -> Option<usize> {
    let digits = text.len_decoded();
    text.is_hex(digits).then_some(digits)
}

/// Whether the text is nothing but decimal digits, as many as this at least and at most.
pub(super) fn is_decimal(text: Str<'_>, least: usize, most: usize) -> bool {
    (least..=most).contains(&text.len_decoded()) && text.chars().all(|digit| digit.is_ascii_digit())
}

/// Whether it is a list of whole numbers, as many as this at least and at most.
pub(super) fn is_list_of_integers(value: Value<'_, '_>, least: usize, most: usize) -> bool {
    let is_counted = value.is_array() && value.is_complete() && (least..=most).contains(&value.count());
    is_counted && value.items().all(|item| item.as_u64().is_some())
}
