//! The columns of the layers beside the leads: suppressed patches, gaps, red-line overlaps.
//!
//! Law: as for leads (`fields`): every feature has every column, what is not known is null.

use serde_json::{Value, json};

use crate::lead::{AREA_METHOD, Gap, Overlap};
use crate::publish::aside::Aside;
use crate::publish::domains::{ASIDE_REASON, CLASS, GAP_REASON};
use crate::publish::fields::{Field, Kind, coded, plain};
use crate::publish::nested::{class, evidence, evidence_text};
use crate::publish::{digest, outline};

/// Columns of `suppressed`.
pub const SUPPRESSED: &[Field<Aside>] = &[
    plain("id", Kind::Text, "图斑编号 patch id", |row| json!(row.id)),
    plain("place", Kind::Text, "地点编号 place id, as of leads", |row| json!(row.patch.id)),
    plain("model", Kind::Text, "子模型 sub-model", |row| json!(row.patch.model)),
    coded("reason", "未列为线索的原因 reason", &ASIDE_REASON, |row| json!(row.patch.reason.code())),
    plain("detail", Kind::Text, "原因说明 detail", |row| json!(row.patch.detail)),
    plain("area_m2", Kind::Real(1), "面积(平方米) area (m2)", |row| json!(row.patch.area)),
    plain("area_mu", Kind::Real(2), "面积(亩) area (mu)", |row| json!(row.patch.area.mu())),
    plain("area_method", Kind::Text, "面积算法 area method", |_| json!(AREA_METHOD)),
    plain("evidence_text", Kind::Text, "观测数值 what was observed", |row| {
        json!(evidence_text(&row.patch.evidence))
    }),
    plain("evidence", Kind::Nested, "观测数值明细 observed numbers", |row| {
        evidence(&row.patch.evidence)
    }),
];

/// Columns of `gaps`.
pub const GAP: &[Field<Gap>] = &[
    plain("id", Kind::Text, "缺测编号 gap id", |gap| json!(gap_id(gap))),
    plain("redline_id", Kind::Text, "红线编号 red line id", |gap| json!(gap.redline_id)),
    plain("redline_layer", Kind::Text, "红线图层 red line layer", |gap| json!(gap.layer)),
    plain("model", Kind::Text, "子模型 sub-model", |gap| {
        if gap.model.is_empty() { Value::Null } else { json!(gap.model) }
    }),
    coded("reason", "缺测原因 reason", &GAP_REASON, |gap| json!(gap.reason.code())),
    plain("detail", Kind::Text, "原因说明 detail", |gap| json!(gap.detail)),
    plain("period_from", Kind::Day, "起始日 from", |gap| json!(gap.period.0.to_string())),
    plain("period_to", Kind::Day, "截止日 to", |gap| json!(gap.period.1.to_string())),
    plain("area_m2", Kind::Real(1), "缺测面积(平方米) area not seen (m2)", |gap| json!(gap.area)),
    plain("area_mu", Kind::Real(2), "缺测面积(亩) area not seen (mu)", |gap| json!(gap.area.mu())),
    plain("share", Kind::Real(4), "占红线面积比 share of the red line (0-1)", |gap| json!(gap.share)),
];

/// What one lead shares with one red line: a row of `redline_overlaps`.
#[derive(Debug, Clone, PartialEq)]
pub struct Shared {
    /// The lead.
    pub lead_id: String,
    /// Its rank.
    pub rank: usize,
    /// The red line and the area.
    pub overlap: Overlap,
    /// The shared ground, longitude and latitude; empty where the red line's shape was not handed in.
    pub outline: geo::MultiPolygon<f64>,
}

/// Columns of `redline_overlaps`.
pub const SHARED: &[Field<Shared>] = &[
    plain("lead_id", Kind::Text, "线索编号 lead id", |row| json!(row.lead_id)),
    plain("rank", Kind::Whole, "排序 rank", |row| json!(row.rank)),
    plain("redline_id", Kind::Text, "红线编号 red line id", |row| json!(row.overlap.id)),
    plain("redline_name", Kind::Text, "红线名称 red line name", |row| json!(row.overlap.name)),
    coded("redline_class", "红线类别 red line class", &CLASS, |row| class(&row.overlap)),
    plain("redline_layer", Kind::Text, "红线图层 red line layer", |row| json!(row.overlap.layer)),
    plain("redline_version", Kind::Text, "红线版本 red line version", |row| json!(row.overlap.version)),
    plain("overlap_m2", Kind::Real(1), "压占红线面积(平方米) overlap (m2)", |row| {
        json!(row.overlap.overlap)
    }),
    plain("overlap_mu", Kind::Real(2), "压占红线面积(亩) overlap (mu)", |row| {
        json!(row.overlap.overlap.mu())
    }),
];

/// A gap has no identity of its own in a run; it gets one from what it says.
pub fn gap_id(gap: &Gap) -> String {
    let key = [
        gap.layer.as_str(),
        &gap.redline_id,
        &gap.model,
        gap.reason.code(),
        &gap.detail,
        &gap.period.0.to_string(),
        &gap.period.1.to_string(),
        &outline::coordinates(&gap.outline),
    ];
    format!("gap-{}", &digest::of_bytes(key.join("\n").as_bytes())[..12])
}
