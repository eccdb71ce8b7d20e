//! A netfilter queue: packets wait in it until they are answered.

use std::collections::BTreeSet;
use std::io::{ErrorKind, Result};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use minewall_core::config::{Fail, Mark, Queue as Settings};
use minewall_core::engine::{Meta, Verdict};
use minewall_core::limits::LOOK_MESSAGE;
use minewall_core::wire::tcp::Resets;
use rustix::net::sockopt;

/// Headers in front of the bytes looked at: IPv6 with extension headers and TCP with options.
const HEADERS: usize = 256;

/// The netlink socket's buffer, in bytes: the kernel accounts a small packet with about 1 KiB.
const RECEIVE_BUFFER: usize = 8 << 20;

/// NF_INET_LOCAL_IN and NF_INET_LOCAL_OUT: packets for the gateway itself, and from it.
const AT_GATEWAY: [u8; 2] = [1, 3];

/// How long `next` waits before it looks whether it is to stop.
const WAIT: Duration = Duration::from_millis(250);

/// One bound queue.
pub(crate) struct Queue {
    inner: nfq::Queue,
    mark: Mark,
    fail: Fail,
}

impl Queue {
    /// Binds queue `number`; of each packet as much is copied out of the kernel as is followed of a long message, however
    /// few bytes are kept of it: what is left out of a merged segment would be a hole in the stream.
    ///
    /// # Errors
    /// Another program is bound to it, the capability is missing, or the kernel has no queue.
    pub(crate) fn bind(number: u16, settings: &Settings, mark: Mark, look_bytes: usize) -> anyhow::Result<Self> {
        let what = || format!("cannot bind netfilter queue {number}");
        let before = sockets();
        let no_queue =
            "missing kernel feature: netfilter queue (CONFIG_NETFILTER_NETLINK_QUEUE, module nfnetlink_queue)";
        let mut inner = nfq::Queue::open().context(no_queue).with_context(what)?;
        let taken = || {
            format!(
                "another program is bound to it (see /proc/net/netfilter/nfnetlink_queue), or the right to is missing; \
                 set queue.first to a free number, such as {}",
                number.saturating_add(100)
            )
        };
        inner.bind(number).with_context(taken).with_context(what)?;
        let copy = u16::try_from(look_bytes.max(LOOK_MESSAGE) + HEADERS).unwrap_or(u16::MAX);
        inner.set_copy_range(number, copy).with_context(what)?;
        inner.set_queue_max_len(number, settings.length).with_context(what)?;
        // Segments merged by the kernel come as they are, and are not cut up for us (bulk 1.8 -> 11 Gbit/s).
        inner.set_recv_gso(number, true).with_context(what)?;
        inner.set_fail_open(number, settings.fail == Fail::Open).with_context(what)?;
        match twin(&before) {
            Some(socket) => tune(&socket).with_context(what)?,
            None => {
                tracing::warn!(queue = number, "the queue's socket cannot be tuned: stopping takes one more packet")
            }
        }
        Ok(Self { inner, mark, fail: settings.fail })
    }

    /// The next packet; none if none came for a while.
    ///
    /// # Errors
    /// The queue is gone.
    pub(crate) fn next(&mut self) -> Result<Option<Waiting<'_>>> {
        match self.inner.recv() {
            Ok(message) => Ok(Some(Waiting { queue: self, message: Some(message) })),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// A packet that waits for its verdict. Answering consumes it; one that is dropped unanswered, by whatever path,
/// meets the fail verdict.
pub(crate) struct Waiting<'a> {
    queue: &'a mut Queue,
    message: Option<nfq::Message>,
}

impl Waiting<'_> {
    /// The packet, beginning with its IP header.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.message.as_ref().map(nfq::Message::get_payload).unwrap_or_default()
    }

    /// What the kernel tells besides.
    pub(crate) fn meta(&self) -> Meta {
        let Some(message) = &self.message else { return Meta::default() };
        let mac = message.get_hw_addr().and_then(|mac| <[u8; 6]>::try_from(mac).ok());
        let at_gateway = AT_GATEWAY.contains(&message.get_hook());
        Meta { ingress: message.get_indev(), egress: message.get_outdev(), source_mac: mac, at_gateway }
    }

    /// Gives the verdict.
    ///
    /// # Errors
    /// The kernel did not take it: the packet is gone already, or the queue is.
    pub(crate) fn answer(mut self, verdict: &Verdict) -> Result<()> {
        let mark = self.queue.mark;
        if let (Verdict::Reset(Resets { onward: other, .. }) | Verdict::Replace(other), Some(message)) =
            (verdict, &mut self.message)
        {
            message.set_payload(other.clone());
        }
        let (verdict, bit) = match verdict {
            Verdict::Answer(_) | Verdict::Drop => (nfq::Verdict::Drop, None),
            Verdict::Clear => (nfq::Verdict::Accept, Some(mark.cleared)),
            Verdict::Cut => (nfq::Verdict::Accept, Some(mark.cut)),
            Verdict::Look | Verdict::Replace(_) | Verdict::Reset(_) | Verdict::Watch => (nfq::Verdict::Accept, None),
        };
        self.give(verdict, bit)
    }

    fn give(&mut self, verdict: nfq::Verdict, bit: Option<u32>) -> Result<()> {
        let Some(mut message) = self.message.take() else { return Ok(()) };
        if let Some(bit) = bit {
            // Other users' bits stay as they are.
            message.set_nfmark(message.get_nfmark() & !self.queue.mark.mask() | bit);
        }
        message.set_verdict(verdict);
        self.queue.inner.verdict(message)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let verdict = match self.queue.fail {
            Fail::Closed => nfq::Verdict::Drop,
            Fail::Open => nfq::Verdict::Accept,
        };
        if let Err(error) = self.give(verdict, None) {
            tracing::debug!(%error, "a packet could not be given its fail verdict");
        }
    }
}

/// The numbers of this process' descriptors that are sockets.
fn sockets() -> BTreeSet<i32> {
    let entries = std::fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
    let is_socket = |path: &Path| std::fs::read_link(path).is_ok_and(|to| to.to_string_lossy().starts_with("socket:"));
    let sockets = entries.filter(|entry| is_socket(&entry.path()));
    sockets.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// A second descriptor of the socket opened since `before`: `nfq` shows its own to nobody, and without it neither
/// buffer nor waiting time can be set. Only called while no other thread opens files.
fn twin(before: &BTreeSet<i32>) -> Option<OwnedFd> {
    let number = *sockets().difference(before).next()?;
    let this = rustix::process::pidfd_open(rustix::process::getpid(), rustix::process::PidfdFlags::empty()).ok()?;
    rustix::process::pidfd_getfd(this, number, rustix::process::PidfdGetfdFlags::empty()).ok()
}

fn tune(socket: &OwnedFd) -> anyhow::Result<()> {
    if sockopt::set_socket_recv_buffer_size_force(socket, RECEIVE_BUFFER).is_err() {
        tracing::warn!("the queue's socket buffer stays at its default: bursts pass uninspected earlier");
    }
    sockopt::set_socket_timeout(socket, sockopt::Timeout::Recv, Some(WAIT))?;
    Ok(())
}
