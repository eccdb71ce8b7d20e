//! Orders at the control socket of the real program, by its own commands: reload, pause, resume; and `minewall status`.

use std::fs;
use std::io::BufReader;
use std::net::{Ipv6Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use anyhow::{Context as _, Result};
use minewall_lab::addresses::Family;
use minewall_lab::login::{Ending, Login, Manner, Session, login_of};
use minewall_lab::pool::{Options, Pool};
use minewall_lab::service::NameServer;
use minewall_lab::{Lab, Minewall, kernel, ready, skipped, until};
use serde_json::Value;

use super::reload::{ECHO, connect, echo, exchange, resolves};
use super::{LIMIT, LISTEN, QUIET, binary, configuration, must_be_cut, pool_at, text_at, words};

/// The shortest pause there is, and the time a busy machine may take to notice its end.
const SHORTEST: Duration = Duration::from_secs(60 + 30);

/// A running minewall, and its commands.
struct House<'a> {
    lab: &'a Lab,
    minewall: Minewall,
}

impl<'a> House<'a> {
    fn start(lab: &'a Lab, more: &str) -> Result<Self> {
        Ok(Self { lab, minewall: Minewall::start(lab, binary(), &configuration(lab, "block", more))? })
    }

    fn command(&self, arguments: &[&str]) -> Result<Output> {
        command(self.lab, self.minewall.configuration(), arguments)
    }

    /// What a command that must succeed says.
    fn must(&self, arguments: &[&str]) -> Result<String> {
        let output = self.command(arguments)?;
        assert!(output.status.success(), "{arguments:?}: {}\n{}", words(&output), self.minewall.log());
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn status(&self) -> Result<Value> {
        Ok(serde_json::from_str(&self.must(&["status", "--format", "json"])?)?)
    }

    /// The lines about pauses in the file of records, by their action, once there are so many.
    fn notices(&self, count: usize) -> Result<Vec<Value>> {
        let read = || {
            let text = fs::read_to_string(Minewall::records_file(self.lab)).ok()?;
            let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            let lines: Vec<_> = lines.filter(|line| text_at(line, "/event/action").starts_with("filtering-")).collect();
            (lines.len() >= count).then_some(lines)
        };
        until(LIMIT, read).with_context(|| format!("not {count} notices; {}", self.minewall.log()))
    }
}

fn command(lab: &Lab, configuration: &Path, arguments: &[&str]) -> Result<Output> {
    let file = configuration.to_str().context("a path")?;
    lab.gateway.output(binary().to_str().context("a path")?, &[arguments, &["-c", file]].concat(), LIMIT)
}

fn xmrig() -> Result<&'static Login> {
    login_of("xmrig").context("xmrig")
}

/// Logs in, and must be let pass: the pool hears the login and answers.
fn must_pass(lab: &Lab, login: &Login) {
    let heard = login.talk(&lab.host, pool_at(Family::V4, login.dialect), Manner::Lines, QUIET);
    assert!(heard.ending != Ending::Reset && !heard.lines.is_empty(), "{heard:?}");
}

#[test]
fn a_reload_is_answered_when_it_is_done_and_a_refused_one_says_why() -> Result<()> {
    if !ready("a_reload_is_answered_when_it_is_done_and_a_refused_one_says_why") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let _names = NameServer::start(&lab)?;
    let _pool = Pool::start(&lab, Options::default())?;
    let own = lab.directory().join("own.list");
    fs::write(&own, "first.example.net\n")?;
    let list = format!("[[lists.file]]\nname = \"own\"\npath = {own:?}\n");
    let mut house = House::start(&lab, &list)?;
    assert!(!resolves(&lab, "first.example.net")?);

    fs::write(&own, "second.example.net\n")?;
    let said = house.must(&["reload"])?;
    assert!(said.starts_with("configuration and lists were read anew: ") && said.contains(" entries"), "{said}");
    // Not some time later: it was done when it was answered.
    assert!(!resolves(&lab, "second.example.net")? && resolves(&lab, "first.example.net")?);

    fs::write(&own, "<html>\n")?;
    let refused = house.command(&["reload"])?;
    let said = words(&refused);
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(
        ["the former configuration stays", "own", "HTML", "check-config"].iter().all(|w| said.contains(w)),
        "{said}"
    );
    fs::write(&own, "third.example.net\n")?;
    let before = fs::read_to_string(house.minewall.configuration())?;
    // The command reads the file to find the socket, so the damage must be such that the daemon alone sees it.
    fs::write(house.minewall.configuration(), before.replace("own.list", "absent.list"))?;
    let refused = house.command(&["reload"])?;
    assert_eq!(refused.status.code(), Some(2));
    assert!(words(&refused).contains("absent.list"), "{refused:?}");
    assert!(!resolves(&lab, "second.example.net")? && resolves(&lab, "third.example.net")?, "the former list stays");
    must_be_cut(&lab, Family::V4, xmrig()?, Manner::Lines);

    fs::write(house.minewall.configuration(), before)?;
    house.must(&["reload"])?;
    assert!(!resolves(&lab, "third.example.net")?);
    assert!(house.minewall.stop()?.success());
    Ok(())
}

#[test]
fn a_pause_lets_pass_what_is_cut_before_and_after_and_everybody_is_told() -> Result<()> {
    if !ready("a_pause_lets_pass_what_is_cut_before_and_after_and_everybody_is_told") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let _pool = Pool::start(&lab, Options::default())?;
    let untouched = kernel::rules(&lab.gateway)?;
    let journal = lab.directory().join("journal");
    let house = House::start(&lab, &format!("[journal]\ndirectory = {journal:?}\n"))?;
    let listener = lab.internet.run(|| TcpListener::bind((Ipv6Addr::UNSPECIFIED, ECHO)))?;
    std::thread::scope(|scope| {
        scope.spawn(|| echo(&listener));
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            pause_and_resume(&lab, house, &untouched, &journal)
        }));
        _ = rustix::net::shutdown(&listener, rustix::net::Shutdown::Both);
        outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn pause_and_resume(lab: &Lab, mut house: House<'_>, untouched: &kernel::Rules, journal: &Path) -> Result<()> {
    let login = xmrig()?;
    must_be_cut(lab, Family::V4, login, Manner::Lines);
    let rules = kernel::rules(&lab.gateway)?;
    // Opened before, and in use before, in and after the pause.
    let mut stream = connect(&lab.host, SocketAddr::new(Family::V4.internet(), ECHO))?;
    let mut answers = BufReader::new(stream.try_clone()?);
    let mut talk = |number| exchange(&mut stream, &mut answers, number);
    talk(1)?;

    let said = house.must(&["pause", "10m", "--reason", "the uplink moves"])?;
    assert!(said.starts_with("paused until 2") && said.contains("nothing is inspected"), "{said}");
    assert_eq!(kernel::rules(&lab.gateway)?, *untouched, "nothing of ours is left in the kernel");
    must_pass(lab, login);
    let mut began = Session::connect(&lab.host, pool_at(Family::V4, login.dialect), LIMIT)
        .map_err(|(ending, _)| anyhow::anyhow!("{ending:?}"))?;
    began.log_in(login, Manner::Lines);
    assert!(began.line_count() > 0, "{:?}", began.heard());
    talk(2)?;
    let status = house.status()?;
    assert_eq!((&status["mode"], &status["running"]), (&"block".into(), &true.into()), "{status}");
    assert_eq!((&status["paused"]["by"]["uid"], &status["paused"]["observe"]), (&0.into(), &false.into()), "{status}");
    let table = house.must(&["status"])?;
    for part in ["block, and PAUSED: nothing is inspected", "the uplink moves", "root (uid 0, pid "] {
        assert!(table.contains(part), "{part}: {table}");
    }
    house.must(&["reload"])?;
    assert_eq!(kernel::rules(&lab.gateway)?, *untouched, "a reload does not end it");
    must_pass(lab, login);

    // A second one takes the place of the first.
    let records = house.minewall.records()?.len();
    house.must(&["pause", "1h", "--observe"])?;
    must_pass(lab, login);
    let record = super::records_after(&house.minewall, records, 1)?.remove(0);
    assert_eq!(text_at(&record, "/event/action"), "observed", "{record}");
    house.must(&["reload"])?;
    must_pass(lab, login);
    talk(3)?;

    assert_eq!(house.must(&["resume"])?, "filtering goes on\n");
    assert_eq!(kernel::rules(&lab.gateway)?, rules, "as they were");
    must_be_cut(lab, Family::V4, login, Manner::Lines);
    must_be_cut(lab, Family::V6, login, Manner::Lines);
    talk(4)?;
    // What began to mine in the pause is heard when it goes on.
    began.send_share(login);
    assert_eq!(began.listen(LISTEN), Ending::Reset, "{:?}", began.heard());
    assert!(house.status()?["paused"].is_null());
    assert_eq!(house.must(&["resume"])?, "nothing was paused\n");

    let notices = house.notices(3)?;
    let actions: Vec<_> = notices.iter().map(|line| text_at(line, "/event/action")).collect();
    assert_eq!(actions, ["filtering-paused", "filtering-paused", "filtering-resumed"]);
    assert_eq!(text_at(&notices[0], "/minewall/by_uid"), "0", "{}", notices[0]);
    assert_eq!(text_at(&notices[0], "/minewall/pause_reason"), "the uplink moves");
    assert!(text_at(&notices[0], "/event/reason").contains("by root (uid 0, pid "), "{}", notices[0]);

    // It ends in good order out of a pause too, and all of this stands in the journal.
    house.must(&["pause", "1h"])?;
    assert!(house.minewall.stop()?.success(), "{}", house.minewall.log());
    assert_eq!(kernel::rules(&lab.gateway)?, *untouched);
    let file = house.minewall.configuration().to_owned();
    let kept = words(&command(lab, &file, &["journal", "show"])?);
    assert_eq!(kept.matches("filtering-paused").count(), 3, "{kept}");
    assert_eq!(kept.matches("filtering-resumed").count(), 1, "{kept}");
    let verified = command(lab, &file, &["journal", "verify", "--journal", journal.to_str().context("a path")?])?;
    assert!(verified.status.success(), "{}", words(&verified));
    Ok(())
}

#[test]
fn a_pause_takes_the_rules_of_either_backend_out_and_its_end_brings_them_back() -> Result<()> {
    if !ready("a_pause_takes_the_rules_of_either_backend_out_and_its_end_brings_them_back") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let untouched = kernel::rules(&lab.gateway)?;
    for backend in ["nft", "iptables"] {
        let mut house = match House::start(&lab, &format!("[kernel]\nbackend = {backend:?}\n")) {
            Ok(house) => house,
            Err(error) if error.to_string().contains("missing kernel feature") => {
                skipped(&format!("a pause with {backend}"), error);
                continue;
            }
            Err(error) => return Err(error),
        };
        let rules = kernel::rules(&lab.gateway)?;
        assert_ne!(rules, untouched, "{backend}");
        house.must(&["pause", "10m"])?;
        assert_eq!(kernel::rules(&lab.gateway)?, untouched, "{backend}");
        house.must(&["resume"])?;
        assert_eq!(kernel::rules(&lab.gateway)?, rules, "{backend}");
        assert!(house.minewall.stop()?.success());
        assert_eq!(kernel::rules(&lab.gateway)?, untouched, "{backend}");
    }
    Ok(())
}

#[test]
fn a_pause_ends_by_itself_and_one_that_is_killed_filters_when_it_starts_again() -> Result<()> {
    if !ready("a_pause_ends_by_itself_and_one_that_is_killed_filters_when_it_starts_again") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let _pool = Pool::start(&lab, Options::default())?;
    let untouched = kernel::rules(&lab.gateway)?;
    let mut house = House::start(&lab, "")?;
    let rules = kernel::rules(&lab.gateway)?;
    let login = xmrig()?;
    house.must(&["pause", "1h"])?;
    house.minewall.kill()?;
    let mut house = House::start(&lab, "")?;
    assert!(house.status()?["paused"].is_null());
    must_be_cut(&lab, Family::V4, login, Manner::Lines);

    house.must(&["pause", "60s"])?;
    must_pass(&lab, login);
    // Meanwhile the rules are looked after every five seconds, and stay out.
    let mut ended = None;
    let back = until(SHORTEST, || {
        let now = kernel::rules(&lab.gateway).ok()?;
        if now == untouched {
            // Somebody looks on, so that there is a status of just before the end.
            _ = house.status();
            return None;
        }
        // They come back by one program after the other: this may be half of them.
        ended.get_or_insert_with(jiff::Timestamp::now);
        (now == rules).then_some(())
    });
    assert!(house.status()?["paused"].is_null(), "it is told as ended once it has, as after an order");
    assert!(house.minewall.wait_log("Filtering goes on: the pause since ", LIMIT), "{}", house.minewall.log());
    assert!(back.is_some(), "the rules are not as they were: {:?}", kernel::rules(&lab.gateway)?);
    must_be_cut(&lab, Family::V4, login, Manner::Lines);
    let notices = house.notices(3)?;
    assert_eq!(text_at(&notices[2], "/event/action"), "filtering-resumed");
    let [paused, resumed] = [&notices[1], &notices[2]].map(|line| text_at(line, "/@timestamp").to_owned());
    let seconds = |text: &str| text.parse::<jiff::Timestamp>().map(|time| time.as_second());
    let lasted = seconds(&resumed)? - seconds(&paused)?;
    let out = ended.context("no rule came back")?.as_second() - seconds(&paused)?;
    assert!(out >= 60, "the first rules were back after {out} s");
    assert!(lasted >= 60, "it lasted {lasted} s, and was to last 60");
    assert!(house.minewall.stop()?.success());
    Ok(())
}

#[test]
fn status_tells_people_programs_and_prometheus_and_by_its_code_whether_one_runs() -> Result<()> {
    if !ready("status_tells_people_programs_and_prometheus_and_by_its_code_whether_one_runs") {
        return Ok(());
    }
    let lab = Lab::new()?;
    let _pool = Pool::start(&lab, Options::default())?;
    let mut house = House::start(&lab, "observer.name = \"gw-lab\"\n")?;
    must_be_cut(&lab, Family::V4, xmrig()?, Manner::Lines);
    super::records_after(&house.minewall, 0, 1)?;
    let table =
        until(LIMIT, || house.must(&["status"]).ok().filter(|table| table.contains("1 open"))).context("status")?;
    for part in ["on gw-lab, up ", "mode           block\n", "1 open, 1 opened", "half in", "records.jsonl", " up "] {
        assert!(table.contains(part), "{part}: {table}");
    }
    let status = house.status()?;
    assert_eq!(status["incidents"]["open"], 1, "{status}");
    assert!(
        status["queues"].as_array().is_some_and(|queues| queues.iter().any(|queue| queue["p99_us"].as_u64() > Some(0)))
    );
    let text = house.must(&["status", "--format", "prometheus"])?;
    let series = super::metrics::parse(&text);
    assert_eq!(super::metrics::sum(&series, "paused", ""), 0.0);
    assert!(super::metrics::sum(&series, "findings_total", "payload") >= 1.0, "{text}");

    let file: PathBuf = house.minewall.configuration().to_owned();
    assert!(house.minewall.stop()?.success());
    for (arguments, code) in [
        (&["status"][..], 3),
        (&["status", "--format", "json"], 3),
        (&["status", "--format", "prometheus"], 3),
        (&["reload"], 2),
        (&["pause", "1m"], 2),
        (&["resume"], 2),
    ] {
        let gone = command(&lab, &file, arguments)?;
        assert_eq!(gone.status.code(), Some(code), "{arguments:?}: {gone:?}");
        assert!(words(&gone).contains("no minewall runs here") && words(&gone).contains("minewall run"), "{gone:?}");
        let is_json = arguments.contains(&"json");
        assert_eq!(gone.stdout, if is_json { &b"{\"running\":false}\n"[..] } else { b"" }, "{arguments:?}");
    }
    Ok(())
}
