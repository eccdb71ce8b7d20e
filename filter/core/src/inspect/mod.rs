//! A packet's bytes in the light of its flow: what was heard, and whether there is more to hear.
//!
//! One file for each kind of message; none of them decides anything.

mod excerpt;
pub mod flow;
mod follow;
mod form;
mod hearing;
mod http;
mod listed;
mod names;
mod quic;
mod room;
mod settle;
mod speech;
mod spoken;
mod streams;
mod told;
mod websocket;

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use minewall_lists::Lists;

use crate::finding::Finding;
use crate::flow::key::Side;
use crate::learned::Learned;
use crate::wire::json::Scratch;
use flow::{OpenFlow, Reader};
pub use follow::{Brought, Followed, Tally};
pub use form::Form;
use hearing::Hearing;
pub use listed::Listed;
pub use names::{Answered, Asked, answer, question};
pub use quic::{Greeting, Quic};
pub use settle::{list, name_far, settle};
use speech::{Listener, Telling};
pub use spoken::Spoken;

/// What listening gave.
#[derive(Debug, Default)]
pub struct Heard {
    /// Mining, if any.
    pub finding: Option<Finding>,
    /// A resolver for encrypted DNS, if the far end is one; told with the client's hello.
    pub resolver: Option<Box<Finding>>,
    /// The side that mines, where what was heard tells it.
    pub miner: Option<Side>,
    /// The application protocol, where it is known.
    pub protocol: Option<&'static str>,
    /// The DNS question on a stream that was found listed.
    pub question: Option<Asked>,
    /// What could not be read.
    pub counts: Counts,
    /// What to expect of the flow.
    pub progress: Progress,
}

/// What could not be read, each time it was met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Compressed messages of WebSocket.
    pub compressed: u64,
    /// Proxies that were spoken to in a way that cannot be looked through.
    pub opaque: u64,
    /// Heads of HTTP longer than is looked at.
    pub oversize: u64,
    /// DNS messages on a stream.
    pub unreadable: u64,
}

/// What to expect of a flow after what was heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Progress {
    /// Nothing more worth hearing comes: encrypted from here on, or plainly something else.
    Done,
    /// Nothing but objects of JSON came so far: the next may tell.
    Objects,
    /// A message of a known form is not complete yet.
    UnderWay,
    /// Nothing is known so far.
    #[default]
    Unknown,
    /// DNS over TCP: every message is read, as long as the connection lives.
    Always,
}

/// Listens to packets. Holds what listening needs and nothing of any flow.
#[derive(Debug)]
pub struct Ear {
    speech: speech::Speech,
    scratch: Scratch,
    joined: Vec<u8>,
    user: Vec<u8>,
    /// The lists names and addresses are looked up in.
    pub lists: Arc<Lists>,
    /// The addresses that listed names led to.
    pub learned: Arc<Learned>,
    /// Whether answers to DNS questions are listened to.
    pub reads_answers: bool,
}

impl Ear {
    /// An ear for all dialects and these lists.
    #[must_use]
    pub fn new(lists: Arc<Lists>) -> Self {
        let speech = speech::Speech::new();
        let (joined, user) = (Vec::new(), Vec::new());
        let learned = Arc::default();
        Self { speech, scratch: Scratch::default(), joined, user, lists, learned, reads_answers: true }
    }

    /// Listens to what `side` sent, after its stream has grown. With `last` no more will be looked at: what is not
    /// complete is taken as it is.
    pub fn hear(&mut self, flow: &mut OpenFlow, side: Side, last: bool) -> Heard {
        if flow.form(side) == Form::Unknown && flow.reader(side).inner == 0 {
            flow.recognise(side);
            if flow.form(side) != Form::Unknown {
                // What was under way was only its beginning.
                flow.set_progress(side, Progress::Unknown);
            }
        }
        flow.note_turn(side);
        listed::ends(&self.lists, &self.learned, flow);
        let always = Heard { progress: Progress::Always, ..Heard::default() };
        let far = flow.form(side.other());
        let heard = match flow.form(side) {
            _ if far == Form::Dns && self.reads_answers => names::answers(&self.lists, flow, side),
            _ if far == Form::Dns => always,
            Form::Dns => names::stream(&self.lists, flow, side),
            Form::Unknown if flow.dns_server() == Some(side.other()) => always,
            _ => {
                let heard = self.hear_layers(flow, side, last);
                // A connection to a name server of which only answers were seen so far.
                let waits = far == Form::Unknown && flow.dns_server() == Some(side);
                if waits { Heard { progress: Progress::Always, ..heard } } else { heard }
            }
        };
        flow.set_progress(side, heard.progress);
        heard
    }

    /// Looks at who begins to speak with whom, before anything is said.
    pub fn meet(&self, flow: &mut OpenFlow) {
        listed::ends(&self.lists, &self.learned, flow);
    }

    /// Listens to a segment that cannot be read in its place in the stream: what is whole in it is heard nevertheless.
    pub fn hear_alone(&mut self, flow: &mut OpenFlow, side: Side, payload: &[u8]) -> Heard {
        let progress = flow.progress(side);
        let heard = match flow.form(side) {
            Form::Dns => names::alone(&self.lists, side, payload),
            Form::Text | Form::Unknown
                if flow.form(side.other()) != Form::Http
                    && speech::begins_object(payload, flow.reader(side).place)
                    && !speech::is_within(payload, &mut self.scratch) =>
            {
                self.hear_with(flow, side, false, |hearing, _| {
                    hearing.listener.text(payload, &mut flow::Place::default(), false)
                })
            }
            _ => Heard::default(),
        };
        Heard { progress, ..heard }
    }

    /// Whether what came may be the start of a protocol that is no JSON, however small its pieces.
    #[must_use]
    pub fn awaits(flow: &OpenFlow) -> bool {
        streams::awaits(flow)
    }

    /// Makes room for more of what `side` sends, where a message longer than what is kept is followed; false if it is
    /// none, or not to be had.
    pub fn make_room(&self, flow: &mut OpenFlow, side: Side) -> bool {
        room::make_room(flow, side)
    }

    fn hear_layers(&mut self, flow: &mut OpenFlow, side: Side, last: bool) -> Heard {
        room::pass_over(flow, side);
        if !last && flow.progress(side) == Progress::UnderWay && room::cannot_end(flow, side) {
            // What only looks like an object may be noise of another protocol.
            return self.hear_with(flow, side, last, |_, _| Progress::UnderWay);
        }
        self.hear_with(flow, side, last, |hearing, flow| {
            let stream = flow.stream(side);
            let mut reader = flow.reader(side);
            let later = stream.later_prefix().map_or(0, <[u8]>::len);
            let work = reader.rest(stream.prefix()).len().saturating_add(later);
            let first = hearing.follow(stream.prefix(), &mut reader);
            // Where later copies of bytes differ, the other reading is heard as a whole: it is rare, and short.
            let later = stream.later_prefix().map(|later| {
                let first = core::mem::take(&mut hearing.listener.telling);
                let progress = hearing.follow(later, &mut Reader::default());
                if !hearing.listener.telling.new_token {
                    hearing.listener.telling = first;
                }
                progress
            });
            flow.set_reader(side, reader);
            flow.work = flow.work.saturating_add(work);
            if later == Some(Progress::UnderWay) { Progress::UnderWay } else { first }
        })
    }

    /// Lets `listen` hear, and makes a finding of what was heard.
    fn hear_with(
        &mut self,
        flow: &mut OpenFlow,
        side: Side,
        last: bool,
        listen: impl FnOnce(&mut Hearing<'_>, &mut OpenFlow) -> Progress,
    ) -> Heard {
        let spoken = core::mem::take(&mut flow.speech);
        let before = (spoken.dialect, spoken.weight);
        let telling = Telling::default();
        let mut hearing = Hearing {
            lists: &self.lists,
            listener: Listener { speech: &self.speech, scratch: &mut self.scratch, spoken, telling },
            joined: &mut self.joined,
            user: &mut self.user,
            side,
            far: flow.reader(side.other()),
            last,
            listed: Vec::new(),
            server_name: core::mem::take(&mut flow.server_name),
            target: None,
            counts: Counts::default(),
            protocol: None,
            greeted: false,
        };
        let progress = listen(&mut hearing, flow);
        let Hearing { listener, listed, server_name, target, counts, protocol, greeted, .. } = hearing;
        let Listener { mut spoken, mut telling, .. } = listener;
        let client = streams::hear(flow, &mut spoken, &mut telling);
        flow.speech = spoken;
        flow.server_name = server_name;
        flow.is_greeted |= greeted;
        flow.target = target.or_else(|| flow.target.take());
        listed.into_iter().for_each(|listed| flow.note_listed(listed));
        let resolver = if greeted { listed::resolver(&self.lists, flow, side) } else { None };
        let told = told::told(&flow.speech, before, telling, side);
        let protocol = protocol.or_else(|| told.is_some().then_some("stratum"));
        let by = greeted.then_some(side);
        let (finding, miner) = told.map_or((None, by), |(finding, miner)| (Some(finding), client.or(miner)));
        Heard { finding, resolver, miner, protocol, counts, progress, question: None }
    }
}
