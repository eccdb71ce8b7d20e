//! One hearing of one side's bytes: layer after layer, from the outermost to the innermost.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use minewall_lists::Lists;

use super::flow::{Reader, Target};
use super::form::{Form, form_of};
use super::listed::{self, Listed};
use super::speech::Listener;
use super::{Counts, Progress};
use crate::finding::Layer;
use crate::flow::key::Side;
use crate::wire::host::Host;
use crate::wire::proxy::Proxy;
use crate::wire::socks::{Socks, SocksCommand, SocksReply, SocksVersion};
use crate::wire::tls;

/// Steps of one hearing; each layer takes two, to be told and to come off: a balancer's header, two proxies, an upgrade.
const STEPS: usize = 16;

/// What a hearing works with, and what it gives.
pub(super) struct Hearing<'a> {
    pub(super) lists: &'a Lists,
    pub(super) listener: Listener<'a>,
    /// Room for bytes put together: TLS records, chunks, frames.
    pub(super) joined: &'a mut Vec<u8>,
    /// Room for a user's name.
    pub(super) user: &'a mut Vec<u8>,
    /// The side that speaks.
    pub(super) side: Side,
    /// How far the other side was read.
    pub(super) far: Reader,
    /// Whether no more will be looked at.
    pub(super) last: bool,
    pub(super) listed: Vec<Listed>,
    /// The flow's server name, to be written anew.
    pub(super) server_name: String,
    pub(super) target: Option<Target>,
    pub(super) counts: Counts,
    /// The application protocol, where it is known.
    pub(super) protocol: Option<&'static str>,
    /// Whether a client's TLS hello was read.
    pub(super) greeted: bool,
}

/// What a step in one layer led to: something to expect, or nothing yet, since a layer came off.
pub(super) type Step = Option<Progress>;

impl Hearing<'_> {
    /// Reads what is new in `bytes`.
    pub(super) fn follow(&mut self, bytes: &[u8], reader: &mut Reader) -> Progress {
        for _ in 0..STEPS {
            if let Some(progress) = self.step(bytes, reader) {
                return progress;
            }
        }
        Progress::Done
    }

    fn step(&mut self, bytes: &[u8], reader: &mut Reader) -> Step {
        let rest = reader.rest(bytes);
        match reader.form {
            Form::Unknown => {
                reader.form = form_of(rest, false);
                let waits = || match (rest, bytes) {
                    (_, []) => Progress::Unknown,
                    // Behind a header something is to come; the other side need not wait for it.
                    ([], _) => Progress::Objects,
                    _ => self.under_way(),
                };
                (reader.form == Form::Unknown).then(waits)
            }
            Form::Proxy => self.proxy(rest, reader),
            Form::Socks => self.socks(rest, reader),
            Form::SocksReply => self.socks_reply(rest, reader),
            Form::Http => self.http(bytes, reader),
            Form::WebSocket => self.websocket(bytes, reader),
            Form::Tls => Some(self.hello(rest)),
            Form::Sealed => Some(Progress::Done),
            // A web page may quote anything; behind a request, only what is nothing but objects is mining.
            Form::Text if self.far.form == Form::Http && bytes.get(reader.inner) != Some(&b'{') => {
                Some(Progress::Unknown)
            }
            Form::Text => {
                self.protocol = None;
                Some(self.listener.text(bytes, &mut reader.place, self.last))
            }
            Form::Dns => Some(Progress::Always),
        }
    }

    /// A balancer's word on the connection it passes on: its ends are checked as if they were this one's.
    fn proxy(&mut self, rest: &[u8], reader: &mut Reader) -> Step {
        match Proxy::read(rest) {
            Proxy::Header(header) => {
                if let Some((_, to)) = header.addresses {
                    self.reach("proxy-protocol", &Host::Address(to.ip()), to.port());
                }
                if let Some(name) = &header.authority {
                    self.named(Layer::Proxy, "the name in a PROXY header", name.as_str());
                }
                reader.pass(header.consumed);
                None
            }
            Proxy::Incomplete => Some(self.under_way()),
            Proxy::NotProxy => Self::otherwise(reader, Form::Text),
        }
    }

    fn socks(&mut self, rest: &[u8], reader: &mut Reader) -> Step {
        match Socks::read(rest) {
            Socks::Request(request) => {
                let by = match request.version {
                    SocksVersion::V4 => "socks4",
                    SocksVersion::V4a => "socks4a",
                    SocksVersion::V5 => "socks5",
                };
                self.reach(by, &request.host, request.port);
                reader.peel(request.consumed);
                // Nobody speaks behind the other commands: what comes is relayed elsewhere.
                (request.command != SocksCommand::Connect).then_some(Progress::Unknown)
            }
            Socks::Incomplete(_) => Some(self.under_way()),
            Socks::Opaque => {
                self.counts.opaque += 1;
                Some(Progress::Done)
            }
            Socks::NotSocks => Self::otherwise(reader, Form::SocksReply),
        }
    }

    fn socks_reply(&mut self, rest: &[u8], reader: &mut Reader) -> Step {
        match SocksReply::read(rest) {
            SocksReply::Granted { consumed } => {
                reader.peel(consumed);
                None
            }
            SocksReply::Incomplete => Some(self.under_way()),
            SocksReply::Refused { .. } => Some(Progress::Unknown),
            SocksReply::Opaque if self.far.form == Form::Socks => {
                self.counts.opaque += 1;
                Some(Progress::Done)
            }
            SocksReply::Opaque | SocksReply::NotSocks => Self::otherwise(reader, Form::Text),
        }
    }

    /// Reads the server name of a TLS hello.
    fn hello(&mut self, rest: &[u8]) -> Progress {
        self.protocol = Some("tls");
        let name = match tls::ClientHello::read(rest, self.joined) {
            tls::Tls::Incomplete if self.last => return Progress::Done,
            tls::Tls::Incomplete => return Progress::UnderWay,
            tls::Tls::Hello(tls::ClientHello { server_name: Some(name), .. }) => name,
            tls::Tls::Hello(_) => {
                self.greeted = true;
                return Progress::Done;
            }
            tls::Tls::NotTls => return Progress::Done,
        };
        self.greeted = true;
        self.named(Layer::Sni, "the TLS server name", name.as_str());
        self.called(name.as_str());
        Progress::Done
    }

    /// Looks up what a proxy is asked to reach.
    pub(super) fn reach(&mut self, by: &'static str, host: &Host, port: u16) {
        let (authority, hit, name) = match host {
            Host::Address(ip) => {
                let end = core::net::SocketAddr::new(*ip, port);
                (end.to_string(), self.lists.address(*ip, Some(port)), None)
            }
            Host::Name(name) => {
                let name = name.as_str();
                (format!("{name}:{port}"), self.lists.name(name), Some(String::from(name)))
            }
        };
        if let Some(hit) = hit {
            let what = format!("the target {authority} asked of a proxy ({by})");
            let finding = listed::finding(Layer::Proxy, &what, &hit);
            self.listed.push(Listed { finding, miner: self.side, protocol: Some(by), is_told: false });
        }
        self.target = Some(Target { by, authority, name });
    }

    /// Notes the name the server is called by.
    pub(super) fn called(&mut self, name: &str) {
        self.server_name.clear();
        self.server_name.extend(name.chars().map(|letter| letter.to_ascii_lowercase()));
    }

    /// Looks a name up.
    pub(super) fn named(&mut self, layer: Layer, what: &str, name: &str) {
        let Some(hit) = self.lists.name(name) else { return };
        let finding = listed::finding(layer, &format!("{what} {name}"), &hit);
        self.listed.push(Listed { finding, miner: self.side, protocol: self.protocol, is_told: false });
    }

    /// What to expect of a message that is not whole.
    pub(super) const fn under_way(&self) -> Progress {
        if self.last { Progress::Unknown } else { Progress::UnderWay }
    }

    /// It is something else.
    pub(super) const fn otherwise(reader: &mut Reader, form: Form) -> Step {
        reader.form = form;
        None
    }
}
