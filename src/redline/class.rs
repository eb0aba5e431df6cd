//! What a layer protects: `--class` (or the plan's `class`) says it of every red line and wins; without it
//! a field of the layer says it, else the name of an official layer.
//!
//! Law: nothing is guessed from geometry or values; a layer that does not say is refused.

use crate::redline::source::{SourceFeature, SourceLayer};
use crate::redline::{Class, RedLineError};

/// Fields that say what a feature protects.
pub(crate) const CLASSES: &[&str] =
    &["class", "redline_class", "redline_cl", "类型", "红线类型", "类别", "hxlx"];

/// Those of them that are made for it: what they say must be a class. The others are found in county layers with
/// all kinds of text.
const STRICT: &[&str] = &["class", "redline_class", "redline_cl", "红线类型"];

/// Names of official layers and what they protect, longest first.
///
/// Source: names as county systems use them (`YJJBNTTB`, `STBHHX`), and their Chinese titles.
const LAYERS: [(&str, Class); 18] = [
    ("YJJBNT", Class::Farmland),
    ("STBHHX", Class::Redline),
    ("JBCY", Class::Grassland),
    ("ZRBHD", Class::Redline),
    ("GJGY", Class::Redline),
    ("基本农田", Class::Farmland),
    ("耕地", Class::Farmland),
    ("草原", Class::Grassland),
    ("草地", Class::Grassland),
    ("湿地", Class::Wetland),
    ("公益林", Class::Forest),
    ("林地", Class::Forest),
    ("红线", Class::Redline),
    ("GRASSLAND", Class::Grassland),
    ("FARMLAND", Class::Farmland),
    ("WETLAND", Class::Wetland),
    ("FOREST", Class::Forest),
    ("REDLINE", Class::Redline),
];

/// The class of one feature.
///
/// # Errors
/// `Class` when neither plan, field nor name says it, or a field made for it says what is no class.
pub(crate) fn class_of(
    flag: Option<Class>,
    feature: &SourceFeature,
    layer: &SourceLayer,
) -> Result<Class, RedLineError> {
    if let Some(class) = flag {
        return Ok(class);
    }
    let own = feature.field(CLASSES);
    if let Some(class) = own.and_then(Class::parse) {
        return Ok(class);
    }
    let refused = || RedLineError::Class {
        path: layer.path.clone(),
        layer: layer.name.clone(),
        found: own
            .map(|value| format!(" ('{value}' in feature {} is no class)", feature.call()))
            .unwrap_or_default(),
    };
    if feature.field(STRICT).is_some_and(|text| !text.trim().is_empty() && Class::parse(text).is_none()) {
        return Err(refused());
    }
    let stem = layer.path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let named = [layer.name.as_str(), stem].iter().find_map(|name| {
        let name = name.to_uppercase();
        LAYERS.iter().find(|(part, _)| name.contains(part)).map(|(_, class)| *class)
    });
    named.ok_or_else(refused)
}
