//! The text of Prometheus, version 0.0.4, which the textfile collector reads. `prometheus-client` writes OpenMetrics, where
//! a counter's TYPE stands without its `_total`; collectors of the older format then take it for untyped
//! (prometheus/client_rust issues 51 and 194). So counters are named whole, and encoded as numbers.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, text as openmetrics};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use super::Snapshot;
use super::table::{Kind, Metric, Sample, TABLE, Value};

/// All metrics, as text.
pub(crate) fn text(snapshot: Snapshot) -> String {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(snapshot));
    let mut text = String::new();
    // Only a writer that fails makes it fail, and a string does not.
    let _ = openmetrics::encode_registry(&mut text, &registry);
    text
}

impl Collector for Snapshot {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for metric in TABLE {
            let samples = (metric.read)(self);
            if samples.is_empty() {
                continue;
            }
            let kind = match metric.kind {
                Kind::Counter => MetricType::Counter,
                Kind::Gauge => MetricType::Gauge,
                Kind::Histogram => MetricType::Histogram,
            };
            let mut family = encoder.encode_descriptor(metric.name, metric.help, None, kind)?;
            for sample in samples {
                let labels = labels(metric, &sample);
                if labels.is_empty() {
                    value(&mut family, &sample.value)?;
                } else {
                    value(&mut family.encode_family(&labels)?, &sample.value)?;
                }
            }
        }
        Ok(())
    }
}

/// The crate writes label values as they are; what ends one is escaped here.
fn labels(metric: &Metric, sample: &Sample) -> Vec<(&'static str, String)> {
    let escaped = |value: &String| value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    metric.labels.iter().copied().zip(sample.labels.iter().map(escaped)).collect()
}

fn value(encoder: &mut MetricEncoder<'_>, value: &Value) -> fmt::Result {
    match value {
        Value::Number(number) => encoder.encode_gauge(number),
        Value::Times { sum, buckets } => {
            let count = buckets.iter().map(|(_, count)| count).sum();
            encoder.encode_histogram::<NoLabelSet>(*sum, count, buckets, None)
        }
    }
}
