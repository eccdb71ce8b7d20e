//! The Initial packets of a client's datagram, opened.

use alloc::vec::Vec;

use super::{
    Crypto, Header, QuicError,
    header::{Packets, Reader},
};
use crate::wire::limits::QUIC_UNOPENED_MAX;

/// What was opened of a datagram.
#[derive(Clone, Copy, Debug)]
pub struct Initial<'a> {
    /// Header of the first packet opened.
    pub header: Header<'a>,
    /// Packets opened, 1 or more.
    pub packets: usize,
}

impl<'a> Initial<'a> {
    /// Opens the client's Initial packets in a datagram and puts what their CRYPTO frames carry into
    /// `crypto`, which belongs to the connection; then ask [`Crypto::hello`]. Packets are decrypted in
    /// `scratch`, at most the datagram's length; use it again and again. Time is linear in the datagram,
    /// and keys are derived for at most 8 packets that cannot be opened.
    ///
    /// # Errors
    /// [`QuicError`] if no packet could be opened; `crypto` is as before then.
    pub fn open(datagram: &'a [u8], crypto: &mut Crypto, scratch: &mut Vec<u8>) -> Result<Self, QuicError> {
        let mut opened: Option<Self> = None;
        let mut error = QuicError::NoInitial;
        let mut unopened = 0;
        for header in Packets::of(datagram) {
            let header = match header {
                Ok(header) => header,
                Err(other) => {
                    error = other;
                    break;
                }
            };
            if open_packet(&header, crypto, scratch) {
                opened.get_or_insert(Self { header, packets: 0 }).packets += 1;
                continue;
            }
            error = QuicError::Unauthentic;
            unopened += 1;
            if unopened == QUIC_UNOPENED_MAX {
                break;
            }
        }
        opened.ok_or(error)
    }
}

/// Opens one packet and reads its frames; whether it could be opened.
fn open_packet(header: &Header<'_>, crypto: &mut Crypto, scratch: &mut Vec<u8>) -> bool {
    for candidate in crypto.candidates(header.version, header.dcid).into_iter().flatten() {
        scratch.clear();
        scratch.extend_from_slice(header.packet);
        let largest = if candidate.new { None } else { crypto.largest };
        let Some((number, frames)) = candidate.keys.open(scratch, header.number_at, largest) else {
            continue;
        };
        if candidate.new {
            crypto.start(header.version, header.dcid, candidate.keys);
        }
        crypto.largest = crypto.largest.max(Some(number));
        // A frame that is broken or has no place here ends the packet: the server closes (RFC 9000
        // section 12.4). What came before it was said.
        let _rest_is_for_the_server = read_frames(frames, crypto);
        return true;
    }
    false
}

/// Reads the frames that Initial packets may have, RFC 9000 sections 17.2.2 and 19.
fn read_frames(frames: &[u8], crypto: &mut Crypto) -> Result<(), QuicError> {
    let mut frames = Reader { bytes: frames, at: 0 };
    while frames.at < frames.bytes.len() {
        match frames.varint()? {
            PADDING => frames.skip_zeros(),
            PING => {}
            kind @ (ACK | ACK_ECN) => skip_ack(&mut frames, kind == ACK_ECN)?,
            CRYPTO => {
                let offset = frames.varint()?;
                crypto.put(offset, frames.prefixed()?);
            }
            _ => return Err(QuicError::Truncated { at: frames.at }),
        }
    }
    Ok(())
}

/// Frame types, RFC 9000 section 19.
const PADDING: u64 = 0;
const PING: u64 = 1;
const ACK: u64 = 2;
const ACK_ECN: u64 = 3;
const CRYPTO: u64 = 6;

/// RFC 9000 section 19.3.
fn skip_ack(frames: &mut Reader<'_>, ecn: bool) -> Result<(), QuicError> {
    frames.varint()?;
    frames.varint()?;
    let ranges = frames.varint()?;
    frames.varint()?;
    // Each range takes two octets or more, so this ends with the packet.
    for _ in 0..ranges {
        frames.varint()?;
        frames.varint()?;
    }
    for _ in 0..if ecn { 3 } else { 0 } {
        frames.varint()?;
    }
    Ok(())
}
