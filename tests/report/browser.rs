//! A real headless Chromium, which looks at files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Chromium with a profile in a directory that goes away with the test.
pub(crate) struct Browser<'a> {
    directory: &'a Path,
}

/// What a page is like when shown.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    /// The width of the window.
    pub(crate) window: u32,
    /// The width and height of all of the page.
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// What stands wider than the window outside of what scrolls.
    pub(crate) wider: Vec<String>,
}

/// Run in the test's copy only: writes down how wide and high the page is, and what reaches over the window's edge
/// although nothing around it scrolls.
const MEASURE: &str = r#"<script>addEventListener("load", () => {
    const root = document.documentElement;
    const scrolls = (e) => e && (["auto", "scroll"].includes(getComputedStyle(e).overflowX) || scrolls(e.parentElement));
    const over = [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !scrolls(e.parentElement));
    const names = over.map((e) => e.tagName + "." + (e.getAttribute("class") || ""));
    parent.postMessage(JSON.stringify([innerWidth, root.scrollWidth, root.scrollHeight, names]), "*");
})</script>"#;

/// The frame the copy is shown in, for a window is never narrower than 500 pixels; keeps what the copy tells.
const FRAME: &str = r#"<!DOCTYPE html><body><script>addEventListener("message", (event) => {
    const measured = document.createElement("pre");
    measured.id = "measured";
    measured.textContent = event.data;
    document.body.append(measured);
})</script>"#;

impl<'a> Browser<'a> {
    pub(crate) fn new(directory: &'a Path) -> Self {
        Self { directory }
    }

    fn run(&self, page: &Path, arguments: &[&str]) -> Output {
        let profile = self.directory.join("profile");
        let run = Command::new("chromium")
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"])
            .args(["--no-first-run", "--disable-background-networking", "--force-device-scale-factor=1"])
            .arg("--enable-logging=stderr")
            .arg(format!("--user-data-dir={}", profile.display()))
            .args(arguments)
            .arg(format!("file://{}", page.display()))
            .output();
        let output = run.expect("apt-get install chromium fonts-noto-cjk");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output
    }

    /// How a page shows in a window so wide.
    pub(crate) fn measure(&self, page: &Path, width: u32) -> Shown {
        let text = fs::read_to_string(page).unwrap();
        let policy = "content=\"default-src 'none'; style-src 'unsafe-inline'\"";
        assert!(text.contains(policy), "the page lets something be fetched");
        let copy = self.directory.join("measured.html");
        fs::write(&copy, text.replace(policy, "content=\"\"").replace("</body>", &format!("{MEASURE}</body>")))
            .unwrap();
        let frame = self.directory.join("frame.html");
        let style = format!("width: {width}px; height: 900px; border: 0");
        fs::write(&frame, format!("{FRAME}<iframe src=\"measured.html\" style=\"{style}\"></iframe>")).unwrap();
        let output = self.run(&frame, &["--dump-dom", "--virtual-time-budget=10000", "--window-size=1400,1000"]);
        let document = String::from_utf8(output.stdout).unwrap();
        let measured = document.split("<pre id=\"measured\">").nth(1).and_then(|rest| rest.split("</pre>").next());
        let measured = measured.map(|text| text.replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&"));
        let measured = measured.unwrap_or_else(|| panic!("nothing was measured: {document}"));
        let (window, width, height, wider) = serde_json::from_str(&measured).unwrap();
        Shown { window, width, height, wider }
    }

    /// A picture of the top of the page as it is, and what the browser's console said.
    pub(crate) fn picture(&self, page: &Path, width: u32, height: u32) -> (PathBuf, Vec<String>) {
        let picture = self.directory.join(format!("{}-{width}.png", page.file_stem().unwrap().to_str().unwrap()));
        let shot = format!("--screenshot={}", picture.display());
        let output = self.run(page, &[&shot, &format!("--window-size={width},{height}")]);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        (picture, told.lines().filter(|line| line.contains("CONSOLE")).map(str::to_owned).collect())
    }

    /// The page as it is printed.
    pub(crate) fn print(&self, page: &Path) -> Vec<u8> {
        let pdf = self.directory.join("printed.pdf");
        self.run(page, &["--no-pdf-header-footer", &format!("--print-to-pdf={}", pdf.display())]);
        fs::read(pdf).unwrap()
    }
}
