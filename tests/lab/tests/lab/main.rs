//! The lab tested by itself, without minewall: what later tests take for granted. Root needed.
//! A test that cannot run says so on the terminal.

mod guard;
mod measures;
mod services;
mod sessions;
mod wiring;

use std::net::SocketAddr;
use std::process::Output;
use std::time::Duration;

use anyhow::Result;
use minewall_lab::addresses::Family;
use minewall_lab::{Dialect, Namespace};

pub(crate) const LIMIT: Duration = Duration::from_secs(20);
pub(crate) const SECOND: Duration = Duration::from_secs(1);

pub(crate) fn text(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub(crate) fn dig(namespace: &Namespace, server: &str, arguments: &[&str]) -> Result<String> {
    let server = format!("@{server}");
    let all: Vec<_> = [server.as_str(), "+tries=1", "+time=3"].iter().chain(arguments).copied().collect();
    Ok(text(&namespace.output("dig", &all, LIMIT)?))
}

pub(crate) fn curl(namespace: &Namespace, arguments: &[&str]) -> Result<String> {
    let all: Vec<_> = ["-sS", "--max-time", "10"].iter().chain(arguments).copied().collect();
    Ok(text(&namespace.output("curl", &all, LIMIT)?))
}

pub(crate) fn pool_at(family: Family, dialect: Dialect) -> SocketAddr {
    SocketAddr::new(family.internet(), dialect.port())
}
