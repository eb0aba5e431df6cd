//! Two dates: what changed between one scene and another, where no series is at hand.
//!
//! In: reflectance of both dates through a [`PairSource`]. Out: a [`PairModel`] learned from blocks at fixed
//! places, then [`PairEvidence`] of any window.
//! Law: the evidence of a pixel is the same bytes whatever window it is computed in; bands in any order,
//! gains and offsets of a date change nothing; what one date did not see has no evidence (NaN).
//! Source: agreement of complementary label-free maps by ranks, with a guard against quiet scenes
//! (`README` of the measurements: pixel F1 of labelled Sentinel-2 pairs, season pairs without change).

pub mod direction;
pub mod evidence;
pub mod learn;
pub mod maps;
pub mod plane;
pub mod ranks;
pub mod regression;
pub mod shift;
pub mod sibling;
pub mod stack;
pub mod strata;

pub use direction::Direction;
pub use evidence::{PairEvidence, evidence};
pub use learn::{PairModel, learn};
pub use shift::Shift;
pub use stack::{PairSource, Stack};

/// Pixels around a window that its evidence depends on: resampling 5, smoothing 3, sibling box 24,
/// smoothing of its residual 5, smoothing of the fused map 3.
pub const HALO: usize = 40;

/// Thresholds of the two-date detector; one setting for every pair of scenes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairParams {
    /// Fused rank score that starts a patch, in nats: exp(-3.6) is a mean rank in the upper 2.7 %.
    /// Source: two-date study on ten labelled Sentinel-2 pairs; F1 is flat within +-0.3.
    pub seed: f32,
    /// Fused rank score that a patch grows over, in nats: mean rank in the upper 6 %. Same source.
    pub grow: f32,
    /// Least number of seed pixels of a patch. Same source.
    pub seed_pixels: usize,
    /// Least robust deviation, in sigmas per band, of the date from what the other date predicts in its stratum
    /// (the larger of the two directions of time). Two sigmas; F1 and quiet pairs are flat from 1.5 to 2.
    pub stratum_sigmas: f32,
    /// Least robust deviation, in sigmas per band, from the neighbours' regression. Flat from 1.5 to 2.5.
    pub sibling_sigmas: f32,
    /// Least unexpected change of visible reflectance (root mean square over the visible bands). The mission requirement
    /// for Sentinel-2 surface reflectance is 0.005 + 5 %: 0.01 at reflectance 0.1 on each date, 0.014 for a pair.
    pub reflectance: f32,
    /// Global shift below which nothing is resampled, in pixels (interpolation costs more than it mends).
    pub shift_least: f64,
    /// Global shift above which it is not believed, in pixels; published Sentinel-2 pairs reach 1.4.
    pub shift_most: f64,
}

impl Default for PairParams {
    fn default() -> Self {
        Self {
            seed: 3.6,
            grow: 2.8,
            seed_pixels: 3,
            stratum_sigmas: 2.0,
            sibling_sigmas: 2.0,
            reflectance: 0.015,
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
