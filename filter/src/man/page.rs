//! The manual page of a command, made of what `--help` says of it.

use anyhow::{Context, Result};
use clap::Command;
use clap_mangen::Man;

use super::text::{LEFT, Sections, joined};
use super::{COMMANDS, FILES, settings};
use crate::settings::CONFIG;

/// What a command ends with that says nothing else.
const ENDS: &[(&str, &str)] = &[("0", "It was done."), ("2", "Error; standard error says which, and what helps.")];

/// How a sentence about exit codes begins in the help.
const EXIT: &str = "Exit code ";

/// How examples begin there.
const EXAMPLES: &str = "Examples:\n";

/// What is where on Debian.
const PLACES: &[(&str, &str)] = &[
    (CONFIG, "The configuration."),
    ("/run/minewall", "The lock of the running daemon, its control socket, what it learned."),
    ("/var/lib/minewall", "Lists that were fetched, the journal, spools of sinks."),
    ("/var/log/minewall", "Records that a sink writes to files."),
];

/// Variables that are heard.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("MINEWALL_LOG", "How much minewall says of itself: error, warn, info, debug or trace; without it, info."),
    ("NO_COLOR", "Where it is set, there are no colours."),
];

/// The pages of a command and of all below it: file names and troff.
///
/// # Errors
/// None: it is written to memory.
pub(super) fn all(command: Command, date: &str) -> Result<Vec<(String, Vec<u8>)>> {
    let mut command = command.disable_help_subcommand(true);
    command.build();
    let mut pages = Vec::new();
    add(&command, &[], date, &mut pages)?;
    Ok(pages)
}

fn add(command: &Command, above: &[&str], date: &str, pages: &mut Vec<(String, Vec<u8>)>) -> Result<()> {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    let page = page(command, above, date).with_context(|| format!("cannot write the page of {name}"))?;
    pages.push((format!("{name}.{COMMANDS}"), page));
    let above: Vec<&str> = above.iter().copied().chain([name]).collect();
    below(command).try_for_each(|command| add(command, &above, date, pages))
}

/// The commands below one, without its help.
fn below(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|command| !command.is_hide_set() && command.get_name() != "help")
}

fn page(command: &Command, above: &[&str], date: &str) -> Result<Vec<u8>> {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned();
    let (about, exits) = told(command);
    let examples = examples(command);
    let plain = command.clone().long_about(about).after_help(None::<&str>).after_long_help(None::<&str>);
    let man = Man::new(plain)
        .title(name.to_uppercase())
        .section(COMMANDS)
        .date(date)
        .source(concat!("minewall ", env!("CARGO_PKG_VERSION")))
        .manual("Administration");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    page.extend(LEFT);
    let mut rest = Vec::new();
    man.render_name_section(&mut rest)?;
    man.render_synopsis_section(&mut rest)?;
    man.render_description_section(&mut rest)?;
    if command.get_arguments().any(|argument| !argument.is_hide_set()) {
        man.render_options_section(&mut rest)?;
    }
    rest.extend(sections(command, above, &exits, &examples).written()?);
    page.extend(joined(&rest));
    Ok(page)
}

/// What follows the options.
fn sections(command: &Command, above: &[&str], exits: &[(String, String)], examples: &[String]) -> Sections {
    let mut sections = Sections::default();
    let commands: Vec<_> = below(command).collect();
    if !commands.is_empty() {
        sections.section("COMMANDS");
    }
    for command in commands {
        let name = command.get_display_name().unwrap_or_else(|| command.get_name());
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        sections.item(&[&format!("{name}({COMMANDS})")], &about);
    }
    sections.section("EXIT STATUS");
    for (code, meaning) in exits {
        sections.item(&[code], meaning);
    }
    if above.is_empty() {
        sections.section("ENVIRONMENT");
        for (name, what) in ENVIRONMENT {
            sections.item(&[name], what);
        }
    }
    let places: Vec<_> = PLACES.iter().filter(|(path, _)| above.is_empty() || uses(command, path)).collect();
    if !places.is_empty() {
        sections.section("FILES");
    }
    for (path, what) in places {
        sections.item(&[path], what);
    }
    if !examples.is_empty() {
        sections.section("EXAMPLES").typed(examples.iter().map(String::as_str));
    }
    let mut pages: Vec<_> = above.iter().map(|name| (*name, COMMANDS)).collect();
    pages.push((settings::NAME, FILES));
    sections.section("SEE ALSO").pages(&pages);
    sections
}

/// Whether a command has to do with one of the places: the configuration, where it can be named.
fn uses(command: &Command, path: &str) -> bool {
    path == CONFIG && command.get_arguments().any(|argument| argument.get_long() == Some("config"))
}

/// What the help says at length, apart from the exit codes; and these.
fn told(command: &Command) -> (String, Vec<(String, String)>) {
    let long = command.get_long_about().or_else(|| command.get_about()).map(ToString::to_string).unwrap_or_default();
    let Some((before, after)) = long.split_once(EXIT) else {
        return (long, ENDS.iter().map(|(code, meaning)| ((*code).to_owned(), (*meaning).to_owned())).collect());
    };
    let (codes, rest) = after.split_once("\n\n").unwrap_or((after, ""));
    let mut exits: Vec<(String, String)> = Vec::new();
    for part in codes.split("; ") {
        match part.split_once(": ").filter(|(code, _)| code.bytes().all(|byte| byte.is_ascii_digit())) {
            Some((code, meaning)) => exits.push((code.to_owned(), meaning.to_owned())),
            None => {
                if let Some((_, meaning)) = exits.last_mut() {
                    *meaning += &format!("; {part}");
                }
            }
        }
    }
    for (_, meaning) in &mut exits {
        *meaning = sentence(meaning);
    }
    (format!("{}\n\n{rest}", before.trim_end()).trim_end().to_owned(), exits)
}

/// With a capital and an end.
fn sentence(text: &str) -> String {
    let mut letters = text.trim_end_matches('.').chars();
    letters.next().map(|first| first.to_uppercase().collect::<String>() + letters.as_str() + ".").unwrap_or_default()
}

fn examples(command: &Command) -> Vec<String> {
    let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let lines = help.split_once(EXAMPLES).map(|(_, lines)| lines).unwrap_or_default();
    lines.lines().map(|line| line.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_taken_out_of_the_help() {
        let command = Command::new("x").long_about("What it does. Exit code 0: all; some, too; 1: none; 2: error.");
        let (about, exits) = told(&command);
        assert_eq!(about, "What it does.");
        let told: Vec<_> = exits.iter().map(|(code, meaning)| (code.as_str(), meaning.as_str())).collect();
        assert_eq!(told, [("0", "All; some, too."), ("1", "None."), ("2", "Error.")]);
        let (about, exits) = told_of("Prints it.");
        assert_eq!((about.as_str(), exits.len()), ("Prints it.", ENDS.len()));
    }

    fn told_of(about: &'static str) -> (String, Vec<(String, String)>) {
        told(&Command::new("x").about(about))
    }
}
