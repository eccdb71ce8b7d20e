//! A pool emulator of our own: answers logins, pushes jobs, accepts made-up shares, and keeps what it received.

mod answers;
mod connection;

use std::net::{IpAddr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use crate::dialect::Dialect;
use crate::lab::Lab;
use crate::wait::until;

/// How the pool behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// The port of each dialect served.
    pub ports: Vec<(Dialect, u16)>,
    /// Time between pushed jobs.
    pub push_every: Duration,
    /// Push from the moment a client has connected, not only from its login on. No pool does; it makes traffic in
    /// which only the server's side tells.
    pub push_unasked: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            ports: Dialect::ALL.map(|dialect| (dialect, dialect.port())).to_vec(),
            push_every: Duration::from_millis(200),
            push_unasked: false,
        }
    }
}

/// How a connection stands, as the pool sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Neither side has ended it.
    Open,
    /// The peer ended it in order (FIN).
    Finished,
    /// It was reset (RST), or the kernel gave up on it.
    Reset,
}

/// One connection the pool accepted.
#[derive(Debug, Clone)]
pub struct Session {
    /// Which port it came to.
    pub dialect: Dialect,
    /// Who it came from: the NAT address.
    pub peer: SocketAddr,
    /// When it was accepted.
    pub since: Instant,
    /// The first MiB the pool received.
    pub received: Vec<u8>,
    /// Lines the pool wrote, answers and pushes.
    pub sent: usize,
    /// How it stands.
    pub state: State,
}

impl Session {
    /// The complete lines received, without their ends. An unfinished last line is not among them.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<_> = self.received.split(|byte| *byte == b'\n').collect();
        lines.pop();
        lines.into_iter().map(|line| String::from_utf8_lossy(line).trim_end().to_owned()).collect()
    }
}

/// A running pool on every address of the internet. Dropping it ends its connections and threads.
#[derive(Debug)]
pub struct Pool {
    shared: Arc<Shared>,
    listeners: Vec<TcpListener>,
    acceptors: Vec<JoinHandle<()>>,
}

/// What the pool's threads share.
#[derive(Debug)]
struct Shared {
    options: Options,
    stopping: AtomicBool,
    sessions: Mutex<Vec<Session>>,
    connections: Mutex<Vec<JoinHandle<()>>>,
}

impl Shared {
    fn sessions(&self) -> MutexGuard<'_, Vec<Session>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}

impl Pool {
    /// Opens the ports; the pool answers from then on.
    ///
    /// # Errors
    /// When a port is taken.
    pub fn start(lab: &Lab, options: Options) -> Result<Self> {
        let ports = options.ports.clone();
        let shared = Arc::new(Shared {
            options,
            stopping: AtomicBool::new(false),
            sessions: Mutex::default(),
            connections: Mutex::default(),
        });
        let mut pool = Self { shared, listeners: Vec::new(), acceptors: Vec::new() };
        for (dialect, port) in ports {
            // Takes IPv4 too: bindv6only is off in a fresh namespace.
            let listener = lab
                .internet
                .run(|| TcpListener::bind((Ipv6Addr::UNSPECIFIED, port)))
                .with_context(|| format!("opening the {dialect} pool's port {port}"))?;
            let (own, shared) = (listener.try_clone()?, Arc::clone(&pool.shared));
            pool.listeners.push(listener);
            pool.acceptors.push(thread::spawn(move || accept(&own, dialect, &shared)));
        }
        Ok(pool)
    }

    /// Every connection so far, oldest first.
    #[must_use]
    pub fn sessions(&self) -> Vec<Session> {
        self.shared.sessions().clone()
    }

    /// The connections of one dialect so far, oldest first.
    #[must_use]
    pub fn sessions_of(&self, dialect: Dialect) -> Vec<Session> {
        let mut sessions = self.sessions();
        sessions.retain(|session| session.dialect == dialect);
        sessions
    }

    /// The first session that satisfies `wanted`, once there is one.
    pub fn wait_session(&self, timeout: Duration, mut wanted: impl FnMut(&Session) -> bool) -> Option<Session> {
        until(timeout, || self.shared.sessions().iter().find(|session| wanted(session)).cloned())
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::Relaxed);
        for listener in &self.listeners {
            // Wakes the thread that waits in accept(2), which then fails with EINVAL.
            let _ = rustix::net::shutdown(listener, rustix::net::Shutdown::Both);
        }
        for acceptor in self.acceptors.drain(..) {
            let _ = acceptor.join();
        }
        let connections = std::mem::take(&mut *self.shared.connections.lock().unwrap_or_else(PoisonError::into_inner));
        for connection in connections {
            let _ = connection.join();
        }
    }
}

fn accept(listener: &TcpListener, dialect: Dialect, shared: &Arc<Shared>) {
    while let Ok((stream, peer)) = listener.accept() {
        if shared.stopping() {
            return;
        }
        let peer = SocketAddr::new(plain(peer.ip()), peer.port());
        let session =
            Session { dialect, peer, since: Instant::now(), received: Vec::new(), sent: 0, state: State::Open };
        let index = {
            let mut sessions = shared.sessions();
            sessions.push(session);
            sessions.len() - 1
        };
        let own = Arc::clone(shared);
        let served = thread::spawn(move || {
            connection::serve(&stream, dialect, index, &own);
            let _ = TcpStream::shutdown(&stream, Shutdown::Both);
        });
        shared.connections.lock().unwrap_or_else(PoisonError::into_inner).push(served);
    }
}

/// An IPv4 address as such, also when an IPv6 socket accepted it.
fn plain(address: IpAddr) -> IpAddr {
    address.to_canonical()
}
