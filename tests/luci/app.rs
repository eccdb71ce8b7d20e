//! The app's files, looked at without a browser.

use std::collections::BTreeSet;
use std::process::Command;

use minewall_core::incident::reasons::{RULES, Rule};
use serde_json::Value;

use super::acl::Acl;
use super::{RESOURCES, SCRIPTS, app_directory, app_file, options, script, texts};

/// Compares a file of the app that is made of something else; with `MINEWALL_BLESS` set it is written instead.
fn made(path: &str, text: &str) {
    if std::env::var_os("MINEWALL_BLESS").is_some() {
        std::fs::write(app_directory().join(path), text).unwrap();
    }
    assert_eq!(app_file(path), text, "{path}: MINEWALL_BLESS=1 writes it anew");
}

#[test]
fn every_script_is_sound_and_no_other_is_there() {
    let mut there = BTreeSet::new();
    for directory in ["minewall", "view/minewall"] {
        for entry in std::fs::read_dir(app_directory().join(RESOURCES).join(directory)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.ends_with(".js") {
                there.insert(format!("{directory}/{name}"));
            }
        }
    }
    assert_eq!(there, SCRIPTS.iter().map(|name| (*name).to_owned()).collect());
    for name in SCRIPTS {
        let path = app_directory().join(RESOURCES).join(name);
        let output = Command::new("node").arg("--check").arg(&path).output().expect("apt-get install nodejs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = script(name);
        assert!(text.starts_with("'use strict';\n'require "), "{name}");
        for word in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("] {
            assert!(!text.contains(word), "{name} says {word}");
        }
    }
}

/// An element's children are a list: LuCI takes a text that stands alone for HTML.
#[test]
fn no_text_is_handed_to_an_element_alone() {
    for name in SCRIPTS {
        let text = script(name);
        for (at, _) in text.match_indices("E(") {
            if text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
                continue;
            }
            let call = inside(&text[at + 2..]);
            let Some(last) = call.last().filter(|_| call.len() > 1) else { continue };
            let is_safe =
                ["[", "E(", "{", "attributes", "children", "listed("].iter().any(|start| last.starts_with(start))
                    || last.contains(".map(")
                    || last.contains(".flatMap(");
            assert!(is_safe, "{name}: {last:?} stands alone in E({})", call.join(", "));
        }
    }
}

/// The arguments of a call, whose text begins behind its bracket.
fn inside(text: &str) -> Vec<String> {
    let (mut depth, mut quote, mut arguments) = (0_i32, None, vec![String::new()]);
    for letter in text.chars() {
        match (quote, letter) {
            (Some(open), letter) if letter == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"' | '`') => quote = Some(letter),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth -= 1,
            (None, ',') if depth == 0 => {
                arguments.push(String::new());
                continue;
            }
            _ => {}
        }
        if depth < 0 {
            break;
        }
        arguments.last_mut().unwrap().push(letter);
    }
    arguments.iter().map(|argument| argument.trim().to_owned()).collect()
}

/// The commands that `common.js` has, as node reads them: name, words.
fn commands() -> Vec<(String, Vec<String>)> {
    let program = format!(
        "const make = new Function('baseclass', 'fs', {}); const made = make({{ extend: (all) => all }}, {{}});\n\
         process.stdout.write(JSON.stringify([ made.commands, made.pauses ]));",
        serde_json::to_string(&script("minewall/common.js")).unwrap()
    );
    let output = Command::new("node").args(["-e", &program]).output().expect("apt-get install nodejs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let pauses: Vec<_> = told[1].as_object().unwrap().keys().cloned().collect();
    let mut all = Vec::new();
    for (name, words) in told[0].as_object().unwrap() {
        let words: Vec<String> = serde_json::from_value(words.clone()).unwrap();
        let ends = match name.as_str() {
            "pause" | "observe" => pauses.clone(),
            "show" => vec!["0a1b2c3d4f5a6b7c-1".to_owned()],
            _ => vec![String::new()],
        };
        for end in ends {
            let whole = ["/usr/sbin/minewall".to_owned()].into_iter().chain(words.clone());
            all.push((name.clone(), whole.chain([end]).filter(|word| !word.is_empty()).collect()));
        }
    }
    all
}

#[test]
fn just_the_commands_of_the_pages_are_granted() {
    let (all, reader) = (Acl::of_app(true), Acl::of_app(false));
    let changes = ["update", "retry", "pause", "observe", "resume"];
    let commands = commands();
    for (name, words) in &commands {
        assert!(all.runs(words), "{words:?} is not granted");
        assert_eq!(reader.runs(words), !changes.contains(&name.as_str()), "{words:?}");
    }
    for (line, writes) in all.commands() {
        let used = commands.iter().any(|(name, words)| {
            let only = words.join(" ").replace("0a1b2c3d4f5a6b7c-1", "*");
            only == line && changes.contains(&name.as_str()) == writes
        });
        assert!(used, "{line} is granted, and no page needs it");
    }
    for words in [
        &["/usr/sbin/minewall"][..],
        &["/usr/sbin/minewall", "run"],
        &["/usr/sbin/minewall", "status", "-c", "/etc/shadow", "--format", "json"],
        &[
            "/usr/sbin/minewall",
            "show",
            "-c",
            "/var/etc/minewall/minewall.toml",
            "--from",
            "/etc/shadow",
            "--format",
            "json",
            "--",
            "1",
        ],
        &["/bin/sh", "-c", "true"],
    ] {
        let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
        assert!(!all.runs(&words), "{words:?}");
    }
    assert!(reader.uci("minewall", false) && !reader.uci("minewall", true) && all.uci("minewall", true));
    assert!(!all.uci("network", false) && reader.executes_by("file") && reader.executes_by("cgi-io"));
}

#[test]
fn the_menu_leads_to_every_view() {
    let menu: Value = serde_json::from_str(&app_file("root/usr/share/luci/menu.d/luci-app-minewall.json")).unwrap();
    let nodes = menu.as_object().unwrap();
    let views: BTreeSet<_> = nodes
        .values()
        .filter(|node| node["action"]["type"] == "view")
        .map(|node| format!("view/{}.js", node["action"]["path"].as_str().unwrap()))
        .collect();
    assert_eq!(views, SCRIPTS.iter().filter(|name| name.starts_with("view/")).map(|name| (*name).to_owned()).collect());
    let first = &nodes["admin/services/minewall"];
    assert_eq!(first["depends"]["acl"], serde_json::json!(["luci-app-minewall"]));
    assert!(nodes.contains_key(first["action"]["path"].as_str().unwrap()));
}

#[test]
fn the_options_are_those_of_the_table() {
    made(&format!("{RESOURCES}/minewall/options.js"), &options::module());
}

#[test]
fn the_rules_of_reasons_are_those_of_the_core() {
    let row = |rule: &Rule| {
        let when = options::text(rule.when);
        format!("\t\t{}: [ {when}, _({when}) ]", options::text(rule.id))
    };
    let rows: Vec<_> = RULES.iter().map(row).collect();
    let module = format!(
        "'use strict';\n'require baseclass';\n\n/* Made of the rules in filter/core/src/incident/reasons.rs: MINEWALL_BLESS=1 cargo test -p minewall --test minewall luci::app */\n\n\
         return baseclass.extend({{\n\trules: () => ({{\n{}\n\t}})\n}});\n",
        rows.join(",\n")
    );
    made(&format!("{RESOURCES}/minewall/reasons.js"), &module);
}

#[test]
fn every_text_is_in_the_template_and_in_chinese() {
    made("po/templates/minewall.pot", &texts::template());
    let found = texts::found();
    let chinese = texts::chinese();
    let known: BTreeSet<_> = chinese.iter().map(|(message, _)| message.clone()).collect();
    assert_eq!(known.len(), chinese.len(), "a message stands twice");
    let missing: Vec<_> = found.keys().filter(|text| !known.contains(*text)).collect();
    assert!(missing.is_empty(), "not translated: {missing:#?}");
    let left: Vec<_> = known.iter().filter(|text| !found.contains_key(*text)).collect();
    assert!(left.is_empty(), "translated, and said nowhere: {left:#?}");
    for (message, text) in chinese {
        assert!(!text.is_empty(), "{message}");
        let (asked, given) = (texts::places(&message), texts::places(&text));
        assert_eq!(given, asked, "{message}: {text}");
    }
}

#[test]
fn the_makefile_says_what_luci_needs() {
    let text = app_file("Makefile");
    for line in [
        "LUCI_DEPENDS:=+luci-base +minewall",
        "include $(TOPDIR)/feeds/luci/luci.mk",
        "# call BuildPackage - OpenWrt buildroot signature",
    ] {
        assert!(text.lines().any(|own| own == line), "{line}");
    }
    let version = format!("PKG_VERSION:={}", env!("CARGO_PKG_VERSION"));
    assert!(text.lines().any(|own| own == version), "{version}");
}
