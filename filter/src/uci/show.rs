//! The table of options as JSON, for what shows or tests them elsewhere (LuCI).

use anyhow::Result;
use serde_json::{Value, json};

use super::table::{GROUPS, Kind, PACKAGE, Row, TABLE};

/// All of it.
///
/// # Errors
/// None that is known; a value is turned into text.
pub(super) fn json() -> Result<String> {
    let groups: Vec<_> = GROUPS.iter().map(|(name, title)| json!({ "name": name, "title": title })).collect();
    let sections = TABLE.iter().map(section).collect::<Result<Vec<_>>>()?;
    let (config, groups) = (serde_json::to_string(PACKAGE)?, lines(&groups)?);
    Ok(format!("{{\n\"config\": {config},\n\"groups\": {groups},\n\"sections\": [\n{}\n]\n}}\n", sections.join(",\n")))
}

/// A list with a line for each value, so that changes are seen.
fn lines(values: &[Value]) -> Result<String> {
    let lines = values.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>()?;
    Ok(format!("[\n{}\n]", lines.join(",\n")))
}

fn section(kind: &Kind) -> Result<String> {
    let head = json!({ "type": kind.kind, "name": kind.name, "title": kind.title, "help": kind.help });
    let head = serde_json::to_string(&head)?;
    let options: Vec<_> = kind.options.iter().map(option).collect();
    Ok(format!("{},\"options\": {}}}", head.trim_end_matches('}'), lines(&options)?))
}

fn option(row: &Row) -> Value {
    let example = if let super::form::Form::Text(kind) = row.form { Some(kind.example) } else { None };
    let (min, max) = row.form.bounds().unzip();
    json!({
        "name": row.name, "group": row.group, "form": row.form.name(), "list": row.many, "required": row.required,
        "default": row.default, "choices": row.form.choices(), "min": min, "max": max, "example": example,
        "with": row.with, "settings": row.settings, "title": row.title, "help": row.help,
    })
}
