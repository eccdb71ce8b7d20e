//! nginx with every answer that is asked for, over http and https, on ports of its own.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use minewall_lab::{Program, finish_within, until};

use super::Scratch;

/// What `/list.txt` holds.
pub(crate) const LIST: &str = "# pools\npool.example.org\nxmr.pool.example.net:3333\n";

/// The certificates of the https servers, each on a port of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Certificate {
    Good,
    /// For another name.
    Other,
    Expired,
    /// By nobody but itself.
    SelfSigned,
}

const CERTIFICATES: [(Certificate, &str); 4] = [
    (Certificate::Good, "good"),
    (Certificate::Other, "other"),
    (Certificate::Expired, "expired"),
    (Certificate::SelfSigned, "self-signed"),
];

pub(crate) struct Site {
    pub(crate) scratch: Scratch,
    program: Program,
    http: u16,
    https: [u16; 4],
}

impl Site {
    /// None, with a loud word, where nginx is not installed.
    pub(crate) fn start() -> Option<Self> {
        let there = ["nginx", "/usr/sbin/nginx"].into_iter().find(|name| Command::new(name).arg("-v").output().is_ok());
        let Some(nginx) = there else {
            super::skipped("no nginx here, so nothing was fetched from it; apt-get install nginx-light");
            return None;
        };
        // Another process may take a port between our choice and nginx'.
        (0..5).find_map(|_| Self::try_start(nginx).ok()).or_else(|| Some(Self::try_start(nginx).unwrap()))
    }

    fn try_start(nginx: &str) -> anyhow::Result<Self> {
        let scratch = Scratch::new();
        let ports = [(); 5].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let [http, https @ ..] = ports.map(|listener| listener.local_addr().unwrap().port());
        fs::create_dir(scratch.join("www"))?;
        fs::write(scratch.join("www/list.txt"), LIST)?;
        certificates(&scratch.0);
        let file = scratch.join("nginx.conf");
        fs::write(&file, configuration(&scratch.0, http, https))?;
        let mut command = Command::new(nginx);
        command.args(["-e", "stderr", "-p"]).arg(&scratch.0).arg("-c").arg(&file);
        let mut program = Program::start("nginx", &mut command, &scratch.join("log"))?;
        program.wait_ready(Duration::from_secs(10), || {
            [http].iter().chain(&https).all(|port| TcpStream::connect(("127.0.0.1", *port)).is_ok())
        })?;
        Ok(Self { scratch, program, http, https })
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.http)
    }

    pub(crate) fn secure(&self, certificate: Certificate, path: &str) -> String {
        let at = CERTIFICATES.iter().position(|row| row.0 == certificate).unwrap();
        format!("https://localhost:{}{path}", self.https[at])
    }

    pub(crate) fn authority(&self) -> PathBuf {
        self.scratch.join("ca.pem")
    }

    /// Puts a file where `path` is served from.
    pub(crate) fn put(&self, path: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.scratch.join("www").join(path), bytes).unwrap();
    }

    /// One line a request.
    pub(crate) fn log(&self) -> String {
        self.program.log()
    }

    /// How often `text` stands in the log, once it does so `expected` times or time is up: nginx answers before it
    /// writes.
    pub(crate) fn fetched(&self, text: &str, expected: usize) -> usize {
        let count = || self.log().matches(text).count();
        _ = until(Duration::from_secs(10), || (count() >= expected).then_some(()));
        count()
    }
}

fn configuration(place: &Path, http: u16, https: [u16; 4]) -> String {
    let place = place.display();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|kind| format!("{kind}_temp_path {place}/{kind};\n"))
        .collect();
    let chain = |name: &str, from: u32| -> String {
        let step = |at: u32| format!("location = /{name}/{at} {{ return 302 /{name}/{}; }}\n", at - 1);
        format!("location = /{name}/0 {{ return 307 /list.txt; }}\n{}", (1..from).map(step).collect::<String>())
    };
    let locations = format!(
        "root {place}/www;\n\
         location /gzip/ {{ alias {place}/www/; gzip on; gzip_min_length 1; gzip_types *; gzip_http_version 1.0; }}\n\
         location /as-gzip/ {{ alias {place}/www/; add_header Content-Encoding gzip; }}\n\
         location /as-zstd/ {{ alias {place}/www/; add_header Content-Encoding zstd; }}\n\
         location /as-br/ {{ alias {place}/www/; add_header Content-Encoding br; }}\n\
         location /drip/ {{ alias {place}/www/; limit_rate 64; }}\n\
         location = /500 {{ return 500; }}\n\
         location = /503 {{ add_header Retry-After 120 always; return 503; }}\n\
         location = /429 {{ add_header Retry-After \"Fri, 31 Dec 2100 23:59:59 GMT\" always; return 429; }}\n\
         location = /403 {{ return 403; }}\n\
         location = /loop {{ return 302 /loop; }}\n\
         location = /relative/here {{ return 301 ../list.txt; }}\n\
         location = /nowhere {{ return 302 ftp://127.0.0.1/list; }}\n\
         location = /up {{ return 301 https://localhost:{good}/list.txt; }}\n\
         location = /down {{ return 301 http://127.0.0.1:{http}/list.txt; }}\n{}{}",
        chain("five", 5),
        chain("six", 6),
        good = https[0],
    );
    let secure = |((_, name), port): (&(Certificate, &str), u16)| {
        format!(
            "server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {place}/{name}.pem; \
             ssl_certificate_key {place}/{name}.key;\n{locations}}}\n"
        )
    };
    let servers: String = CERTIFICATES.iter().zip(https).map(secure).collect();
    format!(
        "{}daemon off;\nworker_processes 1;\npid {place}/pid;\nerror_log stderr warn;\n\
         events {{ worker_connections 256; }}\nhttp {{\nlog_format agent '$request $status \"$http_user_agent\"';\n\
         access_log /dev/stdout agent;\n{temporary}types {{ text/html html; }}\ndefault_type text/plain;\n\
         absolute_redirect off;\nserver {{ listen 127.0.0.1:{http};\n{locations}}}\n{servers}}}\n",
        if minewall_lab::is_root() { "user root;\n" } else { "" },
    )
}

/// An authority, and certificates made by it and by themselves.
fn certificates(place: &Path) {
    let settings = "[ca]\ndefault_ca=own\n[own]\ndatabase=index\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\n\
                    policy=any\ncopy_extensions=copy\nunique_subject=no\n[any]\ncommonName=supplied\n";
    fs::write(place.join("ca.cnf"), settings).unwrap();
    fs::write(place.join("index"), "").unwrap();
    fs::write(place.join("serial"), "01\n").unwrap();
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    let openssl = |line: &str| {
        let mut command = Command::new("openssl");
        command.current_dir(place).args(line.split(' '));
        let output = finish_within(&mut command, Duration::from_secs(20)).unwrap();
        assert!(output.status.success(), "openssl {line}: {}", String::from_utf8_lossy(&output.stderr));
    };
    openssl(&format!("req -x509 {key} -days 2 -subj /CN=minewall-test -keyout ca.key -out ca.pem"));
    for (certificate, name) in CERTIFICATES {
        let host = if certificate == Certificate::Other { "elsewhere.example" } else { "localhost" };
        let new = format!("req {key} -subj /CN={host} -addext subjectAltName=DNS:{host} -keyout {name}.key");
        if certificate == Certificate::SelfSigned {
            openssl(&format!("{new} -x509 -days 2 -addext basicConstraints=critical,CA:FALSE -out {name}.pem"));
            continue;
        }
        openssl(&format!("{new} -addext basicConstraints=critical,CA:FALSE -out {name}.csr"));
        let end = if certificate == Certificate::Expired { "20240201000000Z" } else { "20991231235959Z" };
        openssl(&format!(
            "ca -batch -config ca.cnf -cert ca.pem -keyfile ca.key -notext -in {name}.csr -out {name}.pem \
             -startdate 20240101000000Z -enddate {end}"
        ));
    }
}
