//! DNS questions over UDP.

use std::net::UdpSocket;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::sockopt::set_socket_recv_buffer_size_force;

use super::Measured;
use crate::addresses::Family;
use crate::dns;
use crate::lab::{Lab, unspecified};
use crate::wait::patient;

/// Questions one thread has under way at a time, each from a port of its own.
const WINDOW: usize = 128;

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(10);

/// Receive buffer of the server, in bytes: the kernel's usual 208 KiB hold fewer than 200 small datagrams, and a loss
/// there would be taken for one at the gateway.
const SERVER_BUFFER: usize = 8 << 20;

/// Asks the internet's port 53 on `threads` threads for `time`, each with 128 source ports and as many questions under
/// way, names differing, and counts the answers. No [`crate::service::NameServer`] may hold the port.
///
/// # Errors
/// When the port is taken or the sockets cannot be made.
pub fn questions(lab: &Lab, family: Family, threads: usize, time: Duration) -> Result<Measured> {
    let server = server(lab, family)?;
    let windows = lab.host.run(|| -> std::io::Result<Vec<Vec<UdpSocket>>> {
        (0..threads).map(|_| (0..WINDOW).map(|_| port(family)).collect()).collect()
    })?;
    let stopping = AtomicBool::new(false);
    let measured = thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| serve(&server, &stopping));
        }
        let askers: Vec<_> =
            windows.iter().map(|sockets| scope.spawn(move || Window::open(sockets).ask_for(time))).collect();
        let measured: Vec<_> = askers.into_iter().filter_map(|asker| asker.join().ok()).collect();
        stopping.store(true, Ordering::Relaxed);
        measured
    });
    Ok(Measured::join(measured))
}

/// The internet's port 53.
pub(super) fn server(lab: &Lab, family: Family) -> Result<UdpSocket> {
    let server = lab.internet.run(|| UdpSocket::bind((family.internet(), 53)))?;
    server.set_read_timeout(Some(Duration::from_millis(100)))?;
    set_socket_recv_buffer_size_force(&server, SERVER_BUFFER)?;
    Ok(server)
}

fn port(family: Family) -> std::io::Result<UdpSocket> {
    let socket = UdpSocket::bind((unspecified(family), 0))?;
    socket.connect((family.internet(), 53))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// One thread's questions under way: one a port, the next as soon as it is answered or given up.
struct Window<'a> {
    sockets: &'a [UdpSocket],
    ready: Vec<PollFd<'a>>,
    asked: Vec<Option<Asked>>,
    next: u32,
    measured: Measured,
}

#[derive(Clone, Copy)]
struct Asked {
    id: u16,
    at: Instant,
}

impl<'a> Window<'a> {
    fn open(sockets: &'a [UdpSocket]) -> Self {
        Self {
            sockets,
            ready: sockets.iter().map(|socket| PollFd::new(socket, PollFlags::IN)).collect(),
            asked: vec![None; sockets.len()],
            next: 0,
            measured: Measured { count: 0, errors: 0, elapsed: Duration::ZERO },
        }
    }

    fn ask_for(mut self, time: Duration) -> Measured {
        let start = Instant::now();
        (0..self.sockets.len()).for_each(|index| self.ask(index));
        while start.elapsed() < time {
            for index in self.take_answers() {
                self.measured.count += 1;
                self.ask(index);
            }
            for index in self.give_up() {
                self.ask(index);
            }
        }
        self.measured.elapsed = start.elapsed();
        // What is under way gets its time, so that a dead path shows as errors; it counts for nothing else.
        while self.asked.iter().any(Option::is_some) {
            self.take_answers();
            self.give_up();
        }
        self.measured
    }

    fn ask(&mut self, index: usize) {
        self.next += 1;
        let id = (self.next & 0xffff) as u16;
        let name = format!("host-{}.example.org", self.next);
        let _ = self.sockets[index].send(&dns::question(id, &name, 1));
        self.asked[index] = Some(Asked { id, at: Instant::now() });
    }

    /// Waits a moment for answers; the ports that have theirs.
    fn take_answers(&mut self) -> Vec<usize> {
        let _ = poll(&mut self.ready, Some(&Timespec { tv_sec: 0, tv_nsec: 10_000_000 }));
        let mut answered = Vec::new();
        for (index, ready) in self.ready.iter().enumerate() {
            let mut message = [0; 512];
            if ready.revents().is_empty() {
                continue;
            }
            if let (Ok(length), Some(asked)) = (self.sockets[index].recv(&mut message), self.asked[index])
                && dns::answers(&message[..length], asked.id)
            {
                self.asked[index] = None;
                answered.push(index);
            }
        }
        answered
    }

    /// Counts questions that got no answer in time as errors; their ports.
    fn give_up(&mut self) -> Vec<usize> {
        let late = |asked: &Option<Asked>| asked.is_some_and(|asked| asked.at.elapsed() >= patient(ANSWER));
        let given_up: Vec<_> = (0..self.asked.len()).filter(|index| late(&self.asked[*index])).collect();
        for index in &given_up {
            self.asked[*index] = None;
            self.measured.errors += 1;
        }
        given_up
    }
}

/// Answers all questions until it is told to stop.
pub(super) fn serve(server: &UdpSocket, stopping: &AtomicBool) {
    let mut buffer = [0; 512];
    let mut message = Vec::with_capacity(512);
    while !stopping.load(Ordering::Relaxed) {
        let Ok((length, from)) = server.recv_from(&mut buffer) else {
            continue;
        };
        message.clear();
        message.extend_from_slice(&buffer[..length]);
        if dns::answer(&mut message) {
            let _ = server.send_to(&message, from);
        }
    }
}
