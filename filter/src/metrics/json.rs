//! The same as JSON, for those who ask the daemon: each metric with its samples.

use serde_json::{Map, Value as Json, json};

use super::Snapshot;
use super::table::{Metric, Sample, TABLE, Value};

/// All metrics by name. A sample is an object of its labels and `value`; of a histogram `sum`, `count`, and `buckets` as
/// pairs of an upper end in seconds (none at last) and how many fell into it.
pub(crate) fn json(snapshot: &Snapshot) -> Json {
    let metric = |metric: &Metric| {
        let samples = (metric.read)(snapshot);
        (metric.name.to_owned(), samples.iter().map(|one| sample(metric, one)).collect())
    };
    Json::Object(TABLE.iter().map(metric).collect())
}

fn sample(metric: &Metric, sample: &Sample) -> Json {
    let labels = metric.labels.iter().zip(&sample.labels);
    let mut object: Map<_, _> = labels.map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    match &sample.value {
        Value::Number(number) => _ = object.insert("value".to_owned(), json!(number)),
        Value::Times { sum, buckets } => {
            let count: u64 = buckets.iter().map(|(_, count)| count).sum();
            let end = |end: f64| (end < f64::MAX).then_some(end);
            let buckets: Vec<_> = buckets.iter().map(|(at, count)| json!([end(*at), count])).collect();
            object.extend([("sum".to_owned(), json!(sum)), ("count".to_owned(), json!(count))]);
            object.insert("buckets".to_owned(), json!(buckets));
        }
    }
    Json::Object(object)
}
