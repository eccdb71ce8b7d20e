//! From sections of UCI to minewall.toml, each setting with the option it comes from.

use std::collections::BTreeMap;
use std::fmt;

use super::form::truth;
use super::parse::{Given, Package, Section};
use super::table::{Kind, PACKAGE, Row, TABLE};
use crate::settings::{self, Fault};

/// A configuration that minewall takes.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) toml: String,
    /// What was passed over.
    pub(super) warnings: Vec<Told>,
}

/// Something that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    /// As `uci get` names it: `minewall.@feed[0].url`; or a place in a file.
    pub(super) at: String,
    pub(super) what: String,
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.what)
    }
}

/// Makes minewall.toml of a UCI file or an export.
///
/// # Errors
/// Everything that is wrong with single options; where nothing is, the first that is wrong with the whole.
pub(super) fn make(text: &str, reads_files: bool) -> Result<Made, Vec<Told>> {
    let told = |error: super::parse::Unreadable| vec![Told { at: PACKAGE.to_owned(), what: error.to_string() }];
    let package = Package::read(text, PACKAGE).map_err(told)?;
    let mut made = Making::default();
    made.package(&package);
    if !made.wrong.is_empty() {
        made.wrong.append(&mut made.warnings);
        return Err(made.wrong);
    }
    let written = made.render();
    match settings::judge(&written.toml, reads_files) {
        Ok(()) => Ok(Made { toml: written.toml, warnings: made.warnings }),
        Err(fault) => Err(vec![made.told(&written, &fault)]),
    }
}

/// A line of minewall.toml to be.
#[derive(Debug)]
struct Setting {
    /// What it is called within its table.
    name: String,
    value: String,
    /// The option it comes from; none: it is fixed.
    from: Option<String>,
}

/// The settings of one table, or of one entry of a list of tables.
#[derive(Debug)]
struct Entry {
    table: &'static str,
    /// The section it comes from.
    from: String,
    settings: Vec<Setting>,
}

#[derive(Debug, Default)]
struct Making {
    /// Tables by their names; the first has none.
    tables: BTreeMap<String, Vec<Setting>>,
    entries: Vec<Entry>,
    wrong: Vec<Told>,
    warnings: Vec<Told>,
}

/// A text, and for each of its lines the option it comes from.
struct Written {
    toml: String,
    from: Vec<Option<String>>,
}

impl Making {
    fn package(&mut self, package: &Package) {
        for (at, section) in package.sections.iter().enumerate() {
            let shown = format!("{PACKAGE}.{}", package.shown(at));
            let Some(kind) = TABLE.iter().find(|kind| kind.kind == section.kind) else {
                let known: Vec<_> = TABLE.iter().map(|kind| kind.kind).collect();
                let what = format!(
                    "there are no sections of the type {:?}; it is passed over. Known: {}",
                    section.kind,
                    known.join(", ")
                );
                self.warnings.push(Told { at: shown, what });
                continue;
            };
            self.section(kind, section, &shown);
        }
        for kind in TABLE {
            let Some(name) = kind.name else { continue };
            if !package
                .sections
                .iter()
                .any(|section| section.kind == kind.kind && section.name.as_deref() == Some(name))
            {
                let what = format!("this section is missing; write: config {} '{name}'", kind.kind);
                self.wrong.push(Told { at: format!("{PACKAGE}.{name}"), what });
            }
        }
    }

    fn section(&mut self, kind: &'static Kind, section: &Section, shown: &str) {
        if let Some(name) = kind.name.filter(|name| section.name.as_deref() != Some(name)) {
            let what = format!(
                "line {}: there is one section of this type, and it is called {name}; write: config {} '{name}'",
                section.line, kind.kind
            );
            self.wrong.push(Told { at: shown.to_owned(), what });
            return;
        }
        for given in section.options.iter().filter(|given| kind.options.iter().all(|row| row.name != given.name)) {
            self.warnings.push(unknown(kind, given, shown));
        }
        // What is off may be unfinished. Of the whole this is asked by the init script alone.
        if kind.name.is_none() && is_off(section, "enabled") {
            return;
        }
        let mut settings = Vec::new();
        let fixed =
            |(name, value): &(&str, &str)| Setting { name: (*name).to_owned(), value: (*value).to_owned(), from: None };
        settings.extend(kind.fixed.iter().map(fixed));
        for row in kind.options {
            self.option(row, section, shown, &mut settings);
        }
        if kind.table.is_empty() {
            for Setting { name, value, from } in settings {
                let (table, name) = name.rsplit_once('.').unwrap_or(("", &name));
                let setting = Setting { name: name.to_owned(), value, from };
                self.tables.entry(table.to_owned()).or_default().push(setting);
            }
        } else {
            self.entries.push(Entry { table: kind.table, from: shown.to_owned(), settings });
        }
    }

    fn option(&mut self, row: &Row, section: &Section, shown: &str, settings: &mut Vec<Setting>) {
        let at = format!("{shown}.{}", row.name);
        let given = section.get(row.name);
        if given.is_none() && row.required {
            self.wrong.push(Told { at, what: format!("this option is missing; it is {}", row.form.expected()) });
            return;
        }
        let value = match given.map_or_else(|| Ok(default(row)), |given| value(row, given)) {
            Ok(value) => value,
            Err(what) => {
                self.wrong.push(Told { at, what });
                return;
            }
        };
        if row.with.is_some_and(|flag| section.get(flag).is_none() || is_off(section, flag)) {
            return;
        }
        let from = given.map(|_| at);
        if let Some(value) = value {
            let setting = |name: &&str| Setting { name: (*name).to_owned(), value: value.clone(), from: from.clone() };
            settings.extend(row.settings.iter().map(setting));
        }
    }

    fn render(&self) -> Written {
        let mut written = Written { toml: String::new(), from: Vec::new() };
        written.line("# Made of /etc/config/minewall by `minewall uci`: change that, not this.", None);
        for (table, settings) in &self.tables {
            if !table.is_empty() {
                written.line(&format!("\n[{table}]"), None);
            }
            settings.iter().for_each(|setting| written.setting(setting));
        }
        for entry in &self.entries {
            written.line(&format!("\n[[{}]]", entry.table), Some(&entry.from));
            entry.settings.iter().for_each(|setting| written.setting(setting));
        }
        written
    }

    /// What is wrong with the whole, by the option it comes from.
    fn told(&self, written: &Written, fault: &Fault) -> Told {
        let by_setting = fault.setting.as_deref().and_then(|setting| self.origin(setting));
        let by_line = || written.from.get(fault.line?.checked_sub(1)?)?.clone();
        let at =
            by_setting.or_else(by_line).unwrap_or_else(|| fault.setting.clone().unwrap_or_else(|| PACKAGE.to_owned()));
        Told { at, what: fault.problem.clone() }
    }

    /// The option of a setting, of an entry of a list by its index (`lists.feed.0.url`); or the section of an entry.
    fn origin(&self, setting: &str) -> Option<String> {
        let (table, name) = setting.rsplit_once('.').unwrap_or(("", setting));
        // Of the whole, whether it is given or not.
        for kind in TABLE {
            let row = kind.options.iter().find(|row| row.settings.contains(&setting));
            if let (Some(name), Some(row)) = (kind.name, row) {
                return Some(format!("{PACKAGE}.{name}.{}", row.name));
            }
        }
        // Of an entry's option, or the whole of it.
        for (place, option) in [(table, Some(name)), (setting, None)] {
            let Some((list, index)) = place.rsplit_once('.') else { continue };
            let Ok(index) = index.parse() else { continue };
            let Some(entry) = self.entries.iter().filter(|entry| entry.table == list).nth(index) else { continue };
            let setting = option.and_then(|option| entry.settings.iter().find(|own| own.name == option));
            return Some(setting.and_then(|setting| setting.from.clone()).unwrap_or_else(|| entry.from.clone()));
        }
        None
    }
}

impl Written {
    fn line(&mut self, text: &str, from: Option<&String>) {
        self.from.extend(text.split('\n').map(|_| from.cloned()));
        self.toml += text;
        self.toml.push('\n');
    }

    fn setting(&mut self, setting: &Setting) {
        self.line(&format!("{} = {}", setting.name, setting.value), setting.from.as_ref());
    }
}

/// The value in TOML; none where there is nothing to be said.
fn value(row: &Row, given: &Given) -> Result<Option<String>, String> {
    if row.many {
        // LuCI and people write short lists as one option too.
        let words: Vec<&str> = if given.is_list {
            given.values.iter().map(String::as_str).collect()
        } else {
            given.values.iter().flat_map(|value| value.split_whitespace()).collect()
        };
        return list(row, &words).map(Some);
    }
    match &given.values[..] {
        [value] => row.form.toml(value).map(Some),
        values => {
            Err(format!("{} values are given, and one is taken; write: option {} 'VALUE'", values.len(), row.name))
        }
    }
}

fn list(row: &Row, words: &[&str]) -> Result<String, String> {
    let values =
        words.iter().filter(|word| !word.is_empty()).map(|word| row.form.toml(word)).collect::<Result<Vec<_>, _>>()?;
    Ok(format!("[{}]", values.join(", ")))
}

fn default(row: &Row) -> Option<String> {
    if row.default.is_empty() {
        return None;
    }
    let words: Vec<_> = row.default.split(' ').collect();
    if row.many { list(row, &words).ok() } else { row.form.toml(row.default).ok() }
}

/// Whether an option says no. What says neither is told as wrong elsewhere.
fn is_off(section: &Section, flag: &str) -> bool {
    let value = section.get(flag).and_then(|given| given.values.first());
    value.and_then(|value| truth(value)) == Some(false)
}

fn unknown(kind: &Kind, given: &Given, shown: &str) -> Told {
    let known: Vec<_> = kind.options.iter().map(|row| row.name).collect();
    let what = format!("there is no such option; it is passed over. Known: {}", known.join(", "));
    Told { at: format!("{shown}.{}", given.name), what }
}
