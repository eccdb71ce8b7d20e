//! The reasons for wilful mining and infections, in Chinese; their English stands in the incidents.

use super::texts::Lang;

/// Rows of the table of reasons by their rule.
const CHINESE: &[(&str, &str)] = &[];

/// A reason in a language; one without a translation stays as it is.
pub(crate) fn text(rule: &str, english: &str, lang: Lang) -> String {
    let chinese = || CHINESE.iter().find(|(known, _)| *known == rule);
    match lang {
        Lang::En => english.to_owned(),
        Lang::Zh => chinese().map_or(english, |(_, text)| text).to_owned(),
    }
}
