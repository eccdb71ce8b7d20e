//! What configurations ask of a build.

use minewall_core::config::{Config, Fetcher, Refresh, Reverse, Server, Sink, Transport};

/// A setting that only some builds can follow.
pub(super) struct Row {
    pub(super) feature: &'static str,
    /// The setting's path, where this configuration asks for it; an entry of a list by its index.
    pub(super) setting: fn(&Config) -> Option<String>,
    /// What may stand there instead.
    pub(super) instead: &'static str,
}

/// All of them. What is written here is refused when the configuration is read, and nowhere passed over.
pub(super) const TABLE: &[Row] = &[
    Row { feature: "fetch", setting: fetcher, instead: "write fetcher = \"auto\"" },
    Row { feature: "tls", setting: fetcher_tls, instead: "write fetcher = \"auto\"" },
    Row { feature: "resolve", setting: refresh, instead: "write refresh = \"off\"" },
    Row { feature: "resolve", setting: reverse, instead: "write reverse = \"off\"" },
    Row { feature: "dot", setting: |config| servers(config, is_tls), instead: "name a server by its address" },
    Row { feature: "doh", setting: |config| servers(config, is_https), instead: "name a server by its address" },
    Row { feature: "webhook", setting: webhook, instead: "write a sink of type syslog" },
    Row { feature: "tls", setting: webhook_tls, instead: "write http:// on a network of your own" },
    Row { feature: "tls", setting: syslog_tls, instead: "write tcp:// on a network of your own" },
];

fn on(setting: &str, is_asked: bool) -> Option<String> {
    is_asked.then(|| setting.to_owned())
}

fn fetcher(config: &Config) -> Option<String> {
    on("lists.update.fetcher", config.lists.update.fetcher == Fetcher::BuiltIn)
}

fn fetcher_tls(config: &Config) -> Option<String> {
    let is_https = config.lists.feed.iter().any(|feed| feed.url.starts_with("https:"));
    fetcher(config).filter(|_| is_https)
}

fn refresh(config: &Config) -> Option<String> {
    on("resolve.refresh", config.resolve.refresh == Refresh::On)
}

fn reverse(config: &Config) -> Option<String> {
    on("identity.reverse", config.identity.reverse == Reverse::On)
}

fn servers(config: &Config, is_it: fn(&Transport) -> bool) -> Option<String> {
    let all = [("resolve.servers", &config.resolve.servers), ("identity.servers", &config.identity.servers)];
    let asks = |text: &String| Server::read(text).is_ok_and(|server| is_it(&server.by));
    all.into_iter().find_map(|(setting, servers)| on(setting, servers.iter().any(asks)))
}

const fn is_tls(by: &Transport) -> bool {
    matches!(by, Transport::Tls(_))
}

const fn is_https(by: &Transport) -> bool {
    matches!(by, Transport::Https(..))
}

fn sink(config: &Config, key: &str, is_it: impl Fn(&Sink) -> bool) -> Option<String> {
    config.sink.iter().position(is_it).map(|at| format!("sink.{at}.{key}"))
}

fn webhook(config: &Config) -> Option<String> {
    sink(config, "type", |sink| matches!(sink, Sink::Webhook(_)))
}

fn webhook_tls(config: &Config) -> Option<String> {
    sink(config, "url", |sink| matches!(sink, Sink::Webhook(webhook) if webhook.url.starts_with("https:")))
}

fn syslog_tls(config: &Config) -> Option<String> {
    sink(config, "address", |sink| matches!(sink, Sink::Syslog(syslog) if syslog.address.starts_with("tls:")))
}
