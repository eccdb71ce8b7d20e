//! The LuCI pages of `openwrt/luci-app-minewall`, as a router serves them and a browser shows them. LuCI itself cannot be
//! had here: `runtime` holds a stand-in for what the pages use of it.
//!
//! | module | holds |
//! |---|---|
//! | `app` | the files of the app: what it may run, its texts, its options |
//! | `texts` | catalogues of translations, and the texts of the pages |
//! | `options` | the options of UCI as the pages have them |
//! | `shared` | what all pages make of what commands say, without a browser |
//! | `acl` | what rpcd lets a session do |
//! | `uci` | a configuration as rpcd hands it out and takes changes of it |
//! | `router` | a web server that stands for uhttpd, rpcd and cgi-io |
//! | `browser` | a real headless Chromium, driven over its debugging pipe |
//! | `daemon` | pages of a real daemon in the lab |
//! | `school` | a fortnight at a school, made up, as a router shows it |
//! | `pages` `forms` `trouble` | its pages; what is saved in their forms; what is not as it should be |

mod acl;
mod app;
mod browser;
mod daemon;
mod forms;
mod options;
mod pages;
mod router;
mod school;
mod shared;
mod texts;
mod trouble;
mod uci;

use std::path::{Path, PathBuf};

/// The app's directory.
fn app_directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../openwrt/luci-app-minewall")
}

/// A file of the app.
fn app_file(path: &str) -> String {
    let path = app_directory().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The modules and views of the app.
const SCRIPTS: [&str; 8] = [
    "minewall/common.js",
    "minewall/fields.js",
    "minewall/options.js",
    "minewall/reasons.js",
    "view/minewall/incidents.js",
    "view/minewall/lists.js",
    "view/minewall/overview.js",
    "view/minewall/settings.js",
];

/// Where browsers find them.
const RESOURCES: &str = "htdocs/luci-static/resources";

fn script(name: &str) -> String {
    app_file(&format!("{RESOURCES}/{name}"))
}
