//! Signs by which sub-models tell transitions apart: the vocabulary of `require` and `veto`.
//!
//! In:  TOML of a sub-model. Out: `Bound` and `Veto`; `weigh::signature` measures each sign of a patch.
//! Law: a sign means the same for every sub-model; where it was not seen it neither requires nor vetoes.

use serde::Deserialize;

/// One thing that a patch shows, as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    /// Seasonal swing of NDVI since the change over the expected swing; 1 where the season is whole.
    AmplitudeRatio,
    /// Share of growing-season views since the change with half of the expected cover gone or more.
    BareShare,
    /// Share of growing-season views since the change a quarter of the way to full cover or more.
    GreenShare,
    /// Years since the change with a bare spell and a spell greener than expected.
    CropCycles,
    /// Look-back years with a bare spell: worked ground.
    BareYearsBefore,
    /// Target years whose growing season as a whole lies below expectation.
    YearsApart,
    /// Share of look-back views (growing season) with open water.
    WaterBefore,
    /// Share of views since the change (growing season) with open water.
    WaterAfter,
    /// Days from the change to the first return into the band of its look-alikes, or to the last view.
    DaysAway,
    /// 1 where the last views are still out of the band, else 0.
    AwayAtEnd,
    /// Median z of NDVI in the dormant months since the change.
    DormantGreen,
    /// Median z of brightness in the first three views of the change.
    DarkStart,
    /// NDVI inside less that of the surroundings over the cover of the surroundings; median of the last growing season
    /// that was seen.
    GapToSurroundings,
    /// Days of growing season since the change that views span, in the best year.
    GrowingDaysSeen,
    /// Median shift of NDVI since the change.
    NdviShift,
    /// Median shift of NDMI since the change.
    NdmiShift,
    /// Median shift of brightness since the change, as a share of what was expected.
    BrightnessShift,
    /// Area of the outline over that of its smallest rectangle.
    Rectangularity,
    /// Fall of the change across the edge, as a share of its core.
    Sharpness,
    /// Length over width of the strip with the outline's area and perimeter.
    Elongation,
    /// Width of that strip on the ground.
    WidthM,
    /// Length of that strip on the ground.
    LengthM,
    /// Area of the outline on the ground.
    AreaM2,
    /// Median NDVI since the change (growing season).
    NdviAfter,
    /// Median bare-soil index since the change (growing season): plastic and metal lie below soil.
    BsiAfter,
    /// Median brightness since the change (growing season), reflectance.
    BrightnessAfter,
    /// Median NDMI of the look-back (growing season): wet vegetation lies above dry.
    NdmiBefore,
    /// Seasonal swing of NDVI in the look-back, median of its years: fields swing wide.
    SwingBefore,
    /// Lowest NDVI of a year that two views in a row stay under, median of the look-back years.
    TroughBefore,
    /// The same, lowest of the target years since the change: what is never harvested is never bare.
    TroughAfter,
    /// Target years since the change whose growing season was seen.
    YearsAfter,
    /// Years since the change with bare ground and a crop in one year: the rhythm of a field.
    HarvestYears,
}

impl Sign {
    /// Every sign, in the order in which records list them.
    pub const ALL: [Sign; 32] = [
        Sign::AmplitudeRatio,
        Sign::BareShare,
        Sign::GreenShare,
        Sign::CropCycles,
        Sign::BareYearsBefore,
        Sign::YearsApart,
        Sign::WaterBefore,
        Sign::WaterAfter,
        Sign::DaysAway,
        Sign::AwayAtEnd,
        Sign::DormantGreen,
        Sign::DarkStart,
        Sign::GapToSurroundings,
        Sign::GrowingDaysSeen,
        Sign::NdviShift,
        Sign::NdmiShift,
        Sign::BrightnessShift,
        Sign::Rectangularity,
        Sign::Sharpness,
        Sign::Elongation,
        Sign::WidthM,
        Sign::LengthM,
        Sign::AreaM2,
        Sign::NdviAfter,
        Sign::BsiAfter,
        Sign::BrightnessAfter,
        Sign::NdmiBefore,
        Sign::SwingBefore,
        Sign::TroughBefore,
        Sign::TroughAfter,
        Sign::YearsAfter,
        Sign::HarvestYears,
    ];

    /// Name as files write it, and unit.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Sign::AmplitudeRatio => ("amplitude_ratio", "1"),
            Sign::BareShare => ("bare_share", "1"),
            Sign::GreenShare => ("green_share", "1"),
            Sign::CropCycles => ("crop_cycles", "years"),
            Sign::BareYearsBefore => ("bare_years_before", "years"),
            Sign::YearsApart => ("years_apart", "years"),
            Sign::WaterBefore => ("water_before", "1"),
            Sign::WaterAfter => ("water_after", "1"),
            Sign::DaysAway => ("days_away", "days"),
            Sign::AwayAtEnd => ("away_at_end", "1"),
            Sign::DormantGreen => ("dormant_green", "sigma"),
            Sign::DarkStart => ("dark_start", "sigma"),
            Sign::GapToSurroundings => ("gap_to_surroundings", "1"),
            Sign::GrowingDaysSeen => ("growing_days_seen", "days"),
            Sign::NdviShift => ("ndvi_shift", "1"),
            Sign::NdmiShift => ("ndmi_shift", "1"),
            Sign::BrightnessShift => ("brightness_shift", "1"),
            Sign::Rectangularity => ("rectangularity", "1"),
            Sign::Sharpness => ("sharpness", "1"),
            Sign::Elongation => ("elongation", "1"),
            Sign::WidthM => ("width_m", "m"),
            Sign::LengthM => ("length_m", "m"),
            Sign::AreaM2 => ("area_m2", "m2"),
            Sign::NdviAfter => ("ndvi_after", "1"),
            Sign::BsiAfter => ("bsi_after", "1"),
            Sign::BrightnessAfter => ("brightness_after", "1"),
            Sign::NdmiBefore => ("ndmi_before", "1"),
            Sign::SwingBefore => ("swing_before", "1"),
            Sign::TroughBefore => ("trough_before", "1"),
            Sign::TroughAfter => ("trough_after", "1"),
            Sign::YearsAfter => ("years_after", "years"),
            Sign::HarvestYears => ("harvest_years", "years"),
        }
    }

    /// Name as files write it.
    pub fn name(self) -> &'static str {
        self.words().0
    }
}

/// A range that a sign must lie in, ends included.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bound {
    /// Which sign.
    pub sign: Sign,
    /// At least this.
    pub at_least: Option<f32>,
    /// At most this.
    pub at_most: Option<f32>,
    /// At least this far from nought, on either side.
    pub beyond: Option<f32>,
    /// In `require`: whether a patch of which it cannot be told is kept aside too, because the claim rests on it.
    #[serde(default)]
    pub must_be_told: bool,
}

impl Bound {
    /// Whether a measured value lies in the range.
    pub fn holds(&self, value: f32) -> bool {
        self.at_least.is_none_or(|least| value >= least)
            && self.at_most.is_none_or(|most| value <= most)
            && self.beyond.is_none_or(|least| value.abs() >= least)
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.at_least.is_none() && self.at_most.is_none() && self.beyond.is_none()
    }

    /// The range in words.
    pub fn words(&self) -> String {
        let part = |end: Option<f32>, words: &str| end.map(|end| format!("{words} {end}"));
        let parts = [part(self.at_least, "at least"), part(self.at_most, "at most"), part(self.beyond, "+-")];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        format!("{} {}", self.sign.name(), parts.join(" and "))
    }
}

/// Something else that a patch may be: all bounds together say so.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Veto {
    /// What it is then, in words.
    pub name: String,
    /// All of these.
    pub all: Vec<Bound>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_a_file_is_the_name_in_the_records() {
        for sign in Sign::ALL {
            let text = format!("sign = \"{}\"\nat_least = 1.0", sign.name());
            assert_eq!(toml::from_str::<Bound>(&text).unwrap().sign, sign);
        }
    }

    #[test]
    fn a_range_holds_its_ends() {
        let bound = Bound {
            sign: Sign::WaterAfter,
            at_least: Some(0.6),
            at_most: Some(0.8),
            beyond: None,
            must_be_told: false,
        };
        assert!(bound.holds(0.6) && bound.holds(0.8) && !bound.holds(0.81) && !bound.holds(0.59));
    }
}
