//! SIGHUP: what is new holds from then on, and nobody notices.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use minewall_lab::addresses::{Family, INTERNET_V4};
use minewall_lab::login::{Manner, login_of};
use minewall_lab::pool::{Options, Pool};
use minewall_lab::service::NameServer;
use minewall_lab::{Lab, Minewall, Namespace, fewer, kernel, load, patient, ready, until};

use super::{LIMIT, configuration, dig, must, must_be_cut, pool_at, records_after, start, text_at};

/// The port of the echo on the internet.
pub(super) const ECHO: u16 = 7007;

/// Conversations that must not notice anything: one that lasts, and short ones one after another.
struct Conversations<'scope> {
    stop: &'scope AtomicBool,
    lines: AtomicUsize,
    short: AtomicUsize,
    broken: std::sync::Mutex<Vec<String>>,
}

impl Conversations<'_> {
    /// Exchanges a line every 50 ms over one connection.
    fn last(&self, host: &Namespace, at: SocketAddr) {
        let talk = || -> std::io::Result<()> {
            let mut stream = connect(host, at)?;
            let mut answers = BufReader::new(stream.try_clone()?);
            for number in 0.. {
                if self.stop.load(Ordering::Relaxed) {
                    break;
                }
                exchange(&mut stream, &mut answers, number)?;
                self.lines.fetch_add(1, Ordering::Relaxed);
                thread::sleep(Duration::from_millis(50));
            }
            Ok(())
        };
        self.note(talk(), at);
    }

    /// A new connection each time, so that every line is judged.
    fn come_and_go(&self, host: &Namespace, at: SocketAddr) {
        let talk = || -> std::io::Result<()> {
            while !self.stop.load(Ordering::Relaxed) {
                let mut stream = connect(host, at)?;
                let mut answers = BufReader::new(stream.try_clone()?);
                (0..3).try_for_each(|number| exchange(&mut stream, &mut answers, number))?;
                self.short.fetch_add(1, Ordering::Relaxed);
                // Not as many as there can be: others need the processor too.
                thread::sleep(patient(Duration::from_millis(10)));
            }
            Ok(())
        };
        self.note(talk(), at);
    }

    fn note(&self, outcome: std::io::Result<()>, at: SocketAddr) {
        if let (Err(error), Ok(mut broken)) = (outcome, self.broken.lock()) {
            broken.push(format!("{at}: {error}"));
        }
    }

    /// Both kinds have gone on since the last look, and none has broken.
    fn must_go_on(&self, when: &str) {
        let before = (self.lines.load(Ordering::Relaxed), self.short.load(Ordering::Relaxed));
        let gone_on = until(LIMIT, || {
            let now = (self.lines.load(Ordering::Relaxed), self.short.load(Ordering::Relaxed));
            (now.0 > before.0 + 4 && now.1 > before.1 + 4).then_some(())
        });
        let broken = self.broken.lock().map(|broken| broken.clone()).unwrap_or_default();
        assert!(gone_on.is_some() && broken.is_empty(), "{when}: {broken:?}");
    }
}

pub(super) fn connect(host: &Namespace, at: SocketAddr) -> std::io::Result<TcpStream> {
    let stream = host.run(|| TcpStream::connect_timeout(&at, LIMIT))?;
    stream.set_read_timeout(Some(LIMIT))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

pub(super) fn exchange(
    stream: &mut TcpStream,
    answers: &mut BufReader<TcpStream>,
    number: usize,
) -> std::io::Result<()> {
    let line = format!("line {number} of an innocent talk\n");
    stream.write_all(line.as_bytes())?;
    let mut answer = String::new();
    answers.read_line(&mut answer)?;
    if answer == line { Ok(()) } else { Err(std::io::Error::other(format!("{answer:?} for {line:?}"))) }
}

/// Answers every line with itself until the listener is shut down.
pub(super) fn echo(listener: &TcpListener) {
    for stream in listener.incoming() {
        let Ok(stream) = stream else { return };
        thread::spawn(move || {
            let _ = stream.set_nodelay(true);
            let Ok(mut out) = stream.try_clone() else { return };
            for line in BufReader::new(stream).split(b'\n') {
                let Ok(mut line) = line else { return };
                line.push(b'\n');
                if out.write_all(&line).is_err() {
                    return;
                }
            }
        });
    }
}

#[test]
fn a_reload_brings_new_lists_and_policy_and_breaks_nothing() -> Result<()> {
    if !ready("a_reload_brings_new_lists_and_policy_and_breaks_nothing") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let _names = NameServer::start(&lab)?;
    let pool = Pool::start(&lab, Options::default())?;
    let listener = lab.internet.run(|| TcpListener::bind((Ipv6Addr::UNSPECIFIED, ECHO)))?;
    let own = lab.directory().join("own.list");
    fs::write(&own, "first.example.net\n")?;
    let list = format!("[[lists.file]]\nname = \"own\"\npath = {own:?}\n");
    let minewall = start(&lab, "observe", &list)?;
    let stop = AtomicBool::new(false);
    let talks = Conversations { stop: &stop, lines: 0.into(), short: 0.into(), broken: Vec::new().into() };
    thread::scope(|scope| {
        scope.spawn(|| echo(&listener));
        for family in Family::BOTH {
            let (talks, host, at) = (&talks, &lab.host, SocketAddr::new(family.internet(), ECHO));
            scope.spawn(move || talks.last(host, at));
            scope.spawn(move || talks.come_and_go(host, at));
        }
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            reload_through_everything(&lab, &minewall, &pool, &own, &list, &talks)
        }));
        stop.store(true, Ordering::Relaxed);
        let _ = rustix::net::shutdown(&listener, rustix::net::Shutdown::Both);
        outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn reload_through_everything(
    lab: &Lab,
    minewall: &Minewall,
    pool: &Pool,
    own: &std::path::Path,
    list: &str,
    talks: &Conversations<'_>,
) -> Result<()> {
    let login = login_of("xmrig").context("xmrig")?;
    talks.must_go_on("before any reload");
    let rules = kernel::rules(&lab.gateway)?;
    assert!(resolves(lab, "first.example.net")?, "only observed so far");

    fs::write(own, "second.example.net\n")?;
    minewall.reload(&configuration(lab, "block", list))?;
    wait_reloads(minewall, 1);
    assert!(resolves(lab, "first.example.net")?, "no longer listed");
    assert!(!resolves(lab, "second.example.net")?, "newly listed");
    let before = pool.sessions().len();
    for family in Family::BOTH {
        must_be_cut(lab, family, login, Manner::Lines);
    }
    assert!(pool.sessions()[before..].iter().all(|session| session.lines().is_empty()));
    // The kernel refuses listed addresses now.
    let (observing, rules) = (rules, kernel::rules(&lab.gateway)?);
    assert_ne!(rules, observing);
    talks.must_go_on("after new lists and a new mode");
    fs::write(own, "second.example.net\nthird.example.net\n")?;
    minewall.reload(&configuration(lab, "block", list))?;
    wait_reloads(minewall, 2);
    assert!(!resolves(lab, "second.example.net")?, "still listed");
    assert_eq!(kernel::rules(&lab.gateway)?, rules, "these rules are the same");
    talks.must_go_on("after new lists");

    // The rules change.
    minewall.reload(&configuration(lab, "block", &format!("{list}[tcp]\naction = \"drop\"\n")))?;
    wait_reloads(minewall, 3);
    assert_ne!(kernel::rules(&lab.gateway)?, rules);
    talks.must_go_on("after new rules");
    minewall.reload(&configuration(lab, "block", list))?;
    wait_reloads(minewall, 4);
    assert_eq!(kernel::rules(&lab.gateway)?, rules);

    for (text, words) in [
        (configuration(lab, "blok", list), &["line 1", "blok"][..]),
        (configuration(lab, "observe", &format!("{list}[dns]\nacton = \"drop\"\n")), &["acton", "line "]),
        (configuration(lab, "observe", &list.replace("own.list", "absent.list")), &["absent.list", "No such file"]),
        (configuration(lab, "observe", &format!("{list}[queue]\nfirst = 4800\n")), &["queue", "restart"]),
        (configuration(lab, "observe", &format!("{list}[kernel]\nmark = \"0x3\"\n")), &["kernel.mark", "restart"]),
    ] {
        let told = minewall.log().matches("the former configuration stays").count();
        minewall.reload(&text)?;
        let said = until(LIMIT, || {
            let log = minewall.log();
            let said = log.split("the former configuration stays").skip(1 + told).collect::<String>();
            words.iter().all(|word| said.contains(word)).then_some(())
        });
        assert!(said.is_some(), "{words:?} not in {}", minewall.log());
        assert!(!resolves(lab, "second.example.net")?, "still listed, still cut, behind {words:?}");
        must_be_cut(lab, Family::V4, login, Manner::Together);
        assert_eq!(kernel::rules(&lab.gateway)?, rules, "behind {words:?}");
    }
    talks.must_go_on("after configurations that were refused");
    Ok(())
}

pub(super) fn resolves(lab: &Lab, name: &str) -> Result<bool> {
    let said = dig(&lab.host, Family::V4.internet(), &[name, "A"])?;
    assert!(said.contains("status: NOERROR") || said.contains("status: NXDOMAIN"), "{said}");
    Ok(said.contains(&INTERNET_V4.to_string()) && said.contains("status: NOERROR"))
}

/// Waits until so many reloads have succeeded.
pub(super) fn wait_reloads(minewall: &Minewall, count: usize) {
    let done = until(LIMIT, || (minewall.log().matches("read anew").count() >= count).then_some(()));
    assert!(done.is_some(), "{}", minewall.log());
}

#[test]
fn many_names_are_swapped_under_load_and_no_question_is_lost() -> Result<()> {
    if !ready("many_names_are_swapped_under_load_and_no_question_is_lost") {
        return Ok(());
    }
    let count = fewer(200_000);
    let lab = Lab::new()?;
    let file = lab.directory().join("many.list");
    let write = |from: u32| -> Result<()> {
        let names: String = (from..from + count).map(|number| format!("pool{number:07}.example.net\n")).collect();
        Ok(fs::write(&file, names)?)
    };
    write(0)?;
    let list = format!("[[lists.file]]\nname = \"many\"\npath = {file:?}\n");
    for reader in ["nfq", "burst"] {
        let minewall = start(&lab, "block", &format!("[queue]\nreader = {reader:?}\n{list}"))?;
        let questions = thread::scope(|scope| -> Result<_> {
            let load = scope.spawn(|| load::questions(&lab, Family::V4, 1, patient(Duration::from_secs(6))));
            for round in 1..=3 {
                thread::sleep(Duration::from_millis(300));
                write(round * count)?;
                minewall.hup()?;
                wait_reloads(&minewall, round as usize);
            }
            load.join().ok().context("the load broke")?
        })?;
        assert!(questions.count > 1000 && questions.errors == 0, "{reader}: {questions}; {}", minewall.log());
        assert!(!minewall.log().contains("ERROR"), "{reader}: {}", minewall.log());
        kernel::forget_connections(&lab.gateway)?;
    }
    Ok(())
}

/// Taking any chain from a hook makes the kernel drop all packets that wait in queues.
#[test]
fn chains_of_others_that_go_under_load_hold_nothing_up() -> Result<()> {
    if !ready("chains_of_others_that_go_under_load_hold_nothing_up") {
        return Ok(());
    }
    const ROUNDS: u64 = 10;
    let lab = Lab::new()?;
    for reader in ["nfq", "burst"] {
        let minewall = start(&lab, "block", &format!("[queue]\nreader = {reader:?}\n"))?;
        let questions = thread::scope(|scope| -> Result<_> {
            let load = scope.spawn(|| load::questions(&lab, Family::V4, 1, patient(Duration::from_secs(6))));
            for _ in 0..ROUNDS {
                thread::sleep(Duration::from_millis(200));
                let table = "table inet guest { chain forward { type filter hook forward priority 5; }; }";
                must(&lab.gateway, "nft", &[table])?;
                must(&lab.gateway, "nft", &["delete", "table", "inet", "guest"])?;
            }
            load.join().ok().context("the load broke")?
        })?;
        // One thread has 128 questions under way.
        assert!(questions.count > 1000 && questions.errors <= ROUNDS * 128, "{reader}: {questions}");
        assert!(!minewall.log().contains("ERROR"), "{reader}: {}", minewall.log());
        kernel::forget_connections(&lab.gateway)?;
    }
    Ok(())
}

#[test]
fn a_renamed_file_of_records_is_opened_anew() -> Result<()> {
    if !ready("a_renamed_file_of_records_is_opened_anew") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let _pool = Pool::start(&lab, Options::default())?;
    let minewall = start(&lab, "block", "")?;
    let (file, old) = (Minewall::records_file(&lab), lab.directory().join("records.jsonl.1"));
    let login = login_of("cgminer").context("cgminer")?;
    must_be_cut(&lab, Family::V4, login, Manner::Lines);
    records_after(&minewall, 0, 1)?;
    fs::rename(&file, &old)?;
    minewall.hup()?;
    wait_reloads(&minewall, 1);
    assert!(until(LIMIT, || file.exists().then_some(())).is_some(), "not opened anew: {}", minewall.log());
    must_be_cut(&lab, Family::V6, login, Manner::Lines);
    let record = records_after(&minewall, 0, 1)?.remove(0);
    assert_eq!(text_at(&record, "/source/ip"), Family::V6.host().to_string());
    assert_eq!(text_at(&record, "/destination/ip"), pool_at(Family::V6, login.dialect).ip().to_string());
    let is_record = |line: &&str| !line.contains("\"incident-");
    assert_eq!(fs::read_to_string(&old)?.lines().filter(is_record).count(), 1, "the old file is left alone");
    Ok(())
}
