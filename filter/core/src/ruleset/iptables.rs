//! The rules as text for `iptables-restore --noflush` and `ip6tables-restore --noflush`.
//!
//! Chains of our own, named `MINEWALL_*`, hang on jumps in the built-in chains. A table is replaced in one transaction:
//! what an earlier run left behind is read from the output of `iptables-save` and goes in the same step.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use super::{Action, Bits, DATA_OFFSETS, Element, Entry, Family, Hook, Match, Name, Queues, Rule, Ruleset, Sets};

/// What a rule's text depends on besides the rule.
#[derive(Clone, Copy)]
struct Spelling<'a> {
    family: Family,
    sets: &'a Sets,
}

/// What our chains' names begin with.
pub const PREFIX: &str = "MINEWALL_";

/// The tables, in the order they are loaded: nothing is queued before there is a judge.
const TABLES: [&str; 3] = ["filter", "raw", "mangle"];

/// Where the jumps are: hook, table, how they are put there. REJECT is allowed in `filter` only and must
/// come before what accepts. NFQUEUE ends the walk through its chain, so in `mangle` the rules of others come first.
const HOOKS: [(Hook, &str, &str); 9] = [
    (Hook::OutputUntracked, "raw", "-I OUTPUT 1"),
    (Hook::Prerouting, "mangle", "-A PREROUTING"),
    (Hook::Forward, "mangle", "-A FORWARD"),
    (Hook::Input, "mangle", "-A INPUT"),
    (Hook::Output, "mangle", "-A OUTPUT"),
    (Hook::ForwardJudged, "filter", "-I FORWARD 1"),
    (Hook::ForwardFiltered, "filter", "-A FORWARD"),
    (Hook::InputJudged, "filter", "-I INPUT 1"),
    (Hook::OutputJudged, "filter", "-I OUTPUT 1"),
];

/// Text that puts our chains and jumps in, in place of those found in `saved` (what `iptables-save` printed; may be
/// empty). Rules of others stay as they are.
#[must_use]
pub fn iptables(ruleset: &Ruleset, family: Family, saved: &str) -> String {
    TABLES.iter().map(|table| table_text(ruleset, family, table, saved)).collect()
}

/// Text that takes out what is ours in `saved`, and nothing else; empty where nothing is.
#[must_use]
pub fn iptables_remove(saved: &str) -> String {
    TABLES.iter().rev().map(|table| removal(table, saved)).collect()
}

fn table_text(ruleset: &Ruleset, family: Family, table: &str, saved: &str) -> String {
    let ours: Vec<_> = ruleset.chains.iter().filter(|chain| table_of(chain.name) == table).collect();
    let declared: Vec<String> = ours.iter().map(|chain| chain_name(chain.name)).collect();
    let (old, jumps) = leftovers(table, saved);
    let obsolete: Vec<&str> = old.into_iter().filter(|name| !declared.iter().any(|new| new == name)).collect();

    let spelling = Spelling { family, sets: &ruleset.sets };
    let mut lines = vec![format!("*{table}")];
    lines.extend(declared.iter().map(|name| format!(":{name} - [0:0]")));
    lines.extend(jumps);
    lines.extend(obsolete.iter().map(|name| format!("-F {name}")));
    lines.extend(obsolete.iter().map(|name| format!("-X {name}")));
    for chain in ours {
        let name = chain_name(chain.name);
        lines.extend(chain.rules.iter().flat_map(|rule| rule_lines(&name, rule, spelling)));
    }
    let jumps: Vec<String> = ruleset.entries.iter().flat_map(|entry| jump_lines(table, entry, spelling)).collect();
    // what is inserted comes before what was inserted earlier
    let (inserted, added): (Vec<_>, Vec<_>) = jumps.into_iter().partition(|line| line.starts_with("-I"));
    lines.extend(inserted.into_iter().rev().chain(added));
    lines.push("COMMIT\n".to_string());
    lines.join("\n")
}

fn removal(table: &str, saved: &str) -> String {
    let (chains, jumps) = leftovers(table, saved);
    if chains.is_empty() && jumps.is_empty() {
        return String::new();
    }
    let flush = chains.iter().map(|name| format!("-F {name}"));
    let delete = chains.iter().map(|name| format!("-X {name}"));
    let lines: Vec<String> = jumps.iter().cloned().chain(flush).chain(delete).collect();
    format!("*{table}\n{}\nCOMMIT\n", lines.join("\n"))
}

/// Our chains in a table, and lines that delete the jumps to them from chains of others.
fn leftovers<'saved>(table: &str, saved: &'saved str) -> (Vec<&'saved str>, Vec<String>) {
    let head = format!("*{table}");
    let lines = || saved.lines().skip_while(|line| *line != head).take_while(|line| *line != "COMMIT");
    let declared = lines().filter_map(|line| line.strip_prefix(':')?.split(' ').next());
    let chains = declared.filter(|name| name.starts_with(PREFIX)).collect();
    let rules = lines().filter_map(|line| line.strip_prefix("-A "));
    let jumps = rules.filter(|rule| !rule.starts_with(PREFIX) && target_is_ours(rule));
    (chains, jumps.map(|rule| format!("-D {rule}")).collect())
}

/// The target of a jump to a chain of the user's is the last word of its line.
fn target_is_ours(rule: &str) -> bool {
    let mut words = rule.rsplit(' ');
    let target = words.next().is_some_and(|word| word.starts_with(PREFIX));
    target && words.next().is_some_and(|word| word == "-j" || word == "-g")
}

fn table_of(name: Name) -> &'static str {
    match name {
        Name::Answer | Name::Reset => "raw",
        Name::Dns | Name::DnsAnswers | Name::Quic | Name::Tcp | Name::Attempt | Name::Listed => "mangle",
        Name::Judge | Name::Settle | Name::Cut | Name::Offload => "filter",
    }
}

fn chain_name(name: Name) -> String {
    format!("{PREFIX}{}", name.text().to_ascii_uppercase())
}

fn jump_lines(table: &str, entry: &Entry, spelling: Spelling<'_>) -> Vec<String> {
    let places = HOOKS.iter().filter(|(hook, its, _)| *hook == entry.hook && *its == table);
    let line = |place: &str, when: &String| format!("{place}{when} -j {}", chain_name(entry.chain));
    let lines = |place| when_texts(&entry.when, spelling).iter().map(|when| line(place, when)).collect::<Vec<_>>();
    places.flat_map(|(.., place)| lines(*place)).collect()
}

/// One line for each spelling of the rule's matches.
fn rule_lines(chain: &str, rule: &Rule, spelling: Spelling<'_>) -> Vec<String> {
    let counter = rule.counter.map(|counter| format!(" {}", counter.text())).unwrap_or_default();
    let comment = format!("-m comment --comment \"minewall{counter}: {}\"", rule.comment);
    let action = action_text(rule.action, spelling.family);
    let line = |when: &String| format!("-A {chain}{when} {comment} {action}");
    when_texts(&rule.when, spelling).iter().map(line).collect()
}

/// The matches, each with a space before it: usually one text, more where there is no single one,
/// and none where it holds for no packet.
fn when_texts(when: &[Match], spelling: Spelling<'_>) -> Vec<String> {
    let mut texts = vec![String::new()];
    for spelled in when.iter().map(|each| match_texts(*each, spelling)) {
        texts = texts.iter().flat_map(|text| spelled.iter().map(move |more| format!("{text} {more}"))).collect();
    }
    texts
}

fn match_texts(each: Match, Spelling { family, sets }: Spelling<'_>) -> Vec<String> {
    let one = match each {
        Match::Listed => return listed(sets, family),
        Match::Learned => format!("-p tcp -m set --match-set {} dst,dst", set_name("learned", family)),
        Match::Exempt => return exempt(sets, family),
        Match::Syn => "-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN".to_string(),
        Match::AtMost(rate) => format!("-m limit --limit {rate}/sec --limit-burst {}", 2 * rate),
        Match::Tcp => "-p tcp".to_string(),
        Match::TcpFrom(port) => format!("-p tcp -m tcp --sport {port}"),
        Match::TcpTo(port) => format!("-p tcp -m tcp --dport {port}"),
        Match::Udp => "-p udp".to_string(),
        Match::UdpFrom(port) => format!("-p udp -m udp --sport {port}"),
        Match::UdpTo(port) => format!("-p udp -m udp --dport {port}"),
        Match::UdpToAny(ports) => {
            let ports: Vec<String> = ports.iter().map(ToString::to_string).collect();
            format!("-p udp -m multiport --dports {}", ports.join(","))
        }
        Match::Loopback => "-i lo".to_string(),
        Match::NotLoopback => "! -i lo".to_string(),
        Match::NotToLoopback => "! -o lo".to_string(),
        Match::Reply => "-m conntrack --ctdir REPLY".to_string(),
        Match::FewAnswers => few_answers(family),
        Match::Expiring(seconds) => format!("-m conntrack --ctexpire 0:{seconds}"),
        Match::PacketMark(bits) => format!("-m mark --mark {}", bits_text(bits)),
        Match::NotPacketMark(bits) => format!("-m mark ! --mark {}", bits_text(bits)),
        Match::FlowMark(bits) => format!("-m connmark --mark {}", bits_text(bits)),
        Match::NotFlowMark(bits) => format!("-m connmark ! --mark {}", bits_text(bits)),
        Match::NoPayload => return no_payload(family),
    };
    vec![one]
}

/// xtables has sets in another program only: a line for each.
fn listed(sets: &Sets, family: Family) -> Vec<String> {
    let of = sets.listed.iter().filter(|(ip, _)| ip.is_ipv4() == (family == Family::V4));
    of.map(|(ip, port)| format!("-d {ip} -p tcp -m tcp --dport {port}")).collect()
}

/// The name of a set of ours in the program `ipset`.
fn set_name(what: &str, family: Family) -> String {
    format!("minewall_{what}{}", if family == Family::V4 { 4 } else { 6 })
}

fn create(name: &str, family: Family) -> String {
    let inet = if family == Family::V4 { "inet" } else { "inet6" };
    format!("create {name} hash:ip,port family {inet} timeout 0\n")
}

/// Text for `ipset -exist restore` that replaces what is learned of a family at once, or makes its set.
#[must_use]
pub fn ipset(family: Family, elements: &[Element]) -> String {
    let (set, new) = (set_name("learned", family), set_name("learning", family));
    let mut text = create(&set, family) + &create(&new, family) + &format!("flush {new}\n");
    for Element { ip, port, seconds } in elements.iter().filter(|each| each.ip.is_ipv4() == (family == Family::V4)) {
        text += &format!("add {new} {ip},tcp:{port} timeout {}\n", seconds.max(&1));
    }
    text + &format!("swap {new} {set}\ndestroy {new}\n")
}

/// The set that rules may hold packets against, empty: text for `ipset -exist restore`, which leaves one that is there.
#[must_use]
pub fn ipset_create(family: Family) -> String {
    create(&set_name("learned", family), family)
}

/// The set to destroy once no rule holds it.
#[must_use]
pub fn ipset_destroy(family: Family) -> String {
    format!("destroy {}\n", set_name("learned", family))
}

/// Whether the kernel and the programs can hold packets against such a set: text for `ipset`, text for `iptables-restore
/// --test`, and text for `ipset` that takes the set out.
#[must_use]
pub fn ipset_probe(family: Family) -> (String, String, String) {
    let set = set_name("probe", family);
    let rule = format!("-A {PREFIX}PROBE -p tcp -m set --match-set {set} dst,dst -j RETURN");
    let rules = format!("*mangle\n:{PREFIX}PROBE - [0:0]\n{rule}\nCOMMIT\n");
    (create(&set, family), rules, format!("destroy {set}\n"))
}

fn exempt(sets: &Sets, family: Family) -> Vec<String> {
    let of = sets.exempt.iter().filter(|net| net.addr().is_ipv4() == (family == Family::V4));
    of.map(|net| format!("-s {net}")).collect()
}

fn bits_text(Bits { value, mask }: Bits) -> String {
    format!("{value:#x}/{mask:#x}")
}

/// xtables cannot add, so each data offset has its own length; `u32` reads 32 bits at a byte offset from the IP header.
fn no_payload(family: Family) -> Vec<String> {
    let line = |words: u16| match family {
        // version 4 with a header of 5 words; data offset at 20 + 12
        Family::V4 => (20 + 4 * words, format!("0>>24=0x45&&32>>28={words}")),
        // next header TCP; data offset at 40 + 12
        Family::V6 => (40 + 4 * words, format!("4>>8&0xff=6&&52>>28={words}")),
    };
    let text = |(length, u32)| format!("-m length --length {length} -m u32 --u32 \"{u32}\"");
    DATA_OFFSETS.map(line).map(text).into()
}

/// ANCOUNT (RFC 1035 section 4.1.1) is the last half of four bytes behind the IP header, 12 bytes into the datagram.
fn few_answers(family: Family) -> String {
    let u32 = match family {
        Family::V4 => "0>>22&0x3c@12&0xffff=0:1",
        // next header UDP
        Family::V6 => "4>>8&0xff=17&&52&0xffff=0:1",
    };
    format!("-m u32 --u32 \"{u32}\"")
}

fn action_text(action: Action, family: Family) -> String {
    match action {
        Action::Leave => "-j RETURN".to_string(),
        Action::Goto(chain) => format!("-g {}", chain_name(chain)),
        Action::Jump(chain) => format!("-j {}", chain_name(chain)),
        Action::Queue(queues) => queue_text(queues),
        Action::Untrack => "-j CT --notrack".to_string(),
        Action::Save(bits) => format!("-j CONNMARK --set-xmark {bits:#x}/{bits:#x}"),
        Action::Forget(bits) => format!("-j CONNMARK --set-xmark 0x0/{bits:#x}"),
        Action::Strip(bits) => format!("-j MARK --set-xmark 0x0/{bits:#x}"),
        Action::Reset => "-j REJECT --reject-with tcp-reset".to_string(),
        Action::Unreachable => {
            let version = if family == Family::V4 { "" } else { "6" };
            format!("-j REJECT --reject-with icmp{version}-port-unreachable")
        }
        Action::Drop => "-j DROP".to_string(),
        // of OpenWrt's own kernels
        Action::Offload => "-j FLOWOFFLOAD".to_string(),
    }
}

/// Without `--queue-cpu-fanout`: the kernel's hash then is the same for both directions of a flow.
fn queue_text(Queues { first, last, bypass }: Queues) -> String {
    let bypass = if bypass { " --queue-bypass" } else { "" };
    if first == last {
        format!("-j NFQUEUE --queue-num {first}{bypass}")
    } else {
        format!("-j NFQUEUE --queue-balance {first}:{last}{bypass}")
    }
}
