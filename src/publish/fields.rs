//! The columns of every layer, once, for GeoJSON and GeoPackage alike.
//!
//! In:  a lead, a suppressed patch, a gap, or what a lead shares with a red line.
//! Out: for each column its name (which ends in its unit), kind, alias in two languages and value.
//! Law: every feature of a layer has every column; what is not known is null. Numbers are rounded
//!      here and nowhere else, so that both formats carry the same ones.

use serde_json::{Map, Value, json};

use crate::lead::{AREA_METHOD, Gap, Lead, Measure, Overlap, Threshold};
use crate::publish::aside::Aside;
use crate::publish::{digest, outline};
use crate::reason::{AsideReason, GapReason};
use crate::units::{SquareMetres, rounded};

/// What a reader of one feature must know, English.
pub const DISCLAIMER: &str =
    "A hypothesis from satellite imagery, to be checked on the ground; the area is subject to field survey.";

/// The same, Chinese.
pub const DISCLAIMER_ZH: &str = "本图斑为遥感线索,须经实地核查;面积以实地测量为准。";

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A whole number.
    Whole,
    /// A number with that many decimals.
    Real(i32),
    /// A day, `YYYY-MM-DD`.
    Day,
    /// Yes or no.
    Truth,
    /// Nested arrays and objects; text of JSON where a format has no nesting.
    Nested,
}

/// The values that a column may take, with what they mean.
#[derive(Debug, PartialEq, Eq)]
pub struct Domain {
    /// Name of the domain.
    pub name: &'static str,
    /// Value and meaning (Chinese, English).
    pub values: &'static [(&'static str, &'static str)],
}

/// One column of a layer of `T`.
pub struct Field<T> {
    /// Name, snake_case, ends in its unit where it has one.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Name for people, Chinese and English.
    pub alias: &'static str,
    /// Values allowed, if they are few.
    pub domain: Option<&'static Domain>,
    value: fn(&T) -> Value,
}

impl<T> Field<T> {
    /// The value for one record: rounded as the column says, null where there is none.
    pub fn value(&self, record: &T) -> Value {
        let value = (self.value)(record);
        match (self.kind, value.as_f64()) {
            (Kind::Real(decimals), Some(number)) => json!(rounded(number, decimals)),
            _ => value,
        }
    }
}

/// Every column of a record, in order.
pub fn properties<T>(fields: &[Field<T>], record: &T) -> Map<String, Value> {
    fields.iter().map(|field| (field.name.to_owned(), field.value(record))).collect()
}

const fn plain<T>(name: &'static str, kind: Kind, alias: &'static str, value: fn(&T) -> Value) -> Field<T> {
    Field { name, kind, alias, domain: None, value }
}

const fn coded<T>(
    name: &'static str,
    alias: &'static str,
    domain: &'static Domain,
    value: fn(&T) -> Value,
) -> Field<T> {
    Field { name, kind: Kind::Text, alias, domain: Some(domain), value }
}

/// How far the machine followed a lead.
pub const STATUS: Domain = Domain {
    name: "status",
    values: &[("provisional", "待确认 provisional"), ("confirmed", "已确认 confirmed")],
};

/// What a red line protects.
pub const CLASS: Domain = Domain {
    name: "redline_class",
    values: &[
        ("grassland", "草原 grassland"),
        ("farmland", "耕地 farmland"),
        ("wetland", "湿地 wetland"),
        ("forest", "林地 forest"),
        ("redline", "生态保护红线 red line"),
    ],
};

/// Where an area lies against a limit.
pub const VERDICT: Domain = Domain {
    name: "legal_verdict",
    values: &[
        ("below", "低于 below"),
        ("straddles", "跨越 straddles"),
        ("above", "高于 above"),
        ("unresolved", "分辨率不足 unresolved"),
    ],
};

/// Why nothing could be seen.
pub const GAP_REASON: Domain = Domain { name: "gap_reason", values: GapReason::WORDS };

/// Why a patch is no lead.
pub const ASIDE_REASON: Domain = Domain { name: "aside_reason", values: AsideReason::WORDS };

/// Columns of `leads`.
pub const LEAD: &[Field<Lead>] = &[
    plain("id", Kind::Text, "线索编号 lead id", |lead| json!(lead.id)),
    plain("rank", Kind::Whole, "排序 rank", |lead| json!(lead.rank)),
    plain("model", Kind::Text, "子模型 sub-model", |lead| json!(lead.model)),
    plain("model_name", Kind::Text, "子模型英文名 sub-model name", |lead| json!(lead.model_name)),
    plain("model_name_zh", Kind::Text, "子模型名称 sub-model name (Chinese)", |lead| {
        json!(lead.model_name_zh)
    }),
    coded("status", "状态 status", &STATUS, |lead| json!(lead.status.name())),
    plain("confidence", Kind::Real(3), "置信度 confidence (0-1)", |lead| json!(lead.confidence)),
    plain("confidence_method", Kind::Text, "置信度来源 how the confidence was obtained", |lead| {
        json!(lead.confidence_method)
    }),
    plain("before", Kind::Day, "前时相 before", |lead| json!(lead.before.to_string())),
    plain("after", Kind::Day, "后时相 after", |lead| json!(lead.after.to_string())),
    plain("first_seen", Kind::Day, "首次发现 first seen", |lead| json!(lead.first_seen.to_string())),
    plain("last_seen", Kind::Day, "最近发现 last seen", |lead| json!(lead.last_seen.to_string())),
    plain("confirmed_on", Kind::Day, "确认日期 confirmed on", |lead| {
        json!(lead.confirmed_on.map(|date| date.to_string()))
    }),
    plain("observation_count", Kind::Whole, "有效观测次数 clear views", |lead| {
        json!(lead.observation_count)
    }),
    plain("area_m2", Kind::Real(1), "面积(平方米) area (m2)", |lead| json!(lead.area.best)),
    plain("area_low_m2", Kind::Real(1), "面积下限(平方米) area, low (m2)", |lead| {
        json!(lead.area.low)
    }),
    plain("area_high_m2", Kind::Real(1), "面积上限(平方米) area, high (m2)", |lead| {
        json!(lead.area.high)
    }),
    plain("area_mu", Kind::Real(2), "面积(亩) area (mu)", |lead| json!(lead.area.best.mu())),
    plain("area_low_mu", Kind::Real(2), "面积下限(亩) area, low (mu)", |lead| json!(lead.area.low.mu())),
    plain("area_high_mu", Kind::Real(2), "面积上限(亩) area, high (mu)", |lead| {
        json!(lead.area.high.mu())
    }),
    plain("area_method", Kind::Text, "面积算法 area method", |_| json!(AREA_METHOD)),
    plain("length_m", Kind::Real(1), "长度(米) length (m)", |lead| json!(lead.length_m)),
    plain("lon_deg", Kind::Real(outline::DECIMALS), "经度(度) longitude (deg)", |lead| {
        json!(lead.point.0)
    }),
    plain("lat_deg", Kind::Real(outline::DECIMALS), "纬度(度) latitude (deg)", |lead| json!(lead.point.1)),
    plain("redline_count", Kind::Whole, "涉及红线数 red lines touched", |lead| {
        json!(lead.redlines.len())
    }),
    plain("redline_id", Kind::Text, "红线编号 red line id", |lead| of_first(lead, |line| json!(line.id))),
    plain("redline_name", Kind::Text, "红线名称 red line name", |lead| {
        of_first(lead, |line| json!(line.name))
    }),
    coded("redline_class", "红线类别 red line class", &CLASS, |lead| of_first(lead, class)),
    plain("redline_layer", Kind::Text, "红线图层 red line layer", |lead| {
        of_first(lead, |line| json!(line.layer))
    }),
    plain("redline_version", Kind::Text, "红线版本 red line version", |lead| {
        of_first(lead, |line| json!(line.version))
    }),
    plain("overlap_m2", Kind::Real(1), "压占红线面积(平方米) overlap (m2)", |lead| {
        of_first(lead, |line| json!(line.overlap))
    }),
    plain("permits_supplied", Kind::Truth, "已提供许可图层 permit layer supplied", |lead| {
        json!(lead.permits.is_some())
    }),
    plain("permit_count", Kind::Whole, "涉及许可数 permits touched", |lead| {
        json!(lead.permits.as_ref().map(Vec::len))
    }),
    plain("permit_id", Kind::Text, "许可编号 permit id", |lead| {
        of_permit(lead, |permit| json!(permit.id))
    }),
    plain(
        "permit_overlap_m2",
        Kind::Real(1),
        "许可内面积(平方米) overlap with the permit (m2)",
        |lead| of_permit(lead, |permit| json!(permit.overlap)),
    ),
    plain("legal_rule", Kind::Text, "面积规则 area rule", |lead| {
        of_threshold(lead, |rule| json!(rule.rule))
    }),
    plain("legal_limit_mu", Kind::Real(2), "规则面积(亩) limit (mu)", |lead| {
        of_threshold(lead, |rule| json!(rule.limit_mu))
    }),
    coded("legal_verdict", "与规则面积比较 area against the limit", &VERDICT, |lead| {
        of_threshold(lead, |rule| json!(rule.verdict))
    }),
    plain("scene_before", Kind::Text, "前时相影像 scene before", |lead| json!(lead.scene_before)),
    plain("scene_after", Kind::Text, "后时相影像 scene after", |lead| json!(lead.scene_after)),
    plain("chip_before", Kind::Text, "前时相图片 picture before", |lead| {
        json!(chip_file(&lead.id, "before"))
    }),
    plain("chip_after", Kind::Text, "后时相图片 picture after", |lead| {
        json!(chip_file(&lead.id, "after"))
    }),
    plain("evidence_text", Kind::Text, "观测数值 what was observed", |lead| {
        json!(evidence_text(&lead.evidence))
    }),
    plain("notes_text", Kind::Text, "说明 notes", |lead| json!(lead.notes.join("; "))),
    plain("disclaimer", Kind::Text, "声明(英文) disclaimer", |_| json!(DISCLAIMER)),
    plain("disclaimer_zh", Kind::Text, "声明 disclaimer (Chinese)", |_| json!(DISCLAIMER_ZH)),
    plain("redlines", Kind::Nested, "红线明细 red lines", |lead| overlaps(&lead.redlines)),
    plain("permits", Kind::Nested, "许可明细 permits", |lead| {
        lead.permits.as_ref().map_or(Value::Null, |permits| overlaps(permits))
    }),
    plain("thresholds", Kind::Nested, "面积规则明细 area rules", |lead| thresholds(&lead.thresholds)),
    plain("evidence", Kind::Nested, "观测数值明细 observed numbers", |lead| evidence(&lead.evidence)),
    plain("notes", Kind::Nested, "说明明细 notes, one by one", |lead| json!(lead.notes)),
];

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

/// Where a lead's picture lies in the output folder; `moment` is `before` or `after`.
pub fn chip_file(lead_id: &str, moment: &str) -> String {
    let safe = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    let name: String =
        lead_id.chars().map(|letter| if safe(letter) { letter } else { '_' }).take(80).collect();
    // Two ids must not share a picture because letters were replaced.
    let tail = if name == lead_id {
        String::new()
    } else {
        format!("-{}", &digest::of_bytes(lead_id.as_bytes())[..8])
    };
    format!("chips/{name}{tail}_{moment}.png")
}

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

fn of_first(lead: &Lead, value: fn(&Overlap) -> Value) -> Value {
    lead.redlines.first().map_or(Value::Null, value)
}

fn of_permit(lead: &Lead, value: fn(&Overlap) -> Value) -> Value {
    lead.permits.as_ref().and_then(|permits| permits.first()).map_or(Value::Null, value)
}

fn class(line: &Overlap) -> Value {
    json!(line.class.map(|class| class.name()))
}

/// The one threshold that a flat table shows: what may be reached comes before what is not.
fn of_threshold(lead: &Lead, value: fn(&Threshold) -> Value) -> Value {
    let order = ["above", "straddles", "unresolved", "below"];
    let place = |rule: &&Threshold| order.iter().position(|verdict| *verdict == rule.verdict);
    lead.thresholds.iter().min_by_key(place).map_or(Value::Null, value)
}

fn overlaps(list: &[Overlap]) -> Value {
    let one = |overlap: &Overlap| {
        json!({
            "id": overlap.id,
            "name": overlap.name,
            "class": class(overlap),
            "layer": overlap.layer,
            "version": overlap.version,
            "overlap_m2": area(overlap.overlap),
        })
    };
    list.iter().map(one).collect()
}

fn thresholds(list: &[Threshold]) -> Value {
    let one = |rule: &Threshold| {
        json!({
            "rule": rule.rule,
            "limit_mu": rounded(rule.limit_mu, 2),
            "verdict": rule.verdict,
            "source": rule.source,
        })
    };
    list.iter().map(one).collect()
}

fn evidence(list: &[Measure]) -> Value {
    let one = |measure: &Measure| json!({ "name": measure.name, "value": rounded(measure.value, 4), "unit": measure.unit });
    list.iter().map(one).collect()
}

fn evidence_text(list: &[Measure]) -> String {
    let one = |measure: &Measure| {
        let unit = if measure.unit == "1" { String::new() } else { format!(" {}", measure.unit) };
        format!("{} {}{unit}", measure.name, rounded(measure.value, 4))
    };
    list.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn area(value: SquareMetres) -> f64 {
    rounded(value.0, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_alias_speaks_chinese_and_english_and_every_name_is_used_once() {
        let check = |name: &str, alias: &str, seen: &mut Vec<String>| {
            assert!(alias.chars().any(|letter| letter > '\u{2e80}'), "{name}");
            assert!(alias.chars().any(|letter| letter.is_ascii_alphabetic()), "{name}");
            assert!(!seen.contains(&name.to_owned()), "{name}");
            seen.push(name.to_owned());
        };
        let mut seen = Vec::new();
        LEAD.iter().for_each(|field| check(field.name, field.alias, &mut seen));
        seen.clear();
        GAP.iter().for_each(|field| check(field.name, field.alias, &mut seen));
        seen.clear();
        SUPPRESSED.iter().for_each(|field| check(field.name, field.alias, &mut seen));
        seen.clear();
        SHARED.iter().for_each(|field| check(field.name, field.alias, &mut seen));
    }

    #[test]
    fn a_picture_name_is_safe_and_two_ids_never_share_one() {
        assert_eq!(chip_file("G1-wq3fk2", "after"), "chips/G1-wq3fk2_after.png");
        let (slash, colon) = (chip_file("../a", "after"), chip_file("..:a", "after"));
        assert!(slash != colon && !slash.contains(".."));
    }
}
