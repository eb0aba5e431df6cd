//! What was observed of a patch, in numbers with names and units: the record and the features of confidence.

use crate::date::Date;
use crate::lead::Measure;
use crate::patch::Patch;
use crate::run::inputs::{Inputs, Question};
use crate::run::patches::Examined;
use crate::submodel::{Feature, Measured, Sign, SubModel};
use crate::units::{SquareMetres, rounded};
use crate::weigh::closer::Closer;
use crate::weigh::course::Course;
use crate::weigh::signature::Seen;

/// What a patch with a closer look is told by.
pub(super) fn signature<'a>(
    closer: &'a Closer,
    model: &SubModel,
    inputs: &'a Inputs,
    (question, dates): (&'a Question, &'a [Date]),
    area: SquareMetres,
) -> Seen<'a> {
    let chosen = dates[closer.series.views[closer.chosen.indices[0]]];
    Seen {
        series: &closer.series,
        around: &closer.around,
        features: &inputs.features,
        dates,
        look_back: &question.look_back,
        target: question.target,
        since: closer.passed.as_ref().map_or(chosen, |passed| passed.begun),
        growing: model.growing_season,
        shape: &closer.patch.shape,
        pixel_metres: (inputs.pixel_metres.0 * inputs.pixel_metres.1).sqrt(),
        area_m2: area.0 as f32,
    }
}

/// Every sign that was seen, except those that the shape measures say already.
pub(super) fn sign_measures(seen: &Seen, measured: Measured) -> Vec<Measure> {
    let is_told = |sign: Sign| sign != Sign::AreaM2 || measured == Measured::Area;
    let is_new = |sign: &Sign| is_told(*sign) && !matches!(sign, Sign::Rectangularity | Sign::Sharpness);
    let told = |sign: Sign| {
        let (name, unit) = sign.words();
        Some(measure(name, seen.measure(sign)?, unit))
    };
    Sign::ALL.into_iter().filter(is_new).filter_map(told).collect()
}

/// One number, rounded to four decimals.
pub(super) fn measure(name: &str, value: f32, unit: &'static str) -> Measure {
    Measure { name: name.to_owned(), value: rounded(f64::from(value), 4), unit }
}

/// Of the outline and the evidence in it.
pub fn shape_measures(examined: &Examined, patch: &Patch) -> Vec<Measure> {
    vec![
        measure("evidence_core", patch.core, "sigma"),
        measure("evidence_ring", patch.ring, "sigma"),
        measure("ln_area_px", (patch.area_px.0 as f32).max(1.0).ln(), "1"),
        measure("gated_share", examined.gated_share, "1"),
        measure("sharpness", patch.shape.sharpness, "1"),
        measure("rectangularity", patch.shape.rectangularity, "1"),
        measure("solidity", patch.shape.solidity, "1"),
        measure("circularity", patch.shape.circularity, "1"),
        measure("unevenness", patch.shape.unevenness.min(3.0), "1"),
    ]
}

/// Of the patch's way through time.
pub fn closer_measures(
    closer: &Closer,
    features: &[Feature],
    dates: &[Date],
    question: &Question,
) -> Vec<Measure> {
    let since = closer.chosen.indices[0];
    let is_target = |index: usize| question.target.contains(dates[closer.series.views[index]]);
    let is_look_back = |index: usize| question.look_back[closer.series.views[index]];
    let course = Course::of(&closer.series, features, is_look_back, is_target, since);
    let mut measures = vec![
        measure("ln_restlessness", course.restlessness.ln(), "1"),
        measure("ln_tone", course.tone.ln_1p(), "1"),
        measure("ln_bareness", course.bareness.ln_1p(), "1"),
        measure("ln_evidence", closer.chosen.evidence.max(0.0).ln_1p(), "1"),
        measure("ln_amplitude", closer.amplitude.max(0.0).ln_1p(), "1"),
        measure("gate_views", closer.passed.as_ref().map_or(0, |passed| passed.views).min(8) as f32, "views"),
        measure("ln_persistence", closer.persistence.peak.ln_1p(), "1"),
        measure("contamination", closer.contamination, "1"),
        measure("seen_before", closer.seen_before, "1"),
        measure("baseline_views", closer.views.0 as f32, "views"),
        measure("target_views", closer.views.1 as f32, "views"),
    ];
    for (place, feature) in features.iter().enumerate() {
        let line = |lines: &Vec<Vec<f32>>| {
            let mut values: Vec<f32> =
                closer.chosen.indices.iter().map(|index| lines[place][*index]).collect();
            crate::baseline::regression::median(&mut values)
        };
        let unit = if *feature == Feature::Brightness { "reflectance" } else { "1" };
        measures.push(measure(&format!("{}_observed", feature.name()), line(&closer.series.observed), unit));
        measures.push(measure(&format!("{}_expected", feature.name()), line(&closer.series.expected), unit));
        measures.push(measure(&format!("{}_z", feature.name()), line(&closer.series.z), "sigma"));
    }
    measures
}
