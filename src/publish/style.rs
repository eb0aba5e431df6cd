//! QGIS styles: renderer and labels from `style/*.qml`, aliases and value maps from `fields`.
//!
//! In:  the columns of a layer.
//! Out: QML text, for `layer_styles` in the GeoPackage and beside the GeoJSON files.
//! Law: a column's name for people is written once, in `fields`.

use std::fmt::Write;

use crate::publish::fields::{self, Domain, Field};
use crate::publish::{PublishError, Staging};

/// Where the aliases go in a `.qml` file of this folder.
const PLACE: &str = "<!-- fields -->\n";

/// Style of the leads: red outlines by status and confidence, rank and area as label.
pub fn leads() -> String {
    filled(include_str!("style/leads.qml"), fields::LEAD)
}

/// Style of the gaps: hatched.
pub fn gaps() -> String {
    filled(include_str!("style/gaps.qml"), fields::GAP)
}

/// Style of suppressed patches: grey.
pub fn suppressed() -> String {
    filled(include_str!("style/suppressed.qml"), fields::SUPPRESSED)
}

/// Style of the ground that leads share with red lines: hatched the other way.
pub fn redline_overlaps() -> String {
    filled(include_str!("style/redline_overlaps.qml"), fields::SHARED)
}

/// Writes the styles beside the GeoJSON files, where QGIS looks for them.
pub fn write(staging: &Staging) -> Result<(), PublishError> {
    staging.write("leads.qml", leads().as_bytes())?;
    staging.write("suppressed.qml", suppressed().as_bytes())?;
    staging.write("gaps.qml", gaps().as_bytes())
}

fn filled<T>(template: &str, fields: &[Field<T>]) -> String {
    let mut widgets = String::from("  <fieldConfiguration>\n");
    let mut aliases = String::from("  <aliases>\n");
    for (index, field) in fields.iter().enumerate() {
        // Writing to a String cannot fail.
        let name = field.name;
        let widget = field.domain.map_or_else(|| r#"<editWidget type="TextEdit"/>"#.to_owned(), value_map);
        let _ = writeln!(widgets, r#"    <field name="{name}">{widget}</field>"#);
        let alias = escaped(field.alias);
        let _ = writeln!(aliases, r#"    <alias index="{index}" field="{name}" name="{alias}"/>"#);
    }
    let text = format!("{widgets}  </fieldConfiguration>\n{aliases}  </aliases>\n");
    template.replacen(PLACE, &text, 1)
}

fn value_map(domain: &Domain) -> String {
    let one = |(value, meaning): &(&str, &str)| {
        let (value, meaning) = (escaped(value), escaped(meaning));
        format!(r#"<Option type="Map"><Option name="{meaning}" type="QString" value="{value}"/></Option>"#)
    };
    let map: String = domain.values.iter().map(one).collect();
    format!(
        r#"<editWidget type="ValueMap"><config><Option type="Map"><Option name="map" type="List">{map}</Option></Option></config></editWidget>"#
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_style_names_every_column_of_its_layer() {
        let qml = leads();
        assert!(!qml.contains(PLACE));
        for field in fields::LEAD {
            assert!(
                qml.contains(&format!(r#"field="{}" name="{}""#, field.name, field.alias)),
                "{}",
                field.name
            );
        }
        for qml in [gaps(), suppressed(), redline_overlaps()] {
            assert!(qml.contains("<aliases>") && qml.ends_with("</qgis>\n"));
        }
    }

    #[test]
    fn a_style_uses_only_columns_that_exist() {
        let names: Vec<&str> = fields::LEAD.iter().map(|field| field.name).collect();
        let template = include_str!("style/leads.qml").replace("&quot;", "\"");
        let used = template.split("[% \"").skip(1).filter_map(|rest| rest.split('"').next());
        for name in used {
            assert!(names.contains(&name), "{name}");
        }
    }
}
