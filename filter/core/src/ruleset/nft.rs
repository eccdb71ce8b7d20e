//! The rules as text for `nft -f`: one table of our own for both families, replaced in one transaction.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::net::IpAddr;

use super::{Action, Bits, Counter, DATA_OFFSETS, Element, Entry, Hook, Match, Queues, Rule, Ruleset, Sets};

/// Our table.
pub const TABLE: &str = "inet minewall";

/// Our flowtable.
const FLOWTABLE: &str = "settled";

/// The base chains: hook, our name, the kernel's name, priority. The judge comes right behind the queue and before
/// every common filter (0), offload behind them; the questions come behind conntrack (-200) and before address translation (-100).
const HOOKS: [(Hook, &str, &str, i32); 9] = [
    (Hook::OutputUntracked, "output_untracked", "output", -300),
    (Hook::Prerouting, "prerouting", "prerouting", -150),
    (Hook::Forward, "forward", "forward", -10),
    (Hook::Input, "input", "input", -10),
    (Hook::Output, "output", "output", -10),
    (Hook::ForwardJudged, "forward_judged", "forward", -9),
    (Hook::ForwardFiltered, "forward_filtered", "forward", 10),
    (Hook::InputJudged, "input_judged", "input", -9),
    (Hook::OutputJudged, "output_judged", "output", -9),
];

/// Text that replaces our table, or makes it, at once; it needs nft 1.0 or later.
#[must_use]
pub fn nft(ruleset: &Ruleset) -> String {
    let mut text = nft_remove();
    text += &format!("\ntable {TABLE} {{\n");
    for counter in Counter::ALL {
        text += &format!("\tcounter {} {{\n\t}}\n", counter.text());
    }
    if !ruleset.devices.is_empty() {
        let devices = ruleset.devices.join("\", \"");
        text += &format!(
            "\n\tflowtable {FLOWTABLE} {{\n\t\thook ingress priority 0; devices = {{ \"{devices}\" }}; counter;\n\t}}\n"
        );
    }
    if !ruleset.sets.listed.is_empty() || ruleset.sets.learns {
        for ((set, kind), elements) in sets(&ruleset.sets) {
            let elements = if elements.is_empty() { elements } else { format!("\t\telements = {{ {elements} }}\n") };
            text += &format!("\n\tset {set} {{\n\t\ttype {kind};\n{elements}\t}}\n");
        }
    }
    for (set, kind, _) in LEARNED.into_iter().filter(|_| ruleset.sets.learns) {
        text += &format!("\n\tset {set} {{\n\t\ttype {kind} . inet_service; flags timeout;\n\t}}\n");
    }
    for chain in &ruleset.chains {
        let rules = chain.rules.iter().flat_map(rule_lines).collect();
        text += &block(chain.name.text(), None, rules);
    }
    for (hook, name, kernel, priority) in HOOKS {
        let head = format!("type filter hook {kernel} priority {priority}; policy accept;");
        let entries = ruleset.entries.iter().filter(|entry| entry.hook == hook);
        let jumps: Vec<_> = entries.flat_map(jump_lines).collect();
        if !jumps.is_empty() {
            text += &block(name, Some(head), jumps);
        }
    }
    text + "}\n"
}

/// Text that replaces what is in our sets, at once, and touches no rule.
#[must_use]
pub fn nft_sets(ruleset: &Ruleset) -> String {
    let mut text = String::new();
    for ((set, _), elements) in sets(&ruleset.sets) {
        text += &format!("flush set {TABLE} {set}\n");
        if !elements.is_empty() {
            text += &format!("add element {TABLE} {set} {{ {elements} }}\n");
        }
    }
    text
}

/// The sets whose elements end by themselves: name, type of the address, whether it is of IPv4.
const LEARNED: [(&str, &str, bool); 2] = [("learned4", "ipv4_addr", true), ("learned6", "ipv6_addr", false)];

/// Text that replaces what is learned, at once, and touches no rule.
#[must_use]
pub fn nft_learned(elements: &[Element]) -> String {
    let mut text = String::new();
    for (set, _, is_v4) in LEARNED {
        text += &format!("flush set {TABLE} {set}\n");
        let of = elements.iter().filter(|element| element.ip.is_ipv4() == is_v4);
        let of: Vec<_> =
            of.map(|Element { ip, port, seconds }| format!("{ip} . {port} timeout {}s", seconds.max(&1))).collect();
        if !of.is_empty() {
            text += &format!("add element {TABLE} {set} {{ {} }}\n", of.join(", "));
        }
    }
    text
}

/// Each set with its type, and its elements.
fn sets(sets: &Sets) -> [((&'static str, &'static str), String); 4] {
    let listed = |is_wanted: fn(&IpAddr) -> bool| {
        let of = sets.listed.iter().filter(|(ip, _)| is_wanted(ip));
        of.map(|(ip, port)| format!("{ip} . {port}")).collect::<Vec<_>>().join(", ")
    };
    let exempt = |is_wanted: fn(&IpAddr) -> bool| {
        let of = sets.exempt.iter().filter(|net| is_wanted(&net.addr()));
        of.map(ToString::to_string).collect::<Vec<_>>().join(", ")
    };
    [
        (("listed4", "ipv4_addr . inet_service"), listed(IpAddr::is_ipv4)),
        (("listed6", "ipv6_addr . inet_service"), listed(IpAddr::is_ipv6)),
        (("exempt4", "ipv4_addr; flags interval; auto-merge"), exempt(IpAddr::is_ipv4)),
        (("exempt6", "ipv6_addr; flags interval; auto-merge"), exempt(IpAddr::is_ipv6)),
    ]
}

/// Text that removes our table, whether or not it is there.
#[must_use]
pub fn nft_remove() -> String {
    format!("table {TABLE} {{\n}}\ndelete table {TABLE}\n")
}

fn block(name: &str, head: Option<String>, rules: Vec<String>) -> String {
    let lines: String = head.into_iter().chain(rules).map(|line| format!("\t\t{line}\n")).collect();
    format!("\n\tchain {name} {{\n{lines}\t}}\n")
}

/// One line for each spelling of the entry's matches.
fn jump_lines(entry: &Entry) -> Vec<String> {
    when_texts(&entry.when).iter().map(|when| format!("{when}jump {}", entry.chain.text())).collect()
}

/// One line for each spelling of the rule's matches.
fn rule_lines(rule: &Rule) -> Vec<String> {
    let counter = rule.counter.map(|counter| format!("counter name \"{}\" ", counter.text())).unwrap_or_default();
    let action = action_text(rule.action);
    let line = |when: &String| format!("{when}{counter}{action} comment \"{}\"", rule.comment);
    when_texts(&rule.when).iter().map(line).collect()
}

/// The matches, each followed by a space: usually one text, more where nft has no single one. Never empty.
fn when_texts(when: &[Match]) -> Vec<String> {
    let mut texts = vec![String::new()];
    for spelled in when.iter().map(|each| match_texts(*each)) {
        texts = texts.iter().flat_map(|text| spelled.iter().map(move |more| format!("{text}{more} "))).collect();
    }
    texts
}

fn match_texts(each: Match) -> Vec<String> {
    let one = match each {
        Match::Listed => return vec!["ip daddr . tcp dport @listed4".into(), "ip6 daddr . tcp dport @listed6".into()],
        Match::Learned => {
            return vec!["ip daddr . tcp dport @learned4".into(), "ip6 daddr . tcp dport @learned6".into()];
        }
        Match::Exempt => return vec!["ip saddr @exempt4".into(), "ip6 saddr @exempt6".into()],
        Match::Syn => "tcp flags & (fin | syn | rst | ack) == syn".to_string(),
        Match::AtMost(rate) => format!("limit rate {rate}/second burst {} packets", 2 * rate),
        Match::Tcp => "meta l4proto tcp".to_string(),
        Match::TcpFrom(port) => format!("tcp sport {port}"),
        Match::TcpTo(port) => format!("tcp dport {port}"),
        Match::Udp => "meta l4proto udp".to_string(),
        Match::UdpFrom(port) => format!("udp sport {port}"),
        Match::UdpTo(port) => format!("udp dport {port}"),
        Match::UdpToAny(ports) => {
            let ports: Vec<String> = ports.iter().map(ToString::to_string).collect();
            format!("udp dport {{ {} }}", ports.join(", "))
        }
        Match::Loopback => "iif \"lo\"".to_string(),
        Match::NotLoopback => "iif != \"lo\"".to_string(),
        Match::NotToLoopback => "oif != \"lo\"".to_string(),
        Match::Reply => "ct direction reply".to_string(),
        Match::FewAnswers => few_answers(),
        Match::Expiring(seconds) => format!("ct expiration <= {seconds}s"),
        Match::PacketMark(bits) => mark_text("meta", bits, "=="),
        Match::NotPacketMark(bits) => mark_text("meta", bits, "!="),
        Match::FlowMark(bits) => mark_text("ct", bits, "=="),
        Match::NotFlowMark(bits) => mark_text("ct", bits, "!="),
        Match::NoPayload => return no_payload(),
    };
    vec![one]
}

fn mark_text(which: &str, Bits { value, mask }: Bits, compare: &str) -> String {
    format!("{which} mark & {mask:#010x} {compare} {value:#010x}")
}

/// nft cannot add, so each data offset has its own length. One set of (offset, length) pairs would be shorter, but
/// nft 1.0.6 aborts when it lists a set over parts of a byte.
fn no_payload() -> Vec<String> {
    let v4 = |words| format!("ip length {} ip hdrlength 5 tcp doff {words}", 20 + 4 * words);
    let v6 = |words| format!("ip6 length {} ip6 nexthdr tcp tcp doff {words}", 4 * words);
    DATA_OFFSETS.iter().flat_map(|words| [v4(words), v6(words)]).collect()
}

/// ANCOUNT (RFC 1035 section 4.1.1), behind the UDP header of 64 bits.
fn few_answers() -> String {
    "@th,112,16 < 2".to_string()
}

fn action_text(action: Action) -> String {
    match action {
        Action::Leave => "return".to_string(),
        Action::Goto(chain) => format!("goto {}", chain.text()),
        Action::Jump(chain) => format!("jump {}", chain.text()),
        Action::Queue(queues) => queue_text(queues),
        Action::Untrack => "notrack".to_string(),
        Action::Save(bits) => format!("ct mark set ct mark | {bits:#010x}"),
        Action::Forget(bits) => format!("ct mark set ct mark & {:#010x}", !bits),
        Action::Strip(bits) => format!("meta mark set meta mark & {:#010x}", !bits),
        Action::Reset => "reject with tcp reset".to_string(),
        Action::Unreachable => "reject with icmpx port-unreachable".to_string(),
        Action::Drop => "drop".to_string(),
        Action::Offload => format!("flow add @{FLOWTABLE}"),
    }
}

/// Without `fanout`: the kernel's hash then is the same for both directions of a flow.
fn queue_text(Queues { first, last, bypass }: Queues) -> String {
    let flags = if bypass { " flags bypass" } else { "" };
    if first == last { format!("queue{flags} to {first}") } else { format!("queue{flags} to {first}-{last}") }
}
