//! The Record as one line of JSON in Elastic Common Schema names (docs/records.md).
