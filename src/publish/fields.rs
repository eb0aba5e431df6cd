//! The columns of every layer, once, for GeoJSON and GeoPackage alike.
//!
//! In:  a lead; the layers beside it (`beside`) use the same machinery.
//! Out: for each column its name (which ends in its unit), kind, alias in two languages and value.
//! Law: every feature of a layer has every column; what is not known is null. Numbers are rounded
//!      here and nowhere else, so that both formats carry the same ones.

use serde_json::{Map, Value, json};

use crate::lead::{Area, Claim, ContextOverlap, Excess, Incident, Lead, Overlap, Threshold};
use crate::publish::nested::{
    class, context, evidence, evidence_text, in_force, land_use, overlaps, permits, thresholds,
};
use crate::publish::{digest, outline};
use crate::redline::Role;
use crate::units::rounded;

pub use crate::publish::beside::{GAP, SHARED, SUPPRESSED, Shared, gap_id};
pub use crate::publish::domains::{
    ASIDE_REASON, CLASS, Domain, GAP_REASON, IN_FORCE, LAND, STATUS, TIER, VERDICT,
};

/// What a reader of one feature must know, English.
pub const DISCLAIMER: &str = "A hypothesis from satellite imagery, to be checked on the ground; the area is subject to field survey. \
     A comparison with a legal limit is arithmetic on that area, no finding and no legal advice.";

/// The same, Chinese.
pub const DISCLAIMER_ZH: &str =
    "本图斑为遥感线索,须经实地核查;面积以实地测量为准。与法定面积的比较只是算术,不作定性,不构成法律意见。";

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

pub(super) const fn plain<T>(
    name: &'static str,
    kind: Kind,
    alias: &'static str,
    value: fn(&T) -> Value,
) -> Field<T> {
    Field { name, kind, alias, domain: None, value }
}

pub(super) const fn coded<T>(
    name: &'static str,
    alias: &'static str,
    domain: &'static Domain,
    value: fn(&T) -> Value,
) -> Field<T> {
    Field { name, kind: Kind::Text, alias, domain: Some(domain), value }
}

/// Columns of `leads`.
pub const LEAD: &[Field<Lead>] = &[
    plain("id", Kind::Text, "线索编号 lead id", |lead| json!(lead.id)),
    plain("rank", Kind::Whole, "排序 rank", |lead| json!(lead.rank)),
    plain("model", Kind::Text, "子模型 sub-model", |lead| json!(lead.model)),
    plain("model_name", Kind::Text, "子模型英文名 sub-model name", |lead| json!(lead.model_name)),
    plain("model_name_zh", Kind::Text, "子模型名称 sub-model name (Chinese)", |lead| {
        json!(lead.model_name_zh)
    }),
    coded("tier", "类别 tier", &TIER, |lead| json!(lead.naming.tier.name())),
    plain("likeness", Kind::Real(2), "特征符合度 share of typical signs (0-1)", |lead| {
        json!(lead.naming.likeness)
    }),
    plain("also_models", Kind::Text, "亦可能为 what else it may be", |lead| json!(also_text(lead))),
    plain(
        "model_dlbm",
        Kind::Text,
        "适用原地类 land-use codes that the sub-model is about (DLBM)",
        |lead| json!(lead.naming.before_codes.join(",")),
    ),
    plain("tblx", Kind::Text, "图斑类型编码 change codes after (TBLX)", |lead| {
        json!(lead.naming.after_codes.join(","))
    }),
    coded("status", "状态 status", &STATUS, |lead| json!(lead.status.name())),
    plain("confidence", Kind::Real(3), "置信度 confidence (0-1)", |lead| json!(lead.confidence)),
    plain("confidence_method", Kind::Text, "置信度来源 how the confidence was obtained", |lead| {
        json!(lead.confidence_method)
    }),
    plain(
        "selection",
        Kind::Text,
        "入选规则与保证 how it was selected, and what is promised",
        |lead| json!(lead.selection.words),
    ),
    plain("conformal_p", Kind::Real(4), "共形检验 p 值 conformal p-value", |lead| {
        json!(lead.selection.p_value)
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
    plain("area_m2", Kind::Real(1), "面积(平方米) area (m2)", |lead| {
        of_area(lead, |area| json!(area.best))
    }),
    plain("area_low_m2", Kind::Real(1), "面积下限(平方米) area, low (m2)", |lead| {
        of_area(lead, |area| json!(area.low))
    }),
    plain("area_high_m2", Kind::Real(1), "面积上限(平方米) area, high (m2)", |lead| {
        of_area(lead, |area| json!(area.high))
    }),
    plain("area_mu", Kind::Real(2), "面积(亩) area (mu)", |lead| {
        of_area(lead, |area| json!(area.best.mu()))
    }),
    plain("area_low_mu", Kind::Real(2), "面积下限(亩) area, low (mu)", |lead| {
        of_area(lead, |area| json!(area.low.mu()))
    }),
    plain("area_high_mu", Kind::Real(2), "面积上限(亩) area, high (mu)", |lead| {
        of_area(lead, |area| json!(area.high.mu()))
    }),
    plain("area_method", Kind::Text, "量算方法 area method", |lead| json!(lead.measured_by())),
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
        json!(lead.supplied.contains(&Role::Permit))
    }),
    plain("permit_count", Kind::Whole, "涉及许可数 permits touched", |lead| {
        json!(lead.supplied.contains(&Role::Permit).then(|| lead.touched(Role::Permit).count()))
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
    plain("permit_kind", Kind::Text, "许可类型 kind of permit", |lead| {
        of_permit(lead, |permit| json!(permit.kind))
    }),
    plain("permit_valid_from", Kind::Day, "许可生效日期 permit valid from", |lead| {
        of_permit(lead, |permit| json!(permit.from.day().map(|day| day.to_string())))
    }),
    plain("permit_valid_to", Kind::Day, "许可到期日期 permit valid to", |lead| {
        of_permit(lead, |permit| json!(permit.to.day().map(|day| day.to_string())))
    }),
    coded(
        "permit_in_force",
        "首次发现时许可是否有效 permit in force when first seen",
        &IN_FORCE,
        |lead| of_permit(lead, |permit| json!(in_force(permit))),
    ),
    plain(
        "covered_m2",
        Kind::Real(1),
        "批准等范围内面积(平方米) covered by permits and the like (m2)",
        |lead| of_excess(lead, |excess| json!(excess.covered)),
    ),
    plain("excess_m2", Kind::Real(1), "超出面积(平方米) excess outside them (m2)", |lead| {
        of_excess(lead, |excess| json!(excess.area.best))
    }),
    plain("excess_low_m2", Kind::Real(1), "超出面积下限(平方米) excess, low (m2)", |lead| {
        of_excess(lead, |excess| json!(excess.area.low))
    }),
    plain("excess_high_m2", Kind::Real(1), "超出面积上限(平方米) excess, high (m2)", |lead| {
        of_excess(lead, |excess| json!(excess.area.high))
    }),
    plain("landuse_dlbm", Kind::Text, "调查地类编码 code of the land-use layer", |lead| {
        json!(land_use(lead).map(|(code, _, _)| code))
    }),
    plain("landuse_dlmc", Kind::Text, "调查地类名称 name of the land-use layer", |lead| {
        json!(land_use(lead).map(|(_, name, _)| name))
    }),
    plain("landuse_m2", Kind::Real(1), "调查地类面积(平方米) area of that code (m2)", |lead| {
        json!(land_use(lead).map(|(_, _, area)| area))
    }),
    plain("landuse_share", Kind::Real(3), "调查地类占比 share of that code (0-1)", |lead| {
        json!(land_use(lead).map(|(_, _, area)| area.0 / lead.area.best.0.max(1e-9)))
    }),
    plain("legal_rule", Kind::Text, "面积规则 area rule", |lead| {
        of_threshold(lead, |limit| json!(limit.rule.id))
    }),
    plain("legal_limit_mu", Kind::Real(2), "规则面积(亩) limit (mu)", |lead| {
        of_threshold(lead, |limit| json!(limit.rule.limit_mu))
    }),
    coded("legal_verdict", "与规则面积比较 area against the limit", &VERDICT, |lead| {
        of_threshold(lead, |limit| json!(limit.verdict))
    }),
    coded("legal_land", "规则所指地类 land that the rule speaks of", &LAND, |lead| {
        of_threshold(lead, |limit| json!(limit.rule.land.name()))
    }),
    plain("legal_source", Kind::Text, "规则出处 source of the rule", |lead| {
        of_threshold(lead, |limit| json!(limit.rule.source))
    }),
    plain("legal_in_force", Kind::Day, "规则施行日期 rule in force since", |lead| {
        of_threshold(lead, |limit| json!(limit.rule.in_force.to_string()))
    }),
    plain(
        "legal_area_m2",
        Kind::Real(1),
        "参与比较的面积(平方米) area compared with the limit (m2)",
        |lead| of_threshold(lead, |limit| json!(limit.area.best)),
    ),
    plain("incident", Kind::Text, "线索组编号 incident of neighbouring leads", |lead| {
        of_incident(lead, |incident| json!(incident.id))
    }),
    plain("incident_lead_count", Kind::Whole, "组内线索数 leads of the incident", |lead| {
        of_incident(lead, |incident| json!(incident.leads.len()))
    }),
    plain(
        "incident_area_m2",
        Kind::Real(1),
        "组内累计面积(平方米) area of the incident (m2)",
        |lead| of_sum(lead, |area| json!(area.best)),
    ),
    plain(
        "incident_area_low_m2",
        Kind::Real(1),
        "组内累计面积下限(平方米) area of the incident, low (m2)",
        |lead| of_sum(lead, |area| json!(area.low)),
    ),
    plain(
        "incident_area_high_m2",
        Kind::Real(1),
        "组内累计面积上限(平方米) area of the incident, high (m2)",
        |lead| of_sum(lead, |area| json!(area.high)),
    ),
    plain("incident_area_mu", Kind::Real(2), "组内累计面积(亩) area of the incident (mu)", |lead| {
        of_sum(lead, |area| json!(area.best.mu()))
    }),
    plain("incident_rule", Kind::Text, "累计面积规则 area rule of the incident", |lead| {
        of_incident(lead, |incident| foremost(&incident.thresholds, |limit| json!(limit.rule.id)))
    }),
    plain("incident_limit_mu", Kind::Real(2), "累计规则面积(亩) limit for the incident (mu)", |lead| {
        of_incident(lead, |incident| foremost(&incident.thresholds, |limit| json!(limit.rule.limit_mu)))
    }),
    coded(
        "incident_verdict",
        "累计面积与规则面积比较 incident against the limit",
        &VERDICT,
        |lead| of_incident(lead, |incident| foremost(&incident.thresholds, |limit| json!(limit.verdict))),
    ),
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
    plain("permits", Kind::Nested, "许可明细 permits", permits),
    plain("context", Kind::Nested, "其他背景明细 cases, land use and burn scars", context),
    plain("incident_leads", Kind::Nested, "组内线索编号 ids of the incident's leads", |lead| {
        of_incident(lead, |incident| json!(incident.leads))
    }),
    plain(
        "incident_thresholds",
        Kind::Nested,
        "累计面积规则明细 area rules of the incident",
        |lead| of_incident(lead, |incident| thresholds(&incident.thresholds)),
    ),
    plain("thresholds", Kind::Nested, "面积规则明细 area rules", |lead| thresholds(&lead.thresholds)),
    plain("evidence", Kind::Nested, "观测数值明细 observed numbers", |lead| evidence(&lead.evidence)),
    plain("notes", Kind::Nested, "说明明细 notes, one by one", |lead| json!(lead.notes)),
];

/// A name for the files of a lead: ids come from files and may hold anything.
pub fn file_name(lead_id: &str) -> String {
    let safe = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    let name: String =
        lead_id.chars().map(|letter| if safe(letter) { letter } else { '_' }).take(80).collect();
    if name == lead_id {
        return name;
    }
    // Two ids must not share a file because letters were replaced.
    format!("{name}-{}", &digest::of_bytes(lead_id.as_bytes())[..8])
}

/// Where a lead's picture lies in the output folder; `moment` is `before` or `after`.
pub fn chip_file(lead_id: &str, moment: &str) -> String {
    format!("chips/{}_{moment}.png", file_name(lead_id))
}

/// Something of the area, nothing where none is told.
fn of_area(lead: &Lead, value: impl Fn(Area) -> Value) -> Value {
    lead.told_area().map_or(Value::Null, value)
}

/// Other sub-models that claim the place, as one line.
fn also_text(lead: &Lead) -> String {
    let claim = |claim: &Claim| {
        let likeness = claim.likeness.map_or("-".to_owned(), |share| format!("{share:.2}"));
        format!("{} {likeness} ({:.2})", claim.model, claim.confidence)
    };
    lead.naming.also.iter().map(claim).collect::<Vec<_>>().join("; ")
}

fn of_first(lead: &Lead, value: fn(&Overlap) -> Value) -> Value {
    lead.redlines.first().map_or(Value::Null, value)
}

fn of_permit(lead: &Lead, value: fn(&ContextOverlap) -> Value) -> Value {
    lead.touched(Role::Permit).next().map_or(Value::Null, value)
}

fn of_excess(lead: &Lead, value: fn(&Excess) -> Value) -> Value {
    lead.excess.as_ref().map_or(Value::Null, value)
}

fn of_incident(lead: &Lead, value: fn(&Incident) -> Value) -> Value {
    lead.incident.as_ref().map_or(Value::Null, value)
}

fn of_sum(lead: &Lead, value: fn(&Area) -> Value) -> Value {
    lead.incident.as_ref().map_or(Value::Null, |incident| value(&incident.area))
}

fn of_threshold(lead: &Lead, value: fn(&Threshold) -> Value) -> Value {
    foremost(&lead.thresholds, value)
}

/// The one threshold that a flat table shows: a rule for everybody before one for those who have a record, and what
/// may be reached before what is not.
fn foremost(thresholds: &[Threshold], value: fn(&Threshold) -> Value) -> Value {
    let order = ["above", "straddles", "unresolved", "below"];
    let place = |limit: &&Threshold| {
        (limit.rule.needs_record, order.iter().position(|verdict| *verdict == limit.verdict))
    };
    thresholds.iter().min_by_key(place).map_or(Value::Null, value)
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
