//! The internet's web server: nginx.

use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use super::{START, accepts};
use crate::addresses::Family;
use crate::lab::Lab;
use crate::program::{Program, finish_within};
use crate::tools;

/// The text of `/`.
pub const PAGE: &str = "<!doctype html><title>the web</title><p>the web works through the gateway</p>\n";

/// Length of `/big`, in bytes.
pub const BIG_BYTES: u64 = 64 << 20;

/// A running nginx: HTTP on port 80, HTTPS on 443 with a certificate made for this lab, IPv4 and IPv6.
/// `/` is [`PAGE`], `/big` is [`BIG_BYTES`] zeros.
#[derive(Debug)]
pub struct WebServer {
    program: Program,
}

impl WebServer {
    /// Starts nginx and waits until both ports accept over both families.
    ///
    /// # Errors
    /// When the certificate cannot be made or nginx does not serve in time, with what it said.
    pub fn start(lab: &Lab) -> Result<Self> {
        let directory = lab.directory().join("nginx");
        fs::create_dir_all(directory.join("www")).with_context(|| format!("creating {}", directory.display()))?;
        fs::write(directory.join("www/index.html"), PAGE)?;
        File::create(directory.join("www/big"))?.set_len(BIG_BYTES)?;
        make_certificate(&directory)?;
        let file = directory.join("nginx.conf");
        fs::write(&file, configuration(&directory))?;
        let mut command = lab.internet.command("nginx");
        command.arg("-e").arg("stderr").arg("-p").arg(&directory).arg("-c").arg(&file);
        let mut program = Program::start("nginx", &mut command, &directory.join("log"))?;
        program.wait_ready(START, || {
            Family::BOTH
                .into_iter()
                .all(|family| [80, 443].into_iter().all(|port| accepts(&lab.internet, family.internet(), port)))
        })?;
        Ok(Self { program })
    }

    /// What nginx printed: errors, and one line a request with the client's address as seen here.
    #[must_use]
    pub fn log(&self) -> String {
        self.program.log()
    }
}

fn configuration(directory: &Path) -> String {
    let place = directory.display();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|kind| format!("  {kind}_temp_path {place}/{kind};\n"))
        .collect();
    format!(
        "user root;\ndaemon off;\nworker_processes 1;\npid {place}/pid;\nerror_log stderr warn;\n\
         events {{ worker_connections 1024; }}\nhttp {{\n  access_log /dev/stdout;\n  sendfile on;\n{temporary}  \
         types {{ text/html html; }}\n  default_type application/octet-stream;\n  server {{\n    listen 80;\n    \
         listen [::]:80;\n    listen 443 ssl;\n    listen [::]:443 ssl;\n    ssl_certificate {place}/cert.pem;\n    \
         ssl_certificate_key {place}/key.pem;\n    root {place}/www;\n  }}\n}}\n"
    )
}

fn make_certificate(directory: &Path) -> Result<()> {
    let mut command = tools::command("openssl");
    command
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"])
        .args(["-days", "2", "-subj", "/CN=www.example.org"])
        .args(["-addext", "subjectAltName=DNS:www.example.org,DNS:*.example.org"])
        .arg("-keyout")
        .arg(directory.join("key.pem"))
        .arg("-out")
        .arg(directory.join("cert.pem"));
    let output = finish_within(&mut command, Duration::from_secs(20))?;
    ensure!(output.status.success(), "openssl made no certificate: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(())
}
