//! The real program inline on the gateway of the lab, judged by what hosts, servers and the kernel see.
//! Root needed; a test that cannot run says so on the terminal.
//!
//! | module | holds |
//! |---|---|
//! | `web` | what must pass: pages, files, server names nobody listed |
//! | `names` | refused DNS questions, through the gateway and at its own resolver |
//! | `answers` | listed names hidden behind others, through the gateway and at its own resolver |
//! | `quic` | server names of a real QUIC client and server |
//! | `learned` | where listed names lead: learned from a name server and from answers, refused for its time |
//! | `listed` | TLS server names and addresses on lists |
//! | `logins` | every client's login in every manner, and who stands in its record |
//! | `proxies` | mining and names behind SOCKS and HTTP proxies, web miners over WebSocket |
//! | `follow` | what is let pass and mines: shares counted, a grace and its end |
//! | `identity` | who stands in a record: by a lease, behind a router, behind NAT |
//! | `policy` | observing, exemptions, dropping |
//! | `resolvers` | resolvers for encrypted DNS |
//! | `anew` | after a cut: the far end is told, the ports serve another connection |
//! | `bridge` | between two ports of a bridge, with and without an address |
//! | `firewall` | behind OpenWrt's firewall with flow offload: cut, offloaded, and both after its reload and stop |
//! | `rules` | the kernel's rules: left as they were, restored, marks of others |
//! | `crash` | SIGKILL and SIGSTOP: traffic goes on, running sessions are picked up |
//! | `faults` | faults under load: killed, stopped, overrun, the kernel's table full, an interface gone and back |
//! | `doctor` | what stands in the way is found: rules gone, queues of others, sinks down, traffic past the queues |
//! | `fail` | DNS and connections that fail differently: minewall killed, stopped, overrun, ended |
//! | `memory` | resident memory at work, and within 64 MiB |
//! | `control` | the control socket: what it tells, whom, and that nobody there disturbs |
//! | `orders` | reload, pause and resume by the socket; `minewall status` |
//! | `manager` | what a service manager and its watchdog are told |
//! | `metrics` | what is counted, in the file for Prometheus |
//! | `reload` | SIGHUP |
//! | `self_test` | that a gateway cuts, or only observes, or does neither |
//! | `feeds` | lists that are fetched while it runs, and at its start |
//! | `overload` | packets lost for want of room: told, eased, over |
//! | `sinks` | sinks that are slow or dead |
//! | `refusals` | starts that must fail, each with one clear error |

mod anew;
mod answers;
mod bridge;
mod control;
mod crash;
mod doctor;
mod fail;
mod faults;
mod feeds;
mod firewall;
mod follow;
mod identity;
mod learned;
mod listed;
mod logins;
mod manager;
mod memory;
mod metrics;
mod names;
mod orders;
mod overload;
mod policy;
mod proxies;
mod quic;
mod refusals;
mod reload;
mod resolvers;
mod rules;
mod self_test;
mod sinks;
mod web;

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::process::Output;
use std::time::Duration;

use anyhow::{Context as _, Result};
use minewall_lab::addresses::Family;
use minewall_lab::login::{Ending, Heard, Login, Manner};
use minewall_lab::pool::{self, Pool};
use minewall_lab::{Dialect, Lab, Minewall, Namespace, until};
use serde_json::Value;

/// How long anything may take that happens sooner or later. Generous: the machine may be busy.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

/// How long a client listens for what must come; it stops at once when it is cut.
const LISTEN: Duration = Duration::from_secs(10);

/// How long a client listens for what must not come.
pub(crate) const QUIET: Duration = Duration::from_millis(500);

/// Listed pools. The last one in the mixed case of clients that hide bits in it (draft-vixie-dnsext-dns0x20).
const POOLS: [&str; 3] = ["pool.supportxmr.com", "xmr.2miners.com", "eTh.2MinErS.cOm"];

pub(crate) fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_minewall"))
}

/// A configuration with the records file and the runtime directory of this lab; `more` are further tables.
pub(crate) fn configuration(lab: &Lab, mode: &str, more: &str) -> String {
    let (records, runtime) = (Minewall::records_file(lab), lab.directory().join("runtime"));
    format!(
        "mode = \"{mode}\"\n{more}\n[[sink]]\ntype = \"file\"\npath = {records:?}\nheld = true\n\n[runtime]\ndirectory = {runtime:?}\n"
    )
}

/// minewall on the gateway, with [`configuration`].
pub(crate) fn start(lab: &Lab, mode: &str, more: &str) -> Result<Minewall> {
    Minewall::start(lab, binary(), &configuration(lab, mode, more))
}

/// What a program printed, both streams.
pub(crate) fn words(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Runs a program that must succeed.
fn must(namespace: &Namespace, program: &str, arguments: &[&str]) -> Result<String> {
    let output = namespace.output(program, arguments, LIMIT)?;
    assert!(output.status.success(), "{program} {arguments:?}: {}", words(&output));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Asks once and gives all that dig says, also when there was no answer.
fn dig(namespace: &Namespace, server: IpAddr, arguments: &[&str]) -> Result<String> {
    let server = format!("@{server}");
    let all: Vec<_> = [server.as_str(), "+tries=1", "+time=5"].iter().chain(arguments).copied().collect();
    Ok(words(&namespace.output("dig", &all, LIMIT)?))
}

/// A page or file, which must come whole.
fn curl(namespace: &Namespace, arguments: &[&str]) -> Result<String> {
    let all: Vec<_> = ["-sS", "--max-time", "20"].iter().chain(arguments).copied().collect();
    must(namespace, "curl", &all)
}

/// `http://ADDRESS/path`.
fn url(address: IpAddr, path: &str) -> String {
    format!("http://{}/{path}", bracketed(address))
}

fn bracketed(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => format!("[{v6}]"),
    }
}

pub(crate) fn pool_at(family: Family, dialect: Dialect) -> SocketAddr {
    SocketAddr::new(family.internet(), dialect.port())
}

/// Logs in from the lab's host and must be cut.
fn must_be_cut(lab: &Lab, family: Family, login: &Login, manner: Manner) -> Heard {
    let heard = login.talk(&lab.host, pool_at(family, login.dialect), manner, LISTEN);
    assert_eq!(heard.ending, Ending::Reset, "{} {manner:?} {family:?}: {heard:?}", login.client);
    heard
}

/// The sessions of a pool, once there are so many: it accepts when it gets to it.
fn sessions(pool: &Pool, count: usize) -> Vec<pool::Session> {
    until(LIMIT, || (pool.sessions().len() >= count).then_some(()));
    let sessions = pool.sessions();
    assert_eq!(sessions.len(), count, "each attempt reached the pool's port, once");
    sessions
}

/// The name of a login's dialect in records. BTCAgent's own first line tells it from other stratum.
fn dialect_id(login: &Login) -> &'static str {
    if login.client == "btccom-agent" {
        return login.client;
    }
    match login.dialect {
        Dialect::Stratum => "stratum-v1",
        Dialect::CryptoNote => "cryptonote",
        Dialect::EthProxy => "ethproxy",
    }
}

/// The records from number `from` on, once there are at least `count` of them.
fn records_after(minewall: &Minewall, from: usize, count: usize) -> Result<Vec<Value>> {
    let come = until(LIMIT, || match minewall.records() {
        Ok(records) if records.len() < from + count => None,
        other => Some(other),
    });
    let records = come.with_context(|| format!("not {count} records behind {from}; log:\n{}", minewall.log()))??;
    Ok(records[from..].to_vec())
}

/// A text of a record by its JSON pointer; empty where there is none.
fn text_at<'a>(record: &'a Value, pointer: &str) -> &'a str {
    record.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// A link address as it stands in records.
fn mac_in_records(mac: &str) -> String {
    mac.replace(':', "-").to_ascii_uppercase()
}

/// Adds rules of somebody else's; each line is an `iptables` or `ip6tables` command.
fn foreign_rules(lab: &Lab, commands: &[&str]) -> Result<()> {
    for command in commands {
        let words: Vec<_> = command.split_whitespace().collect();
        let (program, rest) = words.split_first().context("a command")?;
        must(&lab.gateway, program, &[&["-w"], rest].concat())?;
    }
    Ok(())
}
