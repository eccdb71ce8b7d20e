//! The configuration as a value: what may be set, its bounds and its defaults. Reading the file is the process' work.

mod feeds;
mod grace;
mod identity;
mod incident;
mod journal;
mod mark;
mod metrics;
mod privacy;
mod queue;
mod resolve;
mod sink;

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::IpAddr;

use minewall_lists::Lists;
use serde::Deserialize;

use crate::engine::Settings;
use crate::limits;
use crate::policy::{Categories, DnsAnswer, Exempt, Grace, Inside, Mode, Policy};

pub use feeds::{Feed, Fetcher, Update, Wrong};
pub use identity::{Identity, Reverse};
pub use incident::{Energy, Incident};
pub use journal::Journal;
pub use mark::Mark;
pub use metrics::{Listen, Metrics};
pub use privacy::{Kept, Privacy};
pub use queue::{Fail, FailVerdicts, Queue, Reader};
pub use resolve::{Refresh, Resolve, Server, Sure, Transport};
pub use sink::{Carried, Eve, Events, File, Form, Sink, Spool, Syslog, Webhook};

/// Everything an operator may set.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Whether mining is cut or only written down.
    pub mode: Mode,
    /// The prefixes of the campus: an address in one of them is the host inside.
    pub inside: Inside,
    /// Who writes the records.
    pub observer: Observer,
    /// What becomes of a refused DNS question.
    pub dns: Dns,
    /// What becomes of a cut connection.
    pub tcp: Tcp,
    /// What is done for each kind of listed name.
    pub category: Categories,
    /// How much of a flow is looked at.
    pub look: Look,
    /// The netfilter queues.
    pub queue: Queue,
    /// The kernel rules.
    pub kernel: Kernel,
    /// The lists.
    pub lists: ListFiles,
    /// How the addresses of listed servers are learned.
    pub resolve: Resolve,
    /// How long hosts that mine are observed before they are cut.
    pub grace: Grace,
    /// Where it is looked up who a host inside is.
    pub identity: Identity,
    /// How incidents are folded and told.
    pub incident: Incident,
    /// What their energy is reckoned with.
    pub energy: Energy,
    /// Hosts that may mine.
    pub exempt: Vec<Exempt>,
    /// Where records go.
    pub sink: Vec<Sink>,
    /// How much is kept of what was seen.
    pub privacy: Privacy,
    /// The journal that shows tampering.
    pub journal: Journal,
    /// Where what is counted is written.
    pub metrics: Metrics,
    /// Where the process keeps its lock.
    pub runtime: Runtime,
}

/// Who writes the records.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Observer {
    /// The gateway's name in records; empty: the host name.
    pub name: String,
}

/// What becomes of a refused DNS question.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Dns {
    /// The answer.
    pub action: DnsAction,
    /// The addresses answered by `sinkhole`: at most one v4 and one v6 address.
    pub sinkhole: Vec<IpAddr>,
    /// Which answers are looked at, for names hidden behind others.
    pub answers: Answers,
}

/// Which answers to DNS questions over UDP are looked at; over TCP, all are unless none is wanted.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Answers {
    /// No answer.
    None,
    /// Those with two records or more: an alias comes with what it leads to.
    #[default]
    Aliases,
    /// Every answer.
    All,
}

/// The answer to a refused DNS question.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum DnsAction {
    /// No answer.
    Drop,
    /// The name does not exist; says "Blocked" by RFC 8914 where the question allows it.
    #[default]
    Nxdomain,
    /// The addresses of `dns.sinkhole`.
    Sinkhole,
}

/// What becomes of a cut connection.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tcp {
    /// How it is cut.
    pub action: TcpAction,
}

/// How a connection is cut.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum TcpAction {
    /// Its packets are dropped.
    Drop,
    /// Each end that sends is told by a TCP reset.
    #[default]
    Reset,
}

/// How much of a flow is looked at, in each direction.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Look {
    /// Packets with payload, 1 to 1,000; a message still under way is followed beyond.
    pub packets: u32,
    /// Bytes, 512 to 32,768.
    pub bytes: usize,
    /// Flows remembered by one engine, 1,024 to 4,194,304.
    pub flows: usize,
}

impl Default for Look {
    fn default() -> Self {
        Self { packets: limits::LOOK_PACKETS, bytes: limits::LOOK_BYTES, flows: limits::FLOWS }
    }
}

/// The kernel rules.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Kernel {
    /// Which rules are loaded.
    pub backend: Backend,
    /// The two bits of the packet and conntrack marks that are ours.
    pub mark: Mark,
    /// How flows get past the firewall by a flowtable.
    pub offload: Offload,
    /// The devices of our own flowtable; none: all that forward.
    pub offload_devices: Vec<String>,
    /// Whether what passes between the ports of a bridge is looked at.
    pub bridge: Bridge,
}

/// Whether what passes between the ports of a bridge is looked at.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Bridge {
    /// If the kernel shows it to the packet filter; what is missing is said.
    #[default]
    Auto,
    /// As with `auto`, and nothing is said.
    Off,
    /// The kernel is made to show it.
    On,
}

/// How flows get past the firewall by a flowtable.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Offload {
    /// By those of others, but not before they are settled.
    #[default]
    Auto,
    /// By those of others, whether settled or not: what they take is not looked at.
    Off,
    /// As with `auto`, and settled flows by a flowtable of ours.
    Own,
}

/// Which kernel rules are loaded.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// What the kernel can do: `nft` where it has the queue expression, else `iptables`.
    #[default]
    Auto,
    /// xtables: NFQUEUE, CONNMARK, REJECT.
    Iptables,
    /// nftables.
    Nft,
}

/// The lists.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ListFiles {
    /// Whether the lists that come with minewall are used.
    pub shipped: bool,
    /// The operator's own lists.
    pub file: Vec<ListFile>,
    /// Names that are never listed.
    pub allow: Vec<String>,
    /// Names of one's own, and addresses with a port, as a list of the category `custom`.
    pub block: Vec<String>,
    /// Lists that are fetched.
    pub feed: Vec<Feed>,
    /// How they are.
    pub update: Update,
}

impl Default for ListFiles {
    fn default() -> Self {
        Self {
            shipped: true,
            file: Vec::new(),
            allow: Vec::new(),
            block: Vec::new(),
            feed: Vec::new(),
            update: Update::default(),
        }
    }
}

/// One list of the operator's.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListFile {
    /// Its name in records.
    pub name: String,
    /// The file.
    pub path: String,
    /// What it lists (`pool`, `pool-site`, `browser`, `malware`, `custom`, `resolver`, `adjacent`).
    #[serde(default = "custom")]
    pub category: String,
    /// How it is written (`auto`, `plain`, `hosts`, ...); `auto` finds it out line by line.
    #[serde(default = "auto")]
    pub format: String,
}

fn custom() -> String {
    "custom".to_owned()
}

fn auto() -> String {
    "auto".to_owned()
}

/// Where the process keeps its lock.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Runtime {
    /// A directory on a file system that is empty after a restart.
    pub directory: String,
}

impl Default for Runtime {
    fn default() -> Self {
        Self { directory: "/run/minewall".to_owned() }
    }
}

/// Whether it may name a network device, and stands in rules as it is (IFNAMSIZ is 16 with the end).
#[must_use]
pub fn is_device(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    (1..16).contains(&name.len()) && name.bytes().all(plain) && name.bytes().any(|byte| byte.is_ascii_alphanumeric())
}

/// A setting outside its bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutOfBounds {
    /// The setting, as written in the file (`look.bytes`).
    pub setting: &'static str,
    /// What is wrong with it, and what it may be.
    pub problem: String,
}

impl Config {
    /// What an engine works by, with these lists and the gateway's name.
    #[must_use]
    pub fn settings(&self, lists: Lists, observer: &str) -> Settings {
        Settings {
            lists: Arc::new(lists),
            policy: Arc::new(self.policy()),
            observer: observer.into(),
            look_packets: self.look.packets,
            look_bytes: self.look.bytes,
        }
    }

    /// What incidents are folded by.
    #[must_use]
    pub fn incidents(&self) -> crate::incident::Settings {
        let Incident { report, quiet, burst, refill, .. } = self.incident;
        crate::incident::Settings {
            report_s: report,
            quiet_s: quiet,
            burst,
            refill_s: refill,
            utc_offset_s: self.incident.offset_s().unwrap_or_default(),
            coal: self.energy.coal,
            co2: self.energy.co2,
            register: self.exempt.clone(),
        }
    }

    /// The part that judges.
    #[must_use]
    pub fn policy(&self) -> Policy {
        let answer = match self.dns.action {
            DnsAction::Drop => DnsAnswer::Drop,
            DnsAction::Nxdomain => DnsAnswer::Nxdomain,
            DnsAction::Sinkhole => {
                let v4 = |ip: &IpAddr| if let IpAddr::V4(ip) = ip { Some(*ip) } else { None };
                let v6 = |ip: &IpAddr| if let IpAddr::V6(ip) = ip { Some(*ip) } else { None };
                DnsAnswer::Sinkhole(self.dns.sinkhole.iter().find_map(v4), self.dns.sinkhole.iter().find_map(v6))
            }
        };
        let mut policy = Policy::new(self.mode, self.category, answer, self.inside.clone(), self.exempt.clone());
        policy.reads_answers = self.dns.answers != Answers::None;
        policy.grace = self.grace.clone();
        policy
    }

    /// Checks what types cannot: ranges and settings that need each other.
    ///
    /// # Errors
    /// The first setting outside its bounds.
    pub fn check(&self) -> Result<(), OutOfBounds> {
        let range = |setting, value: u64, min: u64, max: u64| {
            let problem = || format!("{value} is outside {min} to {max}");
            if (min..=max).contains(&value) { Ok(()) } else { Err(OutOfBounds { setting, problem: problem() }) }
        };
        range("look.packets", self.look.packets.into(), 1, 1000)?;
        range("look.bytes", self.look.bytes as u64, 512, limits::LOOK_BYTES_MAX as u64)?;
        range("look.flows", self.look.flows as u64, 1024, 4_194_304)?;
        range("queue.count", self.queue.count.into(), 0, 64)?;
        range("queue.length", self.queue.length.into(), 64, 1_048_576)?;
        // Room for as many queues as there may be, twice where classes have their own.
        let most = if self.queue.fail.differ() { 128 } else { 64 };
        range("queue.first", self.queue.first.into(), 0, u64::from(u16::MAX - most))?;
        range("metrics.interval", self.metrics.interval.into(), 1, 3600)?;
        self.metrics.check()?;
        grace::check(&self.grace)?;
        self.journal.check()?;
        self.privacy.check()?;
        self.resolve.check()?;
        self.identity.check()?;
        self.incident.check()?;
        self.energy.check()?;
        if let Some(name) = self.kernel.offload_devices.iter().find(|name| !is_device(name)) {
            let problem = format!("{name:?} is no name of a network device");
            return Err(OutOfBounds { setting: "kernel.offload_devices", problem });
        }
        let sinkhole = |want_v4| self.dns.sinkhole.iter().filter(|ip| ip.is_ipv4() == want_v4).count();
        range("dns.sinkhole", sinkhole(true) as u64, 0, 1)?;
        range("dns.sinkhole", sinkhole(false) as u64, 0, 1)?;
        if self.dns.action == DnsAction::Sinkhole && self.dns.sinkhole.is_empty() {
            let problem = "action \"sinkhole\" needs an address, such as [\"192.0.2.1\"]".to_string();
            return Err(OutOfBounds { setting: "dns.sinkhole", problem });
        }
        Ok(())
    }
}
