//! What is tested in a virtual machine.

use anyhow::{Result, bail, ensure};

use crate::build;

/// How much longer the lab waits for what happens sooner or later, and loads.
const PATIENCE: u32 = 5;

/// The tests of the lab that are run: each kind of rule and of verdict at least once. Two parts, one a machine: the first
/// beside the tests `kernel::`, so that both machines take about the same time.
const LAB: [&[&str]; 2] = [BESIDE_RULES, THE_REST];

const BESIDE_RULES: &[&str] = &[
    "path::quic::a_listed_quic_server_name_is_cut_and_another_passes",
    "path::quic::the_client_is_told_at_once_or_not_at_all",
    "path::policy::with_drop_the_pool_hears_nothing_and_the_client_is_not_told",
    "path::policy::observing_lets_every_login_through_and_learns_its_words",
    "path::policy::an_exemption_lets_its_hosts_mine_until_it_expires",
    "path::rules::the_rules_after_the_stop_are_those_before_the_start",
    "path::rules::bits_of_others_in_marks_stay",
    "path::reload::a_reload_brings_new_lists_and_policy_and_breaks_nothing",
    "path::reload::many_names_are_swapped_under_load_and_no_question_is_lost",
];

const THE_REST: &[&str] = &[
    "path::logins::every_login_is_cut_over_ipv4",
    "path::logins::two_hosts_at_once_each_get_a_record_of_their_own",
    "path::names::a_listed_name_is_refused_over_udp_whoever_is_asked",
    "path::names::a_listed_name_is_cut_over_tcp_whoever_is_asked",
    "path::names::a_question_forced_to_the_resolver_is_refused_by_the_address_that_was_asked",
    "path::answers::a_cloaked_name_is_refused_over_udp_whoever_is_asked",
    "path::listed::a_listed_server_name_is_cut_and_no_other",
    "path::listed::a_listed_address_is_cut_at_its_port_only",
    "path::anew::a_pool_is_told_of_the_cut",
    "path::anew::the_ports_of_a_cut_connection_serve_another_at_once",
    "path::resolvers::encrypted_dns_passes_and_is_refused_on_request",
    "path::crash::a_killed_minewall_stops_nothing_and_its_successor_cuts_again",
    "path::crash::a_running_session_is_picked_up_by_the_pools_job",
    "path::faults::no_connection_is_lost_when_minewall_is_killed_under_load",
    "path::faults::a_burst_that_overflows_the_queue_passes",
    "path::faults::an_interface_that_goes_and_comes_back_is_watched_again",
    "path::firewall::mining_is_cut_behind_a_firewall_that_offloads",
    "path::learned::where_a_listed_name_leads_is_refused_with_its_port_and_the_record_names_the_pool",
    "path::learned::what_nobody_confirms_ends_with_its_time_and_a_restart_forgets_nothing",
];

/// What one machine does.
pub(super) struct Part {
    pub(super) name: &'static str,
    pub(super) commands: Vec<String>,
}

/// The kernel's tests of the program and the first part of the lab's, and the others. One test at a time in each machine,
/// for time limits are tight.
pub(super) fn parts(only_nft: bool) -> Result<[Part; 2]> {
    let (unit, lab) = build::tests("minewall")?;
    let quoted = |text: String| format!("'{}'", text.replace('\'', "'\\''"));
    let program = |path: std::path::PathBuf| quoted(path.display().to_string());
    let path = std::env::var("PATH").unwrap_or_default();
    let root = build::root().canonicalize()?.display().to_string();
    let before = [
        format!(
            "export HOME=/root TMPDIR=/run/tmp LC_ALL=C.UTF-8 MINEWALL_LAB_PATIENCE={PATIENCE} PATH={}",
            quoted(path)
        ),
        if only_nft { "export MINEWALL_ONLY_NFT=1" } else { "unset MINEWALL_ONLY_NFT" }.to_owned(),
        format!("cd {}", quoted(root)),
        "failed=0".to_owned(),
    ];
    let kernel = format!("{} kernel:: --test-threads 1 --nocapture || failed=1", program(unit));
    let of_lab =
        |tests: &[&str]| format!("{} --exact --test-threads 1 {} || failed=1", program(lab.clone()), tests.join(" "));
    let all = |tasks: &[String]| [&before[..], tasks, &["exit $failed".to_owned()]].concat();
    Ok([
        Part { name: "rules", commands: all(&[kernel, of_lab(BESIDE_RULES)]) },
        Part { name: "lab", commands: all(&[of_lab(THE_REST)]) },
    ])
}

/// Whether all was tested that should be: a test that lacks something says so and passes.
pub(super) fn judge(said: &[String]) -> Result<()> {
    let skipped: Vec<_> = said.iter().filter(|line| line.contains("SKIPPED")).map(String::as_str).collect();
    if !skipped.is_empty() {
        bail!("tests were skipped in the virtual machine:\n{}", skipped.join("\n"));
    }
    let passed = said.iter().filter(|line| line.starts_with("test path::") && line.ends_with("... ok")).count();
    let all = LAB.concat().len();
    ensure!(passed == all, "{passed} tests of the lab passed, of {all}");
    ensure!(said.iter().any(|line| line.contains("nft on ")), "no rules of nft were tried");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{LAB, judge};

    #[test]
    fn what_was_not_tested_is_told() {
        let whole: Vec<String> = LAB
            .concat()
            .iter()
            .map(|test| format!("test {test} ... ok"))
            .chain(["test kernel::tests::a ... nft on 6.12".to_owned()])
            .collect();
        assert!(judge(&whole).is_ok());
        let less = |from: usize, to: usize| judge(&whole[from..to]).expect_err("something is missing").to_string();
        assert!(less(1, whole.len()).contains("tests of the lab passed"));
        assert!(less(0, whole.len() - 1).contains("no rules of nft"));
        let mut skipping = whole;
        skipping.push("SKIPPED flowtables: no such thing".to_owned());
        assert!(judge(&skipping).expect_err("one was skipped").to_string().contains("flowtables"));
    }
}
