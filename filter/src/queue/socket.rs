//! One netlink socket bound to one queue: what waits is read in bursts, what is decided is sent in one datagram.

use std::io::{Error, ErrorKind, Result};
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use netlink_sys::protocols::NETLINK_NETFILTER;
use netlink_sys::{Socket as Netlink, SocketAddr};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send, sockopt};

use super::message::{self, Message, Packet};
use super::{Decision, Latency, Terms};

/// The netlink socket's buffer, in bytes: the kernel accounts a small packet with about 1 KiB.
pub(super) const RECEIVE_BUFFER: usize = 8 << 20;

/// How long a read waits before the thread looks whether it is to stop.
pub(super) const WAIT: Duration = Duration::from_millis(250);

/// The longest message: a packet of 64 KiB and what is told of it.
const LONGEST: usize = 65_536 + 1024;

/// What is read before it is answered, in bytes: a segment merged to the full and many small packets besides.
const ROOM: usize = 2 * LONGEST;

/// Packets read before they are answered, some 2 us each: the first hardly waits for the others, and with 32
/// no more was measured.
const BURST: usize = 8;

/// A read that takes longer has slept.
const SLEPT: Duration = Duration::from_micros(20);

/// The socket, what was read from it, and verdicts not yet sent.
#[derive(Debug)]
pub(super) struct Socket {
    netlink: Netlink,
    number: u16,
    room: Vec<u8>,
    burst: Vec<Packet>,
    /// How many of the burst were taken.
    taken: usize,
    verdicts: Vec<u8>,
    /// How many packets these are about.
    decided: usize,
    /// The earliest time the packets read could have come.
    since: Instant,
    /// When the last read ended.
    read: Instant,
    latency: Arc<Latency>,
}

impl Socket {
    /// Binds the queue.
    pub(super) fn bind(terms: Terms, latency: Arc<Latency>) -> Result<Self> {
        let mut netlink = Netlink::new(NETLINK_NETFILTER)?;
        netlink.bind_auto()?;
        netlink.connect(&SocketAddr::new(0, 0))?;
        // What does not fit is counted by the kernel; with ENOBUFS everything behind it would be lost as well.
        netlink.set_no_enobufs(true)?;
        if sockopt::set_socket_recv_buffer_size_force(&netlink, RECEIVE_BUFFER).is_err() {
            tracing::warn!("the queue's socket buffer stays at its default: bursts pass uninspected earlier");
        }
        sockopt::set_socket_timeout(&netlink, sockopt::Timeout::Recv, Some(WAIT))?;
        let (burst, verdicts) = (Vec::with_capacity(BURST), Vec::with_capacity(2 * LONGEST));
        let (number, room, now) = (terms.number, vec![0; ROOM], Instant::now());
        let mut socket =
            Self { netlink, number, room, burst, taken: 0, verdicts, decided: 0, since: now, read: now, latency };
        send(&socket.netlink, &message::bind(terms), SendFlags::empty())?;
        socket.acknowledged(terms.fail_open)?;
        Ok(socket)
    }

    /// Reads what the kernel says to the binding. Packets that came between, because rules already stood, meet the fail
    /// verdict.
    fn acknowledged(&mut self, passes: bool) -> Result<()> {
        loop {
            let (length, _) = recv(&self.netlink, &mut self.room[..], RecvFlags::empty())?;
            match message::read(self.room.get(..length).unwrap_or_default(), 0) {
                Some((Message::Error(0), _)) => return self.send(),
                Some((Message::Error(number), _)) => return Err(Error::from_raw_os_error(number)),
                Some((Message::Packet(packet), _)) => {
                    self.decide(&packet, Decision { passes, ..Decision::default() });
                }
                _ => return Err(ErrorKind::InvalidData.into()),
            }
        }
    }

    /// The next packet; none if none came for a while. Verdicts are sent before it waits.
    pub(super) fn next(&mut self) -> Result<Option<Packet>> {
        if self.taken >= self.burst.len() {
            self.send()?;
            self.read()?;
        }
        let packet = self.burst.get(self.taken).copied();
        self.taken += 1;
        Ok(packet)
    }

    /// The bytes of a packet that was just taken.
    pub(super) fn bytes(&self, packet: &Packet) -> &[u8] {
        self.room.get(packet.start..packet.end).unwrap_or_default()
    }

    /// Notes a verdict; it is sent with those of the burst.
    pub(super) fn decide(&mut self, packet: &Packet, decision: Decision<'_>) {
        message::verdict(&mut self.verdicts, self.number, packet.id, decision);
        self.decided += 1;
        if self.verdicts.len() >= LONGEST {
            self.send_or_tell();
        }
    }

    /// Sends the verdicts noted.
    pub(super) fn send(&mut self) -> Result<()> {
        if self.verdicts.is_empty() {
            return Ok(());
        }
        let sent = send(&self.netlink, &self.verdicts, SendFlags::empty());
        self.verdicts.clear();
        self.latency.note(self.since.elapsed(), std::mem::take(&mut self.decided));
        sent?;
        Ok(())
    }

    /// Waits for a packet, and takes what else is there.
    fn read(&mut self) -> Result<()> {
        self.burst.clear();
        self.taken = 0;
        let mut at = 0;
        let mut flags = RecvFlags::empty();
        let start = Instant::now();
        while self.burst.len() < BURST && at + LONGEST <= self.room.len() {
            let Some(room) = self.room.get_mut(at..at + LONGEST) else { break };
            match recv(&self.netlink, room, flags) {
                Ok((length, _)) => at = self.note(at..at + length),
                Err(Errno::AGAIN | Errno::INTR) => break,
                Err(_) if !self.burst.is_empty() => break,
                Err(error) => return Err(error.into()),
            }
            if flags.is_empty() {
                let now = Instant::now();
                // What did not have to be waited for may have come at any time since the last read.
                self.since = if now - start > SLEPT { now } else { self.read };
                flags = RecvFlags::DONTWAIT;
            }
        }
        self.read = Instant::now();
        Ok(())
    }

    /// Notes the packets of one datagram; gives where the next may be written.
    fn note(&mut self, range: Range<usize>) -> usize {
        let bytes = self.room.get(..range.end).unwrap_or_default();
        let mut at = range.start;
        while let Some((message, next)) = message::read(bytes, at) {
            match message {
                Message::Packet(packet) => self.burst.push(packet),
                Message::Error(number) => {
                    tracing::debug!(error = %Error::from_raw_os_error(number), "a verdict was not taken");
                }
                Message::Other => {}
            }
            at = next;
        }
        range.end.next_multiple_of(4)
    }

    /// Decides packets read and not taken.
    pub(super) fn leave(&mut self, passes: bool) {
        while let Some(packet) = self.burst.get(self.taken).copied() {
            self.taken += 1;
            self.decide(&packet, Decision { passes, ..Decision::default() });
        }
        self.send_or_tell();
    }

    fn send_or_tell(&mut self) {
        if let Err(error) = self.send() {
            tracing::debug!(%error, "verdicts could not be sent");
        }
    }
}
