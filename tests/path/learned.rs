//! Where listed names lead: learned from a real name server and from answers that pass, refused with the listed port for its
//! time, by the kernel as well.

use std::fs;
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use minewall_lab::addresses::Family;
use minewall_lab::service::{NameServer, Resolver};
use minewall_lab::{Lab, Minewall, Namespace, ready, until};
use serde_json::Value;

use super::{LIMIT, binary, configuration, dig, start, text_at};

/// Of a hoster; within the lab they belong to its own servers.
const POOL: [&str; 2] = ["94.23.23.52", "2a01:4f8:c0c::52"];

/// The pool, one that hides in a CDN, one that is parked, one on the campus, and one that is allowed.
const LIST: &str = "eu.pool.example:3333\neu.pool.example:443\ncdn.pool.example:3333\nparked.pool.example:3333\n\
                    inside.pool.example:3333\nours.pool.example:3333\ngone.pool.example:3333\n";

/// Asks, and takes short times.
const REFRESH: &str = "refresh = \"on\"\nttl_min = 1";

/// So many seconds the pool's addresses hold.
const TTL: u64 = 16;

fn records() -> String {
    let [four, six] = POOL;
    format!(
        "eu.pool.example {TTL} A {four}\neu.pool.example {TTL} AAAA {six}\ncdn.pool.example 5 A 104.16.1.1\n\
         parked.pool.example 5 A 199.59.243.228\ninside.pool.example 5 A 10.80.0.9\nours.pool.example 5 A {four}\n\
         also.pool.example 600 A {four}\nalso.pool.example 600 A 94.23.23.53\ngone.pool.example 5 TXT \"no address\"\n"
    )
}

struct Scene {
    minewall: Minewall,
    names: Option<NameServer>,
    more: String,
    lab: Lab,
}

impl Scene {
    /// A lab with a name server, a pool's port on its addresses, and minewall that goes by [`LIST`].
    fn new(mode: &str, resolve: &str, more: &str) -> Result<Self> {
        let lab = Lab::new()?;
        for address in POOL.into_iter().chain(["94.23.23.53", "104.16.1.1", "199.59.243.228"]) {
            lab.add_internet_address(address.parse()?)?;
        }
        let names = NameServer::start_with(&lab, &records())?;
        for port in [3333, 4444] {
            listen(&lab.internet, port)?;
        }
        let (list, metrics) = (lab.directory().join("own.list"), metrics(&lab));
        fs::write(&list, LIST)?;
        let more = format!(
            "[lists]\nshipped = false\nallow = [\"ours.pool.example\"]\n[[lists.file]]\nname = \"own\"\npath = {list:?}\n\
             [metrics]\ninterval = 1\nfile = {metrics:?}\n[resolve]\nrate = 100\n{resolve}\n{more}"
        );
        let minewall = start(&lab, mode, &more)?;
        Ok(Self { minewall, names: Some(names), more, lab })
    }

    /// Waits until the port is refused, or reached.
    fn wait(&self, host: &Namespace, to: &str, reached: bool) -> Result<()> {
        let turned = until(LIMIT, || (reaches(host, to) == reached).then_some(()));
        turned.with_context(|| {
            format!("{to} is not {}; log:\n{}", if reached { "reached" } else { "refused" }, self.minewall.log())
        })
    }

    /// A figure of the metrics, once it is as wanted.
    fn figure(&self, metric: &str, wanted: impl Fn(f64) -> bool) -> Result<f64> {
        let found = until(LIMIT, || {
            let text = fs::read_to_string(metrics(&self.lab)).ok()?;
            let line = text.lines().find_map(|line| line.strip_prefix(metric)?.trim().parse::<f64>().ok())?;
            Some(line).filter(|value| wanted(*value))
        });
        found.with_context(|| {
            let text = fs::read_to_string(metrics(&self.lab)).unwrap_or_default();
            let of: Vec<_> = text
                .lines()
                .filter(|line| line.contains("resol") || line.contains("learned") || line.contains("guard"))
                .collect();
            format!("{metric} is not as wanted: {of:#?}\nlog:\n{}", self.minewall.log())
        })
    }
}

fn metrics(lab: &Lab) -> PathBuf {
    lab.directory().join("minewall.prom")
}

/// Accepts connections for as long as the test's process lives.
fn listen(internet: &Namespace, port: u16) -> Result<()> {
    let listener = internet.run(|| TcpListener::bind(("::", port)))?;
    std::thread::spawn(move || listener.incoming().for_each(drop));
    Ok(())
}

fn reaches(host: &Namespace, to: &str) -> bool {
    reaches_within(host, to, Duration::from_secs(2))
}

fn reaches_within(host: &Namespace, to: &str, limit: Duration) -> bool {
    let to: SocketAddr = to.parse().unwrap();
    host.run(|| TcpStream::connect_timeout(&to, limit)).is_ok()
}

fn at(address: &str, port: u16) -> String {
    SocketAddr::new(address.parse::<IpAddr>().unwrap(), port).to_string()
}

fn is_of(address: &str) -> impl Fn(&Value) -> bool {
    move |record| text_at(record, "/destination/ip") == address && record["minewall"]["layer"] == "address"
}

#[test]
fn where_a_listed_name_leads_is_refused_with_its_port_and_the_record_names_the_pool() -> Result<()> {
    if !ready("where_a_listed_name_leads_is_refused_with_its_port_and_the_record_names_the_pool") {
        return Ok(());
    }
    let scene = Scene::new("block", REFRESH, "")?;
    let host = &scene.lab.host;
    for (address, family) in POOL.into_iter().zip(Family::BOTH) {
        scene.wait(host, &at(address, 3333), false)?;
        let record = scene.minewall.wait_record(is_of(address), LIMIT)?;
        assert_eq!(record["event"]["action"], "blocked", "{record}");
        assert_eq!(record["rule"]["name"], "eu.pool.example", "{record}");
        assert_eq!(record["rule"]["ruleset"], "own", "{record}");
        assert_eq!(text_at(&record, "/source/ip"), family.host().to_string(), "{record}");
        assert!(text_at(&record, "/event/reason").contains("is where the name eu.pool.example leads"), "{record}");
        assert!(reaches(host, &at(address, 4444)), "another port");
        assert!(reaches(host, &at(&family.internet().to_string(), 3333)), "another address");
    }
    // By the kernel: nobody looks, and nobody asks anew meanwhile, so it is not for long.
    scene.minewall.pause()?;
    for address in POOL {
        let is_reached = reaches_within(host, &at(address, 3333), Duration::from_millis(300));
        assert!(!is_reached && reaches(host, &at(address, 4444)), "{address}");
    }
    scene.minewall.resume()?;
    // It comes again and again, and the gateway's own questions are neither refused nor written down.
    let asked = scene.figure("minewall_resolve_questions_total ", |count| count > 0.0)?;
    let until = Instant::now() + Duration::from_secs(2 * TTL);
    while Instant::now() < until {
        assert!(!reaches(host, &at(POOL[0], 3333)), "there is a gap");
        std::thread::sleep(Duration::from_millis(200));
    }
    scene.figure("minewall_resolve_questions_total ", |count| count > asked)?;
    let records = scene.minewall.records()?;
    assert!(records.iter().all(|record| record["minewall"]["layer"] == "address"), "{records:#?}");
    Ok(())
}

#[test]
fn what_nobody_confirms_ends_with_its_time_and_a_restart_forgets_nothing() -> Result<()> {
    if !ready("what_nobody_confirms_ends_with_its_time_and_a_restart_forgets_nothing") {
        return Ok(());
    }
    const HELD: Duration = Duration::from_secs(30);
    let mut scene = Scene::new("block", &format!("refresh = \"on\"\nttl_min = {}", HELD.as_secs()), "")?;
    let pool = at(POOL[0], 3333);
    scene.wait(&scene.lab.host, &pool, false)?;
    drop(scene.names.take());
    assert!(!reaches(&scene.lab.host, &pool), "it is held while the name server is down");
    assert!(scene.minewall.stop()?.success());
    assert!(reaches(&scene.lab.host, &pool), "nothing is left in the kernel");
    scene.minewall = Minewall::start(&scene.lab, binary(), &configuration(&scene.lab, "block", &scene.more))?;
    assert!(!reaches(&scene.lab.host, &pool), "it is held after a restart; log:\n{}", scene.minewall.log());
    let ended = until(HELD + LIMIT, || reaches(&scene.lab.host, &pool).then_some(()));
    ended.with_context(|| format!("it is held for ever; log:\n{}", scene.minewall.log()))?;
    scene.figure("minewall_learned_endpoints ", |count| count == 0.0)?;
    scene.figure("minewall_resolve_failures_total{why=\"no answer\"} ", |count| count > 0.0)?;
    scene.names = Some(NameServer::start_with(&scene.lab, &records())?);
    // It is asked again after a pause as long as that, and twice as long after the second time in vain.
    let again = until(HELD * 3 + LIMIT, || (!reaches(&scene.lab.host, &pool)).then_some(()));
    again.with_context(|| format!("it is not learned again; log:\n{}", scene.minewall.log()))
}

#[test]
fn the_guard_and_the_user_keep_addresses_back() -> Result<()> {
    if !ready("the_guard_and_the_user_keep_addresses_back") {
        return Ok(());
    }
    let scene = Scene::new("block", REFRESH, "")?;
    scene.wait(&scene.lab.host, &at(POOL[0], 3333), false)?;
    for reason in ["cdn", "parking", "bogon"] {
        scene.figure(&format!("minewall_guarded_addresses_total{{reason=\"{reason}\"}} "), |count| count > 0.0)?;
    }
    scene.figure("minewall_resolve_failures_total{why=\"no address\"} ", |count| count > 0.0)?;
    scene.figure("minewall_learned_endpoints ", |count| count == 2.0)?;
    scene.figure("minewall_resolved_names ", |count| count == 5.0)?;
    for address in ["104.16.1.1", "199.59.243.228"] {
        assert!(reaches(&scene.lab.host, &at(address, 3333)), "{address}");
    }
    // What the operator is shown.
    let config = scene.lab.directory().join("resolve.toml");
    fs::write(&config, configuration(&scene.lab, "block", &scene.more))?;
    let config = config.to_string_lossy();
    let ask = |more: &[&str]| {
        let all = [&["lists", "resolve", "-c", &config][..], more].concat();
        scene.lab.gateway.output(&binary().to_string_lossy(), &all, LIMIT)
    };
    let output = ask(&["--json"])?;
    assert_eq!(output.status.code(), Some(0), "{}", super::words(&output));
    let rows = String::from_utf8(output.stdout)?;
    let rows: Vec<Value> = rows.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let of = |name: &str| rows.iter().filter(|row| row["name"] == name).collect::<Vec<_>>();
    let taken: Vec<_> =
        of("eu.pool.example").iter().map(|row| (text_at(row, "/address"), &row["port"], &row["taken"])).collect();
    let (port, yes) = (Value::from(3333), Value::from(true));
    assert_eq!(taken, [(POOL[0], &port, &yes), (POOL[1], &port, &yes)], "and not the port of the web");
    for (name, word) in [
        ("cdn.pool.example", "Cloudflare"),
        ("parked.pool.example", "Bodis"),
        ("inside.pool.example", "private"),
        ("gone.pool.example", "no address"),
    ] {
        let [row] = of(name)[..] else { panic!("{rows:#?}") };
        assert!(row["taken"] == false && text_at(row, "/reason").contains(word), "{row}");
    }
    assert!(of("ours.pool.example").is_empty(), "what is allowed is not asked for");
    let output = ask(&["ours.pool.example", "eu.pool.example"])?;
    let said = super::words(&output);
    assert!(said.contains("no: it is not listed") && said.contains("2 of 3 would be taken"), "{said}");
    assert_eq!(ask(&["www.example.org"])?.status.code(), Some(1));
    Ok(())
}

/// An answer with two addresses: those with one are not looked at by default.
const ANSWERED: &str = "also.pool.example";

#[test]
fn answers_that_pass_teach_in_mode_observe() -> Result<()> {
    if !ready("answers_that_pass_teach_in_mode_observe") {
        return Ok(());
    }
    let scene = Scene::new("observe", "", "")?;
    let list = scene.lab.directory().join("own.list");
    fs::write(&list, format!("{LIST}{ANSWERED}:3333\n"))?;
    scene.minewall.hup()?;
    assert!(scene.minewall.wait_log("read anew", LIMIT));
    scene.figure("minewall_resolved_names ", |count| count == 0.0)?;
    let said = dig(&scene.lab.host, Family::V4.internet(), &["+notcp", "+short", ANSWERED, "A"])?;
    assert!(said.contains(POOL[0]) && said.contains("94.23.23.53"), "{said}");
    scene.figure("minewall_learned_answers_total ", |count| count == 1.0)?;
    scene.figure("minewall_learned_endpoints ", |count| count == 2.0)?;
    let to = at(POOL[0], 3333);
    let say = || {
        use std::io::Write as _;
        let mut stream = TcpStream::connect(&*to)?;
        stream.write_all(&[0x16; 600])
    };
    scene.lab.host.run(say)?;
    let record = scene.minewall.wait_record(is_of(POOL[0]), LIMIT)?;
    assert_eq!(record["event"]["action"], "observed", "{record}");
    assert_eq!(record["rule"]["name"], ANSWERED, "{record}");
    assert_eq!(text_at(&record, "/destination/domain"), ANSWERED, "{record}");
    Ok(())
}

#[test]
fn what_a_host_that_may_mine_is_told_is_refused_to_others() -> Result<()> {
    if !ready("what_a_host_that_may_mine_is_told_is_refused_to_others") {
        return Ok(());
    }
    let exempt = "[[exempt]]\nprefix = \"10.80.1.0/24\"\nowner = \"physics\"\nreason = \"study\"\n";
    let scene = Scene::new("block", "", exempt)?;
    let _resolver = Resolver::start(&scene.lab)?;
    let list = scene.lab.directory().join("own.list");
    fs::write(&list, format!("{LIST}{ANSWERED}:3333\n"))?;
    scene.minewall.hup()?;
    assert!(scene.minewall.wait_log("read anew", LIMIT));
    let other = scene.lab.add_host()?;
    assert!(reaches(&scene.lab.host, &at(POOL[0], 3333)));
    // By the gateway's own resolver: the answer leaves by OUTPUT.
    let said = dig(&other.namespace, "10.80.1.1".parse()?, &["+notcp", "+short", ANSWERED, "A"]);
    let said = match said? {
        said if said.contains(POOL[0]) => said,
        _ => dig(&other.namespace, Family::V4.internet(), &["+notcp", "+short", ANSWERED, "A"])?,
    };
    assert!(said.contains(POOL[0]), "{said}");
    scene.wait(&scene.lab.host, &at(POOL[0], 3333), false)?;
    assert!(reaches(&other.namespace, &at(POOL[0], 3333)), "it may");
    // What the lists no longer say is forgotten by engine and kernel.
    fs::write(&list, LIST)?;
    scene.minewall.hup()?;
    scene.wait(&scene.lab.host, &at(POOL[0], 3333), true)
}
