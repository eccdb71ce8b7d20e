//! The options of UCI as the pages have them: made of `openwrt/minewall/options.json`, which is made of the table in
//! `filter/src/uci/table.rs`.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

/// All options.
pub(super) fn table() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openwrt/minewall/options.json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

/// A text of JavaScript.
pub(super) fn text(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'").replace('\n', " "))
}

/// The same of a text in JSON.
fn of(value: &Value) -> String {
    text(value.as_str().unwrap_or_default())
}

/// A text that is translated; none where there is none.
fn translated(value: &Value) -> String {
    if value.as_str().unwrap_or_default().is_empty() { "null".to_owned() } else { format!("_({})", of(value)) }
}

/// One option as a row.
fn row(option: &Value) -> String {
    let mut row = format!("name: {}, form: {}", of(&option["name"]), of(&option["form"]));
    if option["group"].as_str().is_some_and(|group| !group.is_empty()) {
        let _ = write!(row, ", group: {}", of(&option["group"]));
    }
    for flag in ["list", "required"] {
        if option[flag] == true {
            let _ = write!(row, ", {flag}: true");
        }
    }
    for (name, from) in [("preset", "default"), ("example", "example"), ("with", "with")] {
        if option[from].as_str().is_some_and(|value| !value.is_empty()) {
            let _ = write!(row, ", {name}: {}", of(&option[from]));
        }
    }
    for bound in ["min", "max"] {
        if option[bound].is_number() {
            let _ = write!(row, ", {bound}: {}", option[bound]);
        }
    }
    let choices: Vec<_> = option["choices"].as_array().into_iter().flatten().map(of).collect();
    if !choices.is_empty() {
        let _ = write!(row, ", choices: [ {} ]", choices.join(", "));
    }
    format!("{{ {row},\n\t\t\t  title: {}, help: {} }}", translated(&option["title"]), translated(&option["help"]))
}

/// `minewall/options.js`, whole.
pub(super) fn module() -> String {
    let table = table();
    let list = |key: &str| table[key].as_array().unwrap().clone();
    let groups: Vec<_> = list("groups")
        .iter()
        .map(|group| format!("\t\t{{ name: {}, title: {} }}", of(&group["name"]), translated(&group["title"])))
        .collect();
    let sections: Vec<_> = list("sections")
        .iter()
        .map(|section| {
            let options: Vec<_> =
                section["options"].as_array().unwrap().iter().map(|option| format!("\t\t\t{}", row(option))).collect();
            let name = if section["name"].is_null() { "null".to_owned() } else { of(&section["name"]) };
            format!(
                "\t\t{{ type: {}, name: {name}, title: {}, help: {}, options: [\n{}\n\t\t] }}",
                of(&section["type"]),
                translated(&section["title"]),
                translated(&section["help"]),
                options.join(",\n")
            )
        })
        .collect();
    format!(
        "'use strict';\n'require baseclass';\n\n/* Made of openwrt/minewall/options.json: MINEWALL_BLESS=1 cargo test -p minewall --test minewall luci::app */\n\n\
         return baseclass.extend({{\n\tgroups: () => [\n{}\n\t],\n\n\tsections: () => [\n{}\n\t]\n}});\n",
        groups.join(",\n"),
        sections.join(",\n")
    )
}
