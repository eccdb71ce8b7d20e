//! Incidents: one by one, against a naive fold of the same sightings, and against hostile words.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use minewall_lists::Category;
use proptest::prelude::*;

use super::*;
use crate::activity::Activity;
use crate::endpoint::{Endpoint, Protocol};
use crate::evidence::{Action, Exemption, Notice, Question, Record, SHORTENED_BYTES, Who};
use crate::finding::{Confidence, Finding, Layer, More, Said, Subject, Word};
use crate::limits;
use crate::now::Now;

const SECOND: i64 = 1_000_000;
/// 2026-11-23T16:00:00Z, midnight in Beijing.
const BEGIN: i64 = 1_795_449_600 * SECOND;

fn endpoint(text: &str) -> Endpoint {
    let socket: core::net::SocketAddr = text.parse().unwrap();
    Endpoint { ip: socket.ip(), port: socket.port() }
}

fn said(words: &[(Word, &str)]) -> Said {
    let mut said = Said::default();
    words.iter().for_each(|(word, text)| said.put(*word, text));
    said
}

fn login(host: u8, at_s: i64, words: &[(Word, &str)]) -> Record {
    Record {
        time_us: BEGIN + at_s * SECOND,
        id: format!("r-{host}-{at_s}"),
        action: Action::Observed,
        source: endpoint(&format!("10.0.0.{host}:40000")),
        source_mac: Some([2, 0, 0, 0, 0, host]),
        who: None,
        nat: None,
        destination: endpoint("192.0.2.7:3333"),
        destination_domain: None,
        transport: Protocol::Tcp,
        protocol: "stratum",
        question: None,
        server_name: None,
        vlan: Some(12),
        observer: "gw".into(),
        interface_index: 2,
        interface: Some("lan0".into()),
        finding: Finding {
            layer: Layer::Payload,
            dialect: Some("a-dialect"),
            said: said(words),
            confidence: Confidence::High,
            rule: "login".into(),
            ruleset: "dialects".into(),
            subject: Subject::Protocol,
            reason: "a login was heard".into(),
            excerpt: Vec::new(),
        },
        exemption: None,
        grace_until_us: None,
    }
}

fn question(host: u8, at_s: i64, name: &str, category: Category) -> Record {
    let mut record = login(host, at_s, &[]);
    record.destination = endpoint("10.0.0.1:53");
    record.question = Some(Question { name: name.into(), kind: "A".into() });
    record.action = Action::Blocked;
    let finding = &mut record.finding;
    (finding.layer, finding.dialect, finding.subject) = (Layer::Dns, None, Subject::Listed(category));
    (finding.rule, finding.ruleset) = (name.into(), "pools".into());
    if category == Category::Pool {
        finding.said.put(Word::Pool, name);
        finding.said.put(Word::PoolSource, "dns");
    }
    record
}

/// A stretch with `shares` shares of 25,000 hashes each.
fn stretch(host: u8, (from_s, to_s): (i64, i64), port: u16, shares: u32, words: &[(Word, &str)]) -> Activity {
    Activity {
        record: format!("r-{host}-{from_s}"),
        since_us: BEGIN + from_s * SECOND,
        until_us: BEGIN + to_s * SECOND,
        source: Endpoint { port, ..endpoint(&format!("10.0.0.{host}:1")) },
        source_mac: Some([2, 0, 0, 0, 0, host]),
        who: None,
        destination: endpoint("192.0.2.7:3333"),
        destination_domain: None,
        dialect: "a-dialect",
        said: said(words),
        sent_bytes: 100,
        received_bytes: 300,
        jobs: 2,
        offered: shares + 1,
        accepted: shares,
        rejected: 1,
        measured: shares,
        hashes: f64::from(shares) * 25_000.0,
        is_over: false,
    }
}

/// Incidents with all that they tell.
struct Bench {
    incidents: Incidents,
    told: Vec<Incident>,
    notices: Vec<Notice>,
}

impl Bench {
    fn new(settings: Settings) -> Self {
        Self { incidents: Incidents::new(settings, "gw", 7), told: Vec::new(), notices: Vec::new() }
    }

    fn perform<T>(&mut self, what: impl FnOnce(&mut Incidents, &mut dyn FnMut(Told)) -> T) -> T {
        let (told, notices) = (&mut self.told, &mut self.notices);
        what(&mut self.incidents, &mut |one| match one {
            Told::Incident(incident) => told.push(*incident),
            Told::Notice(notice) => notices.push(notice),
        })
    }

    fn record(&mut self, record: &Record) -> Passed {
        let now = Now::from_wall_us(record.time_us);
        self.perform(|incidents, out| incidents.on_record(now, record, out))
    }

    fn mine(&mut self, activity: &Activity) {
        let now = Now::from_wall_us(activity.until_us);
        self.perform(|incidents, out| incidents.on_activity(now, activity, out));
    }

    fn tick(&mut self, at_s: i64) {
        let now = Now::from_wall_us(BEGIN + at_s * SECOND);
        self.perform(|incidents, out| incidents.tick(now, out));
    }

    fn finish(&mut self, at_s: i64) {
        let now = Now::from_wall_us(BEGIN + at_s * SECOND);
        self.perform(|incidents, out| incidents.finish(now, out));
    }

    /// The last line of each incident: the whole of it.
    fn whole(&self) -> BTreeMap<String, Incident> {
        self.told.iter().map(|incident| (incident.id.clone(), incident.clone())).collect()
    }

    fn states(&self) -> Vec<State> {
        self.told.iter().map(|incident| incident.state).collect()
    }
}

const XMR: &[(Word, &str)] = &[
    (Word::Coin, "XMR"),
    (Word::Wallet, "48edfHu7V9Z84YzzMa6fUueoELZ9ZRXq9VetWzYGzKt52XU5xvqgzYnDK9URnRoJMk1j8nLwEVsaSWJ4fhdUyZijBGUicoD"),
    (Word::Holder, "wallet"),
    (Word::Worker, "lab-204"),
    (Word::Agent, "XMRig/6.26.0"),
    (Word::Hardware, "cpu"),
    (Word::Algorithm, "rx/0"),
];

#[test]
fn a_self_test_makes_no_incident_until_it_mines() {
    let words = [(Word::Wallet, crate::finding::TEST_LOGIN)];
    let mut bench = Bench::new(Settings { register: vec![], ..Settings::default() });
    assert_eq!(bench.record(&login(5, 0, &words)), Passed::Send);
    let mut asked = question(5, 1, crate::finding::TEST_NAME, Category::Pool);
    asked.finding.ruleset = crate::finding::TEST_LIST.into();
    assert!(asked.finding.is_test());
    bench.record(&asked);
    let idle = Activity { jobs: 0, offered: 0, accepted: 0, rejected: 0, ..stretch(5, (0, 1), 40_000, 0, &words) };
    bench.mine(&idle);
    bench.tick(60);
    assert_eq!((bench.told.len(), bench.incidents.counted().opened), (0, 0));
    bench.mine(&stretch(5, (60, 90), 40_000, 1, &words));
    assert_eq!(bench.incidents.counted().opened, 1, "who takes jobs mines, whatever the login");
    // The name on a list of others is no test.
    asked.finding.ruleset = "pools".into();
    assert!(!asked.finding.is_test());
}

#[test]
fn a_question_a_login_and_shares_are_one_incident() {
    let mut bench = Bench::new(Settings::default());
    bench.record(&question(5, 0, "xmr.pool.example.org", Category::Pool));
    // The connection by its server name, then the login there, which names the wallet.
    let mut hello = login(5, 1, &[]);
    (hello.finding.layer, hello.server_name) = (Layer::Sni, Some("eu.example.org".into()));
    bench.record(&hello);
    bench.record(&login(5, 2, XMR));
    bench.mine(&stretch(5, (2, 602), 40_000, 60, XMR));
    bench.mine(&stretch(5, (610, 3_602), 40_000, 300, XMR));
    // Five seconds later on another connection.
    bench.mine(&stretch(5, (3_607, 12_000), 40_001, 840, XMR));
    bench.tick(12_001);
    bench.finish(20_000);
    assert_eq!(bench.whole().len(), 1);
    let end = bench.told.last().unwrap();
    assert_eq!((bench.states(), end.state), (vec![State::Opened, State::Active, State::Ended], State::Ended));
    assert_eq!((end.attempts, end.blocked, end.sessions), (3, 1, 1));
    assert_eq!((end.first_us, end.last_us), (BEGIN, BEGIN + 12_000 * SECOND));
    let total = &end.total;
    assert_eq!(
        (total.active_s, total.rig_s, total.accepted, total.offered, total.rejected),
        (11_998, 11_998, 1_200, 1_203, 3)
    );
    assert_eq!((total.bytes, total.jobs, total.measured), (1_200, 6, 1_200));
    let rate = end.hashrate.unwrap();
    // The five seconds between the connections are no time in which shares could come.
    assert!((rate.value - 30e6 / 11_993.0).abs() < 1e-6 && rate.low < 2_500.0 && rate.high > 2_501.0, "{rate:?}");
    assert_eq!((end.rigs.count, &*end.rigs.reason), (1, "one name of a worker"));
    assert_eq!(end.mac.as_deref(), Some("02-00-00-00-00-05"));
    assert_eq!(end.endpoints, ["xmr.pool.example.org", "eu.example.org:3333", "192.0.2.7:3333"]);
    assert_eq!(
        (end.pool.as_deref(), end.vlan, end.interface.as_deref()),
        (Some("xmr.pool.example.org"), Some(12), Some("lan0"))
    );
    assert_eq!(end.energy.as_ref().map(|energy| &*energy.basis), Some("measured"));
    let days: f64 = end.days.iter().filter_map(|day| day.kwh).sum();
    assert!((days - end.energy.as_ref().unwrap().kwh).abs() < 1e-9);
    assert_eq!(
        end.summary(),
        "10.0.0.5 (02-00-00-00-00-05) mined XMR at xmr.pool.example.org for 3 h 19 min: 2.5 kH/s (2.4 to 2.6, n = 1200), \
         about 0.27 kWh (0.17 to 0.39)"
    );
}

#[test]
fn what_was_cut_each_time_did_not_mine() {
    let mut bench = Bench::new(Settings::default());
    for at in 0..30 {
        bench.record(&question(5, at * 60, "xmr.example.org", Category::Pool));
    }
    bench.finish(10_000);
    let end = bench.told.last().unwrap();
    assert_eq!((end.attempts, end.blocked, end.total, end.sessions), (30, 30, Tally::default(), 0));
    assert_eq!((end.rigs.count, end.energy.clone(), end.hashrate), (0, None, None));
    assert_eq!(
        end.summary(),
        "10.0.0.5 (02-00-00-00-00-05) tried to mine at xmr.example.org: seen 30 times, cut each time"
    );
}

#[test]
fn hosts_wallets_and_pools_are_kept_apart() {
    let mut bench = Bench::new(Settings::default());
    let wallet = |wallet: &'static str| [(Word::Wallet, wallet)];
    bench.record(&login(1, 0, &wallet("wallet-one")));
    bench.record(&login(2, 1, &wallet("wallet-one")));
    bench.record(&login(1, 2, &wallet("wallet-two")));
    bench.record(&question(1, 3, "a.example.com", Category::Pool));
    bench.record(&question(1, 4, "b.example.com", Category::Pool));
    bench.finish(10);
    let whole = bench.whole();
    let of: Vec<_> = whole.values().map(|one| (one.ip.to_string(), one.wallet.clone(), one.attempts)).collect();
    assert_eq!(of.len(), 4, "{of:?}");
    assert!(of.contains(&("10.0.0.1".into(), None, 2)), "one registered name is one pool: {of:?}");
}

#[test]
fn a_host_is_known_by_its_hardware_address_unless_that_is_a_routers() {
    let mut bench = Bench::new(Settings::default());
    let mut record = login(1, 0, XMR);
    record.source_mac = None;
    bench.record(&record);
    bench.record(&login(1, 1, XMR));
    // IPv6, with a temporary address.
    let mut six = login(1, 2, XMR);
    six.source = endpoint("[2001:db8::abcd]:40000");
    bench.record(&six);
    // And its next stretch is told without a hardware address.
    bench.mine(&Activity { source_mac: None, source: six.source, ..stretch(1, (2, 60), 40_000, 1, XMR) });
    let hop = Who { is_next_hop: true, ..Who::default() };
    for host in 8..10 {
        let mut record = login(host, 3, XMR);
        record.source_mac = Some([2, 0, 0, 0, 0, 99]);
        record.who = Some(Box::new(hop.clone()));
        bench.record(&record);
    }
    bench.finish(100);
    let whole = bench.whole();
    assert_eq!(whole.len(), 3);
    let hosts: BTreeSet<_> = whole.values().map(|one| (one.ip.to_string(), one.mac.clone(), one.attempts)).collect();
    let wanted = [("10.0.0.8", None, 1), ("10.0.0.9", None, 1), ("2001:db8::abcd", Some("02-00-00-00-00-01"), 3)];
    assert_eq!(hosts, wanted.map(|(ip, mac, n)| (ip.to_string(), mac.map(String::from), n)).into());
}

#[test]
fn rigs_are_names_and_connections_at_one_time() {
    let mut bench = Bench::new(Settings::default());
    let rig = |worker: &'static str| [(Word::Wallet, "wallet-one"), (Word::Worker, worker)];
    for (from, to) in [(0, 600), (600, 1_200)] {
        bench.mine(&stretch(1, (from, to), 40_000, 5, &rig("bed1")));
        bench.mine(&stretch(1, (from, to), 40_100, 5, &rig("bed2")));
    }
    // The second rig on another connection.
    bench.mine(&stretch(1, (1_210, 1_500), 40_101, 5, &rig("bed2")));
    // Three without a name at another host, two of them at one time.
    let nobody = [(Word::Wallet, "wallet-two")];
    bench.mine(&stretch(2, (0, 600), 50_000, 1, &nobody));
    bench.mine(&stretch(2, (100, 700), 50_001, 1, &nobody));
    bench.mine(&Activity { is_over: true, ..stretch(2, (600, 700), 50_000, 1, &nobody) });
    bench.mine(&stretch(2, (705, 900), 50_002, 1, &nobody));
    bench.finish(1_600);
    let whole: Vec<_> = bench.whole().into_values().collect();
    let [one, two] = &whole[..] else { panic!("{whole:?}") };
    assert_eq!((one.rigs.count, &*one.rigs.reason, one.rigs.concurrent), (2, "2 names of workers", 2));
    assert_eq!((one.total.active_s, one.total.rig_s), (1_500, 1_200 + 1_500));
    assert_eq!((two.rigs.count, &*two.rigs.reason, two.rigs.concurrent), (2, "2 connections at one time", 2));
    assert_eq!((two.total.active_s, two.total.rig_s), (900, 900 + 600));
}

#[test]
fn an_incident_ends_and_comes_back() {
    let mut bench = Bench::new(Settings::default());
    bench.record(&login(1, 0, XMR));
    bench.mine(&stretch(1, (0, 1_000), 40_000, 9, XMR));
    bench.tick(1_001);
    bench.tick(4_599);
    assert_eq!(bench.states(), [State::Opened, State::Active]);
    bench.tick(4_600);
    let first = bench.told.last().unwrap().clone();
    assert_eq!((first.state, first.last_us), (State::Ended, BEGIN + 1_000 * SECOND));
    // Back after a day, first by a question of which the pool is not known to be the same; its wallet tells.
    bench.record(&question(1, 86_400, "other.example.net", Category::Pool));
    let mut back = login(1, 86_401, XMR);
    back.destination_domain = Some("other.example.net".into());
    bench.record(&back);
    bench.record(&login(2, 86_402, XMR));
    bench.finish(86_500);
    let of: Vec<_> = bench.whole().into_values().map(|one| (one.ip.to_string(), one.returned_after)).collect();
    assert!(of.contains(&("10.0.0.1".into(), Some(first.id))), "{of:?}");
    assert!(of.contains(&("10.0.0.2".into(), None)), "another host: {of:?}");
}

#[test]
fn it_is_told_again_while_it_goes_on_and_soon_where_there_is_news() {
    let mut bench = Bench::new(Settings::default());
    bench.record(&question(1, 0, "xmr.example.org", Category::Pool));
    let mut named = login(1, 1, XMR);
    named.destination_domain = Some("xmr.example.org".into());
    bench.record(&named);
    bench.tick(2);
    assert_eq!(bench.told.len(), 1);
    bench.tick(6);
    assert_eq!((bench.told.len(), bench.told[1].wallet.is_some()), (2, true), "the wallet became known");
    for minute in 1..=60 {
        bench.mine(&stretch(1, (minute * 60 - 59, minute * 60), 40_000, 1, XMR));
        bench.tick(minute * 60);
    }
    // At 606 s, and every ten minutes after it, on the next tick.
    assert_eq!(bench.told.len(), 2 + 5);
    bench.tick(3_601 + 600);
    let count = bench.told.len();
    bench.tick(3_601 + 1_300);
    assert_eq!(bench.told.len(), count, "nothing new, nothing told");
}

#[test]
fn floods_are_held_back_and_said() {
    let mut bench = Bench::new(Settings::default());
    let sent = |bench: &mut Bench, host, at| {
        bench.record(&question(host, at, "xmr.example.org", Category::Pool)) == Passed::Send
    };
    let first: Vec<_> = (0..100).map(|_| sent(&mut bench, 1, 0)).collect();
    assert_eq!(first.iter().filter(|sent| **sent).count(), 20);
    assert!(sent(&mut bench, 2, 0), "another host is not held back");
    bench.tick(1);
    assert!(bench.notices.is_empty());
    bench.tick(1_300);
    let [notice] = &bench.notices[..] else { panic!("{:?}", bench.notices) };
    assert_eq!((notice.action, &notice.fields[0]), ("records-held", &("suppressed", "80".to_string())));
    bench.finish(1_301);
    let whole = bench.whole();
    let one = whole.values().find(|one| one.ip.to_string() == "10.0.0.1").unwrap();
    assert_eq!((one.attempts, one.suppressed, bench.incidents.counted().held), (100, 80, 80));
    // So is what belongs to no incident.
    let page = |at| question(3, at, "www.example.com", Category::PoolSite);
    let passed: Vec<_> = (0..50).map(|_| bench.record(&page(2_000))).collect();
    assert_eq!(passed.iter().filter(|passed| **passed == Passed::Send).count(), 20);
    bench.tick(2_000 + 1_300);
    assert_eq!(bench.notices.last().unwrap().fields, [("suppressed", "30".to_string())]);
    assert_eq!(bench.incidents.counted().opened, 2, "who reads a pool's page does not mine");
}

#[test]
fn a_wallet_of_many_hosts_and_a_page_that_was_visited_are_reasons() {
    let mut bench = Bench::new(Settings::default());
    for host in 1..=12 {
        bench.record(&login(host, i64::from(host), &XMR[..3]));
    }
    let mut named = login(20, 20, &[(Word::Wallet, "another-wallet")]);
    named.server_name = Some("eth.example.net".into());
    bench.record(&named);
    bench.record(&question(20, 21, "www.example.net", Category::PoolSite));
    bench.finish(100);
    let rules = |ip: &str| {
        let whole = bench.whole();
        let one = whole.values().find(|one| one.ip.to_string() == ip).unwrap();
        one.reasons.iter().map(|reason| reason.rule.clone()).collect::<Vec<_>>()
    };
    assert_eq!(rules("10.0.0.1"), ["same-wallet", "raw-address", "processor-coin", "nameless"]);
    assert_eq!(rules("10.0.0.20"), ["nameless", "pool-page"]);
}

#[test]
fn an_exemption_is_written_down_and_its_use_said_once() {
    let exempt = crate::policy::Exempt {
        prefix: crate::policy::parse_prefix("10.0.0.1").unwrap(),
        owner: "Prof. Lin".into(),
        reason: "study".into(),
        expires: None,
    };
    let mut bench = Bench::new(Settings { register: vec![exempt], ..Settings::default() });
    for at in 0..3 {
        let exemption = Some(Exemption { owner: "Prof. Lin".into(), reason: "study".into(), expires: None });
        bench.record(&Record { exemption, ..login(1, at, XMR) });
    }
    bench.finish(10);
    assert_eq!(bench.notices.iter().map(|notice| notice.action).collect::<Vec<_>>(), ["exemption-used"]);
    let one = bench.told.last().unwrap();
    assert_eq!(one.exemption.as_ref().map(|exemption| &*exemption.owner), Some("Prof. Lin"));
    assert_eq!(one.reasons.first().map(|reason| (reason.side, reason.weight)), Some((Side::Approved, 100)));
}

#[test]
fn a_donation_belongs_to_what_mines() {
    let mut bench = Bench::new(Settings::default());
    bench.mine(&stretch(1, (0, 600), 40_000, 10, &[(Word::Wallet, "abc"), (Word::Worker, "w")]));
    let hash = "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45";
    let donation = [(Word::Wallet, hash), (Word::Holder, "hash")];
    bench.mine(&stretch(1, (300, 360), 40_001, 1, &donation));
    bench.finish(700);
    assert_eq!(bench.whole().len(), 1);
    let one = bench.told.last().unwrap();
    assert_eq!((one.rigs.count, one.total.accepted, one.wallet.as_deref()), (1, 11, Some("abc")));
    assert!(one.reasons.iter().any(|reason| reason.rule == "donation"));
}

#[test]
fn when_full_the_one_quiet_longest_makes_room_and_is_told() {
    let mut bench = Bench::new(Settings::default());
    for number in 0..limits::INCIDENTS as u32 + 10 {
        let mut record = login(1, i64::from(number), XMR);
        record.source_mac = None;
        record.source.ip = core::net::Ipv4Addr::from(0x0a01_0000 + number).into();
        bench.record(&record);
    }
    let ended: Vec<_> =
        bench.told.iter().filter(|one| one.state == State::Ended).map(|one| one.ip.to_string()).collect();
    assert_eq!(ended, (0..10).map(|last| format!("10.1.0.{last}")).collect::<Vec<_>>());
    let counted = bench.incidents.counted();
    assert_eq!((counted.open, counted.displaced), (limits::INCIDENTS as u64, 10));
    assert_eq!(bench.incidents.standing(Now::default()).len(), limits::INCIDENTS);
}

#[test]
fn a_restart_goes_on_where_the_journal_ends() {
    let run = |restart: bool| {
        let mut bench = Bench::new(Settings::default());
        bench.record(&login(1, 0, XMR));
        bench.mine(&stretch(1, (0, 3_000), 40_000, 100, XMR));
        if restart {
            let at = Now::from_wall_us(BEGIN + 3_001 * SECOND);
            bench.perform(|incidents, out| incidents.finish(at, out));
            // As a line of JSON, as the journal holds it.
            let line: serde_json::Value = serde_json::from_str(&bench.told.last().unwrap().to_json()).unwrap();
            let told: Incident = serde_json::from_value(line["minewall"]["incident"].clone()).unwrap();
            // Fractions may lose their last digit on the way.
            let whole = |told: &Incident| Incident { hashrate: None, energy: None, ..told.clone() };
            assert_eq!(whole(&told), whole(bench.told.last().unwrap()));
            assert_eq!(told.hashrate.map(|rate| rate.n), Some(100));
            let told_before = core::mem::take(&mut bench.told);
            bench = Bench::new(Settings::default());
            bench.incidents.restore(told);
            bench.told = told_before;
        }
        bench.mine(&stretch(1, (3_100, 6_000), 40_001, 100, XMR));
        bench.tick(6_001);
        bench.finish(9_600);
        bench.told.last().unwrap().clone()
    };
    let (whole, torn) = (run(false), run(true));
    assert_eq!(torn.id, whole.id);
    assert_eq!((torn.total, torn.days.clone(), torn.attempts), (whole.total, whole.days.clone(), whole.attempts));
    assert_eq!(
        (torn.rigs.clone(), torn.reasons.clone(), torn.endpoints.clone()),
        (whole.rigs, whole.reasons, whole.endpoints)
    );
    let (torn, whole) = (torn.hashrate.unwrap(), whole.hashrate.unwrap());
    assert!((torn.value / whole.value - 1.0).abs() < 0.001, "{torn:?} {whole:?}");
}

#[test]
fn what_ended_long_ago_is_told_as_ended_after_a_restart() {
    let mut bench = Bench::new(Settings::default());
    bench.record(&login(1, 0, XMR));
    let last = bench.told.pop().unwrap();
    let mut bench = Bench::new(Settings::default());
    bench.incidents.restore(last);
    bench.tick(86_400);
    assert_eq!(bench.states(), [State::Ended]);
    bench.record(&login(1, 86_401, XMR));
    assert!(bench.told.last().unwrap().returned_after.is_some());
}

#[test]
fn no_words_break_a_line_or_its_bound() {
    let evil = "\u{202e}\"\\\u{0}\n张".repeat(80);
    let mut bench = Bench::new(Settings::default());
    for number in 0..80_u16 {
        let words = [
            (Word::Wallet, &*evil),
            (Word::Worker, &*format!("{number}{evil}")),
            (Word::Agent, &*format!("{number}{evil}")),
            (Word::Pool, &*evil),
            (Word::PoolSource, "sni"),
            (Word::Email, "a@example.org"),
            (Word::Coin, &*evil),
        ];
        let mut record = login(1, i64::from(number) * 86_400, &words);
        let who = |text: &str| Some(text.to_string());
        record.who = Some(Box::new(Who {
            hostname: who(&evil),
            account: who(&evil),
            unit: who(&evil),
            room: who(&evil),
            person: who(&evil),
            contact: who(&evil),
            is_next_hop: false,
            lease_mac: who(&evil),
            addresses: vec!["2001:db8:1234:5678:9abc:def0:1234:5678".parse().unwrap(); 99],
            sources: vec![evil.clone(); 20],
        }));
        record.server_name = Some(format!("{number}.{evil}"));
        record.nat = Some(Endpoint { port: number, ..endpoint("[2001:db8::1]:1") });
        record.exemption = Some(Exemption { owner: evil.clone(), reason: evil.clone(), expires: Some(evil.clone()) });
        bench.record(&record);
        let at = i64::from(number) * 86_400;
        bench.mine(&stretch(1, (at, at + 600), 40_000 + number, 3, &words));
    }
    bench.finish(80 * 86_400);
    let one = bench.told.iter().max_by_key(|one| one.to_json().len()).unwrap();
    let whole = one.to_json();
    assert!(whole.len() > SHORTENED_BYTES, "{}", whole.len());
    let short = one.to_ascii_json(SHORTENED_BYTES);
    assert!(short.len() <= SHORTENED_BYTES, "{}", short.len());
    for line in [whole, short.clone()] {
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert!(!line.contains(['\n', '\0', '\u{202e}']));
        let told: Incident = serde_json::from_value(value["minewall"]["incident"].clone()).unwrap();
        assert_eq!(told.id, one.id);
    }
    assert!(short.is_ascii() && short.contains(r#""shortened":true"#));
    let plain = &bench.told[0];
    assert!(plain.id.len() < 20 && one.summary().len() <= 1_024);
}

/// What a naive fold makes of it: of each host and wallet all stretches, sorted and joined.
#[derive(Default)]
struct Naive {
    attempts: u64,
    accepted: u64,
    jobs: u64,
    stretches: Vec<(i64, i64)>,
}

impl Naive {
    fn active_s(mut self) -> u64 {
        self.stretches.sort_unstable();
        let mut joined: Vec<(i64, i64)> = Vec::new();
        for (from, to) in self.stretches {
            match joined.last_mut() {
                Some((_, end)) if from - *end < 3_600 => *end = to.max(*end),
                _ => joined.push((from, to)),
            }
        }
        joined.iter().map(|(from, to)| u64::try_from(to - from).unwrap()).sum()
    }
}

#[derive(Clone, Debug)]
enum Step {
    Login(u8, u8),
    Mine(u8, u8, i64, u32),
    Wait(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0..4_u8, 0..3_u8).prop_map(|(host, wallet)| Step::Login(host, wallet)),
        (0..4_u8, 0..3_u8, 1..900_i64, 0..20_u32)
            .prop_map(|(host, wallet, s, shares)| Step::Mine(host, wallet, s, shares)),
        (1..9_000_i64).prop_map(Step::Wait),
    ];
    proptest::collection::vec(step, 1..120)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn all_that_is_told_equals_a_naive_fold(steps in steps()) {
        // Quiet for longer than a session may pause: a stretch is told when it is over.
        let mut bench = Bench::new(Settings { quiet_s: 5_000, ..Settings::default() });
        let mut naive: BTreeMap<(u8, u8), Naive> = BTreeMap::new();
        let mut now_s = 0;
        for step in steps {
            match step {
                Step::Login(host, wallet) => {
                    bench.record(&login(host, now_s, &[(Word::Wallet, &format!("wallet-{wallet}"))]));
                    naive.entry((host, wallet)).or_default().attempts += 1;
                }
                Step::Mine(host, wallet, seconds, shares) => {
                    let words = [(Word::Wallet, &*format!("wallet-{wallet}"))];
                    now_s += 1;
                    let from = (now_s - seconds).max(0);
                    bench.mine(&stretch(host, (from, now_s), 40_000 + u16::from(wallet), shares, &words));
                    let one = naive.entry((host, wallet)).or_default();
                    one.accepted += u64::from(shares);
                    one.jobs += 2;
                    one.stretches.push((from, now_s));
                }
                Step::Wait(seconds) => {
                    now_s += seconds;
                    bench.tick(now_s);
                }
            }
        }
        bench.finish(now_s + 1);
        let mut told: BTreeMap<(u8, u8), (u64, u64, u64, u64)> = BTreeMap::new();
        for one in bench.whole().values() {
            let key = (0..4_u8).flat_map(|host| (0..3_u8).map(move |wallet| (host, wallet))).find(|(host, wallet)| {
                one.ip.to_string() == format!("10.0.0.{host}") && one.wallet == Some(format!("wallet-{wallet}"))
            });
            let sum = told.entry(key.unwrap()).or_default();
            let add = (one.attempts, one.total.accepted, one.total.jobs, one.total.active_s);
            *sum = (sum.0 + add.0, sum.1 + add.1, sum.2 + add.2, sum.3 + add.3);
            let days = one.days.iter().fold((0, 0, 0), |(a, b, c), day| (a + day.attempts, b + day.tally.accepted, c + day.tally.active_s));
            prop_assert_eq!(days, (one.attempts, one.total.accepted, one.total.active_s));
        }
        for (key, one) in naive {
            let wanted = (one.attempts, one.accepted, one.jobs, one.active_s());
            prop_assert_eq!(told.remove(&key), Some(wanted), "{:?}", key);
        }
        prop_assert!(told.is_empty());
    }

    #[test]
    fn any_times_and_counts_are_taken(times in proptest::collection::vec((any::<i64>(), any::<i64>(), any::<u32>(), any::<f64>()), 1..40)) {
        let mut bench = Bench::new(Settings::default());
        for (since_us, until_us, count, hashes) in times {
            let activity = Activity { since_us, until_us, measured: count, accepted: count, hashes, ..stretch(1, (0, 1), 40_000, 1, XMR) };
            bench.mine(&activity);
            bench.perform(|incidents, out| incidents.tick(Now::from_wall_us(until_us), out));
        }
        bench.finish(0);
        for one in &bench.told {
            prop_assert!(one.days.len() <= limits::INCIDENT_DAYS);
            let line = one.to_ascii_json(SHORTENED_BYTES);
            prop_assert!(serde_json::from_str::<serde_json::Value>(&line).is_ok());
        }
    }
}

#[test]
fn no_said_is_needed() {
    let mut bench = Bench::new(Settings::default());
    let activity = stretch(1, (0, 60), 40_000, 0, &[]);
    assert_eq!(activity.said.more, More::NONE);
    bench.mine(&activity);
    bench.finish(61);
    let one = bench.told.last().unwrap();
    assert_eq!((one.rigs.count, &*one.energy.as_ref().unwrap().basis, one.hashrate), (1, "rigs", None));
    assert!(
        one.summary()
            .contains("mines a coin that is not known at 192.0.2.7:3333 for 1 min: rate unknown, 0 shares taken"),
        "{}",
        one.summary()
    );
}
