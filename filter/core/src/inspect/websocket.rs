//! WebSocket: the objects in text messages, frames joined and unmasked.

use super::Progress;
use super::flow::Reader;
use super::form::Form;
use super::hearing::{Hearing, Step};
use super::speech::Carrier;
use crate::wire::websocket::WebSocket;

impl Hearing<'_> {
    /// Reads one message after another. What is compressed is counted and passed over.
    pub(super) fn websocket(&mut self, bytes: &[u8], reader: &mut Reader) -> Step {
        self.protocol = Some("websocket");
        loop {
            let rest = reader.rest(bytes);
            if rest.is_empty() {
                return Some(Progress::Objects);
            }
            match WebSocket::read(rest, self.joined) {
                WebSocket::Message(message) if message.whole => {
                    if message.compressed {
                        self.counts.compressed += 1;
                    } else {
                        self.listener.message(message.content, Carrier::Line, true);
                    }
                    reader.place.read += message.consumed;
                }
                WebSocket::Message(message) => {
                    let is_json = !message.compressed && message.content.trim_ascii_start().first() == Some(&b'{');
                    self.listener.message(message.content, Carrier::Line, self.last);
                    return Some(if is_json { self.under_way() } else { Progress::Unknown });
                }
                WebSocket::Incomplete { consumed } => {
                    reader.place.read += consumed;
                    return Some(if consumed < rest.len() { self.under_way() } else { Progress::Objects });
                }
                // Nobody agreed to the upgrade, or what began like a frame is none.
                WebSocket::NotWebSocket if reader.place.read == reader.inner => {
                    let otherwise =
                        if rest.first().is_some_and(u8::is_ascii_uppercase) { Form::Http } else { Form::Text };
                    return Self::otherwise(reader, otherwise);
                }
                WebSocket::NotWebSocket => return Some(Progress::Unknown),
            }
        }
    }
}
