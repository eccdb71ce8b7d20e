//! A time of its own for each machine, so that a campus does not ask all at once.

use std::fs;
use std::time::Duration;

use sha2::{Digest, Sha256};

/// Where a machine says who it is: its id, else the addresses of its interfaces.
const ID: &str = "/etc/machine-id";
const INTERFACES: &str = "/sys/class/net";

/// This machine's share of so many seconds, always the same.
pub(crate) fn wait(most: u32) -> Duration {
    Duration::from_secs(share(&identity(), most).into())
}

fn identity() -> Vec<u8> {
    match fs::read(ID) {
        Ok(id) if !id.trim_ascii().is_empty() => id,
        _ => {
            let interfaces = fs::read_dir(INTERFACES).into_iter().flatten().flatten();
            let mut addresses: Vec<_> =
                interfaces.filter_map(|entry| fs::read(entry.path().join("address")).ok()).collect();
            addresses.sort_unstable();
            addresses.concat()
        }
    }
}

fn share(identity: &[u8], most: u32) -> u32 {
    let hash = Sha256::digest(identity);
    let number = hash.iter().take(8).fold(0, |number: u64, byte| number << 8 | u64::from(*byte));
    u32::try_from(number % (u64::from(most) + 1)).unwrap_or(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines_are_spread_over_the_time() {
        let mut quarters = [0; 4];
        for machine in 0..1000_u32 {
            let share = share(&machine.to_be_bytes(), 3599);
            assert_eq!(share, super::share(&machine.to_be_bytes(), 3599));
            quarters[share as usize / 900] += 1;
        }
        assert!(quarters.iter().all(|count| (200..300).contains(count)), "{quarters:?}");
        assert_eq!(share(b"any", 0), 0);
    }
}
