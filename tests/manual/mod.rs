//! The manual is true: its settings are read, its command lines are known to the program, its links lead somewhere, and
//! what it says to rsyslogd is understood by it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use minewall_core::config::Config;

use crate::cli::program::{Files, minewall};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// A fenced block of a page.
struct Block {
    page: PathBuf,
    line: usize,
    language: String,
    text: String,
}

impl Block {
    fn place(&self) -> String {
        format!("{}:{}", self.page.display(), self.line)
    }
}

fn pages() -> Vec<PathBuf> {
    let named = |at: &str| fs::read_dir(Path::new(ROOT).join(at)).unwrap().map(|entry| entry.unwrap().path());
    let is_page = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "md");
    let mut pages: Vec<_> = named("docs").chain(named("openwrt")).chain(named("")).filter(is_page).collect();
    pages.sort();
    assert!(pages.len() > 20, "the manual is gone: {pages:?}");
    pages
}

fn blocks() -> Vec<Block> {
    let mut blocks = Vec::new();
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        let mut open: Option<Block> = None;
        for (at, line) in text.lines().enumerate() {
            match (line.trim_start().strip_prefix("```"), &mut open) {
                (Some(_), open @ Some(_)) => blocks.extend(open.take()),
                (Some(language), None) => {
                    open = Some(Block {
                        page: page.clone(),
                        line: at + 1,
                        language: language.into(),
                        text: String::new(),
                    });
                }
                (None, Some(block)) => block.text += &format!("{line}\n"),
                (None, None) => {}
            }
        }
        assert!(open.is_none(), "{}: a block has no end", page.display());
    }
    blocks
}

fn of(language: &str) -> Vec<Block> {
    let found: Vec<_> = blocks().into_iter().filter(|block| block.language == language).collect();
    assert!(!found.is_empty(), "no block of {language} in the manual");
    found
}

#[test]
fn settings_are_read() {
    for block in of("toml") {
        let config: Config = toml::from_str(&block.text).unwrap_or_else(|error| panic!("{}: {error}", block.place()));
        assert!(config.check().is_ok(), "{}: {:?}", block.place(), config.check());
        assert!(config.check_sinks().is_ok(), "{}: {:?}", block.place(), config.check_sinks());
        assert!(config.lists.check().is_ok(), "{}: {:?}", block.place(), config.lists.check());
    }
}

/// The words of a command line, as a shell has them; what follows a pipe or a redirection is somebody else's.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for character in line.chars() {
        let word = words.last_mut().unwrap();
        match (character, quote) {
            (_, Some(open)) if character == open => quote = None,
            (_, Some(_)) => word.push(character),
            ('\'' | '"', None) => quote = Some(character),
            (' ', None) if word.is_empty() => {}
            (' ', None) => words.push(String::new()),
            ('|' | '>' | '<' | ';' | '&' | '#', None) if word.is_empty() => break,
            (_, None) => word.push(character),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Command lines of ours, in blocks and in the running text.
fn lines() -> BTreeSet<(PathBuf, String)> {
    let mut lines = BTreeSet::new();
    for block in blocks().iter().filter(|block| ["", "sh", "console"].contains(&block.language.as_str())) {
        for line in block.text.lines() {
            let line = line.trim_start_matches("$ ").trim_start_matches("# ");
            lines.extend(line.starts_with("minewall ").then(|| (block.page.clone(), line.to_owned())));
        }
    }
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        // Odd pieces stand between backticks, outside of blocks.
        let outside = text.split("```").step_by(2);
        let spans = outside.flat_map(|text| text.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>());
        lines.extend(
            spans.filter(|span| span.starts_with("minewall ")).map(|span| (page.clone(), span.replace('\n', " "))),
        );
    }
    lines
}

#[test]
fn command_lines_are_known_to_the_program() {
    let lines = lines();
    assert!(lines.len() > 60, "the manual has only {} command lines", lines.len());
    let mut wrong = Vec::new();
    for (page, line) in &lines {
        let mut words = words(line);
        // A word in capitals stands for another, so only what is before it can be tried.
        let stands_for =
            |word: &String| word.contains("..") || word.len() > 1 && word.chars().all(|c| c.is_ascii_uppercase());
        let known = words.iter().position(stands_for).unwrap_or(words.len());
        words.truncate(known);
        if words.last().is_some_and(|last| last.starts_with('-')) {
            words.pop();
        }
        // Everything before it has to be right for the program to come to it.
        words.push("--help".to_owned());
        let arguments: Vec<&str> = words[1..].iter().map(String::as_str).collect();
        let ran = minewall(&arguments);
        if ran.code != 0 {
            wrong.push(format!("{}: {line}\n  {}", page.display(), ran.err.lines().next().unwrap_or_default()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn links_lead_somewhere() {
    let mut wrong = Vec::new();
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target) {
            let file = target.split('#').next().unwrap_or_default();
            if file.is_empty() || target.contains("://") {
                continue;
            }
            let path = page.parent().unwrap().join(file);
            if !path.exists() {
                wrong.push(format!("{}: {target}", page.display()));
            } else if let Some((_, anchor)) = target.split_once('#')
                && !anchors(&path).contains(anchor)
            {
                wrong.push(format!("{}: {target} has no such heading", page.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The headings of a page, as they are linked to.
fn anchors(page: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(page).unwrap();
    let headings =
        text.lines().filter_map(|line| line.strip_prefix('#')).map(|line| line.trim_start_matches('#').trim());
    let kept = |character: &char| character.is_alphanumeric() || "-_ ".contains(*character);
    headings.map(|heading| heading.to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-")).collect()
}

#[test]
fn rsyslogd_understands_what_is_meant_for_it() {
    let program = "/usr/sbin/rsyslogd";
    if !Path::new(program).exists() {
        minewall_lab::skipped("what the manual says to rsyslogd", "apt-get install rsyslog");
        return;
    }
    for block in of("rsyslog") {
        let files = Files::new();
        // It looks whether certificates are there, and no further.
        for name in ["ca.pem", "logs.pem", "logs.key"] {
            files.write(name, "");
        }
        let place = format!("{}/", files.path().display());
        let config = files.write("rsyslog.conf", block.text.replace("/etc/rsyslog/", &place));
        let output = Command::new(program).args(["-N1", "-f", &config]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && !said.contains("error"), "{}: {said}", block.place());
    }
}
