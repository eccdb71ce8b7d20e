//! WebSocket messages (RFC 6455 section 5) from a prefix of a stream behind the upgrade.

use alloc::vec::Vec;

use super::limits::WEBSOCKET_MESSAGE_MAX;

/// What the stream says next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebSocket<'a> {
    /// A message, or the part of one that is there.
    Message(Message<'a>),
    /// No octet of a message's content yet. `consumed` octets are whole control frames before it and may
    /// be dropped.
    Incomplete {
        /// Octets of the control frames.
        consumed: usize,
    },
    /// No WebSocket frame (RFC 6455 section 5.2), told as early as the header tells it.
    NotWebSocket,
}

/// A message whose frames are joined; control frames between them are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// Text or binary.
    pub kind: Kind,
    /// Its octets without mask, at most the first 64 KiB.
    pub content: &'a [u8],
    /// RSV1: the content is compressed (permessage-deflate, RFC 7692 section 6) and not to be read.
    pub compressed: bool,
    /// The frames are masked, as clients must.
    pub masked: bool,
    /// All of it is there.
    pub whole: bool,
    /// Octets of the message's frames and the control frames before and in it; the next message begins
    /// here. 0 unless whole: read again from the same place with more octets.
    pub consumed: usize,
}

/// Data frames, RFC 6455 section 5.6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// UTF-8 text, not checked.
    Text,
    /// Anything.
    Binary,
}

impl<'a> WebSocket<'a> {
    /// Reads one message from `bytes`, which begin with a frame. The content is put into `scratch`, at
    /// most 64 KiB; use it again and again. Time is linear in the octets consumed.
    pub fn read(bytes: &[u8], scratch: &'a mut Vec<u8>) -> Self {
        scratch.clear();
        let (mut at, mut begin) = (0, 0);
        let mut first: Option<Frame> = None;
        loop {
            let frame = match Frame::read(bytes.get(at..).unwrap_or_default()) {
                Ok(frame) => frame,
                Err(Stop::NotWebSocket) => return Self::NotWebSocket,
                Err(Stop::Incomplete) => break,
            };
            let content = at + frame.header;
            let end = usize::try_from(frame.length).ok().and_then(|length| content.checked_add(length));
            let end = end.filter(|end| *end <= bytes.len());
            if !frame.is_control() {
                if first.is_some() != (frame.opcode == CONTINUATION) {
                    return Self::NotWebSocket;
                }
                frame.unmask(bytes.get(content..end.unwrap_or(bytes.len())).unwrap_or_default(), scratch);
                first.get_or_insert(frame);
            }
            let Some(end) = end else { break };
            at = end;
            if first.is_none() {
                begin = at;
            }
            if let Some(first) = first.filter(|_| frame.last && !frame.is_control()) {
                return first.message(scratch, Some(at));
            }
        }
        match first {
            Some(first) if !scratch.is_empty() => first.message(scratch, None),
            _ => Self::Incomplete { consumed: begin },
        }
    }
}

/// Opcodes, RFC 6455 section 5.2; 8 to 10 are control frames.
const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;

enum Stop {
    Incomplete,
    NotWebSocket,
}

/// A frame's header.
#[derive(Clone, Copy)]
struct Frame {
    last: bool,
    compressed: bool,
    opcode: u8,
    mask: Option<[u8; 4]>,
    /// Octets of the header.
    header: usize,
    /// Octets of the content.
    length: u64,
}

impl Frame {
    fn read(bytes: &[u8]) -> Result<Self, Stop> {
        let first = *bytes.first().ok_or(Stop::Incomplete)?;
        let (last, compressed, opcode) = (first & 0x80 != 0, first & 0x40 != 0, first & 0x0f);
        let control = opcode & 8 != 0;
        // Only the first frame of a message is marked as compressed, RFC 7692 section 6.
        let marked = compressed && (control || opcode == CONTINUATION);
        if first & 0x30 != 0 || !matches!(opcode, 0..=2 | 8..=10) || control && !last || marked {
            return Err(Stop::NotWebSocket);
        }
        let second = *bytes.get(1).ok_or(Stop::Incomplete)?;
        let (length, behind) = match second & 0x7f {
            126.. if control => return Err(Stop::NotWebSocket),
            126 => (octets(bytes, 2).map(|octets| u16::from_be_bytes(octets).into())?, 4),
            127 => (octets(bytes, 2).map(u64::from_be_bytes)?, 10),
            short => (short.into(), 2),
        };
        if length >> 63 != 0 {
            return Err(Stop::NotWebSocket);
        }
        let (mask, header) = match second & 0x80 {
            0 => (None, behind),
            _ => (Some(octets(bytes, behind)?), behind + 4),
        };
        Ok(Self { last, compressed, opcode, mask, header, length })
    }

    fn is_control(&self) -> bool {
        self.opcode & 8 != 0
    }

    /// Adds the content to `message`, as much as it takes; RFC 6455 section 5.3.
    fn unmask(&self, content: &[u8], message: &mut Vec<u8>) {
        let start = message.len();
        let room = WEBSOCKET_MESSAGE_MAX.saturating_sub(start);
        message.extend_from_slice(content.get(..room).unwrap_or(content));
        let Some(mask) = self.mask else { return };
        for chunk in message.get_mut(start..).unwrap_or_default().chunks_mut(4) {
            for (octet, mask) in chunk.iter_mut().zip(mask) {
                *octet ^= mask;
            }
        }
    }

    /// What a message that begins with this frame is; `end` where it ends, if it does.
    fn message(self, content: &[u8], end: Option<usize>) -> WebSocket<'_> {
        WebSocket::Message(Message {
            kind: if self.opcode == TEXT { Kind::Text } else { Kind::Binary },
            content,
            compressed: self.compressed,
            masked: self.mask.is_some(),
            whole: end.is_some(),
            consumed: end.unwrap_or(0),
        })
    }
}

fn octets<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], Stop> {
    bytes.get(at..).and_then(|tail| tail.first_chunk()).copied().ok_or(Stop::Incomplete)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::panic)]

    use alloc::vec;

    use proptest::prelude::*;

    use super::*;

    fn frame(first: u8, mask: Option<[u8; 4]>, content: &[u8]) -> Vec<u8> {
        let flag = if mask.is_some() { 0x80 } else { 0 };
        let mut bytes = vec![first];
        match content.len() {
            length @ 0..126 => bytes.push(flag | u8::try_from(length).unwrap()),
            length @ 126..65_536 => {
                bytes.push(flag | 126);
                bytes.extend(u16::try_from(length).unwrap().to_be_bytes());
            }
            length => {
                bytes.push(flag | 127);
                bytes.extend((length as u64).to_be_bytes());
            }
        }
        bytes.extend(mask.unwrap_or_default().iter().filter(|_| mask.is_some()));
        let mask = mask.unwrap_or_default();
        bytes.extend(content.iter().enumerate().map(|(place, octet)| octet ^ mask[place % 4]));
        bytes
    }

    /// Kind, content, whole, consumed.
    fn message(bytes: &[u8]) -> (Kind, Vec<u8>, bool, usize) {
        match WebSocket::read(bytes, &mut Vec::new()) {
            WebSocket::Message(message) => {
                assert!(!message.compressed);
                (message.kind, message.content.to_vec(), message.whole, message.consumed)
            }
            other => panic!("no message: {other:?}"),
        }
    }

    fn incomplete(consumed: usize) -> WebSocket<'static> {
        WebSocket::Incomplete { consumed }
    }

    /// RFC 6455 section 5.7.
    #[test]
    fn examples_of_the_rfc() {
        assert_eq!(message(b"\x81\x05Hello"), (Kind::Text, b"Hello".to_vec(), true, 7));
        let masked = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
        assert_eq!(message(masked), (Kind::Text, b"Hello".to_vec(), true, 11));
        let fragments = b"\x01\x03Hel\x89\x05Hello\x80\x02lo\x81\x01x";
        assert_eq!(message(fragments), (Kind::Text, b"Hello".to_vec(), true, 16));
        assert_eq!(message(&fragments[..9]), (Kind::Text, b"Hel".to_vec(), false, 0));
        let long = [&b"\x82\x7f\0\0\0\0\0\x01\0\0"[..], &[7; 65_536]].concat();
        assert_eq!(message(&long), (Kind::Binary, vec![7; 65_536], true, 65_546));
    }

    #[test]
    fn truncation_at_every_length() {
        let content: Vec<u8> = (0..=255).collect();
        let start = frame(0x89, Some([1, 2, 3, 4]), b"ping");
        let bytes =
            [&start[..], &frame(0x02, Some([9, 8, 7, 6]), &content), &frame(0x80, Some([0; 4]), b"end")].concat();
        for length in 0..bytes.len() {
            let (mut scratch, bytes) = (Vec::new(), &bytes[..length]);
            match WebSocket::read(bytes, &mut scratch) {
                WebSocket::Incomplete { consumed } => {
                    assert_eq!(consumed, if length < start.len() { 0 } else { start.len() });
                    assert!(length <= start.len() + 8);
                }
                WebSocket::Message(message) => {
                    assert!(!message.whole && message.masked && message.consumed == 0);
                    assert!([&content[..], b"end"].concat().starts_with(message.content));
                }
                WebSocket::NotWebSocket => panic!("length {length}"),
            }
        }
        assert_eq!(message(&bytes), (Kind::Binary, [&content[..], b"end"].concat(), true, bytes.len()));
    }

    #[test]
    fn compressed_is_said() {
        for (first, masked) in [(0xc1, false), (0x42, true)] {
            let bytes = frame(first, masked.then_some([1, 2, 3, 4]), b"\xaa\x56\x4a");
            let mut scratch = Vec::new();
            let WebSocket::Message(message) = WebSocket::read(&bytes, &mut scratch) else { panic!("no message") };
            assert_eq!((message.compressed, message.masked, message.whole), (true, masked, first & 0x80 != 0));
        }
    }

    #[test]
    fn control_frames_may_be_dropped() {
        let bytes = [frame(0x88, None, b""), frame(0x8a, Some([1; 4]), b"pong")].concat();
        let mut scratch = Vec::new();
        assert_eq!(WebSocket::read(&bytes, &mut scratch), incomplete(bytes.len()));
        assert_eq!(WebSocket::read(&bytes[..5], &mut scratch), incomplete(2));
        assert_eq!(WebSocket::read(b"", &mut scratch), incomplete(0));
        // A message that has begun stays.
        assert_eq!(WebSocket::read(&[&bytes[..], b"\x01\x00\x8a\x00"].concat(), &mut scratch), incomplete(bytes.len()));
        // Empty messages are messages.
        assert_eq!(message(b"\x82\x00"), (Kind::Binary, vec![], true, 2));
    }

    /// Each of these is refused at its last octet, and not before.
    #[test]
    fn what_is_not_websocket_is_told_at_once() {
        for bytes in [
            &b"{"[..],
            b"G",
            b"\x16",                       // TLS, or RSV3
            b"\xa1",                       // RSV2
            b"\x83",                       // opcode 3
            b"\x8b",                       // opcode 11
            b"\x09",                       // a control frame in parts
            b"\xc9",                       // a compressed control frame
            b"\x89\x7e",                   // a long control frame
            b"\x80\x00",                   // goes on with nothing
            b"\x01\x00\x01\x00",           // begins twice
            b"\x01\x00\xc0",               // compressed from the middle
            b"\x82\x7f\x80\0\0\0\0\0\0\0", // 2^63 octets
        ] {
            let mut scratch = Vec::new();
            assert_eq!(WebSocket::read(bytes, &mut scratch), WebSocket::NotWebSocket, "{bytes:02x?}");
            let before = &bytes[..bytes.len() - 1];
            assert_ne!(WebSocket::read(before, &mut scratch), WebSocket::NotWebSocket, "{before:02x?}");
        }
    }

    #[test]
    fn memory_is_bounded() {
        let fragment = frame(0x00, Some([1, 2, 3, 4]), &[b'x'; 50_000]);
        let bytes = [frame(0x01, None, b"start"), fragment.repeat(3), frame(0x80, None, b"")].concat();
        let (_, content, whole, consumed) = message(&bytes);
        assert_eq!((content.len(), whole, consumed), (65_536, true, bytes.len()));
        assert!(content.starts_with(b"start") && content[5..].iter().all(|octet| *octet == b'x'));
        let (_, content, whole, _) = message(&[&b"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"[..], b"there"].concat());
        assert_eq!((content, whole), (b"there".to_vec(), false));
    }

    proptest! {
        /// Any message in any fragments with any masks and control frames between them.
        #[test]
        fn fragments(
            parts in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..300), any::<Option<[u8; 4]>>(), any::<bool>()), 1..8),
        ) {
            let (mut bytes, mut content) = (Vec::new(), Vec::new());
            for (place, (part, mask, ping)) in parts.iter().enumerate() {
                let opcode = if place == 0 { 1 } else { 0 };
                let last = if place + 1 == parts.len() { 0x80 } else { 0 };
                if *ping {
                    bytes.extend(frame(0x89, *mask, b"are you there"));
                }
                bytes.extend(frame(opcode | last, *mask, part));
                content.extend(part);
            }
            let length = bytes.len();
            bytes.extend(b"\x81\x01x");
            prop_assert_eq!(message(&bytes), (Kind::Text, content, true, length));
        }

        #[test]
        fn any_bytes(bytes in prop::collection::vec(prop_oneof![Just(0_u8), Just(0x82), Just(0x89), any::<u8>()], 0..100)) {
            let mut scratch = Vec::new();
            match WebSocket::read(&bytes, &mut scratch) {
                WebSocket::Message(message) => prop_assert!(message.consumed <= bytes.len()),
                WebSocket::Incomplete { consumed } => prop_assert!(consumed <= bytes.len()),
                WebSocket::NotWebSocket => {}
            }
        }
    }
}
