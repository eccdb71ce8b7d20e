//! The house rules, run as tests: what ARCHITECTURE.md says stands, stands.

use std::fs;
use std::path::{Path, PathBuf};

/// The floors of the core, lowest first; a module knows only floors below its own.
const FLOORS: &[&[&str]] = &[
    &["endpoint", "limits", "now"],
    &["finding", "wire"],
    &["flow", "learned", "names", "policy", "wallet"],
    &["dialect", "evidence"],
    &["activity"],
    &["inspect"],
    &["incident"],
    &["engine"],
    &["config"],
    &["ruleset"],
];

/// Lines of a file without its tests, and of a function.
const FILE_LINES: usize = 400;
const FUNCTION_LINES: usize = 70;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every Rust file below `directory`, with its text up to its inline tests.
fn sources(directory: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut waiting = vec![root().join(directory)];
    while let Some(path) = waiting.pop() {
        for entry in fs::read_dir(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let name = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
                let text = fs::read_to_string(&path).unwrap();
                let code = text.split("\n#[cfg(test)]\nmod ").next().unwrap_or_default().to_owned();
                found.push((name, code));
            }
        }
    }
    assert!(!found.is_empty(), "{directory} holds no source");
    found.sort();
    found
}

fn is_test(name: &str) -> bool {
    name.contains("/tests/") || name.ends_with("/tests.rs") || name.ends_with("_tests.rs")
}

#[test]
fn the_floors_of_the_core_hold() {
    let floor = |module: &str| FLOORS.iter().position(|floor| floor.contains(&module));
    let mut wrong = Vec::new();
    for (name, code) in sources("filter/core/src") {
        let path = name.trim_start_matches("filter/core/src/");
        let module = path.split(['/', '.']).next().unwrap();
        if module == "lib" || is_test(&name) {
            continue;
        }
        let own = floor(module).unwrap_or_else(|| panic!("{module} stands on no floor"));
        for part in code.split("crate::").skip(1) {
            let other = part.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap();
            let Some(others) = floor(other) else { continue };
            if other != module && others >= own {
                wrong.push(format!("{name} (floor {own}) knows {other} (floor {others})"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_and_functions_are_small() {
    let mut wrong = Vec::new();
    for (name, code) in [
        "lists/src",
        "filter/core/src",
        "filter/src",
        "xtask/src",
        "tests/catalogue/src",
        "tests/fuzz/src",
        "tests/lab/src",
    ]
    .iter()
    .flat_map(|d| sources(d))
    {
        if is_test(&name) {
            continue;
        }
        let lines: Vec<_> = code.lines().collect();
        if lines.len() > FILE_LINES {
            wrong.push(format!("{name} has {} lines", lines.len()));
        }
        for (first, line) in lines.iter().enumerate().filter(|(_, line)| begins_function(line)) {
            let indent = &line[..line.len() - line.trim_start().len()];
            let close = format!("{indent}}}");
            let length = lines[first..].iter().position(|line| *line == close).unwrap_or_default();
            if length > FUNCTION_LINES {
                wrong.push(format!("{name}:{} has a function of {length} lines", first + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn begins_function(line: &str) -> bool {
    let line = line.trim_start();
    ["fn ", "pub fn ", "pub(crate) fn ", "pub(super) fn ", "const fn ", "pub const fn "]
        .iter()
        .any(|start| line.starts_with(start))
}

#[test]
fn only_the_dialects_name_dialects() {
    let ids: Vec<_> = minewall_core::dialect::TABLE.iter().map(|dialect| format!("\"{}\"", dialect.id)).collect();
    for (name, code) in ["filter/core/src", "filter/src"].iter().flat_map(|d| sources(d)) {
        // Of the coins' algorithms two are called like the dialects spoken for them.
        if name.contains("/dialect/") || name.ends_with("/wallet/coin.rs") || is_test(&name) {
            continue;
        }
        for id in &ids {
            assert!(!code.contains(id.as_str()), "{name} names the dialect {id}");
        }
    }
}

#[test]
fn nothing_from_outside_is_unwrapped() {
    for (name, code) in ["lists/src", "filter/core/src", "filter/src"].iter().flat_map(|d| sources(d)) {
        if is_test(&name) {
            continue;
        }
        for word in [".unwrap()", ".expect(", "panic!(", "todo!(", "unimplemented!("] {
            let line = code.lines().position(|line| line.contains(word) && !line.trim_start().starts_with("//"));
            assert!(line.is_none(), "{name}:{} says {word}", line.unwrap_or_default() + 1);
        }
    }
}

#[test]
fn every_dependency_says_what_for() {
    for manifest in ["lists", "filter/core", "filter", "tests/catalogue", "tests/fuzz", "tests/lab", "xtask"] {
        let path = root().join(manifest).join("Cargo.toml");
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains("[lints]\nworkspace = true"), "{manifest} does not take the workspace's lints");
        let mut counts = false;
        for line in text.lines() {
            if let Some(section) = line.strip_prefix('[') {
                counts = section.contains("dependencies");
            } else if counts && line.contains('=') && !line.contains("workspace = true") {
                assert!(line.contains(" # "), "{}: {line}", path.display());
            }
        }
    }
    let workspace = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(workspace.contains("unsafe_code = \"forbid\""));
}
