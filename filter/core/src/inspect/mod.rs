//! A packet's bytes in the light of its flow: what was heard, and whether there is more to hear.
//!
//! One file for each kind of message; none of them decides anything.

pub mod flow;
mod listed;
mod names;
mod speech;

use alloc::sync::Arc;

use minewall_lists::Lists;

use crate::finding::Finding;
use crate::flow::key::Side;
use crate::wire::json::Scratch;
use flow::{Form, OpenFlow};
pub use names::{Asked, question};

/// What listening gave.
#[derive(Debug, Default)]
pub struct Heard {
    /// Mining, if any.
    pub finding: Option<Finding>,
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
    tls: alloc::vec::Vec<u8>,
    /// The lists names and addresses are looked up in.
    pub lists: Arc<Lists>,
}

impl Ear {
    /// An ear for all dialects and these lists.
    #[must_use]
    pub fn new(lists: Arc<Lists>) -> Self {
        Self { speech: speech::Speech::new(), scratch: Scratch::default(), tls: alloc::vec::Vec::new(), lists }
    }

    /// Listens to what `side` sent, after its stream has grown. With `last` no more will be looked at: what is not
    /// complete is taken as it is.
    pub fn hear(&mut self, flow: &mut OpenFlow, side: Side, last: bool) -> Heard {
        if let Some(heard) = listed::address(&self.lists, flow) {
            return heard;
        }
        if flow.form(side) == Form::Unknown {
            flow.recognise(side);
        }
        if flow.form(side.other()) == Form::Dns {
            // The answers of a name server.
            return Heard { progress: Progress::Always, ..Heard::default() };
        }
        match flow.form(side) {
            Form::Dns => names::stream(&self.lists, flow, side),
            Form::Http if flow.form(side.other()) == Form::Http => {
                Heard { progress: Progress::Done, ..Heard::default() }
            }
            Form::Http | Form::Unknown => Heard::default(),
            Form::Sealed => Heard { progress: Progress::Done, ..Heard::default() },
            Form::Text => self.speech.hear(flow, side, last, &mut self.scratch),
            Form::Tls => names::hello(&self.lists, flow, side, &mut self.tls),
        }
    }
}
