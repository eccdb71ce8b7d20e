//! The queues: who has them, what they lost, how long packets wait.

use minewall_core::config::Fail;
use serde_json::Value;

use super::check::Outcome;
use super::scene::Scene;
use crate::queue::counters::{BUCKETS, percentile};

/// What counts packets that no engine saw.
const LOST: [&str; 3] = [
    "minewall_queue_dropped_packets_total",
    "minewall_queue_user_dropped_packets_total",
    "minewall_queue_overruns_total",
];

/// Whether our queues are bound, by us.
pub(super) fn bound(scene: &Scene) -> Vec<Outcome> {
    let numbers = scene.queues();
    let (first, last) = (numbers.first().copied().unwrap_or_default(), numbers.last().copied().unwrap_or_default());
    let lines = &scene.after.queues;
    let own = scene.process();
    let mut outcomes = Vec::new();
    for (number, line) in lines.iter().filter(|(number, _)| numbers.contains(number)) {
        let name = scene.machine.text(&format!("/proc/{}/comm", line.port)).trim().to_owned();
        // The port id of further sockets of a process is a random number.
        let is_stranger = !name.is_empty() && name != "minewall" && Some(line.port) != own;
        if is_stranger || (own.is_none() && name != "minewall") {
            let who = if name.is_empty() {
                format!("port id {}", line.port)
            } else {
                format!("{name}, process {}", line.port)
            };
            let next = last.saturating_add(1).max(number.saturating_add(1));
            outcomes.push(Outcome::fail(
                format!("queue {number} is taken by another program ({who})"),
                &format!("end it, or set queue.first = {next} and start minewall anew"),
            ));
        }
    }
    let absent: Vec<_> = numbers.iter().filter(|number| !lines.contains_key(number)).map(u16::to_string).collect();
    if own.is_some() && !absent.is_empty() {
        let seen =
            format!("nobody is bound to queue {}: its packets pass or not as queue.fail says", absent.join(", "));
        outcomes.push(Outcome::fail(seen, "systemctl restart minewall"));
    }
    if outcomes.is_empty() {
        outcomes.push(match own {
            Some(_) => Outcome::ok(format!("queues {first} to {last} are bound by minewall")),
            None => Outcome::ok(format!("queues {first} to {last} are free")),
        });
    }
    outcomes
}

/// Whether packets were lost, or passed unseen, for want of room.
pub(super) fn drops(scene: &Scene) -> Vec<Outcome> {
    let [Some(dropped), Some(user_dropped), Some(overruns)] = LOST.map(|metric| scene.counted(metric)) else {
        let of = scene.after.queues.iter().filter(|(number, _)| scene.queues().contains(number));
        let lost: u64 = of.map(|(_, line)| u64::from(line.dropped) + u64::from(line.user_dropped)).sum();
        return match lost {
            0 => vec![Outcome::skipped("no minewall tells what its queues lost")],
            lost => vec![Outcome::warn(format!("the kernel dropped {lost} packets of our queues"), "queue.length")],
        };
    };
    let judged = scene.counted("minewall_packets_total").unwrap_or_default();
    if dropped + user_dropped + overruns == 0 {
        return vec![Outcome::ok(format!("none of {judged} packets"))];
    }
    let open = |fail: Fail| fail == Fail::Open;
    let fail = scene.config.queue.fail;
    let passed =
        if overruns > 0 && (open(fail.dns) || open(fail.tcp)) { ", where packets passed uninspected" } else { "" };
    let grown: u64 = LOST.iter().filter_map(|metric| scene.grown(metric)).sum();
    let now = if grown > 0 { format!("; {grown} of these while it was looked at") } else { String::new() };
    let seen = format!(
        "beside {judged} packets judged: {dropped} dropped with a full queue, {user_dropped} with a full socket, {overruns} \
         times a socket was full{passed}{now}"
    );
    vec![Outcome::warn(
        seen,
        "queue.count up to the number of processors, a larger queue.length, then restart minewall",
    )]
}

/// Whether the engines are eased, and how long packets wait.
pub(super) fn load(scene: &Scene) -> Vec<Outcome> {
    let Ok(daemon) = &scene.daemon else {
        return vec![Outcome::skipped("no minewall tells its load")];
    };
    let p99 = p99(daemon.counters.get("minewall_verdict_seconds"));
    let waits = match p99 {
        None => "no packet came yet".to_owned(),
        Some(seconds) if seconds.is_finite() => format!("99 of 100 verdicts within {:.2} ms", seconds * 1e3),
        Some(_) => "more than one of 100 verdicts took longer than 100 ms".to_owned(),
    };
    match daemon.sum("minewall_ease_level") {
        Some(level) if level > 0 => vec![Outcome::warn(
            format!("overloaded: it looks at less of each connection (level {level} of 3); {waits}"),
            "queue.count up to the number of processors; fewer look.packets; a gateway with more processors",
        )],
        _ if p99.is_some_and(|seconds| seconds > 0.01) => {
            vec![Outcome::warn(waits, "the gateway's processors are busy: top, queue.count")]
        }
        _ => vec![Outcome::ok(waits)],
    }
}

/// The end of the bucket that 99 of 100 fall below, over all queues, in seconds; none where no packet came.
fn p99(samples: Option<&Value>) -> Option<f64> {
    let mut sums = [0; BUCKETS.len() + 1];
    for sample in samples?.as_array()? {
        for (sum, bucket) in sums.iter_mut().zip(sample.get("buckets")?.as_array()?) {
            *sum += bucket.get(1)?.as_u64()?;
        }
    }
    let within = |us: u32| f64::from(us) / 1e6;
    sums.iter().any(|sum| *sum > 0).then(|| percentile(&sums, 99).map_or(f64::INFINITY, within))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A sample as the daemon tells it, with so many packets in the bucket that ends at a millisecond and in the last one.
    fn sample(fast: u64, slow: u64) -> Value {
        let ends = BUCKETS.iter().map(|end| (json!(f64::from(*end) / 1e6), if *end == 1000 { fast } else { 0 }));
        json!({ "buckets": ends.chain([(Value::Null, slow)]).map(|(end, count)| json!([end, count])).collect::<Value>() })
    }

    #[test]
    fn the_time_of_99_of_100_is_read_over_all_queues() {
        assert_eq!(p99(Some(&json!([sample(98, 0), sample(1, 1)]))), Some(0.001));
        assert_eq!(p99(Some(&json!([sample(97, 0), sample(1, 2)]))), Some(f64::INFINITY));
        assert_eq!(p99(Some(&json!([sample(0, 0)]))), None);
        assert_eq!(p99(Some(&json!("?"))), None);
    }
}
