//! The table against the files made of it, against the core, and the reader against what the real `uci` made of odd files
//! (tests/openwrt/uci/README.md).

use std::fs;

use minewall_core::config::Config;
use proptest::prelude::*;

use super::form::Form;
use super::parse::{Given, Package, Section};
use super::table::{GROUPS, Kind, PACKAGE, Row, TABLE};
use super::{convert, show};

fn path(path: &str) -> String {
    format!("{}/../{path}", env!("CARGO_MANIFEST_DIR"))
}

/// A file of the repository, or part of it, that is made of the table; with `MINEWALL_BLESS` set it is written instead.
fn is_made(file: &str, text: &str) {
    if std::env::var_os("MINEWALL_BLESS").is_some() {
        fs::write(path(file), text).unwrap();
    }
    let is = fs::read_to_string(path(file)).unwrap();
    assert!(is == text, "{file} is not what the table says: MINEWALL_BLESS=1 writes it");
}

#[test]
fn the_options_are_told_as_json() {
    let text = show::json().unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["sections"].as_array().unwrap().len(), TABLE.len());
    assert_eq!(json["sections"][0]["options"].as_array().unwrap().len(), TABLE[0].options.len());
    is_made("openwrt/minewall/options.json", &text);
}

/// The file the package brings: nothing is done by it until it is switched on.
fn shipped() -> String {
    let mut text = String::from(
        "# minewall: docs/openwrt.md tells every option, `minewall uci --check` what is wrong.\n\
         # What stands behind # is what holds without it.\n\nconfig minewall 'global'\n\toption enabled '0'\n\toption mode 'observe'\n",
    );
    for (group, title) in GROUPS {
        text += &format!("\n\t# {title}\n");
        let rows = TABLE[0].options.iter().filter(|row| row.group == group);
        for row in rows.filter(|row| !["enabled", "mode"].contains(&row.name)) {
            let word = if row.many { "list" } else { "option" };
            let values = if row.many { row.default.split(' ').collect() } else { vec![row.default] };
            text.extend(values.iter().map(|value| format!("\t#{word} {} '{value}'\n", row.name)));
        }
    }
    text + "\n# The router's own log: logread -e minewall\nconfig target 'local'\n\toption address 'unix:/dev/log'\n\n\
            # A public list of hosts of miners in web pages, for whoever wants it\nconfig feed 'nocoin'\n\toption enabled '0'\n\
            \toption name 'nocoin'\n\toption url 'https://raw.githubusercontent.com/hoshsadiq/adblock-nocoin-list/master/hosts.txt'\n\
            \toption category 'browser'\n\toption min '200'\n"
}

#[test]
fn the_file_of_the_package_is_made_of_the_table_and_says_what_holds() {
    is_made("openwrt/minewall/files/minewall.config", &shipped());
    let made = convert::make(&shipped(), false).unwrap();
    assert_eq!(made.warnings, []);
    // What stands behind # holds: without these signs the same comes out.
    let spoken: String = shipped()
        .lines()
        .filter(|line| !line.ends_with("''"))
        .map(|line| format!("{}\n", line.replace("\t#option", "\toption").replace("\t#list", "\tlist")))
        .collect();
    assert_eq!(convert::make(&spoken, false).unwrap().toml, made.toml);
}

/// The tables in the manual, between its marks.
#[test]
fn the_manual_tells_every_option() {
    const MARKS: (&str, &str) = ("<!-- options -->\n", "<!-- end of options -->\n");
    let mut tables = String::new();
    for kind in TABLE {
        let head =
            kind.name.map_or_else(|| format!("config {}", kind.kind), |name| format!("config {} '{name}'", kind.kind));
        tables += &format!(
            "\n### `{head}`\n\n{}\n\n| option | what it may be | without it | what it does |\n|---|---|---|---|\n",
            kind.help
        );
        for row in kind.options {
            let list = if row.many { "list of: " } else { "" };
            let without = match (row.required, row.default) {
                (true, _) => "it must be given".to_owned(),
                (_, "") => String::new(),
                (_, default) => format!("`{default}`"),
            };
            tables += &format!("| `{}` | {list}{} | {without} | {} |\n", row.name, row.form.expected(), row.help);
        }
    }
    let text = fs::read_to_string(path("docs/openwrt.md")).unwrap();
    let (head, rest) = text.split_once(MARKS.0).expect("the mark of the options");
    let (_, tail) = rest.split_once(MARKS.1).expect("the mark of their end");
    is_made("docs/openwrt.md", &format!("{head}{}{tables}\n{}{tail}", MARKS.0, MARKS.1));
}

/// A section with all that must be given, and one option more.
fn with(kind: &Kind, row: &Row, value: &str) -> String {
    let mut text = String::from("config minewall 'global'\n");
    if kind.name.is_none() {
        text += &format!("config {}\n", kind.kind);
        for must in kind.options.iter().filter(|must| must.required && must.name != row.name) {
            text += &format!("\toption {} '{}'\n", must.name, example(must));
        }
    }
    row.with.iter().for_each(|flag| text += &format!("\toption {flag} '1'\n"));
    text + &format!("\t{} {} '{value}'\n", if row.many { "list" } else { "option" }, row.name)
}

fn example(row: &Row) -> String {
    match row.form {
        Form::Flag | Form::Switch => "1".to_owned(),
        Form::Choice(words) => words[0].to_owned(),
        Form::Number(min, _) | Form::Megabytes(min, _) => min.to_string(),
        Form::Text(kind) if kind.name == "key" => "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3".to_owned(),
        Form::Text(kind) => kind.example.to_owned(),
    }
}

/// Whether the core takes a value of this row, in TOML.
fn core_takes(kind: &Kind, row: &Row, value: &str) -> bool {
    let text = convert::make(&with(kind, row, &example(row)), false).unwrap().toml;
    let (table, name) = row.settings[0].rsplit_once('.').unwrap_or(("", row.settings[0]));
    let head = match (kind.table, table) {
        ("", "") => String::new(),
        ("", table) => format!("\n[{table}]\n"),
        (list, _) => format!("\n[[{list}]]\n"),
    };
    let from = text.find(&head).unwrap() + head.len();
    let (head, body) = text.split_at(from);
    let mut lines: Vec<_> = body.split('\n').map(str::to_owned).collect();
    let at = lines.iter().position(|line| line.starts_with(&format!("{name} = "))).unwrap();
    lines[at] = format!("{name} = {value}");
    let config = toml::from_str::<Config>(&(head.to_owned() + &lines.join("\n")));
    config.is_ok_and(|config| config.check().is_ok() && config.check_sinks().is_ok() && config.lists.check().is_ok())
}

/// Whether this value is taken only beside others: addresses of a sinkhole, both files of a certificate.
fn needs_others(kind: &Kind, row: &Row, value: &str) -> bool {
    let is_file = kind.kind == "target" && ["authorities", "certificate", "key"].contains(&row.name);
    is_file || row.name == "dns_action" && value == "sinkhole"
}

#[test]
fn every_value_a_row_allows_is_taken_and_its_bounds_are_those_of_the_core() {
    for kind in TABLE {
        for row in kind.options {
            assert!(
                kind.name.is_none() || GROUPS.iter().any(|(group, _)| *group == row.group),
                "{} has no tab",
                row.name
            );
            let values = match row.form {
                Form::Flag | Form::Switch => vec!["0".to_owned(), "1".to_owned()],
                Form::Choice(words) => words.iter().map(|word| (*word).to_owned()).collect(),
                Form::Number(min, max) | Form::Megabytes(min, max) => vec![min.to_string(), max.to_string()],
                Form::Text(_) => vec![example(row)],
            };
            for value in values.iter().filter(|value| !needs_others(kind, row, value)) {
                let made = convert::make(&with(kind, row, value), false);
                assert!(made.as_ref().is_ok_and(|made| made.warnings.is_empty()), "{}={value}: {made:?}", row.name);
            }
            if row.settings.is_empty() || needs_others(kind, row, "") {
                continue;
            }
            match row.form {
                // These are words of whoever reads the list or sends the message, not of the configuration.
                Form::Choice(_) if kind.kind == "file" || row.name == "facility" => {}
                Form::Choice(_) => assert!(!core_takes(kind, row, "\"no such word\""), "{}", row.name),
                // The core bounds entries of feeds by nothing, and the first queue less where DNS has none of its own.
                Form::Number(..) if ["min", "max", "queue_first"].contains(&row.name) => {}
                Form::Number(min, max) => {
                    assert!(core_takes(kind, row, &max.to_string()), "{}", row.name);
                    assert!(!core_takes(kind, row, &(max + 1).to_string()), "{} may be more than {max}", row.name);
                    assert!(min == 0 || !core_takes(kind, row, &(min - 1).to_string()), "{} may be less", row.name);
                }
                _ => {}
            }
        }
    }
}

#[test]
fn what_is_wrong_is_told_by_section_and_option() {
    let global = "config minewall 'global'\n";
    for (text, words) in [
        ("", &["minewall.global", "missing", "config minewall 'global'"][..]),
        ("config minewall\n", &["minewall.@minewall[0]", "line 1", "called global"]),
        ("config minewall 'global'\noption mode 'blok'", &["minewall.global.mode", "blok", "observe, block"]),
        ("config minewall 'global'\noption shipped 'x'", &["minewall.global.shipped", "\"x\"", "0 or 1"]),
        ("config minewall 'global'\noption flows '9'", &["minewall.global.flows", "9", "1024 to 4194304"]),
        (
            "config minewall 'global'\nlist mode 'a'\nlist mode 'b'",
            &["minewall.global.mode", "2 values", "option mode"],
        ),
        (
            "config minewall 'global'\nlist inside '10.0.0.0/8'\nlist inside 'lan'",
            &["minewall.global.inside", "\"lan\"", "192.168.1.0/24"],
        ),
        ("config minewall 'global'\noption mark '0x7'", &["minewall.global.mark", "two bits", "0x30000000"]),
        // Told by the core of the whole:
        ("config minewall 'global'\noption dns_action 'sinkhole'", &["minewall.global.dns_sinkhole", "192.0.2.1"]),
        ("config minewall 'global'\noption utc_offset '+15:00'", &["minewall.global.utc_offset", "+15:00"]),
        ("config minewall 'global'\nlist block 'pool.'", &["minewall.global.block", "pool.", "label"]),
    ] {
        refused(text, words);
    }
    for (section, words) in [
        ("config feed\n option name 'a'\n", &["minewall.@feed[0].url", "missing", "https://"][..]),
        (
            "config feed 'own'\n option name 'a'\n option url 'ftp://x'\n option category 'pool'\n",
            &["minewall.own.url", "https://HOST/PATH"],
        ),
        (
            "config feed\n option enabled '0'\nconfig feed\n option name 'a'\n option url 'http://x/'\n option category 'pool'\n option min '9'\n option max '3'\n",
            &["minewall.@feed[1].min", "more than max"],
        ),
        (
            "config exempt\n option prefix '10.0.0'\n option owner 'a'\n option reason 'b'\n",
            &["minewall.@exempt[0].prefix", "192.168.1.0/24"],
        ),
        ("config target\n option address 'carrier:pigeon'\n", &["minewall.@target[0]", "udp://192.0.2.1:514"]),
        ("config file\n option name 'own'\n option path 'own.list'\n", &["minewall.@file[0].path", "absolute"]),
        (" option mode 'observe' x\n", &["line 2", "one word too many", "quotes"]),
        (" option mode 'observe\n", &["line 2", "not closed"]),
        (" option mode observe;option grace 3\n", &["line 2", "semicolon"]),
        ("set mode observe\n", &["line 2", "\"set\"", "option"]),
    ] {
        refused(&(global.to_owned() + section), words);
    }
}

fn refused(text: &str, words: &[&str]) {
    let told: Vec<_> = convert::make(text, true).unwrap_err().iter().map(ToString::to_string).collect();
    let told = told.join("\n");
    for word in words {
        assert!(told.contains(word), "{text:?} gave {told}, without {word}");
    }
}

#[test]
fn what_is_not_known_is_passed_over_aloud_and_what_is_off_is_left_out() {
    let text = "config minewall 'global'\n option moed 'block'\nconfig zone\n option a 1\nconfig feed\n option enabled 'no'\n option url 'x'\n";
    let made = convert::make(text, false).unwrap();
    let told: Vec<_> = made.warnings.iter().map(ToString::to_string).collect();
    assert!(
        told[0].starts_with("minewall.global.moed: there is no such option") && told[0].contains("mode"),
        "{told:?}"
    );
    assert!(told[1].starts_with("minewall.@zone[0]: "), "{told:?}");
    assert_eq!(told.len(), 2);
    assert!(!made.toml.contains("lists.feed"), "{}", made.toml);
}

/// Files and what the real `uci export` made of them: the same sections come of both.
#[test]
fn odd_files_are_read_as_the_real_uci_reads_them() {
    let mut seen = 0;
    for entry in fs::read_dir(path("tests/openwrt/uci")).unwrap() {
        let file = entry.unwrap().path();
        if file.extension().is_none_or(|ending| ending != "config") {
            continue;
        }
        seen += 1;
        let text = fs::read_to_string(&file).unwrap();
        let own = Package::read(&text, PACKAGE);
        if let Ok(error) = fs::read_to_string(file.with_extension("error")) {
            let line = own.expect_err(&error).line;
            assert!(
                error.contains(&format!("at line {line},")),
                "{}: line {line}, and uci said {error}",
                file.display()
            );
            continue;
        }
        let export = fs::read_to_string(file.with_extension("export")).unwrap();
        let (own, export) = (own.unwrap(), Package::read(&export, PACKAGE).unwrap());
        assert_eq!(bare(own), bare(export), "{}", file.display());
        let toml = file.with_extension("toml");
        if toml.exists() {
            is_made(
                &format!("tests/openwrt/uci/{}", toml.file_name().unwrap().to_str().unwrap()),
                &convert::make(&text, false).unwrap().toml,
            );
        }
    }
    assert!(seen >= 6, "{seen} files");
}

/// Without lines, and with options in the order of their names, which means nothing.
fn bare(mut package: Package) -> Package {
    for section in &mut package.sections {
        section.line = 0;
        section.options.sort_by(|one, other| one.name.cmp(&other.name));
    }
    package
}

/// As `uci export` writes it.
fn export(package: &Package) -> String {
    let quote = |text: &str| format!("'{}'", text.replace('\'', "'\\''"));
    let mut text = format!("package {PACKAGE}\n");
    for section in &package.sections {
        let name = section.name.as_deref().map(|name| format!(" {}", quote(name)));
        text += &format!("\nconfig {}{}\n", section.kind, name.unwrap_or_default());
        for given in &section.options {
            let word = if given.is_list { "list" } else { "option" };
            text.extend(given.values.iter().map(|value| format!("\t{word} {} {}\n", given.name, quote(value))));
        }
    }
    text + "\n"
}

fn package() -> impl Strategy<Value = Package> {
    let value = prop_oneof![".{1,12}", "[a-z0-9'\"\\\\ #;\n\t]{1,12}"].prop_map(|text| text.replace('\r', " "));
    let given = ("[a-z_0-9]{1,6}", prop::collection::vec(value, 1..4), any::<bool>()).prop_map(
        |(name, mut values, is_list)| {
            if !is_list {
                values.truncate(1);
            }
            Given { name, values, is_list }
        },
    );
    let section = (prop::option::of("[a-z_0-9]{1,6}"), "[a-z-]{1,6}", prop::collection::vec(given, 0..5));
    let once = |(name, kind, options): (Option<String>, String, Vec<Given>)| {
        let mut kept: Vec<Given> = Vec::new();
        options.into_iter().filter(|given| !given.values[0].is_empty()).for_each(|given| {
            if kept.iter().all(|other| other.name != given.name) {
                kept.push(given);
            }
        });
        Section { kind, name, options: kept, line: 0 }
    };
    prop::collection::vec(section.prop_map(once), 0..5).prop_map(|sections| {
        let mut kept: Vec<Section> = Vec::new();
        for section in sections {
            if section.name.is_none() || kept.iter().all(|other| other.name != section.name) {
                kept.push(section);
            }
        }
        Package { sections: kept }
    })
}

proptest! {
    /// Whatever stands in values comes back out of an export.
    #[test]
    fn an_export_is_read_back(package in package()) {
        prop_assert_eq!(Package::read(&export(&package), PACKAGE).map(bare), Ok(bare(package)));
    }

    /// No text breaks the reader or the conversion, and what comes of it is TOML.
    #[test]
    fn any_text_is_read_or_refused(text in "(config |option |list |package |minewall|global|feed|mode|'|\"|\\\\|#|;|\n|\r| |\\PC){0,40}") {
        if let Ok(made) = convert::make(&text, false) {
            prop_assert!(made.toml.parse::<toml::Table>().is_ok());
        }
    }
}
