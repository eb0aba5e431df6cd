//! Conformal selection: which candidates may be leads so that few of them are false, on average over runs.
//!
//! In:  scores of candidates; scores, verdicts and weights of verified candidates that were drawn at random.
//! Out: a p-value for each candidate and the cut of Benjamini-Hochberg.
//! Law: raising q never takes a candidate out; a verified false candidate never lets another one in.
//! Source: p-values and their use with Benjamini-Hochberg: Bates et al., Annals of Statistics 51 (2023) 149-178;
//!      Jin and Candes, Journal of Machine Learning Research 24 (2023) 244 (selection by prediction, false
//!      discovery rate in finite samples); Benjamini and Hochberg, JRSS B 57 (1995) 289-300. Unequal weights after
//!      Tibshirani et al., NeurIPS 2019 (weighted exchangeability), under which control is approximate.

/// A verified candidate as the selection sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verified {
    /// Its score; higher is surer.
    pub score: f64,
    /// Whether the visit found the change.
    pub is_true: bool,
    /// One over its chance of being drawn, above 0; all equal for a plain random draw.
    pub weight: f64,
}

/// `(w + sum of weights of false verified candidates with at least this score) / (w + sum of all weights)` for each
/// candidate: (1 + #false above) / (n + 1) where all weigh the same.
///
/// `w` is what the candidate itself would weigh: the most that the verified ones of at least its score and the next one
/// below weigh, so that a surer candidate never has the larger p-value and no weight is guessed too low.
pub fn p_values(scores: &[f64], verified: &[Verified]) -> Vec<f64> {
    let mut verified: Vec<&Verified> = verified.iter().collect();
    // One order of summation, so that the order of a file changes no bit.
    verified.sort_by(|a, b| b.score.total_cmp(&a.score).then(b.weight.total_cmp(&a.weight)));
    let all: f64 = verified.iter().map(|one| one.weight).sum();
    // Of the surest, the two surest and so on: heaviest weight and sum of the false ones.
    let (mut heaviest, mut sum, mut above) = (0.0_f64, 0.0, Vec::new());
    for one in &verified {
        heaviest = heaviest.max(one.weight);
        sum += if one.is_true { 0.0 } else { one.weight };
        above.push((one.score, heaviest, sum));
    }
    let p = |score: &f64| {
        let count = above.partition_point(|(other, ..)| other >= score);
        let own = above.get(count).or(above.last()).map_or(1.0, |(_, heaviest, _)| *heaviest);
        let sum = if count == 0 { 0.0 } else { above[count - 1].2 };
        (own + sum) / (own + all)
    };
    scores.iter().map(p).collect()
}

/// The largest p-value that Benjamini-Hochberg selects at `q`; none when nothing is selected.
pub fn benjamini_hochberg(p_values: &[f64], q: f64) -> Option<f64> {
    let mut sorted = p_values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let all = sorted.len() as f64;
    // A rounding error must not decide a tie such as 1/20 against 0.1 x 1/2.
    let passes = |(rank, p): &(usize, &f64)| **p * all <= q * (rank + 1) as f64 + 1e-12;
    sorted.iter().enumerate().rfind(passes).map(|(_, p)| *p)
}

/// Verified candidates at least, so that `above` of `candidates` could be selected at `q` if no false one stood above them:
/// 1 / (n + 1) <= q above / candidates.
pub fn labels_needed(candidates: usize, above: usize, q: f64) -> usize {
    let least = candidates.max(1) as f64 / (q * above.max(1) as f64);
    (least - 1e-9).ceil().max(1.0) as usize - 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn verified(list: &[(f64, bool)]) -> Vec<Verified> {
        list.iter().map(|&(score, is_true)| Verified { score, is_true, weight: 1.0 }).collect()
    }

    #[test]
    fn a_p_value_counts_the_false_ones_above_and_itself() {
        let known = verified(&[(3.0, true), (2.0, false), (1.0, false), (0.5, true)]);
        let found = p_values(&[4.0, 2.0, 1.5, 1.0, 0.0], &known);
        assert_eq!(found, [0.2, 0.4, 0.4, 0.6, 0.6]);
        assert_eq!(p_values(&[1.0], &[]), [1.0]);
    }

    #[test]
    fn one_heavy_label_counts_as_many_light_ones() {
        let heavy = [
            Verified { score: 1.0, is_true: false, weight: 3.0 },
            Verified { score: 0.0, is_true: true, weight: 1.0 },
        ];
        // (3 + 3) / (3 + 4) above the false one's score, 3 / 7 over it.
        assert_eq!(p_values(&[1.0, 2.0], &heavy), [6.0 / 7.0, 3.0 / 7.0]);
        // A heavy one below does not weigh on what stands above it: 1 / 12; beside it it does: 10 / 21, 20 / 21.
        let below = [
            Verified { score: 5.0, is_true: true, weight: 1.0 },
            Verified { score: 0.0, is_true: false, weight: 10.0 },
        ];
        assert_eq!(p_values(&[6.0, 5.0, 0.0], &below), [1.0 / 12.0, 10.0 / 21.0, 20.0 / 21.0]);
    }

    #[test]
    fn benjamini_hochberg_agrees_with_its_own_example() {
        // The fifteen p-values of Benjamini and Hochberg 1995, section 4: four are rejected at 0.05.
        let p = [
            0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719,
            0.6528, 0.7590, 1.0,
        ];
        assert_eq!(benjamini_hochberg(&p, 0.05), Some(0.0095));
        assert_eq!(benjamini_hochberg(&[0.05, 1.0], 0.1), Some(0.05));
        assert_eq!(benjamini_hochberg(&[], 0.1), None);
        assert_eq!(benjamini_hochberg(&[0.2], 0.1), None);
    }

    #[test]
    fn the_number_of_labels_needed_is_the_first_that_suffices() {
        for (candidates, above, q) in [(20, 13, 0.05), (10, 10, 0.1), (7, 1, 0.2), (300, 40, 0.1)] {
            let p = |labels: usize| {
                let mut list = vec![1.0 / (labels as f64 + 1.0); above];
                list.resize(candidates, 1.0);
                list
            };
            let needed = labels_needed(candidates, above, q);
            assert!(benjamini_hochberg(&p(needed), q).is_some());
            assert!(benjamini_hochberg(&p(needed - 1), q).is_none_or(|cut| cut >= 1.0));
        }
    }

    fn selected(scores: &[f64], known: &[Verified], q: f64) -> Vec<bool> {
        let p = p_values(scores, known);
        let cut = benjamini_hochberg(&p, q);
        p.iter().map(|p| cut.is_some_and(|cut| *p <= cut)).collect()
    }

    proptest! {
        #[test]
        fn raising_q_never_takes_a_lead_out(
            scores in proptest::collection::vec(-3.0..6.0_f64, 1..40),
            known in proptest::collection::vec((-3.0..6.0_f64, any::<bool>()), 0..80),
            low in 0.01..0.5_f64, more in 0.0..0.4_f64,
        ) {
            let known = verified(&known);
            let (few, many) = (selected(&scores, &known, low), selected(&scores, &known, low + more));
            prop_assert!(few.iter().zip(&many).all(|(few, many)| !few || *many));
        }

        #[test]
        fn one_more_false_label_above_never_lets_another_lead_in(
            scores in proptest::collection::vec(-3.0..6.0_f64, 1..40),
            known in proptest::collection::vec((-3.0..6.0_f64, any::<bool>()), 0..80),
            q in 0.01..0.5_f64,
        ) {
            let before = verified(&known);
            let mut after = before.clone();
            after.push(Verified { score: 7.0, is_true: false, weight: 1.0 });
            let (before, after) = (selected(&scores, &before, q), selected(&scores, &after, q));
            prop_assert!(after.iter().zip(&before).all(|(after, before)| !after || *before));
        }

        #[test]
        fn a_surer_candidate_is_never_left_behind_and_order_changes_nothing(
            scores in proptest::collection::vec(-3.0..6.0_f64, 2..40),
            known in proptest::collection::vec((-3.0..6.0_f64, any::<bool>()), 0..80),
        ) {
            let known = verified(&known);
            let p = p_values(&scores, &known);
            for (a, pa) in scores.iter().zip(&p) {
                prop_assert!(*pa > 0.0 && *pa <= 1.0);
                prop_assert!(scores.iter().zip(&p).all(|(b, pb)| a < b || pa <= pb));
            }
            let mut turned = known;
            turned.reverse();
            prop_assert_eq!(p, p_values(&scores, &turned));
        }
    }
}
