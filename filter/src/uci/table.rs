//! Every option of /etc/config/minewall: a row each. The conversion, the file the package brings, options.json, the
//! table in docs/openwrt.md and the settings of LuCI are made of it, or tested against it.

use super::form::Form::{self, Choice, Flag, Megabytes, Number, Switch, Text};
use super::form::{
    ADDRESS, ADDRESS_OF_LIST, DATE, DEVICE, FEED, KEY, LISTED, MARK, OFFSET, PATH, PREFIX, SYSLOG, WORDS,
};

/// The name of the package in UCI.
pub(super) const PACKAGE: &str = "minewall";

/// A type of section.
#[derive(Debug)]
pub(super) struct Kind {
    /// Its type in UCI.
    pub(super) kind: &'static str,
    /// The name it must have; none: there may be several, with names or without.
    pub(super) name: Option<&'static str>,
    /// The table of minewall.toml its settings stand in, one of a list for each section; empty: they are named in full.
    pub(super) table: &'static str,
    /// Its heading.
    pub(super) title: &'static str,
    /// What it is for.
    pub(super) help: &'static str,
    /// Lines of TOML that cannot be chosen.
    pub(super) fixed: &'static [(&'static str, &'static str)],
    pub(super) options: &'static [Row],
}

/// An option.
#[derive(Debug)]
pub(super) struct Row {
    /// Its name in UCI.
    pub(super) name: &'static str,
    /// The tab it stands under.
    pub(super) group: &'static str,
    /// What each value may be.
    pub(super) form: Form,
    /// Whether it is a list.
    pub(super) many: bool,
    /// Whether it must be given.
    pub(super) required: bool,
    /// What holds where it is not given, values of lists with blanks between; empty: what minewall itself takes.
    pub(super) default: &'static str,
    /// The settings of minewall.toml; none where it is the init script's.
    pub(super) settings: &'static [&'static str],
    /// The option of the same section that must be on for it to count.
    pub(super) with: Option<&'static str>,
    /// Its label.
    pub(super) title: &'static str,
    /// What it does.
    pub(super) help: &'static str,
}

type Settings = &'static [&'static str];

const fn row(
    name: &'static str,
    form: Form,
    default: &'static str,
    settings: Settings,
    title: &'static str,
    help: &'static str,
) -> Row {
    Row { name, group: "", form, many: false, required: false, default, settings, with: None, title, help }
}

impl Row {
    const fn of(self, group: &'static str) -> Self {
        Self { group, ..self }
    }
    const fn list(self) -> Self {
        Self { many: true, ..self }
    }
    const fn must(self) -> Self {
        Self { required: true, ..self }
    }
    const fn with(self, option: &'static str) -> Self {
        Self { with: Some(option), ..self }
    }
}

/// The tabs, in their order.
pub(super) const GROUPS: [(&str, &str); 7] = [
    ("general", "General"),
    ("lists", "Lists"),
    ("updates", "Updates"),
    ("hosts", "Hosts"),
    ("incidents", "Incidents and journal"),
    ("privacy", "Privacy"),
    ("kernel", "Kernel and resources"),
];

const ACTIONS: Form = Choice(&["block", "observe", "ignore"]);
const CATEGORIES: Form = Choice(&["pool", "pool-site", "browser", "malware", "custom", "resolver", "adjacent"]);
const FORMATS: Form = Choice(&[
    "auto",
    "plain",
    "hosts",
    "adblock",
    "dnsmasq",
    "unbound",
    "rpz",
    "addresses",
    "urls",
    "nft",
    "json",
    "csv",
    "suricata",
    "misp",
    "own",
]);
const LEVELS: Form = Choice(&["full", "mask", "hash", "none"]);
const FACILITIES: Form =
    Choice(&["daemon", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"]);
const FAIL: Form = Choice(&["open", "closed"]);
const INSIDE: &str = "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10 169.254.0.0/16 fc00::/7 fe80::/10";

#[rustfmt::skip] // a row an option
const GLOBAL: &[Row] = &[
    row("enabled", Flag, "0", &[], "Enabled", "Whether minewall is started.").of("general"),
    row("mode", Choice(&["observe", "block"]), "observe", &["mode"], "Mode", "observe: mining is only written down. block: it is cut too. Begin with observe.").of("general"),
    row("inside", Text(&PREFIX), INSIDE, &["inside"], "Inside", "The prefixes of your network: an address in one of them is the host inside.").list().of("general"),
    row("name", Text(&WORDS), "", &["observer.name"], "Name of this router", "Its name in records; without it, the host name.").of("general"),
    row("tcp_action", Choice(&["reset", "drop"]), "reset", &["tcp.action"], "Connections are cut by", "reset: both ends are told. drop: packets vanish.").of("general"),
    row("dns_action", Choice(&["nxdomain", "sinkhole", "drop"]), "nxdomain", &["dns.action"], "Refused questions are told", "nxdomain: there is no such name. sinkhole: the addresses below. drop: nothing.").of("general"),
    row("dns_sinkhole", Text(&ADDRESS), "", &["dns.sinkhole"], "Sinkhole addresses", "For sinkhole: one IPv4 and one IPv6 address.").list().of("general"),
    row("dns_answers", Choice(&["aliases", "all", "none"]), "aliases", &["dns.answers"], "Answers looked at", "For listed names hidden behind others: answers with aliases, all, or none.").of("general"),
    row("grace", Number(0, 10_080), "0", &["grace.minutes"], "Grace (minutes)", "In mode block: how long what mines at a host is only observed first. 0: it is cut at once.").of("general"),

    row("shipped", Flag, "1", &["lists.shipped"], "Lists of minewall", "Whether the lists that come with minewall are used.").of("lists"),
    row("pool", ACTIONS, "block", &["category.pool"], "Mining pools", "Hosts that hand out work.").of("lists"),
    row("pool_site", ACTIONS, "observe", &["category.pool-site"], "Web sites of pools", "People may read them.").of("lists"),
    row("browser", ACTIONS, "block", &["category.browser"], "Miners in web pages", "Hosts of scripts that mine in browsers.").of("lists"),
    row("malware", ACTIONS, "block", &["category.malware"], "Mining malware", "Names used by malware that mines.").of("lists"),
    row("custom", ACTIONS, "block", &["category.custom"], "Own lists", "Names of your own, and of lists of the category custom.").of("lists"),
    row("resolver", ACTIONS, "ignore", &["category.resolver"], "Encrypted DNS", "Public resolvers by which questions pass unseen; ignored ones are counted.").of("lists"),
    row("adjacent", ACTIONS, "ignore", &["category.adjacent"], "Exchanges and wallets", "The same money, and no mining; minewall comes without such a list.").of("lists"),
    row("allow", Text(&LISTED), "", &["lists.allow"], "Never listed", "Names with everything below them, addresses, or addresses with a port that no list can have refused.").list().of("lists"),
    row("block", Text(&LISTED), "", &["lists.block"], "Always listed", "Names with everything below them, or addresses with a port, treated as own lists are.").list().of("lists"),
    row("resolve", Switch, "0", &["resolve.refresh"], "Ask for pool addresses", "Asks name servers for the addresses of listed pools, so that the kernel refuses them. Whoever watches this router's questions sees it ask for pools.").of("lists"),

    row("update_hours", Number(0, 168), "6", &[], "Update every (hours)", "How often feeds are fetched, by cron. 0: never.").of("updates"),
    row("jitter", Number(0, 86_400), "3600", &["lists.update.jitter"], "Spread (seconds)", "How long an update by cron waits at the most, each router its own time.").of("updates"),
    row("fetcher", Choice(&["auto", "built-in", "curl", "wget", "uclient-fetch"]), "auto", &["lists.update.fetcher"], "Fetched by", "auto: minewall itself where it can, else the first of the others there is.").of("updates"),
    row("authorities", Text(&PATH), "", &["lists.update.authorities"], "Own authorities", "A PEM file of certificate authorities trusted besides the system's.").of("updates"),
    row("lists_directory", Text(&PATH), "/etc/minewall/lists", &["lists.update.directory"], "Kept in", "Where what was fetched is kept: on flash, so that it is there after a restart. It is written only when a feed has changed.").of("updates"),

    row("leases", Flag, "1", &["identity.usual"], "Read leases", "Names of hosts from the leases of dnsmasq and odhcpd.").of("hosts"),
    row("nat", Flag, "1", &["identity.nat"], "Addresses behind NAT", "Asks the connection table for public addresses and ports.").of("hosts"),
    row("reverse", Switch, "0", &["identity.reverse"], "Ask name servers", "For names of hosts that nothing else names.").of("hosts"),
    row("inventory", Text(&PATH), "", &["identity.inventory"], "Inventory", "A CSV file: address, unit, room, person, contact.").of("hosts"),

    row("report", Number(10, 86_400), "600", &["incident.report"], "Tell again after (seconds)", "An incident that goes on is told again after so long.").of("incidents"),
    row("quiet", Number(60, 2_592_000), "3600", &["incident.quiet"], "Ended after (seconds)", "Without a sighting for so long an incident has ended.").of("incidents"),
    row("utc_offset", Text(&OFFSET), "+08:00", &["incident.utc_offset"], "Offset from UTC", "Where days begin in reports.").of("incidents"),
    row("journal", Flag, "0", &[], "Keep a journal", "All records in files that show tampering.").of("incidents"),
    row("journal_directory", Text(&PATH), "/tmp/minewall/journal", &["journal.directory"], "Journal in", "In memory it is gone after a restart. Name a disk to keep it; flash wears by it.").with("journal").of("incidents"),
    row("journal_megabytes", Megabytes(1, 1024), "8", &["journal.records_bytes", "journal.incidents_bytes"], "Journal (megabytes)", "How much of records is kept, and as much again of incidents.").with("journal").of("incidents"),
    row("journal_days", Number(1, 3650), "30", &["journal.records_days", "journal.incidents_days"], "Journal (days)", "How long it is kept.").with("journal").of("incidents"),
    row("metrics_file", Text(&PATH), "", &["metrics.file"], "Metrics file", "What is counted, for Prometheus, such as /tmp/minewall.prom.").of("incidents"),

    row("privacy", LEVELS, "full", &["privacy.sinks"], "In log messages", "How much of addresses, names and wallets is told: all, masked, as hashes, or nothing.").of("privacy"),
    row("privacy_journal", LEVELS, "full", &["privacy.journal"], "In the journal", "As above.").of("privacy"),

    row("backend", Choice(&["auto", "nft", "iptables"]), "auto", &["kernel.backend"], "Rules by", "auto: nft where the kernel can queue from it.").of("kernel"),
    row("offload", Choice(&["auto", "own", "off"]), "auto", &["kernel.offload"], "Flow offload", "auto: the firewall's offload gets flows once they are settled. own: a flowtable of minewall's does too. off: what the firewall offloads is not looked at.").of("kernel"),
    row("offload_devices", Text(&DEVICE), "", &["kernel.offload_devices"], "Devices of the own flowtable", "For own: the devices; none: all that forward.").list().of("kernel"),
    row("bridge", Choice(&["off", "auto", "on"]), "off", &["kernel.bridge"], "Bridged traffic", "What passes between ports of a bridge. off: only what is routed is looked at. on: br_netfilter is loaded for it.").of("kernel"),
    row("fail", FAIL, "open", &["queue.fail.tcp"], "When nobody answers", "open: packets pass. closed: new connections do not.").of("kernel"),
    row("fail_dns", FAIL, "open", &["queue.fail.dns"], "When nobody answers, DNS", "The same for DNS.").of("kernel"),
    row("queues", Number(0, 64), "0", &["queue.count"], "Queues", "Each has a thread. 0: one for each processor, four at the most.").of("kernel"),
    row("queue_first", Number(0, 65_407), "4700", &["queue.first"], "First queue", "Its number; others must not use it or those behind it.").of("kernel"),
    row("queue_length", Number(64, 1_048_576), "1024", &["queue.length"], "Packets in a queue", "That the kernel holds for one queue at the most.").of("kernel"),
    row("reader", Choice(&["nfq", "burst"]), "nfq", &["queue.reader"], "Packets are read", "nfq: one at a time. burst: several at once, for less processor time.").of("kernel"),
    row("mark", Text(&MARK), "0x30000000", &["kernel.mark"], "Mark", "The two bits of packet and connection marks that are minewall's; mwan3, pbr and others use marks too.").of("kernel"),
    row("look_packets", Number(1, 1000), "16", &["look.packets"], "Packets looked at", "With payload, of a connection in each direction.").of("kernel"),
    row("look_bytes", Number(512, 32_768), "4096", &["look.bytes"], "Bytes looked at", "Of a connection in each direction.").of("kernel"),
    row("flows", Number(1024, 4_194_304), "16384", &["look.flows"], "Connections remembered", "By each queue; 16 bytes each.").of("kernel"),
];

#[rustfmt::skip]
const FEED_OPTIONS: &[Row] = &[
    row("enabled", Flag, "1", &[], "Enabled", "Whether it is fetched and used."),
    row("name", Text(&FEED), "", &["name"], "Name", "Small letters, digits, hyphens.").must(),
    row("url", Text(&ADDRESS_OF_LIST), "", &["url"], "Address", "https://, http:// or file:///PATH; with keys, that of a signed feed's manifest.").must(),
    row("category", CATEGORIES, "", &["category"], "Category", "What it lists.").must(),
    row("format", FORMATS, "auto", &["format"], "Format", "auto: found out line by line."),
    row("trust", Choice(&["high", "medium", "low"]), "medium", &["trust"], "Trust", "The most its entries are believed. low: written down, never cut."),
    row("min", Number(1, 1_000_000), "1", &["min"], "Entries, at least", "With fewer it is refused."),
    row("max", Number(1, 4_000_000), "1000000", &["max"], "Entries, at most", "With more it is refused."),
    row("keys", Text(&KEY), "", &["keys"], "Public keys", "Of minisign, one of which has signed it.").list(),
];

#[rustfmt::skip]
const FILE_OPTIONS: &[Row] = &[
    row("enabled", Flag, "1", &[], "Enabled", "Whether it is used."),
    row("name", Text(&WORDS), "", &["name"], "Name", "Its name in records.").must(),
    row("path", Text(&PATH), "", &["path"], "File", "Where it is.").must(),
    row("category", CATEGORIES, "custom", &["category"], "Category", "What it lists."),
    row("format", FORMATS, "auto", &["format"], "Format", "auto: found out line by line."),
];

#[rustfmt::skip]
const EXEMPT_OPTIONS: &[Row] = &[
    row("enabled", Flag, "1", &[], "Enabled", "Whether it holds."),
    row("prefix", Text(&PREFIX), "", &["prefix"], "Address or prefix", "The hosts that may mine.").must(),
    row("owner", Text(&WORDS), "", &["owner"], "Owner", "Who answers for them.").must(),
    row("reason", Text(&WORDS), "", &["reason"], "Reason", "What for.").must(),
    row("expires", Text(&DATE), "", &["expires"], "Last day", "The last day it holds; none: until it is removed."),
];

#[rustfmt::skip]
const GRACE_OPTIONS: &[Row] = &[
    row("enabled", Flag, "1", &[], "Enabled", "Whether it holds."),
    row("prefix", Text(&PREFIX), "", &["prefix"], "Address or prefix", "The hosts; the longest prefix speaks.").must(),
    row("minutes", Number(0, 10_080), "", &["minutes"], "Minutes", "How long what mines there is only observed first.").must(),
];

#[rustfmt::skip]
const TARGET_OPTIONS: &[Row] = &[
    row("enabled", Flag, "1", &[], "Enabled", "Whether it is sent to."),
    row("address", Text(&SYSLOG), "", &["address"], "Address", "unix:/dev/log for the router's own log (logread), udp://HOST:PORT, tcp://HOST:PORT, tls://NAME:PORT.").must(),
    row("format", Choice(&["json", "cef"]), "json", &["format"], "Format", "JSON, or the Common Event Format of ArcSight."),
    row("events", Choice(&["incident", "notice", "record"]), "incident notice", &["events"], "Events", "incident: what happened, told now and then. notice: about minewall itself. record: each sighting.").list(),
    row("facility", FACILITIES, "local4", &["facility"], "Facility", "That of the messages."),
    row("authorities", Text(&PATH), "", &["authorities"], "Authorities", "For tls://: a PEM file of those trusted; none: the system's."),
    row("certificate", Text(&PATH), "", &["certificate"], "Certificate", "For tls://: a PEM file with the one that is shown."),
    row("key", Text(&PATH), "", &["key"], "Key", "The PEM file of its private key."),
];

/// Every type of section, in the order they are documented.
pub(super) static TABLE: &[Kind] = &[
    Kind {
        kind: "minewall",
        name: Some("global"),
        table: "",
        title: "minewall",
        help: "What holds for all of it.",
        fixed: &[
            ("runtime.directory", "\"/var/run/minewall\""),
            ("lists.update.scratch", "\"/tmp/minewall/lists\""),
            ("lists.update.generations", "1"),
            ("privacy.secret", "\"/etc/minewall/privacy.key\""),
            ("journal.segment", "1048576"),
        ],
        options: GLOBAL,
    },
    Kind {
        kind: "feed",
        name: None,
        table: "lists.feed",
        title: "Feeds",
        help: "Lists that are fetched; docs/lists.md names some.",
        fixed: &[],
        options: FEED_OPTIONS,
    },
    Kind {
        kind: "file",
        name: None,
        table: "lists.file",
        title: "Own lists",
        help: "Lists in files of your own.",
        fixed: &[],
        options: FILE_OPTIONS,
    },
    Kind {
        kind: "exempt",
        name: None,
        table: "exempt",
        title: "Exempt hosts",
        help: "Hosts that may mine.",
        fixed: &[],
        options: EXEMPT_OPTIONS,
    },
    Kind {
        kind: "grace",
        name: None,
        table: "grace.prefix",
        title: "Grace of some hosts",
        help: "Hosts with a grace of their own, in mode block.",
        fixed: &[],
        options: GRACE_OPTIONS,
    },
    Kind {
        kind: "target",
        name: None,
        table: "sink",
        title: "Log targets",
        help: "Where incidents and notices go, as syslog messages.",
        fixed: &[("type", "\"syslog\"")],
        options: TARGET_OPTIONS,
    },
];
