//! A web server that stands for a router: uhttpd with its files, ubus over HTTP with rpcd's `file` and `uci`, cgi-io. What the
//! app's list of rights does not grant is refused.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Output;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

use super::acl::Acl;
use super::uci::Uci;
use super::{RESOURCES, app_directory, app_file, texts};

/// Runs what a page asks for: all words of the command line, `/usr/sbin/minewall` first.
pub(super) type Runs = dyn Fn(&[String]) -> Output + Send + Sync;

/// The router.
pub(super) struct Router {
    pub(super) at: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    acl: Acl,
    lang: &'static str,
    runs: Box<Runs>,
    uci: Mutex<Uci>,
    ran: Mutex<Vec<String>>,
    refused: Mutex<Vec<String>>,
    is_deaf: AtomicBool,
}

/// A request: method, path without its query, body.
struct Request {
    method: String,
    path: String,
    body: String,
}

/// Status, type, body.
struct Reply(&'static str, &'static str, Vec<u8>);

impl Router {
    pub(super) fn start(acl: Acl, lang: &'static str, uci: Uci, runs: Box<Runs>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        let (ran, refused) = (Mutex::default(), Mutex::default());
        let is_deaf = AtomicBool::new(false);
        let shared = Arc::new(Shared { acl, lang, runs, uci: Mutex::new(uci), ran, refused, is_deaf });
        let served = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&served);
                thread::spawn(move || shared.serve(&stream));
            }
        });
        Self { at, shared }
    }

    /// The address of a page.
    pub(super) fn page(&self, name: &str) -> String {
        format!("http://{}/cgi-bin/luci/admin/services/minewall/{name}", self.at)
    }

    /// Has its cgi-io hand out nothing of what commands complain of, as before OpenWrt 25.12.
    pub(super) fn is_deaf(&self) {
        self.shared.is_deaf.store(true, Ordering::Release);
    }

    /// What was run since the last time.
    pub(super) fn ran(&self) -> Vec<String> {
        std::mem::take(&mut self.shared.ran.lock().unwrap())
    }

    /// What was refused since the last time.
    pub(super) fn refused(&self) -> Vec<String> {
        std::mem::take(&mut self.shared.refused.lock().unwrap())
    }

    /// Looks at the configuration.
    pub(super) fn uci<T>(&self, look: impl FnOnce(&mut Uci) -> T) -> T {
        look(&mut self.shared.uci.lock().unwrap())
    }
}

impl Shared {
    fn serve(&self, stream: &TcpStream) {
        let Some(request) = read(stream) else { return };
        let Reply(status, kind, body) = self.answer(&request);
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n",
            body.len()
        );
        // A page that was left does not wait for its answers.
        let _ = (&*stream).write_all(&[head.as_bytes(), &body].concat());
    }

    fn answer(&self, request: &Request) -> Reply {
        match request.path.as_str() {
            "/ubus/" => json_reply(&self.ubus(&serde_json::from_str(&request.body).unwrap())),
            "/cgi-bin/cgi-exec" => self.cgi_exec(&request.body),
            "/cgi-bin/luci/admin/uci/apply_rollback" => {
                let mut uci = self.uci.lock().unwrap();
                if uci.changes.is_empty() {
                    return Reply("204 No Content", "text/plain", Vec::new());
                }
                uci.applied += 1;
                json_reply(&json!({ "token": "tests" }))
            }
            "/cgi-bin/luci/admin/uci/confirm" => {
                self.uci.lock().unwrap().changes.clear();
                Reply("200 OK", "text/plain", Vec::new())
            }
            "/luci-static/texts.js" => script(format!("window.TR = {};", texts::catalogue(self.lang))),
            "/luci-static/theme.css" => file("text/css", &runtime("theme.css")),
            path => match (path.strip_prefix("/luci-static/resources/"), path.strip_prefix("/cgi-bin/luci/")) {
                (Some(name), _) => resource(name),
                (_, Some(place)) => self.page(place),
                _ => Reply("404 Not Found", "text/plain", request.method.clone().into_bytes()),
            },
        }
    }

    /// One call; an error where the list of rights has it not.
    fn ubus(&self, call: &Value) -> Value {
        let (object, method, values) = (&call["params"][1], &call["params"][2], &call["params"][3]);
        let (object, method) = (object.as_str().unwrap(), method.as_str().unwrap());
        let result = match object {
            "file" if method == "exec" && self.acl.executes_by("file") => {
                let more = values["params"].as_array().into_iter().flatten();
                let words: Vec<_> = [&values["command"]]
                    .into_iter()
                    .chain(more)
                    .map(|word| word.as_str().unwrap().to_owned())
                    .collect();
                self.run(&words).map(|done| {
                    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                    json!({ "code": done.status.code(), "stdout": text(&done.stdout), "stderr": text(&done.stderr) })
                })
            }
            "uci" if self.acl.uci("minewall", !["get", "changes"].contains(&method)) => {
                self.uci.lock().unwrap().call(method, values)
            }
            _ => {
                self.refused.lock().unwrap().push(format!("{object} {method}"));
                None
            }
        };
        let result = result.map_or_else(|| json!([6]), |told| json!([0, told]));
        json!({ "jsonrpc": "2.0", "id": call["id"], "result": result })
    }

    fn cgi_exec(&self, body: &str) -> Reply {
        let field = |name: &str| {
            let found = url::form_urlencoded::parse(body.as_bytes()).find(|(key, _)| key == name);
            found.map(|(_, value)| value.into_owned()).unwrap_or_default()
        };
        let words = split(&field("command"));
        let done = if self.acl.executes_by("cgi-io") { self.run(&words) } else { None };
        let Some(done) = done else { return Reply("403 Forbidden", "text/plain", Vec::new()) };
        let mut told = done.stdout;
        if field("stderr") == "1" && !self.is_deaf.load(Ordering::Acquire) {
            told.extend(done.stderr);
        }
        Reply("200 OK", "application/octet-stream", told)
    }

    fn run(&self, words: &[String]) -> Option<Output> {
        let line = words.join(" ");
        if !self.acl.runs(words) {
            self.refused.lock().unwrap().push(line);
            return None;
        }
        self.ran.lock().unwrap().push(line);
        Some((self.runs)(words))
    }

    /// The page of a place in the menu.
    fn page(&self, place: &str) -> Reply {
        let menu: Value = serde_json::from_str(&app_file("root/usr/share/luci/menu.d/luci-app-minewall.json")).unwrap();
        let Some(view) = menu[place]["action"]["path"].as_str() else {
            return Reply("404 Not Found", "text/plain", place.as_bytes().to_vec());
        };
        let texts = texts::catalogue(self.lang);
        let word = |text: &Value| {
            texts[text.as_str().unwrap()].as_str().map_or_else(|| text.as_str().unwrap().to_owned(), str::to_owned)
        };
        let tab = |(path, node): (&String, &Value)| {
            let class = if path == place { " class=\"active\"" } else { "" };
            format!("<li{class}><a href=\"/cgi-bin/luci/{path}\">{}</a></li>", word(&node["title"]))
        };
        let mut nodes: Vec<_> =
            menu.as_object().unwrap().iter().filter(|(_, node)| node["action"]["type"] == "view").collect();
        nodes.sort_by_key(|(_, node)| node["order"].as_u64());
        let tabs: String = nodes.into_iter().map(tab).collect();
        let page = runtime("page.html").replace("{lang}", self.lang).replace("{page}", &place.replace('/', "-"));
        let page = page.replace("{view}", &view.replace('/', ".")).replace("{tabs}", &tabs);
        Reply("200 OK", "text/html; charset=utf-8", page.replace("{crumbs}", "root@router").into_bytes())
    }
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first).ok()?;
    let mut words = first.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?);
    let path = target.split('?').next()?.to_owned();
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request { method, path, body: String::from_utf8(body).ok()? })
}

/// A command line in words, a backslash before what belongs to a word.
fn split(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        let word = words.last_mut().unwrap();
        match letter {
            '\\' => word.extend(letters.next()),
            ' ' => words.push(String::new()),
            letter => word.push(letter),
        }
    }
    words
}

/// A module: the app's own, else the stand-in's.
fn resource(name: &str) -> Reply {
    let own = app_directory().join(RESOURCES).join(name);
    let kind = if name.ends_with(".css") { "text/css" } else { "text/javascript; charset=utf-8" };
    match fs::read(&own).or_else(|_| fs::read(runtime_directory().join(name))) {
        Ok(bytes) => Reply("200 OK", kind, bytes),
        Err(_) => Reply("404 Not Found", "text/plain", name.as_bytes().to_vec()),
    }
}

fn runtime_directory() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/luci/runtime")
}

fn runtime(name: &str) -> String {
    fs::read_to_string(runtime_directory().join(name)).unwrap()
}

fn file(kind: &'static str, text: &str) -> Reply {
    Reply("200 OK", kind, text.as_bytes().to_vec())
}

fn script(text: String) -> Reply {
    Reply("200 OK", "text/javascript; charset=utf-8", text.into_bytes())
}

fn json_reply(value: &Value) -> Reply {
    Reply("200 OK", "application/json", value.to_string().into_bytes())
}
