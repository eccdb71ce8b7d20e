//! Questions to the kernel, answered at once.

use std::io::{Error, ErrorKind, Result};
use std::time::Duration;

use netlink_packet_core::{
    NLM_F_DUMP, NLM_F_REQUEST, NetlinkDeserializable, NetlinkHeader, NetlinkMessage, NetlinkPayload,
    NetlinkSerializable,
};
use netlink_sys::{Socket, SocketAddr};
use rustix::net::{RecvFlags, SendFlags, recv, send, sockopt};

/// The kernel writes what it has to say before it returns from the question; only a fault would have us wait.
const WAIT: Duration = Duration::from_millis(200);

/// A dump comes in pieces of 32 KiB at the most.
const ROOM: usize = 64 << 10;

/// A netlink socket.
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

    /// Asks, with these flags beside that of a request, and hands on what is answered: one message, or with NLM_F_DUMP as
    /// many as there are.
    ///
    /// # Errors
    /// What the kernel says against it.
    pub(crate) fn ask<I>(&mut self, question: I, flags: u16, mut take: impl FnMut(I)) -> Result<()>
    where
        I: NetlinkSerializable + NetlinkDeserializable,
        NetlinkPayload<I>: From<I>,
    {
        self.sequence = self.sequence.wrapping_add(1);
        let mut header = NetlinkHeader::default();
        (header.flags, header.sequence_number) = (NLM_F_REQUEST | flags, self.sequence);
        let mut message = NetlinkMessage::new(header, NetlinkPayload::from(question));
        message.finalize();
        let mut bytes = vec![0; message.buffer_len()];
        message.serialize(&mut bytes);
        send(&self.socket, &bytes, SendFlags::empty())?;
        loop {
            let (length, _) = recv(&self.socket, &mut self.room[..], RecvFlags::empty())?;
            let mut rest = self.room.get(..length).unwrap_or_default();
            while !rest.is_empty() {
                let broken =
                    |error: netlink_packet_core::DecodeError| Error::new(ErrorKind::InvalidData, error.to_string());
                let message = NetlinkMessage::<I>::deserialize(rest).map_err(broken)?;
                let length = usize::try_from(message.header.length).unwrap_or(usize::MAX).next_multiple_of(4);
                rest = rest.get(length.max(4)..).unwrap_or_default();
                // What is left of a question that was given up.
                if message.header.sequence_number != self.sequence {
                    continue;
                }
                match message.payload {
                    NetlinkPayload::Done(_) => return Ok(()),
                    NetlinkPayload::Error(error) => {
                        return error.code.map_or(Ok(()), |code| Err(Error::from_raw_os_error(code.get().abs())));
                    }
                    NetlinkPayload::InnerMessage(inner) => {
                        take(inner);
                        // The connection table marks single answers as parts of many, too.
                        if flags & NLM_F_DUMP != NLM_F_DUMP {
                            return Ok(());
                        }
                    }
                    _ => {}
                }
            }
        }
    }
}
