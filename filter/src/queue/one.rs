//! The reader by the crate `nfq`: one packet and one verdict a system call.

use std::collections::BTreeSet;
use std::io::{ErrorKind, Result};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use minewall_core::engine::Meta;
use rustix::net::sockopt;

use super::message::{AT_GATEWAY, Packet, by};
use super::socket::{RECEIVE_BUFFER, WAIT};
use super::{Decision, Latency, Terms};

/// The queue, and the packet last read until it is decided.
pub(super) struct One {
    inner: nfq::Queue,
    message: Option<nfq::Message>,
    since: Instant,
    latency: Arc<Latency>,
}

impl One {
    pub(super) fn bind(terms: Terms, latency: Arc<Latency>) -> Result<Self> {
        let before = sockets();
        let mut inner = nfq::Queue::open()?;
        inner.bind(terms.number)?;
        inner.set_copy_range(terms.number, terms.copy)?;
        inner.set_queue_max_len(terms.number, terms.length)?;
        inner.set_recv_gso(terms.number, true)?;
        inner.set_fail_open(terms.number, terms.fail_open)?;
        match twin(&before) {
            Some(socket) => tune(&socket)?,
            None => tracing::warn!(
                queue = terms.number,
                "the queue's socket cannot be tuned: stopping takes one more packet"
            ),
        }
        Ok(Self { inner, message: None, since: Instant::now(), latency })
    }

    pub(super) fn next(&mut self) -> Result<Option<Packet>> {
        let message = loop {
            match self.inner.recv() {
                Ok(message) => break message,
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
                    return Ok(None);
                }
                // The answer to a verdict on a packet that is gone: the kernel drops all that wait when a chain of
                // anybody's is taken from a hook.
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    tracing::debug!(%error, "a verdict was not taken");
                }
                Err(error) => return Err(error),
            }
        };
        self.since = Instant::now();
        let ports = [message.get_physindev(), message.get_physoutdev()];
        let [ingress, egress] = by(ports, [message.get_indev(), message.get_outdev()]);
        let meta = Meta {
            ingress,
            egress,
            source_mac: message.get_hw_addr().and_then(|mac| mac.try_into().ok()),
            at_gateway: AT_GATEWAY.contains(&message.get_hook()),
        };
        let (id, mark) = (message.get_packet_id(), message.get_nfmark());
        let packet = Packet { id, mark, meta, ports, ..Packet::default() };
        self.message = Some(message);
        Ok(Some(packet))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.message.as_ref().map(nfq::Message::get_payload).unwrap_or_default()
    }

    pub(super) fn decide(&mut self, decision: Decision<'_>) {
        let Some(mut message) = self.message.take() else { return };
        if let Some(mark) = decision.mark {
            message.set_nfmark(mark);
        }
        if let Some(bytes) = decision.bytes {
            message.set_payload(bytes);
        }
        message.set_verdict(if decision.passes { nfq::Verdict::Accept } else { nfq::Verdict::Drop });
        if let Err(error) = self.inner.verdict(message) {
            tracing::debug!(%error, "a verdict was not taken");
        }
        self.latency.note(self.since.elapsed(), 1);
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

fn tune(socket: &OwnedFd) -> Result<()> {
    if sockopt::set_socket_recv_buffer_size_force(socket, RECEIVE_BUFFER).is_err() {
        tracing::warn!("the queue's socket buffer stays at its default: bursts pass uninspected earlier");
    }
    sockopt::set_socket_timeout(socket, sockopt::Timeout::Recv, Some(WAIT))?;
    Ok(())
}
