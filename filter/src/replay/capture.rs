//! Captures: pcap and pcapng, frame by frame, with the time and link type of each.

mod interface;

use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{Cursor, Read};
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use pcap_parser::traits::PcapReaderIterator;
use pcap_parser::{PcapError, create_reader};

use interface::Interfaces;

/// Bytes read at once.
const BUFFER: usize = 1 << 20;
/// Bytes of the largest block that is read, as in Wireshark.
const BLOCK_MAX: usize = 16 << 20;
/// Bytes at the beginning of a capture that tell it from others.
const HEAD: u64 = 1 << 16;
/// How captures begin: pcap with microseconds, with nanoseconds, "modified", and pcapng.
const MAGICS: [[u8; 4]; 6] = [
    [0xa1, 0xb2, 0xc3, 0xd4],
    [0xd4, 0xc3, 0xb2, 0xa1],
    [0xa1, 0xb2, 0x3c, 0x4d],
    [0x4d, 0x3c, 0xb2, 0xa1],
    [0x34, 0xcd, 0xb2, 0xa1],
    [0x0a, 0x0d, 0x0d, 0x0a],
];

/// One captured frame.
pub(super) struct Frame<'a> {
    /// Microseconds since 1970.
    pub(super) time_us: i64,
    /// As in the capture file.
    pub(super) linktype: u16,
    /// What was kept of the frame.
    pub(super) bytes: &'a [u8],
}

/// A capture whose header was read.
pub(super) struct Capture {
    reader: Box<dyn PcapReaderIterator + Send>,
    fingerprint: u64,
    capacity: usize,
}

impl Capture {
    /// Opens a file or a pipe.
    ///
    /// # Errors
    /// It cannot be read, or does not begin as a capture does.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let mut file = File::open(path).context("cannot open it")?;
        let metadata = file.metadata().context("cannot read it")?;
        if metadata.is_dir() {
            bail!("it is a directory; name the captures in it");
        }
        let mut head = Vec::new();
        file.by_ref().take(HEAD).read_to_end(&mut head).context("cannot read it")?;
        if head.is_empty() {
            bail!("it is empty");
        }
        let is_capture = MAGICS.iter().any(|magic| head.starts_with(magic));
        let mut hasher = DefaultHasher::new();
        (&head, metadata.len()).hash(&mut hasher);
        let reader = create_reader(BUFFER, Cursor::new(head).chain(file)).map_err(|_| {
            if is_capture {
                anyhow!("its header, at byte 0, is cut short or damaged")
            } else {
                anyhow!("it is neither pcap nor pcapng")
            }
        })?;
        Ok(Self { reader, fingerprint: hasher.finish(), capacity: BUFFER })
    }

    /// A number of this capture: the same each time it is read, another one for every other capture.
    pub(super) fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// Gives every frame to `take`, and the bytes of the file gone through to `passed`.
    ///
    /// # Errors
    /// What `take` says; or the capture is damaged from some byte on: the frames before it have been given.
    pub(super) fn read(
        mut self,
        mut take: impl FnMut(Frame<'_>) -> Result<()>,
        mut passed: impl FnMut(u64),
    ) -> Result<()> {
        let mut interfaces = Interfaces::default();
        let mut at = 0_u64;
        loop {
            match self.reader.next() {
                Ok((size, block)) => {
                    if let Some(frame) = interfaces.frame(block).map_err(|wrong| damaged(at, &wrong))? {
                        take(frame)?;
                    }
                    at += size as u64;
                    passed(size as u64);
                    self.reader.consume(size);
                }
                Err(PcapError::Eof) => return Ok(()),
                Err(PcapError::Incomplete(_)) => {
                    self.reader.refill().map_err(|_| anyhow!("it cannot be read on behind byte {at}"))?;
                }
                Err(PcapError::BufferTooSmall) if self.capacity < BLOCK_MAX => {
                    self.capacity = BLOCK_MAX;
                    self.reader.grow(BLOCK_MAX);
                }
                Err(PcapError::BufferTooSmall) => return Err(damaged(at, "a length beyond 16 MiB")),
                Err(PcapError::UnexpectedEof) => bail!("it is cut short at byte {at}; everything before was used"),
                Err(_) => return Err(damaged(at, "a block that contradicts itself")),
            }
        }
    }
}

fn damaged(at: u64, what: &str) -> anyhow::Error {
    anyhow!("it is damaged at byte {at} ({what}); everything before was used")
}
