//! The names of interfaces, by the index the kernel gives with a packet.

use std::collections::HashMap;

use rustix::net::{AddressFamily, SocketType, socket};

/// Names already asked for. An interface keeps its index as long as it lives; a new one gets another.
#[derive(Debug, Default)]
pub(crate) struct Interfaces {
    names: HashMap<u32, Option<String>>,
}

impl Interfaces {
    /// The name of the interface with this index; 0 and unknown ones have none.
    pub(crate) fn name(&mut self, index: u32) -> Option<String> {
        if index == 0 {
            return None;
        }
        if let Some(Some(name)) = self.names.get(&index) {
            return Some(name.clone());
        }
        let name = socket(AddressFamily::INET, SocketType::DGRAM, None)
            .and_then(|socket| rustix::net::netdevice::index_to_name(&socket, index))
            .ok();
        self.names.insert(index, name.clone());
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_interface_is_lo() {
        let mut interfaces = Interfaces::default();
        assert_eq!(interfaces.name(1).as_deref(), Some("lo"));
        assert_eq!(interfaces.name(0), None);
        assert_eq!(interfaces.name(u32::MAX >> 1), None);
    }
}
