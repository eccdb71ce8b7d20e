//! What is known of one list.

use crate::kind::{Category, Confidence};
use alloc::string::String;

/// What is known of one list; every hit points to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListMeta {
    /// Its name, as the records show it.
    pub name: String,
    /// What it is about.
    pub category: Category,
    /// Confidence of an entry that states none.
    pub confidence: Confidence,
    /// The most that an entry is believed, whatever it states.
    pub trust: Confidence,
    /// Where it comes from; may be empty.
    pub source: String,
    /// Under which licence; may be empty.
    pub licence: String,
    /// The date of its source, `YYYY-MM-DD`; may be empty.
    pub date: String,
    /// How many entries were taken from it; counted by the builder.
    pub entries: usize,
}

impl ListMeta {
    /// A list with a name and a category; the rest is to be filled in. Without a word of its own, the
    /// user's list is of high confidence and any other of medium.
    #[must_use]
    pub fn new(name: &str, category: Category) -> Self {
        let confidence = match category {
            Category::Custom => Confidence::High,
            _ => Confidence::Medium,
        };
        Self {
            name: name.into(),
            category,
            confidence,
            trust: Confidence::High,
            source: String::new(),
            licence: String::new(),
            date: String::new(),
            entries: 0,
        }
    }

    /// The head of a text in our own format: lines `# key: value` before the first entry. `None` without
    /// a known category.
    #[must_use]
    pub fn from_head(text: &str) -> Option<Self> {
        let value = |key: &str| {
            let mut head = text.lines().map_while(|line| line.strip_prefix("# "));
            head.find_map(|line| line.strip_prefix(key)?.strip_prefix(": ")).unwrap_or("")
        };
        let mut meta = Self::new(value("list"), value("category").parse().ok()?);
        meta.source = value("source").into();
        meta.licence = value("licence").into();
        meta.date = value("date").into();
        Some(meta)
    }
}
