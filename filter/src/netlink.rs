//! Netlink (linux/netlink.h): its messages as bytes, and questions to the kernel that it answers at once.
//!
//! Written out here, and not by a library: one that knows all of rtnetlink is a twentieth of the program for routers. The
//! tests hold what is written and read against it.

use std::io::{Error, ErrorKind, Result};
use std::time::Duration;

use netlink_sys::{Socket, SocketAddr};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send, sockopt};

/// Flags of a message: NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP, NLM_F_EXCL, NLM_F_CREATE.
pub(crate) const REQUEST: u16 = 1;
pub(crate) const ACKNOWLEDGE: u16 = 4;
pub(crate) const DUMP: u16 = 0x300;
pub(crate) const EXCLUSIVE: u16 = 0x200;
pub(crate) const CREATE: u16 = 0x400;

/// Kinds of messages that say how it went: NLMSG_ERROR (with number 0 an acknowledgement), NLMSG_DONE. What is below
/// NLMSG_MIN_TYPE is about netlink itself.
pub(crate) const ERROR: u16 = 2;
const DONE: u16 = 3;
const FIRST: u16 = 16;

/// Of linux/rtnetlink.h: RTM_NEWROUTE, RTA_GATEWAY; and AF_INET.
pub(crate) const NEW_ROUTE: u16 = 24;
pub(crate) const GATEWAY: u16 = 5;
pub(crate) const IPV4: u8 = 2;

/// NLA_F_NESTED: an attribute that is made of attributes.
pub(crate) const NESTED: u16 = 1 << 15;

/// The upper bits of an attribute's kind say how it is written.
const KIND: u16 = 0x3fff;

/// struct nlmsghdr.
pub(crate) const HEADER: usize = 16;

/// The kernel writes what it has to say before it returns from the question; only a fault would have us wait.
const WAIT: Duration = Duration::from_millis(200);

/// A dump comes in pieces of 32 KiB at the most.
const ROOM: usize = 64 << 10;

/// A message begins at the end of what there is; [`finish`] writes its length.
pub(crate) fn begin(to: &mut Vec<u8>, kind: u16, flags: u16, sequence: u32) -> usize {
    let at = to.len();
    to.extend_from_slice(&[0; 4]);
    to.extend_from_slice(&kind.to_ne_bytes());
    to.extend_from_slice(&flags.to_ne_bytes());
    to.extend_from_slice(&sequence.to_ne_bytes());
    to.extend_from_slice(&[0; 4]); // the sender, whom the kernel knows
    at
}

/// The message that began at `at` is whole.
pub(crate) fn finish(to: &mut [u8], at: usize) {
    let length = u32::try_from(to.len().saturating_sub(at)).unwrap_or(u32::MAX).to_ne_bytes();
    if let Some(place) = to.get_mut(at..at + length.len()) {
        place.copy_from_slice(&length);
    }
}

/// Appends an attribute, its value in parts.
pub(crate) fn attribute(to: &mut Vec<u8>, kind: u16, values: &[&[u8]]) {
    let length = 4 + values.iter().map(|value| value.len()).sum::<usize>();
    to.extend_from_slice(&u16::try_from(length).unwrap_or(u16::MAX).to_ne_bytes());
    to.extend_from_slice(&kind.to_ne_bytes());
    values.iter().for_each(|value| to.extend_from_slice(value));
    to.extend_from_slice([0; 3].get(..align(length) - length).unwrap_or_default());
}

/// The first attribute, its kind and value, and what stands behind it. None: there is no whole one.
pub(crate) fn first(bytes: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let length = usize::from(u16::from_ne_bytes(array(bytes, 0)?));
    let kind = u16::from_ne_bytes(array(bytes, 2)?) & KIND;
    Some((kind, bytes.get(4..length)?, bytes.get(align(length)..).unwrap_or_default()))
}

/// The first attribute of a kind.
pub(crate) fn find(bytes: &[u8], kind: u16) -> Option<&[u8]> {
    let mut rest = bytes;
    while let Some((next, value, behind)) = first(rest) {
        if next == kind {
            return Some(value);
        }
        rest = behind;
    }
    None
}

pub(crate) const fn align(length: usize) -> usize {
    (length + 3) & !3
}

pub(crate) fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

/// A message as it was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Message<'a> {
    pub(crate) kind: u16,
    sequence: u32,
    /// What stands behind the header: that of the protocol, and attributes.
    pub(crate) body: &'a [u8],
}

impl<'a> Message<'a> {
    /// The first one, and what stands behind it. None: there is no whole one.
    pub(crate) fn first(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let length = usize::try_from(u32::from_ne_bytes(array(bytes, 0)?)).ok()?;
        let body = bytes.get(HEADER..length)?;
        let (kind, sequence) = (u16::from_ne_bytes(array(bytes, 4)?), u32::from_ne_bytes(array(bytes, 8)?));
        Some((Self { kind, sequence, body }, bytes.get(align(length)..).unwrap_or_default()))
    }

    /// Of [`ERROR`]: how it went, 0 if well.
    pub(crate) fn error(&self) -> i32 {
        // One that is cut short says nothing good (EBADMSG).
        array(self.body, 0).map_or(-Errno::BADMSG.raw_os_error(), i32::from_ne_bytes).wrapping_neg()
    }
}

/// A netlink socket for questions.
#[derive(Debug)]
pub(crate) struct Netlink {
    socket: Socket,
    room: Vec<u8>,
    sequence: u32,
}

impl Netlink {
    /// # Errors
    /// The kernel has no such protocol.
    pub(crate) fn open(protocol: isize) -> Result<Self> {
        let mut socket = Socket::new(protocol)?;
        socket.bind_auto()?;
        socket.connect(&SocketAddr::new(0, 0))?;
        sockopt::set_socket_timeout(&socket, sockopt::Timeout::Recv, Some(WAIT))?;
        Ok(Self { socket, room: vec![0; ROOM], sequence: 0 })
    }

    /// Asks, with these flags beside that of a request, and hands on what is answered: one message, or with [`DUMP`] as
    /// many as there are.
    ///
    /// # Errors
    /// What the kernel says against it.
    pub(crate) fn ask(&mut self, kind: u16, flags: u16, body: &[u8], take: &mut dyn FnMut(Message<'_>)) -> Result<()> {
        self.sequence = self.sequence.wrapping_add(1);
        let mut bytes = Vec::with_capacity(HEADER + body.len());
        let at = begin(&mut bytes, kind, REQUEST | flags, self.sequence);
        bytes.extend_from_slice(body);
        finish(&mut bytes, at);
        send(&self.socket, &bytes, SendFlags::empty())?;
        loop {
            let (length, _) = recv(&self.socket, &mut self.room[..], RecvFlags::empty())?;
            let mut rest = self.room.get(..length).unwrap_or_default();
            while !rest.is_empty() {
                let broken = || Error::new(ErrorKind::InvalidData, "a broken message of netlink");
                let (message, behind) = Message::first(rest).ok_or_else(broken)?;
                rest = behind;
                // What is left of a question that was given up.
                if message.sequence != self.sequence {
                    continue;
                }
                match message.kind {
                    DONE => return Ok(()),
                    ERROR => {
                        let error = message.error();
                        return if error == 0 { Ok(()) } else { Err(Error::from_raw_os_error(error)) };
                    }
                    kind if kind < FIRST => {}
                    _ => {
                        take(message);
                        // The connection table marks single answers as parts of many, too.
                        if flags & DUMP != DUMP {
                            return Ok(());
                        }
                    }
                }
            }
        }
    }
}

/// What a library writes that knows all of rtnetlink.
#[cfg(test)]
pub(crate) fn emitted(message: &impl netlink_packet_core::Emitable) -> Vec<u8> {
    let mut bytes = vec![0; message.buffer_len()];
    message.emit(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> Vec<u8> {
        let mut bytes = Vec::new();
        for (sequence, value) in [(7, &b"odd"[..]), (8, b"even")] {
            let at = begin(&mut bytes, 24, REQUEST | ACKNOWLEDGE, sequence);
            attribute(&mut bytes, 1, &[value]);
            attribute(&mut bytes, 2 | NESTED, &[value, b"!"]);
            finish(&mut bytes, at);
            bytes.resize(align(bytes.len()), 0);
        }
        bytes
    }

    #[test]
    fn what_is_written_is_read() {
        let bytes = two();
        let (first, rest) = Message::first(&bytes).unwrap();
        assert_eq!((first.kind, first.sequence), (24, 7));
        assert_eq!((find(first.body, 1), find(first.body, 2)), (Some(&b"odd"[..]), Some(&b"odd!"[..])));
        let (second, rest) = Message::first(rest).unwrap();
        assert_eq!((second.sequence, find(second.body, 2), find(second.body, 3)), (8, Some(&b"even!"[..]), None));
        assert_eq!(Message::first(rest), None);
    }

    #[test]
    fn a_broken_message_is_none_and_never_a_panic() {
        let whole = two();
        let (_, rest) = Message::first(&whole).unwrap();
        for at in 0..whole.len() - rest.len() {
            assert_eq!(Message::first(&whole[..at]), None);
            for value in [0, 1, 0x7f, 0xff] {
                let mut broken = whole.clone();
                broken[at] = value;
                if let Some((message, rest)) = Message::first(&broken) {
                    assert!(rest.len() < broken.len());
                    find(message.body, 9);
                }
            }
        }
    }
}
