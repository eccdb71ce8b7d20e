//! Authorities and certificates, made by openssl.

use std::process::Command;

use super::*;

const KEY: &str = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";

fn openssl(place: &Path, line: &str) {
    let output = Command::new("openssl").current_dir(place).args(line.split(' ')).output().unwrap();
    assert!(output.status.success(), "openssl {line}: {}", String::from_utf8_lossy(&output.stderr));
}

/// By the authority `ca`: `server` for localhost, `elsewhere` for another name, `expired`, `gw` for a client; `stranger` for
/// a client by an authority of its own, `stranger-ca`.
pub(super) fn make(place: &Path) {
    for authority in ["ca", "stranger-ca"] {
        openssl(
            place,
            &format!("req -x509 {KEY} -days 2 -subj /CN=minewall-test -keyout {authority}.key -out {authority}.pem"),
        );
    }
    for (name, authority, names, days) in [
        ("server", "ca", "DNS:localhost,IP:127.0.0.1", 2),
        ("elsewhere", "ca", "DNS:elsewhere.example", 2),
        ("expired", "ca", "DNS:localhost", -1),
        ("gw", "ca", "DNS:gw.example", 2),
        ("stranger", "stranger-ca", "DNS:gw.example", 2),
    ] {
        openssl(
            place,
            &format!(
                "req {KEY} -subj /CN={name} -addext subjectAltName={names} -addext basicConstraints=critical,CA:FALSE \
                 -keyout {name}.key -out {name}.csr"
            ),
        );
        openssl(
            place,
            &format!(
                "x509 -req -in {name}.csr -CA {authority}.pem -CAkey {authority}.key -CAcreateserial -days {days} \
                 -copy_extensions copy -out {name}.pem"
            ),
        );
    }
}

/// The settings of a sink to a TLS server at a port; of files the names.
pub(super) fn sink(place: &Path, host: &str, port: u16, authority: &str, client: Option<&str>) -> String {
    let path = |name: &str, end: &str| place.join(format!("{name}.{end}")).display().to_string();
    let client = client.map_or(String::new(), |name| {
        format!("certificate = {:?}\nkey = {:?}\n", path(name, "pem"), path(name, "key"))
    });
    let authority = path(authority, "pem");
    format!("type = \"syslog\"\naddress = \"tls://{host}:{port}\"\nauthorities = {authority:?}\n{client}")
}
