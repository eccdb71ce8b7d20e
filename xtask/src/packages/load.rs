//! Connections through the gateway, some held open and others opened all the time, and whether any of them was lost.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use minewall_lab::Lab;
use minewall_lab::addresses::Family;

/// Where the other side answers: no port that lists know of.
const PORT: u16 = 8007;

/// Connections held open, and threads that open new ones.
const HELD: usize = 40;
const OPENERS: usize = 2;

/// A connection on which nothing came back for so long is lost; TCP tries again after 0.2 s, 0.4 s, ...
const LOST: Duration = Duration::from_secs(20);

/// Between two lines on a connection that is held open.
const PAUSE: Duration = Duration::from_millis(50);

/// What is counted while it runs.
#[derive(Default)]
struct Counted {
    is_over: AtomicBool,
    lines: AtomicUsize,
    opened: AtomicUsize,
    slowest_us: AtomicUsize,
}

/// Connections under way.
pub(super) struct Load {
    counted: Arc<Counted>,
    clients: Vec<JoinHandle<Result<()>>>,
}

/// What it came to.
pub(super) struct Carried {
    /// Connections that were opened, used and closed.
    pub(super) opened: usize,
    /// Lines that went there and back.
    pub(super) lines: usize,
    /// The longest that one of them took.
    pub(super) slowest: Duration,
}

impl Load {
    /// Begins, once every connection that is held has carried a line.
    ///
    /// # Errors
    /// The other side cannot listen, or no connection comes about.
    pub(super) fn start(lab: &Lab) -> Result<Self> {
        let listener = lab.internet.run(|| TcpListener::bind((Ipv6Addr::UNSPECIFIED, PORT)))?;
        thread::spawn(move || listener.incoming().flatten().for_each(|stream| drop(thread::spawn(|| echo(stream)))));
        let counted = Arc::<Counted>::default();
        let mut clients = Vec::new();
        for number in 0..HELD + OPENERS {
            let to = SocketAddr::new(Family::BOTH[number % 2].internet(), PORT);
            let connect = || TcpStream::connect_timeout(&to, LOST);
            let counted = Arc::clone(&counted);
            // A thread is in the namespace of the one that began it, and so is what it opens.
            clients.push(if number < HELD {
                let stream = lab.host.run(connect).context("a connection to be held open")?;
                thread::spawn(move || hold(stream, &counted))
            } else {
                lab.host.run(|| thread::spawn(move || open(to, &counted)))
            });
        }
        let is_begun = || (counted.lines.load(Ordering::Relaxed) >= 4 * HELD).then_some(());
        minewall_lab::until(LOST, is_begun).context("no line comes back")?;
        Ok(Self { counted, clients })
    }

    /// Ends it; none may have been lost.
    ///
    /// # Errors
    /// A connection broke, could not be opened, or nothing came back in time.
    pub(super) fn end(self) -> Result<Carried> {
        self.counted.is_over.store(true, Ordering::Relaxed);
        let ends: Vec<_> = self.clients.into_iter().map(JoinHandle::join).collect();
        let lost: Vec<String> = ends
            .into_iter()
            .filter_map(|end| match end {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some(format!("{error:#}")),
                Err(_) => Some("a client broke".to_owned()),
            })
            .collect();
        ensure!(lost.is_empty(), "{} connections were lost: {}", lost.len(), lost.join("; "));
        let of = |number: &AtomicUsize| number.load(Ordering::Relaxed);
        let counted = &self.counted;
        Ok(Carried {
            opened: of(&counted.opened),
            lines: of(&counted.lines),
            slowest: Duration::from_micros(of(&counted.slowest_us) as u64),
        })
    }
}

/// Gives every line back.
fn echo(stream: TcpStream) {
    let Ok(mut writer) = stream.try_clone() else { return };
    let mut line = String::new();
    let mut reader = BufReader::new(stream);
    while reader.read_line(&mut line).is_ok_and(|count| count > 0) {
        if writer.write_all(line.as_bytes()).is_err() {
            return;
        }
        line.clear();
    }
}

fn hold(stream: TcpStream, counted: &Counted) -> Result<()> {
    let mut stream = ready(stream)?;
    while !counted.is_over.load(Ordering::Relaxed) {
        exchange(&mut stream, counted).context("one that was held open")?;
        thread::sleep(PAUSE);
    }
    Ok(())
}

fn open(to: SocketAddr, counted: &Counted) -> Result<()> {
    while !counted.is_over.load(Ordering::Relaxed) {
        let started = Instant::now();
        let stream = TcpStream::connect_timeout(&to, LOST).context("a new one could not be opened")?;
        note(counted, started);
        exchange(&mut ready(stream)?, counted).context("a new one")?;
        counted.opened.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

fn ready(stream: TcpStream) -> Result<BufReader<TcpStream>> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(LOST))?;
    Ok(BufReader::new(stream))
}

fn exchange(stream: &mut BufReader<TcpStream>, counted: &Counted) -> Result<()> {
    let started = Instant::now();
    let mut back = String::new();
    stream.get_mut().write_all(b"GET nothing that anybody lists\n")?;
    let count = stream.read_line(&mut back)?;
    ensure!(count > 0, "the connection ended");
    note(counted, started);
    counted.lines.fetch_add(1, Ordering::Relaxed);
    Ok(())
}

fn note(counted: &Counted, started: Instant) {
    let took = usize::try_from(started.elapsed().as_micros()).unwrap_or(usize::MAX);
    counted.slowest_us.fetch_max(took, Ordering::Relaxed);
}
