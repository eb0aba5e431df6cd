//! What is shown where the pointer rests: pictures before and after, area, red line, dates.
//!
//! In:  whether there are pictures, the language. Out: HTML with expressions of QGIS over columns.
//! Law: what stands in a column is words: each expression turns `&`, `<`, `>` and quotes into what HTML shows as such,
//!      and QGIS does not look into its result for further expressions.

use crate::publish::markup::escaped;
use crate::report::Language;
use crate::report::qgis::style;

/// An expression whose words are safe inside HTML.
fn escaping(expression: &str) -> String {
    let signs = [("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\"", "&quot;"), ("''", "&#39;")];
    let words = format!("to_string(coalesce({expression}, ''))");
    signs.iter().fold(words, |words, (sign, name)| format!("replace({words}, '{sign}', '{name}')"))
}

/// Words of a column inside HTML.
fn shown(expression: &str) -> String {
    format!("[% {} %]", escaping(expression))
}

/// Both pictures of a lead, as far as it has them.
fn pictures() -> String {
    let picture = |column: &str| {
        let path = escaping(&format!(r#"concat(@project_folder, '/', "{column}")"#));
        format!(
            r#"[% if("{column}" IS NULL, '', concat('<img src="file:///', {path}, '" width="260"/>')) %]"#
        )
    };
    format!("<div>{}&nbsp;{}</div>", picture("chip_before"), picture("chip_after"))
}

/// The tip of a lead.
pub fn lead(has_pictures: bool, language: Language) -> String {
    let name = match language {
        Language::Chinese => shown(r#""model_name_zh""#),
        Language::English => shown(r#""model_name""#),
        Language::Both => format!("{} {}", shown(r#""model_name_zh""#), shown(r#""model_name""#)),
    };
    let mu = style::mu(language);
    let area = shown(&format!(
        r#"if("area_mu" IS NULL, concat("length_m", ' m'), concat("area_mu", ' {mu} (', "area_low_mu", '–', "area_high_mu", ')'))"#
    ));
    let row = |(chinese, english): (&str, &str), value: String| {
        let label = escaped(&language.words(chinese, english));
        format!("<tr><td style=\"color:#666\">{label}&nbsp;</td><td>{value}</td></tr>")
    };
    let rows = [
        row(("面积", "area"), area),
        row(("置信度", "confidence"), shown(r#""confidence""#)),
        row(("时相", "dates"), format!("{} → {}", shown(r#""before""#), shown(r#""after""#))),
        row(("红线", "red line"), shown(r#"concat("redline_name", ' ', "redline_id")"#)),
        row(("许可", "permit"), shown(r#"concat("permit_id", ' ', "permit_kind")"#)),
    ]
    .concat();
    let pictures = if has_pictures { pictures() } else { String::new() };
    let disclaimer = language.words("线索须经实地核查", "A hypothesis, to be checked on the ground");
    format!(
        "<div style=\"font-family:sans-serif\"><b>#{rank} {model} {name}</b> {id}{pictures}<table>{rows}</table><small>{disclaimer}</small></div>",
        rank = shown(r#""rank""#),
        model = shown(r#""model""#),
        id = shown(r#""id""#),
    )
}

/// The tip of a lead's point.
pub fn point(has_pictures: bool) -> String {
    let pictures = if has_pictures { pictures() } else { String::new() };
    format!("<b>#{} {}</b> {}<br/>{pictures}", shown(r#""rank""#), shown(r#""model""#), shown(r#""id""#))
}

/// The tip of a red line or of a place of context: name, number, layer.
pub fn ground() -> String {
    format!("<b>{}</b> {}<br/>{}", shown(r#""name""#), shown(r#""id""#), shown(r#""layer""#))
}
