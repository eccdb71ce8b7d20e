//! From files to values: the configuration, the lists, what the engines work by.

use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Error, Result, anyhow};
use minewall_core::config::{Config, Feed, ListFile, ListFiles, OutOfBounds, Wrong};
use minewall_core::engine::Settings;
use minewall_core::finding::{TEST_LIST, TEST_NAME};
use minewall_lists::{Builder, Category, Format, ListMeta, Lists, Reason, Unreadable};
use toml::de::DeTable;

use crate::update::{self, Generation, Store};
use crate::{features, identity, metrics, sink, tree};

/// Reads and checks a configuration file.
///
/// # Errors
/// Names the file, the line and what may stand there.
pub(crate) fn read(path: &Path) -> Result<Config> {
    parse(&read_text(path)?).with_context(|| within(path))
}

/// Where the configuration is looked for when none is named.
pub(crate) const CONFIG: &str = "/etc/minewall/minewall.toml";

/// The configuration that is named; without one, this machine's, or the defaults where it has none.
///
/// # Errors
/// As with [`read`].
pub(crate) fn own(named: Option<&Path>) -> Result<Config> {
    match named {
        Some(path) => read(path),
        None if Path::new(CONFIG).exists() => read(Path::new(CONFIG)),
        None => Ok(Config::default()),
    }
}

/// Reads a configuration file and checks everything it names, without starting anything. Gives its lists.
///
/// # Errors
/// Names the file, the line, the setting and what may stand there.
pub(crate) fn check(path: &Path) -> Result<(Lists, Vec<Tally>)> {
    check_by(path, |config| lists(&config.lists))
}

/// The same, with the lists read by `lists`.
///
/// # Errors
/// As with [`check`].
pub(crate) fn check_by<T>(path: &Path, lists: impl FnOnce(&Config) -> Result<T>) -> Result<T> {
    let text = read_text(path)?;
    let config = parse(&text).with_context(|| within(path))?;
    let checked = check_files(&config).and_then(|()| lists(&config));
    checked.map_err(|error| located(&text, error)).with_context(|| within(path))
}

/// Checks everything a configuration names besides its lists, without starting anything.
fn check_files(config: &Config) -> Result<()> {
    check_sinks(config)?;
    metrics::check(&config.metrics.file).context(Setting("metrics.file".to_owned()))?;
    identity::check_inventory(&config.identity).context(Setting("identity.inventory".to_owned()))
}

/// The error of one who keeps it, once more: with the setting it is about.
pub(crate) fn again(error: &Error) -> Error {
    let (setting, problem) = parts(error);
    match setting {
        Some(setting) => anyhow!(problem).context(Setting(setting)),
        None => anyhow!(problem),
    }
}

/// The setting that an error is about, where it is known, and what is wrong with it.
fn parts(error: &Error) -> (Option<String>, String) {
    let setting = error.downcast_ref::<Setting>().map(|setting| setting.0.clone());
    let causes = error.chain().skip(usize::from(setting.is_some()));
    let problem = causes.map(ToString::to_string).collect::<Vec<_>>().join(": ");
    (setting, problem)
}

fn check_sinks(config: &Config) -> Result<()> {
    let mut sinks = config.sink.iter().enumerate();
    sinks.try_for_each(|(at, sink)| sink::check(sink).with_context(|| Setting(format!("sink.{at}"))))
}

/// What is wrong with a configuration that was made of another.
#[derive(Debug)]
pub(crate) struct Fault {
    /// The setting, an entry of a list by its index (`lists.feed.0.url`), where it is known.
    pub(crate) setting: Option<String>,
    /// The line, where it is known.
    pub(crate) line: Option<usize>,
    /// What is wrong, and what may stand there.
    pub(crate) problem: String,
}

/// Checks a configuration in memory; with the files it names, or without.
///
/// # Errors
/// The first thing that is wrong.
pub(crate) fn judge(text: &str, reads_files: bool) -> Result<(), Fault> {
    let config: Config = tree::toml(text).map_err(|error| Fault {
        setting: None,
        line: error.span().map(|span| line(text, span.start)),
        problem: error.message().to_owned(),
    })?;
    let files = |()| match reads_files {
        true => check_files(&config).and_then(|()| lists(&config.lists).map(drop)),
        false => check_sinks(&config),
    };
    bounds(&config).and_then(files).map_err(|error| {
        let (setting, problem) = parts(&error);
        Fault { setting, line: None, problem }
    })
}

fn read_text(path: &Path) -> Result<String> {
    std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the configuration {}", path.display()))
        .context("name a file with -c FILE")
}

fn within(path: &Path) -> String {
    format!("in the configuration {}", path.display())
}

fn parse(text: &str) -> Result<Config> {
    let config: Config = tree::toml(text).map_err(|wrong| unread(&wrong))?;
    bounds(&config).map_err(|error| located(text, error))?;
    Ok(config)
}

/// A block of the manual put at the end of a file that has its table already is the most usual mistake.
fn unread(wrong: &tree::Wrong) -> Error {
    let remedy = if wrong.message() == "duplicate key" { ": it stands above already; change it there" } else { "" };
    anyhow!("{}{remedy}", wrong.to_string().trim_end())
}

/// Checks what types cannot; an error says in its context which setting it is about.
fn bounds(config: &Config) -> Result<()> {
    let wrong = |wrong: OutOfBounds| anyhow!(wrong.problem).context(Setting(wrong.setting.to_owned()));
    config.check().map_err(wrong)?;
    if let Some((setting, error)) = features::refused(config) {
        return Err(error.context(Setting(setting)));
    }
    let wrong = |wrong: Wrong| anyhow!(wrong.problem).context(Setting(wrong.setting));
    config.check_sinks().and_then(|()| config.lists.check()).map_err(wrong)
}

/// What an error is about: a path through the configuration, an entry of a list by its index (`sink.0`).
#[derive(Debug)]
struct Setting(String);

impl fmt::Display for Setting {
    /// As it is written in the file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.0.split('.').filter(|part| part.parse::<usize>().is_err()).collect();
        f.write_str(&names.join("."))
    }
}

/// The error with the line of the setting it is about, or of the table the setting would stand in.
fn located(text: &str, error: Error) -> Error {
    let at = error.downcast_ref::<Setting>().and_then(|setting| place(text, &setting.0));
    match at {
        Some(at) => error.context(format!("line {}", line(text, at))),
        None => error,
    }
}

/// The line of a place in the text.
fn line(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

fn place(text: &str, setting: &str) -> Option<usize> {
    let document = DeTable::parse(text).ok()?;
    let mut table = document.get_ref();
    let mut at = None;
    let mut parts = setting.split('.').peekable();
    while let Some(part) = parts.next() {
        let Some((key, value)) = table.get_key_value(part) else { break };
        let mut value = value;
        at = Some(key.span().start);
        if let (Some(array), Some(index)) = (value.get_ref().as_array(), parts.peek()) {
            value = array.get(index.parse::<usize>().ok()?)?;
            at = Some(value.span().start);
            parts.next();
        }
        let Some(inner) = value.get_ref().as_table() else { break };
        table = inner;
    }
    at
}

/// The part of the configuration the engines work by, with the lists read.
///
/// # Errors
/// A list file cannot be read, or the gateway has no name.
pub(crate) fn engine(config: &Config) -> Result<Settings> {
    let (lists, tallies) = match fetched(&config.lists) {
        Some(generation) => update::compiled(&config.lists, &generation)?,
        None => index(&config.lists, &|_| None)?,
    };
    for tally in tallies.iter().filter(|tally| tally.rejected > 0) {
        tracing::warn!("{tally}");
    }
    for feed in config.lists.feed.iter().filter(|feed| !lists.metas().iter().any(|meta| meta.name == feed.name)) {
        tracing::warn!("nothing is there of the feed {}; fetch it with `minewall lists update`", feed.name);
    }
    let observer = match config.observer.name.as_str() {
        "" => rustix::system::uname().nodename().to_string_lossy().into_owned(),
        name => name.to_owned(),
    };
    Ok(config.settings(lists, &observer))
}

/// What one of the operator's files gave.
pub(crate) struct Tally {
    path: String,
    accepted: usize,
    noted: usize,
    pub(crate) rejected: usize,
    reasons: Vec<String>,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} entries taken, {} not", self.path, self.accepted, self.rejected)?;
        if self.noted > 0 {
            write!(f, "; {} addresses without a port, by which nothing is cut", self.noted)?;
        }
        self.reasons.iter().try_for_each(|reason| write!(f, "; {reason}"))
    }
}

/// Reads the shipped lists, the operator's and those that were fetched. What is wrong with the latter is said, and does
/// not stand in the way.
///
/// # Errors
/// A file cannot be read, or an entry of `lists.allow` is no name or address.
pub(crate) fn lists(files: &ListFiles) -> Result<(Lists, Vec<Tally>)> {
    let fetched = fetched(files);
    index(files, &|feed| fetched.as_ref()?.list(feed))
}

/// What was fetched, if anything is to be and was. What is wrong with it is said.
pub(crate) fn fetched(files: &ListFiles) -> Option<Generation> {
    let store = Store::new(&files.update.directory);
    if files.feed.is_empty() { None } else { store.current(&mut |wrong| warn(&wrong)) }
}

fn warn(wrong: &Error) {
    if tracing::dispatcher::has_been_set() {
        tracing::warn!("{wrong:#}");
    } else {
        eprintln!("minewall: {wrong:#}");
    }
}

/// The index of the shipped lists, the operator's, and those feeds that there is a text of.
///
/// # Errors
/// As with [`lists`].
pub(crate) fn index(
    files: &ListFiles,
    text: &dyn Fn(&Feed) -> Option<(ListMeta, PathBuf)>,
) -> Result<(Lists, Vec<Tally>)> {
    let mut builder = Builder::new();
    if files.shipped {
        builder.shipped();
    } else {
        builder.shipped_guard();
    }
    // What `minewall self-test` asks for, whatever else is listed.
    builder.add_text(ListMeta::new(TEST_LIST, Category::Pool), TEST_NAME);
    for name in &files.allow {
        let setting = || Setting("lists.allow".to_owned());
        builder.allow(name).map_err(|reason| anyhow!("{name:?} is {reason}").context(setting()))?;
    }
    let mut tallies = Vec::new();
    if let Some((meta, text)) = blocked(files) {
        tallies.push(block(&mut builder, meta, &text).with_context(|| Setting("lists.block".to_owned()))?);
    }
    for (at, file) in files.file.iter().enumerate() {
        tallies.push(add(&mut builder, file).with_context(|| Setting(format!("lists.file.{at}")))?);
    }
    for feed in &files.feed {
        if let Some((meta, path)) = text(feed) {
            update::add(&mut builder, meta, feed.format, &path)
                .with_context(|| format!("the feed {:?} cannot be used", feed.name))?;
        }
    }
    Ok((builder.build(), tallies))
}

/// The list that the names of `lists.block` are, with its text; none where there are none.
pub(crate) fn blocked(files: &ListFiles) -> Option<(ListMeta, String)> {
    let meta = || ListMeta::new("lists.block", Category::Custom);
    (!files.block.is_empty()).then(|| (meta(), files.block.join("\n") + "\n"))
}

/// Adds the names of `lists.block`. That the guard holds one is told; it may have come to do so with a new version.
fn block(builder: &mut Builder, meta: ListMeta, text: &str) -> Result<Tally> {
    let tally = builder.add_text(meta, text);
    let mut reasons = Vec::new();
    for (reason, refusal) in tally.refusals() {
        let entry = text.lines().nth(refusal.first_line.saturating_sub(1)).unwrap_or_default();
        if reason != Reason::Guarded {
            return Err(anyhow!("{entry:?} cannot be listed: {reason}"));
        }
        reasons.push(format!("{} of them ({entry:?} first): {reason}", refusal.count));
    }
    let path = "lists.block".to_owned();
    Ok(Tally { path, accepted: tally.accepted, noted: tally.noted, rejected: tally.rejected(), reasons })
}

fn add(builder: &mut Builder, file: &ListFile) -> Result<Tally> {
    let category = file.category.parse::<Category>();
    let category =
        category.map_err(|unknown| anyhow!("the list {:?}: category {:?} is {unknown}", file.name, file.category))?;
    let format = file.format.parse::<Format>();
    let format =
        format.map_err(|unknown| anyhow!("the list {:?}: format {:?} is {unknown}", file.name, file.format))?;
    let taken = update::add(builder, ListMeta::new(&file.name, category), format, Path::new(&file.path));
    let taken = taken.map_err(|error| match error.downcast_ref::<Unreadable>() {
        Some(unreadable) => anyhow!("the list {:?}: {} is {unreadable}", file.name, file.path),
        None => error.context(format!("the list {:?} needs its file", file.name)),
    })?;
    let update::Taken { entries: accepted, noted, refused: rejected, reasons, .. } = taken;
    Ok(Tally { path: file.path.clone(), accepted, noted, rejected, reasons })
}

/// Reads a file in pieces, so that it is never in memory whole.
pub(crate) fn pieces(path: &Path, take: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let reading = || format!("cannot read {}", path.display());
    let mut file = File::open(path).with_context(reading)?;
    let mut piece = vec![0; 64 << 10];
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(read) => take(piece.get(..read).unwrap_or_default())?,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error).with_context(reading),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_place() {
        for (text, words) in [
            ("mode = \"blok\"", &["line 1", "blok", "observe"][..]),
            ("[dns]\nacton = 1", &["line 2", "acton", "action"]),
            ("[look]\nbytes = 9", &["line 2", "look.bytes", "512 to 32768"]),
            ("mode = \"block\"\nlook.bytes = 9", &["line 2", "look.bytes"]),
            ("mode = \"block\"\n[dns]\naction = \"sinkhole\"", &["line 2", "dns.sinkhole", "192.0.2.1"]),
            ("[resolve]\nttl_min = 0", &["line 2", "resolve.ttl_min", "1 to 86400"]),
            ("[resolve]\nrefresh = \"yes\"", &["line 2", "yes", "off", "on"]),
            ("[resolve]\nservers = [\"dns.test\"]", &["line 2", "resolve.servers", "dns.test", "tls://"]),
            ("[grace]\nminutes = 99999", &["line 2", "grace.minutes", "10080", "observe"]),
            ("[[grace.prefix]]\nprefix = \"10.0.0\"\nminutes = 1", &["line 2", "10.0.0.0/8"]),
            ("[identity]\nkea = [\"leases\"]", &["line 2", "identity.kea", "absolute", "kea-leases4.csv"]),
            ("[kernel]\nmark = \"0x7\"", &["line 2", "two bits"]),
            ("[kernel]\nbridge = \"yes\"", &["line 2", "yes", "auto", "off", "on"]),
            ("[[exempt]]\nprefix=\"10.0.0\"\nowner=\"a\"\nreason=\"b\"", &["line 2", "10.0.0.0/8"]),
            ("[[exempt]]\nprefix=\"10.0.0.1\"\nowner=\"a\"\nreason=\"b\"\nexpires=\"soon\"", &["line 5", "2027-01-31"]),
        ] {
            let error = format!("{:#}", parse(text).unwrap_err());
            for word in words {
                assert!(error.contains(word), "{text:?} gave {error}");
            }
        }
    }

    #[test]
    #[cfg(not(feature = "dot"))]
    fn what_is_not_built_in_is_told() {
        let error = format!("{:#}", parse("[resolve]\nservers = [\"tls://9.9.9.9#dns.quad9.net\"]").unwrap_err());
        assert!(
            ["line 2", "resolve.servers", "DNS over TLS", "--features dot"].iter().all(|word| error.contains(word)),
            "{error}"
        );
    }

    #[test]
    fn the_example_configuration_is_sound_and_says_the_defaults() {
        let example = include_str!("../minewall.toml");
        let config = parse(example).unwrap();
        let written: toml::Table = example.parse().unwrap();
        assert!(written.contains_key("mode"));
        let default = Config::default();
        assert_eq!(config.look.bytes, default.look.bytes);
        assert_eq!(config.queue, default.queue);
        assert_eq!(config.kernel.mark, default.kernel.mark);
        assert_eq!(config.kernel.bridge, default.kernel.bridge);
        assert_eq!(config.inside, default.inside);
        assert_eq!(config.resolve, default.resolve);
        assert_eq!(config.grace, default.grace);
        assert_eq!(config.journal, default.journal);
        assert_eq!(config.privacy, default.privacy);
        assert_eq!(config.identity, default.identity);
    }

    #[test]
    fn a_list_file_is_read_and_its_bad_lines_are_told() {
        let path = std::env::temp_dir().join(format!("minewall-list-{}", std::process::id()));
        std::fs::write(&path, "pool.example.org\n192.0.2.1\n").unwrap();
        let files: ListFiles = toml::from_str(&format!("[[file]]\nname=\"own\"\npath={path:?}")).unwrap();
        let (lists, tallies) = lists(&files).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(lists.name("a.pool.example.org").unwrap().list.name, "own");
        let told = tallies[0].to_string();
        assert!(told.contains("1 entries taken, 1 not") && told.contains("line 2") && told.contains("port"), "{told}");
    }

    #[test]
    fn a_list_file_is_read_in_its_format_and_a_page_of_the_web_is_refused() {
        let path = std::env::temp_dir().join(format!("minewall-format-{}", std::process::id()));
        let read = |text: &str, format: &str| {
            std::fs::write(&path, text).unwrap();
            let files = format!("[[file]]\nname=\"own\"\npath={path:?}\nformat={format:?}");
            lists(&toml::from_str(&files).unwrap()).map(|(lists, tallies)| (lists.len(), tallies[0].to_string()))
        };
        let (_, told) = read("||pool.example.org^\n0.0.0.0 pool.example.net\n", "auto").unwrap();
        assert!(told.contains("2 entries taken, 0 not"), "{told}");
        let (_, told) = read("||pool.example.org^\n0.0.0.0 pool.example.net\n", "adblock").unwrap();
        assert!(told.contains("1 entries taken, 1 not"), "{told}");
        for (text, format, words) in [
            ("<html>\n", "auto", &["lists.file", "own", "HTML"][..]),
            ("\u{1f}\u{8b}\0\n", "auto", &["lists.file", "own", "unpacked"]),
            ("a.b\n", "host", &["lists.file", "own", "\"host\"", "plain, hosts, adblock"]),
        ] {
            let error = format!("{:#}", read(text, format).unwrap_err());
            for word in words {
                assert!(error.contains(word), "{error}");
            }
        }
        std::fs::remove_file(&path).unwrap();
    }
}
