//! Which leads somebody should still go to.
//!
//! In:  a lead with what the ledger knows of it. Out: nothing, or why nobody needs to go there.
//! Law: a run alone decides nothing here: without a ledger every lead is to be visited.

use crate::report::material::Item;

/// Why a lead needs no visit, Chinese and English; none where it does.
pub fn why_not(lead: &Item) -> Option<(&'static str, &'static str)> {
    let state = lead.case.as_ref()?.state;
    state.is_done().then(|| (state.chinese(), state.english()))
}

/// Leads to visit, by rank, and how many need no visit.
pub fn to_visit(leads: &[Item]) -> (Vec<&Item>, usize) {
    let chosen: Vec<&Item> = leads.iter().filter(|lead| why_not(lead).is_none()).collect();
    let left = leads.len() - chosen.len();
    (chosen, left)
}
