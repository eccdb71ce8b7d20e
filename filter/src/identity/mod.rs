//! Who is who on the gateway's links: interface names and hardware addresses, asked for off the packet path.

pub(crate) mod interface;
pub(crate) mod neighbour;
