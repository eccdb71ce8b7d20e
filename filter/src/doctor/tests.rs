//! Checks against recorded machines, and the document made of the table.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::anyhow;
use minewall_core::config::Config;
use serde_json::json;

use super::check::{Outcome, State};
use super::machine::Machine;
use super::sample::Traffic;
use super::scene::{Daemon, Scene};
use crate::control::Paused;
use crate::queue::counters::QueueLine;

use super::{evidence, kernel, machine_state, marks, offload, queues, rules, settings, show, sinks, table, traffic};

static COUNT: AtomicUsize = AtomicUsize::new(0);

/// A machine of files and programs; its directory goes with it.
struct Recorded {
    scene: Scene,
    root: PathBuf,
}

impl Drop for Recorded {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}

fn recorded(files: &[(&str, &str)], programs: &[(&str, &str)], daemon: Option<Daemon>) -> Recorded {
    configured(files, programs, daemon, "")
}

fn configured(files: &[(&str, &str)], programs: &[(&str, &str)], daemon: Option<Daemon>, config: &str) -> Recorded {
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let root = std::env::temp_dir().join(format!("minewall-doctor-{}-{number}", std::process::id()));
    fs::create_dir_all(&root).unwrap();
    for (path, text) in files {
        let path = root.join(path.trim_start_matches('/'));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let programs: BTreeMap<String, String> =
        programs.iter().map(|(line, said)| ((*line).to_owned(), (*said).to_owned())).collect();
    let run = move |program: &str, arguments: &[&str]| {
        let line = [&[program], arguments].concat().join(" ");
        match programs.get(&line).map(|said| said.strip_prefix("error: ").ok_or(said)) {
            Some(Err(said)) => Ok(said.clone()),
            Some(Ok(said)) => Err(anyhow!("{program}: {said}")),
            None => Err(anyhow!("there is no program {program:?}; install its package")),
        }
    };
    let config: Config = toml::from_str(config).unwrap();
    let scene = Scene::recorded(Machine::recorded(root.clone(), Box::new(run)), config, daemon);
    Recorded { scene, root }
}

/// A daemon of process 77 that tells these figures.
fn daemon(counters: serde_json::Value) -> Option<Daemon> {
    let status = json!({ "version": "1", "process": 77, "mode": "block", "backend": "nft", "started": 1_795_990_000 });
    Some(Daemon { status: serde_json::from_value(status).unwrap(), counters })
}

fn quiet() -> Option<Daemon> {
    daemon(json!({}))
}

/// The only outcome is of this state, and says these words in what was seen or what helps.
fn is(outcomes: &[Outcome], state: State, words: &[&str]) {
    let [outcome] = outcomes else { panic!("{outcomes:#?}") };
    has(std::slice::from_ref(outcome), state, words);
}

/// One outcome is of this state and says these words.
fn has(outcomes: &[Outcome], state: State, words: &[&str]) {
    let says = |outcome: &&Outcome| {
        let told = format!("{} {}", outcome.seen, outcome.remedy.as_deref().unwrap_or_default());
        outcome.state == state && words.iter().all(|word| told.contains(word))
    };
    assert!(outcomes.iter().any(|outcome| says(&outcome)), "no {state:?} with {words:?} in {outcomes:#?}");
}

const NFT: &str = "nft -a -t list ruleset";
const FW4: &str = include_str!("../../../tests/golden/ruleset/fw4.list");

#[test]
fn every_check_has_words_of_its_own() {
    let mut ids: Vec<_> = table::TABLE.iter().map(|check| check.id).collect();
    ids.sort_unstable();
    let count = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), count);
    for check in table::TABLE {
        assert!([check.what, check.how, check.remedy].iter().all(|words| !words.is_empty() && !words.contains('|')));
        assert!(check.id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{}", check.id);
    }
}

#[test]
fn queues_of_others_are_named() {
    let line = " 4700   4242     0 2 65531     0     0        9  1\n";
    let files = |comm: &'static str| [("/proc/self/net/netfilter/nfnetlink_queue", line), ("/proc/4242/comm", comm)];
    let config = "[queue]\ncount = 2\n";
    let other = configured(&files("snort\n"), &[], None, config);
    is(&queues::bound(&other.scene), State::Fail, &["queue 4700", "snort, process 4242", "queue.first = 4702"]);
    let beside = configured(&files("snort\n"), &[], quiet(), config);
    let outcomes = queues::bound(&beside.scene);
    has(&outcomes, State::Fail, &["snort"]);
    has(&outcomes, State::Fail, &["nobody is bound to queue 4701", "restart"]);
    let gone = configured(&[("/proc/self/net/netfilter/nfnetlink_queue", "")], &[], None, config);
    is(&queues::bound(&gone.scene), State::Ok, &["4700 to 4701 are free"]);
    let own = " 4700   77     0 2 65531     0     0        9  1\n 4701 3219177744 0 2 65531 0 0 8 1\n";
    let own = [("/proc/self/net/netfilter/nfnetlink_queue", own), ("/proc/77/comm", "minewall\n")];
    is(&queues::bound(&configured(&own, &[], quiet(), config).scene), State::Ok, &["bound by minewall"]);
}

#[test]
fn lost_packets_and_load_are_told_with_figures() {
    let of = |dropped: u64, overruns: u64, ease: u64| {
        let one = |value: u64| json!([{ "queue": "4700", "value": value }]);
        daemon(json!({
            "minewall_queue_dropped_packets_total": one(dropped), "minewall_queue_user_dropped_packets_total": one(0),
            "minewall_queue_overruns_total": one(overruns), "minewall_packets_total": one(1000),
            "minewall_ease_level": [{ "value": ease }],
        }))
    };
    is(&queues::drops(&recorded(&[], &[], of(0, 0, 0)).scene), State::Ok, &["none of 1000"]);
    is(
        &queues::drops(&recorded(&[], &[], of(5, 7, 0)).scene),
        State::Warn,
        &["5 dropped", "7 times", "passed uninspected"],
    );
    let closed = configured(&[], &[], of(5, 7, 0), "[queue]\nfail = \"closed\"\n");
    assert!(!queues::drops(&closed.scene)[0].seen.contains("uninspected"));
    is(&queues::drops(&recorded(&[], &[], None).scene), State::Skipped, &["no minewall"]);
    let mut grows = recorded(&[], &[], of(5, 7, 0));
    let figures = &mut grows.scene.daemon.as_mut().unwrap().counters;
    for (metric, value) in ["dropped_packets", "user_dropped_packets", "overruns"].into_iter().zip([6, 10, 107]) {
        figures[format!("minewall_queue_{metric}_total")][0]["value"] = json!(value);
    }
    is(
        &queues::drops(&grows.scene),
        State::Warn,
        &["6 dropped", "10 with a full socket", "107 times", "; 111 of these"],
    );
    is(&queues::load(&recorded(&[], &[], of(0, 0, 2)).scene), State::Warn, &["level 2 of 3"]);
    is(&queues::load(&recorded(&[], &[], of(0, 0, 0)).scene), State::Ok, &["no packet"]);
}

#[test]
fn a_sink_is_down_when_its_attempts_fail_and_not_before_the_first() {
    let of = |up: u64, failures: u64, lost: u64| {
        let one = |value: u64| json!([{ "sink": "logs", "value": value }]);
        daemon(json!({
            "minewall_sink_up": one(up), "minewall_sink_failures_total": one(failures),
            "minewall_sink_lost_records_total": one(lost), "minewall_sink_waiting_records": one(3),
        }))
    };
    let counted = |daemon| sinks::counted(&recorded(&[], &[], daemon).scene);
    assert!(counted(of(0, 0, 0)).is_empty(), "nothing was to be sent yet");
    assert!(counted(of(1, 2, 0)).is_empty(), "it is up again");
    is(&counted(of(0, 2, 1)), State::Fail, &["logs: the daemon's last attempt failed", "3 records wait, 1 were lost"]);
    is(&counted(of(1, 2, 1)), State::Warn, &["1 were lost"]);
}

#[test]
fn rules_that_are_gone_are_noticed() {
    let ours = "table inet minewall { # handle 1\n}\n";
    is(&rules::present(&recorded(&[], &[(NFT, ours)], quiet()).scene), State::Ok, &["in place (nft)"]);
    is(&rules::present(&recorded(&[], &[(NFT, "")], quiet()).scene), State::Fail, &["nothing is inspected"]);
    is(&rules::present(&recorded(&[], &[(NFT, ours)], None).scene), State::Note, &["no minewall"]);
    let saved = "*mangle\n:MINEWALL_DNS - [0:0]\nCOMMIT\n";
    is(&rules::present(&recorded(&[], &[("iptables-save", saved)], quiet()).scene), State::Ok, &["(iptables)"]);
    let refused = [(NFT, "error: Operation not permitted (you must be root)")];
    is(&rules::present(&recorded(&[], &refused, None).scene), State::Skipped, &["not permitted"]);
    let mut paused = quiet().unwrap();
    paused.status.paused = Some(Paused { until: 5, ..Paused::default() });
    is(&rules::present(&recorded(&[], &[(NFT, "")], Some(paused.clone())).scene), State::Note, &["resume"]);
    is(&settings::mode(&recorded(&[], &[], Some(paused)).scene), State::Warn, &["paused", "resume"]);
}

#[test]
fn offload_without_care_is_a_failure() {
    let bare = recorded(&[], &[(NFT, FW4)], quiet());
    is(&offload::held(&bare.scene), State::Fail, &["inet fw4 forward", "before they are looked at"]);
    let off = configured(&[], &[(NFT, FW4)], quiet(), "[kernel]\noffload = \"off\"\n");
    is(&offload::held(&off.scene), State::Fail, &["kernel.offload = \"auto\""]);
    is(&offload::held(&recorded(&[], &[(NFT, "")], quiet()).scene), State::Ok, &["nobody offloads"]);
    is(&offload::held(&recorded(&[], &[], quiet()).scene), State::Ok, &["no nft"]);
    let files = [("/etc/config/firewall", "config defaults\n")];
    let uci = [(NFT, ""), ("uci -q get firewall.@defaults[0].flow_offloading", "1\n")];
    is(&offload::held(&recorded(&files, &uci, quiet()).scene), State::Note, &["flow_offloading", "reload"]);
    // The rules that the daemon puts ahead.
    let repair = minewall_core::ruleset::Pending::new(FW4, &Config::default()).repair;
    let ahead: String = repair
        .lines()
        .enumerate()
        .map(|(at, line)| format!("\t\t{} # handle {}\n", line.split_once(" handle 31 ").unwrap().1, 900 + at))
        .collect();
    let held = FW4.replace(
        "\t\tmeta l4proto { tcp, udp } flow add @ft",
        &format!("{ahead}\t\tmeta l4proto {{ tcp, udp }} flow add @ft"),
    );
    let acct = |value: &'static str| {
        recorded(&[("/proc/sys/net/netfilter/nf_conntrack_acct", value)], &[(NFT, &held)], quiet())
    };
    is(&offload::held(&acct("1\n").scene), State::Ok, &["keep them until they are settled"]);
    is(&offload::acct(&acct("1\n").scene), State::Ok, &["counted"]);
    is(&offload::acct(&acct("0\n").scene), State::Fail, &["nf_conntrack_acct=1"]);
    let plain = recorded(&[("/proc/sys/net/netfilter/nf_conntrack_acct", "0\n")], &[(NFT, "")], quiet());
    is(&offload::acct(&plain.scene), State::Ok, &["no rule goes by it"]);
}

#[test]
fn marks_of_others_are_compared_with_ours() {
    let qos = "table inet qos { # handle 1\n\tchain a { # handle 2\n\t\tct mark set 0x00000001 # handle 3\n\t}\n}\n";
    is(
        &marks::collide(&recorded(&[], &[(NFT, qos)], None).scene),
        State::Warn,
        &["0x30000000", "table inet qos: ct mark set"],
    );
    is(&marks::collide(&recorded(&[], &[(NFT, "")], None).scene), State::Ok, &["0x30000000"]);
    is(&marks::collide(&recorded(&[], &[], None).scene), State::Skipped, &["root"]);
    let routed = [(NFT, ""), ("ip -4 rule show", "9: from all fwmark 0x10000000/0x10000000 lookup 9\n")];
    is(&marks::collide(&recorded(&[], &routed, None).scene), State::Warn, &["ip -4 rule"]);
}

/// Lets traffic pass between the two moments.
fn pass(recorded: &mut Recorded, forwarded: u64, given: u64, seconds: u64) {
    let scene = &mut recorded.scene;
    scene.before.at = Instant::now();
    scene.after.at = scene.before.at + Duration::from_secs(seconds);
    (scene.before.forwarded, scene.after.forwarded) = (Some(7), Some(7 + forwarded));
    let line = |given: u64| QueueLine { given: given.try_into().unwrap(), ..QueueLine::default() };
    scene.before.queues.insert(4700, line(40));
    scene.after.queues.insert(4700, line(40 + given));
}

#[test]
fn traffic_that_does_not_come_to_the_queues_is_told() {
    let mut machine = recorded(&[], &[], None);
    pass(&mut machine, 5000, 12, 3);
    is(&traffic::crossing(&machine.scene), State::Ok, &["in 3 s 5000 packets were forwarded and 12 given"]);
    pass(&mut machine, 5000, 0, 3);
    is(&traffic::crossing(&machine.scene), State::Warn, &["5000", "goes past the rules", "self-test"]);
    pass(&mut machine, 20, 0, 3);
    is(&traffic::crossing(&machine.scene), State::Note, &["too few"]);
    pass(&mut machine, 0, 0, 60);
    is(&traffic::crossing(&machine.scene), State::Note, &["in 60 s", "nothing can be said"]);
}

#[test]
fn an_interface_that_sees_nothing_is_told_the_surer_the_longer() {
    let files = [
        ("/proc/sys/net/ipv4/conf/lan0/forwarding", "1\n"),
        ("/proc/sys/net/ipv4/conf/wan0/forwarding", "1\n"),
        ("/proc/sys/net/ipv4/conf/mgmt/forwarding", "0\n"),
    ];
    let mut machine = recorded(&files, &[], None);
    let traffic = |received| Traffic { received, sent: 0 };
    for (name, received) in [("lan0", 900), ("wan0", 0), ("mgmt", 0), ("lo", 0)] {
        machine.scene.before.interfaces.insert(name.into(), traffic(5));
        machine.scene.after.interfaces.insert(name.into(), traffic(5 + received));
    }
    pass(&mut machine, 0, 0, 3);
    is(&traffic::interfaces(&machine.scene), State::Note, &["wan0", "lan0 900", "--watch 60"]);
    pass(&mut machine, 0, 0, 60);
    is(&traffic::interfaces(&machine.scene), State::Warn, &["in 60 s", "wan0", "PPPoE"]);
    machine.scene.after.interfaces.insert("wan0".into(), traffic(9));
    is(&traffic::interfaces(&machine.scene), State::Ok, &["lan0 900, wan0 4"]);
}

#[test]
fn dns_elsewhere_and_one_sided_traffic_are_told() {
    let told = |flows: u64, questions: u64| {
        let one = |value: u64| json!([{ "queue": "4700", "value": value }]);
        daemon(json!({ "minewall_flows_total": one(flows), "minewall_dns_questions_total": one(questions) }))
    };
    is(&traffic::dns(&recorded(&[], &[], told(9000, 3)).scene), State::Ok, &["3 DNS questions"]);
    is(&traffic::dns(&recorded(&[], &[], told(9000, 0)).scene), State::Warn, &["9000 connections", "DHCP"]);
    is(&traffic::dns(&recorded(&[], &[], told(9, 0)).scene), State::Note, &["too few"]);
    is(&traffic::dns(&recorded(&[], &[], None).scene), State::Skipped, &["no minewall"]);
    // Linux 6.18.
    let one = "ipv4     2 tcp      6 99 SYN_SENT src=10.80.0.2 dst=192.0.2.9 sport=4 dport=443 [UNREPLIED] src=192.0.2.9 dst=10.80.0.2 sport=443 dport=4 mark=0 use=1\n";
    let two = "ipv4     2 tcp      6 431999 ESTABLISHED src=10.80.0.2 dst=192.0.2.9 sport=5 dport=443 src=192.0.2.9 dst=10.80.0.2 sport=443 dport=5 [ASSURED] mark=0 use=1\n";
    let table = |text: String| recorded(&[("/proc/self/net/nf_conntrack", &text)], &[], None);
    is(
        &traffic::directions(&table(one.repeat(30) + two).scene),
        State::Warn,
        &["1 TCP connections with", "30 without"],
    );
    is(&traffic::directions(&table(one.repeat(5) + &two.repeat(50)).scene), State::Ok, &["50 TCP"]);
    is(&traffic::directions(&recorded(&[], &[], None).scene), State::Skipped, &["CONFIG_NF_CONNTRACK_PROCFS"]);
}

#[test]
fn limits_of_the_kernel_are_told() {
    let table = |count: &str| {
        let files = [
            ("/proc/sys/net/netfilter/nf_conntrack_count", count),
            ("/proc/sys/net/netfilter/nf_conntrack_max", "1000\n"),
        ];
        traffic::conntrack(&recorded(&files, &[], None).scene)
    };
    is(&table("10\n"), State::Ok, &["10 of 1000"]);
    is(&table("850\n"), State::Warn, &["nearly full", "nf_conntrack_max=2000"]);
    is(&table("990\n"), State::Fail, &["drops new ones"]);
    let route = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\nwan0\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\n\
                 wan1\t00000000\t0100000B\t0003\t0\t0\t9\t00000000\n";
    let files = [
        ("/proc/self/net/route", route),
        ("/proc/sys/net/ipv4/conf/wan0/rp_filter", "1\n"),
        ("/proc/sys/net/ipv4/conf/all/rp_filter", "0\n"),
    ];
    is(&traffic::rp_filter(&recorded(&files, &[], None).scene), State::Note, &["strict on wan0", "2 default routes"]);
    is(&traffic::rp_filter(&recorded(&files[1..], &[], None).scene), State::Ok, &["0 default routes"]);
    is(&traffic::forwarding(&recorded(&[], &[], None).scene), State::Warn, &["neither forwards nor bridges"]);
    let on = [("/proc/sys/net/ipv4/ip_forward", "1\n"), ("/proc/sys/net/ipv6/conf/all/forwarding", "1\n")];
    is(&traffic::forwarding(&recorded(&on, &[], None).scene), State::Ok, &["IPv4 and IPv6"]);
}

#[test]
fn clock_and_memory_are_read_as_each_machine_tells_them() {
    let clock = |files: &[(&str, &str)], programs: &[(&str, &str)]| {
        machine_state::clock(&recorded(files, programs, None).scene)
    };
    is(&clock(&[("/run/systemd/timesync/synchronized", "")], &[]), State::Ok, &["timesyncd"]);
    let chrony =
        "Reference ID    : C0000201\nSystem time     : 0.000012 seconds slow of NTP time\nLeap status     : Normal\n";
    is(&clock(&[], &[("chronyc -n tracking", chrony)]), State::Ok, &["0.000012"]);
    let lost = chrony.replace("Normal", "Not synchronised");
    is(&clock(&[], &[("chronyc -n tracking", &lost)]), State::Warn, &["Not synchronised"]);
    is(&clock(&[], &[("timedatectl show -p NTPSynchronized --value", "no\n")]), State::Warn, &["timedatectl"]);
    is(&clock(&[("/proc/9/comm", "ntpd\n")], &[]), State::Note, &["client runs"]);
    is(&clock(&[], &[]), State::Warn, &["nothing here sets the clock"]);
    let mut old = recorded(&[], &[], None);
    old.scene.now = 86_400;
    is(&machine_state::clock(&old.scene), State::Fail, &["before 2026"]);
    let memory = |text: &str| machine_state::memory(&recorded(&[("/proc/meminfo", text)], &[], quiet()).scene);
    is(&memory("MemTotal:  1048576 kB\nMemAvailable:  524288 kB\n"), State::Ok, &["512 of 1024 MiB"]);
    is(&memory("MemTotal:  1048576 kB\nMemAvailable:  9000 kB\n"), State::Warn, &["8 of 1024 MiB"]);
    is(&memory(""), State::Skipped, &["MemAvailable"]);
}

#[test]
fn what_the_kernel_and_the_machine_lack_is_named() {
    let status = |effective: &str| format!("Name:\tminewall\nCapEff:\t{effective}\n");
    let of = |text: &str| kernel::capabilities(&recorded(&[("/proc/77/status", text)], &[], quiet()).scene);
    is(&of(&status("0000000000003000")), State::Ok, &["process 77"]);
    is(&of(&status("0000000000001000")), State::Fail, &["lacks CAP_NET_RAW", "AmbientCapabilities"]);
    let features = kernel::features(&recorded(&[], &[], quiet()).scene);
    has(&features, State::Fail, &["nfnetlink_queue", "modprobe", "kmod-nft-queue"]);
    has(&features, State::Fail, &["nf_conntrack_max"]);
    let programs = |programs: &[(&str, &str)]| kernel::programs(&recorded(&[], programs, None).scene);
    is(&programs(&[]), State::Fail, &["neither nft nor iptables"]);
    is(&programs(&[("nft --version", "nftables v1.0.6\n")]), State::Ok, &["nftables v1.0.6"]);
    is(&programs(&[("iptables --version", "iptables v1.8.9\n")]), State::Warn, &["IPv6 is not looked at"]);
}

#[test]
fn journal_and_key_are_looked_at_and_nothing_is_made() {
    let base = std::env::temp_dir().join(format!("minewall-doctor-journal-{}", std::process::id()));
    fs::create_dir_all(&base).unwrap();
    let config = format!("[journal]\ndirectory = {base:?}\n");
    let look = || evidence::journal(&configured(&[], &[], quiet(), &config).scene);
    is(&look(), State::Note, &["no key yet"]);
    assert_eq!(fs::read_dir(&base).unwrap().count(), 0, "nothing was made");
    fs::write(base.join("key"), "not hexadecimal\n").unwrap();
    is(&look(), State::Fail, &["is no key"]);
    fs::write(base.join("key"), format!("{}\n", "ab".repeat(32))).unwrap();
    is(&look(), State::Ok, &["signed with the key"]);
    let secret = base.join("secret");
    let config = format!("[privacy]\nsinks = \"hash\"\nsecret = {secret:?}\n");
    let look = || evidence::privacy_key(&configured(&[], &[], quiet(), &config).scene);
    is(&look(), State::Note, &["makes it when it starts"]);
    fs::write(&secret, [7; 32]).unwrap();
    let mode = |mode| fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    mode(0o644);
    is(&look(), State::Warn, &["644", "chmod 600"]);
    mode(0o600);
    is(&look(), State::Ok, &["of user"]);
    // The daemon is another user, or it is root.
    let as_user = |ids: &str| {
        let status = format!("Name:\tminewall\nUid:\t{ids}\n");
        evidence::privacy_key(&configured(&[("/proc/77/status", &status)], &[], quiet(), &config).scene)
    };
    let owner = std::os::unix::fs::MetadataExt::uid(&fs::metadata(&secret).unwrap());
    let other = owner + 998;
    is(&as_user(&format!("{other}\t{other}\t{other}\t{other}")), State::Fail, &["runs as user", "chown"]);
    is(&as_user("0\t0\t0\t0"), State::Ok, &["of user"]);
    fs::write(&secret, [7; 5]).unwrap();
    is(&look(), State::Fail, &["5 bytes"]);
    fs::remove_dir_all(&base).unwrap();
}

/// Some results, for the screen.
fn some() -> Vec<show::Row> {
    let result = |id: &str, outcome| {
        let check = table::find(id).unwrap();
        show::Row { id: check.id, what: check.what, outcome }
    };
    vec![
        result("configuration", Outcome::ok("/etc/minewall/minewall.toml is sound")),
        result(
            "offload",
            Outcome::fail(
                "inet fw4 forward offloads flows before they are looked at: mining on them passes unseen",
                "start minewall",
            ),
        ),
        result(
            "clock",
            Outcome::warn("no time server has set the clock, timedatectl says", "timedatectl set-ntp true"),
        ),
        result("directions", Outcome::skipped("only root may list connections")),
        result("journal", Outcome::note("none is kept", "journal.directory = \"/var/lib/minewall/journal\"")),
    ]
}

#[test]
fn the_worst_comes_first_and_fits_the_screen() {
    for width in [60, 80, 120] {
        let text = show::text(&some(), crate::incidents::Width(width));
        assert!(text.lines().all(|line| line.chars().count() <= width), "{text}");
        let at = |word: &str| text.find(word).unwrap_or_else(|| panic!("{word} in {text}"));
        assert!(
            at("FAIL") < at("warn")
                && at("warn") < at("skipped")
                && at("skipped") < at("note")
                && at("note") < at(" ok")
        );
        assert!(
            text.contains("-> start minewall") && text.ends_with("1 FAIL, 1 warn, 1 skipped, 1 note, 1 ok\n"),
            "{text}"
        );
    }
    let json = show::json(&some(), Some(3.04));
    assert_eq!((json["counts"]["fail"].as_u64(), json["seconds"].as_f64()), (Some(1), Some(3.0)));
    assert_eq!(json["results"][1]["state"], "fail");
    assert_eq!(json["results"][1]["remedy"], "start minewall");
    assert!(json["results"][0]["remedy"].is_null());
}

/// The page for operators.
fn document() -> String {
    let mut text = String::from(
        "# `minewall doctor` and `minewall self-test`\n\n\
         `minewall doctor` looks whether this gateway looks at its traffic, and says what stands in the way: each check with what\n\
         was seen, in figures, and what helps, as a command to type. Nothing is changed, nothing is sent but connections to the\n\
         sinks' peers (with `--send-test` a line that says it is a test). Without root and without a running minewall it says what\n\
         it could not look at.\n\n\
         ```sh\n\
         minewall doctor                     # all of it, traffic for some seconds\n\
         minewall doctor --watch 60          # traffic for a minute: says more of interfaces that see nothing\n\
         minewall doctor --list              # which checks there are\n\
         minewall doctor --check sinks --send-test\n\
         minewall doctor --format json | jq '.results[] | select(.state == \"fail\")'\n\
         ```\n\n\
         Exit code 0: all is well; 1: a check failed or warns; 2: it could not look (no such check, no /proc).\n\n\
         | state | means |\n|---|---|\n\
         | `FAIL` | mining goes past, or evidence is lost |\n\
         | `warn` | it may come to that, or a part of the traffic is not seen |\n\
         | `skipped` | it could not be looked at, and why |\n\
         | `note` | something to know |\n\
         | `ok` | all is well |\n\n\
         `--format json` prints one object: `version`, `seconds` (how long traffic was looked at), `counts` (`fail`, `warn`, `skipped`,\n\
         `note`, `ok`), `results`: a list of `check` (the id), `what`, `state`, `seen`, `remedy` (null where nothing is to be done). A check may\n\
         give several results (one for each sink, feed, directory).\n\n\
         ## The checks\n\n\
         This table is made from `filter/src/doctor/table.rs`: `MINEWALL_BLESS=1 cargo test -p minewall --bin minewall doctor`.\n\n\
         | check | what is looked at | how | what helps |\n|---|---|---|---|\n",
    );
    for check in table::TABLE {
        text += &format!("| `{}` | {} | {} | {} |\n", check.id, check.what, check.how, check.remedy);
    }
    text + include_str!("self-test.md")
}

#[test]
fn the_document_is_made_of_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/doctor.md");
    if std::env::var_os("MINEWALL_BLESS").is_some() {
        fs::write(path, document()).unwrap();
    }
    assert_eq!(fs::read_to_string(path).unwrap(), document());
}
