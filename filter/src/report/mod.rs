//! `minewall report` and `minewall notice`, with feature `report`: what was written down, for people.
//!
//! | module | what |
//! |---|---|
//! | `incidents` | reading incidents and records back from files or a journal; without the feature too |
//! | `when` | stretches of time as people name them; so is this |
//! | `cell` | cells that no spreadsheet takes for formulas; and this |
//! | `part` `summary` | what lies in the days asked for, and its sums; pure |
//! | `page` `chart` | how that is laid out, in one language |
//! | `command` | the report |
//! | `notice` | one incident on one page |
//! | `texts` `reasons` `figure` | words and figures of pages |
//! | `html` `draw` `markdown` `csv` `json` | the formats |

mod cell;
#[cfg(feature = "report")]
mod chart;
#[cfg(feature = "report")]
mod command;
#[cfg(feature = "report")]
mod csv;
#[cfg(feature = "report")]
mod draw;
#[cfg(feature = "report")]
mod figure;
#[cfg(feature = "report")]
mod html;
pub(crate) mod incidents;
#[cfg(feature = "report")]
mod json;
#[cfg(feature = "report")]
mod markdown;
#[cfg(feature = "report")]
mod notice;
#[cfg(feature = "report")]
mod page;
#[cfg(feature = "report")]
mod part;
#[cfg(feature = "report")]
mod reasons;
#[cfg(test)]
#[path = "../../../tests/report/sample.rs"]
pub(crate) mod sample;
#[cfg(feature = "report")]
mod summary;
#[cfg(all(test, feature = "report"))]
mod tests;
#[cfg(feature = "report")]
mod texts;
pub(crate) mod when;

pub(crate) use cell::harmless;
#[cfg(feature = "report")]
pub(crate) use command::Report;
#[cfg(feature = "report")]
pub(crate) use notice::Notice;
