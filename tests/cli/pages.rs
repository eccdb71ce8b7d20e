//! `minewall man` and `minewall completions`: pages and completions as the programs of Debian read them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use minewall_lab::skipped;

use super::program::{Files, minewall};

/// The commands that `--help` of the words names, and those below.
fn commands(words: &[&str], found: &mut Vec<String>) {
    found.push([&["minewall"], words].concat().join("-"));
    let help = minewall(&[words, &["--help"]].concat()).out;
    let Some((_, list)) = help.split_once("\nCommands:\n") else { return };
    let (list, _) = list.split_once("\n\n").expect("options follow");
    for line in list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   ")) {
        let name = line.split_whitespace().next().expect("a name");
        if name != "help" {
            commands(&[words, &[name]].concat(), found);
        }
    }
}

fn pages() -> (Files, BTreeMap<String, String>) {
    let files = Files::new();
    let directory = files.path().join("man");
    let ran = minewall(&["man", directory.to_str().unwrap()]);
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, "", ""));
    let entries = fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap());
    let page = |path: &Path| fs::read_to_string(path).unwrap();
    let pages = entries.map(|entry| (entry.file_name().into_string().unwrap(), page(&entry.path()))).collect();
    (files, pages)
}

/// What stands in a section of a page.
fn section<'a>(page: &'a str, name: &str) -> Option<&'a str> {
    let heading = [format!("\n.SH {name}\n"), format!("\n.SH \"{name}\"\n")];
    let start = heading.iter().find_map(|heading| page.find(heading).map(|at| at + heading.len()))?;
    let rest = &page[start..];
    Some(&rest[..rest.find("\n.SH ").unwrap_or(rest.len())])
}

#[test]
fn every_command_has_a_page_with_its_ends_and_examples() {
    let (_files, pages) = pages();
    let mut found = Vec::new();
    commands(&[], &mut found);
    assert!(found.len() > 20, "{found:?}");
    for name in &found {
        let page = pages.get(&format!("{name}.8")).unwrap_or_else(|| panic!("{name} has no page"));
        let ends = section(page, "EXIT STATUS").unwrap_or_else(|| panic!("{name}: no exit status\n{page}"));
        assert!(ends.contains("\\fB0\\fR") && ends.contains("\\fB2\\fR"), "{name}: {ends}");
        let examples = section(page, "EXAMPLES").unwrap_or_else(|| panic!("{name}: no examples\n{page}"));
        assert!(examples.contains("minewall"), "{name}: {examples}");
        assert!(section(page, "SEE ALSO").is_some_and(|also| also.contains("minewall.toml")), "{name}: {page}");
        assert!(!section(page, "DESCRIPTION").unwrap_or_default().contains("Exit code"), "{name}: told twice");
    }
    assert_eq!(pages.len(), found.len() + 1, "the configuration's page: {:?}", pages.keys());
    assert!(section(&pages["minewall.8"], "FILES").is_some_and(|files| files.contains("minewall.toml")));
    let settings = section(&pages["minewall.toml.5"], "SETTINGS").unwrap();
    assert!(settings.contains("nxdomain") && settings.contains("[[lists.feed]]"), "{settings}");
}

#[test]
fn pages_are_read_without_a_complaint() {
    let (files, pages) = pages();
    // groff, as `man` runs it, and the other reader of such pages.
    for (program, arguments) in
        [("man", &["--warnings", "-E", "UTF-8", "-Tutf8", "-l"][..]), ("mandoc", &["-Tlint", "-Wwarning"])]
    {
        if Command::new(program).arg("--help").output().is_err() {
            skipped(program, "not installed (cargo xtask test installs it)");
            continue;
        }
        for name in pages.keys() {
            let mut command = Command::new(program);
            command
                .args(arguments)
                .arg(files.path().join("man").join(name))
                .env("LC_ALL", "C.UTF-8")
                .env("MANWIDTH", "80");
            let output = command.output().unwrap();
            let said = String::from_utf8_lossy(if program == "man" { &output.stderr } else { &output.stdout });
            assert_eq!(said, "", "{program} {name}");
            assert!(output.status.success(), "{program} {name}");
        }
    }
}

#[test]
fn pages_of_one_moment_are_the_same() {
    let files = Files::new();
    let page = |name: &str| {
        let directory = files.path().join(name);
        let mut command = Command::new(super::program::BINARY);
        let output = command.arg("man").arg(&directory).env("SOURCE_DATE_EPOCH", "1796000000").output().unwrap();
        assert!(output.status.success(), "{output:?}");
        fs::read_to_string(directory.join("minewall.8")).unwrap()
    };
    let one = page("one");
    assert_eq!(one, page("other"));
    assert!(one.contains("2026\\-11\\-30") || one.contains("2026-11-30"), "{one}");
    let mut command = Command::new(super::program::BINARY);
    let output = command.arg("man").arg(files.path()).env("SOURCE_DATE_EPOCH", "soon").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("SOURCE_DATE_EPOCH") && said.contains("seconds since 1970"), "{said}");
}

/// What bash offers for these words, the last of them begun.
fn offered(completions: &str, words: &[&str]) -> Vec<String> {
    let script = format!(
        "source {completions:?}\nCOMP_WORDS=({})\nCOMP_CWORD={}\n_minewall minewall {:?} {:?}\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"",
        words.join(" "),
        words.len() - 1,
        words[words.len() - 1],
        words[words.len() - 2],
    );
    let output = Command::new("bash").args(["--norc", "-c", &script]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn shells_complete_commands_and_options() {
    let files = Files::new();
    for shell in ["bash", "zsh", "fish"] {
        let ran = minewall(&["completions", shell]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""));
        assert!(ran.out.contains("check-config") && ran.out.contains("rollback"), "{shell}: {}", ran.out);
    }
    let bash = files.write("minewall.bash", minewall(&["completions", "bash"]).out);
    assert_eq!(offered(&bash, &["minewall", "check-"]), ["check-config"]);
    assert_eq!(offered(&bash, &["minewall", "lists", "ro"]), ["rollback"]);
    assert!(offered(&bash, &["minewall", "replay", "--for"]).contains(&"--format".to_owned()));
    let ran = minewall(&["completions", "tcsh"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("bash") && ran.err.contains("fish"), "{}", ran.err);
}
