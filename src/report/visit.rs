//! Which leads somebody should still go to.
//!
//! In:  a lead with what the ledger knows of it. Out: nothing, or why nobody needs to go there.
//! Law: a run alone decides nothing here: without a ledger every lead is to be visited.

use crate::ledger::state::{State, Verdict};
use crate::report::material::Item;

/// Why a lead needs no visit, Chinese and English; none where it does.
pub fn why_not(lead: &Item) -> Option<(&'static str, &'static str)> {
    let case = lead.case.as_ref()?;
    // Somebody was there and could tell.
    let told = case.verdict().is_some_and(|verdict| verdict != Verdict::CannotTell);
    let is_told = case.state == State::Verified && told && !case.is_contested();
    (case.state.is_done() || is_told).then(|| (case.state.chinese(), case.state.english()))
}

/// Leads to visit, by rank, and how many need no visit.
pub fn to_visit(leads: &[Item]) -> (Vec<&Item>, usize) {
    let chosen: Vec<&Item> = leads.iter().filter(|lead| why_not(lead).is_none()).collect();
    let left = leads.len() - chosen.len();
    (chosen, left)
}
