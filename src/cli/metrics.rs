//! Numbers of a night for Prometheus: a file for the textfile collector of its node exporter.
//!
//! Source: Prometheus text exposition format 0.0.4; names end in their unit, times are seconds since 1970.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use jiff::Timestamp;

use crate::cli::exit::Exit;
use crate::publish::single;
use crate::run::state::report::Report;

/// Writes the numbers of a night, whole.
pub fn write(
    path: &Path,
    (exit, report): (Exit, Option<&Report>),
    (now, took): (Timestamp, Duration),
) -> Result<()> {
    let text = text((exit, report), (now, took));
    single::write(path, text.as_bytes()).with_context(|| format!("{}: no metrics", path.display()))
}

fn text((exit, report): (Exit, Option<&Report>), (now, took): (Timestamp, Duration)) -> String {
    let mut text = String::new();
    let mut gauge = |name: &str, help: &str, values: &[(String, f64)]| {
        // Writing into memory cannot fail.
        let _ = writeln!(text, "# HELP steppewatch_{name} {help}\n# TYPE steppewatch_{name} gauge");
        for (labels, value) in values {
            let _ = writeln!(text, "steppewatch_{name}{labels} {value}");
        }
    };
    let one = |value: f64| vec![(String::new(), value)];
    gauge("last_run_timestamp_seconds", "When the last run ended.", &one(now.as_second() as f64));
    gauge("last_run_duration_seconds", "How long it took.", &one(took.as_secs_f64()));
    gauge(
        "last_run_exit_code",
        "How it ended: 0 complete, 1 failed, 2 wrong plan, 3 published with gaps.",
        &one(f64::from(exit.number())),
    );
    let Some(report) = report else { return text };
    let count = |value: usize| one(value as f64);
    gauge("last_success_timestamp_seconds", "When a run last went through.", &one(now.as_second() as f64));
    gauge("scenes", "Scenes that the result stands on.", &count(report.scenes));
    gauge("scenes_set_aside", "Files of scenes that could not be read.", &count(report.set_aside.len()));
    gauge("days_taken", "Days taken in by the last run.", &count(report.days_taken.len()));
    gauge("cells", "Control cells under watch.", &count(report.cells));
    gauge("cells_judged", "Cells of which anything new was seen.", &count(report.cells_judged));
    gauge("leads", "Leads.", &count(report.leads));
    gauge("leads_new", "Leads that the result before did not have.", &count(report.digest.new.len()));
    gauge("leads_changed", "Leads that changed.", &count(report.digest.changed.len()));
    gauge("leads_gone", "Leads that are gone.", &count(report.digest.gone.len()));
    gauge("gaps", "Gaps.", &count(report.gaps));
    let bytes = report.state_bytes;
    let parts = [("look-back", bytes.look_back), ("days", bytes.days), ("evidence", bytes.evidence)];
    let labelled = |label: &str, name: &str| format!("{{{label}=\"{name}\"}}");
    let parts = parts.map(|(part, bytes)| (labelled("part", part), bytes as f64));
    gauge("state_bytes", "Bytes of the state.", &parts);
    let stages: Vec<(String, f64)> =
        report.stages.iter().map(|(name, seconds)| (labelled("stage", name), *seconds)).collect();
    gauge("stage_seconds", "Seconds of the stages of the last run.", &stages);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_a_help_and_a_type_and_a_failed_run_has_no_result() {
        let now: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        let report = Report { leads: 7, stages: vec![("evidence".to_owned(), 1.5)], ..Report::default() };
        let whole = text((Exit::Gaps, Some(&report)), (now, Duration::from_millis(2500)));
        for line in [
            "steppewatch_last_run_timestamp_seconds 1767323045",
            "steppewatch_last_run_duration_seconds 2.5",
            "steppewatch_last_run_exit_code 3",
            "# TYPE steppewatch_leads gauge",
            "steppewatch_leads 7",
            "steppewatch_state_bytes{part=\"look-back\"} 0",
            "steppewatch_stage_seconds{stage=\"evidence\"} 1.5",
        ] {
            assert!(whole.lines().any(|said| said == line), "{line} in\n{whole}");
        }
        let failed = text((Exit::Failed, None), (now, Duration::ZERO));
        assert!(
            failed.contains("exit_code 1") && !failed.contains("leads") && !failed.contains("last_success")
        );
    }
}
