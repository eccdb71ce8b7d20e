//! A configuration as rpcd hands it out and takes changes of it.

use serde_json::{Map, Value, json};

/// A section with its options: texts, or lists of texts.
#[derive(Clone, Debug)]
struct Section {
    kind: String,
    name: String,
    is_anonymous: bool,
    options: Map<String, Value>,
}

/// The configuration `minewall`, and what was changed of it.
#[derive(Debug, Default)]
pub(super) struct Uci {
    sections: Vec<Section>,
    added: usize,
    /// The changes, as `uci changes` tells them in JSON.
    pub(super) changes: Vec<Value>,
    /// How often changes were applied.
    pub(super) applied: usize,
}

impl Uci {
    /// Of sections: type, name (empty: anonymous) and options.
    pub(super) fn new(sections: &[(&str, &str, Value)]) -> Self {
        let mut uci = Self::default();
        for (kind, name, options) in sections {
            let name = uci.add(kind, name);
            uci.set(&name, options.as_object().unwrap());
        }
        uci.changes.clear();
        uci
    }

    fn add(&mut self, kind: &str, name: &str) -> String {
        self.added += 1;
        let is_anonymous = name.is_empty();
        let name = if is_anonymous { format!("cfg{:02x}", self.added) } else { name.to_owned() };
        self.changes.push(json!(["add", name, kind]));
        self.sections.push(Section { kind: kind.to_owned(), name: name.clone(), is_anonymous, options: Map::new() });
        name
    }

    fn section(&mut self, name: &str) -> Option<&mut Section> {
        self.sections.iter_mut().find(|section| section.name == name)
    }

    fn set(&mut self, name: &str, values: &Map<String, Value>) -> bool {
        let Some(section) = self.section(name) else { return false };
        section.options.extend(values.clone());
        self.changes.extend(values.iter().map(|(option, value)| json!(["set", name, option, value])));
        true
    }

    fn delete(&mut self, name: &str, options: Option<&Vec<Value>>) -> bool {
        let Some(section) = self.section(name) else { return false };
        match options {
            Some(options) => {
                let options: Vec<_> = options.iter().filter_map(Value::as_str).collect();
                section.options.retain(|option, _| !options.contains(&option.as_str()));
                self.changes.extend(options.iter().map(|option| json!(["remove", name, option])));
            }
            None => {
                self.sections.retain(|section| section.name != name);
                self.changes.push(json!(["remove", name]));
            }
        }
        true
    }

    /// What a method of ubus's `uci` gives; `None` where there is no such section.
    pub(super) fn call(&mut self, method: &str, values: &Value) -> Option<Value> {
        let name = values["section"].as_str().unwrap_or_default();
        match method {
            "get" => Some(json!({ "values": self.values() })),
            "changes" => Some(json!({ "changes": { "minewall": self.changes } })),
            "add" => {
                let name = values["name"].as_str().unwrap_or_default();
                Some(json!({ "section": self.add(values["type"].as_str()?, name) }))
            }
            "set" => self.set(name, values["values"].as_object()?).then(|| json!({})),
            "delete" => self.delete(name, values["options"].as_array()).then(|| json!({})),
            _ => None,
        }
    }

    /// All sections, as `uci get` gives them.
    fn values(&self) -> Value {
        let section = |(index, section): (usize, &Section)| {
            let mut all = section.options.clone();
            all.insert(".type".to_owned(), json!(section.kind));
            all.insert(".name".to_owned(), json!(section.name));
            all.insert(".anonymous".to_owned(), json!(section.is_anonymous));
            all.insert(".index".to_owned(), json!(index));
            (section.name.clone(), Value::Object(all))
        };
        Value::Object(self.sections.iter().enumerate().map(section).collect())
    }

    /// The text of /etc/config/minewall.
    pub(super) fn text(&self) -> String {
        let quoted = |text: &Value| format!("'{}'", text.as_str().unwrap_or_default().replace('\'', r"'\''"));
        let mut text = String::new();
        for section in &self.sections {
            let name = if section.is_anonymous { String::new() } else { format!(" '{}'", section.name) };
            text += &format!("\nconfig {}{name}\n", section.kind);
            for (option, value) in &section.options {
                match value.as_array() {
                    Some(values) => {
                        text.extend(values.iter().map(|value| format!("\tlist {option} {}\n", quoted(value))))
                    }
                    None => text += &format!("\toption {option} {}\n", quoted(value)),
                }
            }
        }
        text
    }
}
