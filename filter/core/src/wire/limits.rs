//! Every bound of the wire readers, each with its reason.

/// VLAN tags looked through: one customer and one service tag (802.1ad), and one to spare for a mirror
/// port that adds its own.
pub(crate) const VLAN_TAGS_MAX: usize = 3;
