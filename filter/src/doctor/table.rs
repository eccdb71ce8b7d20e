//! Every check: the one table that help, table, JSON and docs/doctor.md are made of. A new one is one row and its function.

use super::check::Check;
use super::{evidence, kernel, machine_state as state, marks, offload, queues, rules, settings, sinks, traffic};

/// The checks, in the order they are looked at.
#[rustfmt::skip] // a row a line
pub(super) const TABLE: &[Check] = &[
    Check { id: "configuration", samples: false, look: settings::configuration, what: "the configuration is sound", how: "as `minewall check-config`, with all files it names", remedy: "mend the line that is named; the running minewall goes on with what it read last" },
    Check { id: "daemon", samples: false, look: settings::daemon, what: "minewall runs, and one only", how: "control socket, processes in this network namespace", remedy: "`systemctl start minewall` (OpenWrt: `service minewall start`); its log says why it ended" },
    Check { id: "mode", samples: false, look: settings::mode, what: "mining is cut, not only written down", how: "mode and pause, as the daemon tells them", remedy: "`mode = \"block\"` in the configuration and a reload, once what it found was looked at; a pause ends with minewall resume" },
    Check { id: "capabilities", samples: false, look: kernel::capabilities, what: "the daemon may load rules and answer", how: "CapEff of its process; without one, of this", remedy: "AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW in the systemd unit, or root" },
    Check { id: "programs", samples: false, look: kernel::programs, what: "the programs that load rules are there", how: "nft, iptables and ip6tables on the search path", remedy: "`apt-get install nftables` (OpenWrt: `nftables-json`)" },
    Check { id: "kernel", samples: false, look: kernel::features, what: "the kernel can queue packets and track connections", how: "files of nfnetlink_queue and nf_conntrack below /proc; without a daemon the rules are tried with `nft -c`", remedy: "`modprobe nfnetlink_queue nft_queue nf_conntrack_netlink` (OpenWrt: `kmod-nft-queue`)" },
    Check { id: "queues", samples: false, look: queues::bound, what: "our queues are bound, by us", how: "/proc/self/net/netfilter/nfnetlink_queue", remedy: "another `queue.first` in the configuration, or end the other program" },
    Check { id: "drops", samples: true, look: queues::drops, what: "no packet was lost or passed unseen for want of room", how: "drops and overruns (ENOBUFS) of queues and sockets since minewall started; with `queue.fail` open an overrun lets packets pass", remedy: "more `queue.count` (up to the processors), `queue.length`, fewer `look.packets`" },
    Check { id: "load", samples: false, look: queues::load, what: "all that is set is looked at", how: "the level of ease, and the time to verdict of 99 of 100 packets", remedy: "a gateway with more processors, `queue.count`, fewer `look.packets`" },
    Check { id: "rules", samples: false, look: rules::present, what: "our rules are in the kernel", how: "`nft list ruleset`, `iptables-save`", remedy: "minewall restores them within 5 seconds; find what flushes them (`nft monitor`), and start minewall anew where it does not run" },
    Check { id: "offload", samples: false, look: offload::held, what: "flow offload does not take connections before they are looked at", how: "flowtables in `nft -a list ruleset`, UCI of the firewall, our rules ahead of theirs", remedy: "`kernel.offload = \"auto\"`; without minewall running nothing holds them" },
    Check { id: "acct", samples: false, look: offload::acct, what: "packets of connections are counted where rules go by it", how: "net.netfilter.nf_conntrack_acct", remedy: "`sysctl -w net.netfilter.nf_conntrack_acct=1`" },
    Check { id: "marks", samples: false, look: marks::collide, what: "no rule of others touches our two bits of the marks", how: "`nft list ruleset`, `iptables-save`, `ip rule`", remedy: "another `kernel.mark` with two bits that nobody uses, or a mask in the other rule" },
    Check { id: "bridge", samples: false, look: kernel::bridged, what: "what passes between ports of a bridge is shown to the rules", how: "bridges below /sys/class/net, net.bridge.bridge-nf-call-*", remedy: "`kernel.bridge = \"on\"` (OpenWrt: `kmod-br-netfilter`)" },
    Check { id: "forwarding", samples: false, look: traffic::forwarding, what: "this machine forwards", how: "net.ipv4.ip_forward, net.ipv6.conf.all.forwarding", remedy: "`sysctl -w net.ipv4.ip_forward=1`; or minewall runs on the wrong machine" },
    Check { id: "crossing", samples: true, look: traffic::crossing, what: "forwarded traffic comes to the queues", how: "packets forwarded (/proc/self/net/snmp, snmp6) against packets given to our queues, over the time looked at", remedy: "`minewall self-test`; look for offload, for rules that go around, for another gateway" },
    Check { id: "interfaces", samples: true, look: traffic::interfaces, what: "each interface that forwards sees packets", how: "/proc/self/net/dev, over the time looked at; 60 seconds say more: `--watch 60`", remedy: "wrong cable, wrong VLAN, PPPoE over another interface: `ip -s link`" },
    Check { id: "dns-path", samples: true, look: traffic::dns, what: "DNS questions cross this gateway", how: "the daemon's DNS questions against its new connections since it started", remedy: "hosts ask elsewhere: have DHCP name this gateway, or run minewall where their questions pass; encrypted DNS: `category.resolver`" },
    Check { id: "directions", samples: true, look: traffic::directions, what: "both directions of connections pass here", how: "connections without an answer, and packets that tracking calls invalid (/proc/self/net/nf_conntrack, stat/nf_conntrack)", remedy: "route both ways over this gateway" },
    Check { id: "conntrack", samples: false, look: traffic::conntrack, what: "the table of connections has room", how: "nf_conntrack_count against nf_conntrack_max", remedy: "`sysctl -w net.netfilter.nf_conntrack_max=262144`" },
    Check { id: "rp-filter", samples: false, look: traffic::rp_filter, what: "the kernel does not drop what comes by another way", how: "rp_filter of interfaces, default routes", remedy: "`sysctl -w net.ipv4.conf.all.rp_filter=2` (loose) where there are several ways out" },
    Check { id: "clock", samples: false, look: state::clock, what: "the clock is set by a time server", how: "chronyc, timedatectl, /run/systemd/timesync, ntpd; and that it is not before this version was made", remedy: "`apt-get install chrony` (OpenWrt: `service sysntpd restart`): evidence is worth its time" },
    Check { id: "memory", samples: false, look: state::memory, what: "there is memory left", how: "MemAvailable, and what the daemon holds", remedy: "smaller lists, fewer `look.flows`" },
    Check { id: "disk", samples: false, look: state::disk, what: "there is room where evidence is kept", how: "statvfs of the directories of journal, lists, spools and files", remedy: "`journal.records_bytes`, logrotate, a larger disk" },
    Check { id: "lists", samples: false, look: evidence::lists, what: "lists are there and new", how: "generation, age and attempts of feeds as `minewall lists status`; the date of the shipped lists", remedy: "`minewall lists update`, and a timer that does it daily" },
    Check { id: "sinks", samples: false, look: sinks::reached, what: "sinks take what they are given", how: "each is connected to (TLS with its handshake, a web hook by HEAD), a file is opened for appending; with `--send-test` a line is sent; what the daemon counts of it", remedy: "start the peer, mend address or certificate; `spool` keeps what it cannot take (docs/sinks.md)" },
    Check { id: "journal", samples: false, look: evidence::journal, what: "the journal can be written and signed", how: "its directory and its key", remedy: "give the directory to the user that runs minewall; put the former key back" },
    Check { id: "privacy-key", samples: false, look: evidence::privacy_key, what: "the key that hides hosts can be read, by its owner only", how: "the file privacy.secret, where something is hashed", remedy: "put the former key back; `chmod 600`" },
];

/// The check of this name.
pub(super) fn find(id: &str) -> Option<&'static Check> {
    TABLE.iter().find(|check| check.id == id)
}

/// All of it, for people.
pub(super) fn list() -> String {
    let check = |Check { id, what, how, remedy, .. }: &Check| {
        format!("{id}: {what}\n    looks at: {how}\n    what helps: {remedy}\n")
    };
    TABLE.iter().map(check).collect()
}

/// Every name, for messages.
pub(super) fn names() -> String {
    TABLE.iter().map(|check| check.id).collect::<Vec<_>>().join(", ")
}
