//! Patches kept aside, each with an id of its own.
//!
//! In:  suppressed patches in any order. Out: rows of `suppressed` in the order of every file.
//! Law: no two rows share an id; what shares ground with a lead or another sub-model shares its `place`.

use crate::lead::Suppressed;
use crate::publish::outline;

/// A row of `suppressed`. Several sub-models may keep one place aside, and a lead may name it.
#[derive(Debug, Clone, PartialEq)]
pub struct Aside {
    /// Place and sub-model; counted where two patches of one sub-model share a place.
    pub id: String,
    /// The patch.
    pub patch: Suppressed,
}

/// Id of a patch kept aside: its place and its sub-model.
pub fn id(patch: &Suppressed) -> String {
    format!("{}-{}", patch.id, patch.model)
}

/// The rows, by place, sub-model, reason and outline.
pub fn asides(patches: &[Suppressed]) -> Vec<Aside> {
    let mut sorted: Vec<&Suppressed> = patches.iter().collect();
    sorted.sort_by_cached_key(|patch| {
        let words = [&patch.id, &patch.model, patch.reason.code(), &patch.detail].map(str::to_owned);
        (words, outline::coordinates(&patch.outline))
    });
    let mut rows: Vec<Aside> = Vec::with_capacity(sorted.len());
    let mut again = 1;
    for patch in sorted {
        let is_again = rows.last().is_some_and(|last| id(&last.patch) == id(patch));
        again = if is_again { again + 1 } else { 1 };
        let own = if again == 1 { id(patch) } else { format!("{}-{again}", id(patch)) };
        rows.push(Aside { id: own, patch: patch.clone() });
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::fields::{self, properties};
    use crate::publish::sample;

    #[test]
    fn patches_that_share_a_place_have_ids_of_their_own() {
        let one = sample::suppressed().remove(0);
        let other = Suppressed { model: "W2".to_owned(), ..one.clone() };
        let wider = Suppressed { detail: "wider".to_owned(), ..one.clone() };
        let rows = asides(&[one.clone(), other, wider]);
        let (place, model) = (&one.id, &one.model);
        let expected = [format!("{place}-{model}"), format!("{place}-{model}-2"), format!("{place}-W2")];
        let columns = |row: &Aside| properties(fields::SUPPRESSED, row);
        assert_eq!(rows.iter().map(|row| columns(row)["id"].clone()).collect::<Vec<_>>(), expected);
        assert!(rows.iter().all(|row| columns(row)["place"] == *place));
    }
}
