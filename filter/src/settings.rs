//! From files to values: the configuration, the lists, what the engines work by.

use std::fmt;
use std::path::Path;

use anyhow::{Context, Error, Result, anyhow};
use minewall_core::config::{Config, ListFile, ListFiles, OutOfBounds};
use minewall_core::engine::Settings;
use minewall_lists::{Builder, Category, ListMeta, Lists};
use toml::de::DeTable;

use crate::{metrics, resolve, sink};

/// Reads and checks a configuration file.
///
/// # Errors
/// Names the file, the line and what may stand there.
pub(crate) fn read(path: &Path) -> Result<Config> {
    parse(&read_text(path)?).with_context(|| within(path))
}

/// Reads a configuration file and checks everything it names, without starting anything. Gives its lists.
///
/// # Errors
/// Names the file, the line, the setting and what may stand there.
pub(crate) fn check(path: &Path) -> Result<(Lists, Vec<Tally>)> {
    let text = read_text(path)?;
    let config = parse(&text).with_context(|| within(path))?;
    let sinks = config.sink.iter().enumerate();
    let sound = sinks.map(|(at, sink)| sink::check(sink).with_context(|| Setting(format!("sink.{at}"))));
    let metrics = || metrics::check(&config.metrics.file).context(Setting("metrics.file".to_owned()));
    let lists = sound.collect::<Result<()>>().and_then(|()| metrics()).and_then(|()| lists(&config.lists));
    lists.map_err(|error| located(&text, error)).with_context(|| within(path))
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
    let config: Config = toml::from_str(text).map_err(|error| anyhow!("{}", error.to_string().trim_end()))?;
    let wrong = |wrong: OutOfBounds| located(text, anyhow!(wrong.problem).context(Setting(wrong.setting.to_owned())));
    config.check().map_err(wrong)?;
    resolve::check(&config.resolve)
        .map_err(|error| located(text, error.context(Setting("resolve.servers".to_owned()))))?;
    Ok(config)
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
        Some(at) => {
            let line_breaks = text.bytes().take(at).filter(|byte| *byte == b'\n').count();
            error.context(format!("line {}", line_breaks + 1))
        }
        None => error,
    }
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
    let (lists, tallies) = lists(&config.lists)?;
    for tally in tallies.iter().filter(|tally| tally.rejected > 0) {
        tracing::warn!("{tally}");
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
    pub(crate) rejected: usize,
    reasons: Vec<String>,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} entries taken, {} not", self.path, self.accepted, self.rejected)?;
        self.reasons.iter().try_for_each(|reason| write!(f, "; {reason}"))
    }
}

/// Reads the shipped lists and the operator's.
///
/// # Errors
/// A file cannot be read, or an entry of `lists.allow` is no name or address.
pub(crate) fn lists(files: &ListFiles) -> Result<(Lists, Vec<Tally>)> {
    let mut builder = Builder::new();
    if files.shipped {
        builder.shipped();
    } else {
        builder.shipped_guard();
    }
    for name in &files.allow {
        let setting = || Setting("lists.allow".to_owned());
        builder.allow(name).map_err(|reason| anyhow!("{name:?} is {reason}").context(setting()))?;
    }
    let mut tallies = Vec::new();
    for (at, file) in files.file.iter().enumerate() {
        tallies.push(add(&mut builder, file).with_context(|| Setting(format!("lists.file.{at}")))?);
    }
    Ok((builder.build(), tallies))
}

fn add(builder: &mut Builder, file: &ListFile) -> Result<Tally> {
    let category = file.category.parse::<Category>();
    let category =
        category.map_err(|unknown| anyhow!("the list {:?}: category {:?} is {unknown}", file.name, file.category))?;
    let text = std::fs::read(&file.path)
        .with_context(|| format!("cannot read {}", file.path))
        .with_context(|| format!("the list {:?} needs its file", file.name))?;
    let tally = builder.add_text(ListMeta::new(&file.name, category), &String::from_utf8_lossy(&text));
    let reason = |(reason, refusal): (_, minewall_lists::Refusal)| {
        format!("{} of them (first in line {}): {reason}", refusal.count, refusal.first_line)
    };
    Ok(Tally {
        path: file.path.clone(),
        accepted: tally.accepted,
        rejected: tally.rejected(),
        reasons: tally.refusals().map(reason).collect(),
    })
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
            ["line 2", "resolve.servers", "DNS over TLS", "\"dot\""].iter().all(|word| error.contains(word)),
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
}
