//! What a build of this program may be without: one row each, from which its messages and `--version` are made. `asked`
//! holds which settings need which.

mod asked;

use std::sync::LazyLock;

use anyhow::{Error, anyhow};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use minewall_core::config::Config;

/// A feature of Cargo.toml that adds something.
struct Feature {
    name: &'static str,
    is_built: bool,
    /// Whether the Debian package has it.
    is_servers: bool,
    /// And the packages for routers.
    is_routers: bool,
    /// What it gives, as one may say behind "without".
    gives: &'static str,
    /// The commands that exist with it only.
    commands: &'static [&'static str],
}

macro_rules! features {
    ($($name:literal $servers:literal $routers:literal $gives:literal $($command:literal)*;)*) => {
        &[$(Feature {
            name: $name,
            is_built: cfg!(feature = $name),
            is_servers: $servers,
            is_routers: $routers,
            gives: $gives,
            commands: &[$($command),*],
        }),*]
    };
}

/// All of them, in the order of the alphabet: name, whether servers and whether routers have it, what it gives, commands.
const TABLE: &[Feature] = features! {
    "doh" false false "DNS over HTTPS";
    "dot" false false "DNS over TLS";
    "fetch" true false "a fetcher of its own (curl, wget and uclient-fetch serve)";
    "idn" true false "names in other scripts (written as xn-- they serve)";
    "man" true false "manual pages and completions" "completions" "man";
    "report" true false "reports and notices" "notice" "report";
    "resolve" true false "questions to name servers" "lists resolve";
    "sign" true false "the making of signed feeds" "lists keygen" "lists sign";
    "terminal" true false "progress bars, colours and guesses at mistyped words";
    "tls" true false "TLS";
    "top" true false "the live view" "top";
    "uci" true true "the configuration of OpenWrt" "uci";
    "webhook" true false "webhooks";
};

/// Whether this build has a feature.
pub(crate) fn has(name: &str) -> bool {
    TABLE.iter().any(|feature| feature.name == name && feature.is_built)
}

/// The first setting of a configuration that this build cannot follow, with the remedy.
pub(crate) fn refused(config: &Config) -> Option<(String, Error)> {
    let absent = asked::TABLE.iter().filter(|row| !has(row.feature));
    absent.filter_map(|row| Some(((row.setting)(config)?, without(row.feature).context(row.instead)))).next()
}

/// That a feature is needed which this build has not, with the remedy.
pub(crate) fn without(name: &str) -> Error {
    let Some(feature) = TABLE.iter().find(|feature| feature.name == name) else {
        return anyhow!("this minewall was built without the feature {name}");
    };
    anyhow!("{}", feature.missing())
}

impl Feature {
    fn missing(&self) -> String {
        let Self { name, gives, .. } = self;
        let who = match (self.is_servers, self.is_routers) {
            (false, false) => "no package has it",
            (true, false) => "the Debian package has it, those for routers have not",
            (false, true) => "the packages for routers have it, that for Debian has not",
            (true, true) => "all packages have it",
        };
        format!("this minewall was built without {gives}; {who}, and so has a build with --features {name}")
    }
}

/// The error of the command line; of a command that other builds have, it says so.
pub(crate) fn explain(error: clap::Error) -> clap::Error {
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand) else { return error };
    let is_it = |command: &str| command.rsplit(' ').next() == Some(word);
    let absent =
        TABLE.iter().find(|feature| !feature.is_built && feature.commands.iter().any(|command| is_it(command)));
    match absent {
        Some(feature) => {
            clap::Error::raw(ErrorKind::InvalidSubcommand, format!("no command {word:?}: {}\n", feature.missing()))
        }
        None => error,
    }
}

/// The version, and what this build has and has not.
pub(crate) fn version() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        let names = |is_built| {
            let some = TABLE.iter().filter(|feature| feature.is_built == is_built).map(|feature| feature.name);
            let some = some.collect::<Vec<_>>().join(" ");
            if some.is_empty() { "none".to_owned() } else { some }
        };
        format!("{}\nfeatures: {}\nwithout: {}", env!("CARGO_PKG_VERSION"), names(true), names(false))
    });
    &TEXT
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;
    use crate::cli::Cli;

    /// Of Cargo.toml, with what each brings.
    fn manifest() -> Vec<(String, Vec<String>)> {
        let manifest: toml::Table = include_str!("../../Cargo.toml").parse().unwrap();
        let text = |value: &toml::Value| value.as_str().unwrap().to_owned();
        let features = manifest["features"].as_table().unwrap().iter();
        features.map(|(name, brings)| (name.clone(), brings.as_array().unwrap().iter().map(text).collect())).collect()
    }

    #[test]
    fn the_table_is_that_of_cargo() {
        let manifest = manifest();
        let brings =
            |set: &str| manifest.iter().find(|(name, _)| name == set).map(|(_, brings)| brings.clone()).unwrap();
        let (servers, routers) = (brings("server"), brings("router"));
        assert_eq!(brings("default"), ["server"]);
        let mut named: Vec<_> = manifest.iter().map(|(name, _)| name.as_str()).collect();
        named.retain(|name| !["default", "server", "router"].contains(name));
        named.sort_unstable();
        assert_eq!(named, TABLE.iter().map(|feature| feature.name).collect::<Vec<_>>());
        for feature in TABLE {
            let has = |set: &[String]| set.iter().any(|name| name == feature.name);
            assert_eq!((has(&servers), has(&routers)), (feature.is_servers, feature.is_routers), "{}", feature.name);
        }
    }

    #[test]
    fn commands_of_other_builds_are_told() {
        fn all(command: &clap::Command) -> Vec<String> {
            let path = |each: &clap::Command, below: &str| format!("{} {below}", each.get_name()).trim().to_owned();
            let below = |each: &clap::Command| {
                std::iter::once(String::new()).chain(all(each)).map(|name| path(each, &name)).collect::<Vec<_>>()
            };
            command.get_subcommands().flat_map(below).collect()
        }
        let there = all(&Cli::command());
        for feature in TABLE {
            for command in feature.commands {
                assert_eq!(there.iter().any(|name| name == command), feature.is_built, "{command}");
            }
            let missing = feature.missing();
            assert!(missing.contains(feature.gives) && missing.contains(feature.name), "{missing}");
        }
        let error = explain(Cli::try_parse_from(["minewall", "tpo"]).unwrap_err()).to_string();
        assert!(error.contains("unrecognized subcommand 'tpo'"), "{error}");
        if !has("top") {
            let error = explain(Cli::try_parse_from(["minewall", "top"]).unwrap_err()).to_string();
            assert!(error.contains("built without the live view") && error.contains("--features top"), "{error}");
        }
    }

    #[test]
    fn settings_that_a_build_cannot_follow_are_told() {
        let feed = "[[lists.feed]]\nname = \"a\"\nurl = \"https://lists.example/a\"\ncategory = \"pool\"\n";
        let ours = "[lists.update]\nfetcher = \"built-in\"\n";
        let cases = [
            (ours.to_owned(), "lists.update.fetcher"),
            (format!("{ours}{feed}"), "lists.update.fetcher"),
            ("[resolve]\nrefresh = \"on\"".to_owned(), "resolve.refresh"),
            ("[identity]\nreverse = \"on\"".to_owned(), "identity.reverse"),
            ("[resolve]\nservers = [\"tls://9.9.9.9#dns.quad9.net\"]".to_owned(), "resolve.servers"),
            ("[identity]\nservers = [\"https://9.9.9.9/q#dns.quad9.net\"]".to_owned(), "identity.servers"),
            ("[[sink]]\ntype = \"webhook\"\nurl = \"http://a/\"".to_owned(), "sink.0.type"),
            ("[[sink]]\ntype = \"webhook\"\nurl = \"https://a/\"".to_owned(), "sink.0.url"),
            ("[[sink]]\ntype = \"syslog\"\naddress = \"tls://a:6514\"".to_owned(), "sink.0.address"),
        ];
        assert_eq!(cases.len(), asked::TABLE.len(), "a case for each row");
        for ((text, setting), row) in cases.iter().zip(asked::TABLE) {
            let config: Config = toml::from_str(text).unwrap();
            assert_eq!((row.setting)(&config).as_deref(), Some(*setting), "{text}");
            assert_eq!((row.setting)(&Config::default()), None, "{text}");
            assert!(TABLE.iter().any(|feature| feature.name == row.feature), "{}", row.feature);
            let told = refused(&config);
            assert_eq!(
                told.is_none(),
                asked::TABLE.iter().all(|row| has(row.feature) || (row.setting)(&config).is_none())
            );
            if let Some((_, error)) = told.filter(|_| !has(row.feature)) {
                let words = format!("{error:#}");
                assert!(words.contains("was built without") && words.contains("; "), "{words}");
            }
        }
    }

    #[test]
    fn the_version_tells_what_is_built_in() {
        let text = version();
        assert!(text.starts_with(env!("CARGO_PKG_VERSION")), "{text}");
        for feature in TABLE {
            let line = if feature.is_built { "features: " } else { "without: " };
            let line = text.lines().find(|each| each.starts_with(line)).unwrap();
            assert!(line.split(' ').any(|name| name == feature.name), "{} in {line}", feature.name);
        }
    }
}
