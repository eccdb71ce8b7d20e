//! Captures: pcap and pcapng, frame by frame, with the time and link type of each.

use std::fs::File;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use pcap_parser::{Block, PcapBlockOwned, PcapError, create_reader};

/// Bytes read at once; a frame must fit.
const BUFFER: usize = 1 << 20;

/// One captured frame.
pub(super) struct Frame<'a> {
    /// Microseconds since 1970.
    pub(super) time_us: i64,
    /// As in the capture file.
    pub(super) linktype: u16,
    /// What was kept of the frame.
    pub(super) bytes: &'a [u8],
    /// Bytes of the file this frame took.
    pub(super) consumed: u64,
}

/// The interfaces of a pcapng section, or the one of a pcap file.
#[derive(Default)]
struct Interfaces {
    list: Vec<Interface>,
}

#[derive(Clone, Copy)]
struct Interface {
    linktype: u16,
    /// Time stamp units in a second.
    resolution: u64,
    /// Seconds to add.
    offset: i64,
}

/// Gives every frame to `take`.
///
/// # Errors
/// The file cannot be read, or is damaged from some place on: the frames before it have been given.
pub(super) fn read(path: &Path, mut take: impl FnMut(Frame<'_>) -> Result<()>) -> Result<()> {
    let file = File::open(path).context("cannot open it")?;
    if file.metadata().context("cannot read it")?.len() == 0 {
        bail!("it is empty");
    }
    let mut reader = create_reader(BUFFER, file).map_err(|error| match error {
        PcapError::HeaderNotRecognized | PcapError::Incomplete(_) | PcapError::UnexpectedEof => {
            anyhow!("it is neither pcap nor pcapng")
        }
        error => anyhow!("it cannot be read: {error:?}"),
    })?;
    let mut interfaces = Interfaces::default();
    let mut at = 0_u64;
    let mut stalled = false;
    loop {
        match reader.next() {
            Ok((consumed, block)) => {
                stalled = false;
                at += consumed as u64;
                if let Some(mut frame) = interfaces.frame(block)? {
                    frame.consumed = consumed as u64;
                    take(frame)?;
                }
                reader.consume(consumed);
            }
            Err(PcapError::Eof) => return Ok(()),
            Err(PcapError::Incomplete(_)) if !stalled => {
                stalled = true;
                reader.refill().map_err(|error| anyhow!("it cannot be read on: {error:?}"))?;
            }
            Err(PcapError::Incomplete(_) | PcapError::UnexpectedEof) => {
                bail!("it is cut short at byte {at}; everything before was used")
            }
            Err(error) => bail!("it is damaged at byte {at} ({}); everything before was used", kind(&error)),
        }
    }
}

fn kind<I: std::fmt::Debug>(error: &PcapError<I>) -> String {
    match error {
        PcapError::NomError(_, kind) | PcapError::OwnedNomError(_, kind) => format!("{kind:?}"),
        other => format!("{other:?}").chars().take(60).collect(),
    }
}

impl Interfaces {
    fn frame<'a>(&mut self, block: PcapBlockOwned<'a>) -> Result<Option<Frame<'a>>> {
        match block {
            PcapBlockOwned::LegacyHeader(header) => {
                let resolution = if header.is_nanosecond_precision() { 1_000_000_000 } else { 1_000_000 };
                self.list = vec![Interface { linktype: linktype(header.network.0), resolution, offset: 0 }];
                Ok(None)
            }
            PcapBlockOwned::Legacy(packet) => {
                let interface = self.get(0)?;
                let time_us =
                    time_us(interface, u64::from(packet.ts_sec) * interface.resolution + u64::from(packet.ts_usec));
                Ok(Some(Frame {
                    time_us,
                    linktype: interface.linktype,
                    bytes: kept(packet.data, packet.caplen),
                    consumed: 0,
                }))
            }
            PcapBlockOwned::NG(block) => self.block(block),
        }
    }

    fn block<'a>(&mut self, block: Block<'a>) -> Result<Option<Frame<'a>>> {
        match block {
            Block::SectionHeader(_) => self.list.clear(),
            Block::InterfaceDescription(description) => self.list.push(Interface {
                linktype: linktype(description.linktype.0),
                resolution: description.ts_resolution().unwrap_or(1_000_000),
                offset: description.ts_offset(),
            }),
            Block::EnhancedPacket(packet) => {
                let interface = self.get(packet.if_id as usize)?;
                let stamp = u64::from(packet.ts_high) << 32 | u64::from(packet.ts_low);
                let bytes = kept(packet.data, packet.caplen);
                let time_us = time_us(interface, stamp);
                return Ok(Some(Frame { time_us, linktype: interface.linktype, bytes, consumed: 0 }));
            }
            Block::SimplePacket(packet) => {
                let interface = self.get(0)?;
                let bytes = kept(packet.data, packet.origlen);
                return Ok(Some(Frame { time_us: 0, linktype: interface.linktype, bytes, consumed: 0 }));
            }
            _ => {}
        }
        Ok(None)
    }

    fn get(&self, index: usize) -> Result<Interface> {
        self.list
            .get(index)
            .copied()
            .with_context(|| format!("it is damaged: a packet of interface {index}, which was not described"))
    }
}

/// The block's packet without its padding.
fn kept(data: &[u8], length: u32) -> &[u8] {
    data.get(..length as usize).unwrap_or(data)
}

/// Link types of captures fit 16 bits; the upper ones carry the length of a frame check sequence.
fn linktype(network: i32) -> u16 {
    (network & 0xffff) as u16
}

fn time_us(interface: Interface, stamp: u64) -> i64 {
    let micros = u128::from(stamp) * 1_000_000 / u128::from(interface.resolution.max(1));
    i64::try_from(micros).unwrap_or(i64::MAX).saturating_add(interface.offset.saturating_mul(1_000_000))
}
