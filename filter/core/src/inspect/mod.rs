//! A packet's bytes in the light of its flow: what was heard, and whether there is more to hear.
//!
//! One file for each kind of message; none of them decides anything.

mod excerpt;
pub mod flow;
mod listed;
mod names;
mod quic;
mod speech;

use alloc::boxed::Box;
use alloc::sync::Arc;

use minewall_lists::Lists;

use crate::finding::Finding;
use crate::flow::key::Side;
use crate::wire::json::Scratch;
use flow::{Form, OpenFlow};
pub use names::{Answered, Asked, answer, question};
pub use quic::{Greeting, Quic};

/// What listening gave.
#[derive(Debug, Default)]
pub struct Heard {
    /// Mining, if any.
    pub finding: Option<Finding>,
    /// A listed address, if either end is one; told until a judgement was made of it.
    pub listed: Option<Box<(Finding, Side)>>,
    /// A resolver for encrypted DNS, if the far end is one; told with the client's hello.
    pub resolver: Option<Box<Finding>>,
    /// DNS messages on a stream that could not be read.
    pub unreadable: u64,
    /// The side that mines, where what was heard tells it.
    pub miner: Option<Side>,
    /// The application protocol, where it is known.
    pub protocol: Option<&'static str>,
    /// The DNS question on a stream that was found listed.
    pub question: Option<Asked>,
    /// What to expect of the flow.
    pub progress: Progress,
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
    scratch_octets: alloc::vec::Vec<u8>,
    /// The lists names and addresses are looked up in.
    pub lists: Arc<Lists>,
    /// Whether answers to DNS questions are listened to.
    pub reads_answers: bool,
}

impl Ear {
    /// An ear for all dialects and these lists.
    #[must_use]
    pub fn new(lists: Arc<Lists>) -> Self {
        Self {
            speech: speech::Speech::new(),
            scratch: Scratch::default(),
            scratch_octets: alloc::vec::Vec::new(),
            lists,
            reads_answers: true,
        }
    }

    /// Listens to what `side` sent, after its stream has grown. With `last` no more will be looked at: what is not
    /// complete is taken as it is.
    pub fn hear(&mut self, flow: &mut OpenFlow, side: Side, last: bool) -> Heard {
        if flow.form(side) == Form::Unknown {
            flow.recognise(side);
        }
        let mut heard = self.hear_stream(flow, side, last);
        flow.set_progress(side, heard.progress);
        heard.listed = listed::address(&self.lists, flow);
        heard
    }

    /// Listens to a segment that cannot be read in its place in the stream: what is whole in it is heard nevertheless.
    pub fn hear_alone(&mut self, flow: &mut OpenFlow, side: Side, payload: &[u8]) -> Heard {
        let progress = flow.progress(side);
        let heard = match flow.form(side) {
            Form::Dns => names::alone(&self.lists, side, payload),
            Form::Text | Form::Unknown if flow.form(side.other()) != Form::Http => {
                self.speech.hear_alone(flow, side, payload, &mut self.scratch)
            }
            _ => Heard::default(),
        };
        Heard { progress, ..heard }
    }

    fn hear_stream(&mut self, flow: &mut OpenFlow, side: Side, last: bool) -> Heard {
        let always = Heard { progress: Progress::Always, ..Heard::default() };
        let far = flow.form(side.other());
        if far == Form::Dns {
            return if self.reads_answers { names::answers(&self.lists, flow, side) } else { always };
        }
        match flow.form(side) {
            Form::Dns => names::stream(&self.lists, flow, side),
            Form::Http if far == Form::Http => Heard { progress: Progress::Done, ..Heard::default() },
            Form::Unknown if flow.dns_server() == Some(side.other()) => always,
            Form::Http | Form::Unknown => Heard::default(),
            Form::Sealed => Heard { progress: Progress::Done, ..Heard::default() },
            // A web page may quote anything; behind a request, only what is nothing but objects is mining.
            Form::Text if far == Form::Http && flow.stream(side).prefix().first() != Some(&b'{') => Heard::default(),
            Form::Text => {
                let heard = self.speech.hear(flow, side, last, &mut self.scratch);
                // A connection to a name server of which only answers were seen so far.
                let waits = far == Form::Unknown && flow.dns_server() == Some(side);
                if waits { Heard { progress: Progress::Always, ..heard } } else { heard }
            }
            Form::Tls => names::hello(&self.lists, flow, side, last, &mut self.scratch_octets),
        }
    }
}
