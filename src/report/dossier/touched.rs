//! What a lead shares with red lines and permits, and its area against legal limits: arithmetic with its source.

use serde_json::{Value, json};

use crate::publish::domains::{CLASS, LAND, VERDICT};
use crate::report::Language;
use crate::report::dossier::record::meaning;
use crate::report::dossier::sources;
use crate::report::material::{Item, Material};
use crate::units::SquareMetres;

/// A cell of an area: square metres and mu.
fn both(square_metres: Option<f64>, language: Language) -> String {
    let mu = language.words("亩", "mu");
    square_metres.map_or("-".to_owned(), |area| format!("{area:.1} m² ({:.2} {mu})", SquareMetres(area).mu()))
}

/// Red lines with the ground shared, and where each layer comes from.
pub fn redlines(lead: &Item, material: &Material, language: Language) -> Value {
    let row = |overlap: &Value| {
        let text = |name: &str| overlap[name].as_str().unwrap_or_default().to_owned();
        let layer = material.redlines.iter().find(|line| line.layer == text("layer"));
        let authority = layer.and_then(|layer| layer.authority.clone()).unwrap_or_default();
        let digest = sources::digest_of(material, "redlines", &text("layer"));
        let source = [text("layer"), text("version"), authority, sources::short(&digest)];
        let source: Vec<String> = source.into_iter().filter(|part| !part.is_empty()).collect();
        json!([
            format!("{} {}", text("id"), text("name")),
            meaning(&CLASS, &text("class"), language),
            both(overlap["overlap_m2"].as_f64(), language),
            source.join(" · "),
        ])
    };
    json!({
        "title": language.words("压占红线", "Red lines"),
        "head": [
            language.words("红线", "red line"), language.words("类别", "class"), language.words("压占面积", "overlap"),
            language.words("图层、版本、单位、SHA-256", "layer, version, authority, SHA-256"),
        ],
        "rows": lead.list("redlines").iter().map(row).collect::<Value>(),
        "none": language.words("未压占红线", "none"),
    })
}

/// Permits with the ground shared; that none was supplied is said.
pub fn permits(lead: &Item, material: &Material, language: Language) -> Value {
    let supplied = lead.properties.get("permits_supplied").and_then(Value::as_bool).unwrap_or(false);
    let row = |permit: &Value| {
        let text = |name: &str| permit[name].as_str().unwrap_or_default().to_owned();
        json!([
            format!("{} {}", text("id"), text("name")),
            text("kind"),
            format!("{} / {}", text("valid_from"), text("valid_to")),
            both(permit["overlap_m2"].as_f64(), language),
            sources::short(&sources::digest_of(material, "permits", &text("layer"))),
        ])
    };
    let none = if supplied {
        language.words(
            "已提供许可图层,未与任何许可重叠",
            "a permit layer was supplied; no permit touches the lead",
        )
    } else {
        language.words(
            "未提供许可图层:是否有审批不明",
            "no permit layer was supplied: whether it is permitted is not known",
        )
    };
    json!({
        "title": language.words("许可", "Permits"),
        "head": [
            language.words("许可", "permit"), language.words("类型", "kind"), language.words("有效期", "valid"),
            language.words("重叠面积", "overlap"), "SHA-256",
        ],
        "rows": lead.list("permits").iter().map(row).collect::<Value>(),
        "none": none,
    })
}

/// Area limits, each with what it says and its conditions.
pub fn limits(lead: &Item, language: Language) -> Value {
    let row = |limit: &Value| {
        let text = |name: &str| limit[name].as_str().unwrap_or_default().to_owned();
        let mu = |name: &str| {
            limit[name].as_f64().map_or("-".to_owned(), |area| format!("{:.2}", SquareMetres(area).mu()))
        };
        let words = match language {
            Language::Chinese => format!("{};{}", text("text_zh"), text("condition_zh")),
            Language::English => format!("{}; {}", text("text"), text("condition")),
            Language::Both => format!(
                "{};{}\n{}; {}",
                text("text_zh"),
                text("condition_zh"),
                text("text"),
                text("condition")
            ),
        };
        json!([
            format!("{}\n{}", text("rule"), text("source")),
            words,
            format!("{} {}", limit["limit_mu"], language.words("亩", "mu")),
            format!("{} ({} - {})", mu("area_m2"), mu("area_low_m2"), mu("area_high_m2")),
            meaning(&VERDICT, &text("verdict"), language),
            meaning(&LAND, &text("land"), language),
        ])
    };
    json!({
        "title": language.words("面积与法定数额(仅为算术)", "Area against legal limits (arithmetic only)"),
        "head": [
            language.words("规则与出处", "rule and source"), language.words("内容与条件", "what it says, and its conditions"),
            language.words("数额", "limit"), language.words("面积(亩)", "area (mu)"), language.words("比较", "compared"),
            language.words("地类", "land"),
        ],
        "rows": lead.list("thresholds").iter().map(row).collect::<Value>(),
        "none": language.words("没有适用的面积数额", "no limit applies"),
    })
}
