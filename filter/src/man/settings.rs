//! The manual page of the configuration file, made of the example that shows every setting with its default.

use anyhow::Result;
use clap_mangen::roff::Roff;

use super::text::{LEFT, Sections, joined};
use super::{COMMANDS, FILES};
use crate::settings::CONFIG;

/// The page's name.
pub(super) const NAME: &str = "minewall.toml";

/// Every setting with its default and what it is.
const EXAMPLE: &str = include_str!("../../minewall.toml");

const ABOUT: &[&str] = &[
    "minewall reads one file in TOML. Each setting is shown with its default; those marked (off) are examples of what is \
     not set by default. An unknown setting, and a value out of its bounds, are errors that name the line.",
    "minewall-check-config(8) reads the file and says what is wrong with it, without touching the running daemon. SIGHUP, \
     or systemctl reload minewall, has the daemon read it anew; when it is wrong the former configuration stays. Settings \
     of [queue], kernel.mark, kernel.bridge, kernel.backend, look.bytes, look.flows and runtime.directory need a restart.",
];

/// A table of the configuration, or what stands before the first.
#[derive(Debug, Default, PartialEq)]
struct Table {
    name: String,
    about: String,
    settings: Vec<Setting>,
}

/// A setting with its remark, or several without any.
#[derive(Debug, Default, PartialEq)]
struct Setting {
    /// `name = value`, each.
    lines: Vec<String>,
    about: String,
}

/// The page as troff.
///
/// # Errors
/// None: it is written to memory.
pub(super) fn page(date: &str) -> Result<Vec<u8>> {
    let mut title = Roff::new();
    let source = concat!("minewall ", env!("CARGO_PKG_VERSION"));
    title.control("TH", [NAME.to_uppercase().as_str(), FILES, date, source, "File formats"]);
    let mut page = Vec::new();
    title.to_writer(&mut page)?;
    page.extend(LEFT);
    let mut sections = Sections::default();
    sections.section("NAME").paragraph(&format!("{NAME} - configuration of minewall"));
    sections.section("SYNOPSIS").paragraph(CONFIG);
    sections.section("DESCRIPTION");
    ABOUT.iter().for_each(|text| _ = sections.paragraph(text));
    sections.section("SETTINGS");
    for table in tables(EXAMPLE) {
        if !table.name.is_empty() {
            sections.part(&table.name);
        }
        if !table.about.is_empty() {
            sections.paragraph(&table.about);
        }
        for Setting { lines, about } in &table.settings {
            sections.item(&lines.iter().map(String::as_str).collect::<Vec<_>>(), about);
        }
    }
    let examples = ["minewall check-config", "systemctl reload minewall"];
    sections.section("EXAMPLES").typed(examples);
    sections.section("FILES").item(&[CONFIG], "The configuration.");
    sections.section("SEE ALSO").pages(&[("minewall", COMMANDS), ("minewall-check-config", COMMANDS)]);
    page.extend(joined(&sections.written()?));
    Ok(page)
}

/// The example's tables in their order; those that are commented out are marked.
fn tables(text: &str) -> Vec<Table> {
    let mut tables = vec![Table::default()];
    let mut waiting = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let (is_off, rest) = line.strip_prefix('#').map_or((false, line), |rest| (true, rest));
        let (code, remark) = split(rest);
        let mut code = code.trim().to_owned();
        let is_code = code.starts_with('[') || code.split_once(" = ").is_some_and(|(name, _)| is_name(name));
        if code.is_empty() || is_off && !is_code {
            // Prose: of what follows where it stands alone, of what came before where it goes on.
            let prose = if code.is_empty() { remark.to_owned() } else { rest.trim().to_owned() };
            if line.is_empty() {
                waiting.clear();
            } else if code.is_empty() && !remark.is_empty() {
                extend(&mut tables, &prose);
            } else {
                waiting = join(&waiting, &prose);
            }
            continue;
        }
        while is_open(&code)
            && let Some(more) = lines.next()
        {
            code = format!("{code} {}", more.trim());
        }
        let about = join(&std::mem::take(&mut waiting), remark);
        if code.starts_with('[') {
            tables.push(Table { name: marked(&code, is_off), about, settings: Vec::new() });
        } else if let Some(table) = tables.last_mut() {
            table.add(marked(&code, is_off && !table.is_off()), about);
        }
    }
    tables.iter_mut().for_each(Table::name_kind);
    tables
}

impl Table {
    fn is_off(&self) -> bool {
        self.name.ends_with(OFF)
    }

    /// Those without a remark stand together.
    fn add(&mut self, line: String, about: String) {
        match self.settings.last_mut() {
            Some(last) if about.is_empty() && last.about.is_empty() => last.lines.push(line),
            _ => self.settings.push(Setting { lines: vec![line], about }),
        }
    }

    /// `[[sink]]` is said of several: the kind tells which.
    fn name_kind(&mut self) {
        let kind = self.settings.first().and_then(|setting| setting.lines.first()?.strip_prefix("type = "));
        if let Some(kind) = kind {
            let kind = kind.trim_end_matches(OFF).trim_matches('"');
            self.name = format!("{} of type {kind}{OFF}", self.name.trim_end_matches(OFF));
        }
    }
}

const OFF: &str = " (off)";

fn marked(code: &str, is_off: bool) -> String {
    if is_off { format!("{code}{OFF}") } else { code.to_owned() }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// What stands before a remark and the remark: the first `#` outside of quotes begins it.
fn split(line: &str) -> (&str, &str) {
    let mut is_quoted = false;
    for (at, letter) in line.char_indices() {
        match letter {
            '"' => is_quoted = !is_quoted,
            '#' if !is_quoted => return (&line[..at], line[at + 1..].trim()),
            _ => {}
        }
    }
    (line, "")
}

/// Whether a value goes on in the next line.
fn is_open(code: &str) -> bool {
    let count = |bracket: char| code.matches(bracket).count();
    count('[') > count(']')
}

fn join(one: &str, other: &str) -> String {
    let space = if one.is_empty() || other.is_empty() { "" } else { " " };
    format!("{one}{space}{other}")
}

/// Adds to what was said last.
fn extend(tables: &mut [Table], prose: &str) {
    let Some(table) = tables.last_mut() else { return };
    let about = table.settings.last_mut().map_or(&mut table.about, |setting| &mut setting.about);
    *about = join(about, prose);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_of_the_example_is_told_with_what_it_is() {
        let tables = tables(EXAMPLE);
        let written: toml::Table = EXAMPLE.parse().unwrap();
        let has = |table: &str, key: &str| {
            let of = tables.iter().filter(|told| told.name == table).flat_map(|told| &told.settings);
            of.flat_map(|setting| &setting.lines).any(|line| line.starts_with(&format!("{key} = ")))
        };
        for (key, value) in &written {
            match value.as_table() {
                Some(table) => {
                    table.iter().filter(|(_, value)| !value.is_table()).for_each(|(name, _)| {
                        assert!(has(&format!("[{key}]"), name), "[{key}] {name}");
                    });
                }
                None => assert!(has("", key), "{key}"),
            }
        }
        for table in &tables {
            for setting in &table.settings {
                assert!(!setting.lines.is_empty() && !setting.lines[0].contains('#'), "{setting:?}");
            }
        }
        let sinks: Vec<_> = tables.iter().filter(|table| table.name.starts_with("[[sink]]")).collect();
        assert!(sinks.len() >= 4 && sinks.iter().all(|table| table.name.contains(" of type ")), "{sinks:?}");
    }

    #[test]
    fn remarks_go_on_in_the_next_line_and_values_too() {
        let text =
            "# Before.\na = [\n  1, 2,\n]  \nb = \"#\"  # one,\n     # two\n\n[c]  # of c\n# d = 1  # d\n# e = 2\n";
        let tables = tables(text);
        assert_eq!(tables[0].settings[0].lines[0], "a = [ 1, 2, ]");
        assert_eq!(tables[0].settings[0].about, "Before.");
        assert_eq!(tables[0].settings[1].about, "one, two");
        assert_eq!((tables[1].name.as_str(), tables[1].about.as_str()), ("[c]", "of c"));
        let lines: Vec<_> = tables[1].settings.iter().flat_map(|setting| &setting.lines).collect();
        assert_eq!(lines, ["d = 1 (off)", "e = 2 (off)"]);
        assert_eq!(tables[1].settings[1].about, "");
    }
}
