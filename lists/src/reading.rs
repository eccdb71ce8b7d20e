//! A list being read into the index.

use crate::{
    builder::Builder,
    entry::Entry,
    format::Format,
    meta::ListMeta,
    reader::{Reader, Unreadable},
    said::{Standing, Taken},
    tally::{Reason, Tally},
};

/// A list being read into the index, its bytes in any cut.
#[derive(Debug)]
pub struct Reading<'b> {
    builder: &'b mut Builder,
    reader: Reader,
    standing: Option<Standing>,
    tally: Tally,
}

impl Builder {
    /// Begins with a list. Of one that turns out unreadable the entries read before stay in the builder, which is then to be
    /// thrown away.
    pub fn read(&mut self, meta: ListMeta, format: Format) -> Reading<'_> {
        let (category, confidence, trust) = (meta.category, meta.confidence, meta.trust);
        let standing = self.begin(meta).map(|list| Standing { list, category, confidence, trust });
        let mut tally = Tally::default();
        if standing.is_none() {
            tally.refuse(Reason::Full, 1);
        }
        Reading { builder: self, reader: Reader::new(format), standing, tally }
    }

    /// Adds a list of any format. What is not usable is counted by reason.
    pub fn add_text(&mut self, meta: ListMeta, text: &str) -> Tally {
        let mut reading = self.read(meta, Format::Auto);
        // The tally has it.
        let _ = reading.push(text.as_bytes());
        reading.finish().1
    }
}

impl Reading<'_> {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// This is no list, or too long.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Unreadable> {
        let Self { builder, reader, standing, tally } = self;
        let Some(standing) = standing else { return Ok(()) };
        reader.push(bytes, &mut |entry, line| take(builder, *standing, tally, entry, line))
    }

    /// The list is over; what of it was taken.
    ///
    /// # Errors
    /// It was no list, or too long.
    pub fn end(self) -> Result<Tally, Unreadable> {
        let (end, tally) = self.finish();
        end.map(|()| tally)
    }

    fn finish(self) -> (Result<(), Unreadable>, Tally) {
        let Self { builder, reader, standing, mut tally } = self;
        let Some(standing) = standing else { return (Ok(()), tally) };
        let end = reader.end(&mut |entry, line| take(builder, standing, &mut tally, entry, line));
        if end.is_err() {
            tally.refuse(Reason::Unreadable, 1);
        }
        builder.finished(tally.accepted);
        (end, tally)
    }
}

fn take(builder: &mut Builder, standing: Standing, tally: &mut Tally, entry: Result<Entry<'_>, Reason>, line: usize) {
    let taken = entry.and_then(|entry| builder.take(standing, &entry));
    match taken {
        Ok(Taken::New) => tally.accepted += 1,
        Ok(Taken::Again) => tally.duplicates += 1,
        Ok(Taken::Noted) => tally.noted += 1,
        Ok(Taken::Except) => tally.exceptions += 1,
        Err(reason) => tally.refuse(reason, line),
    }
}
