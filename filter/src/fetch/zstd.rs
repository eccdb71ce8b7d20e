//! zstd frames, one after the other, as zstd(1) reads them.

use std::io::{self, BufRead, Read};

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// How a frame begins (RFC 8878, 3.1.1).
pub(super) const MAGIC: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// The largest window taken: what every server of zstd must keep to (RFC 9659), and what `zstd -19` makes.
const WINDOW: u64 = 8 << 20;

/// Reads frames until their source ends.
pub(super) struct Frames<R> {
    source: R,
    decoder: FrameDecoder,
}

impl<R: BufRead> Frames<R> {
    pub(super) fn new(source: R) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(WINDOW);
        Self { source, decoder }
    }

    /// Begins the next frame; whether there is one.
    fn next(&mut self) -> io::Result<bool> {
        if self.decoder.get_checksum_from_data() != self.decoder.get_calculated_checksum()
            && self.decoder.get_checksum_from_data().is_some()
        {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "zstd: the checksum is wrong"));
        }
        while !self.source.fill_buf()?.is_empty() {
            match self.decoder.reset(&mut self.source) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    io::copy(&mut Read::by_ref(&mut self.source).take(u64::from(length)), &mut io::sink())?;
                }
                Err(error) => return Err(self.failed(error)),
            }
        }
        Ok(false)
    }

    /// The error of the source if that is what went wrong: the decoder hides it in words of its own.
    fn failed(&mut self, error: FrameDecoderError) -> io::Error {
        match self.source.fill_buf() {
            Err(of_source) => of_source,
            Ok([]) => io::Error::new(io::ErrorKind::UnexpectedEof, format!("zstd: {error}")),
            Ok(_) => io::Error::new(io::ErrorKind::InvalidData, format!("zstd: {error}")),
        }
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.decoder.can_collect() == 0 {
            if self.decoder.is_finished() {
                if !self.next()? {
                    return Ok(0);
                }
            } else if let Err(error) =
                self.decoder.decode_blocks(&mut self.source, BlockDecodingStrategy::UptoBlocks(1))
            {
                return Err(self.failed(error));
            }
        }
        self.decoder.read(buffer)
    }
}
