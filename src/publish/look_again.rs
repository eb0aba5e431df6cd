//! `look_again.geojson`: what a look-again says of each lead, one feature a lead, with every number it stands on.
//!
//! In:  leads with what was found on their ground. Out: RFC 7946, as the other layers (`geojson`).
//! Law: shares are of the lead's whole ground, areas geodesic; what was not seen stands beside what was, in m2 as well. The file
//! says what imagery shows; whether the ground is restored as it was ordered, people say who were there.

use geo::MultiPolygon;
use serde_json::{Map, Value, json};

use crate::date::{Date, Period};
use crate::publish::fields::{Field, Kind, chip_file, plain};
use crate::publish::{PublishError, Staging, geojson};
use crate::submodel::Feature;
use crate::units::{SquareMetres, rounded};
use crate::weigh::restored::{NAMES, Observation, Part, Recovery, Rectified};

/// File of the layer.
pub const LOOK_AGAIN: &str = "look_again.geojson";

/// What a reader of a look-again must know, English and Chinese.
const DISCLAIMER: (&str, &str) = (
    "What imagery shows of the ground against its look-alikes. Green is no proof of the plants that were ordered; only the field tells.",
    "本结论只说明影像上该地块与同类地块的比较;复绿不等于已按要求恢复植被,须经实地核查。",
);

/// Decimals of a share.
const SHARE_DECIMALS: i32 = 4;

/// A lead that was looked at again, as files tell it.
#[derive(Debug, Clone)]
pub struct LookAgain<'a> {
    /// The lead.
    pub lead: &'a Rectified,
    /// What was found.
    pub recovery: &'a Recovery,
    /// Area of its outline, geodesic.
    pub area: SquareMetres,
    /// The days before the change.
    pub look_back: Option<Period>,
    /// The days that may speak for recovery.
    pub days: Option<Period>,
    /// Features by which it was compared.
    pub features: &'a [Feature],
    /// Ids of the scenes of each view.
    pub scenes: &'a [String],
    /// Whether a picture of it was drawn.
    pub has_picture: bool,
}

impl LookAgain<'_> {
    /// Ground that is back, apart, and neither, in that order.
    pub fn areas(&self) -> [SquareMetres; 3] {
        let Recovery { back, apart, .. } = *self.recovery;
        [back, apart, (1.0 - back - apart).max(0.0)]
            .map(|share| SquareMetres(rounded(share * self.area.0, 1)))
    }

    /// Days of the first and the last clear view of the season.
    fn seen(&self) -> (Option<Date>, Option<Date>) {
        let mut clear = self.recovery.clear_views().map(|seen| seen.date);
        let first = clear.next();
        (first, clear.last().or(first))
    }

    /// The numbers that stand in the record of a decision, in the order of the file.
    pub fn numbers(&self) -> Map<String, Value> {
        let of_outline = ["id", "model", "picture", "observations", "disclaimer", "disclaimer_zh"];
        let fields = Self::FIELDS.iter().filter(|field| !of_outline.contains(&field.name));
        fields.map(|field| (field.name.to_owned(), field.value(self))).collect()
    }
}

fn day(date: Option<Date>) -> Value {
    date.map_or(Value::Null, |date| json!(date.to_string()))
}

fn period(period: Option<Period>) -> Value {
    period.map_or(Value::Null, |period| json!(period.to_string()))
}

fn share(value: f64) -> Value {
    json!(rounded(value, SHARE_DECIMALS))
}

impl<'a> LookAgain<'a> {
    /// Columns of the layer, in order.
    const FIELDS: &'a [Field<Self>] = &[
        plain("id", Kind::Text, "线索编号 lead", |one| json!(one.lead.id)),
        plain("model", Kind::Text, "子模型 sub-model", |one| json!(one.lead.model)),
        plain("answer", Kind::Text, "回头看结论 answer", |one| json!(one.recovery.answer.code())),
        plain("answer_zh", Kind::Text, "结论(中文) answer, Chinese", |one| {
            json!(one.recovery.answer.words().1)
        }),
        plain("reason", Kind::Text, "无法判断原因 why it cannot be told", |one| {
            one.recovery.untold.as_ref().map_or(Value::Null, |(reason, _)| json!(reason.code()))
        }),
        plain("reason_detail", Kind::Text, "原因说明 the reason in words", |one| {
            one.recovery.untold.as_ref().map_or(Value::Null, |(_, words)| json!(words))
        }),
        plain("area_m2", Kind::Real(1), "面积 area, m2", |one| json!(one.area.0)),
        plain("area_mu", Kind::Real(2), "面积(亩) area, mu", |one| json!(one.area.mu())),
        plain("restored_share", Kind::Real(SHARE_DECIMALS), "恢复比例 share restored", |one| {
            json!(one.recovery.back)
        }),
        plain("restored_m2", Kind::Real(1), "恢复面积 restored, m2", |one| json!(one.areas()[0].0)),
        plain("restored_mu", Kind::Real(2), "恢复面积(亩) restored, mu", |one| {
            json!(one.areas()[0].mu())
        }),
        plain("apart_share", Kind::Real(SHARE_DECIMALS), "未恢复比例 share not restored", |one| {
            json!(one.recovery.apart)
        }),
        plain("apart_m2", Kind::Real(1), "未恢复面积 not restored, m2", |one| json!(one.areas()[1].0)),
        plain("apart_mu", Kind::Real(2), "未恢复面积(亩) not restored, mu", |one| {
            json!(one.areas()[1].mu())
        }),
        plain("untold_m2", Kind::Real(1), "未能判断面积 not told, m2", |one| json!(one.areas()[2].0)),
        plain("untold_mu", Kind::Real(2), "未能判断面积(亩) not told, mu", |one| {
            json!(one.areas()[2].mu())
        }),
        plain("season", Kind::Text, "生长季 growing season judged", |one| {
            period(one.recovery.season.map(|one| one.days))
        }),
        plain("season_is_whole", Kind::Truth, "生长季是否完整 whole season looked at", |one| {
            json!(one.recovery.season.is_some_and(|season| season.is_whole))
        }),
        plain("days", Kind::Text, "回头看时段 days looked at", |one| period(one.days)),
        plain("look_back", Kind::Text, "回溯期 look-back, before the change", |one| period(one.look_back)),
        plain("look_back_views", Kind::Whole, "回溯期晴空景数 clear look-back views", |one| {
            json!(one.recovery.look_back_views)
        }),
        plain("clear_views", Kind::Whole, "生长季晴空景数 clear views in the season", |one| {
            json!(one.recovery.clear_views().count())
        }),
        plain("first_view", Kind::Day, "首景 first clear view", |one| day(one.seen().0)),
        plain("last_view", Kind::Day, "末景 last clear view", |one| day(one.seen().1)),
        plain(
            "longest_out_views",
            Kind::Whole,
            "最长连续偏离景数 longest run out of the band, views",
            |one| json!(one.recovery.longest_out.map_or(0, |run| run.views)),
        ),
        plain("longest_out", Kind::Text, "最长连续偏离时段 longest run out of the band", |one| {
            period(one.recovery.longest_out.map(|run| run.days))
        }),
        plain("parts", Kind::Nested, "各时段 parts of the season", |one| {
            one.recovery.parts.iter().enumerate().map(|(place, part)| told(one, place, part)).collect()
        }),
        plain(
            "contamination",
            Kind::Real(SHARE_DECIMALS),
            "对照变化比例 look-alikes that changed",
            |one| json!(f64::from(one.recovery.left_out)),
        ),
        plain("before", Kind::Day, "变化前 last view without the change", |one| day(one.lead.before)),
        plain("first_seen", Kind::Day, "首次发现 first seen changed", |one| day(one.lead.first_seen)),
        plain("rectified_on", Kind::Day, "整改日期 told to be put right", |one| {
            day(one.lead.rectified_on)
        }),
        plain("picture", Kind::Text, "时间轴图片 pictures on a time line", |one| {
            match one.has_picture {
                true => json!(chip_file(&one.lead.id, "timeline")),
                false => Value::Null,
            }
        }),
        plain("observations", Kind::Nested, "逐景观测 view by view", |one| {
            let after = one
                .recovery
                .observations
                .iter()
                .filter(|seen| one.days.is_some_and(|days| days.contains(seen.date)));
            after.map(|seen| observation(one, seen)).collect()
        }),
        plain("disclaimer", Kind::Text, "声明(英文) disclaimer", |_| json!(DISCLAIMER.0)),
        plain("disclaimer_zh", Kind::Text, "声明 disclaimer (Chinese)", |_| json!(DISCLAIMER.1)),
    ];
}

fn told(one: &LookAgain, place: usize, part: &Part) -> Value {
    let (name, chinese) = NAMES[place];
    json!({
        "part": name, "part_zh": chinese, "days": part.days.to_string(), "clear_views": part.views,
        "restored_share": share(part.back), "apart_share": share(part.apart),
        "median_z": z(one, &part.z),
    })
}

/// By feature, in sigma.
fn z(one: &LookAgain, z: &[f32]) -> Value {
    let z = one.features.iter().zip(z);
    let z = z.map(|(feature, z)| (format!("{}_z", feature.name()), json!(rounded(f64::from(*z), 1))));
    Value::Object(z.collect())
}

fn observation(one: &LookAgain, seen: &Observation) -> Value {
    json!({
        "date": seen.date.to_string(), "scenes": one.scenes[seen.view], "state": seen.state(),
        "part": seen.part.map(|part| NAMES[part].0), "seen_share": share(seen.seen),
        "inside_share": if seen.seen > 0.0 { share(seen.inside) } else { Value::Null },
        "median_z": if seen.seen > 0.0 { z(one, &seen.z) } else { Value::Null },
    })
}

/// Writes the layer, by id.
pub fn write(staging: &Staging, looks: &[LookAgain]) -> Result<(), PublishError> {
    let mut sorted: Vec<&LookAgain> = looks.iter().collect();
    sorted.sort_by(|a, b| a.lead.id.cmp(&b.lead.id));
    let shape = |one: &&LookAgain| -> MultiPolygon<f64> { one.lead.outline.clone() };
    geojson::layer(staging, (LOOK_AGAIN, "look_again", "look again"), (LookAgain::FIELDS, &sorted), shape)
}
