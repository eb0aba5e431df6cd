//! Neighbouring ground that changed in different years: the ground of the earliest year is a piece of its own.
//!
//! In:  the pixels of a seed and the year in which each began to pass a gate.
//! Out: the pixels to conclude about, and the days whose season may cut them.
//! Law: a later year is told apart only where the earlier season saw its ground and saw it unmoved: a cloud over half of
//! a field makes no second field. Neither piece may enclose the other, because an outline has no holes.

use super::{Asked, Look};
use crate::baseline::regression::median;
use crate::date::{Date, Period};
use crate::detect::evidence::Prepared;
use crate::patch::label::{neighbours, parts};
use crate::patch::tree;

/// Share of the earlier ground's amplitude under which later ground had not moved yet: the half-maximum at which
/// outlines are cut.
const UNMOVED_SHARE: f32 = 0.5;

/// The pixels that a conclusion is about.
pub(super) struct Seed {
    pub(super) pixels: Vec<usize>,
    /// Days of the season on whose amplitude the ground is cut.
    pub(super) days: Period,
    /// Whether its ground lies beside ground of a later year: that one must not take it in.
    pub(super) is_earlier: bool,
}

impl Look<'_> {
    /// The part of a seed that changed before the rest of it did, or the whole seed. `begun` is by pixel of the window.
    pub(super) fn earliest(
        &self,
        pixels: Vec<usize>,
        begun: &[Option<i16>],
        prepared: &Prepared,
        asked: &Asked,
    ) -> Seed {
        let target = asked.target;
        let years = self.smoothed(&pixels, begun);
        let mut distinct = years.clone();
        distinct.sort_unstable();
        distinct.dedup();
        let (_, earlier) = distinct.split_last().unwrap_or((&0, &[]));
        for year in earlier {
            let of = |is_early: bool| -> Vec<usize> {
                let own = pixels.iter().zip(&years).filter(|(_, own)| (*own <= year) == is_early);
                own.map(|(pixel, _)| *pixel).collect()
            };
            let (early, late) = (self.largest(&of(true)), of(false));
            let days = Period { to: target.to.min(Date::constant(*year, 12, 31)), ..target };
            if self.is_wide(&early)
                && self.is_wide(&self.unmoved(&late, (&early, days), prepared, asked))
                && !self.encloses(&early, &late)
                && !self.encloses(&late, &early)
            {
                return Seed { pixels: early, days, is_earlier: true };
            }
        }
        Seed { pixels, days: target, is_earlier: false }
    }

    /// The year of each pixel, as the middle of its own and its neighbours': a cloud on one pixel draws no border.
    fn smoothed(&self, pixels: &[usize], begun: &[Option<i16>]) -> Vec<i16> {
        let mut is_own = vec![false; begun.len()];
        pixels.iter().for_each(|pixel| is_own[*pixel] = true);
        let year = |pixel: &usize| {
            let near =
                neighbours(*pixel, self.window.rows, self.window.cols, true).filter(|near| is_own[*near]);
            let mut years: Vec<i16> = near.chain([*pixel]).filter_map(|near| begun[near]).collect();
            years.sort_unstable();
            years.get(years.len() / 2).copied().unwrap_or_default()
        };
        pixels.iter().map(year).collect()
    }

    /// The largest connected part of some pixels.
    fn largest(&self, pixels: &[usize]) -> Vec<usize> {
        let mut is_own = vec![false; self.pixels.len()];
        pixels.iter().for_each(|pixel| is_own[*pixel] = true);
        let parts = parts(&is_own, self.window.rows, self.window.cols, false).into_iter();
        parts.max_by(|a, b| a.len().cmp(&b.len()).then(b[0].cmp(&a[0]))).unwrap_or_default()
    }

    /// Whether most of some ground lies in holes of other ground.
    fn encloses(&self, outer: &[usize], inner: &[usize]) -> bool {
        let filled = tree::filled(outer, self.window);
        let enclosed = inner.iter().filter(|pixel| filled.binary_search(pixel).is_ok()).count();
        2 * enclosed > inner.len()
    }

    /// The pixels that were seen, and had not moved, in the season that speaks most for the earlier ground.
    fn unmoved(
        &self,
        late: &[usize],
        (early, days): (&[usize], Period),
        prepared: &Prepared,
        asked: &Asked,
    ) -> Vec<usize> {
        let series = self.medians(early, asked.features.len(), asked.dates.len(), asked.look_back);
        let Some(chosen) = prepared.choose(&series, asked.dates, days) else { return Vec::new() };
        let views: Vec<usize> = chosen.indices.iter().map(|index| series.views[*index]).collect();
        let field = self.amplitudes(prepared, asked.features, chosen.kind, &views);
        let mut moved: Vec<f32> = early.iter().map(|pixel| field.at(*pixel)).collect();
        let limit = UNMOVED_SHARE * median(&mut moved);
        // What was not seen is not below any limit.
        late.iter().copied().filter(|pixel| field.values[*pixel] < limit).collect()
    }
}
