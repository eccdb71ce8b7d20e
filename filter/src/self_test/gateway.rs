//! The whole test on the gateway: both ends, the tries, and what the running daemon tells of them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use minewall_core::config::Config;
use minewall_core::finding::TEST_NAME;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::client::{self, Ended, Told};
use super::judge::{self, Seen};
use super::server::{PAGE, POOL, Reached, Server};
use super::wire::{self, Link, Side};
use crate::control::{Caller, Request, Status};
use crate::doctor::Row;
use crate::routes;

/// The metric by which records of tests are known.
const RECORDS: &str = "minewall_test_records_total";

/// How long the daemon may take to count what was found.
const COUNTED: Duration = Duration::from_secs(8);

/// How long an end may take to be ready.
const READY: Duration = Duration::from_secs(10);

/// What is tried from inside.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tried {
    pub(super) page: Ended,
    pub(super) harmless_name: Told,
    pub(super) test_name: Told,
    pub(super) login: Ended,
}

/// Tries it.
///
/// # Errors
/// No minewall runs here, it is paused, or the ends cannot be made.
pub(super) fn try_it(config: &Config) -> Result<Vec<Row>> {
    let status: Status = told(config, "status")?;
    if status.paused.is_some() {
        bail!("minewall is paused, and cuts nothing: minewall resume");
    }
    let before = records(config)?;
    let routes = std::fs::read_to_string(routes::FILE).context("cannot read the routes of this gateway")?;
    let [inside, outside] = wire::free(&routes)?;
    let (over, reached) = (Arc::new(AtomicBool::new(false)), Arc::new(Reached::default()));
    let (is_over, noted) = (Arc::clone(&over), Arc::clone(&reached));
    let server = End::make("out", outside, move |side, ready| {
        let server = Server::listen(side.end)?;
        ready();
        server.serve(&noted, &is_over);
        Ok(())
    })?;
    server.wait()?;
    let (sender, tries) = channel();
    let client = End::make("in", inside, move |_, ready| {
        ready();
        let at = |port| SocketAddr::new(outside.end.into(), port);
        let tried = Tried {
            page: client::get(at(PAGE)),
            harmless_name: client::ask_for(client::HARMLESS_NAME, at(53)),
            test_name: client::ask_for(TEST_NAME, at(53)),
            login: client::log_in(at(POOL)),
        };
        sender.send(tried).context("nobody waits for the test")
    })?;
    let tried = client.end().and_then(|()| tries.recv().context("the test's client has ended"));
    // What was sent last is on its way yet.
    std::thread::sleep(Duration::from_millis(200));
    over.store(true, Ordering::Release);
    server.end()?;
    let tried = tried?;
    let did_reach = |what: &AtomicBool| what.load(Ordering::Acquire);
    Ok(judge::at_gateway(&Seen {
        tried,
        test_name_reached: did_reach(&reached.test_name),
        harmless_name_reached: did_reach(&reached.harmless_name),
        login_reached: did_reach(&reached.login),
        records: counted(config, before),
        mode: status.mode,
    }))
}

/// One thing the daemon tells.
fn told<T: DeserializeOwned>(config: &Config, what: &str) -> Result<T> {
    Caller::connect(config)?.tell(&Request::new(what))
}

fn records(config: &Config) -> Result<u64> {
    let counters: Value = told(config, "counters")?;
    let samples = counters.get(RECORDS).and_then(Value::as_array);
    let samples = samples.context("the running minewall knows no tests: it is of another version; restart it")?;
    Ok(samples.iter().filter_map(|sample| sample.get("value")?.as_u64()).sum())
}

/// How many records of the test were written: looked for until there are both, or for a while.
fn counted(config: &Config, before: u64) -> u64 {
    let until = Instant::now() + COUNTED;
    loop {
        let now = records(config).unwrap_or(before).saturating_sub(before);
        if now >= judge::RECORDS || Instant::now() >= until {
            return now;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// One end: a thread in a namespace of its own.
struct End {
    thread: JoinHandle<Result<()>>,
    ready: Receiver<()>,
    link: Option<Link>,
}

impl End {
    /// Makes it, and wires it to this gateway; it then does `what`, and calls what it is given once it is ready.
    fn make(name: &str, side: Side, what: impl FnOnce(Side, &dyn Fn()) -> Result<()> + Send + 'static) -> Result<Self> {
        let (number, numbers): (Sender<u32>, _) = channel();
        let (wired, wirings) = channel();
        let (sender, ready) = channel();
        let thread = std::thread::Builder::new().name(format!("self-test-{name}"));
        let thread = thread.spawn(move || {
            number.send(wire::leave()?).context("nobody wires the test's namespace")?;
            wirings.recv().context("the test's namespace is not wired")?;
            wire::settle(side)?;
            what(side, &|| _ = sender.send(()))
        });
        let mut end = Self { thread: thread.context("cannot start a thread")?, ready, link: None };
        let Ok(thread) = numbers.recv() else {
            return Err(end.end().err().unwrap_or_else(|| anyhow!("the test's namespace is gone")));
        };
        end.link = Some(wire::join(name, side, thread)?);
        // It waits for this; had it ended, what follows tells.
        let _ = wired.send(());
        Ok(end)
    }

    /// Waits until it is ready.
    fn wait(&self) -> Result<()> {
        match self.ready.recv_timeout(READY) {
            Ok(()) => Ok(()),
            Err(_) => bail!("an end of the test is not ready within {} s", READY.as_secs()),
        }
    }

    /// Waits for its end.
    fn end(self) -> Result<()> {
        let Self { thread, link, .. } = self;
        let ended = thread.join();
        drop(link);
        ended.map_err(|_| anyhow!("an end of the test broke"))?
    }
}
