//! Reverse DNS, for hosts that nothing else names: asked in a thread of its own, and remembered.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use minewall_core::config;
use minewall_core::limits::HOSTS;
use tokio::task::JoinSet;

use super::provider::{Answer, Host, Provider, Told};
use crate::resolve::Asker;

/// Questions that may wait, and that are under way at once.
const WAITING: usize = 64;
const AT_ONCE: usize = 16;

/// How long a name is believed, and that there is none.
const NAMED: Duration = Duration::from_secs(3600);
const UNNAMED: Duration = Duration::from_secs(300);

/// Since when this is known; the name, or that there is none; or that it was asked.
type Known = (Instant, Option<Option<Arc<Told>>>);

/// What name servers said.
#[derive(Debug)]
pub(super) struct Reverse {
    questions: Mutex<SyncSender<IpAddr>>,
    known: Arc<Mutex<HashMap<IpAddr, Known>>>,
}

fn of(servers: &[String]) -> config::Resolve {
    config::Resolve { servers: servers.to_vec(), ..config::Resolve::default() }
}

impl Reverse {
    /// # Errors
    /// The system names no server, or gives no more threads.
    pub(super) fn start(servers: &[String]) -> Result<Self> {
        let (sender, receiver) = sync_channel(WAITING);
        let known: Arc<Mutex<HashMap<IpAddr, Known>>> = Arc::default();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let asker = {
            let _within = runtime.enter();
            Arc::new(Asker::new(&of(servers))?)
        };
        let answers = Arc::clone(&known);
        let thread = std::thread::Builder::new().name("reverse".into());
        let serve = move || serve(&receiver, &runtime, &asker, &answers);
        thread.spawn(serve).context("cannot start the thread that asks for names")?;
        Ok(Self { questions: Mutex::new(sender), known })
    }
}

impl Provider for Reverse {
    fn tell(&self, host: &Host) -> Answer {
        let now = Instant::now();
        let mut all = lock(&self.known);
        match all.get(&host.ip) {
            Some((_, None)) => return Answer::Later,
            Some((since, Some(Some(told)))) if now - *since < NAMED => {
                return Answer::Told { told: Arc::clone(told), from_us: None, until_us: None };
            }
            Some((since, Some(None))) if now - *since < UNNAMED => return Answer::Nothing,
            _ => {}
        }
        if all.len() >= HOSTS {
            all.retain(|_, (since, known)| known.is_none() || now - *since < UNNAMED);
        }
        let is_room = all.len() < HOSTS;
        if !is_room || lock(&self.questions).try_send(host.ip).is_err() {
            return Answer::Nothing;
        }
        all.insert(host.ip, (now, None));
        Answer::Later
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Asks until nobody wants to know any more.
fn serve(
    questions: &Receiver<IpAddr>,
    runtime: &tokio::runtime::Runtime,
    asker: &Arc<Asker>,
    known: &Mutex<HashMap<IpAddr, Known>>,
) {
    while let Ok(first) = questions.recv() {
        let more = questions.try_iter().take(AT_ONCE - 1);
        let mut under_way = JoinSet::new();
        let _within = runtime.enter();
        for ip in std::iter::once(first).chain(more) {
            let asker = Arc::clone(asker);
            under_way.spawn(async move { (ip, asker.name(ip).await) });
        }
        runtime.block_on(async {
            while let Some(done) = under_way.join_next().await {
                let Ok((ip, name)) = done else { continue };
                let told = name.map(|name| Arc::new(Told { hostname: Some(name), ..Told::default() }));
                lock(known).insert(ip, (Instant::now(), Some(told)));
            }
        });
    }
}
