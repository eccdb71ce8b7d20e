//! Whether the traffic that is to be looked at comes this way.

use super::check::Outcome;
use super::scene::Scene;
use crate::routes;

/// So many forwarded packets say something.
const ENOUGH: u64 = 500;

/// So many seconds say something of an interface; fewer may be a quiet moment.
const LONG: f64 = 59.0;

/// So many connections without DNS questions say something.
const CONNECTIONS: u64 = 200;

/// So many connections without an answer say something.
const UNANSWERED: usize = 20;

/// Whether this machine forwards.
pub(super) fn forwarding(scene: &Scene) -> Vec<Outcome> {
    let is_on = |path: &str| scene.machine.number(path).is_some_and(|value| value != 0);
    let four = is_on("/proc/sys/net/ipv4/ip_forward");
    let six = is_on("/proc/sys/net/ipv6/conf/all/forwarding");
    let bridges = scene.machine.exists("/proc/sys/net/bridge/bridge-nf-call-iptables");
    match (four, six) {
        (true, true) => vec![Outcome::ok("IPv4 and IPv6 are forwarded")],
        (true, false) => vec![Outcome::ok("IPv4 is forwarded, IPv6 is not")],
        (false, true) => vec![Outcome::note("IPv6 is forwarded, IPv4 is not", "sysctl -w net.ipv4.ip_forward=1")],
        (false, false) if bridges => vec![Outcome::ok("nothing is routed; bridged packets are shown to the rules")],
        (false, false) => vec![Outcome::warn(
            "this machine neither forwards nor bridges: only its own DNS can be looked at",
            "sysctl -w net.ipv4.ip_forward=1, or run minewall on the gateway",
        )],
    }
}

/// Whether forwarded packets come to the queues.
pub(super) fn crossing(scene: &Scene) -> Vec<Outcome> {
    let (Some(before), Some(after)) = (scene.before.forwarded, scene.after.forwarded) else {
        return vec![Outcome::skipped("the kernel tells no forwarded packets (/proc/self/net/snmp)")];
    };
    let forwarded = after.saturating_sub(before);
    let given: u64 = scene
        .queues()
        .iter()
        .filter_map(|number| {
            let after = scene.after.queues.get(number)?;
            // A number that wrapped around, or a queue bound anew in between.
            let before = scene.before.queues.get(number).map_or(0, |line| line.given);
            Some(u64::from(if after.given >= before { after.given - before } else { after.given }))
        })
        .sum();
    let time = format!("in {:.0} s", scene.seconds());
    let seen = format!("{time} {forwarded} packets were forwarded and {given} given to our queues");
    match (forwarded, given) {
        (_, 1..) => vec![Outcome::ok(seen)],
        (0, 0) => vec![Outcome::note(
            format!("{seen}: nothing can be said of it"),
            "minewall doctor --watch 60 at a busy time, or minewall self-test",
        )],
        (1..ENOUGH, 0) => {
            vec![Outcome::note(format!("{seen}: too few to say something of it"), "minewall doctor --watch 60")]
        }
        _ => vec![Outcome::warn(
            format!(
                "{seen}: they belong to connections that were settled before or to what is not looked at (UDP other than \
                 DNS and QUIC), or traffic goes past the rules"
            ),
            "minewall self-test tells which; then look at offload, rules, marks above",
        )],
    }
}

/// Whether each interface sees packets.
pub(super) fn interfaces(scene: &Scene) -> Vec<Outcome> {
    let forwards = |name: &str| {
        let of = |family| scene.machine.number(&format!("/proc/sys/net/{family}/conf/{name}/forwarding"));
        of("ipv4").is_some_and(|on| on != 0) || of("ipv6").is_some_and(|on| on != 0)
    };
    let state = |name: &str| scene.machine.text(&format!("/sys/class/net/{name}/operstate")).trim().to_owned();
    let is_up = |name: &str| ["up", "unknown", ""].contains(&&*state(name));
    let (mut silent, mut busy) = (Vec::new(), Vec::new());
    for (name, after) in &scene.after.interfaces {
        if name == "lo" || !forwards(name) || !is_up(name) {
            continue;
        }
        let before = scene.before.interfaces.get(name).copied().unwrap_or_default();
        let packets = after.received.saturating_sub(before.received);
        if packets == 0 { silent.push(name.as_str()) } else { busy.push(format!("{name} {packets}")) }
    }
    let time = format!("in {:.0} s", scene.seconds());
    match (silent.is_empty(), busy.is_empty()) {
        (true, true) => vec![Outcome::note("no interface forwards", "ip -s link")],
        (true, false) => vec![Outcome::ok(format!("packets received {time}: {}", busy.join(", ")))],
        (false, true) => vec![Outcome::note(
            format!("{time} no interface received anything ({})", silent.join(", ")),
            "minewall doctor --watch 60 at a busy time",
        )],
        (false, false) => {
            let seen =
                format!("{time} nothing was received on {}, while others did: {}", silent.join(", "), busy.join(", "));
            if scene.seconds() >= LONG {
                vec![Outcome::warn(
                    seen,
                    "ip -s link; is the traffic on another interface (PPPoE, VLAN, a second line)?",
                )]
            } else {
                vec![Outcome::note(format!("{seen}; so short a time says little"), "minewall doctor --watch 60")]
            }
        }
    }
}

/// Whether DNS questions cross this gateway.
pub(super) fn dns(scene: &Scene) -> Vec<Outcome> {
    let counted = |metric| scene.counted(metric);
    let (Some(flows), Some(questions)) = (counted("minewall_flows_total"), counted("minewall_dns_questions_total"))
    else {
        return vec![Outcome::skipped("no minewall counts connections and DNS questions")];
    };
    let encrypted = counted("minewall_encrypted_dns_total").unwrap_or_default();
    let seen = format!(
        "{questions} DNS questions beside {flows} connections since minewall started, {encrypted} to resolvers for encrypted DNS"
    );
    if questions > 0 {
        return vec![Outcome::ok(seen)];
    }
    if flows < CONNECTIONS {
        return vec![Outcome::note(
            format!("{seen}: too few to say something of it"),
            "look again when hosts are at work",
        )];
    }
    vec![Outcome::warn(
        format!(
            "{seen}: hosts ask a name server elsewhere, or all by encrypted DNS; names are then found in TLS and QUIC only"
        ),
        "have DHCP name a server behind this gateway; category.resolver = \"block\" for encrypted DNS",
    )]
}

/// Whether both directions of connections pass here.
pub(super) fn directions(scene: &Scene) -> Vec<Outcome> {
    let (before, after) = (scene.before.invalid, scene.after.invalid);
    let invalid = after.zip(before).map_or(0, |(after, before)| after.saturating_sub(before));
    let Ok(text) = scene.machine.read("/proc/self/net/nf_conntrack") else {
        let why = if scene.machine.is_root {
            "the kernel lists no connections (CONFIG_NF_CONNTRACK_PROCFS)"
        } else {
            "only root may list connections"
        };
        return vec![Outcome::skipped(why)];
    };
    let tcp = || text.lines().filter(|line| line.split_ascii_whitespace().nth(2) == Some("tcp"));
    let unanswered = tcp().filter(|line| line.contains("[UNREPLIED]")).count();
    let answered = tcp().count() - unanswered;
    let forwarded =
        scene.after.forwarded.zip(scene.before.forwarded).map_or(0, |(after, before)| after.saturating_sub(before));
    let seen = format!(
        "{answered} TCP connections with an answer, {unanswered} without; {invalid} packets invalid in {:.0} s",
        scene.seconds()
    );
    let is_one_sided = unanswered >= UNANSWERED && unanswered > 4 * answered;
    if is_one_sided || (invalid >= ENOUGH / 5 && invalid * 2 >= forwarded) {
        return vec![Outcome::warn(
            format!("{seen}: as if one direction went another way, or somebody scans"),
            "traceroute from both sides; route both ways over this gateway",
        )];
    }
    vec![Outcome::ok(seen)]
}

/// Whether the table of connections has room.
pub(super) fn conntrack(scene: &Scene) -> Vec<Outcome> {
    let number = |name: &str| scene.machine.number(&format!("/proc/sys/net/netfilter/{name}"));
    let (Some(count), Some(max)) = (number("nf_conntrack_count"), number("nf_conntrack_max")) else {
        return vec![Outcome::skipped("connection tracking is not loaded")];
    };
    let seen = format!("{count} of {max} connections");
    let more = format!("sysctl -w net.netfilter.nf_conntrack_max={}", max.saturating_mul(2));
    match count.saturating_mul(100) / max.max(1) {
        95.. => vec![Outcome::fail(format!("{seen}: the kernel drops new ones when it is full"), &more)],
        80.. => vec![Outcome::warn(format!("{seen}: nearly full"), &more)],
        _ => vec![Outcome::ok(seen)],
    }
}

/// Whether the kernel drops what comes by another way than it would answer.
pub(super) fn rp_filter(scene: &Scene) -> Vec<Outcome> {
    let of =
        |name: &str| scene.machine.number(&format!("/proc/sys/net/ipv4/conf/{name}/rp_filter")).unwrap_or_default();
    let all = of("all");
    // The greater of both holds (Linux, ip-sysctl).
    let names = scene.machine.names("/proc/sys/net/ipv4/conf");
    let is_strict = |name: &&String| !["all", "default", "lo"].contains(&name.as_str()) && of(name).max(all) == 1;
    let strict: Vec<_> = names.iter().filter(is_strict).map(String::as_str).collect();
    // Each default route of an own metric or interface is one more.
    let defaults = routes::of(&scene.machine.text(routes::FILE)).filter(|route| route.prefix_len() == 0).count();
    if strict.is_empty() || defaults < 2 {
        let how = if strict.is_empty() { "not strict".to_owned() } else { format!("strict on {}", strict.join(", ")) };
        return vec![Outcome::ok(format!("{how}, {defaults} default routes"))];
    }
    vec![Outcome::note(
        format!(
            "strict on {}, and there are {defaults} default routes: answers that come by another line are dropped",
            strict.join(", ")
        ),
        "sysctl -w net.ipv4.conf.all.rp_filter=2",
    )]
}
