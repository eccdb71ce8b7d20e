//! What is asked of rtnetlink and answered: neighbours and routes. `RouteNetlinkMessage` of the library reads all there is, links and
//! traffic control too, which would be a twentieth of the program for routers.

use netlink_packet_core::{
    DecodeError, Emitable, NetlinkDeserializable, NetlinkHeader, NetlinkPayload, NetlinkSerializable, Parseable,
};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::neighbour::NeighbourMessage;
use netlink_packet_route::route::RouteMessage;

/// Of linux/rtnetlink.h.
const NEW_ROUTE: u16 = 24;
const GET_ROUTE: u16 = 26;
const NEW_NEIGHBOUR: u16 = 28;
const GET_NEIGHBOUR: u16 = 30;

/// A question by its form, or an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Message {
    Neighbour(NeighbourMessage),
    Route(RouteMessage),
    /// Something else, which nobody asked for.
    Other,
}

impl NetlinkDeserializable for Message {
    type Error = DecodeError;

    fn deserialize(header: &NetlinkHeader, payload: &[u8]) -> Result<Self, DecodeError> {
        match header.message_type {
            NEW_ROUTE => RouteMessage::parse(payload).map(Self::Route),
            NEW_NEIGHBOUR => NeighbourMessage::parse(payload).map(Self::Neighbour),
            _ => Ok(Self::Other),
        }
    }
}

impl NetlinkSerializable for Message {
    fn message_type(&self) -> u16 {
        match self {
            Self::Neighbour(_) => GET_NEIGHBOUR,
            Self::Route(_) => GET_ROUTE,
            Self::Other => 0,
        }
    }

    fn buffer_len(&self) -> usize {
        match self {
            Self::Neighbour(message) => message.buffer_len(),
            Self::Route(message) => message.buffer_len(),
            Self::Other => 0,
        }
    }

    fn serialize(&self, buffer: &mut [u8]) {
        match self {
            Self::Neighbour(message) => message.emit(buffer),
            Self::Route(message) => message.emit(buffer),
            Self::Other => {}
        }
    }
}

impl From<Message> for NetlinkPayload<Message> {
    fn from(message: Message) -> Self {
        Self::InnerMessage(message)
    }
}

/// What the kernel is told to do, and answers by yes or no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Of(RouteNetlinkMessage),
    /// A message that answers nothing.
    Other,
}

impl NetlinkDeserializable for Order {
    type Error = DecodeError;

    fn deserialize(_: &NetlinkHeader, _: &[u8]) -> Result<Self, DecodeError> {
        Ok(Self::Other)
    }
}

impl NetlinkSerializable for Order {
    fn message_type(&self) -> u16 {
        match self {
            Self::Of(message) => message.message_type(),
            Self::Other => 0,
        }
    }

    fn buffer_len(&self) -> usize {
        match self {
            Self::Of(message) => Emitable::buffer_len(message),
            Self::Other => 0,
        }
    }

    fn serialize(&self, buffer: &mut [u8]) {
        match self {
            Self::Of(message) => message.emit(buffer),
            Self::Other => {}
        }
    }
}

impl From<Order> for NetlinkPayload<Order> {
    fn from(order: Order) -> Self {
        Self::InnerMessage(order)
    }
}
