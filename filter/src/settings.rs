//! From files to values: the configuration, the lists, what the engines work by.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use minewall_core::config::{Config, ListFiles};
use minewall_core::engine::Settings;
use minewall_lists::{Builder, Category, ListMeta, Lists};

/// Reads and checks a configuration file.
///
/// # Errors
/// Names the file, the line and what may stand there.
pub(crate) fn read(path: &Path) -> Result<Config> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the configuration {}", path.display()))
        .context("name a file with -c FILE")?;
    parse(&text).with_context(|| format!("in the configuration {}", path.display()))
}

fn parse(text: &str) -> Result<Config> {
    let config: Config = toml::from_str(text).map_err(|error| anyhow!("{}", error.to_string().trim_end()))?;
    config.check().map_err(|wrong| anyhow!("{}: {}", wrong.setting, wrong.problem))?;
    Ok(config)
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
    Ok(Settings {
        lists: Arc::new(lists),
        policy: Arc::new(config.policy()),
        observer: observer.into(),
        look_packets: config.look.packets,
        look_bytes: config.look.bytes,
    })
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
        builder.allow(name).map_err(|reason| anyhow!("lists.allow: {name:?} is {reason}"))?;
    }
    let mut tallies = Vec::new();
    for file in &files.file {
        let category = file.category.parse::<Category>();
        let category = category
            .map_err(|unknown| anyhow!("the list {:?}: category {:?} is {unknown}", file.name, file.category))?;
        let text = std::fs::read(&file.path)
            .with_context(|| format!("cannot read {}", file.path))
            .with_context(|| format!("the list {:?} needs its file", file.name))?;
        let tally = builder.add_text(ListMeta::new(&file.name, category), &String::from_utf8_lossy(&text));
        let reason = |(reason, refusal): (_, minewall_lists::Refusal)| {
            format!("{} of them (first in line {}): {reason}", refusal.count, refusal.first_line)
        };
        tallies.push(Tally {
            path: file.path.clone(),
            accepted: tally.accepted,
            rejected: tally.rejected(),
            reasons: tally.refusals().map(reason).collect(),
        });
    }
    Ok((builder.build(), tallies))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_place() {
        for (text, words) in [
            ("mode = \"blok\"", &["line 1", "blok", "observe"][..]),
            ("[dns]\nacton = 1", &["line 2", "acton", "action"]),
            ("[look]\nbytes = 9", &["look.bytes", "512 to 32768"]),
            ("[dns]\naction = \"sinkhole\"", &["dns.sinkhole", "192.0.2.1"]),
            ("[kernel]\nmark = \"0x7\"", &["line 2", "two bits"]),
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
    fn the_example_configuration_is_sound_and_says_the_defaults() {
        let example = include_str!("../minewall.toml");
        let config = parse(example).unwrap();
        let written: toml::Table = example.parse().unwrap();
        assert!(written.contains_key("mode"));
        let default = Config::default();
        assert_eq!(config.look.bytes, default.look.bytes);
        assert_eq!(config.queue, default.queue);
        assert_eq!(config.kernel.mark, default.kernel.mark);
        assert_eq!(config.inside, default.inside);
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
