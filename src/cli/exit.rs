//! Exit codes: a promise to schedulers.

use std::process::ExitCode;

use crate::bucket::{BucketError, WebError};
use crate::catalogue::CatalogueError;
use crate::ledger::LedgerError;
use crate::plan::PlanError;
use crate::redline::RedLineError;
use crate::report::ReportError;
use crate::run::RunError;
use crate::run::shards::ShardError;
use crate::run::state::StateError;
use crate::submodel::SubModelError;

/// How a verb ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Complete; no lead is success.
    Complete,
    /// Failed, nothing published.
    Failed,
    /// Wrong usage or plan.
    Usage,
    /// Published with gaps.
    Gaps,
    /// Another run holds the state; nothing was done.
    Busy,
    /// Something that was due is late.
    Overdue,
    /// Interrupted.
    Interrupted,
}

impl Exit {
    /// The number: 0, 1, 2, 3, 4, 5 or 130.
    pub fn number(self) -> u8 {
        match self {
            Exit::Complete => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Gaps => 3,
            Exit::Busy => 4,
            Exit::Overdue => 5,
            Exit::Interrupted => 130,
        }
    }

    /// The number as the system wants it.
    pub fn code(self) -> ExitCode {
        ExitCode::from(self.number())
    }
}

/// A wrong plan is a wrong usage; everything else failed.
pub fn of_error(error: &anyhow::Error) -> Exit {
    let wrong_plan = error.downcast_ref::<PlanError>().is_some()
        || error.downcast_ref::<SubModelError>().is_some()
        || matches!(error.downcast_ref(), Some(BucketError::Name { .. }))
        || matches!(
            error.downcast_ref(),
            Some(LedgerError::NoSuchLead(_) | LedgerError::Guard { .. } | LedgerError::Words { .. })
        )
        || error.downcast_ref::<RunError>().is_some_and(is_wrong_plan)
        || matches!(error.downcast_ref(), Some(RunError::Report(wrong)) if matches!(**wrong, ReportError::Flag { .. }));
    let is_busy = matches!(error.downcast_ref(), Some(RunError::State(StateError::Busy { .. })));
    match (is_busy, wrong_plan) {
        (true, _) => Exit::Busy,
        (_, true) => Exit::Usage,
        _ => Exit::Failed,
    }
}

/// Faults that only the inputs show, but that only the plan can mend.
fn is_wrong_plan(error: &RunError) -> bool {
    matches!(
        error,
        RunError::SubModel(_)
            | RunError::NoModel { .. }
            | RunError::NoScenes { .. }
            | RunError::OneYear { .. }
            | RunError::Memory { .. }
            | RunError::Plan(_)
            | RunError::Shard(
                ShardError::NoJob { .. } | ShardError::NoShard { .. } | ShardError::Taken { .. }
            )
            | RunError::State(
                StateError::Pair
                    | StateError::Order { .. }
                    | StateError::NotAState { .. }
                    | StateError::Within { .. }
            )
            | RunError::Ledger(LedgerError::NoSuchLead(_))
            | RunError::RedLine(RedLineError::Twice { .. })
    ) || matches!(error, RunError::Catalogue(error) if is_wrong_question(error))
}

/// Faults of an address, a host or a folder that was given.
fn is_wrong_question(error: &CatalogueError) -> bool {
    matches!(
        error,
        CatalogueError::Folder { .. }
            | CatalogueError::NotNamed(_)
            | CatalogueError::Items { .. }
            | CatalogueError::Web(
                WebError::Name { .. } | WebError::NotNamed { .. } | WebError::TokenInTheOpen { .. }
            )
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_a_promise() {
        let all = [
            Exit::Complete,
            Exit::Failed,
            Exit::Usage,
            Exit::Gaps,
            Exit::Busy,
            Exit::Overdue,
            Exit::Interrupted,
        ];
        assert_eq!(all.map(Exit::number), [0, 1, 2, 3, 4, 5, 130]);
    }
}
