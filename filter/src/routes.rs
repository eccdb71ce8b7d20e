//! The routes of IPv4, as the kernel lists them.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

/// Those of this network namespace.
pub(crate) const FILE: &str = "/proc/self/net/route";

/// The network of each route. A line: interface, destination, gateway, flags, three counts, mask; addresses in hexadecimal, as
/// they lie in memory.
pub(crate) fn of(text: &str) -> impl Iterator<Item = Ipv4Net> {
    text.lines().filter_map(|line| {
        let words: Vec<_> = line.split_ascii_whitespace().collect();
        let address = |word: &str| u32::from_str_radix(word, 16).ok().map(|value| Ipv4Addr::from(value.to_ne_bytes()));
        Ipv4Net::with_netmask(address(words.get(1)?)?, address(words.get(7)?)?).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_s_table_is_read() {
        let word = |address: [u8; 4]| format!("{:08X}", u32::from_ne_bytes(address));
        let line = |to, mask| format!("eth0\t{}\t00000000\t0001\t0\t0\t100\t{}\t0\t0\t0\n", word(to), word(mask));
        let text = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n".to_owned()
            + &line([0; 4], [0; 4])
            + &line([192, 0, 2, 0], [255, 255, 255, 0])
            + "eth0\tnonsense\n";
        let routes: Vec<_> = of(&text).map(|route| route.to_string()).collect();
        assert_eq!(routes, ["0.0.0.0/0", "192.0.2.0/24"]);
    }
}
