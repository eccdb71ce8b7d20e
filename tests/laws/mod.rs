//! What holds for every conversation of the catalogue, however it is sent.
//!
//! | module | holds |
//! |---|---|
//! | `talk` | a conversation given to an engine, in any pieces |
//! | `sending` | segments, order, repetition, contradiction: the same finding, and nothing complete passes |
//! | `prefixes` | every prefix has a verdict, and no near miss raises anything |
//! | `noise` | random first payloads raise nothing |

mod noise;
mod prefixes;
mod sending;
mod talk;
