//! A real headless Chromium, driven over its debugging pipe (Chrome DevTools Protocol): opens pages, runs scripts in them,
//! takes pictures, hears what their consoles say.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long anything may take; generous, for the machine may be busy.
const LIMIT: Duration = Duration::from_secs(120);

/// Chromium speaks on its descriptors 3 and 4; a shell puts this process's pipe there.
const START: &str = "exec chromium \"$@\" 3<&0 4>&1 0</dev/null 1>/dev/null 2>/dev/null";

/// Chromium with one page.
pub(super) struct Browser {
    child: Child,
    input: ChildStdin,
    told: Receiver<Value>,
    calls: u64,
    session: Option<String>,
    /// What consoles said that is a complaint, and errors nobody caught.
    complaints: Vec<String>,
}

impl Browser {
    /// With a profile below `directory`, which goes away with the test.
    pub(super) fn start(directory: &Path) -> Self {
        let mut child = Command::new("sh")
            .args(["-c", START, "sh"])
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"])
            .args(["--no-first-run", "--disable-background-networking", "--remote-debugging-pipe", "--no-proxy-server"])
            .arg(format!("--user-data-dir={}", directory.join("profile").display()))
            .env("TZ", "UTC")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (tell, told) = mpsc::channel();
        thread::spawn(move || {
            for message in BufReader::new(output).split(0).map_while(Result::ok) {
                let Ok(value) = serde_json::from_slice(&message) else { break };
                if tell.send(value).is_err() {
                    break;
                }
            }
        });
        let mut browser = Self { child, input, told, calls: 0, session: None, complaints: Vec::new() };
        let target = browser.call("Target.createTarget", json!({ "url": "about:blank" }));
        let attached =
            browser.call("Target.attachToTarget", json!({ "targetId": target["targetId"], "flatten": true }));
        browser.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page.enable", "Runtime.enable", "Log.enable"] {
            browser.call(domain, json!({}));
        }
        browser
    }

    /// Calls a method and gives its result.
    fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.calls += 1;
        let mut message = json!({ "id": self.calls, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        self.input.write_all(format!("{message}\0").as_bytes()).expect("apt-get install chromium fonts-noto-cjk");
        let until = Instant::now() + LIMIT;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let told = self.told.recv_timeout(left).unwrap_or_else(|error| {
                panic!("{method}: {error}; is chromium there? apt-get install chromium fonts-noto-cjk")
            });
            if told["id"] == self.calls {
                assert!(told["error"].is_null(), "{method}: {}", told["error"]);
                return told["result"].clone();
            }
            self.hear(&told);
        }
    }

    /// Keeps what is a complaint.
    fn hear(&mut self, told: &Value) {
        let what = &told["params"];
        let complaint = match told["method"].as_str() {
            Some("Runtime.exceptionThrown") => what["exceptionDetails"].to_string(),
            Some("Runtime.consoleAPICalled") if what["type"] == "error" || what["type"] == "warning" => {
                what["args"].to_string()
            }
            Some("Log.entryAdded") if what["entry"]["level"] == "error" => what["entry"].to_string(),
            _ => return,
        };
        self.complaints.push(complaint);
    }

    /// What was complained of since the last time.
    pub(super) fn complaints(&mut self) -> Vec<String> {
        self.run("1");
        std::mem::take(&mut self.complaints)
    }

    /// A window so wide and high; one of a telephone up to 600 pixels.
    pub(super) fn size(&mut self, width: u32, height: u32) {
        let sizes = json!({
            "width": width, "height": height, "screenWidth": width, "screenHeight": height, "deviceScaleFactor": 1,
            "mobile": width <= 600,
        });
        self.call("Emulation.setDeviceMetricsOverride", sizes);
    }

    /// Where files go that pages hand out.
    pub(super) fn downloads_to(&mut self, directory: &Path) {
        let session = self.session.take();
        self.call("Browser.setDownloadBehavior", json!({ "behavior": "allow", "downloadPath": directory }));
        self.session = session;
    }

    /// Has every page that is opened from now on run this before anything of its own.
    pub(super) fn before(&mut self, script: &str) {
        self.call("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script }));
    }

    /// Opens a page of LuCI and waits until its view is there.
    pub(super) fn open(&mut self, address: &str) {
        self.call("Page.navigate", json!({ "url": address }));
        self.wait(&format!("location.href === {} && document.body?.getAttribute('data-shown')", json!(address)));
        let shown = self.run("document.body.getAttribute('data-shown')");
        assert_eq!(shown, "yes", "{address}: {:?}", self.complaints);
    }

    /// What an expression gives in the page; a promise is waited for.
    pub(super) fn run(&mut self, script: &str) -> Value {
        let asked = json!({ "expression": script, "awaitPromise": true, "returnByValue": true, "userGesture": true });
        let told = self.call("Runtime.evaluate", asked);
        assert!(told["exceptionDetails"].is_null(), "{script}: {}", told["exceptionDetails"]);
        told["result"]["value"].clone()
    }

    /// The same, which must be a text.
    pub(super) fn text(&mut self, script: &str) -> String {
        let told = self.run(script);
        told.as_str().unwrap_or_else(|| panic!("{script} gives {told}")).to_owned()
    }

    /// Waits until an expression holds.
    pub(super) fn wait(&mut self, script: &str) {
        let until = Instant::now() + LIMIT;
        let held = format!("Boolean({script})");
        while self.run(&held) != true {
            assert!(Instant::now() < until, "never: {script}\n{}", self.run("document.body?.innerText"));
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Clicks on the first element of a selector.
    pub(super) fn click(&mut self, selector: &str) {
        self.run(&format!("document.querySelector({}).click()", json!(selector)));
    }

    /// A PNG picture of the page from its top, as high as it is, up to `most` pixels.
    pub(super) fn picture(&mut self, path: &Path, most: u32) {
        let size = self.run("[innerWidth, Math.max(innerHeight, document.documentElement.scrollHeight)]");
        let clip = json!({
            "x": 0, "y": 0, "width": size[0], "height": size[1].as_u64().unwrap().min(most.into()), "scale": 1
        });
        let asked = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let told = self.call("Page.captureScreenshot", asked);
        let png = data_encoding::BASE64.decode(told["data"].as_str().unwrap().as_bytes()).unwrap();
        fs::write(path, png).unwrap();
    }

    /// How wide the page is; what reaches over the window's right edge although nothing around it scrolls, and whose words
    /// reach over its own.
    pub(super) fn too_wide(&mut self) -> (u64, Vec<String>) {
        let told = self.run(
            "(() => {
                const hides = (e) => e && e.id !== 'modal_overlay' && ['auto', 'scroll', 'hidden'].includes(getComputedStyle(e).overflowX);
                const inside = (e) => e && (hides(e) || inside(e.parentElement));
                const isSeen = (e) => e.checkVisibility({ visibilityProperty: true }) && !inside(e.parentElement);
                const isOver = (e) => e.getBoundingClientRect().right > innerWidth + 1
                    || (e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline' && !hides(e));
                const over = [...document.querySelectorAll('body *')].filter((e) => isSeen(e) && isOver(e));
                return [document.documentElement.scrollWidth, over.map((e) => `${e.tagName}.${e.getAttribute('class') || ''} ${(e.innerText || '').slice(0, 40)}`)];
            })()",
        );
        serde_json::from_value(told).unwrap()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.input.write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        let until = Instant::now() + Duration::from_secs(10);
        while Instant::now() < until {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
