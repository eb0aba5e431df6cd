//! Reason codes: why a place could not be judged, and why a patch is no lead. Every code that a file may hold.
//!
//! Law: a code means one thing for ever; what belongs to the one case stands in the sentence beside it.

/// An enum of codes, each with its word in Chinese and in English.
macro_rules! coded {
    ($(#[$about:meta])* $name:ident { $($(#[$meaning:meta])* $variant:ident = $code:literal, $chinese:literal, $english:literal;)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$meaning])* $variant,)+
        }

        // Not every list of codes is asked for everything.
        #[allow(dead_code, reason = "one macro for all lists of codes")]
        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// Codes with their words in both languages, as forms show them.
            pub const WORDS: &'static [(&'static str, &'static str)] = &[$(($code, concat!($chinese, " ", $english))),+];

            /// The code as files, rows and flags write it.
            pub fn code(self) -> &'static str {
                match self {
                    $($name::$variant => $code,)+
                }
            }

            /// In Chinese.
            pub fn chinese(self) -> &'static str {
                match self {
                    $($name::$variant => $chinese,)+
                }
            }

            /// In English.
            pub fn english(self) -> &'static str {
                match self {
                    $($name::$variant => $english,)+
                }
            }

            /// Reads a code or either word.
            pub fn parse(text: &str) -> Option<$name> {
                let text = text.trim();
                let is = |one: &$name| {
                    text.eq_ignore_ascii_case(one.code())
                        || text == one.chinese()
                        || text.eq_ignore_ascii_case(one.english())
                };
                $name::ALL.iter().find(|one| is(one)).copied()
            }
        }
    };
}

pub(crate) use coded;

coded! {
    /// Why nothing could be said of a place or a season.
    GapReason {
        /// No scene covers the ground, or none shows it clear.
        OutsideScenes = "outside_scenes", "影像未覆盖", "outside the scenes";
        /// Fewer clear look-back views than the sub-model asks for.
        TooFewBaselineViews = "too_few_baseline_views", "基期观测不足", "too few baseline views";
        /// Fewer clear views in the target period than any season or gate asks for.
        TooFewTargetViews = "too_few_target_views", "监测期观测不足", "too few target views";
        /// Seen, but with too little clear ground around it to compare it with.
        TooFewToCompare = "too_few_to_compare", "可比地面不足", "too little clear ground to compare with";
        /// Clear often enough, but not towards the end: what begins there cannot be named.
        TooFewLateViews = "too_few_late_views", "后期晴空观测不足", "too few clear views late in the period";
        /// Clear in other seasons of the target period, not in this one.
        SeasonNotSeen = "season_not_seen", "某季晴空观测不足", "too few clear views in a season";
        /// The scenes themselves leave out a season of the target period.
        SeasonWithoutScenes = "season_without_scenes", "某季没有影像", "a season without scenes";
        /// Scenes that a catalogue lists could not be fetched.
        SceneNotFetched = "scene_not_fetched", "影像未能获取", "scenes that could not be fetched";
        /// Files of scenes at which the process that decodes them ended.
        SceneNotDecoded = "scene_not_decoded", "影像无法解码", "scenes that could not be decoded";
        /// No sub-model of the run looks inside red lines of this class.
        NoSubModel = "no_sub_model", "没有适用的子模型", "no sub-model looks here";
    }
}

coded! {
    /// Why a patch is kept aside.
    AsideReason {
        /// Smaller than the smallest lead of the sub-model.
        AreaBelowMinimum = "area_below_minimum", "面积低于最小值", "area below the minimum";
        /// Most of it, and what would make a lead, lies outside the red line.
        OutsideRedLine = "outside_red_line", "位于红线之外", "outside the red line";
        /// It passes no gate in enough clear views in a row.
        NotPersistent = "not_persistent", "持续性不足", "not persistent";
        /// A season of the look-back showed it before.
        SeenInLookBack = "seen_in_look_back", "回溯期已出现", "seen in the look-back";
        /// The patch as a whole has too few views for a closer look.
        NoCloserLook = "no_closer_look", "整体观测不足", "too few views of the whole patch";
        /// Confidence under the least that was asked for.
        LowConfidence = "low_confidence", "置信度低", "low confidence";
        /// Its signature is not that of the sub-model.
        OtherSignature = "other_signature", "特征不符", "another signature";
        /// Its signature is that of something the sub-model must not be taken for.
        LooksLike = "looks_like", "疑为相似现象", "a look-alike";
        /// It lies inside permits that were in force and allow what the sub-model finds.
        InsidePermit = "inside_permit", "在有效许可范围内", "inside a permit in force";
        /// It lies inside a case that has been decided since.
        DecidedCase = "decided_case", "已结案件范围内", "inside a decided case";
        /// The land-use layer says that the ground was so before.
        ExistingLandUse = "existing_land_use", "既有地类", "existing land use";
        /// Most of it lies in a burn scar of the time between.
        BurnScar = "burn_scar", "火烧迹地", "burn scar";
        /// Not among the candidates that verified leads let through at the false-discovery rate asked for.
        NotSelectedAtFdr = "not_selected_at_fdr", "未达到所要求的误判率", "not selected at the false-discovery rate";
        /// Another sub-model's lead stands for the same place.
        SamePlace = "same_place", "同一地点已有线索", "the same place is a lead already";
        /// The change of two dates points away from every sub-model asked for.
        PointsElsewhere = "points_elsewhere", "变化方向不符", "the change points elsewhere";
    }
}

coded! {
    /// Why a look-again cannot tell.
    UntoldReason {
        /// Part of the ground lies where no scene does.
        OutsideScenes = "outside_scenes", "影像未覆盖", "outside the scenes";
        /// Fewer clear views before the change than the sub-model asks for.
        TooFewBaselineViews = "too_few_baseline_views", "基期观测不足", "too few baseline views";
        /// The days that may be looked at hold no whole growing season.
        NoFullSeason = "no_full_season", "不足一个完整生长季", "not a full growing season";
        /// A part of the season was too seldom clear.
        TooFewClearViews = "too_few_clear_views", "生长季某段晴空观测不足", "too few clear views in a part of the season";
        /// In the band pixel by pixel, and on one side of it as a whole.
        OnOneSide = "on_one_side", "整体偏向一侧", "on one side of its look-alikes as a whole";
        /// Most of what it is compared with changed as well.
        NeighboursChanged = "neighbours_changed", "对照地块多已变化", "most of its look-alikes changed too";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_stands_for_one_reason() {
        let mut codes: Vec<&str> =
            GapReason::WORDS.iter().chain(AsideReason::WORDS).map(|(code, _)| *code).collect();
        let all = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), all);
        assert_eq!(GapReason::WORDS[5].0, GapReason::SeasonNotSeen.code());
    }
}
