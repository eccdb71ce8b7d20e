//! Following messages longer than what is kept of a stream.

use alloc::vec::Vec;

use super::flow::OpenFlow;
use super::speech::inside;
use super::{Form, Progress};
use crate::dialect;
use crate::flow::key::Side;
use crate::wire::json;

/// Whether the object under way in a text cannot have ended: what came since it was looked at stands inside it. Without
/// this, a line sent byte by byte would be read anew with each.
pub(super) fn cannot_end(flow: &mut OpenFlow, side: Side) -> bool {
    let mut reader = flow.reader(side);
    if reader.form != Form::Text {
        return false;
    }
    let place = &mut reader.place;
    let stream = flow.stream(side);
    place.inside.pass(stream.prefix().get(place.seen..).unwrap_or_default());
    place.seen = stream.prefix().len();
    let cannot = stream.later_prefix().is_none() && place.inside.is_inside();
    flow.set_reader(side, reader);
    cannot
}

/// Lets go of what came of the inside of a container that is not kept.
pub(super) fn pass_over(flow: &mut OpenFlow, side: Side) {
    let mut reader = flow.reader(side);
    let place = &mut reader.place;
    if place.folded.is_inside() {
        let fresh = flow.stream(side).prefix().get(place.seen..).unwrap_or_default();
        let behind = place.seen + place.folded.pass(fresh);
        flow.stream_mut(side).remove(core::slice::from_ref(&(place.seen..behind)));
        flow.set_reader(side, reader);
    }
}

/// Makes room behind what is kept of a text of nothing but objects, or tells that it cannot: those that were read go,
/// and the one under way is kept without the inside of what is long. Where copies differ, both are kept as they are.
pub(super) fn make_room(flow: &mut OpenFlow, side: Side) -> bool {
    let is_followed = match flow.progress(side) {
        // Behind a web request, how the text began must be known.
        Progress::Objects => flow.form(side.other()) != Form::Http,
        progress => progress == Progress::UnderWay,
    };
    if !is_followed || flow.form(side) != Form::Text || flow.stream(side).later_prefix().is_some() {
        return false;
    }
    let mut reader = flow.reader(side);
    let kept = flow.stream(side).prefix().len();
    let read = reader.place.read.min(kept);
    flow.stream_mut(side).consume(read);
    reader.inner = reader.inner.saturating_sub(read);
    (reader.place.read, reader.place.seen) = (0, reader.place.seen.saturating_sub(read));
    let mut is_made = read > 0;
    if read < kept / 2 {
        let mut cuts = Vec::new();
        if let Some(folded) = json::fold(flow.stream(side).prefix(), dialect::asked, &mut cuts) {
            let stream = flow.stream_mut(side);
            stream.remove(&cuts);
            reader.place.seen = stream.prefix().len();
            (reader.place.inside, reader.place.folded) = (inside(stream.prefix()), folded);
            is_made = true;
        }
    }
    flow.set_reader(side, reader);
    is_made
}
