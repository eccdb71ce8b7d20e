//! Every bound of the wire readers, each with its reason.

/// VLAN tags looked through: one customer and one service tag (802.1ad), and one to spare for a mirror
/// port that adds its own.
pub(crate) const VLAN_TAGS_MAX: usize = 3;

/// Nodes of one JSON document. The largest mining message (a stratum v1 `mining.notify` with a merkle
/// branch for each power of two of transactions) has about 40; a block template lists its
/// transactions at the end, and the keys before them are what tells.
pub(crate) const JSON_NODES_MAX: usize = 512;

/// Open objects and arrays of one JSON document. Mining messages nest 4 deep.
pub(crate) const JSON_DEPTH_MAX: usize = 16;

const _: () = assert!(JSON_DEPTH_MAX < JSON_NODES_MAX);
