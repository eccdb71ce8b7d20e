//! The kernel's neighbour table, for hosts of which no packet of their own was seen.

use std::net::IpAddr;
use std::process::{Command, Stdio};

/// The hardware address of a neighbour, as `ip neighbour` tells it; none if it is not on a link of this gateway.
pub(crate) fn hardware_address(host: IpAddr) -> Option<[u8; 6]> {
    let mut command = Command::new("ip");
    let output = command.args(["neighbour", "show", "to", &host.to_string()]).stdin(Stdio::null()).output().ok()?;
    parse(&String::from_utf8_lossy(&output.stdout))
}

/// Reads `10.0.0.2 dev lan lladdr 02:00:00:00:00:02 REACHABLE`.
fn parse(line: &str) -> Option<[u8; 6]> {
    let mut words = line.split_ascii_whitespace().skip_while(|word| *word != "lladdr").skip(1);
    let mut mac = [0; 6];
    let mut parts = words.next()?.split(':');
    for byte in &mut mac {
        *byte = u8::from_str_radix(parts.next()?, 16).ok()?;
    }
    parts.next().is_none().then_some(mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_ip_neighbour_is_read() {
        let mac = parse("10.0.0.2 dev lan lladdr 02:00:00:0a:00:ff REACHABLE\n");
        assert_eq!(mac, Some([2, 0, 0, 10, 0, 255]));
        assert_eq!(parse("10.0.0.2 dev lan  FAILED\n"), None);
        assert_eq!(parse("10.0.0.2 dev lan lladdr 02:00 REACHABLE\n"), None);
        assert_eq!(parse(""), None);
    }
}
