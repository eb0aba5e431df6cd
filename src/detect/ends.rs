//! The evidence of a season's scores: of the whole season or of its end, sixteen pixels side by side.
//!
//! Source: `reference/science.md` 6.3; the ends are from `reference/time-series.md`.

use crate::baseline::lanes::{LANES, Lanes, each, wide};

/// Views of a season that count as independent at most: residuals of near dates are alike.
const MOST_INDEPENDENT: usize = 6;

/// Fewest views at the end of a season that may stand for it alone, so that a change which begins
/// within the season is not diluted by the views before it.
const SUFFIX_VIEWS: usize = 3;

/// Scores of the views of a season, in order of date.
#[derive(Debug, Clone, Default)]
pub struct Ends {
    /// By view: one score a lane.
    scores: Vec<Lanes>,
    /// By view: the bit of each lane that saw it.
    seen: Vec<u16>,
    sorted: Vec<Lanes>,
}

impl Ends {
    /// Forgets all views.
    pub fn clear(&mut self) {
        self.scores.clear();
        self.seen.clear();
    }

    /// Takes the next view; what a lane without a bit in `seen` says is not looked at.
    pub fn push(&mut self, score: Lanes, seen: u16) {
        self.scores.push(score);
        self.seen.push(seen);
    }

    /// Views that each lane saw.
    pub fn views(&self) -> [usize; LANES] {
        std::array::from_fn(|lane| self.seen.iter().filter(|seen| **seen >> lane & 1 == 1).count())
    }

    /// The strongest evidence of each lane and the place of the first view that it rests on; -inf of no view.
    ///
    /// An end speaks for the root of its views by its lower median: persistence is asked of more than half of them.
    pub fn strongest(&mut self) -> (Lanes, [usize; LANES]) {
        wide(
            #[inline(always)]
            || self.strongest_of_all(),
        )
    }

    #[inline(always)]
    fn strongest_of_all(&mut self) -> (Lanes, [usize; LANES]) {
        let roots: [f32; MOST_INDEPENDENT + 1] = std::array::from_fn(|views| (views as f32).sqrt());
        let all = self.views();
        let (mut best, mut from, mut views) = ([f32::NEG_INFINITY; LANES], [0; LANES], [0; LANES]);
        self.sorted.clear();
        // From the end backward, so that each end is the one before it and one score more.
        for place in (0..self.scores.len()).rev() {
            let (score, seen) = (&self.scores[place], self.seen[place]);
            let mut next = each(|lane| if seen >> lane & 1 == 1 { score[lane] } else { f32::INFINITY });
            for held in &mut self.sorted {
                for lane in 0..LANES {
                    let (low, high) = (held[lane], next[lane]);
                    held[lane] = if high < low { high } else { low };
                    next[lane] = if high < low { low } else { high };
                }
            }
            self.sorted.push(next);
            for lane in (0..LANES).filter(|lane| seen >> lane & 1 == 1) {
                views[lane] += 1;
                if views[lane] >= SUFFIX_VIEWS || views[lane] == all[lane] {
                    let middle = self.sorted[(views[lane] - 1) / 2][lane];
                    let evidence = middle * roots[views[lane].min(MOST_INDEPENDENT)];
                    if evidence >= best[lane] {
                        (best[lane], from[lane]) = (evidence, place);
                    }
                }
            }
        }
        (best, from)
    }
}

/// The same of one place: the strongest evidence of its scores and the place of the first one that it rests on.
pub fn of_one(scores: &[f32]) -> (f32, usize) {
    let mut ends = Ends::default();
    scores.iter().for_each(|score| ends.push([*score; LANES], 1));
    let (evidence, from) = ends.strongest();
    (evidence[0], from[0])
}

#[cfg(test)]
mod tests;
