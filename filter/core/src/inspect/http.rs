//! HTTP/1: whom requests mean, what heads say of mining, and the objects that bodies carry.

use super::Progress;
use super::flow::{Asked, Reader};
use super::form::Form;
use super::hearing::{Hearing, Step};
use super::speech::Carrier;
use crate::dialect::head;
use crate::finding::Layer;
use crate::wire::http::{Framing, Http, Request, Response};

/// Messages read at one hearing: pipelined requests are small.
const MESSAGES: usize = 64;

/// Octets of a name (RFC 1035 section 2.3.4).
const NAME: usize = 255;

/// Ports a request means where it names none (RFC 9110 section 4.2).
const PORT: u16 = 80;

impl Hearing<'_> {
    /// Reads one message after another, until one is not whole or leads elsewhere.
    pub(super) fn http(&mut self, bytes: &[u8], reader: &mut Reader) -> Step {
        self.protocol = Some("http");
        for _ in 0..MESSAGES {
            let rest = reader.rest(bytes);
            if rest.is_empty() {
                return Some(self.expected(reader));
            }
            let step = match Http::read(rest) {
                Http::Request(request) => self.request(&request, reader),
                Http::Response(response) => self.response(&response, reader),
                Http::Incomplete if rest.starts_with(b"HTTP/1.") && self.answers_page(reader) => Some(Progress::Done),
                Http::Incomplete | Http::TooLong if self.last => Some(self.cut_short(rest, reader)),
                Http::Incomplete => Some(Progress::UnderWay),
                Http::TooLong => Some(Progress::Done),
                Http::NotHttp if self.listener.has_heard() => Some(Progress::Objects),
                Http::NotHttp => Some(Progress::Unknown),
            };
            if step.is_some() || reader.form != Form::Http {
                return step;
            }
        }
        Some(self.expected(reader))
    }

    /// What to expect behind a message: more where something is called on this connection, nothing where a page was
    /// asked for. Its answer may quote anything.
    fn expected(&self, reader: &Reader) -> Progress {
        let calls = reader.asked == Asked::Call || self.far.asked == Asked::Call;
        if calls || self.listener.has_heard() {
            Progress::Objects
        } else if reader.asked == Asked::Page {
            Progress::Done
        } else {
            Progress::Unknown
        }
    }

    /// Of a head longer than is looked at, what stands in its whole lines.
    fn cut_short(&mut self, rest: &[u8], reader: &mut Reader) -> Progress {
        self.counts.oversize += 1;
        let lines = memchr::memrchr(b'\n', rest).map_or(0, |end| end + 1);
        let head = [rest.get(..lines).unwrap_or_default(), b"\r\n"].concat();
        if let Http::Request(request) = Http::read(&head)
            && self.is_new(reader)
        {
            self.targets(&request);
            self.user.clear();
            self.listener.heads(head::hear_request(&request, self.user));
        }
        Progress::Unknown
    }

    /// Whether what this side answers is the request for a page.
    const fn answers_page(&self, reader: &Reader) -> bool {
        let asked = matches!(self.far.asked, Asked::Page) && self.far.layers == reader.layers;
        asked && !self.listener.has_heard()
    }

    fn request(&mut self, request: &Request<'_>, reader: &mut Reader) -> Step {
        let body_at = request.message.body_at;
        let is_new = self.is_new(reader);
        if is_new {
            self.targets(request);
            self.user.clear();
            self.listener.heads(head::hear_request(request, self.user));
        }
        if request.is_connect() || request.is_websocket() {
            reader.peel(body_at);
            if request.is_websocket() {
                reader.form = Form::WebSocket;
            }
            return None;
        }
        let calls = !matches!(request.method, b"GET" | b"HEAD" | b"OPTIONS" | b"TRACE");
        // The next request on a connection to a proxy may mean somebody else.
        let stays = calls || request.proxied().is_some();
        reader.asked = if stays { Asked::Call } else { Asked::Page };
        let body = request.body(self.joined);
        let carrier = if is_call_path(request.target) { Carrier::Call } else { Carrier::Http };
        if calls {
            self.listener.message(body.content, carrier, self.last || body.whole);
        }
        if body.whole {
            reader.place.read += body_at + body.consumed;
            return None;
        }
        let is_json = calls && may_be_json(body.content);
        Some(if is_json { self.under_way() } else { self.expected(reader) })
    }

    fn response(&mut self, response: &Response<'_>, reader: &mut Reader) -> Step {
        let body_at = response.message.body_at;
        if response.is_websocket() {
            reader.peel(body_at);
            reader.form = Form::WebSocket;
            return None;
        }
        if response.status == 200 && self.opens_tunnel(response, reader) {
            reader.peel(body_at);
            return None;
        }
        if response.status >= 200 && self.far.layers > reader.layers {
            // No tunnel, no upgrade: the request that asked for it is answered otherwise.
            reader.layers = reader.layers.saturating_add(1);
        }
        if self.answers_page(reader) {
            return Some(Progress::Done);
        }
        if self.is_new(reader) {
            self.listener.heads(head::hear_response(response));
        }
        let body = response.body(self.joined);
        self.listener.message(body.content, Carrier::Http, self.last || body.whole);
        if body.whole {
            reader.place.read += body_at + body.consumed;
            return None;
        }
        let is_json = may_be_json(body.content);
        Some(if is_json { self.under_way() } else { self.expected(reader) })
    }

    /// Whether the way asked for is open: the other side has left its request behind. Where that was not seen, a
    /// success without length or type is no page's (RFC 9110 section 9.3.6).
    fn opens_tunnel(&self, response: &Response<'_>, reader: &Reader) -> bool {
        if self.far.layers > reader.layers {
            return self.far.form != Form::WebSocket;
        }
        let bare = response.framing() == Framing::UntilClose && response.message.field("content-type").is_none();
        self.far.form == Form::Unknown && bare
    }

    /// Whether the head at this place was not heard yet; it is now.
    fn is_new(&self, reader: &mut Reader) -> bool {
        let at = reader.place.read + 1;
        let is_new = reader.head != at;
        reader.head = at;
        is_new
    }

    /// Looks up whom the request means.
    fn targets(&mut self, request: &Request<'_>) {
        if let Some(target) = request.proxied() {
            let by = if request.is_connect() { "http-connect" } else { "http-proxy" };
            self.reach(by, &target.host, target.port.unwrap_or(PORT));
        } else if let Some(name) = request.message.field("host").and_then(host_name) {
            self.called(name);
            let name = core::mem::take(&mut self.server_name);
            self.named(Layer::Http, "the HTTP host", &name);
            self.server_name = name;
        }
    }
}

/// Whether objects may begin here, or nothing does yet.
fn may_be_json(content: &[u8]) -> bool {
    content.trim_ascii_start().first().is_none_or(|byte| matches!(byte, b'{' | b'['))
}

/// The name in a Host field (RFC 9110 section 7.2), without the port; none for addresses and what is no name.
fn host_name(field: &[u8]) -> Option<&str> {
    let name = field.split(|octet| *octet == b':').next()?;
    let fits = |octet: &u8| octet.is_ascii_alphanumeric() || b"-_.".contains(octet);
    let named = name.iter().any(u8::is_ascii_alphabetic) && name.len() <= NAME && name.iter().all(fits);
    core::str::from_utf8(name).ok().filter(|_| named)
}

/// Whether calls of any protocol may be posted there: at the root, or where nodes take them. Elsewhere a body is
/// content, which may quote.
fn is_call_path(target: &[u8]) -> bool {
    let path = match target.windows(3).position(|part| part == b"://") {
        Some(scheme) => {
            let rest = target.get(scheme + 3..).unwrap_or_default();
            rest.get(rest.iter().position(|byte| *byte == b'/').unwrap_or(rest.len())..).unwrap_or_default()
        }
        None => target,
    };
    let path = path.split(|byte| *byte == b'?').next().unwrap_or_default();
    matches!(path, b"" | b"/" | b"/json_rpc" | b"/rpc" | b"/stratum")
}

#[cfg(test)]
mod tests {
    use super::is_call_path;

    #[test]
    fn calls_are_posted_to_few_paths() {
        for target in
            ["/", "/?miner=30@0x0@r", "/json_rpc", "http://192.0.2.1:8332", "http://a.example/", "http://a/?x"]
        {
            assert!(is_call_path(target.as_bytes()), "{target}");
        }
        for target in ["/docs", "/api/v1", "http://a.example/docs", "/json_rpc/x", "*"] {
            assert!(!is_call_path(target.as_bytes()), "{target}");
        }
    }
}
