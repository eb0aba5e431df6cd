//! Two dates: what changed between one scene and another, where no series is at hand.
//!
//! In: reflectance of both dates through a [`PairSource`]. Out: a [`PairModel`] learned from blocks at fixed
//! places, then [`PairEvidence`] of any window.
//! Law: the evidence of a pixel is the same bytes whatever window it is computed in; bands in any order,
//! gains and offsets of a date change nothing; what one date did not see has no evidence (NaN).
//! Source: our study of ten labelled Sentinel-2 pairs (complementary label-free maps, fused by ranks), with a guard
//! against quiet scenes chosen on 300 season pairs of grass and crops without change.

mod blocks;
pub mod direction;
pub mod evidence;
pub mod learn;
pub mod maps;
pub mod middle;
pub mod plane;
pub mod ranks;
pub mod regression;
pub mod shift;
pub mod sibling;
pub mod stack;
pub mod strata;

use serde::{Deserialize, Serialize};

pub use direction::Direction;
pub use evidence::{PairEvidence, evidence};
pub use learn::{PairModel, learn};
pub use shift::Shift;
pub use stack::{PairSource, Stack};

/// Pixels around a window that its evidence depends on: resampling 5, smoothing 3, sibling box 24,
/// smoothing of its residual 5, smoothing of the fused map 3.
pub const HALO: usize = 40;

/// Thresholds of the two-date detector; one setting for every pair of scenes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PairParams {
    /// Fused rank score that starts a patch, in nats: exp(-4) is a mean rank in the upper 1.8 %. The study's stricter
    /// pair of thresholds; against 3.6 / 2.8 it keeps F1 on labelled pairs (.55 and .44 for .55 and .43) and leaves
    /// a patch on grass in 4 instead of 13 of 300 season pairs without change.
    pub seed: f32,
    /// Fused rank score that a patch grows over, in nats: mean rank in the upper 5 %. Same source.
    pub grow: f32,
    /// Least number of seed pixels of a patch. Same source.
    pub seed_pixels: usize,
    /// Least robust deviation, in sigmas per band, of the date from what the other date predicts in its stratum
    /// (the larger of the two directions of time). Labelled pairs keep their F1 from 1.5 to 3; patches of any kind in season
    /// pairs fall from 162 (floor 2) to 117 (2.5) to 76 (3).
    pub stratum_sigmas: f32,
    /// Least robust deviation, in sigmas per band, from the neighbours' regression. Same conditions.
    pub sibling_sigmas: f32,
    /// Least unexpected change of visible reflectance (root mean square over the visible bands). The mission requirement
    /// for Sentinel-2 surface reflectance is 0.005 + 5 %: 0.01 at reflectance 0.1 on each date, 0.014 for a pair.
    pub reflectance: f32,
    /// What is this large in absolute terms needs no rank: ranks flag the same share of a scene in which much changed as of a
    /// quiet one. Sigmas per band from the stratum. With the two below, 14 instead of 4 of 60 forest cuts are hit in summer
    /// pairs; labelled pairs stay, and 6 instead of 4 of 300 season pairs have a patch that reaches into grass.
    pub strong_stratum_sigmas: f32,
    /// The same from the neighbours' regression.
    pub strong_sibling_sigmas: f32,
    /// The same in reflectance, root mean square over all bands.
    pub strong_reflectance: f32,
    /// Global shift below which nothing is resampled, in pixels (interpolation costs more than it mends).
    pub shift_least: f64,
    /// Global shift above which it is not believed, in pixels; published Sentinel-2 pairs reach 1.4.
    pub shift_most: f64,
}

impl Default for PairParams {
    fn default() -> Self {
        Self {
            seed: 4.0,
            grow: 3.0,
            seed_pixels: 3,
            stratum_sigmas: 2.5,
            sibling_sigmas: 2.5,
            reflectance: 0.015,
            strong_stratum_sigmas: 6.0,
            strong_sibling_sigmas: 5.0,
            strong_reflectance: 0.04,
            shift_least: 0.15,
            shift_most: 2.5,
        }
    }
}

/// Why a pair cannot be compared. `E` is the error of the source of pixels.
#[derive(Debug, thiserror::Error)]
pub enum PairError<E: std::error::Error> {
    /// The source failed.
    #[error(transparent)]
    Source(#[from] E),
    /// The dates do not share the bands that are needed.
    #[error("two dates share the bands [{found}], expected at least red and nir; give scenes that have both")]
    Bands {
        /// The bands that both dates have.
        found: String,
    },
    /// Too little is clear on both dates to say what is normal.
    #[error(
        "only {found} of {sampled} sampled pixels are clear on both dates, expected at least {expected}; choose a clearer pair"
    )]
    TooFew {
        /// Pixels clear on both dates.
        found: usize,
        /// Pixels looked at.
        sampled: usize,
        /// Pixels needed.
        expected: usize,
    },
}

#[cfg(test)]
mod tests;
