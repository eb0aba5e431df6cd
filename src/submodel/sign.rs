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

    fn bound(at_least: Option<f32>, at_most: Option<f32>, beyond: Option<f32>) -> Bound {
        Bound { sign: Sign::NdviShift, at_least, at_most, beyond, must_be_told: false }
    }

    #[test]
    fn a_range_holds_its_ends() {
        let holds = |value| bound(Some(0.6), Some(0.8), None).holds(value);
        assert!(holds(0.6) && holds(0.8) && !holds(0.81) && !holds(0.59));
    }

    #[test]
    fn an_open_end_lets_everything_through_and_a_distance_counts_either_way() {
        let (least, most) = (bound(Some(0.6), None, None), bound(None, Some(0.6), None));
        assert!(least.holds(1e9) && least.holds(0.6) && !least.holds(0.59));
        assert!(most.holds(-1e9) && most.holds(0.6) && !most.holds(0.61));
        let beyond = bound(None, None, Some(0.2));
        assert!(beyond.holds(0.2) && beyond.holds(-0.2) && !beyond.holds(0.19) && !beyond.holds(-0.19));
        // Every end that is written must hold: far from nought, and on one side of it.
        let fallen = bound(None, Some(0.0), Some(0.2));
        assert!(fallen.holds(-0.3) && !fallen.holds(0.3) && !fallen.holds(-0.1));
        let risen = bound(Some(0.0), None, Some(0.2));
        assert!(risen.holds(0.3) && !risen.holds(-0.3) && !risen.holds(0.1));
    }

    #[test]
    fn a_bound_without_an_end_says_nothing_and_with_any_it_speaks() {
        assert!(bound(None, None, None).is_empty());
        for end in [(Some(0.1), None, None), (None, Some(0.1), None), (None, None, Some(0.1))] {
            assert!(!bound(end.0, end.1, end.2).is_empty());
        }
    }

    #[test]
    fn a_range_is_read_and_said_in_the_words_of_the_file() {
        let words = |text: &str| toml::from_str::<Bound>(text).unwrap().words();
        assert_eq!(words("sign = \"ndvi_shift\"\nat_least = 0.5"), "ndvi_shift at least 0.5");
        let all = "sign = \"width_m\"\nat_least = 5\nat_most = 20\nbeyond = 0.5";
        assert_eq!(words(all), "width_m at least 5 and at most 20 and +- 0.5");
    }

    #[test]
    fn lengths_areas_days_and_years_carry_their_unit_and_no_two_signs_share_a_name() {
        for sign in Sign::ALL {
            let (name, unit) = sign.words();
            let told = match name {
                "days_away" | "growing_days_seen" => "days",
                name if name.ends_with("_m") => "m",
                name if name.ends_with("_m2") => "m2",
                name if name.contains("years") || name.contains("cycles") => "years",
                "dormant_green" | "dark_start" => "sigma",
                _ => "1",
            };
            assert_eq!(unit, told, "{name}");
            assert_eq!(Sign::ALL.iter().filter(|other| other.name() == name).count(), 1, "{name}");
        }
    }
}
