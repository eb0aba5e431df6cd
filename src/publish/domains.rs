//! The values that columns of codes may take, with their words in Chinese and English.
//!
//! Law: a code and its words stand once; the GeoPackage's value lists are these.

use crate::reason::{AsideReason, GapReason};
use crate::redline::Land;

/// The values that a column may take, with what they mean.
#[derive(Debug, PartialEq, Eq)]
pub struct Domain {
    /// Name of the domain.
    pub name: &'static str,
    /// Value and meaning (Chinese, English).
    pub values: &'static [(&'static str, &'static str)],
}

/// How far the machine followed a lead.
pub const STATUS: Domain = Domain {
    name: "status",
    values: &[("provisional", "待确认 provisional"), ("confirmed", "已确认 confirmed")],
};

/// What a record is for.
pub const TIER: Domain = Domain {
    name: "tier",
    values: &[("lead", "线索 lead"), ("warning", "预警 warning"), ("look_again", "回头看 look-again")],
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
        ("case", "整改地块 decided case"),
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

/// Land that a rule speaks of.
pub const LAND: Domain = Domain { name: "rule_land", values: Land::WORDS };

/// Why nothing could be seen.
pub const GAP_REASON: Domain = Domain { name: "gap_reason", values: GapReason::WORDS };

/// Why a patch is no lead.
pub const ASIDE_REASON: Domain = Domain { name: "aside_reason", values: AsideReason::WORDS };

/// Whether a permit was in force when the change was first seen.
pub const IN_FORCE: Domain = Domain {
    name: "permit_in_force",
    values: &[("yes", "是 yes"), ("no", "否 no"), ("unknown", "不明 unknown")],
};
